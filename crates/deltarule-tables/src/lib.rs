//! Files and data frames to matrices and back.

#![forbid(unsafe_code)]

pub mod builtin;
pub mod error;
pub mod idx;
mod labelled;
pub mod read;

pub use error::{ErrorKind, Place, TableError};
pub use labelled::{Image, Labelled};
