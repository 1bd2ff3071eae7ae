//! Metrics of predicted probabilities: how likely the truth was, and whether confidence is deserved.

use super::{Undefined, class_count, likeliest, ln, mean, probability, weight};
use crate::real::Real;
use deltarule_kernels::Rows;

/// The mean of −ln p of the true class, p cut off to ε … 1 − ε with ε = 2⁻⁵², as scikit-learn does it for f64.
///
/// # Errors
/// Without samples.
pub fn log_loss<T: Real>(
    truth: &[u32],
    probabilities: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    assert_eq!(truth.len(), probabilities.len(), "one row of probabilities a sample");
    mean("log-loss", truth.len(), weights, |i| {
        let p = probability(probabilities.row(i), truth[i] as usize);
        -ln(p.clamp(f64::EPSILON, 1.0 - f64::EPSILON))
    })
}

/// The mean of Σ_k (p_k − y_k)², y being 1 for the true class and 0 for the others; half of it for two classes, which
/// is the (p − y)² of class 1.
///
/// # Errors
/// Without samples.
pub fn brier<T: Real>(
    truth: &[u32],
    probabilities: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    assert_eq!(truth.len(), probabilities.len(), "one row of probabilities a sample");
    let classes = class_count(probabilities);
    let scale = if classes == 2 { 0.5 } else { 1.0 };
    mean("brier", truth.len(), weights, |i| {
        let row = probabilities.row(i);
        let square = |k| {
            let off = probability(row, k) - f64::from(u8::from(truth[i] as usize == k));
            off * off
        };
        scale * (0..classes).map(square).sum::<f64>()
    })
}

/// The expected calibration error: Σ_m (W_m / W) · |accuracy_m − confidence_m| over `bins` bins, usually 15.
///
/// The confidence of a prediction is the probability of the likeliest class. Bin m of M holds the confidences in
/// ((m − 1)/M, m/M]; accuracy and confidence of a bin are the weighted means over its samples, W_m their weight, and an
/// empty bin adds nothing. Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks" (2017), equation 3.
///
/// # Errors
/// Without samples.
///
/// # Panics
/// When there are no bins.
pub fn calibration_error<T: Real>(
    truth: &[u32],
    probabilities: Rows<'_, T>,
    weights: Option<&[f64]>,
    bins: usize,
) -> Result<f64, Undefined> {
    assert!(bins > 0, "no bins");
    assert_eq!(truth.len(), probabilities.len(), "one row of probabilities a sample");
    // For each bin the weight of the right ones less the weighted confidence: W_m times the difference of the means.
    let mut gaps = vec![0.0; bins];
    let total = mean("calibration-error", truth.len(), weights, |i| {
        let (class, confidence) = likeliest(probabilities.row(i));
        let bin = (1..bins).take_while(|&m| m as f64 / (bins as f64) < confidence).count();
        let right = f64::from(u8::from(class == truth[i]));
        gaps[bin] += weight(weights, i) * (right - confidence);
        1.0
    });
    total?;
    let weight: f64 = (0..truth.len()).map(|i| weight(weights, i)).sum();
    Ok(gaps.iter().map(|gap| gap.abs()).sum::<f64>() / weight)
}
