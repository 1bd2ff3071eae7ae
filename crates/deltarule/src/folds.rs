//! Cross-validation's books: which samples each fold holds out, what was predicted for them, how sure a mean is.

use crate::error::{Error, Result};
use crate::real::Real;
use crate::split::{Split, folds};
use deltarule_kernels::Matrix;

/// k folds, dealt anew in every repeat: each sample is held out once a repeat.
///
/// ```
/// use deltarule::folds::Folds;
///
/// let folds = Folds::new(10, 5, 1, None, 0)?;
/// for (repeat, fold) in folds.iter() {
///     let split = folds.split(repeat, fold);
///     assert_eq!((split.train.len(), split.held_out.len()), (8, 2));
/// }
/// # Ok::<(), deltarule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    samples: usize,
    /// The held-out samples of each fold of each repeat, rising.
    held_out: Vec<Vec<Vec<u32>>>,
}

impl Folds {
    /// Deals `n` samples into `k` folds, `repeats` times. The sizes of the folds differ by one at most; with `classes`,
    /// one a sample, so do the counts of each class.
    ///
    /// # Errors
    /// When `k` is below 2 or above the number of samples, or there is no repeat.
    ///
    /// # Panics
    /// When there are not `n` classes, or `n` is 2³² or more.
    pub fn new(n: usize, k: usize, repeats: u32, classes: Option<&[u32]>, seed: u64) -> Result<Self> {
        if k < 2 || k > n {
            return Err(Error::setting("folds", format!("from 2 to {n} folds for {n} samples"), k));
        }
        if repeats == 0 {
            return Err(Error::setting("repeats", "1 or more", 0));
        }
        let held_out = (0..repeats).map(|repeat| folds(n, k, classes, seed, repeat)).collect();
        Ok(Self { samples: n, held_out })
    }

    /// Number of folds in a repeat.
    pub fn k(&self) -> usize {
        self.held_out[0].len()
    }

    /// Number of repeats.
    pub fn repeats(&self) -> usize {
        self.held_out.len()
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The samples of fold `fold` held out, all others training.
    ///
    /// # Panics
    /// When there is no such repeat or fold.
    pub fn split(&self, repeat: usize, fold: usize) -> Split {
        let held_out = self.held_out[repeat][fold].clone();
        let mut left = held_out.iter().peekable();
        let train = (0..self.samples as u32).filter(|i| left.next_if_eq(&i).is_none()).collect();
        Split { train, held_out }
    }

    /// For each sample the fold that holds it out in this repeat.
    ///
    /// # Panics
    /// When there is no such repeat.
    pub fn of_samples(&self, repeat: usize) -> Vec<u32> {
        let mut of = vec![0; self.samples];
        for (fold, held_out) in (0..).zip(&self.held_out[repeat]) {
            held_out.iter().for_each(|&i| of[i as usize] = fold);
        }
        of
    }

    /// Every (repeat, fold) in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (repeats, k) = (self.repeats(), self.k());
        (0..repeats).flat_map(move |repeat| (0..k).map(move |fold| (repeat, fold)))
    }
}

/// Predictions for samples by networks that were not trained on them. Where several networks predicted a sample, one
/// a repeat, it keeps their mean.
#[derive(Clone, Debug)]
pub struct OutOfFold {
    sums: Matrix<f64>,
    counts: Vec<u32>,
}

impl OutOfFold {
    /// No predictions yet for so many samples, each of `width` values.
    pub fn new(samples: usize, width: usize) -> Self {
        Self { sums: Matrix::zeros(samples, width), counts: vec![0; samples] }
    }

    /// Takes the predictions for the samples `held_out`, one row each.
    ///
    /// The sum does not depend on the order in which folds arrive, only on that of repeats.
    ///
    /// # Panics
    /// When the numbers of rows or of values do not agree, or a sample does not exist.
    pub fn record<T: Real>(&mut self, held_out: &[u32], predictions: &Matrix<T>) {
        assert_eq!(held_out.len(), predictions.rows(), "one row of predictions for each sample held out");
        assert_eq!(self.sums.cols(), predictions.cols(), "values of a prediction");
        for (row, &i) in held_out.iter().enumerate() {
            let sums = self.sums.row_mut(i as usize);
            sums.iter_mut().zip(predictions.row(row)).for_each(|(sum, &value)| *sum += value.to_f64());
            self.counts[i as usize] += 1;
        }
    }

    /// How many predictions each sample has.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The mean prediction of each sample, or the first sample that has none.
    ///
    /// # Errors
    /// The index of the first sample without a prediction.
    pub fn means(&self) -> Result<Matrix<f64>, usize> {
        if let Some(missing) = self.counts.iter().position(|&count| count == 0) {
            return Err(missing);
        }
        let mean = |i, j| self.sums.at(i, j) / f64::from(self.counts[i]);
        Ok(Matrix::from_fn(self.sums.rows(), self.sums.cols(), mean))
    }
}

/// The mean of a metric over folds, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Mean over all folds and repeats.
    pub mean: f64,
    /// Standard error of the mean, s/√n with s² = Σ(xᵢ − x̄)²/(n − 1); NaN for a single value. Folds share training
    /// samples, so that it is rather too small than too large.
    pub standard_error: f64,
    /// Number of values.
    pub count: usize,
}

impl Summary {
    /// Of these values.
    ///
    /// ```
    /// let summary = deltarule::folds::Summary::of(&[1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(summary.mean, 2.5);
    /// assert!((summary.standard_error - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
    /// ```
    pub fn of(values: &[f64]) -> Self {
        let count = values.len();
        let n = count as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let standard_error = if count < 2 { f64::NAN } else { (squares / (n - 1.0) / n).sqrt() };
        Self { mean, standard_error, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_hold_out_every_sample_once_and_evenly() {
        for (n, k) in [(10, 2), (10, 10), (103, 5), (1797, 7)] {
            let classes: Vec<u32> = (0..n).map(|i| [0, 0, 0, 0, 0, 0, 1, 1, 2][i % 9]).collect();
            let folds = Folds::new(n, k, 2, Some(&classes), 11).unwrap();
            assert_eq!((folds.samples(), folds.k(), folds.repeats(), folds.iter().count()), (n, k, 2, 2 * k));
            for repeat in 0..2 {
                let mut held_out = vec![0; n];
                let mut counts = vec![Vec::new(); 4];
                let of = folds.of_samples(repeat);
                for fold in 0..k {
                    let split = folds.split(repeat, fold);
                    assert!(split.held_out.iter().all(|&i| of[i as usize] == fold as u32));
                    let mut all = [split.train.clone(), split.held_out.clone()].concat();
                    all.sort_unstable();
                    assert!(all.into_iter().eq(0..n as u32), "every sample once");
                    assert!(split.train.is_sorted());
                    split.held_out.iter().for_each(|&i| held_out[i as usize] += 1);
                    for class in 0..3 {
                        let of_class = split.held_out.iter().filter(|&&i| classes[i as usize] == class);
                        counts[class as usize].push(of_class.count());
                    }
                    counts[3].push(split.held_out.len());
                }
                assert!(held_out.iter().all(|&times| times == 1));
                for spread in &counts {
                    assert!(spread.iter().max().unwrap() - spread.iter().min().unwrap() <= 1, "{spread:?}");
                }
            }
            assert_ne!(folds.split(0, 0), folds.split(1, 0), "repeats differ");
        }
    }

    #[test]
    fn too_many_folds_are_refused() {
        let message = |k, repeats| Folds::new(5, k, repeats, None, 0).unwrap_err().to_string();
        assert_eq!(message(6, 1), "folds: expected from 2 to 5 folds for 5 samples, found 6");
        assert_eq!(message(1, 1), "folds: expected from 2 to 5 folds for 5 samples, found 1");
        assert_eq!(message(5, 0), "repeats: expected 1 or more, found 0");
    }

    #[test]
    fn out_of_fold_predictions_come_back_in_their_places() {
        let folds = Folds::new(7, 3, 2, None, 5).unwrap();
        let mut kept = OutOfFold::new(7, 2);
        assert_eq!(kept.means().unwrap_err(), 0);
        for (repeat, fold) in folds.iter() {
            let held_out = folds.split(repeat, fold).held_out;
            // Predictions i and 10·i, the second repeat's shifted by 1: means i + ½ and 10·i + ½.
            let value = |row: usize, j: usize| {
                let i = held_out[row] as f32;
                repeat as f32 + if j == 0 { i } else { 10.0 * i }
            };
            kept.record(&held_out, &Matrix::from_fn(held_out.len(), 2, value));
        }
        assert!(kept.counts().iter().all(|&count| count == 2));
        assert_eq!(kept.means().unwrap(), Matrix::from_fn(7, 2, |i, j| i as f64 * [1.0, 10.0][j] + 0.5));
    }
}
