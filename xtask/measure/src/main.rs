//! What the benchmarks and reproductions of deltarule run. `cargo xtask` builds it in release and starts it.

#![forbid(unsafe_code)]

mod mnist;
mod npy;
mod peer;
mod probe;
mod record;
mod reproduce;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "What the benchmarks and reproductions of deltarule run")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Answer the benchmark's driver on standard input and output, as xtask/python/peers/protocol.py says
    Peer,
    /// Measure the book's accuracies on MNIST again, and the vanishing gradient
    Reproduce(reproduce::Options),
    /// Train on MNIST for a fixed time, and say how many of the test images are then right
    Record(Box<record::Options>),
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
        Task::Peer => peer::serve(),
        Task::Reproduce(options) => reproduce::run(&options),
        Task::Record(options) => record::run(&options),
    }
}
