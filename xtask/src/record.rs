//! `cargo xtask record`: the time from the start of a process to 98.0 % of MNIST's test images, by deltarule and PyTorch.

use crate::measure;
use crate::python::Environment;
use crate::shell::{output, program};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// What both train, in the words of the library's settings: of what was tried, the least arithmetic with which the worst of
/// five seeds got 98.2 % of the validation images right (`--validate`). The number of epochs is part of it; nothing looks at
/// the test images before training has ended.
const RECIPE: &str = r#"{"hidden":[256],"activation":"relu","cost":"softmax-cross-entropy:0.05","optimizer":"adam","eta":0.008,"schedule":"one-cycle","batch":128,"epochs":4}"#;
/// The share of the test images that every seed must get right.
const GOAL: f64 = 0.98;

/// What `cargo xtask record` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Folder with the four files of MNIST
    #[arg(long, value_name = "FOLDER", default_value = "../shared/data/mnist")]
    data: PathBuf,
    /// Runs of each, with seeds from 0; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// The network and its schedule: settings of the library as JSON
    #[arg(long, value_name = "JSON", default_value = RECIPE)]
    recipe: String,
    /// Train on the first 50,000 images and judge by the 10,000 after them, to choose a recipe
    #[arg(long)]
    validate: bool,
    /// Leave PyTorch out
    #[arg(long)]
    alone: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let measure = measure::build()?;
    let environment = Environment::existing().filter(|_| !options.alone);
    if environment.is_none() && !options.alone {
        eprintln!("PyTorch is not installed; `cargo xtask bench setup` installs it");
    }
    println!("recipe {}\n", options.recipe);
    println!("| threads | | median, s | each seed, s | reading, s | accuracy of each seed, % |");
    println!("|---|---|---|---|---|---|");
    let mut missed = Vec::new();
    for &threads in &options.threads {
        let mut runs = vec![("deltarule", Vec::new())];
        if environment.is_some() {
            runs.push(("PyTorch", Vec::new()));
        }
        for seed in 0..options.seeds {
            for (name, results) in &mut runs {
                let mut command = match &environment {
                    Some(environment) if *name == "PyTorch" => {
                        program(environment.python(), &["xtask/python/peers/record.py"])
                    }
                    _ => program(&measure, &["record"]),
                };
                results.push(one(options.arguments(&mut command, threads, seed))?);
            }
        }
        for (name, results) in &runs {
            print_row(threads, name, results);
        }
        missed.extend(
            (0..).zip(&runs[0].1).filter(|(_, run)| run.answer.accuracy < GOAL).map(|(seed, _)| seed),
        );
    }
    if !options.validate && !missed.is_empty() {
        bail!("below {} %: seeds {missed:?} of deltarule", 100.0 * GOAL);
    }
    Ok(())
}

/// One process.
struct Run {
    seconds: f64,
    answer: Answer,
}

/// What a process says of itself.
#[derive(Deserialize)]
struct Answer {
    accuracy: f64,
    /// Seconds from its start until the images were read.
    loaded: f64,
}

impl Options {
    fn arguments<'a>(&self, command: &'a mut Command, threads: usize, seed: u64) -> &'a mut Command {
        command.arg("--data").arg(&self.data).args(["--recipe", &self.recipe]);
        command.args(["--threads", &threads.to_string(), "--seed", &seed.to_string()]);
        command.env("OMP_NUM_THREADS", threads.to_string());
        if self.validate { command.arg("--validate") } else { command }
    }
}

fn one(command: &mut Command) -> Result<Run> {
    let start = Instant::now();
    let said = output(command)?;
    let seconds = start.elapsed().as_secs_f64();
    let answer = serde_json::from_str(&said).with_context(|| said.clone())?;
    Ok(Run { seconds, answer })
}

fn print_row(threads: usize, name: &str, runs: &[Run]) {
    let column = |figure: &dyn Fn(&Run) -> String| runs.iter().map(figure).collect::<Vec<_>>().join(", ");
    let median =
        |figure: &dyn Fn(&Run) -> f64| crate::bench::median(&runs.iter().map(figure).collect::<Vec<_>>());
    println!(
        "| {threads} | {name} | {:.2} | {} | {:.2} | {} |",
        median(&|run| run.seconds),
        column(&|run| format!("{:.2}", run.seconds)),
        median(&|run| run.answer.loaded),
        column(&|run| format!("{:.2}", 100.0 * run.answer.accuracy))
    );
}
