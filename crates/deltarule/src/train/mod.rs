//! Training: mini-batches, validation, early stopping, observers. Prints nothing and reads no clock.
//!
//! ```
//! use deltarule::dataset::{Dataset, Shuffled};
//! use deltarule::{Settings, Task};
//! use deltarule::train::Trainer;
//! use deltarule::{Matrix, ThreadPool};
//!
//! // y = 2x − 1 at a few points, learnt by a single linear neuron.
//! let x = Matrix::from_rows(&[[0.0], [0.5], [1.0], [2.0]]);
//! let y = Matrix::from_rows(&[[-1.0], [0.0], [1.0], [3.0]]);
//! let data = Dataset::<f64>::new(x, y, None)?;
//!
//! let settings = Settings { hidden: Some(vec![]), eta: Some(0.1), epochs: Some(500), ..Settings::default() };
//! let plan = settings.plan(Task::Regression)?;
//! let mut batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
//! let trainer = Trainer::new(&plan, plan.network(1, 1)?, &batches)?;
//! let outcome = trainer.train(&ThreadPool::single(), &mut batches, None, &mut ())?;
//! assert!((outcome.network.layers[0].w.get(0, 0) - 2.0).abs() < 1e-3);
//! assert!((outcome.network.layers[0].b[0] + 1.0).abs() < 1e-3);
//! # Ok::<(), deltarule::Error>(())
//! ```

mod report;
mod step;

pub use report::{End, EpochReport, Observer, Outcome, StepReport, Validation};
pub use step::Trainer;

use step::Snapshot;

use crate::dataset::{Batches, Samples};
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::mean::WeightedMean;
use crate::metrics::Metric;
use crate::selection::Best;
use crate::task::Task;
use deltarule_kernels::{Real, ThreadPool};

/// How many steps may pass before all weights are looked at. A cost that is not finite is seen at its own step; a weight
/// may be infinite for some steps while the cost is finite, behind a saturated neuron.
const STEPS_BETWEEN_LOOKS: usize = 256;

/// How the steps of an epoch ended.
enum Ended {
    /// After the last batch; the mean cost of its samples, each before the step that it was part of.
    Whole { cost: f64 },
    /// By the observer.
    Stopped,
    /// At a step from 1 whose cost is not finite, or after which a weight was found not to be.
    NotFinite { step: usize, cost: f64 },
}

impl<T: Real> Trainer<T> {
    /// Trains to the end of the plan, or until patience, the observer or a number that is not finite ends it.
    ///
    /// The result is a function of the plan, the initial network and the samples: neither the number of threads nor the
    /// instruction set changes a bit of it.
    ///
    /// # Errors
    /// When the samples cannot be read, or those for validation do not fit or leave the metric undefined. A divergence is no error here but the
    /// [`End`] of the outcome, which still has the best weights so far.
    pub fn train(
        mut self,
        pool: &ThreadPool,
        batches: &mut dyn Batches<T>,
        validation: Option<Samples<'_, T>>,
        observer: &mut dyn Observer<T>,
    ) -> Result<Outcome<T>> {
        let mut validation = match validation.filter(|samples| !samples.is_empty()) {
            Some(samples) => Some((samples, Evaluator::new(&self.network, self.plan.cost, samples)?)),
            None => None,
        };
        let mut best = Best::new(self.plan.metric, self.plan.keep);
        let mut epochs = Vec::new();
        let mut end = End::Finished;
        for epoch in 0..self.plan.epochs {
            let start = self.snapshot();
            let cost = match self.epoch(pool, batches, epoch, observer)? {
                Ended::Whole { cost } => cost,
                Ended::Stopped => {
                    end = End::Stopped;
                    break;
                }
                Ended::NotFinite { step, cost } => {
                    end = End::Diverged(self.divergence(pool, batches, epoch, step, cost, &start)?);
                    self.restore(&start);
                    break;
                }
            };
            let validated = match &mut validation {
                None => None,
                Some((samples, evaluator)) => {
                    let cost = evaluator.run(pool, &self.network, *samples);
                    if !cost.is_finite() {
                        let layer = self.network.layers.len() + 1;
                        let what = format!("the cost of validation, at the outputs of layer {layer},");
                        end = End::Diverged(diverged(epoch, self.steps, what, cost));
                        self.restore(&start);
                        break;
                    }
                    let metric = self.plan.metric;
                    let outputs = evaluator.outputs();
                    let value = metric.of(self.plan.task, outputs, *samples, cost)?;
                    let accuracy = (self.plan.task == Task::Classes)
                        .then(|| Metric::Accuracy.of(self.plan.task, outputs, *samples, cost))
                        .transpose()?;
                    Some(Validation { cost, value, accuracy })
                }
            };
            let report = EpochReport {
                epoch: epoch + 1,
                cost,
                penalty: self.penalty(),
                eta: self.eta(epoch, self.steps.saturating_sub(1)),
                validation: validated,
                best: validated.is_some_and(|v| best.offer(epoch + 1, v.value, &self.network)),
            };
            epochs.push(report);
            if observer.on_epoch(&report, &self.network).is_break() {
                end = End::Stopped;
                break;
            }
            if self.plan.patience.is_some_and(|patience| best.epochs_without_better() >= patience) {
                end = End::Patience;
                break;
            }
        }
        let best_epoch = best.epoch();
        Ok(Outcome { network: best.into_network().unwrap_or(self.network), best_epoch, epochs, end })
    }

    /// All steps of epoch `epoch`, counted from 0.
    fn epoch(
        &mut self,
        pool: &ThreadPool,
        batches: &mut dyn Batches<T>,
        epoch: u32,
        observer: &mut dyn Observer<T>,
    ) -> Result<Ended> {
        batches.start(epoch)?;
        let mut sum = WeightedMean::default();
        let mut step = 0;
        while let Some(batch) = batches.next()? {
            let cost = self.step(pool, epoch, step, &batch);
            step += 1;
            if !cost.total.is_finite() {
                return Ok(Ended::NotFinite { step, cost: cost.mean() });
            }
            sum.merge(cost);
            let report = StepReport {
                epoch: epoch + 1,
                step,
                steps: self.steps,
                cost: cost.mean(),
                eta: self.eta(epoch, step - 1),
            };
            let stop = observer.on_step(&report).is_break();
            let look = stop || step.is_multiple_of(STEPS_BETWEEN_LOOKS) || step == self.steps;
            if look && self.weights_not_finite().is_some() {
                return Ok(Ended::NotFinite { step, cost: cost.mean() });
            }
            if stop {
                return Ok(Ended::Stopped);
            }
        }
        Ok(Ended::Whole { cost: sum.mean() })
    }

    /// Names the step and the layer at which an epoch that ended at `step` went out of the finite numbers.
    ///
    /// When the weights are finite it is the cost of that very step. Otherwise the epoch runs again from its start, which
    /// gives the same numbers, and all weights are looked at after each step.
    fn divergence(
        &mut self,
        pool: &ThreadPool,
        batches: &mut dyn Batches<T>,
        epoch: u32,
        step: usize,
        cost: f64,
        start: &Snapshot<T>,
    ) -> Result<Error> {
        if self.weights_not_finite().is_none() {
            return Ok(diverged(epoch, step, self.where_not_finite(), cost));
        }
        self.restore(start);
        batches.start(epoch)?;
        let mut step = 0;
        while let Some(batch) = batches.next()? {
            self.step(pool, epoch, step, &batch);
            step += 1;
            if let Some((what, found)) = self.weights_not_finite() {
                return Ok(diverged(epoch, step, what, found));
            }
        }
        Err(Error::data("batches", "the same samples whenever an epoch is read", "others the second time"))
    }
    /// A weight, a bias or a factor that is not finite, or a penalty: of weights so large that their squares are not.
    fn weights_not_finite(&self) -> Option<(String, f64)> {
        if let Some((what, found)) = self.network.not_finite() {
            return Some((what, found.to_f64()));
        }
        let penalty = self.penalty();
        if penalty.is_finite() {
            return None;
        }
        let largest = |l: &usize| {
            self.network.layers[*l].w.storage().iter().fold(0.0, |most: f64, w| most.max(w.to_f64().abs()))
        };
        let l = (0..self.network.layers.len()).max_by(|l, m| largest(l).total_cmp(&largest(m))).unwrap_or(0);
        Some((format!("the penalty, with the largest weight in layer {},", l + 2), penalty))
    }
}

/// Which epoch, counted from 0, and which step of it, from 1, went out of the finite numbers.
fn diverged(epoch: u32, step: usize, what: String, found: f64) -> Error {
    Error::Diverged {
        epoch: epoch as usize + 1,
        step,
        field: what,
        found: found.to_string(),
        hint: Some("a smaller {eta}, {clip}, or inputs of a smaller scale may help".into()),
    }
}
