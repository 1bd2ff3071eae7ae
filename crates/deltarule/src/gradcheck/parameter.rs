//! The names of a network's numbers.

use crate::network::Network;
use crate::pass::Gradients;
use crate::real::Real;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One number of a network that training changes.
///
/// `l` counts as the book does: 2 is the first layer after the input. j and k count from 0 here, and from 1, as in the
/// book, where they are shown or serialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Parameter {
    /// sₖ of the learned input scale
    InputScale {
        /// Input
        #[serde(with = "from_one")]
        k: usize,
    },
    /// bˡⱼ
    Bias {
        /// Layer
        l: usize,
        /// Neuron
        #[serde(with = "from_one")]
        j: usize,
    },
    /// wˡⱼₖ
    Weight {
        /// Layer
        l: usize,
        /// Neuron of layer l
        #[serde(with = "from_one")]
        j: usize,
        /// Neuron of layer l − 1
        #[serde(with = "from_one")]
        k: usize,
    },
}

impl Parameter {
    /// The layer that it belongs to in the book's numbering; the input scale is layer 1.
    pub fn layer(self) -> usize {
        match self {
            Self::InputScale { .. } => 1,
            Self::Bias { l, .. } | Self::Weight { l, .. } => l,
        }
    }

    /// The parameters of a network: the input factors, then layer by layer the biases and the weights.
    pub fn all<T: Real>(network: &Network<T>) -> impl Iterator<Item = Self> + '_ {
        Self::groups(network).into_iter().flat_map(|(_, group)| group)
    }

    /// The same in groups of one kind, each with its layer.
    pub(crate) fn groups<T: Real>(network: &Network<T>) -> Vec<(usize, Vec<Self>)> {
        let mut groups: Vec<(usize, Vec<Self>)> = Vec::new();
        if let Some(scale) = &network.input_scale {
            groups.push((1, (0..scale.len()).map(|k| Self::InputScale { k }).collect()));
        }
        for (l, layer) in network.layers.iter().enumerate().map(|(i, layer)| (i + 2, layer)) {
            let (outputs, inputs) = (layer.outputs(), layer.inputs());
            groups.push((l, (0..outputs).map(|j| Self::Bias { l, j }).collect()));
            let weights = |j| (0..inputs).map(move |k| Self::Weight { l, j, k });
            groups.push((l, (0..outputs).flat_map(weights).collect()));
        }
        groups
    }

    /// Its value in a network.
    pub fn of<T: Real>(self, network: &Network<T>) -> T {
        match self {
            Self::InputScale { k } => network.input_scale.as_ref().expect("a learned input scale")[k],
            Self::Bias { l, j } => network.layers[l - 2].b[j],
            Self::Weight { l, j, k } => network.layers[l - 2].w.get(j, k),
        }
    }

    /// Gives it another value.
    pub fn set<T: Real>(self, network: &mut Network<T>, value: T) {
        match self {
            Self::InputScale { k } => network.input_scale.as_mut().expect("a learned input scale")[k] = value,
            Self::Bias { l, j } => network.layers[l - 2].b[j] = value,
            Self::Weight { l, j, k } => network.layers[l - 2].w.set(j, k, value),
        }
    }

    /// ∂C/∂ of it.
    pub fn gradient<T: Real>(self, gradients: &Gradients<T>) -> T {
        match self {
            Self::InputScale { k } => gradients.input_scale.as_ref().expect("a learned input scale")[k],
            Self::Bias { l, j } => gradients.layers[l - 2].b[j],
            Self::Weight { l, j, k } => gradients.layers[l - 2].w.get(j, k),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputScale { k } => write!(f, "input factor {}", k + 1),
            Self::Bias { l, j } => write!(f, "bias {} of layer {l}", j + 1),
            Self::Weight { l, j, k } => write!(f, "weight ({}, {}) of layer {l}", j + 1, k + 1),
        }
    }
}

/// Indices are serialised as they are shown.
pub(super) mod from_one {
    use serde::de::{Deserialize, Deserializer, Error, Unexpected};
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(index: &usize, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(*index as u64 + 1)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        usize::deserialize(deserializer)?
            .checked_sub(1)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Unsigned(0), &"a number from 1 up"))
    }
}
