//! Files and data frames to matrices and back.

#![forbid(unsafe_code)]

pub mod builtin;
mod cells;
pub mod error;
pub mod idx;
pub mod images;
pub mod kinds;
mod labelled;
pub mod options;
pub mod prepare;
pub mod read;
mod select;
mod split;
pub mod stream;
mod suggest;
pub mod table;
pub mod targets;
pub mod write;

pub use error::{ErrorKind, Place, TableError};
pub use images::Images;
pub use labelled::{Image, Labelled};
pub use options::{Style, TableOptions, Validation};
pub use prepare::Preparation;
pub use table::{Loaded, Table, load};
pub use targets::{ClassWeights, Target, Task};
