//! Checks, benchmarks and set-up of deltarule, as cargo commands.
//!
//! What only starts other programs lives here and builds in seconds; what measures the library itself lives in the
//! package `measure`, which these commands build in release and start.

#![forbid(unsafe_code)]

mod bench;
mod measure;
mod python;
mod reading;
mod record;
mod reference;
mod shell;
mod tabular;
mod test;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Checks, benchmarks and set-up of deltarule"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check everything: formatting, lints, tests, documentation, dependencies, instruction counts
    Test(test::Options),
    /// Measure deltarule and its peers: samples a second, share of the machine's peak, ratios
    Bench(bench::Options),
    /// Measure how fast tables are read, beside pandas and pyarrow
    BenchReading(reading::Options),
    /// Measure the accuracies of the book on MNIST again, and the vanishing gradient
    Reproduce(measure::Forwarded),
    /// Time from the start of a process to 98.0 % of MNIST's test images, beside PyTorch
    Record(record::Options),
    /// Compute the figures of the independent implementation again (PyTorch in f64)
    Reference(reference::Options),
    /// The recipe for tables beside scikit-learn's networks and boosted trees, on the same rows
    Tabular(tabular::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::BenchReading(options) => reading::run_script(&options),
        Task::Reproduce(options) => measure::forward("reproduce", &options),
        Task::Record(options) => record::run(&options),
        Task::Reference(options) => reference::run_script(&options),
        Task::Tabular(options) => tabular::run(&options),
    }
}
