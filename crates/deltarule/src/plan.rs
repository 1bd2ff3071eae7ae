//! Settings, checked against each other and completed: the only thing that trains.

use crate::activation::Activation;
use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::init::Init;
use crate::metrics::Metric;
use crate::network::{Network, has_room};
use crate::objective::{Objective, Regularisation};
use crate::optimizer::{Optimizer, OptimizerName, Parametrisation};
use crate::real::Real;
use crate::schedule::{Schedule, ScheduleName};
use crate::selection::Keep;
use crate::settings::{Settings, SettingsTable};
use crate::task::Task;
use crate::variants::Variants;

impl Settings {
    /// The plan that these settings make for such targets, what they leave open filled in.
    ///
    /// # Errors
    /// [`Error::Setting`] with the field, what it can be and the value found, for a value outside its range and for one
    /// that the other settings have no use for.
    pub fn plan(&self, task: Task) -> Result<Plan> {
        let mut s = self.clone();
        s.complete(&self.usual(task))?;
        if let Some(smoothing) = s.smoothing.take() {
            s.cost = s.cost.map(|cost| cost.with_parameter(smoothing));
        }

        let (cost, output) = (filled(s.cost), filled(s.output_activation));
        cost.check()?;
        cost.check_output(output)?;
        let (hidden, activation) = (filled(s.hidden.clone()), filled(s.activation));
        if activation == Activation::Softmax && !hidden.is_empty() {
            return Err(Error::setting("activation", "an elementwise activation", activation)
                .with_hint("softmax is for the output"));
        }
        let metric = filled(s.metric);
        if !metric.suits(task) {
            let suiting = Metric::names_for(task).join(", ");
            return Err(Error::setting("metric", format!("one for {task}: {suiting}"), metric));
        }

        Ok(Plan {
            task,
            hidden,
            activation,
            output,
            cost,
            init: filled(s.init),
            zero_last: filled(s.zero_last),
            parametrisation: filled(s.parametrisation),
            input_scale: filled(s.input_scale),
            optimizer: s.optimizer(),
            regularisation: Regularisation {
                l2: filled(s.l2),
                l1: filled(s.l1),
                weight_decay: filled(s.weight_decay),
            },
            eta: filled(s.eta),
            eta_biases: filled(s.eta_biases),
            eta_input_scale: s.eta_input_scale.unwrap_or(1.0),
            schedule: s.schedule(),
            dropout: filled(s.dropout),
            clip: s.clip,
            batch: filled(s.batch_size),
            drop_last: filled(s.drop_last),
            epochs: filled(s.epochs),
            patience: s.patience,
            metric,
            keep: filled(s.keep),
            seed: filled(s.seed),
            settings: s,
        })
    }

    /// What is filled in where these settings are silent: the defaults of the table, and those that depend on the task
    /// and on other settings.
    fn usual(&self, task: Task) -> Self {
        let defaults = Self::defaults();
        let cost = self.cost.unwrap_or(match task {
            Task::Classes => Cost::SoftmaxCrossEntropy { smoothing: 0.0 },
            Task::MultiLabel => Cost::BinaryCrossEntropy,
            Task::Regression => Cost::MeanSquared,
            Task::Counts => Cost::Poisson,
        });
        let init = match filled(self.activation.or(defaults.activation)) {
            Activation::Sigmoid | Activation::Tanh => Init::GlorotUniform,
            Activation::Selu => Init::LecunNormal,
            _ => Init::HeNormal,
        };
        let (eta, weight_decay) = match filled(self.optimizer.or(defaults.optimizer)) {
            OptimizerName::Sgd | OptimizerName::Momentum | OptimizerName::Nesterov => (0.1, 0.0),
            OptimizerName::Adam => (0.001, 0.0),
            OptimizerName::AdamW => (0.001, 0.01),
        };
        let metric = match task {
            Task::Classes => Metric::Accuracy,
            Task::Regression => Metric::Rmse,
            Task::MultiLabel | Task::Counts => Metric::Cost,
        };
        Self {
            cost: Some(cost),
            output_activation: Some(cost.canonical_output()),
            init: Some(init),
            eta: Some(eta),
            weight_decay: Some(weight_decay),
            metric: Some(metric),
            ..defaults
        }
    }

    /// The update rule of complete settings.
    fn optimizer(&self) -> Optimizer {
        match filled(self.optimizer) {
            OptimizerName::Sgd => Optimizer::Sgd,
            OptimizerName::Momentum => Optimizer::Momentum { mu: filled(self.momentum) },
            OptimizerName::Nesterov => Optimizer::Nesterov { mu: filled(self.momentum) },
            OptimizerName::Adam | OptimizerName::AdamW => Optimizer::Adam {
                beta1: filled(self.beta1),
                beta2: filled(self.beta2),
                epsilon: filled(self.epsilon),
            },
        }
    }

    /// The schedule of complete settings.
    fn schedule(&self) -> Schedule {
        match filled(self.schedule) {
            ScheduleName::Constant => Schedule::Constant,
            ScheduleName::Step => {
                Schedule::Step { every: filled(self.schedule_every), factor: filled(self.schedule_factor) }
            }
            ScheduleName::Cosine => Schedule::Cosine,
            ScheduleName::OneCycle => Schedule::OneCycle,
            ScheduleName::Coslog4 => Schedule::Coslog4,
        }
    }
}

/// A setting of complete settings.
fn filled<T>(setting: Option<T>) -> T {
    setting.expect("complete settings have a value for each that has a meaning")
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
