//! What is chosen after training, on the validation samples: a temperature, and the threshold between two classes.

use crate::error::{Error, Result};
use crate::preprocessor::Preprocessor;
use crate::settings::RunSettings;
use crate::subset::Subset;
use deltarule::metrics::{self, Link, Metric, Temperature, Threshold};
use deltarule::{Activation, Hint, Matrix, Network, Real, Rows, Task, ThreadPool};

/// What was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tuned {
    /// The temperature, which was folded into the last layer.
    pub temperature: Option<Temperature>,
    /// The threshold, with the metric that chose it.
    pub threshold: Option<(Metric, Threshold)>,
}

/// Refuses what these samples give no ground for, before a training.
pub(crate) fn check<T: Real>(
    settings: &RunSettings,
    output: Activation,
    preprocessor: &Preprocessor,
    validation: Option<&Subset<T>>,
) -> Result {
    let temperature = settings.temperature == Some(true);
    for (name, said) in [("tune-threshold", settings.tune_threshold.is_some()), ("temperature", temperature)]
    {
        if said && preprocessor.task() != Task::Classes {
            return Err(Error::unsuited(name, "is for classes, and this target has none"));
        }
        if said && validation.is_none() {
            return Err(Error::unsuited(name, "needs validation samples to choose by")
                .advise("{validation=0.1} holds a tenth out"));
        }
    }
    if temperature && Link::of(output).is_none() {
        let why = Hint::new("is for softmax and sigmoid outputs, and these are ").text(output);
        return Err(Error::unsuited("temperature", why));
    }
    if settings.tune_threshold.is_some() && preprocessor.labels().len() != 2 {
        return Err(Error::unsuited("tune-threshold", "is for two classes"));
    }
    Ok(())
}

/// Chooses the temperature, which is folded into the last layer, and then the threshold.
pub(crate) fn run<T: Real>(
    settings: &RunSettings,
    pool: &ThreadPool,
    network: &mut Network<T>,
    preprocessor: &mut Preprocessor,
    validation: Option<&Subset<T>>,
) -> Result<Tuned> {
    let mut tuned = Tuned::default();
    let Some(samples) = validation.map(Subset::samples) else { return Ok(tuned) };
    let truth = samples.classes();
    let weights: Option<Vec<f64>> = samples.weights().map(|weights| weights.map(T::to_f64).collect());
    let link = Link::of(network.output().activation).filter(|_| settings.temperature == Some(true));
    if let Some(link) = link {
        let z = output_inputs(pool, network, samples.x())?;
        let found = metrics::temperature(&truth, Rows::all(&z), link, weights.as_deref())?;
        cool(network, found.temperature);
        preprocessor.temperature = Some(found.temperature);
        tuned.temperature = Some(found);
    }
    if let Some(metric) = settings.tune_threshold {
        let outputs = network.predict_all(pool, samples.x())?;
        let second = |row: &[T]| row[row.len() - 1].to_f64();
        let probabilities: Vec<f64> = Rows::all(&outputs).iter().map(second).collect();
        let found = metrics::threshold(metric, &truth, &probabilities, weights.as_deref())?;
        preprocessor.threshold = Some(found.threshold);
        tuned.threshold = Some((metric, found));
    }
    Ok(tuned)
}

/// Divides the weighted inputs of the output layer by a temperature, once and for all.
fn cool<T: Real>(network: &mut Network<T>, temperature: f64) {
    let factor = T::from_f64(1.0 / temperature);
    let last = network.layers.len() - 1;
    let layer = &mut network.layers[last];
    for j in 0..layer.outputs() {
        layer.b[j] *= factor;
        for k in 0..layer.inputs() {
            layer.w.set(j, k, layer.w.get(j, k) * factor);
        }
    }
}

/// z of the output layer for every row: what the network puts out without σ there.
fn output_inputs<T: Real>(pool: &ThreadPool, network: &Network<T>, x: Rows<'_, T>) -> Result<Matrix<T>> {
    let mut network = network.clone();
    let last = network.layers.len() - 1;
    network.layers[last].activation = Activation::Identity;
    Ok(network.predict_all(pool, x)?)
}
