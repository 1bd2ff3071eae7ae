//! Backpropagation by its four equations: train, trace and check multilayer perceptrons.
#![forbid(unsafe_code)]

pub mod dataset;
pub mod error;
pub mod optimizer;
pub mod random;
pub mod schedule;
pub mod split;

pub use deltarule_kernels::{Matrix, Panels, Real, Rows, Team};
pub use error::{Error, Result};
