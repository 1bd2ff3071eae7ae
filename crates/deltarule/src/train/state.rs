//! All that training changes.

use super::report::EpochReport;
use super::update::Parameters;
use crate::batches::Batches;
use crate::error::{Error, Result};
use crate::mean::WeightedMean;
use crate::metrics::Metric;
use crate::network::Network;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::real::Real;
use crate::selection::Keep;
use deltarule_kernels::{Moments, Panels};

/// A training at one moment: the network, what the optimizer keeps, how far it is, and the best epoch so far.
///
/// A [`Trainer`](super::Trainer) moves it on by a step or an epoch. Between two steps it may be copied, kept and taken up
/// again: what follows is the same to the last bit. [`TrainingState::to_bytes`] writes it down.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState<T: Real> {
    pub(crate) parameters: Parameters<T>,
    pub(super) steps_done: u64,
    pub(super) epoch_steps: usize,
    pub(super) samples: usize,
    /// Of the steps of the epoch under way; of the last whole one where none is.
    pub(super) epoch_cost: WeightedMean,
    pub(super) best: Option<Best<T>>,
    pub(super) epochs_without_better: u32,
    pub(super) reports: Vec<EpochReport>,
}

/// The best epoch so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best<T: Real> {
    pub(super) epoch: u32,
    pub(super) value: f64,
    /// None where the weights of the last epoch are kept in any case.
    pub(super) network: Option<Network<T>>,
}

impl<T: Real> TrainingState<T> {
    /// The state before the first step, from this network on these batches.
    ///
    /// # Errors
    /// When the network does not fit the data, or there is no batch to learn from.
    pub fn new(plan: &Plan, network: Network<T>, batches: &dyn Batches<T>) -> Result<Self> {
        if batches.steps() == 0 {
            let found = format!("{} samples in batches of {}", batches.samples(), batches.batch());
            return Err(Error::data("samples to train on", "enough for a batch", found));
        }
        let state = Self {
            parameters: Parameters::new(network, plan.optimizer.moments()),
            steps_done: 0,
            epoch_steps: batches.steps(),
            samples: batches.samples(),
            epoch_cost: WeightedMean::default(),
            best: None,
            epochs_without_better: 0,
            reports: Vec::new(),
        };
        state.check_batches(batches)?;
        Ok(state)
    }

    /// Whether these are batches of the data that it is of.
    pub(super) fn check_batches(&self, batches: &dyn Batches<T>) -> Result<()> {
        let network = self.network();
        for (what, expected, found) in [
            ("input columns of the data", network.inputs(), batches.inputs()),
            ("target columns of the data", network.outputs(), batches.outputs()),
        ] {
            if expected != found {
                return Err(Error::shape(what, format!("{expected}, as the network has"), found));
            }
        }
        for (what, expected, found) in [
            ("samples to train on", self.samples, batches.samples()),
            ("batches of an epoch", self.epoch_steps, batches.steps()),
        ] {
            if expected != found {
                return Err(Error::shape(what, format!("{expected}, as when the training began"), found));
            }
        }
        Ok(())
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network<T> {
        &self.parameters.network
    }

    /// The optimizer's running values of each layer.
    pub fn moments(&self) -> &[Moments<T>] {
        &self.parameters.moments
    }

    /// Those of the learned input scale, as many as those of a layer; empty without one.
    pub fn input_scale_moments(&self) -> &[Vec<T>] {
        &self.parameters.input_scale_moments
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress { steps: self.steps_done, epoch_steps: self.epoch_steps as u64 }
    }

    /// Steps done since the beginning. The next one is the optimizer's t = this + 1.
    pub fn steps_done(&self) -> u64 {
        self.steps_done
    }

    /// The epoch under way, counted from 0; so many are done.
    pub fn epoch(&self) -> u32 {
        (self.steps_done / self.epoch_steps as u64) as u32
    }

    /// The step within the epoch that comes next, counted from 0.
    pub fn step(&self) -> usize {
        (self.steps_done % self.epoch_steps as u64) as usize
    }

    /// Whether all steps of an epoch are done, and [`Trainer::finish_epoch`](super::Trainer::finish_epoch) is not.
    pub fn awaits_finish(&self) -> bool {
        let finished = self.reports.last().map_or(0, |report| report.epoch);
        self.step() == 0 && finished < self.epoch()
    }

    /// Steps of an epoch.
    pub fn epoch_steps(&self) -> usize {
        self.epoch_steps
    }

    /// n, the number of samples that it learns from.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// What was told of every epoch.
    pub fn reports(&self) -> &[EpochReport] {
        &self.reports
    }

    /// The best epoch, from 1, and its value of the plan's metric, where there were validation samples.
    pub fn best(&self) -> Option<(u32, f64)> {
        self.best.as_ref().map(|best| (best.epoch, best.value))
    }

    /// Epochs since one was strictly better than all before.
    pub fn epochs_without_better(&self) -> u32 {
        self.epochs_without_better
    }

    /// The network that the plan keeps: that of the best epoch, or the present one.
    pub fn kept(&self) -> &Network<T> {
        self.best.as_ref().and_then(|best| best.network.as_ref()).unwrap_or(self.network())
    }

    /// After how many steps the network was as [`TrainingState::kept`] has it.
    pub fn kept_progress(&self) -> Progress {
        let best = self.best.as_ref().filter(|best| best.network.is_some());
        let steps = best.map_or(self.steps_done, |best| u64::from(best.epoch) * self.epoch_steps as u64);
        Progress { steps, ..self.progress() }
    }

    /// [`TrainingState::kept`], training ended.
    pub fn into_kept(self) -> Network<T> {
        self.best.and_then(|best| best.network).unwrap_or(self.parameters.network)
    }

    /// The same state in the other precision, each number rounded to the nearest.
    pub fn cast<U: Real>(&self) -> TrainingState<U> {
        let Parameters { network, moments, input_scale_moments, .. } = &self.parameters;
        let numbers = |values: &Vec<T>| values.iter().map(|v| U::from_f64(v.to_f64())).collect();
        let panels = |w: &Panels<T>| {
            Panels::from_fn(w.outputs(), w.inputs(), |j, k| U::from_f64(w.get(j, k).to_f64()))
        };
        let of_layer = |moments: &Moments<T>| Moments {
            w: moments.w.iter().map(panels).collect(),
            b: moments.b.iter().map(numbers).collect(),
        };
        let network = network.cast();
        TrainingState {
            parameters: Parameters {
                transposed: network.transposed(),
                moments: moments.iter().map(of_layer).collect(),
                input_scale_moments: input_scale_moments.iter().map(numbers).collect(),
                network,
            },
            steps_done: self.steps_done,
            epoch_steps: self.epoch_steps,
            samples: self.samples,
            epoch_cost: self.epoch_cost,
            best: self.best.as_ref().map(|best| Best {
                epoch: best.epoch,
                value: best.value,
                network: best.network.as_ref().map(Network::cast),
            }),
            epochs_without_better: self.epochs_without_better,
            reports: self.reports.clone(),
        }
    }

    /// Considers the epoch just done, from 1, by its value of the metric, and says whether it is now the one to keep.
    pub(super) fn offer(&mut self, epoch: u32, value: f64, metric: Metric, keep: Keep) -> bool {
        let best = self.best.as_ref().map(|best| best.value);
        let better = best.is_none_or(|best| metric.better(value, best));
        self.epochs_without_better = if better { 0 } else { self.epochs_without_better + 1 };
        let replaces = better || best == Some(value) && keep == Keep::LastBest;
        if replaces {
            let network = (keep != Keep::Final).then(|| self.parameters.network.clone());
            self.best = Some(Best { epoch, value, network });
        }
        replaces
    }

    pub(super) fn snapshot(&self) -> Snapshot<T> {
        Snapshot {
            network: self.parameters.network.clone(),
            moments: self.parameters.moments.clone(),
            input_scale_moments: self.parameters.input_scale_moments.clone(),
            steps_done: self.steps_done,
            epoch_cost: self.epoch_cost,
        }
    }

    pub(super) fn restore(&mut self, snapshot: &Snapshot<T>) {
        self.parameters.network.clone_from(&snapshot.network);
        self.parameters.moments.clone_from(&snapshot.moments);
        self.parameters.input_scale_moments.clone_from(&snapshot.input_scale_moments);
        self.parameters.transposed = self.parameters.network.transposed();
        self.steps_done = snapshot.steps_done;
        self.epoch_cost = snapshot.epoch_cost;
    }
}

/// All that a step changes, but for what is computed from it.
pub(super) struct Snapshot<T: Real> {
    network: Network<T>,
    moments: Vec<Moments<T>>,
    input_scale_moments: Vec<Vec<T>>,
    steps_done: u64,
    epoch_cost: WeightedMean,
}
