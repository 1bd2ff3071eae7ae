//! Paths with wild cards.

use crate::error::TableError;
use std::fmt;
use std::path::{Path, PathBuf};

/// The files that a path stands for.
pub(crate) fn matching(path: &Path) -> Result<Vec<PathBuf>, TableError> {
    let pattern = path.to_string_lossy();
    if !pattern.contains(['*', '?', '[']) || path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let bad =
        |e: &dyn fmt::Display| TableError::usage("a pattern of file names", format!("{pattern:?}: {e}"));
    let mut files = Vec::new();
    for file in glob::glob(&pattern).map_err(|e| bad(&e))? {
        let file = file.map_err(|e| TableError::system(e.path(), "a folder that can be read", e.error()))?;
        if !file.is_dir() {
            files.push(file);
        }
    }
    match files.is_empty() {
        true => Err(TableError::usage(format!("a file that matches {pattern}"), "none")),
        false => Ok(files),
    }
}
