//! The gradient of a row of the user's own data, opened.

use crate::error::{Error, Result};
use crate::samples::SampleSet;
use crate::source::DataSource;
use crate::trained::Trained;
use deltarule::explain::{Explanation, Extent, Request, explain};
use deltarule::metrics::predicted_classes;
use deltarule::{Batch, Matrix, Objective, Rows, Samples, Task, ThreadPool, Trace};
use std::ops::Range;

/// What of a network and its samples is to be explained. Layers, neurons and weights count from 1, samples from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The name of the run, for the places that the explanation names.
    pub run: String,
    /// The samples: one, or a batch.
    pub samples: Range<usize>,
    /// Only this layer; 1 is the learned input scale.
    pub layer: Option<usize>,
    /// Only this neuron of the layer.
    pub neuron: Option<usize>,
    /// Only the weight (j, k) of the layer.
    pub weight: Option<(usize, usize)>,
}

impl Question {
    /// All about sample `i`.
    pub fn sample(i: usize) -> Self {
        Self { run: String::new(), samples: i..i + 1, layer: None, neuron: None, weight: None }
    }
}

/// An explanation, with what it was made of.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The explanation.
    pub explanation: Explanation,
    /// Inputs of the samples, a sample a row, as the network sees them.
    pub x: Matrix<f64>,
    /// Their targets.
    pub y: Matrix<f64>,
    /// What the network makes of them.
    pub outputs: Matrix<f64>,
    /// The class that is predicted for each, where the targets are classes: by the threshold, where one was tuned.
    pub classes: Option<Vec<u32>>,
}

impl Trained {
    /// The samples to choose from: those of the source, or where none is named those that the network was trained on. In
    /// double precision, in which explanations are computed.
    ///
    /// # Errors
    /// When they cannot be read, or are other data than the network was trained on.
    pub fn samples_to_explain(&self, source: Option<&DataSource>) -> Result<SampleSet<f64>> {
        match source {
            Some(source) => self.preprocessor.samples(source),
            None => self.preprocessor.training_source(),
        }
    }

    /// Explains the gradient of some samples.
    ///
    /// # Errors
    /// When there is no such sample, layer, neuron or weight.
    pub fn explain(&self, pool: &ThreadPool, of: &SampleSet<f64>, question: &Question) -> Result<Explained> {
        let (range, all) = (&question.samples, of.samples.len());
        if all == 0 {
            return Err(Error::NoSamples);
        }
        if range.is_empty() || range.end > all {
            return Err(Error::NoSuchSample { found: range.end.max(range.start + 1) - 1, samples: all });
        }
        let chosen = of.samples.pick(range.clone());
        let samples = chosen.samples();
        let weights = self.training_weights(samples);
        let batch = Batch { x: samples.x(), y: samples.y(), weights: weights.as_deref() };
        let objective = Objective {
            cost: self.plan.cost(),
            regularisation: self.plan.regularisation(),
            n: self.training().map_or(all, |training| training.samples as usize).max(1),
        };
        let network = self.network_in_f64();
        let trace = Trace::of(pool, &network, objective, &batch)?;
        let request = Request {
            run: question.run.clone(),
            progress: self.training().map(|training| training.kept),
            samples: range.clone().collect(),
            shown: 0,
            layer: question.layer,
            neuron: question.neuron,
            weight: question.weight,
            plan: Some(self.plan.clone()),
            state: None,
            extent: Extent::default(),
        };
        let explanation = explain(pool, &network, &trace, &request)?;
        Ok(Explained {
            explanation,
            x: rows(batch.x),
            y: rows(batch.y),
            outputs: trace.pass.output().a.clone(),
            classes: (self.plan.task() == Task::Classes)
                .then(|| predicted_classes(Rows::all(&trace.pass.output().a), self.preprocessor.threshold)),
        })
    }
}

impl Trained {
    /// What each sample counts in a step of training: its own weight times that of its class.
    fn training_weights(&self, samples: Samples<'_, f64>) -> Option<Vec<f64>> {
        let of_samples: Option<Vec<f64>> = samples.weights().map(Iterator::collect);
        let Some(of_classes) = self.training().and_then(|training| training.class_weights.as_ref()) else {
            return of_samples;
        };
        let of_classes = samples.classes().into_iter().map(|class| of_classes[class as usize]);
        Some(match of_samples {
            Some(of_samples) => of_samples.iter().zip(of_classes).map(|(u, of_class)| u * of_class).collect(),
            None => of_classes.collect(),
        })
    }
}

fn rows(rows: deltarule::Rows<'_, f64>) -> Matrix<f64> {
    Matrix::from_fn(rows.len(), rows.cols(), |i, j| rows.row(i)[j])
}
