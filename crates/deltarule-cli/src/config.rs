//! The settings of a run: flags over a TOML file over defaults.

use crate::failure::{Failure, Outcome};
use crate::flags;
use deltarule_pipeline::settings::{Config, FileError};
use std::path::Path;

/// What was said on the command line over the file that it names; what both leave open is filled in later, by whoever
/// knows the data.
pub(crate) fn resolve(source: &[String], file: Option<&Path>, said: Config) -> Outcome<Config> {
    let mut config = match file {
        Some(path) => said.or(read(path)?),
        None => said,
    };
    if !source.is_empty() {
        config.data.source = Some(source.to_vec());
    }
    config.check().map_err(flags::refused)?;
    Ok(config)
}

/// A settings file.
fn read(path: &Path) -> Outcome<Config> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
    Config::from_toml(&text).map_err(|error| {
        let FileError { line, column, .. } = error;
        Failure {
            hint: error.hint().map(|hint| hint.worded(flags::flag)),
            ..Failure::usage(format_args!("{}:{line}:{column}: {error}", path.display()))
        }
    })
}
