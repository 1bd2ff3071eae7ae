//! Metrics of predicted numbers. Where samples have several targets, each metric is the mean over the targets.

use super::{Undefined, ln, mean, weight};
use crate::real::Real;
use deltarule_kernels::Rows;

/// The mean over targets of the weighted mean over samples of `loss(y, predicted y)`, transformed by `then`.
fn averaged<T: Real>(
    metric: &'static str,
    (truth, predicted): (Rows<'_, T>, Rows<'_, T>),
    weights: Option<&[f64]>,
    loss: impl Fn(f64, f64) -> f64,
    then: impl Fn(f64) -> f64,
) -> Result<f64, Undefined> {
    assert_eq!(
        (truth.len(), truth.cols()),
        (predicted.len(), predicted.cols()),
        "predictions of all targets"
    );
    let targets = truth.cols();
    let mut sum = 0.0;
    for j in 0..targets {
        let loss = |i| loss(truth.row(i)[j].to_f64(), predicted.row(i)[j].to_f64());
        sum += then(mean(metric, truth.len(), weights, loss)?);
    }
    Ok(sum / targets as f64)
}

/// The mean of |y − ŷ|.
///
/// # Errors
/// Without samples.
pub fn mean_absolute_error<T: Real>(
    truth: Rows<'_, T>,
    predicted: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    averaged("mae", (truth, predicted), weights, |y, p| (y - p).abs(), |mean| mean)
}

/// The mean of (y − ŷ)².
///
/// # Errors
/// Without samples.
pub fn mean_squared_error<T: Real>(
    truth: Rows<'_, T>,
    predicted: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    averaged("mse", (truth, predicted), weights, |y, p| (y - p) * (y - p), |mean| mean)
}

/// The root of the mean of (y − ŷ)²; of each target by itself, then their mean.
///
/// # Errors
/// Without samples.
pub fn root_mean_squared_error<T: Real>(
    truth: Rows<'_, T>,
    predicted: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    averaged("rmse", (truth, predicted), weights, |y, p| (y - p) * (y - p), f64::sqrt)
}

/// The mean of max(q·(y − ŷ), (q − 1)·(y − ŷ)), the pinball loss of the quantile `q`.
///
/// # Errors
/// Without samples.
pub fn quantile_loss<T: Real>(
    truth: Rows<'_, T>,
    predicted: Rows<'_, T>,
    weights: Option<&[f64]>,
    q: f64,
) -> Result<f64, Undefined> {
    let loss = |y: f64, p: f64| (q * (y - p)).max((q - 1.0) * (y - p));
    averaged("quantile-loss", (truth, predicted), weights, loss, |mean| mean)
}

/// The mean of 2·(y·ln(y/ŷ) − y + ŷ), where 0·ln 0 = 0.
///
/// # Errors
/// Without samples, for a negative y, or for a ŷ that is not above zero.
pub fn poisson_deviance<T: Real>(
    truth: Rows<'_, T>,
    predicted: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    let refuse = |why| Err(Undefined::new("poisson-deviance", why));
    if truth.iter().flatten().any(|y| y.to_f64() < 0.0) {
        return refuse("a true count is negative");
    }
    if predicted.iter().flatten().any(|p| p.to_f64() <= 0.0) {
        return refuse("a predicted rate is not above zero");
    }
    let loss = |y: f64, p: f64| 2.0 * (if y == 0.0 { 0.0 } else { y * ln(y / p) } - y + p);
    averaged("poisson-deviance", (truth, predicted), weights, loss, |mean| mean)
}

/// The coefficient of determination 1 − Σ(y − ŷ)² / Σ(y − ȳ)², ȳ being the mean of y. For a target that is constant it
/// is 1 where it is met exactly, and else 0.
///
/// # Errors
/// For fewer than two samples.
pub fn r_squared<T: Real>(
    truth: Rows<'_, T>,
    predicted: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    assert_eq!(
        (truth.len(), truth.cols()),
        (predicted.len(), predicted.cols()),
        "predictions of all targets"
    );
    let n = truth.len();
    if n < 2 {
        return Err(Undefined::new("r2", "there are fewer than two samples"));
    }
    let mut sum = 0.0;
    for j in 0..truth.cols() {
        let y = |i: usize| truth.row(i)[j].to_f64();
        let centre = mean("r2", n, weights, y)?;
        // A mean of equal numbers may be rounded away from them: whether they are equal is asked of themselves.
        let constant = (1..n).all(|i| y(i) == y(0));
        let (mut left, mut all) = (0.0, 0.0);
        for i in 0..n {
            let (off, spread) = (y(i) - predicted.row(i)[j].to_f64(), y(i) - centre);
            left += weight(weights, i) * off * off;
            all += weight(weights, i) * spread * spread;
        }
        sum += match (left == 0.0, constant || all == 0.0) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => 1.0 - left / all,
        };
    }
    Ok(sum / truth.cols() as f64)
}
