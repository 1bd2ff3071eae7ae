//! A file must not be read and written at once.

use crate::error::TableError;
use std::fs;
use std::path::Path;

/// Refuses an output that is one of the inputs, under whatever name: writing would destroy what is being read.
///
/// # Errors
/// When `output` exists and is the same file as one of `inputs`.
pub fn check_output(inputs: &[impl AsRef<Path>], output: &Path) -> Result<(), TableError> {
    let same = inputs.iter().map(AsRef::as_ref).any(|input| same_file(input, output));
    if same {
        return Err(TableError::usage("an output that is no input", format!("{} as both", output.display()))
            .hint("choose another name for the output"));
    }
    Ok(())
}

#[cfg(unix)]
fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_file(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}
