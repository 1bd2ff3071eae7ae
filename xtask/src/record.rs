//! `cargo xtask record`: the time from the start of a process to 98.0 % of MNIST's test images, by deltarule and PyTorch.

use crate::measure;
use crate::python::Environment;
use crate::shell::{output, program};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// What both train: chosen on the validation images alone, by `--validate`.
const RECIPE: &str = r#"{"hidden":[256,256],"batch":128,"epochs":8,"eta":0.004,"smoothing":0.0,"goal":0.98}"#;

/// What `cargo xtask record` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Folder with the four files of MNIST
    #[arg(long, default_value = "../shared/data/mnist")]
    data: PathBuf,
    /// Runs of each, with seeds from 0
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// The network and its schedule
    #[arg(long, default_value = RECIPE)]
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
    println!("recipe {}", options.recipe);
    println!("| threads | | median, s | each seed, s | epochs | last accuracy, % |");
    println!("|---|---|---|---|---|---|");
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
    }
    Ok(())
}

/// One process: how long it took, and the accuracy after each epoch.
struct Run {
    seconds: f64,
    accuracies: Vec<f64>,
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
    let answer: Value = serde_json::from_str(&said).with_context(|| said.clone())?;
    let accuracies = answer["accuracies"].as_array().context("no accuracies")?;
    Ok(Run { seconds, accuracies: accuracies.iter().filter_map(Value::as_f64).collect() })
}

fn print_row(threads: usize, name: &str, runs: &[Run]) {
    let column = |figure: &dyn Fn(&Run) -> String| runs.iter().map(figure).collect::<Vec<_>>().join(", ");
    let mut seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "| {threads} | {name} | {:.2} | {} | {} | {} |",
        seconds[seconds.len() / 2],
        column(&|run| format!("{:.2}", run.seconds)),
        column(&|run| run.accuracies.len().to_string()),
        column(&|run| format!("{:.2}", 100.0 * run.accuracies.last().copied().unwrap_or(f64::NAN)))
    );
}
