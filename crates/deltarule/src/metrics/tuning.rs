//! What is chosen after training, on samples that took no part in it: the threshold between two classes, and the
//! temperature that makes probabilities honest.

use super::{Confusion, Metric, Undefined, weight};
use crate::activation::Activation;
use crate::real::Real;
use crate::variants::Variants;
use deltarule_kernels::Rows;

/// Where two classes part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Class 1 is predicted where its probability is this or more.
    pub threshold: f64,
    /// The metric's value with it, on the samples it was chosen by.
    pub value: f64,
}

/// The threshold with the best value of `metric`, which has to be one of decisions ([`Metric::is_of_decisions`]).
///
/// Thresholds between neighbouring probabilities are all alike, so that their middle is tried, with one below and one
/// above all of them. Of equally good ones the nearest to ½ is taken. `probabilities` are those of class 1.
///
/// # Errors
/// For another metric, without samples, or for a probability that is NaN.
///
/// # Panics
/// When the lengths differ or there is a class above 1.
pub fn threshold(
    metric: Metric,
    truth: &[u32],
    probabilities: &[f64],
    weights: Option<&[f64]>,
) -> Result<Threshold, Undefined> {
    assert_eq!(truth.len(), probabilities.len(), "one probability a sample");
    if !metric.is_of_decisions() {
        return Err(Undefined::new(metric.name(), "it does not depend on a threshold"));
    }
    if probabilities.iter().any(|p| p.is_nan()) {
        return Err(Undefined::new(metric.name(), "a probability is NaN"));
    }
    let mut order: Vec<usize> = (0..truth.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    // From a threshold that nothing reaches downwards, one probability after another turns to class 1.
    let mut confusion = Confusion::new(truth, &vec![0; truth.len()], 2, weights);
    let highest = order.first().map_or(1.0, |&i| probabilities[i]);
    let above = between(highest, 1.0).max(highest.next_up());
    let mut best = Threshold { threshold: above, value: metric.of_confusion(&confusion)? };
    let mut levels = order.chunk_by(|&a, &b| probabilities[a] == probabilities[b]).peekable();
    while let Some(level) = levels.next() {
        for &i in level {
            confusion.repredict(truth[i], 0, 1, weight(weights, i));
        }
        let here = probabilities[level[0]];
        let next = levels.peek().map_or(0.0, |level| probabilities[level[0]]);
        let tried = Threshold { threshold: between(next, here), value: metric.of_confusion(&confusion)? };
        let off = |threshold: f64| (threshold - 0.5).abs();
        if tried.value > best.value || tried.value == best.value && off(tried.threshold) < off(best.threshold)
        {
            best = tried;
        }
    }
    Ok(best)
}

/// A threshold that `high` reaches and `low` does not; between neighbouring numbers that is `high` itself.
fn between(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    if middle > low { middle } else { high }
}

/// What turns the weighted inputs of the output layer into probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The softmax of a column for each class.
    Softmax,
    /// The sigmoid of each column by itself: one for class 1 of two, or one for each class.
    Sigmoid,
}

impl Link {
    /// That of an output activation, where it has one.
    pub fn of(output: Activation) -> Option<Self> {
        match output {
            Activation::Softmax => Some(Self::Softmax),
            Activation::Sigmoid => Some(Self::Sigmoid),
            _ => None,
        }
    }
}

/// A temperature and what it does to the log loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    /// Divide z by it before the link; from 0.01 to 100.
    pub temperature: f64,
    /// Mean log loss with temperature 1.
    pub before: f64,
    /// Mean log loss with this temperature.
    pub after: f64,
}

/// The temperature T for which the mean log loss of the probabilities that the link makes of z/T is least (Guo, Pleiss,
/// Sun, Weinberger, 2017).
///
/// `z` holds the weighted inputs of the output layer, one row a sample. The log loss of a sample is −ln of the probability
/// of its class under the softmax, and under the sigmoid the sum over the columns of −ln of the probability that the column
/// is what it should be. As a function of β = 1/T both are convex, and their derivatives are means over the samples:
///
/// | | first | second |
/// |---|---|---|
/// | softmax | E\[z\] − z_y | Var\[z\] |
/// | sigmoid | Σ_k (σ(βz_k) − y_k) z_k | Σ_k σ(βz_k) (1 − σ(βz_k)) z_k² |
///
/// with mean and variance over the classes by the probabilities softmax(βz). Newton's steps find the root of the first, and
/// bisection wherever they would leave the interval that holds it.
///
/// # Errors
/// Without samples, or for a z that is not finite.
///
/// # Panics
/// When the lengths differ or a class has no column.
pub fn temperature<T: Real>(
    truth: &[u32],
    z: Rows<'_, T>,
    link: Link,
    weights: Option<&[f64]>,
) -> Result<Temperature, Undefined> {
    assert_eq!(truth.len(), z.len(), "one row a sample");
    if z.iter().flatten().any(|z| !z.is_finite()) {
        return Err(Undefined::new("log-loss", "an input of the output layer is not finite"));
    }
    let at = |beta| slope(truth, z, link, weights, beta);
    let before = at(1.0)?;
    let (mut low, mut high) = (0.01, 100.0);
    let mut beta = if at(low)?.first >= 0.0 {
        low
    } else if at(high)?.first <= 0.0 {
        high
    } else {
        1.0
    };
    // 200 halvings of the interval are more than a f64 has room for.
    for _ in 0..200 {
        let Slope { first, second, .. } = at(beta)?;
        if first == 0.0 || beta == low || beta == high {
            break;
        }
        if first > 0.0 {
            high = beta
        } else {
            low = beta
        }
        let newton = beta - first / second;
        let next = if newton > low && newton < high { newton } else { low + (high - low) / 2.0 };
        let done = (next - beta).abs() <= 4.0 * f64::EPSILON * beta;
        beta = next;
        if done {
            break;
        }
    }
    Ok(Temperature { temperature: 1.0 / beta, before: before.loss, after: at(beta)?.loss })
}

/// A log loss as a function of β, and its first two derivatives.
#[derive(Clone, Copy, Default)]
struct Slope {
    loss: f64,
    first: f64,
    second: f64,
}

impl Slope {
    /// −ln softmax(βz) of class `right`.
    fn of_softmax(z: &[f64], right: usize, beta: f64) -> Self {
        let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let right = z[right] - largest;
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        for z in z {
            // Measured from the largest, no exponential overflows and the variance cancels little.
            let off = z - largest;
            let e = super::exp(beta * off);
            sum += e;
            first += e * off;
            second += e * off * off;
        }
        let (mean, square) = (first / sum, second / sum);
        Self { loss: super::ln(sum) - beta * right, first: mean - right, second: square - mean * mean }
    }

    /// −ln of the probability that σ(βz) gives to being what it should.
    fn of_sigmoid(z: f64, is_true: bool, beta: f64) -> Self {
        // The margin: how far z lies on the right side.
        let m = if is_true { z } else { -z };
        let e = super::exp(-beta * m.abs());
        let (larger, smaller) = (1.0 / (1.0 + e), e / (1.0 + e));
        let wrong = if m > 0.0 { smaller } else { larger };
        Self {
            loss: super::ln(1.0 + e) + beta * (-m).max(0.0),
            first: -m * wrong,
            second: m * m * larger * smaller,
        }
    }

    fn add(&mut self, weight: f64, other: Self) {
        self.loss += weight * other.loss;
        self.first += weight * other.first;
        self.second += weight * other.second;
    }
}

fn slope<T: Real>(
    truth: &[u32],
    z: Rows<'_, T>,
    link: Link,
    weights: Option<&[f64]>,
    beta: f64,
) -> Result<Slope, Undefined> {
    let mut sum = Slope::default();
    let mut row = Vec::new();
    let total = super::mean("log-loss", truth.len(), weights, |i| {
        row.clear();
        row.extend(z.row(i).iter().map(|z| z.to_f64()));
        let (class, weight) = (truth[i] as usize, weight(weights, i));
        match (link, &row[..]) {
            (Link::Softmax, row) => sum.add(weight, Slope::of_softmax(row, class, beta)),
            (Link::Sigmoid, &[only]) => sum.add(weight, Slope::of_sigmoid(only, class == 1, beta)),
            (Link::Sigmoid, row) => {
                assert!(class < row.len(), "class {class} of {} columns", row.len());
                for (k, &z) in row.iter().enumerate() {
                    sum.add(weight, Slope::of_sigmoid(z, k == class, beta));
                }
            }
        }
        1.0
    });
    total?;
    let weights: f64 = (0..truth.len()).map(|i| weight(weights, i)).sum();
    Ok(Slope { loss: sum.loss / weights, first: sum.first / weights, second: sum.second / weights })
}

#[cfg(test)]
mod tests {
    use super::*;
    use deltarule_kernels::Matrix;

    #[test]
    fn a_threshold_lies_between_the_classes_it_parts() {
        let best = threshold(Metric::Accuracy, &[0, 0, 1, 1], &[0.1, 0.2, 0.4, 0.9], None).unwrap();
        assert_eq!(best.value, 1.0);
        assert!((best.threshold - 0.3).abs() < 1e-15);
        // Everything is of one class: below or above all probabilities, whichever is nearer to one half.
        let all = threshold(Metric::Accuracy, &[1, 1], &[0.2, 0.3], None).unwrap();
        assert_eq!((all.threshold, all.value), (0.1, 1.0));
        let none = threshold(Metric::Accuracy, &[0, 0], &[0.2, 1.0], None).unwrap();
        assert_eq!((none.threshold, none.value), (1.0_f64.next_up(), 1.0));
        // 0.85 and 0.25 both make one mistake.
        let even = threshold(Metric::Accuracy, &[1, 0, 1, 0], &[0.9, 0.8, 0.3, 0.2], None).unwrap();
        assert_eq!((even.threshold, even.value), (0.25, 0.75));
        // Neighbouring numbers have nothing between them.
        let (low, high) = (0.25, 0.25_f64.next_up());
        let close = threshold(Metric::Accuracy, &[0, 1], &[low, high], None).unwrap();
        assert_eq!((close.threshold, close.value), (high, 1.0));
    }

    #[test]
    fn a_threshold_needs_a_metric_that_depends_on_it() {
        let error = threshold(Metric::RocAuc, &[0, 1], &[0.1, 0.2], None).unwrap_err();
        assert_eq!(error.to_string(), "roc-auc is undefined: it does not depend on a threshold");
        assert!(threshold(Metric::F1, &[0, 1], &[0.1, f64::NAN], None).is_err());
        assert!(threshold(Metric::F1, &[], &[], None).is_err());
    }

    #[test]
    fn a_temperature_stays_within_its_bounds() {
        // All right: the surer the better. All wrong: the less sure the better.
        let z = Matrix::from_rows(&[[2.0, -1.0], [-3.0, 0.5]]);
        let sure = temperature(&[0, 1], Rows::all(&z), Link::Softmax, None).unwrap();
        assert!((sure.temperature - 0.01).abs() < 1e-15 && sure.after < sure.before);
        let wrong = temperature(&[1, 0], Rows::all(&z), Link::Softmax, None).unwrap();
        assert!((wrong.temperature - 100.0).abs() < 1e-12 && wrong.after < wrong.before);
        let infinite = Matrix::from_rows(&[[f64::INFINITY, 0.0]]);
        assert!(temperature(&[0], Rows::all(&infinite), Link::Softmax, None).is_err());
        assert!(temperature(&[], Rows::all(&Matrix::<f64>::zeros(0, 2)), Link::Softmax, None).is_err());
    }

    /// Two of three samples are right, all with |z| = 2: σ(2/T) = 2/3, so that T = 2 / ln 2.
    #[test]
    fn the_temperature_of_one_column_is_that_of_a_sigmoid() {
        let z = Matrix::from_rows(&[[2.0], [2.0], [2.0]]);
        let found = temperature(&[1, 1, 0], Rows::all(&z), Link::Sigmoid, None).unwrap();
        assert!((found.temperature - 2.0 / 2.0_f64.ln()).abs() < 1e-12);
        let columns = Matrix::from_rows(&[[0.0, 2.0], [0.0, 2.0], [0.0, 2.0]]);
        let softmax = temperature(&[1, 1, 0], Rows::all(&columns), Link::Softmax, None).unwrap();
        assert!((softmax.temperature - found.temperature).abs() < 1e-12);
        assert!((softmax.before - found.before).abs() < 1e-15 && (softmax.after - found.after).abs() < 1e-15);
    }

    /// Columns of sigmoids are judged each by itself: four right ones and two wrong ones, all with |z| = 2, again T = 2 / ln 2;
    /// a softmax of the same columns would see two right samples of three that differ by 4, and T = 4 / ln 2.
    #[test]
    fn columns_of_sigmoids_have_a_temperature_of_their_own() {
        let z = Matrix::from_rows(&[[2.0, -2.0], [2.0, -2.0], [-2.0, 2.0]]);
        let of = |link| temperature(&[0, 0, 0], Rows::all(&z), link, None).unwrap();
        assert!((of(Link::Sigmoid).temperature - 2.0 / 2.0_f64.ln()).abs() < 1e-12);
        assert!((of(Link::Softmax).temperature - 4.0 / 2.0_f64.ln()).abs() < 1e-12);
        // Six columns of the same kind: −(2/3) ln σ(2/T) − (1/3) ln σ(−2/T) each, with σ(2/T) = 2/3.
        let each = -(2.0 * (2.0_f64 / 3.0).ln() + (1.0_f64 / 3.0).ln()) / 3.0;
        assert!((of(Link::Sigmoid).after - 2.0 * each).abs() < 1e-12);
    }
}
