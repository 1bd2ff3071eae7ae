//! Samples in memory, and the mini-batches that training takes from them.

use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::random::{Purpose, Random};
use crate::task::Task;
use deltarule_kernels::{Matrix, Real, Rows};
use std::sync::OnceLock;

/// Inputs x with their targets y, one sample a row, and how much each counts.
///
/// A target is the output that the network should have: a one-hot row for classes (a single 0 or 1 for two), a number a
/// column otherwise. Every number is finite; weights are not negative.
#[derive(Clone, Debug)]
pub struct Dataset<T: Real> {
    x: Matrix<T>,
    y: Matrix<T>,
    weights: Option<Vec<T>>,
    classes: OnceLock<Vec<u32>>,
}

impl<T: Real> PartialEq for Dataset<T> {
    /// Whether the numbers are the same; the classes follow from them.
    fn eq(&self, other: &Self) -> bool {
        (&self.x, &self.y, &self.weights) == (&other.x, &other.y, &other.weights)
    }
}

impl<T: Real> Dataset<T> {
    /// The data set of these inputs, targets and weights.
    ///
    /// # Errors
    /// When the numbers of rows differ, when there are 2³² rows or more, when a number is not finite, or when a weight is
    /// negative or none is above zero.
    pub fn new(x: Matrix<T>, y: Matrix<T>, weights: Option<Vec<T>>) -> Result<Self> {
        if u32::try_from(x.rows()).is_err() {
            return Err(Error::data("data", "fewer than 2³² samples", x.rows()));
        }
        if y.rows() != x.rows() {
            return Err(Error::shape("targets", format!("{} rows, as the inputs have", x.rows()), y.rows()));
        }
        for (name, matrix) in [("input", &x), ("target", &y)] {
            if let Some((i, j)) = first_not_finite(matrix) {
                let what = format!("{name} of sample {i}, column {j}");
                return Err(Error::data(what, "a finite number", matrix.at(i, j)));
            }
        }
        if let Some(weights) = &weights {
            check_weights(weights, x.rows())?;
        }
        Ok(Self { x, y, weights, classes: OnceLock::new() })
    }

    /// The data set of inputs whose targets are classes, numbered from 0 to below `count`; y is made of them, one-hot.
    ///
    /// ```
    /// use deltarule::{Dataset, Matrix};
    ///
    /// let x = Matrix::from_rows(&[[0.5], [1.5]]);
    /// let data = Dataset::<f64>::of_classes(x, vec![2, 0], 3, None)?;
    /// assert_eq!(data.y().row(0), [0.0, 0.0, 1.0]);
    /// assert_eq!(data.classes(), [2, 0]);
    /// # Ok::<(), deltarule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dataset::new`], and when a class is not below `count`.
    pub fn of_classes(
        x: Matrix<T>,
        classes: Vec<u32>,
        count: usize,
        weights: Option<Vec<T>>,
    ) -> Result<Self> {
        if let Some(i) = classes.iter().position(|&class| class as usize >= count) {
            let expected = format!("a class below {count}");
            return Err(Error::data(format!("class of sample {i}"), expected, classes[i]));
        }
        let mut y = Matrix::zeros(classes.len(), count);
        for (i, &class) in classes.iter().enumerate() {
            y.row_mut(i)[class as usize] = T::ONE;
        }
        let data = Self::new(x, y, weights)?;
        Ok(Self { classes: classes.into(), ..data })
    }

    /// The inputs.
    pub fn x(&self) -> &Matrix<T> {
        &self.x
    }

    /// The targets.
    pub fn y(&self) -> &Matrix<T> {
        &self.y
    }

    /// How much each sample counts; all the same where there are none.
    pub fn weights(&self) -> Option<&[T]> {
        self.weights.as_deref()
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.x.rows()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All samples.
    pub fn samples(&self) -> Samples<'_, T> {
        Samples { data: self, picked: None }
    }

    /// The samples of these indices, in this order, read where they lie.
    ///
    /// # Panics
    /// When an index is not one of a sample.
    pub fn picked<'a>(&'a self, indices: &'a [u32]) -> Samples<'a, T> {
        assert!(
            indices.iter().all(|&i| (i as usize) < self.len()),
            "an index past the {} samples",
            self.len()
        );
        Samples { data: self, picked: Some(indices) }
    }

    /// The class of every sample, as [`Dataset::of_classes`] was given it. Of targets that were given as rows it is the column
    /// of the largest, or with a single column whether it is above one half, which is found out once.
    pub fn classes(&self) -> &[u32] {
        self.classes.get_or_init(|| (0..self.len()).map(|i| class_of(self.y.row(i)) as u32).collect())
    }

    /// The same samples, each counting as much as before times the weight of its class.
    ///
    /// # Errors
    /// When there is not one weight a class, or a weight is negative or not finite.
    pub fn with_class_weights(mut self, class_weights: &[f64]) -> Result<Self> {
        let classes = self.y.cols().max(2);
        if class_weights.len() != classes {
            return Err(Error::shape(
                "class weights",
                format!("{classes}, one a class"),
                class_weights.len(),
            ));
        }
        let weighed = self.classes().iter().enumerate().map(|(i, &class)| {
            let of_sample = self.weights.as_ref().map_or(1.0, |weights| weights[i].to_f64());
            T::from_f64(of_sample * class_weights[class as usize])
        });
        let weights: Vec<T> = weighed.collect();
        check_weights(&weights, self.len())?;
        self.weights = Some(weights);
        Ok(self)
    }
}

/// Index of the largest target, the first of equals; with a single column, whether it is above one half.
fn class_of<T: Real>(target: &[T]) -> usize {
    match target {
        [only] => usize::from(only.to_f64() > 0.5),
        _ => (1..target.len()).fold(0, |best, j| if target[j] > target[best] { j } else { best }),
    }
}

/// The weight of each class that makes all classes count the same: n / (k · n_c) for n_c of n samples in one of k
/// classes, as in scikit-learn; 0 for a class without samples.
pub fn balanced_class_weights(classes: &[u32], count: usize) -> Vec<f64> {
    let mut sizes = vec![0_usize; count];
    classes.iter().for_each(|&class| sizes[class as usize] += 1);
    let present = sizes.iter().filter(|&&size| size > 0).count();
    let weight = |size| if size == 0 { 0.0 } else { classes.len() as f64 / (present * size) as f64 };
    sizes.into_iter().map(weight).collect()
}

fn first_not_finite<T: Real>(matrix: &Matrix<T>) -> Option<(usize, usize)> {
    // Without a way out in the middle, so that the compiler can look at many values at once.
    let all_finite = |row: &[T]| row.iter().fold(true, |finite, x| finite & x.is_finite());
    let row = (0..matrix.rows()).find(|&i| !all_finite(matrix.row(i)))?;
    Some((row, matrix.row(row).iter().position(|x| !x.is_finite())?))
}

pub(crate) fn check_weights<T: Real>(weights: &[T], samples: usize) -> Result<()> {
    if weights.len() != samples {
        return Err(Error::shape("sample weights", format!("{samples}, one a sample"), weights.len()));
    }
    if let Some(i) = weights.iter().position(|w| !w.is_finite() || *w < T::ZERO) {
        return Err(Error::data(format!("weight of sample {i}"), "a finite number from 0 up", weights[i]));
    }
    if samples > 0 && weights.iter().all(|w| *w == T::ZERO) {
        return Err(Error::data("sample weights", "at least one above 0", "zeros only"));
    }
    Ok(())
}

/// Some samples of a [`Dataset`], read where they lie.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a, T: Real> {
    data: &'a Dataset<T>,
    picked: Option<&'a [u32]>,
}

impl<'a, T: Real> Samples<'a, T> {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.picked.map_or(self.data.len(), <[u32]>::len)
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The data set that they are of.
    pub fn dataset(&self) -> &'a Dataset<T> {
        self.data
    }

    /// Their inputs.
    pub fn x(&self) -> Rows<'a, T> {
        self.rows(&self.data.x)
    }

    /// Their targets.
    pub fn y(&self) -> Rows<'a, T> {
        self.rows(&self.data.y)
    }

    /// The class of each, as [`Dataset::classes`] has it.
    pub fn classes(&self) -> Vec<u32> {
        let classes = self.data.classes();
        (0..self.len()).map(|i| classes[self.index(i)]).collect()
    }

    /// What outputs for them are judged by. To be made once where they are judged more often.
    pub fn truth(&self, task: Task) -> Truth<'a, T> {
        Truth {
            samples: *self,
            classes: (task == Task::Classes).then(|| self.classes()),
            weights: self.weights().map(|weights| weights.map(T::to_f64).collect()),
        }
    }

    /// How much each counts, or nothing where all count the same.
    pub fn weights(&self) -> Option<impl Iterator<Item = T> + use<'a, T>> {
        let samples = *self;
        samples
            .data
            .weights
            .as_ref()
            .map(|weights| (0..samples.len()).map(move |i| weights[samples.index(i)]))
    }

    /// Index in the data set of sample `i`.
    fn index(&self, i: usize) -> usize {
        self.picked.map_or(i, |picked| picked[i] as usize)
    }

    fn rows(&self, matrix: &'a Matrix<T>) -> Rows<'a, T> {
        match self.picked {
            None => Rows::all(matrix),
            Some(picked) => Rows::picked(matrix, picked),
        }
    }
}

/// The true values of samples, and how much each counts: what metrics compare outputs with.
#[derive(Clone, Debug)]
pub struct Truth<'a, T: Real> {
    samples: Samples<'a, T>,
    classes: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
}

impl<'a, T: Real> Truth<'a, T> {
    /// The samples.
    pub fn samples(&self) -> Samples<'a, T> {
        self.samples
    }

    /// The targets, one row a sample.
    pub fn y(&self) -> Rows<'a, T> {
        self.samples.y()
    }

    /// The class of each sample, where the task is to tell classes apart.
    pub fn classes(&self) -> Option<&[u32]> {
        self.classes.as_deref()
    }

    /// How much each sample counts; all the same where there are none.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }
}

impl<'a, T: Real> From<&'a Dataset<T>> for Samples<'a, T> {
    fn from(data: &'a Dataset<T>) -> Self {
        data.samples()
    }
}

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
        if let (Some(to), Some(from)) = (&mut self.weights, samples.data.weights()) {
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
        let data = self.samples.data;
        let next = &self.order[end..self.order.len().min(end + self.batch)];
        Rows::picked(&data.x, next).fetch_ahead();
        Rows::picked(&data.y, next).fetch_ahead();
        let indices = &self.order[range.clone()];
        let weights = self.weights.as_ref().map(|weights| &weights[range]);
        Ok(Some(Batch { x: Rows::picked(&data.x, indices), y: Rows::picked(&data.y, indices), weights }))
    }

    fn skip(&mut self, batches: usize) -> Result<()> {
        self.given = self.order.len().min(self.given.saturating_add(batches.saturating_mul(self.batch)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn data_that_cannot_be_learnt_from_is_refused() {
        let message =
            |x: Matrix<f64>, y: Matrix<f64>, weights| Dataset::new(x, y, weights).unwrap_err().to_string();
        let ones = |rows, cols| Matrix::from_fn(rows, cols, |_, _| 1.0);
        assert_eq!(
            message(ones(2, 1), ones(3, 1), None),
            "targets: expected 2 rows, as the inputs have, found 3"
        );
        let mut x = ones(3, 4);
        x.row_mut(1)[2] = f64::NAN;
        assert_eq!(
            message(x, ones(3, 1), None),
            "input of sample 1, column 2: expected a finite number, found NaN"
        );
        assert_eq!(
            message(ones(2, 1), Matrix::from_fn(2, 1, |_, _| f64::INFINITY), None),
            "target of sample 0, column 0: expected a finite number, found inf"
        );
        assert_eq!(
            message(ones(2, 1), ones(2, 1), Some(vec![1.0, -1.0])),
            "weight of sample 1: expected a finite number from 0 up, found -1"
        );
        assert!(message(ones(2, 1), ones(2, 1), Some(vec![1.0])).contains("2, one a sample, found 1"));
        assert!(message(ones(2, 1), ones(2, 1), Some(vec![0.0, 0.0])).contains("at least one above 0"));
        assert!(Dataset::<f32>::new(Matrix::zeros(0, 3), Matrix::zeros(0, 1), None).unwrap().is_empty());
    }

    #[test]
    fn classes_and_their_weights() {
        let y = Matrix::from_rows(&[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]);
        let data = Dataset::<f64>::new(Matrix::zeros(4, 1), y, Some(vec![1.0, 1.0, 2.0, 1.0])).unwrap();
        assert_eq!(data.classes(), [1, 0, 1, 1]);
        // Two of three classes occur: 4 / (2 · 1) and 4 / (2 · 3).
        let balanced = balanced_class_weights(data.classes(), 3);
        assert_eq!(balanced, [2.0, 4.0 / 6.0, 0.0]);
        let weighed = data.clone().with_class_weights(&[2.0, 0.5, 7.0]).unwrap();
        assert_eq!(weighed.weights().unwrap(), [0.5, 2.0, 1.0, 0.5]);
        assert!(data.with_class_weights(&[1.0]).unwrap_err().to_string().contains("3, one a class"));
        let two = Dataset::<f32>::new(Matrix::zeros(2, 1), Matrix::from_rows(&[[0.0], [1.0]]), None).unwrap();
        assert_eq!(two.classes(), [0, 1]);
        assert_eq!(two.with_class_weights(&[3.0, 4.0]).unwrap().weights().unwrap(), [3.0, 4.0]);
    }
}
