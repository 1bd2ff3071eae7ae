//! Tensors into the bytes of a file.

use super::{INPUT_SCALE, TensorFormat, bias, weight};
use crate::error::{Error, Result};
use crate::network::Network;
use crate::real::Real;
use deltarule_kernels::Panels;
use deltarule_kernels::Real as _;
use safetensors::{Dtype, View};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// The tensors of a file that is to be written.
#[derive(Default)]
pub(crate) struct TensorWriter {
    tensors: Vec<(String, Tensor)>,
}

/// The numbers of one tensor, little-endian.
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl TensorWriter {
    /// The weights and biases of a network, their names after this prefix.
    ///
    /// # Errors
    /// [`Error::Data`] when one of them is not finite.
    pub(crate) fn network<T: Real>(&mut self, prefix: &str, network: &Network<T>) -> Result<()> {
        if let Some((what, found)) = network.not_finite() {
            return Err(Error::data(what, "a finite number", found));
        }
        for (i, layer) in network.layers.iter().enumerate() {
            self.matrix(format!("{prefix}{}", weight(i)), &layer.w);
            self.vector(format!("{prefix}{}", bias(i)), &layer.b);
        }
        if let Some(scale) = &network.input_scale {
            self.vector(format!("{prefix}{INPUT_SCALE}"), scale);
        }
        Ok(())
    }

    /// Numbers in the layout of weights, written row by row: outputs × inputs.
    pub(crate) fn matrix<T: Real>(&mut self, name: String, w: &Panels<T>) {
        self.add(name, vec![w.outputs(), w.inputs()], w.iter());
    }

    /// Numbers in a row.
    pub(crate) fn vector<T: Real>(&mut self, name: String, values: &[T]) {
        self.add(name, vec![values.len()], values.iter().copied());
    }

    fn add<T: Real>(&mut self, name: String, shape: Vec<usize>, values: impl Iterator<Item = T>) {
        let (dtype, bytes) = if T::NAME == f32::NAME {
            (Dtype::F32, values.flat_map(|v| (v.to_f64() as f32).to_le_bytes()).collect())
        } else {
            (Dtype::F64, values.flat_map(|v| v.to_f64().to_le_bytes()).collect())
        };
        self.tensors.push((name, Tensor { dtype, shape, bytes }));
    }

    /// The file's bytes. The same tensors and metadata give the same bytes.
    ///
    /// # Errors
    /// [`Error::Data`] when the metadata is nothing that JSON can hold.
    pub(crate) fn into_bytes(self, format: TensorFormat, metadata: &impl Serialize) -> Result<Vec<u8>> {
        let TensorFormat { what, key, .. } = format;
        let json = serde_json::to_string(metadata)
            .map_err(|error| Error::data(format!("metadata of the {what}"), "what JSON can hold", error))?;
        let views = self.tensors.iter().map(|(name, tensor)| (name, tensor));
        safetensors::serialize(views, Some(HashMap::from([(key.to_owned(), json)]).into_iter().collect()))
            .map_err(|error| Error::data(what, "what safetensors can hold", error))
    }
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
