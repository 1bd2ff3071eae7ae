//! Backpropagation by its four equations: train, trace and check multilayer perceptrons.
#![forbid(unsafe_code)]

pub mod activation;
pub mod cost;
pub mod dataset;
pub mod dropout;
pub mod equations;
pub mod error;
pub mod evaluate;
pub mod explain;
pub mod file;
pub mod folds;
pub mod gradcheck;
pub mod init;
pub mod metrics;
pub mod model;
mod names;
pub mod network;
pub mod objective;
pub mod optimizer;
pub mod pass;
pub mod plan;
pub mod random;
pub mod schedule;
pub mod selection;
pub mod settings;
mod spec;
pub mod split;
pub mod trace;
pub mod train;

pub use activation::Activation;
pub use cost::Cost;
pub use dataset::{Batch, Batches, Dataset, Samples, Shuffled};
pub use deltarule_kernels::{Gradient, Matrix, Panels, Real, Rows, Team};
pub use error::{Error, Result};
pub use model::{AnyModel, Model};
pub use network::{Layer, Network, Workspace};
pub use objective::{Objective, Regularisation};
pub use pass::{Gradients, Pass};
pub use plan::Plan;
pub use settings::{Settings, Task};
pub use trace::Trace;
pub use train::{Observer, Outcome, Trainer};
