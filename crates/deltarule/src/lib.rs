//! Backpropagation by its four equations: train, trace and check multilayer perceptrons.
#![forbid(unsafe_code)]

pub mod error;

pub use deltarule_kernels::{Matrix, Panels, Real, Rows, Team};
pub use error::{Error, Result};
