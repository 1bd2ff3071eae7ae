//! Metrics of the order that scores put samples in, whatever the scores' scale.

use super::{Undefined, probability, weight};
use crate::real::Real;
use deltarule_kernels::Rows;

/// Weight of the positive and of the negative samples that share a score; from the highest score to the lowest.
struct Level {
    positive: f64,
    negative: f64,
}

/// Samples in the order of falling scores, those of one score together.
fn levels(positive: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Vec<Level> {
    assert_eq!(positive.len(), scores.len(), "one score a sample");
    assert!(weights.is_none_or(|weights| weights.len() == scores.len()), "one weight a sample");
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
        .chunk_by(|&a, &b| scores[a] == scores[b])
        .map(|level| {
            let of = |sign| level.iter().filter(|&&i| positive[i] == sign).map(|&i| weight(weights, i)).sum();
            Level { positive: of(true), negative: of(false) }
        })
        .collect()
}

/// The area under the receiver operating characteristic: the probability that a positive sample has the higher score
/// than a negative one, a tie counting half.
///
/// Σ over levels of (negatives here) · (positives above + half the positives here), over positives · negatives; by the
/// weights of the samples.
///
/// # Errors
/// Where there are no positive or no negative samples with a weight.
pub fn roc_auc(positive: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Result<f64, Undefined> {
    let (mut above, mut negatives, mut area) = (0.0, 0.0, 0.0);
    for level in levels(positive, scores, weights) {
        area += level.negative * (above + level.positive / 2.0);
        above += level.positive;
        negatives += level.negative;
    }
    if above == 0.0 || negatives == 0.0 {
        let missing = if above == 0.0 { "positive" } else { "negative" };
        return Err(Undefined::new("roc-auc", format!("there are no {missing} samples")));
    }
    Ok(area / (above * negatives))
}

/// The mean over classes of the area for each class against all others.
///
/// # Errors
/// Where a class, of the columns of `probabilities`, has no sample.
pub fn roc_auc_one_vs_rest<T: Real>(
    truth: &[u32],
    probabilities: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    over_classes(truth, probabilities, |positive, scores, k| {
        roc_auc(positive, scores, weights)
            .map_err(|_| Undefined::new("roc-auc", format!("class {k} has no samples, or all of them")))
    })
}

/// The mean over all pairs of classes that occur of the area between the two (Hand and Till, 2001): for classes j and k
/// the mean of the area of k's score and of j's, over the samples of both. Without weights, as in scikit-learn.
///
/// # Errors
/// Where fewer than two classes occur.
pub fn roc_auc_one_vs_one<T: Real>(truth: &[u32], probabilities: Rows<'_, T>) -> Result<f64, Undefined> {
    assert_eq!(truth.len(), probabilities.len(), "one row of probabilities a sample");
    let mut present = truth.to_vec();
    present.sort_unstable();
    present.dedup();
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (at, &j) in present.iter().enumerate() {
        for &k in &present[at + 1..] {
            let both: Vec<usize> = (0..truth.len()).filter(|&i| truth[i] == j || truth[i] == k).collect();
            let area = |class: u32| {
                let positive: Vec<bool> = both.iter().map(|&i| truth[i] == class).collect();
                let scores: Vec<f64> =
                    both.iter().map(|&i| probability(probabilities.row(i), class as usize)).collect();
                roc_auc(&positive, &scores, None)
            };
            sum += (area(j)? + area(k)?) / 2.0;
            pairs += 1.0;
        }
    }
    if pairs == 0.0 {
        return Err(Undefined::new("roc-auc-ovo", "fewer than two classes occur"));
    }
    Ok(sum / pairs)
}

/// The average precision Σ_n (R_n − R_{n−1})·P_n over the distinct scores from the highest on, R_n being the recall
/// and P_n the precision when all samples of that score or above are taken for positive. Zero where there are no
/// positive samples.
///
/// # Errors
/// Without samples.
pub fn average_precision(
    positive: &[bool],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, Undefined> {
    if positive.is_empty() {
        return Err(Undefined::new("average-precision", "there are no samples"));
    }
    let (mut right, mut taken, mut sum) = (0.0, 0.0, 0.0);
    for level in levels(positive, scores, weights) {
        right += level.positive;
        taken += level.positive + level.negative;
        if taken > 0.0 {
            sum += level.positive * right / taken;
        }
    }
    Ok(if right == 0.0 { 0.0 } else { sum / right })
}

/// The mean over classes of `value(is it this class, its scores, k)`; for two classes the value of class 1.
pub(super) fn over_classes<T: Real>(
    truth: &[u32],
    probabilities: Rows<'_, T>,
    value: impl Fn(&[bool], &[f64], u32) -> Result<f64, Undefined>,
) -> Result<f64, Undefined> {
    assert_eq!(truth.len(), probabilities.len(), "one row of probabilities a sample");
    let classes = super::class_count(probabilities) as u32;
    let first = if classes == 2 { 1 } else { 0 };
    let mut sum = 0.0;
    for k in first..classes {
        let positive: Vec<bool> = truth.iter().map(|&class| class == k).collect();
        let scores: Vec<f64> = probabilities.iter().map(|row| probability(row, k as usize)).collect();
        sum += value(&positive, &scores, k)?;
    }
    Ok(sum / f64::from(classes - first))
}
