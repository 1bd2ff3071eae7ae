//! Files and data frames to matrices and back.

#![forbid(unsafe_code)]

pub mod builtin;
pub mod error;
pub mod idx;
mod labelled;

pub use error::{ErrorKind, Place, TableError};
pub use labelled::{Image, Labelled};
