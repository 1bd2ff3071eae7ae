//! By which number epochs are compared, and which epoch's weights are kept.

use crate::dataset::Samples;
use crate::error::{Error, Result};
use crate::metrics;
use crate::names::names;
use crate::network::Network;
use crate::settings::Task;
use deltarule_kernels::{Matrix, Real, Rows};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A number that says how good a network's outputs are on the validation samples, sample weights heeded.
///
/// Written as `cost`, `error-rate`, or as a [`metrics::Metric`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Metric {
    /// The cost that is minimised, without regularisation.
    Cost,
    /// 1 − accuracy.
    ErrorRate,
    /// Share of the samples whose class is right.
    Accuracy,
    /// −ln of the probability given to the right class, averaged; no label smoothing.
    LogLoss,
    /// √ of the mean over samples and outputs of (a − y)².
    Rmse,
    /// The mean over samples and outputs of |a − y|.
    Mae,
    /// Any other one.
    Other(metrics::Metric),
}

impl Metric {
    /// The one of the library's metrics that it is, or for the error rate is 1 less.
    fn metric(self) -> Option<metrics::Metric> {
        match self {
            Self::Cost => None,
            Self::ErrorRate | Self::Accuracy => Some(metrics::Metric::Accuracy),
            Self::LogLoss => Some(metrics::Metric::LogLoss),
            Self::Rmse => Some(metrics::Metric::Rmse),
            Self::Mae => Some(metrics::Metric::Mae),
            Self::Other(metric) => Some(metric),
        }
    }

    /// The names that suit such targets.
    pub fn names_for(task: Task) -> Vec<&'static str> {
        let suits = |name: &&str| name.parse().is_ok_and(|metric: Self| metric.suits(task));
        ["cost", "error-rate"].into_iter().chain(metrics::Metric::NAMES).filter(suits).collect()
    }

    /// Whether more is better.
    pub fn larger_is_better(self) -> bool {
        self != Self::ErrorRate && self.metric().is_some_and(metrics::Metric::greater_is_better)
    }

    /// Whether it depends on nothing but the predicted classes.
    pub fn is_of_decisions(self) -> bool {
        self.metric().is_some_and(metrics::Metric::is_of_decisions)
    }

    /// Whether `value` beats `other`; NaN beats nothing and is beaten by every number.
    pub fn better(self, value: f64, other: f64) -> bool {
        let beats = if self.larger_is_better() { value > other } else { value < other };
        beats || other.is_nan() && !value.is_nan()
    }

    /// Whether it has a meaning for such targets.
    pub fn suits(self, task: Task) -> bool {
        let of_classes = self.metric().map(metrics::Metric::is_of_classes);
        match task {
            _ if of_classes.is_none() => true,
            Task::Classes => of_classes == Some(true),
            Task::MultiLabel => false,
            Task::Regression | Task::Counts => of_classes == Some(false),
        }
    }

    /// Its value for the outputs of these samples, one a row; `cost` is their mean cost. NaN where it is undefined.
    pub fn of<T: Real>(self, task: Task, outputs: &Matrix<T>, samples: Samples<'_, T>, cost: f64) -> f64 {
        self.checked_of(task, outputs, samples, cost).unwrap_or(f64::NAN)
    }

    /// [`Metric::of`], with the reason where it is undefined.
    ///
    /// # Errors
    /// [`Error::Data`] with that reason.
    pub fn checked_of<T: Real>(
        self,
        task: Task,
        outputs: &Matrix<T>,
        samples: Samples<'_, T>,
        cost: f64,
    ) -> Result<f64> {
        let Some(metric) = self.metric() else { return Ok(cost) };
        let weights: Option<Vec<f64>> =
            samples.weights().map(|weights| weights.map(|w| w.to_f64()).collect());
        let (weights, outputs) = (weights.as_deref(), Rows::all(outputs));
        let value = if task == Task::Classes {
            metric.of_classes(&samples.classes(), outputs, weights)
        } else {
            metric.of_numbers(samples.y(), outputs, weights)
        };
        let value = value.map_err(|undefined| {
            Error::data("validation samples", format!("some with a {self}"), undefined)
        })?;
        Ok(if self == Self::ErrorRate { 1.0 - value } else { value })
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.metric() {
            None => f.pad("cost"),
            Some(_) if *self == Self::ErrorRate => f.pad("error-rate"),
            Some(metric) => f.pad(&metric.to_string()),
        }
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim() {
            "cost" => Self::Cost,
            "error-rate" => Self::ErrorRate,
            text => match text.parse()? {
                metrics::Metric::Accuracy => Self::Accuracy,
                metrics::Metric::LogLoss => Self::LogLoss,
                metrics::Metric::Rmse => Self::Rmse,
                metrics::Metric::Mae => Self::Mae,
                metric => Self::Other(metric),
            },
        })
    }
}

impl TryFrom<String> for Metric {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.to_string()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;

    #[test]
    fn names_are_read_back() {
        for name in Metric::names_for(Task::Classes).into_iter().chain(Metric::names_for(Task::Regression)) {
            let metric: Metric = name.parse().unwrap();
            let shown = metric.to_string();
            assert!(shown == name || shown == format!("{name}:0.5"), "{name} {shown}");
            assert_eq!(shown.parse::<Metric>().unwrap(), metric);
        }
        assert_eq!(Metric::names_for(Task::MultiLabel), ["cost"]);
        assert!(!Metric::names_for(Task::Counts).contains(&"accuracy"));
    }

    /// Three samples of classes 0, 1, 1 that weigh 1, 1 and 2; the last one is taken for class 0.
    #[test]
    fn values_by_hand() {
        let y = Matrix::from_rows(&[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
        let data = Dataset::<f64>::new(Matrix::zeros(3, 1), y, Some(vec![1.0, 1.0, 2.0])).unwrap();
        let outputs = Matrix::from_rows(&[[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]);
        let of = |name: &str| {
            let metric: Metric = name.parse().unwrap();
            metric.of(Task::Classes, &outputs, data.samples(), 7.0)
        };
        assert_eq!((of("cost"), of("accuracy"), of("error-rate")), (7.0, 0.5, 0.5));
        // −(ln ½ + ln ¾ + 2 ln ¼) / 4
        assert!((of("log-loss") - 0.938_354_494).abs() < 1e-9, "{}", of("log-loss"));
        // Of the pairs of a 1 with the 0 (at ½), the one at ¾ is in order and the one at ¼, of twice its weight, is not.
        assert!((of("roc-auc") - 1.0 / 3.0).abs() < 1e-12);
        assert!(Metric::ErrorRate.better(0.1, 0.2) && Metric::Accuracy.better(0.2, 0.1));
        let one = data.picked(&[1]);
        let auc: Metric = "roc-auc".parse().unwrap();
        let message = auc.checked_of(Task::Classes, &Matrix::zeros(1, 2), one, 0.0).unwrap_err().to_string();
        assert!(
            message
                .starts_with("validation samples: expected some with a roc-auc, found roc-auc is undefined"),
            "{message}"
        );
        let numbers = Metric::Rmse.of(Task::Regression, &outputs, data.samples(), 0.0);
        // (¼ + ¼ + 2 · 1/16 + 2 · 2 · 9/16) / (4 · 2)
        assert!((numbers - (2.875_f64 / 8.0).sqrt()).abs() < 1e-12);
    }
}
