//! A model from the bytes of a file that may be anything.

use super::{AnyModel, Metadata, Model, TENSORS};
use crate::error::{Error, Result};
use crate::real::Real;
use crate::tensors::TensorReader;
use deltarule_kernels::Real as _;
use std::fs;
use std::path::Path;

impl AnyModel {
    /// Reads the model file at `path`.
    ///
    /// Nothing in the file makes this allocate more than a small multiple of the file's own size.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read; [`Error::Model`] with the byte, what should be there and what is, when it is not a
    /// model file through and through.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |source| Error::io(path, source);
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(Error::model(path, None, "a model file", "a folder or a device"));
        }
        Self::from_bytes(path, &fs::read(path).map_err(failed)?)
    }

    /// The model of a file's bytes; `path` is for messages.
    ///
    /// # Errors
    /// As [`AnyModel::read`].
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        let (reader, metadata) = TensorReader::new(path, bytes, TENSORS)?;
        match reader.precision()? {
            f32::NAME => model(reader, metadata).map(Self::F32),
            _ => model(reader, metadata).map(Self::F64),
        }
    }
}

fn model<T: Real>(mut reader: TensorReader<'_>, metadata: Metadata) -> Result<Model<T>> {
    let Metadata { format: _, architecture, task, labels, preprocessing, settings, training } = metadata;
    let network = reader.network("", &architecture)?;
    reader.finish()?;
    settings.plan(task).map_err(|error| reader.refused("settings that can be", error))?;
    let model = Model { network, task, labels, preprocessing, settings, training };
    model.check_labels().map_err(|error| reader.refused("labels that fit", error))?;
    Ok(model)
}
