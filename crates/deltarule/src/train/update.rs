//! The optimizer's step of all parameters, which training takes and an explanation shows.

use super::state::TrainingState;
use crate::batches::Batch;
use crate::equations::{self, Epilogue};
use crate::layer::Layer;
use crate::mean::total_weight;
use crate::network::Network;
use crate::objective::{Objective, Regularisation};
use crate::optimizer::{Constants, Factors};
use crate::pass::{Gradients, Pass};
use crate::plan::Plan;
use crate::real::Real;
use deltarule_kernels::products;
use deltarule_kernels::{Biases, FlushToZero, Moments, Panels, Step, ThreadPool, Weights};

/// The parameters of a network in training, and what moves with them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters<T: Real> {
    pub(crate) network: Network<T>,
    /// [`Network::transposed`], which every step keeps equal to the weights.
    pub(crate) transposed: Vec<Panels<T>>,
    /// The optimizer's running values of each layer.
    pub(crate) moments: Vec<Moments<T>>,
    /// Those of the learned input scale; empty without one.
    pub(crate) input_scale_moments: Vec<Vec<T>>,
}

impl<T: Real> Parameters<T> {
    /// Before the first step: all running values are 0, as many as the optimizer keeps.
    pub(crate) fn new(network: Network<T>, moments: usize) -> Self {
        let of_layer = |layer: &Layer<T>| Moments::zeros(moments, layer.outputs(), layer.inputs());
        let of_scale = |scale: &Vec<T>| vec![vec![T::ZERO; scale.len()]; moments];
        Self {
            transposed: network.transposed(),
            moments: network.layers.iter().map(of_layer).collect(),
            input_scale_moments: network.input_scale.as_ref().map(of_scale).unwrap_or_default(),
            network,
        }
    }

    /// How many running values each parameter has.
    pub(crate) fn moments_each(&self) -> usize {
        self.moments.iter().map(|moments| moments.b.len()).max().unwrap_or(0)
    }
}

/// One step of the optimizer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update<'a> {
    pub(crate) plan: &'a Plan,
    /// Of which regularisation is a part of the step.
    pub(crate) objective: Objective,
    /// The number of the step, from 1.
    pub(crate) t: u64,
    /// η of the step.
    pub(crate) eta: f64,
}

/// η of the step that comes after so many.
pub(crate) fn eta(plan: &Plan, steps_done: u64, epoch_steps: usize) -> f64 {
    let epoch_steps = epoch_steps as u64;
    let (epoch, all) = ((steps_done / epoch_steps) as u32, u64::from(plan.epochs) * epoch_steps);
    plan.eta * plan.schedule.factor(epoch, steps_done, all)
}

/// The memory that an update needs, kept from step to step.
#[derive(Clone, Debug)]
pub(crate) struct UpdateMemory<T: Real> {
    /// Only where they are looked at before the update: to clip them.
    gradients: Option<Gradients<T>>,
    /// Of the learned input scale.
    input_scale: Vec<T>,
}

impl<T: Real> UpdateMemory<T> {
    pub(crate) fn new(plan: &Plan, network: &Network<T>) -> Self {
        let inputs = network.input_scale.as_ref().map_or(0, Vec::len);
        Self { gradients: plan.clip.map(|_| Gradients::zeros(network)), input_scale: vec![T::ZERO; inputs] }
    }
}

impl<'a> Update<'a> {
    /// The one that comes next in this training.
    pub(crate) fn next<T: Real>(plan: &'a Plan, state: &TrainingState<T>) -> Self {
        let (done, epoch_steps) = (state.steps_done(), state.epoch_steps());
        let objective = plan.objective(state.samples());
        Self { plan, objective, t: done + 1, eta: eta(plan, done, epoch_steps) }
    }

    /// Changes the parameters by the gradient that z, a and δ of the pass make: BP3 and BP4, each with the optimizer in
    /// its store. Only where the gradient is clipped it is computed whole, before any of the parameters change.
    pub(crate) fn apply<T: Real>(
        &self,
        pool: &ThreadPool,
        pass: &Pass<T>,
        batch: &Batch<'_, T>,
        parameters: &mut Parameters<T>,
        memory: &mut UpdateMemory<T>,
    ) {
        let _flush = FlushToZero::on();
        let constants = self.plan.optimizer.at(self.t, self.eta);
        let Parameters { network, transposed, moments, input_scale_moments } = parameters;
        let UpdateMemory { gradients, input_scale: of_scale } = memory;
        let gradients = self.plan.clip.zip(gradients.as_mut()).map(|(limit, gradients)| {
            pass.gradients(pool, batch, gradients);
            let length = gradients.length();
            (&*gradients, if length > limit { limit / length } else { 1.0 })
        });
        let scale = match gradients {
            Some((_, clip)) => clip,
            None => 1.0 / total_weight(batch.len(), batch.weights),
        };

        if let (Some(input), Some(factors)) = (&pass.input, &mut network.input_scale) {
            let gradient = match gradients.and_then(|(gradients, _)| gradients.input_scale.as_ref()) {
                Some(gradient) => gradient,
                None => {
                    equations::bp4_input_scale(&input.delta, batch.x, T::ONE, of_scale);
                    &*of_scale
                }
            };
            let step = self.step_of_input_scale(&constants, scale);
            for (k, factor) in factors.iter_mut().enumerate() {
                let before = [0, 1].map(|n| input_scale_moments.get(n).map_or(T::ZERO, |moment| moment[k]));
                let (after, moments) = step.apply(gradient[k], *factor, before);
                *factor = after;
                input_scale_moments.iter_mut().zip(moments).for_each(|(moment, after)| moment[k] = after);
            }
        }
        let step_b = self.step_of_biases(&constants, scale);
        for (l, layer) in network.layers.iter_mut().enumerate() {
            let step_w = self.step_of_weights(&constants, scale, layer.inputs());
            let w_t = Some(&mut transposed[l]).filter(|w_t| w_t.outputs() > 0);
            let Moments { w, b } = &mut moments[l];
            let biases = Biases { b: &mut layer.b, moments: b };
            let weights = Weights { w: &mut layer.w, w_t, moments: w };
            match gradients {
                Some((gradients, _)) => {
                    let gradient = &gradients.layers[l];
                    products::bias_update_by(pool, &gradient.b, &step_b, biases);
                    products::weight_update_by(pool, &gradient.w, &step_w, weights);
                }
                None => {
                    let (delta, input) = (&pass.layers[l].delta, pass.input_of(l, batch.x));
                    equations::bp3(pool, delta, Epilogue::Update { step: &step_b, parameters: biases });
                    equations::bp4(
                        pool,
                        delta,
                        input,
                        Epilogue::Update { step: &step_w, parameters: weights },
                    );
                }
            }
        }
    }

    /// The regularised step of the weights of a layer.
    fn step_of_weights<T: Real>(&self, constants: &Constants, scale: f64, inputs: usize) -> Step<T> {
        let Objective { regularisation: Regularisation { l2, l1, weight_decay }, n, .. } = self.objective;
        let n = n as f64;
        let factors = self.plan.parametrisation.factors(inputs, &self.plan.optimizer);
        Step {
            l2: T::from_f64(l2 / n),
            l1: T::from_f64(l1 / n),
            decay: T::from_f64(self.eta * weight_decay),
            ..constants.step(factors, scale)
        }
    }

    /// The step of the biases of every layer. They are not regularised, and z has them unscaled whatever the
    /// parametrisation, so that η is all that they may have of their own.
    fn step_of_biases<T: Real>(&self, constants: &Constants, scale: f64) -> Step<T> {
        constants.step(Factors { eta: self.plan.eta_biases, epsilon: 1.0 }, scale)
    }

    fn step_of_input_scale<T: Real>(&self, constants: &Constants, scale: f64) -> Step<T> {
        constants.step(Factors { eta: self.plan.eta_input_scale, epsilon: 1.0 }, scale)
    }
}
