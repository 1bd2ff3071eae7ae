//! Settings, checked against each other and completed: the only thing that trains.

use crate::activation::Activation;
use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::init::Init;
use crate::metrics::Metric;
use crate::network::{Network, has_room};
use crate::objective::{Objective, Regularisation};
use crate::optimizer::OptimizerName;
use crate::optimizer::{Optimizer, Parametrisation};
use crate::schedule::Schedule;
use crate::schedule::ScheduleName;
use crate::selection::Keep;
use crate::settings::Settings;
use crate::task::Task;
use crate::variants::Variants;
use deltarule_kernels::Real;
use std::fmt::Display;

impl Settings {
    /// The plan that these settings make for such targets, what they leave open filled in.
    ///
    /// # Errors
    /// [`Error::Setting`] with the field, what it can be and the value found, for a value outside its range and for one
    /// that the other settings have no use for.
    pub fn plan(&self, task: Task) -> Result<Plan> {
        let mut s = self.clone();

        let cost = *s.cost.get_or_insert(match task {
            Task::Classes => Cost::SoftmaxCrossEntropy { smoothing: 0.0 },
            Task::MultiLabel => Cost::BinaryCrossEntropy,
            Task::Regression => Cost::MeanSquared,
            Task::Counts => Cost::Poisson,
        });
        cost.check()?;
        let output = *s.output.get_or_insert(cost.canonical_output());
        cost.check_output(output)?;

        let hidden = s.hidden.get_or_insert_with(|| vec![100]).clone();
        if let Some(l) = hidden.iter().position(|&width| width == 0) {
            return Err(Error::setting(
                "hidden",
                "widths of 1 or more",
                format!("0 for hidden layer {}", l + 1),
            ));
        }
        let activation = *s.activation.get_or_insert(Activation::Relu);
        if activation == Activation::Softmax && !hidden.is_empty() {
            return Err(Error::setting("activation", "an elementwise activation", activation)
                .with_hint("softmax is for the output"));
        }
        let usual_init = match activation {
            Activation::Sigmoid | Activation::Tanh => Init::GlorotUniform,
            Activation::Selu => Init::LecunNormal,
            _ => Init::HeNormal,
        };

        Ok(Plan {
            task,
            hidden,
            activation,
            output,
            cost,
            init: *s.init.get_or_insert(usual_init),
            zero_last: *s.zero_last.get_or_insert(false),
            parametrisation: *s.parametrisation.get_or_insert(Parametrisation::Standard),
            input_scale: *s.input_scale.get_or_insert(false),
            optimizer: s.checked_optimizer()?,
            regularisation: s.checked_regularisation()?,
            eta: above_zero("eta", s.eta)?,
            eta_biases: above_zero("eta-biases", Some(*s.eta_biases.get_or_insert(1.0)))?,
            eta_input_scale: s.checked_input_scale_factor()?,
            schedule: s.checked_schedule()?,
            dropout: within("dropout", 0.0, 1.0, *s.dropout.get_or_insert(0.0))?,
            clip: s.clip.map(|clip| above_zero("clip", Some(clip))).transpose()?,
            batch: at_least_one("batch", *s.batch.get_or_insert(32))?,
            drop_last: *s.drop_last.get_or_insert(false),
            epochs: at_least_one("epochs", *s.epochs.get_or_insert(30))?,
            patience: s.patience.map(|patience| at_least_one("patience", patience)).transpose()?,
            metric: s.checked_metric(task)?,
            keep: *s.keep.get_or_insert(Keep::Best),
            seed: *s.seed.get_or_insert(0),
            settings: s,
        })
    }

    fn checked_optimizer(&mut self) -> Result<Optimizer> {
        let name = *self.optimizer.get_or_insert(OptimizerName::Adam);
        let (momentum, adam) = match name {
            OptimizerName::Sgd => (false, false),
            OptimizerName::Momentum | OptimizerName::Nesterov => (true, false),
            OptimizerName::Adam | OptimizerName::AdamW => (false, true),
        };
        let unused = [
            ("momentum", momentum, self.momentum),
            ("beta1", adam, self.beta1),
            ("beta2", adam, self.beta2),
            ("epsilon", adam, self.epsilon),
        ];
        for (field, used, value) in unused {
            if let (false, Some(value)) = (used, value) {
                return Err(Error::setting(field, format!("nothing with optimizer {name}"), value));
            }
        }
        self.eta.get_or_insert(if adam { 0.001 } else { 0.1 });
        if momentum {
            let mu = within("momentum", 0.0, 1.0, *self.momentum.get_or_insert(0.9))?;
            let nesterov = name == OptimizerName::Nesterov;
            return Ok(if nesterov { Optimizer::Nesterov { mu } } else { Optimizer::Momentum { mu } });
        }
        if !adam {
            return Ok(Optimizer::Sgd);
        }
        if name == OptimizerName::AdamW {
            self.decay.get_or_insert(0.01);
        }
        Ok(Optimizer::Adam {
            beta1: within("beta1", 0.0, 1.0, *self.beta1.get_or_insert(0.9))?,
            beta2: within("beta2", 0.0, 1.0, *self.beta2.get_or_insert(0.999))?,
            epsilon: above_zero("epsilon", Some(*self.epsilon.get_or_insert(1e-8)))?,
        })
    }

    fn checked_regularisation(&mut self) -> Result<Regularisation> {
        let l2 = not_negative("l2", *self.l2.get_or_insert(0.0))?;
        let l1 = not_negative("l1", *self.l1.get_or_insert(0.0))?;
        let decay = not_negative("decay", *self.decay.get_or_insert(0.0))?;
        Ok(Regularisation { l2, l1, decay })
    }

    fn checked_input_scale_factor(&mut self) -> Result<f64> {
        match (self.input_scale, self.eta_input_scale) {
            (Some(true), _) => above_zero("eta-input-scale", Some(*self.eta_input_scale.get_or_insert(1.0))),
            (_, None) => Ok(1.0),
            (_, Some(factor)) => {
                Err(Error::setting("eta-input-scale", "nothing without input-scale", factor))
            }
        }
    }

    fn checked_schedule(&mut self) -> Result<Schedule> {
        let name = *self.schedule.get_or_insert(ScheduleName::Constant);
        if name == ScheduleName::Step {
            let every = at_least_one("schedule-every", *self.schedule_every.get_or_insert(10))?;
            let factor = above_zero("schedule-factor", Some(*self.schedule_factor.get_or_insert(0.1)))?;
            return Ok(Schedule::Step { every, factor });
        }
        let every = self.schedule_every.map(|every| ("schedule-every", every.to_string()));
        let factor = self.schedule_factor.map(|factor| ("schedule-factor", factor.to_string()));
        if let Some((field, value)) = every.or(factor) {
            return Err(Error::setting(field, format!("nothing with schedule {name}"), value));
        }
        Ok(match name {
            ScheduleName::Constant | ScheduleName::Step => Schedule::Constant,
            ScheduleName::Cosine => Schedule::Cosine,
            ScheduleName::OneCycle => Schedule::OneCycle,
            ScheduleName::Coslog4 => Schedule::Coslog4,
        })
    }

    fn checked_metric(&mut self, task: Task) -> Result<Metric> {
        let metric = *self.metric.get_or_insert(match task {
            Task::Classes => Metric::Accuracy,
            Task::Regression => Metric::Rmse,
            Task::MultiLabel | Task::Counts => Metric::Cost,
        });
        if metric.suits(task) {
            return Ok(metric);
        }
        let suiting = Metric::names_for(task).join(", ");
        Err(Error::setting("metric", format!("one for {task}: {suiting}"), metric))
    }
}

/// Settings that have been checked against each other: the only thing that trains.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub(crate) task: Task,
    pub(crate) hidden: Vec<usize>,
    pub(crate) activation: Activation,
    pub(crate) output: Activation,
    pub(crate) cost: Cost,
    pub(crate) regularisation: Regularisation,
    pub(crate) init: Init,
    pub(crate) zero_last: bool,
    pub(crate) parametrisation: Parametrisation,
    pub(crate) input_scale: bool,
    pub(crate) optimizer: Optimizer,
    pub(crate) eta: f64,
    pub(crate) eta_biases: f64,
    pub(crate) eta_input_scale: f64,
    pub(crate) schedule: Schedule,
    pub(crate) dropout: f64,
    pub(crate) clip: Option<f64>,
    pub(crate) batch: usize,
    pub(crate) drop_last: bool,
    pub(crate) epochs: u32,
    pub(crate) patience: Option<u32>,
    pub(crate) metric: Metric,
    pub(crate) keep: Keep,
    pub(crate) seed: u64,
    settings: Settings,
}

impl Plan {
    /// The settings that make this very plan, nothing left open.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The network that training starts from.
    ///
    /// # Errors
    /// When a width is 0, when softmax has a single output, or when there is no memory for the weights.
    pub fn network<T: Real>(&self, inputs: usize, outputs: usize) -> Result<Network<T>> {
        if self.output == Activation::Softmax && outputs == 1 {
            return Err(Error::shape("outputs of a softmax network", "2 or more, one a class", 1)
                .with_hint("a single output of 0 or 1 goes with {cost=binary-cross-entropy}"));
        }
        let widths: Vec<usize> =
            [inputs].into_iter().chain(self.hidden.iter().copied()).chain([outputs]).collect();
        // w, its transposed copy, the best and the last epoch's, and what the optimizer keeps.
        let copies = 4 + self.optimizer.moments();
        let numbers = widths.windows(2).try_fold(0_usize, |sum, pair| {
            sum.checked_add(pair[0].checked_mul(pair[1])?.checked_mul(copies)?)
        });
        if numbers.is_none_or(|numbers| !has_room::<T>(numbers)) {
            let widths = widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
            return Err(Error::setting("hidden", "widths that there is memory to train", widths));
        }
        let mut network = Network::zeros(&widths, self.activation, self.output)?;
        let last = network.layers.len() - 1;
        for (l, layer) in network.layers.iter_mut().enumerate() {
            let init = if l == last && self.zero_last { Init::Zero } else { self.init };
            layer.w = init.weights(layer.outputs(), layer.inputs(), self.seed, l + 1);
            layer.b = init.biases(layer.outputs(), self.seed, l + 1);
        }
        if self.input_scale { network.with_input_scale(vec![T::ONE; inputs]) } else { Ok(network) }
    }

    /// What the targets are.
    pub fn task(&self) -> Task {
        self.task
    }

    /// The cost that is minimised.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// What is added to the cost.
    pub fn regularisation(&self) -> Regularisation {
        self.regularisation
    }

    /// What is minimised on a training set of `n` samples.
    pub fn objective(&self, n: usize) -> Objective {
        Objective { cost: self.cost, regularisation: self.regularisation, n }
    }

    /// The update rule.
    pub fn optimizer(&self) -> Optimizer {
        self.optimizer
    }

    /// The number by which epochs are compared.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Samples a step.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Whether a last batch that is short is left out.
    pub fn drop_last(&self) -> bool {
        self.drop_last
    }

    /// Epochs at most.
    pub fn epochs(&self) -> u32 {
        self.epochs
    }

    /// The seed of all randomness.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

fn above_zero(field: &str, value: Option<f64>) -> Result<f64> {
    let value = value.unwrap_or(f64::NAN);
    let inside = value > 0.0 && value.is_finite();
    inside.then_some(value).ok_or_else(|| Error::setting(field, "a finite number above 0", value))
}

fn not_negative(field: &str, value: f64) -> Result<f64> {
    let inside = value >= 0.0 && value.is_finite();
    inside.then_some(value).ok_or_else(|| Error::setting(field, "a finite number from 0 up", value))
}

fn within(field: &str, from: f64, below: f64, value: f64) -> Result<f64> {
    let inside = value >= from && value < below;
    inside
        .then_some(value)
        .ok_or_else(|| Error::setting(field, format!("a number from {from} to below {below}"), value))
}

fn at_least_one<N: PartialOrd + From<u8> + Display>(field: &str, value: N) -> Result<N> {
    if value >= N::from(1) { Ok(value) } else { Err(Error::setting(field, "1 or more", value)) }
}
