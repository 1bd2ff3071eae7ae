//! Files and data frames to matrices and back.

#![forbid(unsafe_code)]

pub mod error;

pub use error::{ErrorKind, Place, TableError};
