//! How far rounding alone moves a cost and its gradient.
//!
//! Every operation is off by about ε of its result, one way or the other. Such errors add up as their squares, so that
//! with v the mean square of an error in units of ε, for a sum of n terms,
//!
//! ```text
//! v(zˡ) = (w²) (n/2 · (aˡ⁻¹)² + v(aˡ⁻¹)) + n b²
//! v(aˡ) = (aˡ)² + σ′² v(zˡ)
//! v(δˡ) = σ′² ⊙ (w²)ᵀ (n/2 · δ² + v(δ)) + σ″² (1 + v(zˡ)) ⊙ (w²)ᵀ δ²        δ of the layer above
//! ```
//!
//! squares being taken element by element. It is an estimate: n/2 stands for the partial sums, and σ″ for a bound of it.

use super::Parameter;
use crate::activation::Activation;
use crate::equations;
use crate::layer::Layer;
use crate::network::Network;
use crate::trace::Trace;
use deltarule_kernels::{Matrix, Panels, Rows, ThreadPool};

/// The errors of one pass over a batch, in units of ε.
pub(super) struct Rounding {
    /// Of C, but for the ε |C| of its own.
    pub(super) cost: f64,
    /// v of what goes into each layer.
    inputs: Vec<Matrix<f64>>,
    /// v(δ) of each layer.
    deltas: Vec<Matrix<f64>>,
    /// v(δ¹), where the network has an input scale.
    input_delta: Option<Matrix<f64>>,
}

impl Rounding {
    pub(super) fn of(pool: &ThreadPool, network: &Network<f64>, trace: &Trace<f64>) -> Self {
        let squares: Vec<Layer<f64>> = network.layers.iter().map(squared).collect();
        let samples = trace.samples();
        let first = trace.input_of(0);
        let scaled = network.input_scale.is_some();
        let mut below =
            Matrix::from_fn(samples, first.cols(), |i, k| if scaled { square(first.row(i)[k]) } else { 0.0 });
        let (mut inputs, mut z, mut slopes) = (Vec::new(), Vec::new(), Vec::new());
        for (l, layer) in squares.iter().enumerate() {
            let (a, half) = (trace.input_of(l), 0.5 * layer.inputs() as f64);
            let terms =
                Matrix::from_fn(samples, layer.inputs(), |i, k| half * square(a.row(i)[k]) + below.at(i, k));
            let mut of_z = Matrix::zeros(samples, layer.outputs());
            equations::forward(pool, layer, Rows::all(&terms), None, &mut of_z);
            let slope = trace.sigma_prime(pool, network, l);
            let a = &trace.pass.layers[l].a;
            let of_a = Matrix::from_fn(samples, layer.outputs(), |i, j| {
                square(a.at(i, j)) + square(slope.at(i, j)) * of_z.at(i, j)
            });
            inputs.push(std::mem::replace(&mut below, of_a));
            z.push(of_z);
            slopes.push(slope);
        }
        let last = squares.len() - 1;
        let (cost, of_output) = of_output(trace, network.output().activation, &z[last], &slopes[last]);
        let mut deltas = vec![of_output];
        for l in (0..last).rev() {
            let (v, square_of_delta) =
                through(pool, &squares[l + 1], &deltas[0], &trace.pass.layers[l + 1].delta);
            let (bound, half) =
                (curvature(network.layers[l].activation), 0.5 * squares[l + 1].outputs() as f64);
            let of_delta = |i, j| {
                let (slope, square_of_delta) = (square(slopes[l].at(i, j)), square_of_delta.at(i, j));
                let of_slope = bound * slope.max(1.0) * (1.0 + z[l].at(i, j)) * square_of_delta;
                slope * (v.at(i, j) + half * square_of_delta) + of_slope
            };
            deltas.insert(0, Matrix::from_fn(samples, squares[l].outputs(), of_delta));
        }
        let input_delta = scaled.then(|| {
            let (v, square_of_delta) = through(pool, &squares[0], &deltas[0], &trace.pass.layers[0].delta);
            let half = 0.5 * squares[0].outputs() as f64;
            Matrix::from_fn(samples, first.cols(), |i, k| v.at(i, k) + half * square_of_delta.at(i, k))
        });
        Self { cost, inputs, deltas, input_delta }
    }

    /// Of ∂C/∂ of this parameter: the root of the mean square.
    pub(super) fn gradient(&self, trace: &Trace<f64>, parameter: Parameter) -> f64 {
        let half = 0.5 * trace.samples() as f64;
        // Of a sum over the samples of a δ.
        let product = |a: f64, of_a: f64, delta: f64, of_delta: f64| {
            square(a) * of_delta + of_a * square(delta) + half * square(a * delta)
        };
        let of_sample = |i: usize| match parameter {
            Parameter::InputScale { k } => {
                let (Some(pass), Some(of_delta)) = (&trace.pass.input, &self.input_delta) else { return 0.0 };
                product(trace.x.at(i, k), 0.0, pass.delta.at(i, k), of_delta.at(i, k))
            }
            Parameter::Bias { l, j } => {
                product(1.0, 0.0, trace.pass.layers[l - 2].delta.at(i, j), self.deltas[l - 2].at(i, j))
            }
            Parameter::Weight { l, j, k } => product(
                trace.input_of(l - 2).row(i)[k],
                self.inputs[l - 2].at(i, k),
                trace.pass.layers[l - 2].delta.at(i, j),
                self.deltas[l - 2].at(i, j),
            ),
        };
        trace.scale * (0..trace.samples()).map(of_sample).sum::<f64>().sqrt()
    }
}

/// The error of C, and v(δᴸ).
fn of_output(
    trace: &Trace<f64>,
    activation: Activation,
    z: &Matrix<f64>,
    slopes: &Matrix<f64>,
) -> (f64, Matrix<f64>) {
    let (cost, output) = (trace.objective.cost, trace.pass.output());
    let (samples, outputs) = (output.a.rows(), output.a.cols());
    let weight = |i: usize| trace.weights.as_ref().map_or(1.0, |weights| weights[i]);
    let fused = cost.has_fused_delta();
    let mut nabla = Matrix::zeros(samples, outputs);
    if !fused {
        cost.gradient(&output.a, Rows::all(&trace.y), &mut nabla);
    }
    let bound = curvature(activation);
    let of_delta = Matrix::from_fn(samples, outputs, |i, j| {
        let (slope, v) = (square(slopes.at(i, j)), z.at(i, j));
        let of_a = square(output.a.at(i, j)) + slope * v;
        let of_difference = of_a + square(cost.target(trace.y.at(i, j), outputs));
        let unweighted = if fused {
            of_difference
        } else {
            // Softmax mixes the slopes of all outputs.
            let nabla: f64 = match activation.is_elementwise() {
                true => square(nabla.at(i, j)),
                false => nabla.row(i).iter().map(|&slope| square(slope)).sum(),
            };
            // No cost here has a second derivative above 2.
            4.0 * slope * of_difference + nabla * (slope + bound * slope.max(1.0) * (1.0 + v))
        };
        square(weight(i)) * unweighted + square(output.delta.at(i, j))
    });
    let of_sample = |i: usize| {
        let of_outputs = (0..outputs).map(|j| {
            let through_z = square(output.delta.at(i, j)) * z.at(i, j);
            through_z + square(weight(i) * nabla.at(i, j) * output.a.at(i, j))
        });
        of_outputs.sum::<f64>()
    };
    (trace.scale * (0..samples).map(of_sample).sum::<f64>().sqrt(), of_delta)
}

/// (w²)ᵀ v(δ) and (w²)ᵀ δ², from the layer above.
fn through(
    pool: &ThreadPool,
    above: &Layer<f64>,
    v: &Matrix<f64>,
    delta: &Matrix<f64>,
) -> (Matrix<f64>, Matrix<f64>) {
    let w_t = above.w.transposed();
    let squares = Matrix::from_fn(delta.rows(), delta.cols(), |i, j| square(delta.at(i, j)));
    let down = |of: &Matrix<f64>| {
        let mut below = Matrix::zeros(of.rows(), above.inputs());
        let source = below.clone();
        equations::bp2(pool, &w_t, of, Activation::Identity, &source, &mut below);
        below
    };
    (down(v), down(&squares))
}

/// The layer with the squares of its weights, and n b² for its biases.
fn squared(layer: &Layer<f64>) -> Layer<f64> {
    let n = layer.inputs() as f64;
    Layer {
        w: Panels::from_fn(layer.outputs(), layer.inputs(), |j, k| square(layer.w.get(j, k))),
        b: layer.b.iter().map(|&b| n * square(b)).collect(),
        activation: Activation::Identity,
    }
}

/// About the largest σ″² where σ′ is at most 1.
fn curvature(activation: Activation) -> f64 {
    match activation {
        Activation::Identity | Activation::Relu | Activation::LeakyRelu { .. } => 0.0,
        curved => square(curved.steepest()),
    }
}

fn square(x: f64) -> f64 {
    x * x
}
