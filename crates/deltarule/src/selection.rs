//! By which number epochs are compared, and which epoch's weights are kept.

use crate::dataset::Samples;
use crate::names::names;
use crate::network::Network;
use crate::settings::Task;
use deltarule_kernels::math::ln;
use deltarule_kernels::{Matrix, Real};
use serde::{Deserialize, Serialize};

/// A number that says how good a network's outputs are on the validation samples, sample weights heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Metric {
    /// The cost that is minimised, without regularisation.
    Cost,
    /// Share of the samples whose class is right, or whose labels are all right.
    Accuracy,
    /// 1 − accuracy.
    ErrorRate,
    /// −ln of the probability given to the right class, averaged; no label smoothing.
    LogLoss,
    /// √ of the mean over samples and outputs of (a − y)².
    Rmse,
    /// The mean over samples and outputs of |a − y|.
    Mae,
}

names!(Metric, "metric",
    "cost" => Cost,
    "accuracy" => Accuracy,
    "error-rate" => ErrorRate,
    "log-loss" => LogLoss,
    "rmse" => Rmse,
    "mae" => Mae,
);

impl Metric {
    /// Whether more is better.
    pub fn larger_is_better(self) -> bool {
        self == Self::Accuracy
    }

    /// Whether `value` beats `other`; NaN beats nothing and is beaten by every number.
    pub fn better(self, value: f64, other: f64) -> bool {
        let beats = if self.larger_is_better() { value > other } else { value < other };
        beats || other.is_nan() && !value.is_nan()
    }

    /// Whether it has a meaning for such targets.
    pub fn suits(self, task: Task) -> bool {
        match self {
            Self::Cost => true,
            Self::Accuracy | Self::ErrorRate | Self::LogLoss => {
                matches!(task, Task::Classes | Task::MultiLabel)
            }
            Self::Rmse | Self::Mae => matches!(task, Task::Regression | Task::Counts),
        }
    }

    /// Its value for the outputs of these samples, one a row; `cost` is their mean cost.
    pub fn of<T: Real>(self, task: Task, outputs: &Matrix<T>, samples: Samples<'_, T>, cost: f64) -> f64 {
        let y = samples.y();
        let mean = |of_sample: &dyn Fn(&[T], &[T]) -> f64| {
            samples.weighted_mean((0..samples.len()).map(|i| of_sample(outputs.row(i), y.row(i))))
        };
        let per_output = |f: fn(f64) -> f64| {
            mean(&|a, y| {
                a.iter().zip(y).map(|(a, y)| f(a.to_f64() - y.to_f64())).sum::<f64>() / a.len() as f64
            })
        };
        match self {
            Self::Cost => cost,
            Self::Accuracy => mean(&|a, y| f64::from(u8::from(right(task, a, y)))),
            Self::ErrorRate => mean(&|a, y| f64::from(u8::from(!right(task, a, y)))),
            Self::LogLoss => mean(&|a, y| log_loss(task, a, y)),
            Self::Rmse => per_output(|error| error * error).sqrt(),
            Self::Mae => per_output(f64::abs),
        }
    }
}

fn right<T: Real>(task: Task, a: &[T], y: &[T]) -> bool {
    let half = T::from_f64(0.5);
    if task == Task::Classes && a.len() > 1 {
        return largest(a) == largest(y);
    }
    a.iter().zip(y).all(|(&a, &y)| (a > half) == (y > half))
}

/// Index of the largest value, the first of equals.
pub(crate) fn largest<T: Real>(values: &[T]) -> usize {
    (1..values.len()).fold(0, |best, j| if values[j] > values[best] { j } else { best })
}

/// −Σ y ln a over the classes, or over each label and its absence.
fn log_loss<T: Real>(task: Task, a: &[T], y: &[T]) -> f64 {
    let term = |p: f64, a: f64| if p == 0.0 { 0.0 } else { -p * ln(a) };
    let pairs = a.iter().zip(y).map(|(a, y)| (a.to_f64(), y.to_f64()));
    if task == Task::Classes && a.len() > 1 {
        return pairs.map(|(a, y)| term(y, a)).sum();
    }
    pairs.map(|(a, y)| term(y, a) + term(1.0 - y, 1.0 - a)).sum()
}

/// Which epoch's weights a training run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Keep {
    /// Those of the best epoch by the metric on the validation samples, the first of equals; without validation samples
    /// those of the last epoch.
    Best,
    /// The same, the last of equals.
    LastBest,
    /// Those of the last epoch.
    Final,
}

names!(Keep, "choice of weights to keep",
    "best" => Best,
    "last-best" => LastBest,
    "final" => Final,
);

/// The best epoch so far.
pub(crate) struct Best<T: Real> {
    metric: Metric,
    keep: Keep,
    epoch: Option<(u32, f64)>,
    epochs_without_better: u32,
    network: Option<Network<T>>,
}

impl<T: Real> Best<T> {
    pub(crate) fn new(metric: Metric, keep: Keep) -> Self {
        Self { metric, keep, epoch: None, epochs_without_better: 0, network: None }
    }

    /// Considers an epoch by its value, and says whether it is now the one to keep.
    pub(crate) fn offer(&mut self, epoch: u32, value: f64, network: &Network<T>) -> bool {
        let better = self.epoch.is_none_or(|(_, best)| self.metric.better(value, best));
        let equal = self.epoch.is_some_and(|(_, best)| value == best);
        self.epochs_without_better = if better { 0 } else { self.epochs_without_better + 1 };
        let replaces = better || equal && self.keep == Keep::LastBest;
        if replaces {
            self.epoch = Some((epoch, value));
            if self.keep != Keep::Final {
                self.network = Some(network.clone());
            }
        }
        replaces
    }

    /// The best epoch's number and value.
    pub(crate) fn epoch(&self) -> Option<(u32, f64)> {
        self.epoch
    }

    /// Epochs since one was strictly better than all before.
    pub(crate) fn epochs_without_better(&self) -> u32 {
        self.epochs_without_better
    }

    /// The network of the epoch to keep, unless that is simply the last one.
    pub(crate) fn into_network(self) -> Option<Network<T>> {
        self.network
    }
}
