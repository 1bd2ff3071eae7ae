//! Samples in memory.

use crate::error::{Error, Result};
use crate::real::Real;
use crate::task::Task;
use deltarule_kernels::{Matrix, Rows};
use std::sync::{Arc, OnceLock};

/// Inputs x with their targets y, one sample a row, and how much each counts.
///
/// A target is the output that the network should have: a one-hot row for classes (a single 0 or 1 for two), a number a
/// column otherwise. Every number is finite; weights are not negative.
#[derive(Clone, Debug)]
pub struct Dataset<T: Real> {
    /// Shared with clones: they differ in the weights alone.
    x: Arc<Matrix<T>>,
    y: Arc<Matrix<T>>,
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
        Ok(Self { x: Arc::new(x), y: Arc::new(y), weights, classes: OnceLock::new() })
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
    pub(crate) fn index(&self, i: usize) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

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
