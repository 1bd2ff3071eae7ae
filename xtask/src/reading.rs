//! `cargo xtask bench-reading`: tables read by deltarule, pandas and pyarrow in turn.

use crate::python::Environment;
use crate::shell::{cargo, program, run, target};
use anyhow::{Context, Result};

/// What `cargo xtask bench-reading` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Size of each table, in MiB; they lie, one at a time, in the folder for temporary files meanwhile
    #[arg(long, default_value_t = 954, value_parser = clap::value_parser!(u32).range(1..))]
    mib: u32,
    /// Rounds in which all take turns; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The tables to read
    #[arg(long = "table", value_name = "TABLE", value_delimiter = ',',
        default_value = "numbers.csv,mixed.csv,numbers.parquet,mixed.parquet",
        value_parser = ["numbers.csv", "mixed.csv", "numbers.parquet", "mixed.parquet"])]
    tables: Vec<String>,
}

/// Installs pandas and pyarrow into `.venv-readers`, builds the example that reads, and lets a script measure all three.
pub(crate) fn run_script(options: &Options) -> Result<()> {
    let environment = Environment::readers()?;
    let example = ["--release", "-p", "deltarule-tables", "--example", "read_throughput"];
    run(cargo(&["build", "--quiet"]).args(example))?;
    let reader = target()?.join("release/examples/read_throughput");
    let reader = reader.to_str().context("the path of the example is not UTF-8")?;
    let (mib, rounds) = (options.mib.to_string(), options.rounds.to_string());
    let mut script =
        program(environment.python(), &["xtask/python/read_throughput.py", reader, &mib, &rounds]);
    run(script.args(&options.tables))
}
