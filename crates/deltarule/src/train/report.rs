//! What training tells while it runs and when it ends.

use super::state::TrainingState;
use crate::error::Error;
use crate::exact;
use crate::real::Real;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// One step: one mini-batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The step within the epoch, from 1.
    pub step: usize,
    /// Steps an epoch.
    pub steps: usize,
    /// Mean cost of the batch before the step, without regularisation.
    pub cost: f64,
    /// η of the step.
    pub eta: f64,
}

/// One epoch: once through the samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean cost of the samples, each taken before the step that it was part of; without regularisation.
    #[serde(with = "exact")]
    pub cost: f64,
    /// What regularisation adds to the cost at the end of the epoch.
    #[serde(with = "exact")]
    pub penalty: f64,
    /// η of the last step.
    #[serde(with = "exact")]
    pub eta: f64,
    /// How good the network is on the validation samples at the end of the epoch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub validation: Option<Validation>,
    /// Whether its weights are now the ones to keep.
    pub best: bool,
}

/// How good a network is on the validation samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// Mean cost, without regularisation.
    #[serde(with = "exact")]
    pub cost: f64,
    /// The plan's metric.
    #[serde(with = "exact")]
    pub value: f64,
    /// Share of the samples whose class is right, where the targets are classes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accuracy: Option<f64>,
}

/// Someone who watches [`Trainer::run`](super::Trainer::run) and may stop it: a progress bar, a log, the end of a process.
///
/// Nothing that an observer does changes a result, but for stopping. `()` watches nothing.
pub trait Observer<T: Real> {
    /// After every step; `Break` ends training there.
    fn on_step(&mut self, _report: &StepReport) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// After every epoch, with the state as it is then; `Break` ends training there.
    fn on_epoch(&mut self, _report: &EpochReport, _state: &TrainingState<T>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<T: Real> Observer<T> for () {}

/// Why training ended.
#[derive(Debug)]
pub enum End {
    /// All epochs of the plan are done.
    Finished,
    /// No epoch has been better for as many as the plan's patience.
    Patience,
    /// The observer stopped it.
    Stopped,
    /// A cost or a weight was not finite: [`Error::Diverged`] names epoch, step and layer.
    Diverged(Error),
}
