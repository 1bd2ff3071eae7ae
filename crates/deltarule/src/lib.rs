//! Backpropagation by its four equations: train, trace and check multilayer perceptrons.
#![forbid(unsafe_code)]

pub mod activation;
pub mod cost;
pub mod dataset;
pub mod equations;
pub mod error;
pub mod folds;
mod math;
pub mod network;
pub mod optimizer;
pub mod pass;
pub mod random;
pub mod schedule;
mod spec;
pub mod split;

pub use activation::Activation;
pub use cost::{Cost, Objective, Regularisation};
pub use dataset::Batch;
pub use deltarule_kernels::{Gradient, Matrix, Panels, Real, Rows, Team};
pub use error::{Error, Result};
pub use network::{Layer, Network, Workspace};
pub use pass::{Gradients, Pass};
