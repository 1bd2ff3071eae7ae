//! The mini-batches that training takes from samples.

use crate::cost::Cost;
use crate::dataset::{Samples, check_weights};
use crate::error::{Error, Result};
use crate::mean::total_weight;
use crate::network::Network;
use crate::random::{Purpose, Random};
use crate::real::Real;
use crate::variants::Variants;
use deltarule_kernels::Rows;

/// The samples of one step.
#[derive(Clone, Copy)]
pub struct Batch<'a, T> {
    /// Inputs, one sample a row.
    pub x: Rows<'a, T>,
    /// Targets.
    pub y: Rows<'a, T>,
    /// How much each sample counts; all 1 where there are none.
    pub weights: Option<&'a [T]>,
}

impl<'a, T: Real> Batch<'a, T> {
    /// Unweighted samples.
    pub fn new(x: Rows<'a, T>, y: Rows<'a, T>) -> Self {
        Self { x, y, weights: None }
    }

    /// The same samples, weighted.
    pub fn weighted(self, weights: &'a [T]) -> Self {
        Self { weights: Some(weights), ..self }
    }

    /// Number of samples m.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// 1/Σᵢ uᵢ, what BP3 and BP4 multiply their sums by.
    pub fn scale(&self) -> T {
        T::from_f64(1.0 / total_weight(self.len(), self.weights))
    }

    /// Whether the batch fits the network and the cost, before anything is computed from it.
    ///
    /// # Errors
    /// Where a size does not fit, a target or a weight has no meaning, or there is no sample.
    pub fn check(&self, network: &Network<T>, cost: Cost) -> Result<()> {
        network.check_inputs(self.x)?;
        if self.is_empty() {
            return Err(Error::shape("samples of the batch", "at least 1", 0));
        }
        if self.y.len() != self.len() {
            return Err(Error::shape(
                "rows of targets",
                format!("{}, one a sample", self.len()),
                self.y.len(),
            ));
        }
        if self.y.cols() != network.outputs() {
            return Err(Error::shape(
                "columns of targets",
                format!("{}, the outputs of the network", network.outputs()),
                self.y.cols(),
            ));
        }
        if let Some(weights) = self.weights {
            check_weights(weights, self.len())?;
        }
        cost.check()?;
        cost.check_output(network.output().activation)?;
        cost.check_targets(self.y)
    }
}

/// A source of mini-batches: [`Shuffled`] for data in memory, and readers of larger files.
///
/// What an epoch holds is a function of its number alone. A reader with a buffer of samples gives the same batches as
/// [`Shuffled`] when the buffer holds them all, if it orders the window number w of an epoch, its samples first put into
/// the order in which they are stored, by [`epoch_order`] with that w.
pub trait Batches<T: Real> {
    /// Number of samples that an epoch draws from.
    fn samples(&self) -> usize;
    /// Number of input columns.
    fn inputs(&self) -> usize;
    /// Number of target columns.
    fn outputs(&self) -> usize;
    /// Samples in the largest batch.
    fn batch(&self) -> usize;
    /// Batches an epoch.
    fn steps(&self) -> usize;
    /// Whether the targets are ones that this cost has a meaning for. A reader that checks them as it reads has nothing to
    /// do here.
    ///
    /// # Errors
    /// [`Error::Data`] for a target that is not.
    fn check_targets(&self, cost: Cost) -> Result<()>;
    /// Begins epoch `epoch`, counted from 0. The same number gives the same batches again.
    ///
    /// # Errors
    /// When the samples cannot be read.
    fn start(&mut self, epoch: u32) -> Result<()>;
    /// The next batch of the epoch, until it has given all.
    ///
    /// # Errors
    /// When the samples cannot be read.
    fn next(&mut self) -> Result<Option<Batch<'_, T>>>;
    /// Passes over the next batches of the epoch, as many as these.
    ///
    /// # Errors
    /// When the samples cannot be read.
    fn skip(&mut self, batches: usize) -> Result<()> {
        for _ in 0..batches {
            self.next()?;
        }
        Ok(())
    }
}

/// Puts the samples of window `window` of an epoch into their order. Samples that are all in memory are window 0.
///
/// # Panics
/// With 2³² items or more.
pub fn epoch_order<I>(seed: u64, epoch: u32, window: u16, items: &mut [I]) {
    Random::new(seed, Purpose::Shuffle(window), epoch).shuffle(items);
}

/// Mini-batches of samples in memory, in a seeded order that differs from epoch to epoch.
pub struct Shuffled<'a, T: Real> {
    samples: Samples<'a, T>,
    batch: usize,
    drop_last: bool,
    seed: u64,
    order: Vec<u32>,
    weights: Option<Vec<T>>,
    given: usize,
}

impl<'a, T: Real> Shuffled<'a, T> {
    /// Batches of `batch` samples; the last of an epoch holds the rest, or is left out with `drop_last`.
    ///
    /// A batch larger than the data is one batch of all of it.
    ///
    /// # Panics
    /// When `batch` is 0.
    pub fn new(samples: impl Into<Samples<'a, T>>, batch: usize, drop_last: bool, seed: u64) -> Self {
        assert!(batch > 0, "a batch of 0 samples");
        let samples = samples.into();
        let weights = samples.weights().map(|_| vec![T::ZERO; samples.len()]);
        let order = Vec::with_capacity(samples.len());
        let batch = batch.min(samples.len().max(1));
        Self { samples, batch, drop_last, seed, order, weights, given: 0 }
    }
}

impl<T: Real> Batches<T> for Shuffled<'_, T> {
    fn samples(&self) -> usize {
        self.samples.len()
    }

    fn inputs(&self) -> usize {
        self.samples.x().cols()
    }

    fn outputs(&self) -> usize {
        self.samples.y().cols()
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn steps(&self) -> usize {
        let samples = self.samples.len();
        if self.drop_last { samples / self.batch } else { samples.div_ceil(self.batch) }
    }

    fn check_targets(&self, cost: Cost) -> Result<()> {
        cost.check_targets(self.samples.y())
    }

    fn start(&mut self, epoch: u32) -> Result<()> {
        let samples = self.samples;
        self.order.clear();
        self.order.extend((0..samples.len()).map(|i| samples.index(i) as u32));
        epoch_order(self.seed, epoch, 0, &mut self.order);
        if let (Some(to), Some(from)) = (&mut self.weights, samples.dataset().weights()) {
            to.iter_mut().zip(&self.order).for_each(|(to, &i)| *to = from[i as usize]);
        }
        self.given = 0;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Batch<'_, T>>> {
        let end = (self.given + self.batch).min(self.order.len());
        let range = self.given..end;
        if range.is_empty() || self.drop_last && range.len() < self.batch {
            return Ok(None);
        }
        self.given = end;
        let data = self.samples.dataset();
        let next = &self.order[end..self.order.len().min(end + self.batch)];
        Rows::picked(data.x(), next).fetch_ahead();
        Rows::picked(data.y(), next).fetch_ahead();
        let indices = &self.order[range.clone()];
        let weights = self.weights.as_ref().map(|weights| &weights[range]);
        Ok(Some(Batch { x: Rows::picked(data.x(), indices), y: Rows::picked(data.y(), indices), weights }))
    }

    fn skip(&mut self, batches: usize) -> Result<()> {
        self.given = self.order.len().min(self.given.saturating_add(batches.saturating_mul(self.batch)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use deltarule_kernels::Matrix;

    fn numbered(n: usize) -> Dataset<f64> {
        let x = Matrix::from_fn(n, 2, |i, j| (10 * i + j) as f64);
        let y = Matrix::from_fn(n, 1, |i, _| i as f64);
        Dataset::new(x, y, Some((0..n).map(|i| 0.5 + i as f64).collect())).unwrap()
    }

    /// Every sample of an epoch in the order given, checked to be whole, and the sizes of the batches.
    fn epoch(batches: &mut Shuffled<'_, f64>, epoch: u32) -> (Vec<usize>, Vec<usize>) {
        batches.start(epoch).unwrap();
        let (mut order, mut sizes) = (Vec::new(), Vec::new());
        while let Some(batch) = batches.next().unwrap() {
            sizes.push(batch.x.len());
            for i in 0..batch.x.len() {
                let sample = batch.y.row(i)[0] as usize;
                assert_eq!(batch.x.row(i), [10.0 * sample as f64, 10.0 * sample as f64 + 1.0]);
                assert_eq!(batch.weights.unwrap()[i], 0.5 + sample as f64);
                order.push(sample);
            }
        }
        (order, sizes)
    }

    #[test]
    fn an_epoch_gives_every_sample_once_whatever_ran_before() {
        let data = numbered(23);
        let mut batches = Shuffled::new(&data, 5, false, 9);
        assert_eq!((batches.samples(), batches.steps(), batches.batch()), (23, 5, 5));
        let (first, sizes) = epoch(&mut batches, 0);
        assert_eq!(sizes, [5, 5, 5, 5, 3]);
        let (third, _) = epoch(&mut batches, 2);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..23));
        assert_ne!(first, third);
        assert_eq!(epoch(&mut Shuffled::new(&data, 7, false, 9), 2).0, third);
        assert_ne!(epoch(&mut Shuffled::new(&data, 7, false, 10), 2).0, third);
    }

    #[test]
    fn the_last_short_batch_can_be_left_out() {
        let data = numbered(23);
        let mut batches = Shuffled::new(&data, 5, true, 9);
        assert_eq!(batches.steps(), 4);
        assert_eq!(epoch(&mut batches, 0).1, [5, 5, 5, 5]);
        let mut whole = Shuffled::new(&data, 100, true, 9);
        assert_eq!((whole.steps(), epoch(&mut whole, 0).1), (1, vec![23]));
    }

    #[test]
    fn picked_samples_stay_where_they_lie() {
        let data = numbered(9);
        let picked = [8, 3, 5];
        let samples = data.picked(&picked);
        assert_eq!(samples.y().iter().map(|row| row[0]).collect::<Vec<_>>(), [8.0, 3.0, 5.0]);
        assert_eq!(samples.weights().unwrap().collect::<Vec<_>>(), [8.5, 3.5, 5.5]);
        let (mut order, _) = epoch(&mut Shuffled::new(samples, 2, false, 0), 0);
        order.sort_unstable();
        assert_eq!(order, [3, 5, 8]);
    }
}
