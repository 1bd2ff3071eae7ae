//! The package `measure`, which runs the library itself: built in release and started here.

use crate::shell::{cargo, program, run, target};
use anyhow::Result;
use std::path::PathBuf;

/// Arguments that are handed on as they are.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Forwarded {
    /// Options of this task; --help lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the package and returns its program.
pub(crate) fn build() -> Result<PathBuf> {
    run(&mut cargo(&["build", "--release", "--quiet", "-p", "measure"]))?;
    Ok(target()?.join("release/measure"))
}

/// Runs one of its tasks with these options.
pub(crate) fn forward(task: &str, options: &Forwarded) -> Result<()> {
    let mut command = program(build()?, &[task]);
    run(command.args(&options.arguments))
}
