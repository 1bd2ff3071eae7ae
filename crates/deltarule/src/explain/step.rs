//! The step that the optimizer would take.

use crate::error::{Error, Result};
use crate::gradcheck::Parameter;
use crate::network::Network;
use crate::plan::Plan;
use crate::trace::Trace;
use crate::train::TrainingState;
use crate::train::update::{Parameters, Update, UpdateMemory};
use deltarule_kernels::ThreadPool;
use serde::{Deserialize, Serialize};

/// How the optimizer would change a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterUpdate {
    /// Δw
    pub change: f64,
    /// w + Δw
    pub after: f64,
}

/// A step of the optimizer on the traced batch, and the network after it.
pub(super) struct NextStep<'a> {
    before: &'a Network<f64>,
    after: Network<f64>,
}

impl<'a> NextStep<'a> {
    /// From the traced network on: with the state of its training the step that comes next there, and without one the
    /// first, at the plan's η and with running values of 0.
    pub(super) fn new(
        pool: &ThreadPool,
        before: &'a Network<f64>,
        trace: &Trace<f64>,
        plan: &Plan,
        state: Option<&TrainingState<f64>>,
    ) -> Result<Self> {
        let first = Update { plan, objective: trace.objective, t: 1, eta: plan.eta };
        let fresh = || Parameters::new(before.clone(), plan.optimizer.moments());
        let (update, mut parameters) = match state {
            Some(state) if state.network() == before => (Update::next(plan, state), state.parameters.clone()),
            Some(_) => {
                let expected = "the one that is explained";
                return Err(Error::data("network of the training state", expected, "another one"));
            }
            None => (first, fresh()),
        };
        let mut memory = UpdateMemory::new(plan, before);
        update.apply(pool, &trace.pass, &trace.batch(), &mut parameters, &mut memory);
        Ok(Self { before, after: parameters.network })
    }

    pub(super) fn of(&self, parameter: Parameter) -> ParameterUpdate {
        let after = parameter.of(&self.after);
        ParameterUpdate { change: after - parameter.of(self.before), after }
    }
}
