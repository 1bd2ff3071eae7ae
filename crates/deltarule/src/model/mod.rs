//! One file on disk ↔ one network, with all that is needed to use it.
//!
//! A model file is a [safetensors](https://github.com/huggingface/safetensors) file: eight bytes with the length of a JSON
//! header, the header, and the numbers. Python's `safetensors` opens it.
//!
//! | tensor | shape | what |
//! |---|---|---|
//! | `layers.2.weight` | outputs × inputs, row by row | w², from the input (layer 1) to the first hidden layer |
//! | `layers.2.bias` | outputs | b² |
//! | `layers.3.weight`, … | | the same, up to the output layer |
//! | `input.scale` | inputs | the learned factor of each input column, where there is one |
//!
//! All are F32, or all are F64. The header's `__metadata__` has one key, `deltarule`, whose value is JSON in a string:
//!
//! ```json
//! {
//!   "format": 1,
//!   "architecture": {"inputs": 64, "input_scale": false, "layers": [{"outputs": 10, "activation": "softmax"}]},
//!   "task": "classes",
//!   "labels": ["0", "1"],
//!   "preprocessing": null,
//!   "settings": {"hidden": []},
//!   "training": null
//! }
//! ```
//!
//! Reading checks everything and refuses what it does not understand: an unknown key, a format version of the future, a
//! tensor too many or too few, a shape that is not the architecture's, a number that is not finite.

mod read;
mod write;

use crate::error::{Error, Result};
use crate::network::Network;
use crate::progress::Progress;
use crate::real::Real;
use crate::settings::Settings;
use crate::task::Task;
use crate::tensors::{Architecture, TensorFormat};
use deltarule_kernels::Real as _;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the format that this library writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

const TENSORS: TensorFormat = TensorFormat { what: "model", key: "deltarule", version: FORMAT };

/// A network and what it takes to use it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model<T: Real> {
    /// Weights, biases, activations.
    pub network: Network<T>,
    /// What the targets were.
    pub task: Task,
    /// For classes their names (two for a single output), otherwise the names of the outputs; may be empty.
    pub labels: Vec<String>,
    /// How data became inputs: whatever the preparation of the data has to keep, or null.
    pub preprocessing: serde_json::Value,
    /// The settings that it was trained with.
    pub settings: Settings,
    /// How its training went.
    pub training: Option<Training>,
}

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Samples that it learnt from.
    pub samples: u64,
    /// Epochs completed.
    pub epochs: u32,
    /// How far it was when the weights were as they are here; a temperature may have divided those of the last layer since.
    pub kept: Progress,
    /// The best epoch, from 1, where there were validation samples.
    pub best_epoch: Option<u32>,
    /// That epoch's value of the metric of the settings.
    pub best_value: Option<f64>,
    /// What the class of a sample made it count, where classes counted differently.
    pub class_weights: Option<Vec<f64>>,
}

/// A model in the precision that its file has.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyModel {
    /// Single precision.
    F32(Model<f32>),
    /// Double precision.
    F64(Model<f64>),
}

/// What the metadata of a model file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format: u32,
    architecture: Architecture,
    task: Task,
    labels: Vec<String>,
    preprocessing: serde_json::Value,
    settings: Settings,
    training: Option<Training>,
}

impl<T: Real> Model<T> {
    /// Writes the model to `path`, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written, [`Error::Data`] when a weight is not finite or the labels do not fit.
    pub fn write(&self, path: &Path) -> Result<()> {
        crate::file::write_whole(path, &self.to_bytes()?)
    }

    /// The same model in the other precision, each number rounded to the nearest.
    pub fn cast<U: Real>(&self) -> Model<U> {
        Model {
            network: self.network.cast(),
            task: self.task,
            labels: self.labels.clone(),
            preprocessing: self.preprocessing.clone(),
            settings: self.settings.clone(),
            training: self.training.clone(),
        }
    }

    /// Whether there are as many labels as the outputs need, or none.
    fn check_labels(&self) -> Result<()> {
        let needed = match (self.task, self.network.outputs()) {
            (Task::Classes, 1) => 2,
            (_, outputs) => outputs,
        };
        if self.labels.is_empty() || self.labels.len() == needed {
            return Ok(());
        }
        Err(Error::shape("labels of the model", format!("{needed} or none"), self.labels.len()))
    }
}

impl AnyModel {
    /// The model in double precision: exact, whatever its file has.
    pub fn into_f64(self) -> Model<f64> {
        match self {
            Self::F32(model) => model.cast(),
            Self::F64(model) => model,
        }
    }

    /// The name of its precision: `f32` or `f64`.
    pub fn precision(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::NAME,
            Self::F64(_) => f64::NAME,
        }
    }
}

impl From<Model<f32>> for AnyModel {
    fn from(model: Model<f32>) -> Self {
        Self::F32(model)
    }
}

impl From<Model<f64>> for AnyModel {
    fn from(model: Model<f64>) -> Self {
        Self::F64(model)
    }
}
