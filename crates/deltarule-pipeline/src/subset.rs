//! Some samples of a data set that several parts share.

use deltarule::{Dataset, Real, Samples};
use std::sync::Arc;

/// Some samples of a data set that several parts share.
#[derive(Clone, Debug)]
pub struct Subset<T: Real> {
    data: Arc<Dataset<T>>,
    rows: Option<Arc<[u32]>>,
}

impl<T: Real> Subset<T> {
    /// All samples of a data set.
    pub fn whole(data: Dataset<T>) -> Self {
        Self { data: Arc::new(data), rows: None }
    }

    /// The samples of these indices, in this order.
    ///
    /// # Panics
    /// When an index is not one of a sample.
    pub fn picked(data: &Arc<Dataset<T>>, rows: Vec<u32>) -> Self {
        assert!(rows.iter().all(|&row| (row as usize) < data.len()), "a row past the {} samples", data.len());
        Self { data: Arc::clone(data), rows: Some(rows.into()) }
    }

    /// The samples, as training and evaluation take them.
    pub fn samples(&self) -> Samples<'_, T> {
        match &self.rows {
            Some(rows) => self.data.picked(rows),
            None => self.data.samples(),
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.data.len(), |rows| rows.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of outputs: columns of the targets.
    pub fn outputs(&self) -> usize {
        self.data.y().cols()
    }

    /// Where sample `i` lies in the data set.
    ///
    /// # Panics
    /// When there is no such sample.
    pub fn row(&self, i: usize) -> u32 {
        assert!(i < self.len(), "sample {i} of {}", self.len());
        self.rows.as_ref().map_or(i as u32, |rows| rows[i])
    }

    /// These samples of them, in this order.
    ///
    /// # Panics
    /// When there is no such sample.
    pub fn pick(&self, samples: impl IntoIterator<Item = usize>) -> Self {
        let rows = samples.into_iter().map(|i| self.row(i)).collect();
        Self { data: Arc::clone(&self.data), rows: Some(rows) }
    }
}
