//! The step that the optimizer would take.

use crate::gradcheck::Parameter;
use crate::network::Network;
use crate::objective::Objective;
use crate::optimizer::Factors;
use crate::pass::Gradients;
use crate::plan::Plan;
use crate::trace::Trace;
use deltarule_kernels::ThreadPool;
use serde::Serialize;

/// How the optimizer would change a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Δw
    pub change: f64,
    /// w + Δw
    pub after: f64,
}

/// The first step of a training on the traced batch, from the traced network, at the plan's η and with running values of 0.
pub(super) struct FirstStep<'a> {
    network: &'a Network<f64>,
    plan: &'a Plan,
    objective: Objective,
    /// Of the data alone: the step itself adds regularisation, after clipping.
    gradients: Gradients<f64>,
    /// What clipping multiplies the gradient by.
    scale: f64,
}

impl<'a> FirstStep<'a> {
    pub(super) fn new(
        pool: &ThreadPool,
        network: &'a Network<f64>,
        trace: &Trace<f64>,
        plan: &'a Plan,
    ) -> Self {
        let mut gradients = Gradients::zeros(network);
        trace.pass.gradients(pool, &trace.batch(), &mut gradients);
        let length = gradients.length();
        let scale = plan.clip.filter(|&limit| length > limit).map_or(1.0, |limit| limit / length);
        Self { network, plan, objective: trace.objective, gradients, scale }
    }

    pub(super) fn of(&self, parameter: Parameter) -> Step {
        let Plan { optimizer, eta, eta_biases, eta_input_scale, parametrisation, .. } = *self.plan;
        let factors = match parameter {
            Parameter::InputScale { .. } => Factors { eta: eta_input_scale, epsilon: 1.0 },
            Parameter::Bias { .. } => Factors { eta: eta_biases, epsilon: 1.0 },
            Parameter::Weight { l, .. } => {
                parametrisation.factors(self.network.layers[l - 2].inputs(), &optimizer)
            }
        };
        let mut step = optimizer.at(1, eta).step::<f64>(factors, self.scale);
        if matches!(parameter, Parameter::Weight { .. }) {
            let Objective { regularisation, n, .. } = self.objective;
            (step.l2, step.l1) = (regularisation.l2 / n as f64, regularisation.l1 / n as f64);
            step.decay = eta * regularisation.decay;
        }
        let before = parameter.of(self.network);
        let (after, _) = step.apply(parameter.gradient(&self.gradients), before, [0.0; 2]);
        Step { change: after - before, after }
    }
}
