//! A training as bytes, and back.
//!
//! A [safetensors](https://github.com/huggingface/safetensors) file. All tensors are F32, or all are F64:
//!
//! | tensor | what |
//! |---|---|
//! | `layers.2.weight`, `layers.2.bias`, …, `input.scale` | the network, as in the [file of a model](crate::model) |
//! | `moment.1.layers.2.weight`, … | the optimizer's running values, as many for each parameter as it keeps |
//! | `best.layers.2.weight`, … | the network of the best epoch, where it is kept |
//!
//! The metadata's one key is `deltarule-training`; its JSON has the position, the reports and the rest.

use super::report::EpochReport;
use super::state::{Best, TrainingState};
use super::update::Parameters;
use crate::error::Result;
use crate::exact;
use crate::mean::WeightedMean;
use crate::real::Real;
use crate::tensors::{
    Architecture, INPUT_SCALE, NOT_NAN, TensorFormat, TensorReader, TensorWriter, bias, weight,
};
use deltarule_kernels::Moments;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the format that this library writes, and the only one that it reads.
const FORMAT: u32 = 1;

const TENSORS: TensorFormat = TensorFormat { what: "training", key: "deltarule-training", version: FORMAT };

/// The most running values that an optimizer keeps of a parameter.
const MOST_MOMENTS: usize = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format: u32,
    architecture: Architecture,
    moments: usize,
    steps_done: u64,
    epoch_steps: usize,
    samples: usize,
    epoch_cost: WeightedMean,
    best: Option<BestEpoch>,
    epochs_without_better: u32,
    reports: Vec<EpochReport>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BestEpoch {
    epoch: u32,
    #[serde(with = "exact")]
    value: f64,
    /// Whether its network is there.
    network: bool,
}

const BEST: &str = "best.";

/// What stands before the name of a parameter's running value; the first is 0.
fn moment(n: usize) -> String {
    format!("moment.{}.", n + 1)
}

impl<T: Real> TrainingState<T> {
    /// The training as bytes, from which [`TrainingState::from_bytes`] makes the same to the last bit.
    ///
    /// They are a safetensors file: the network as in the [file of a model](crate::model), its optimizer's running values
    /// with names after `moment.1.` and `moment.2.`, the network of the best epoch after `best.`, and as JSON in the
    /// metadata how far the training is and its reports.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) when a weight is not finite, which no epoch leaves behind.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let Parameters { network, moments, input_scale_moments, .. } = &self.parameters;
        let mut tensors = TensorWriter::default();
        tensors.network("", network)?;
        for (i, of_layer) in moments.iter().enumerate() {
            for (n, (w, b)) in of_layer.w.iter().zip(&of_layer.b).enumerate() {
                tensors.matrix(moment(n) + &weight(i), w);
                tensors.vector(moment(n) + &bias(i), b);
            }
        }
        for (n, of_scale) in input_scale_moments.iter().enumerate() {
            tensors.vector(moment(n) + INPUT_SCALE, of_scale);
        }
        if let Some(network) = self.best.as_ref().and_then(|best| best.network.as_ref()) {
            tensors.network(BEST, network)?;
        }
        let metadata = Metadata {
            format: FORMAT,
            architecture: Architecture::of(network),
            moments: self.parameters.moments_each(),
            steps_done: self.steps_done,
            epoch_steps: self.epoch_steps,
            samples: self.samples,
            epoch_cost: self.epoch_cost,
            best: self.best.as_ref().map(|best| BestEpoch {
                epoch: best.epoch,
                value: best.value,
                network: best.network.is_some(),
            }),
            epochs_without_better: self.epochs_without_better,
            reports: self.reports.clone(),
        };
        tensors.into_bytes(TENSORS, &metadata)
    }

    /// The training of these bytes; `path` is for messages.
    ///
    /// Everything is checked, as in the file of a model, and nothing in the bytes makes this allocate more than a small
    /// multiple of their number. Whether the training fits a plan and batches is asked by
    /// [`Trainer::new`](super::Trainer::new).
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model) with the byte, what should be there and what is, when they are not a training through and through,
    /// or one in the other precision.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        let (mut reader, metadata) = TensorReader::new::<Metadata>(path, bytes, TENSORS)?;
        let precision = reader.precision()?;
        if precision != T::NAME {
            return Err(reader.refused(format!("a training in {}", T::NAME), format!("one in {precision}")));
        }
        metadata.check().map_err(|(expected, found)| reader.refused(expected, found))?;
        let Metadata { architecture, moments, best, .. } = &metadata;
        let parameters = Parameters {
            network: reader.network("", architecture)?,
            transposed: Vec::new(),
            moments: layer_moments(&mut reader, architecture, *moments)?,
            input_scale_moments: (0..if architecture.input_scale { *moments } else { 0 })
                .map(|n| reader.vector(&(moment(n) + INPUT_SCALE), architecture.inputs, NOT_NAN))
                .collect::<Result<_>>()?,
        };
        let best = match best {
            None => None,
            Some(BestEpoch { epoch, value, network }) => {
                let network = network.then(|| reader.network(BEST, architecture)).transpose()?;
                Some(Best { epoch: *epoch, value: *value, network })
            }
        };
        reader.finish()?;
        let transposed = parameters.network.transposed();
        Ok(Self {
            parameters: Parameters { transposed, ..parameters },
            steps_done: metadata.steps_done,
            epoch_steps: metadata.epoch_steps,
            samples: metadata.samples,
            epoch_cost: metadata.epoch_cost,
            best,
            epochs_without_better: metadata.epochs_without_better,
            reports: metadata.reports,
        })
    }
}

fn layer_moments<T: Real>(
    reader: &mut TensorReader<'_>,
    architecture: &Architecture,
    count: usize,
) -> Result<Vec<Moments<T>>> {
    let mut moments = Vec::new();
    for (i, shape) in architecture.shapes().enumerate() {
        let mut of_layer = Moments { w: Vec::new(), b: Vec::new() };
        for n in 0..count {
            of_layer.w.push(reader.matrix(&(moment(n) + &weight(i)), shape, NOT_NAN)?);
            of_layer.b.push(reader.vector(&(moment(n) + &bias(i)), shape.0, NOT_NAN)?);
        }
        moments.push(of_layer);
    }
    Ok(moments)
}

impl Metadata {
    /// Whether its numbers can be those of one training; otherwise what was expected and what was found.
    fn check(&self) -> Result<(), (String, String)> {
        let wrong = |expected: &str, found: String| Err((expected.to_owned(), found));
        if self.moments > MOST_MOMENTS {
            return wrong("at most 2 running values of each parameter", self.moments.to_string());
        }
        if self.epoch_steps == 0 || self.samples == 0 {
            let found = format!("{} steps of an epoch, {} samples", self.epoch_steps, self.samples);
            return wrong("a step and a sample or more", found);
        }
        let Ok(epochs) = u32::try_from(self.steps_done / self.epoch_steps as u64) else {
            return wrong("fewer than 2³² epochs", format!("{} steps", self.steps_done));
        };
        let rising = self.reports.windows(2).all(|pair| pair[0].epoch < pair[1].epoch);
        let of_epochs = self.reports.iter().all(|report| (1..=epochs).contains(&report.epoch));
        if !(rising && of_epochs) {
            let found = self.reports.iter().map(|report| report.epoch.to_string()).collect::<Vec<_>>();
            return wrong(&format!("reports of epochs from 1 to {epochs}, in order"), found.join(", "));
        }
        if let Some(best) = self.best.as_ref().filter(|best| !(1..=epochs).contains(&best.epoch)) {
            return wrong(&format!("a best epoch from 1 to {epochs}"), best.epoch.to_string());
        }
        if self.epochs_without_better > epochs {
            let found = format!("{} without a better one", self.epochs_without_better);
            return wrong(&format!("at most {epochs} epochs"), found);
        }
        let WeightedMean { total, weight } = self.epoch_cost;
        if !total.is_finite() || !(0.0..f64::INFINITY).contains(&weight) {
            return wrong("a finite cost of samples with a weight from 0 up", format!("{total} of {weight}"));
        }
        Ok(())
    }
}
