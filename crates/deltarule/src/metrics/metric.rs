//! The metrics by name.

use super::ranking::over_classes;
use super::*;
use crate::error::{Error, Result};
use crate::spec::Spec;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Bins of the calibration error.
const BINS: usize = 15;

/// A metric, written in kebab case: `balanced-accuracy`, `quantile-loss:0.9`.
///
/// ```
/// use deltarule::metrics::Metric;
///
/// let metric: Metric = "log-loss".parse()?;
/// assert!(!metric.greater_is_better());
/// let wrong = "balanced-acuracy".parse::<Metric>().unwrap_err();
/// assert!(wrong.to_string().contains("did you mean `balanced-accuracy`?"));
/// # Ok::<(), deltarule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Metric {
    /// [`Confusion::accuracy`]
    Accuracy,
    /// [`Confusion::balanced_accuracy`]
    BalancedAccuracy,
    /// [`Confusion::f1_binary`]
    F1,
    /// [`Confusion::f1_macro`]
    F1Macro,
    /// [`Confusion::f1_weighted`]
    F1Weighted,
    /// [`log_loss`]
    LogLoss,
    /// [`brier`]
    Brier,
    /// [`roc_auc`] of class 1 of two; of more classes [`roc_auc_one_vs_rest`]
    RocAuc,
    /// [`roc_auc_one_vs_one`]
    RocAucOvo,
    /// [`average_precision`] of class 1 of two; of more classes the mean over them
    AveragePrecision,
    /// [`calibration_error`] with 15 bins
    CalibrationError,
    /// [`mean_absolute_error`]
    Mae,
    /// [`mean_squared_error`]
    Mse,
    /// [`root_mean_squared_error`]
    Rmse,
    /// [`r_squared`]
    R2,
    /// [`quantile_loss`] of the quantile q
    QuantileLoss {
        /// From 0 to 1.
        q: f64,
    },
    /// [`poisson_deviance`]
    PoissonDeviance,
}

use Metric::*;

impl Metric {
    /// All names; those of numbers follow those of classes.
    pub const NAMES: [&str; 17] = [
        "accuracy",
        "balanced-accuracy",
        "f1",
        "f1-macro",
        "f1-weighted",
        "log-loss",
        "brier",
        "roc-auc",
        "roc-auc-ovo",
        "average-precision",
        "calibration-error",
        "mae",
        "mse",
        "rmse",
        "r2",
        "quantile-loss",
        "poisson-deviance",
    ];

    /// The name without parameter.
    pub fn name(self) -> &'static str {
        match self {
            Accuracy => "accuracy",
            BalancedAccuracy => "balanced-accuracy",
            F1 => "f1",
            F1Macro => "f1-macro",
            F1Weighted => "f1-weighted",
            LogLoss => "log-loss",
            Brier => "brier",
            RocAuc => "roc-auc",
            RocAucOvo => "roc-auc-ovo",
            AveragePrecision => "average-precision",
            CalibrationError => "calibration-error",
            Mae => "mae",
            Mse => "mse",
            Rmse => "rmse",
            R2 => "r2",
            QuantileLoss { .. } => "quantile-loss",
            PoissonDeviance => "poisson-deviance",
        }
    }

    /// Whether a greater value is the better one.
    pub fn greater_is_better(self) -> bool {
        match self {
            Accuracy | BalancedAccuracy | F1 | F1Macro | F1Weighted | RocAuc | RocAucOvo
            | AveragePrecision | R2 => true,
            LogLoss | Brier | CalibrationError | Mae | Mse | Rmse | QuantileLoss { .. } | PoissonDeviance => {
                false
            }
        }
    }

    /// Whether it is about classes; the others are about numbers.
    pub fn is_of_classes(self) -> bool {
        !matches!(self, Mae | Mse | Rmse | R2 | QuantileLoss { .. } | PoissonDeviance)
    }

    /// Whether it depends on nothing but the predicted classes.
    pub fn is_of_decisions(self) -> bool {
        matches!(self, Accuracy | BalancedAccuracy | F1 | F1Macro | F1Weighted)
    }

    /// A value as people read it: shares as per cent, everything else with five significant digits.
    ///
    /// ```
    /// use deltarule::metrics::Metric;
    ///
    /// assert_eq!(Metric::Accuracy.show(0.97222), "97.22 %");
    /// assert_eq!(Metric::Rmse.show(12.345678), "12.346");
    /// assert_eq!(Metric::LogLoss.show(0.000123456), "0.00012346");
    /// ```
    pub fn show(self, value: f64) -> String {
        if self.is_of_decisions() {
            return format!("{:.2} %", 100.0 * value);
        }
        let digits =
            if value == 0.0 || !value.is_finite() { 4 } else { 4 - value.abs().log10().floor() as i32 };
        if (-8..=12).contains(&digits) {
            format!("{value:.*}", digits.max(0) as usize)
        } else {
            format!("{value:.4e}")
        }
    }

    /// Its value for predicted probabilities of classes.
    ///
    /// # Errors
    /// Where it is undefined, which it is for every sample when it is about numbers.
    ///
    /// # Panics
    /// When the lengths differ or a class has no column.
    pub fn of_classes<T: Real>(
        self,
        truth: &[u32],
        probabilities: Rows<'_, T>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Undefined> {
        match self {
            _ if self.is_of_decisions() => {
                let predicted = predicted_classes(probabilities);
                self.of_confusion(&Confusion::new(truth, &predicted, class_count(probabilities), weights))
            }
            LogLoss => log_loss(truth, probabilities, weights),
            Brier => brier(truth, probabilities, weights),
            RocAuc if class_count(probabilities) == 2 => {
                over_classes(truth, probabilities, |positive, scores, _| roc_auc(positive, scores, weights))
            }
            RocAuc => roc_auc_one_vs_rest(truth, probabilities, weights),
            RocAucOvo if weights.is_some() => {
                Err(Undefined::new(self.name(), "it takes no sample weights; roc-auc does"))
            }
            RocAucOvo => roc_auc_one_vs_one(truth, probabilities),
            AveragePrecision => over_classes(truth, probabilities, |positive, scores, _| {
                average_precision(positive, scores, weights)
            }),
            CalibrationError => calibration_error(truth, probabilities, weights, BINS),
            _ => Err(Undefined::new(self.name(), "the target is a class, not a number")),
        }
    }

    /// Its value where it depends on the predicted classes alone.
    ///
    /// # Errors
    /// Where it is undefined, which it is when it needs probabilities or numbers.
    pub fn of_confusion(self, confusion: &Confusion) -> Result<f64, Undefined> {
        match self {
            Accuracy => confusion.accuracy(),
            BalancedAccuracy => confusion.balanced_accuracy(),
            F1 => confusion.f1_binary(),
            F1Macro => confusion.f1_macro(),
            F1Weighted => confusion.f1_weighted(),
            _ => Err(Undefined::new(self.name(), "predicted classes are not enough for it")),
        }
    }

    /// Its value for predicted numbers, one row of targets a sample.
    ///
    /// # Errors
    /// Where it is undefined, which it is for every sample when it is about classes.
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn of_numbers<T: Real>(
        self,
        truth: Rows<'_, T>,
        predicted: Rows<'_, T>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Undefined> {
        match self {
            Mae => mean_absolute_error(truth, predicted, weights),
            Mse => mean_squared_error(truth, predicted, weights),
            Rmse => root_mean_squared_error(truth, predicted, weights),
            R2 => r_squared(truth, predicted, weights),
            QuantileLoss { q } => quantile_loss(truth, predicted, weights, q),
            PoissonDeviance => poisson_deviance(truth, predicted, weights),
            _ => Err(Undefined::new(self.name(), "the target is a number, not a class")),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuantileLoss { q } => write!(f, "quantile-loss:{q}"),
            _ => f.write_str(self.name()),
        }
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut spec = Spec::parse("metric", text);
        let metric = match spec.name {
            "accuracy" => Accuracy,
            "balanced-accuracy" => BalancedAccuracy,
            "f1" => F1,
            "f1-macro" => F1Macro,
            "f1-weighted" => F1Weighted,
            "log-loss" => LogLoss,
            "brier" => Brier,
            "roc-auc" => RocAuc,
            "roc-auc-ovo" => RocAucOvo,
            "average-precision" => AveragePrecision,
            "calibration-error" => CalibrationError,
            "mae" => Mae,
            "mse" => Mse,
            "rmse" => Rmse,
            "r2" => R2,
            "quantile-loss" => {
                let q = spec.parameter_or(0.5)?;
                if !(0.0..=1.0).contains(&q) {
                    return Err(Error::setting("metric quantile-loss", "a quantile from 0 to 1", q));
                }
                QuantileLoss { q }
            }
            "poisson-deviance" => PoissonDeviance,
            name => return Err(Error::unknown("metric", name, &Self::NAMES)),
        };
        spec.finish()?;
        Ok(metric)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for name in Metric::NAMES {
            let metric: Metric = name.parse().unwrap();
            assert_eq!(metric.name(), name);
            assert_eq!(metric.to_string().parse::<Metric>().unwrap(), metric);
        }
        assert_eq!("quantile-loss:0.9".parse::<Metric>().unwrap(), QuantileLoss { q: 0.9 });
    }

    #[test]
    fn what_is_no_metric_is_refused() {
        let message = |text: &str| text.parse::<Metric>().unwrap_err().to_string();
        assert!(message("acuracy").starts_with("unknown metric `acuracy`: did you mean `accuracy`?"));
        assert!(message("accuracy:3").contains("expected no parameter, found `3`"));
        assert!(message("quantile-loss:1.5").contains("expected a quantile from 0 to 1, found 1.5"));
        assert!(message("quantile-loss:NaN").contains("expected a quantile from 0 to 1, found NaN"));
    }

    #[test]
    fn values_are_shown_with_five_digits() {
        assert_eq!(Mae.show(0.0), "0.0000");
        assert_eq!(Mae.show(-1234567.0), "-1234567");
        assert_eq!(Mae.show(99999.96), "100000");
        assert_eq!(Mae.show(1.5e300), "1.5000e300");
        assert_eq!(Mae.show(f64::INFINITY), "inf");
        assert_eq!(R2.show(-0.25), "-0.25000");
    }
}
