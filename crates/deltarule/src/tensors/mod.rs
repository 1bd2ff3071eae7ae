//! Networks as named tensors in a [safetensors](https://github.com/huggingface/safetensors) file, with JSON beside them: what
//! the file of a model and a training that is written down have in common.
//!
//! The file is eight bytes with the length of a JSON header, the header, and the numbers, all F32 or all F64. The header's
//! `__metadata__` has one key, whose value is JSON in a string. Reading checks everything and refuses what it does not
//! understand, and allocates no more than a small multiple of the file's own size.

mod foreign;
mod read;
mod write;

pub(crate) use read::{NOT_NAN, TensorReader};
pub(crate) use write::TensorWriter;

use crate::activation::Activation;
use crate::network::Network;
use crate::real::Real;
use serde::{Deserialize, Serialize};

/// What such a file is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TensorFormat {
    /// In a word or two, for messages: `model`.
    pub(crate) what: &'static str,
    /// The key of the header's metadata.
    pub(crate) key: &'static str,
    /// The version that is written, and the only one that is read.
    pub(crate) version: u32,
}

/// The widths and activations of a network.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Architecture {
    pub(crate) inputs: usize,
    pub(crate) input_scale: bool,
    pub(crate) layers: Vec<LayerShape>,
}

/// One layer of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayerShape {
    pub(crate) outputs: usize,
    pub(crate) activation: Activation,
}

impl Architecture {
    pub(crate) fn of<T: Real>(network: &Network<T>) -> Self {
        let shape =
            |layer: &crate::Layer<T>| LayerShape { outputs: layer.outputs(), activation: layer.activation };
        Self {
            inputs: network.inputs(),
            input_scale: network.input_scale.is_some(),
            layers: network.layers.iter().map(shape).collect(),
        }
    }

    /// Outputs and inputs of each layer.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let inputs = std::iter::once(self.inputs).chain(self.layers.iter().map(|layer| layer.outputs));
        self.layers.iter().map(|layer| layer.outputs).zip(inputs)
    }
}

/// The name of the weights of a layer; `i` counts `network.layers` from 0, and the book counts the input as layer 1.
pub(crate) fn weight(i: usize) -> String {
    format!("layers.{}.weight", i + 2)
}

/// The name of the biases of a layer.
pub(crate) fn bias(i: usize) -> String {
    format!("layers.{}.bias", i + 2)
}

/// The name of the learned input scale.
pub(crate) const INPUT_SCALE: &str = "input.scale";
