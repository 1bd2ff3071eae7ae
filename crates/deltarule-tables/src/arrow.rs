//! The parts of Arrow that tables need, each from its own crate: the crate of all parts compiles much that nothing here
//! uses.

pub use arrow_buffer as buffer;
pub use arrow_csv as csv;
pub use arrow_ipc as ipc;
pub use arrow_json as json;

/// Arrays, their builders and record batches.
pub mod array {
    pub use arrow_array::builder::*;
    pub use arrow_array::cast::AsArray;
    pub use arrow_array::*;
}

/// Types of columns, fields and schemas.
pub mod datatypes {
    pub use arrow_array::types::*;
    pub use arrow_schema::*;
}

/// Conversions, and batches put together and picked from.
pub mod compute {
    pub use arrow_cast::parse::string_to_datetime;
    pub use arrow_cast::{CastOptions, cast, cast_with_options};
    pub use arrow_select::concat::concat_batches;
    pub use arrow_select::nullif::nullif;
    pub use arrow_select::take::take_record_batch;
}

/// What Arrow refuses.
pub mod error {
    pub use arrow_schema::ArrowError;
}
