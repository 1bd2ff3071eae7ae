//! The way into a large network: its layers, the worst outputs, the largest gradients.

use super::terms::{Factor, Role, Symbol};
use crate::gradcheck::Parameter;
use crate::network::Network;
use crate::trace::Trace;
use deltarule_kernels::ThreadPool;
use serde::{Deserialize, Serialize};

/// How the error fades or grows from layer to layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerStats {
    /// Layer, the input being 1.
    pub layer: usize,
    /// Neurons.
    pub neurons: usize,
    /// The mean over the samples of ‖δˡ‖.
    pub delta: f64,
    /// ‖∂C/∂bˡ‖, the norm of the mean of δˡ.
    pub bias_gradient: f64,
    /// ‖∂C/∂wˡ‖
    pub weight_gradient: f64,
    /// The share of neurons and samples with |σ′(z)| below a twentieth of what it is at most: these learn slowly. No number
    /// for softmax, which has no σ′ of its own.
    pub saturated: Option<f64>,
}

/// One output of one sample, and how wrong it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Number of the sample.
    pub sample: usize,
    /// a of the output.
    pub a: Factor,
    /// Its target.
    pub y: f64,
    /// Its δ.
    pub delta: f64,
}

/// A parameter and its gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LargeGradient {
    /// Which.
    pub parameter: Parameter,
    /// Its value.
    pub value: f64,
    /// ∂C/∂ of it.
    pub gradient: f64,
}

/// The layers from the first hidden one to the output.
pub(super) fn layers(pool: &ThreadPool, network: &Network<f64>, trace: &Trace<f64>) -> Vec<LayerStats> {
    let stats = |i: usize| {
        let (layer, delta) = (&network.layers[i], &trace.pass.layers[i].delta);
        let gradient = &trace.gradients.layers[i];
        let samples = delta.rows();
        let saturated = layer.activation.is_elementwise().then(|| {
            let slopes = trace.sigma_prime(pool, network, i);
            let flat = |slope: &&f64| slope.abs() < 0.05 * layer.activation.steepest();
            let count: usize = (0..samples).map(|s| slopes.row(s).iter().filter(flat).count()).sum();
            count as f64 / (samples * layer.outputs()) as f64
        });
        LayerStats {
            layer: i + 2,
            neurons: layer.outputs(),
            delta: (0..samples).map(|s| norm(delta.row(s).iter().copied())).sum::<f64>() / samples as f64,
            bias_gradient: norm(gradient.b.iter().copied()),
            weight_gradient: norm(gradient.w.iter()),
            saturated,
        }
    };
    (0..network.layers.len()).map(stats).collect()
}

/// The outputs with the largest |δ|, the largest first.
pub(super) fn most_wrong(trace: &Trace<f64>, samples: &[usize], most: usize) -> Vec<Output> {
    let output = trace.pass.output();
    let l = trace.pass.layers.len() + 1;
    let cells = (0..trace.samples()).flat_map(|i| (0..output.a.cols()).map(move |j| (i, j)));
    let found = cells.map(|(i, j)| Output {
        sample: samples[i],
        a: Factor::new(Symbol::neuron(Role::Activation, l, j), output.a.at(i, j)),
        y: trace.y.at(i, j),
        delta: output.delta.at(i, j),
    });
    largest(found, most, |output| output.delta)
}

/// The weights with the largest gradient, the largest first.
pub(super) fn largest_gradients(
    network: &Network<f64>,
    trace: &Trace<f64>,
    most: usize,
) -> Vec<LargeGradient> {
    let weights = Parameter::all(network).filter(|p| matches!(p, Parameter::Weight { .. }));
    let found = weights.map(|parameter| LargeGradient {
        parameter,
        value: parameter.of(network),
        gradient: parameter.gradient(&trace.gradients),
    });
    largest(found, most, |weight| weight.gradient)
}

/// √ of the sum of all squares.
pub(super) fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

fn largest<I>(items: impl Iterator<Item = I>, most: usize, size: impl Fn(&I) -> f64) -> Vec<I> {
    let mut items: Vec<I> = items.collect();
    items.sort_by(|a, b| size(b).abs().total_cmp(&size(a).abs()));
    items.truncate(most);
    items
}
