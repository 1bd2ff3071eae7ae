//! `cargo xtask reference`: the figures of the independent implementation, computed again.

use crate::python::Environment;
use crate::shell::{program, run};
use anyhow::Result;

/// What `cargo xtask reference` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Compare with the stored figures and change nothing
    #[arg(long)]
    check: bool,
}

/// Computes the figures with PyTorch and stores or compares them.
pub(crate) fn run_script(options: &Options) -> Result<()> {
    let environment = Environment::install()?;
    let mut arguments = vec!["xtask/python/reference.py", "crates/deltarule/tests/data/reference.json"];
    if options.check {
        arguments.push("--check");
    }
    run(&mut program(environment.python(), &arguments))
}
