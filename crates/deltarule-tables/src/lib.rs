//! Files and data frames to matrices and back.
//!
//! A table is read ([`read`]), looked at ([`kinds`]), and made into data sets by what its training rows teach
//! ([`load()`]); the [`TablePreprocessor`] that was fitted goes into the model file and prepares other tables the same way.
//! Predictions are written row for row ([writing](crate::write)). Tables larger than memory train as a [`stream`].
//!
//! ```
//! use deltarule_tables::read::{ReadOptions, Source};
//! use deltarule_tables::{Loaded, TableOptions, load};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("houses.csv");
//! std::fs::write(&path, "rooms,town,price\n3,Bonn,250\n5,Kiel,310\n2,Bonn,180\n4,Kiel,290\n")?;
//!
//! let source = Source::open(&[&path], &ReadOptions::default())?;
//! let options = TableOptions { target: vec!["price".into()], ..TableOptions::default() };
//! let loaded: Loaded<f32> = load(&source, None, &options)?;
//! assert_eq!(loaded.preprocessor.feature_names(), ["rooms", "town −Bonn +Kiel"]);
//! assert_eq!(loaded.train.len(), 4);
//! println!("{}", loaded.overview);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod arrow;
pub mod builtin;
mod cells;
pub mod error;
pub mod idx;
mod images;
pub mod kinds;
mod labelled;
mod load;
mod notice;
pub mod options;
pub mod prepare;
pub mod read;
mod row_names;
mod select;
pub mod stream;
mod suggest;
pub mod table;
pub mod targets;
pub mod write;

pub use error::{ErrorKind, Place, TableError};
pub use images::Images;
pub use labelled::{Image, Labelled};
pub use load::{Loaded, TablePlan, load};
pub use notice::Notice;
pub use options::{Style, TableOptions, Validation};
pub use prepare::TablePreprocessor;
pub use table::Table;
pub use targets::{ClassWeights, Target, Task};
