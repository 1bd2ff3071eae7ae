//! What was taken for what, and the metrics that are counted from it.

use super::{Undefined, weight};
use deltarule_kernels::Matrix;

/// Weighted counts of true against predicted classes, and everything that follows from them.
///
/// With n_ij the weight of the samples of class i that were predicted as j:
///
/// | | |
/// |---|---|
/// | accuracy | Σᵢ n_ii / Σᵢⱼ n_ij |
/// | recall of k | n_kk / Σⱼ n_kj |
/// | precision of k | n_kk / Σᵢ n_ik |
/// | F1 of k | 2·n_kk / (Σⱼ n_kj + Σᵢ n_ik) |
/// | balanced accuracy | mean recall over the classes that occur in the truth |
///
/// A ratio whose denominator is zero is zero, as in scikit-learn.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    counts: Matrix<f64>,
    /// How often a class occurs, as truth or as prediction, be it with no weight.
    occurs: Vec<u64>,
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

impl Confusion {
    /// Counts the samples; `classes` is their number of classes.
    ///
    /// # Panics
    /// When the lengths differ or a class is not below `classes`.
    pub fn new(truth: &[u32], predicted: &[u32], classes: usize, weights: Option<&[f64]>) -> Self {
        assert_eq!(truth.len(), predicted.len(), "one prediction a sample");
        assert!(weights.is_none_or(|weights| weights.len() == truth.len()), "one weight a sample");
        let mut confusion = Self { counts: Matrix::zeros(classes, classes), occurs: vec![0; classes] };
        for (i, (&of, &as_)) in truth.iter().zip(predicted).enumerate() {
            confusion.counts.row_mut(of as usize)[as_ as usize] += weight(weights, i);
            confusion.occurs[of as usize] += 1;
            confusion.occurs[as_ as usize] += 1;
        }
        confusion
    }

    /// Moves a sample of class `of` from one prediction to another.
    pub(super) fn repredict(&mut self, of: u32, from: u32, to: u32, weight: f64) {
        let row = self.counts.row_mut(of as usize);
        row[from as usize] -= weight;
        row[to as usize] += weight;
        self.occurs[from as usize] -= 1;
        self.occurs[to as usize] += 1;
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.counts.rows()
    }

    /// Weight of the samples of class `of` that were predicted as `predicted`.
    pub fn count(&self, of: usize, predicted: usize) -> f64 {
        self.counts.at(of, predicted)
    }

    /// One row for each true class, one column for each predicted class.
    pub fn counts(&self) -> &Matrix<f64> {
        &self.counts
    }

    /// Weight of the samples of class `k`.
    pub fn support(&self, k: usize) -> f64 {
        self.counts.row(k).iter().sum()
    }

    /// Weight of the samples predicted as class `k`.
    pub fn predicted(&self, k: usize) -> f64 {
        (0..self.classes()).map(|of| self.count(of, k)).sum()
    }

    /// Weight of all samples.
    pub fn total(&self) -> f64 {
        (0..self.classes()).map(|k| self.support(k)).sum()
    }

    /// The share of the samples predicted as `k` that are of class `k`.
    pub fn precision(&self, k: usize) -> f64 {
        ratio(self.count(k, k), self.predicted(k))
    }

    /// The share of the samples of class `k` that are predicted as `k`.
    pub fn recall(&self, k: usize) -> f64 {
        ratio(self.count(k, k), self.support(k))
    }

    /// The harmonic mean of precision and recall of class `k`.
    pub fn f1(&self, k: usize) -> f64 {
        ratio(2.0 * self.count(k, k), self.support(k) + self.predicted(k))
    }

    fn checked_total(&self, metric: &'static str) -> Result<f64, Undefined> {
        match self.total() {
            0.0 => Err(Undefined::new(metric, "there are no samples with a weight")),
            total => Ok(total),
        }
    }

    /// The share of the samples predicted rightly.
    ///
    /// # Errors
    /// Without samples.
    pub fn accuracy(&self) -> Result<f64, Undefined> {
        let total = self.checked_total("accuracy")?;
        Ok((0..self.classes()).map(|k| self.count(k, k)).sum::<f64>() / total)
    }

    /// The mean recall over the classes that occur in the truth.
    ///
    /// # Errors
    /// Without samples.
    pub fn balanced_accuracy(&self) -> Result<f64, Undefined> {
        self.checked_total("balanced-accuracy")?;
        let recalls = (0..self.classes()).filter(|&k| self.support(k) > 0.0).map(|k| self.recall(k));
        let (sum, count) = recalls.fold((0.0, 0.0), |(sum, count), recall| (sum + recall, count + 1.0));
        Ok(sum / count)
    }

    /// F1 of class 1 of two.
    ///
    /// # Errors
    /// Without samples, or where there are more than two classes.
    pub fn f1_binary(&self) -> Result<f64, Undefined> {
        self.checked_total("f1")?;
        if self.classes() != 2 {
            let why =
                format!("there are {} classes, not two; f1-macro and f1-weighted take them", self.classes());
            return Err(Undefined::new("f1", why));
        }
        Ok(self.f1(1))
    }

    /// The mean F1 over the classes that occur in truth or predictions.
    ///
    /// # Errors
    /// Without samples.
    pub fn f1_macro(&self) -> Result<f64, Undefined> {
        self.checked_total("f1-macro")?;
        let scores = (0..self.classes()).filter(|&k| self.occurs[k] > 0).map(|k| self.f1(k));
        let (sum, count) = scores.fold((0.0, 0.0), |(sum, count), f1| (sum + f1, count + 1.0));
        Ok(sum / count)
    }

    /// The mean F1 over the classes, each weighted by its share of the truth.
    ///
    /// # Errors
    /// Without samples.
    pub fn f1_weighted(&self) -> Result<f64, Undefined> {
        let total = self.checked_total("f1-weighted")?;
        Ok((0..self.classes()).map(|k| self.support(k) * self.f1(k)).sum::<f64>() / total)
    }
}
