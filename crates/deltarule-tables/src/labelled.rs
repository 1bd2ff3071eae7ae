//! Labelled samples in memory: what a built-in set or a pair of IDX files holds.

use crate::arrow::array::{ArrayRef, Float32Array, RecordBatch, StringArray};
use crate::table::InMemory;
use deltarule::Matrix;
use deltarule::split::{Split, split};
use std::sync::Arc;

/// How the features of one sample lie in an image, row after row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Image {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// The value of a fully lit pixel: features divided by it lie in [0, 1].
    pub white: f32,
}

/// Labelled with one class each, their features as they were measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// One sample a row, one feature a column.
    pub x: Matrix<f32>,
    /// The class of each sample, an index into `classes`.
    pub labels: Vec<u32>,
    /// The name of each class.
    pub classes: Vec<String>,
    /// The name of each feature.
    pub features: Vec<String>,
    /// The image that the features make, where they make one.
    pub image: Option<Image>,
}

impl Labelled {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The same samples as a table: a column a feature, and the column `class`.
    pub fn table(&self, name: &str) -> InMemory {
        let feature = |k: usize| -> ArrayRef {
            Arc::new(Float32Array::from_iter_values((0..self.len()).map(|i| self.x.at(i, k))))
        };
        let class = self.labels.iter().map(|&label| self.classes[label as usize].as_str());
        let class: ArrayRef = Arc::new(StringArray::from_iter_values(class));
        let features = self.features.iter().enumerate().map(|(k, name)| (name.as_str(), feature(k)));
        let columns = features.chain([("class", class)]);
        let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
        InMemory::new(name, batch.schema(), vec![batch]).expect("a batch of its own schema")
    }

    /// The usual division into training and test samples: a fifth is held out, chosen by `seed`, of every
    /// class alike.
    pub fn split(&self, seed: u64) -> Split {
        let n = self.len();
        split(n, (n + 2) / 5, Some(&self.labels), seed, 0)
    }
}

/// `pixel_0_0`, `pixel_0_1`, …: row, then column, counted from the top left.
pub(crate) fn pixel_names(height: usize, width: usize) -> Vec<String> {
    (0..height * width).map(|k| format!("pixel_{}_{}", k / width, k % width)).collect()
}
