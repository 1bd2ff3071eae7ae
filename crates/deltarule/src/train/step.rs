//! One step of training: forward, BP1, BP2, then BP3 and BP4 with the optimizer's update in their store.

use crate::cost::Costs;
use crate::dataset::{Batch, Batches};
use crate::dropout::Dropout;
use crate::equations::{self, Epilogue};
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::mean::WeightedMean;
use crate::network::Network;
use crate::objective::{Objective, Regularisation};
use crate::optimizer::{Constants, Factors};
use crate::pass::{Gradients, Pass};
use crate::plan::Plan;
use deltarule_kernels::products;
use deltarule_kernels::{Biases, FlushToZero, Matrix, Moments, Panels, Real, Step, ThreadPool, Weights};

/// A network in training, with all the memory that its steps need.
#[derive(Debug)]
pub struct Trainer<T: Real> {
    pub(super) plan: Plan,
    pub(super) network: Network<T>,
    /// Steps an epoch.
    pub(super) steps: usize,
    /// Samples in a full batch.
    batch: usize,
    /// n, the size of the training set.
    samples: usize,
    transposed: Vec<Panels<T>>,
    moments: Vec<Moments<T>>,
    input_scale: Option<InputScale<T>>,
    /// Of each layer's weights.
    factors: Vec<Factors>,
    pass: Pass<T>,
    costs: Costs<T>,
    /// Only where they are looked at before the update: to clip them.
    gradients: Option<Gradients<T>>,
}

/// The learned input scale in training.
#[derive(Clone, Debug)]
struct InputScale<T: Real> {
    gradient: Vec<T>,
    moments: [Vec<T>; 2],
}

/// All that a step changes.
pub(super) struct Snapshot<T: Real> {
    network: Network<T>,
    moments: Vec<Moments<T>>,
    input_scale: Option<InputScale<T>>,
}

impl<T: Real> Trainer<T> {
    /// A trainer of this network for these batches.
    ///
    /// # Errors
    /// When the network does not fit the data or the plan, or the targets the cost.
    pub fn new(plan: &Plan, network: Network<T>, batches: &dyn Batches<T>) -> Result<Self> {
        for (what, expected, found) in [
            ("input columns of the data", network.inputs(), batches.inputs()),
            ("target columns of the data", network.outputs(), batches.outputs()),
        ] {
            if expected != found {
                return Err(Error::shape(what, format!("{expected}, as the network has"), found));
            }
        }
        if batches.steps() == 0 {
            let found = format!("{} samples in batches of {}", batches.samples(), batches.batch());
            return Err(Error::data("samples to train on", "enough for a batch", found));
        }
        plan.cost.check_output(network.output().activation)?;
        batches.check_targets(plan.cost)?;
        let count = plan.optimizer.moments();
        let moments = |layer: &Layer<T>| Moments::zeros(count, layer.outputs(), layer.inputs());
        let factors = |layer: &Layer<T>| plan.parametrisation.factors(layer.inputs(), &plan.optimizer);
        let zeros = |scale: &Vec<T>| vec![T::ZERO; scale.len()];
        let mut pass = Pass::new(&network);
        if plan.dropout > 0.0 {
            let (_, hidden) = pass.layers.split_last_mut().expect("a network has layers");
            hidden.iter_mut().for_each(|layer| layer.dropout = Some(Dropout::new(layer.a.cols())));
        }
        Ok(Self {
            steps: batches.steps(),
            batch: batches.batch(),
            samples: batches.samples(),
            transposed: network.transposed(),
            moments: network.layers.iter().map(moments).collect(),
            input_scale: network
                .input_scale
                .as_ref()
                .map(|scale| InputScale { gradient: zeros(scale), moments: [zeros(scale), zeros(scale)] }),
            factors: network.layers.iter().map(factors).collect(),
            pass,
            costs: Costs::new(plan.cost, network.outputs()),
            gradients: plan.clip.map(|_| Gradients::zeros(&network)),
            plan: plan.clone(),
            network,
        })
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// The network as it is now, training ended.
    pub fn into_network(self) -> Network<T> {
        self.network
    }

    /// z, a and δ of the last step's batch.
    pub fn pass(&self) -> &Pass<T> {
        &self.pass
    }

    /// What is minimised.
    pub fn objective(&self) -> Objective {
        Objective { cost: self.plan.cost, regularisation: self.plan.regularisation, n: self.samples }
    }

    /// η at step `step` of epoch `epoch`, both counted from 0.
    pub fn eta(&self, epoch: u32, step: usize) -> f64 {
        let done = u64::from(epoch) * self.steps as u64 + step as u64;
        let all = u64::from(self.plan.epochs) * self.steps as u64;
        self.plan.eta * self.plan.schedule.factor(epoch, done, all)
    }

    /// One step on `batch`, which is number `step` of epoch `epoch`, both counted from 0; returns the cost before it.
    ///
    /// Allocates nothing once it has seen a batch of this size. When the cost is not finite, or all samples weigh nothing,
    /// the network stays as it is.
    ///
    /// # Panics
    /// When the batch does not fit the network.
    pub fn step(&mut self, pool: &ThreadPool, epoch: u32, step: usize, batch: &Batch<'_, T>) -> WeightedMean {
        let _flush = FlushToZero::on();
        self.draw_dropout(epoch, step, batch.len());
        self.pass.forward(pool, &self.network, batch.x);
        let (z, a) = self.pass.output_z_a();
        let each = self.costs.compute(pool, self.plan.cost, z, a, batch.y);
        let cost = WeightedMean::of(each.iter().copied(), batch.weights);
        if !cost.total.is_finite() || cost.weight == 0.0 {
            return cost;
        }
        self.pass.backward(pool, &self.network, &self.transposed, self.plan.cost, batch);
        let eta = self.eta(epoch, step);
        let t = u64::from(epoch) * self.steps as u64 + step as u64 + 1;
        let rates = Rates { constants: self.plan.optimizer.at(t, eta), eta, scale: 1.0 / cost.weight };
        match (self.plan.clip, self.gradients.take()) {
            (Some(limit), Some(mut gradients)) => {
                self.clip_and_update(pool, batch, rates, &mut gradients, limit);
                self.gradients = Some(gradients);
            }
            _ => self.update(pool, batch, &rates),
        }
        cost
    }

    fn draw_dropout(&mut self, epoch: u32, step: usize, samples: usize) {
        let first = step as u64 * self.batch as u64;
        for (l, layer) in self.pass.layers.iter_mut().enumerate() {
            if let Some(dropout) = &mut layer.dropout {
                dropout.draw(self.plan.dropout, self.plan.seed, l, epoch, first, samples);
            }
        }
    }

    /// The regularised step of the weights of layer `l`.
    fn step_of_weights(&self, l: usize, rates: &Rates) -> Step<T> {
        let Regularisation { l2, l1, decay } = self.plan.regularisation;
        let n = self.samples as f64;
        Step {
            l2: T::from_f64(l2 / n),
            l1: T::from_f64(l1 / n),
            decay: T::from_f64(rates.eta * decay),
            ..rates.constants.step(self.factors[l], rates.scale)
        }
    }

    /// The step of the biases of every layer. They are not regularised, and z has them unscaled whatever the
    /// parametrisation, so that η is all that they may have of their own.
    fn step_of_biases(&self, rates: &Rates) -> Step<T> {
        rates.constants.step(Factors { eta: self.plan.eta_biases, epsilon: 1.0 }, rates.scale)
    }

    /// BP3 and BP4, each with the optimizer in its store.
    fn update(&mut self, pool: &ThreadPool, batch: &Batch<'_, T>, rates: &Rates) {
        if let (Some(input), Some(training)) = (&self.pass.input, &mut self.input_scale) {
            equations::bp4_input_scale(&input.delta, batch.x, T::ONE, &mut training.gradient);
        }
        self.update_input_scale(rates);
        let step_b = self.step_of_biases(rates);
        for l in 0..self.network.layers.len() {
            let step_w = self.step_of_weights(l, rates);
            let (delta, input) = (&self.pass.layers[l].delta, self.pass.input_of(l, batch.x));
            let (biases, weights) =
                parameters(&mut self.network.layers[l], &mut self.transposed[l], &mut self.moments[l]);
            equations::bp3(pool, delta, Epilogue::Update { step: &step_b, parameters: biases });
            equations::bp4(pool, delta, input, Epilogue::Update { step: &step_w, parameters: weights });
        }
    }

    /// BP3 and BP4 first, the gradient scaled down to `limit` where it is longer, then the optimizer.
    fn clip_and_update(
        &mut self,
        pool: &ThreadPool,
        batch: &Batch<'_, T>,
        rates: Rates,
        gradients: &mut Gradients<T>,
        limit: f64,
    ) {
        self.pass.gradients(pool, batch, gradients);
        let length = gradients.length();
        let rates = Rates { scale: if length > limit { limit / length } else { 1.0 }, ..rates };
        if let (Some(gradient), Some(training)) = (&gradients.input_scale, &mut self.input_scale) {
            training.gradient.copy_from_slice(gradient);
        }
        self.update_input_scale(&rates);
        let step_b = self.step_of_biases(&rates);
        for (l, gradient) in gradients.layers.iter().enumerate() {
            let step_w = self.step_of_weights(l, &rates);
            let (biases, weights) =
                parameters(&mut self.network.layers[l], &mut self.transposed[l], &mut self.moments[l]);
            products::bias_update_by(pool, &gradient.b, &step_b, biases);
            products::weight_update_by(pool, &gradient.w, &step_w, weights);
        }
    }

    fn update_input_scale(&mut self, rates: &Rates) {
        let (Some(scale), Some(training)) = (&mut self.network.input_scale, &mut self.input_scale) else {
            return;
        };
        let factors = Factors { eta: self.plan.eta_input_scale, epsilon: 1.0 };
        let step: Step<T> = rates.constants.step(factors, rates.scale);
        let [m, v] = &mut training.moments;
        for (k, s) in scale.iter_mut().enumerate() {
            (*s, [m[k], v[k]]) = step.apply(training.gradient[k], *s, [m[k], v[k]]);
        }
    }

    /// What regularisation adds to the cost now.
    pub(super) fn penalty(&self) -> f64 {
        self.plan.regularisation.penalty(&self.network.layers, self.samples)
    }

    pub(super) fn snapshot(&self) -> Snapshot<T> {
        Snapshot {
            network: self.network.clone(),
            moments: self.moments.clone(),
            input_scale: self.input_scale.clone(),
        }
    }

    pub(super) fn restore(&mut self, snapshot: &Snapshot<T>) {
        self.network.clone_from(&snapshot.network);
        self.moments.clone_from(&snapshot.moments);
        self.input_scale.clone_from(&snapshot.input_scale);
        self.transposed = self.network.transposed();
    }

    /// Where the last forward pass first met a number that is not finite, in words.
    pub(super) fn where_not_finite(&self) -> String {
        let bad = |a: &T| !a.is_finite();
        let not_finite = |a: &Matrix<T>| (0..a.rows()).any(|i| a.row(i).iter().any(bad));
        let first = self.pass.layers.iter().position(|layer| not_finite(&layer.a));
        first.map_or_else(
            || format!("the cost, at the outputs of layer {},", self.network.layers.len() + 1),
            |l| format!("the cost, after an activation of layer {},", l + 2),
        )
    }
}

/// What a step of all layers has in common.
#[derive(Clone, Copy, Debug)]
struct Rates {
    constants: Constants,
    /// η of the step.
    eta: f64,
    /// What turns the sums of BP3 and BP4 into the gradient.
    scale: f64,
}

fn parameters<'a, T: Real>(
    layer: &'a mut Layer<T>,
    transposed: &'a mut Panels<T>,
    moments: &'a mut Moments<T>,
) -> (Biases<'a, T>, Weights<'a, T>) {
    let w_t = (transposed.outputs() > 0).then_some(transposed);
    let biases = Biases { b: &mut layer.b, moments: &mut moments.b };
    (biases, Weights { w: &mut layer.w, w_t, moments: &mut moments.w })
}
