//! Backpropagation by its four equations: train, trace and check multilayer perceptrons.
//!
//! # The four equations
//!
//! Feedforward goes up through the layers l = 2, …, L; the error δ comes down again, and with it the gradient:
//!
//! ```text
//! forward   zˡ = wˡ aˡ⁻¹ + bˡ,   aˡ = σ(zˡ)
//!
//! BP1       δᴸ = ∇ₐC ⊙ σ′(zᴸ)                      the error of the output
//! BP2       δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)            the error of a layer from the one above
//! BP3       ∂C/∂bˡⱼ  = δˡⱼ                          the gradient by the biases
//! BP4       ∂C/∂wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ                    the gradient by the weights
//! ```
//!
//! Each is a function of [`equations`], and these functions are all there is: training, a [`Trace`], an
//! [explanation](explain) and the [gradient check](gradcheck) run the same ones, in `f32` and in `f64`.
//!
//! # Notation
//!
//! That of chapter 2 of Michael Nielsen's *Neural Networks and Deep Learning*. ⊙ multiplies element by element.
//!
//! | symbol | in code | what it is |
//! |---|---|---|
//! | l = 1, …, L | `layers[l - 2]` | layer; 1 is the input, L the output |
//! | wˡⱼₖ | [`Layer::w`]`.get(j, k)` | weight from neuron k of layer l − 1 to neuron j of layer l |
//! | bˡⱼ | [`Layer::b`]`[j]` | bias of neuron j of layer l |
//! | zˡⱼ | `z` | weighted input of the neuron |
//! | aˡⱼ | `a` | its activation; a¹ = x |
//! | σ, σ′ | [`Activation`] | activation function and its derivative |
//! | x, y | `x`, `y` | inputs and targets of a sample |
//! | C | [`Cost`], [`Objective`] | cost, the mean of the samples' costs |
//! | δˡⱼ = ∂C/∂zˡⱼ | `delta` | error of the neuron |
//! | uᵢ | `weights` | what sample i counts |
//! | m, n | `batch.len()`, `n` | samples of a batch, samples of the training set |
//! | η, λ | `eta`, `l2` | learning rate, regularisation |
//!
//! # Shapes
//!
//! In the mathematics a batch is a matrix with one sample a column, and zˡ = wˡ aˡ⁻¹ + bˡ holds for all columns at once.
//! In memory that is one sample a contiguous row: a [`Matrix`] of m rows, as wide as the layer. Errors δ stay those of
//! each sample (times uᵢ); the mean, 1/m or 1/Σᵢ uᵢ, is taken by BP3 and BP4.
//!
//! # Example
//!
//! A network learns XOR by gradient descent. Every step is the four equations, and their gradient is checked on the way.
//!
//! ```
//! use deltarule::{Activation, Batch, Cost, Layer, Matrix, Network, Panels, ThreadPool, Trace, gradcheck};
//!
//! let x = Matrix::<f64>::from_rows(&[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let y = Matrix::from_rows(&[[0.0], [1.0], [1.0], [0.0]]);
//! let batch = Batch::new((&x).into(), (&y).into());
//!
//! // 2 inputs, 3 hidden neurons, 1 output
//! let w = [[2.0, -1.0], [-1.0, 2.0], [1.0, 1.0]];
//! let hidden = Layer { w: Panels::from_fn(3, 2, |j, k| w[j][k]), b: vec![0.0; 3], activation: Activation::Tanh };
//! let output = Layer { w: Panels::from_fn(1, 3, |_, k| [0.5, 0.5, -0.5][k]), b: vec![0.0], activation: Activation::Sigmoid };
//! let mut network = Network::new(vec![hidden, output])?;
//!
//! let pool = ThreadPool::single();
//! let cost = Cost::BinaryCrossEntropy;
//! let report = gradcheck::check(&pool, &network, cost, &batch, &gradcheck::Settings::default())?;
//! assert!(report.passed());
//!
//! let eta = 1.0;
//! for _ in 0..300 {
//!     let trace = Trace::of(&pool, &network, cost, &batch)?;
//!     for (layer, gradient) in network.layers.iter_mut().zip(&trace.gradients.layers) {
//!         for j in 0..layer.outputs() {
//!             layer.b[j] -= eta * gradient.b[j];
//!             for k in 0..layer.inputs() {
//!                 layer.w.set(j, k, layer.w.get(j, k) - eta * gradient.w.get(j, k));
//!             }
//!         }
//!     }
//! }
//! let a = network.predict_all(&pool, (&x).into())?;
//! for i in 0..4 {
//!     assert!((a.at(i, 0) - y.at(i, 0)).abs() < 0.1);
//! }
//! # Ok::<(), deltarule::Error>(())
//! ```
//!
//! Mini-batches, optimizers that run in the store of BP4, early stopping and all else of real training: [`train`].
#![forbid(unsafe_code)]

pub mod activation;
pub mod batches;
pub mod cost;
pub mod dataset;
pub mod dropout;
pub mod equations;
pub mod error;
pub mod evaluate;
mod exact;
pub mod explain;
mod exponential;
pub mod file;
pub mod folds;
pub mod gradcheck;
pub mod hint;
pub mod init;
pub mod interval;
pub mod layer;
pub mod mean;
pub mod metrics;
pub mod model;
pub mod network;
pub mod objective;
pub mod optimizer;
pub mod pass;
pub mod plan;
pub mod progress;
pub mod random;
pub mod real;
pub mod schedule;
pub mod selection;
pub mod settings;
pub mod split;
pub mod task;
mod tensors;
pub mod trace;
pub mod train;
pub mod variants;

pub use activation::Activation;
pub use batches::{Batch, Batches, Shuffled};
pub use cost::Cost;
pub use dataset::{Dataset, Samples, Truth};
pub use deltarule_kernels::{Gradient, Matrix, Panels, Rows, ThreadPool};
pub use error::{Error, ErrorKind, Result};
pub use hint::Hint;
pub use interval::Interval;
pub use layer::Layer;
pub use metrics::Metric;
pub use model::{AnyModel, Model};
pub use network::{Network, Workspace};
pub use objective::{Objective, Regularisation};
pub use optimizer::OptimizerName;
pub use pass::{Gradients, Pass};
pub use plan::Plan;
pub use real::Real;
pub use schedule::ScheduleName;
pub use settings::Settings;
pub use task::Task;
pub use trace::Trace;
pub use train::{Observer, Trainer, TrainingState};
pub use variants::Variants;

/// The example of the README is compiled and run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
