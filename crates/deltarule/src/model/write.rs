//! A model as the bytes of a safetensors file.

use super::{Architecture, FORMAT, INPUT_SCALE, KEY, LayerShape, Metadata, Model, tensor_names};
use crate::error::{Error, Result};
use deltarule_kernels::Real;
use safetensors::{Dtype, View};
use std::borrow::Cow;
use std::collections::HashMap;

/// The numbers of one tensor, little-endian.
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    fn new<T: Real>(shape: Vec<usize>, values: impl Iterator<Item = T>) -> Self {
        if T::NAME == f32::NAME {
            let bytes = values.flat_map(|v| (v.to_f64() as f32).to_le_bytes()).collect();
            Self { dtype: Dtype::F32, shape, bytes }
        } else {
            Self { dtype: Dtype::F64, shape, bytes: values.flat_map(|v| v.to_f64().to_le_bytes()).collect() }
        }
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

impl<T: Real> Model<T> {
    /// The bytes of the model's file. The same model gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Data`] when a weight is not finite, [`Error::Shape`] when the labels do not fit.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if let Some((what, found)) = self.network.not_finite() {
            return Err(Error::data(what, "a finite number", found));
        }
        self.check_labels()?;
        let network = &self.network;
        let shape =
            |layer: &crate::Layer<T>| LayerShape { outputs: layer.outputs(), activation: layer.activation };
        let metadata = Metadata {
            format: FORMAT,
            architecture: Architecture {
                inputs: network.inputs(),
                input_scale: network.input_scale.is_some(),
                layers: network.layers.iter().map(shape).collect(),
            },
            task: self.task,
            labels: self.labels.clone(),
            preprocessing: self.preprocessing.clone(),
            settings: self.settings.clone(),
            training: self.training.clone(),
        };
        let json = serde_json::to_string(&metadata)
            .map_err(|error| Error::data("metadata of the model", "what JSON can hold", error))?;

        let mut tensors = Vec::new();
        for (i, layer) in network.layers.iter().enumerate() {
            let (weight, bias) = tensor_names(i);
            tensors.push((weight, Tensor::new(vec![layer.outputs(), layer.inputs()], layer.w.iter())));
            tensors.push((bias, Tensor::new(vec![layer.outputs()], layer.b.iter().copied())));
        }
        if let Some(scale) = &network.input_scale {
            tensors.push((INPUT_SCALE.into(), Tensor::new(vec![scale.len()], scale.iter().copied())));
        }
        let views = tensors.iter().map(|(name, tensor)| (name, tensor));
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), json)]).into_iter().collect()))
            .map_err(|error| Error::data("model", "what safetensors can hold", error))
    }
}
