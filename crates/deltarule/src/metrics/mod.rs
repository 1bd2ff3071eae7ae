//! How good predictions are, in the terms of scikit-learn, which the definitions follow to the last edge case.
//!
//! Every function is pure: true values, predictions and optional sample weights in, one number out. With weights w,
//! every mean is Σ wᵢ·vᵢ / Σ wᵢ, and every count a sum of weights. Where a metric has no value (no samples, one class
//! only, a negative rate) the answer is [`Undefined`], never NaN.
//!
//! Predictions of classes come as one row of probabilities a sample: a column for each class, or for two classes a
//! single column with the probability of class 1. The predicted class is the likeliest, the first of equals.

mod classes;
mod metric;
mod probabilities;
mod ranking;
mod regression;
mod tuning;

pub use classes::Confusion;
pub use metric::Metric;
pub use probabilities::{brier, calibration_error, log_loss};
pub use ranking::{average_precision, roc_auc, roc_auc_one_vs_one, roc_auc_one_vs_rest};
pub use regression::{
    mean_absolute_error, mean_squared_error, poisson_deviance, quantile_loss, r_squared,
    root_mean_squared_error,
};
pub use tuning::{Link, Temperature, Threshold, temperature, threshold};

use crate::mean::WeightedMean;
// The kernels' own functions give the same bits on every machine.
use crate::real::Real;
use deltarule_kernels::Rows;
use deltarule_kernels::math::{exp, ln};

/// Why a metric has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// The name of the metric, as [`Metric`] writes it.
    pub metric: &'static str,
    /// What is missing or wrong.
    pub why: String,
}

impl std::fmt::Display for Undefined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is undefined: {}", self.metric, self.why)
    }
}

impl std::error::Error for Undefined {}

impl Undefined {
    fn new(metric: &'static str, why: impl Into<String>) -> Self {
        Self { metric, why: why.into() }
    }
}

/// Weight of sample `i`.
fn weight(weights: Option<&[f64]>, i: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[i])
}

/// The weighted mean of `value(i)` over `n` samples.
fn mean(
    metric: &'static str,
    n: usize,
    weights: Option<&[f64]>,
    value: impl FnMut(usize) -> f64,
) -> Result<f64, Undefined> {
    if let Some(weights) = weights {
        assert_eq!(weights.len(), n, "one weight a sample");
    }
    let mean = WeightedMean::of((0..n).map(value), weights);
    if n == 0 {
        Err(Undefined::new(metric, "there are no samples"))
    } else if mean.weight == 0.0 {
        Err(Undefined::new(metric, "all weights are zero"))
    } else {
        Ok(mean.mean())
    }
}

/// Number of classes that rows of probabilities are about.
fn class_count<T: Real>(probabilities: Rows<'_, T>) -> usize {
    probabilities.cols().max(2)
}

/// The probability of class `k` in a row.
fn probability<T: Real>(row: &[T], k: usize) -> f64 {
    match (row, k) {
        ([p], 0) => 1.0 - p.to_f64(),
        ([p], _) => p.to_f64(),
        _ => row[k].to_f64(),
    }
}

/// The likeliest class of each row, the first of equals, and its probability.
fn likeliest<T: Real>(row: &[T]) -> (u32, f64) {
    let mut best = (0, probability(row, 0));
    for k in 1..row.len().max(2) {
        let p = probability(row, k);
        if p > best.1 {
            best = (k as u32, p);
        }
    }
    best
}

/// The class that a row of probabilities speaks for: the likeliest, the first of equals, so that of two classes one at ½ is
/// the first. With a threshold, of two classes the second from that probability on.
///
/// ```
/// use deltarule::metrics::predicted_class;
///
/// assert_eq!(predicted_class(&[0.5, 0.5], None), 0);
/// assert_eq!(predicted_class(&[0.5], None), 0);
/// assert_eq!(predicted_class(&[0.7, 0.3], Some(0.3)), 1);
/// ```
pub fn predicted_class<T: Real>(row: &[T], threshold: Option<f64>) -> u32 {
    match threshold {
        Some(threshold) => u32::from(probability(row, 1) >= threshold),
        None => likeliest(row).0,
    }
}

/// [`predicted_class`] of each row.
pub fn predicted_classes<T: Real>(probabilities: Rows<'_, T>, threshold: Option<f64>) -> Vec<u32> {
    probabilities.iter().map(|row| predicted_class(row, threshold)).collect()
}

/// Whether a probability speaks for its label: above ½, or from a threshold on.
pub fn is_predicted(probability: f64, threshold: Option<f64>) -> bool {
    match threshold {
        Some(threshold) => probability >= threshold,
        None => probability > 0.5,
    }
}
