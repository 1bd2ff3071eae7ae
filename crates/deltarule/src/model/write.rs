//! A model as the bytes of its file.

use super::{FORMAT, Metadata, Model, TENSORS};
use crate::error::Result;
use crate::real::Real;
use crate::tensors::{Architecture, TensorWriter};

impl<T: Real> Model<T> {
    /// The bytes of the model's file. The same model gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) when a weight is not finite, [`Error::Shape`](crate::Error::Shape) when the labels
    /// do not fit.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut tensors = TensorWriter::default();
        tensors.network("", &self.network)?;
        self.check_labels()?;
        let metadata = Metadata {
            format: FORMAT,
            architecture: Architecture::of(&self.network),
            task: self.task,
            labels: self.labels.clone(),
            preprocessing: self.preprocessing.clone(),
            settings: self.settings.clone(),
            training: self.training.clone(),
        };
        tensors.into_bytes(TENSORS, &metadata)
    }
}
