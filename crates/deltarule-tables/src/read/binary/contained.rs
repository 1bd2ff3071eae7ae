//! Borrowed decoders on hostile input.

use crate::error::TableError;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What `decode` yields; its error, and even its panic, as an error about the file.
///
/// The decoders are checked beforehand for all that is known to harm them. This is the last resort.
pub(crate) fn contained<T, E: Display>(
    file: &Path,
    expected: &str,
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, TableError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(damaged(file, expected, error.to_string())),
        Err(_) => Err(damaged(file, expected, "data that make no sense".to_owned())),
    }
}

fn damaged(file: &Path, expected: &str, found: String) -> TableError {
    TableError::data(file, expected, found).hint("the file is damaged; fetch or write it again")
}
