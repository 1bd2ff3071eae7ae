//! `cargo xtask reference`: the figures of the independent implementation, computed again.

use crate::python::Environment;
use crate::shell::{program, root, run};
use anyhow::Result;

/// What `cargo xtask reference` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Compare with the stored figures and change nothing
    #[arg(long)]
    check: bool,
}

/// Computes the figures with PyTorch, in an environment of its own, and stores or compares them.
pub(crate) fn run_script(options: &Options) -> Result<()> {
    let environment = Environment::named(".venv-reference");
    environment.install(&root().join("xtask/python/reference-requirements.txt"))?;
    let mut arguments = vec!["xtask/python/reference.py", "crates/deltarule/tests/data/reference.json"];
    if options.check {
        arguments.push("--check");
    }
    run(&mut program(environment.python(), &arguments))
}
