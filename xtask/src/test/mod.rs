//! `cargo xtask test`: everything that is checked, a stage at a time.

mod dependencies;
mod instructions;
mod sources;
mod stages;

use anyhow::{Result, bail};
use clap::builder::PossibleValuesParser;
use std::time::{Duration, Instant};

/// One check: its name on the command line, what it checks, and the check itself.
struct Stage {
    name: &'static str,
    what: &'static str,
    run: fn(&Options) -> Result<Outcome>,
}

/// How a check that found no fault ended.
enum Outcome {
    Passed(String),
    /// What the check needs and this machine lacks.
    Skipped(String),
}

fn passed() -> Result<Outcome> {
    Ok(Outcome::Passed(String::new()))
}

const STAGES: &[Stage] = &[
    Stage { name: "fmt", what: "formatting", run: stages::fmt },
    Stage { name: "sources", what: "unsafe code, file lengths, text", run: sources::check },
    Stage { name: "dependencies", what: "licences and number of crates", run: dependencies::check },
    Stage { name: "python", what: "the Python scripts parse", run: stages::python },
    Stage { name: "clippy", what: "lints, warnings denied", run: stages::clippy },
    Stage { name: "test", what: "all tests and documentation examples", run: stages::test },
    Stage { name: "doc", what: "documentation, warnings denied", run: stages::doc },
    Stage { name: "golden", what: "the bits of the results, optimised", run: stages::golden },
    Stage { name: "instructions", what: "instructions of one training step", run: instructions::check },
    Stage { name: "aarch64", what: "the kernels for NEON", run: stages::aarch64 },
    Stage { name: "asan", what: "the kernels under AddressSanitizer", run: stages::asan },
    Stage { name: "miri", what: "the kernels under Miri", run: stages::miri },
];

/// What `cargo xtask test` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run these stages alone
    #[arg(long, value_name = "STAGE", value_delimiter = ',', value_parser = names())]
    only: Vec<String>,
    /// Leave these stages out
    #[arg(long, value_name = "STAGE", value_delimiter = ',', value_parser = names())]
    skip: Vec<String>,
    /// Print the stages and stop
    #[arg(long)]
    list: bool,
    /// Store the instruction counts measured now as the ones to compare with
    #[arg(long)]
    bless: bool,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(STAGES.iter().map(|stage| stage.name))
}

impl Options {
    fn wants(&self, stage: &Stage) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == stage.name);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}

/// Runs the stages in order, all of them even when one fails, and prints a summary.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.list {
        for stage in STAGES {
            println!("{:<13} {}", stage.name, stage.what);
        }
        return Ok(());
    }
    let mut results = Vec::new();
    for stage in STAGES.iter().filter(|stage| options.wants(stage)) {
        println!("\n=== {}: {}", stage.name, stage.what);
        let start = Instant::now();
        let result = (stage.run)(options);
        let result = (stage, result, start.elapsed());
        println!("{}", summary_line(&result));
        results.push(result);
    }
    println!("\n=== summary");
    for result in &results {
        println!("{}", summary_line(result).lines().next().unwrap_or_default());
    }
    match results.iter().filter(|(_, result, _)| result.is_err()).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} stages failed", results.len()),
    }
}

fn summary_line((stage, result, time): &(&Stage, Result<Outcome>, Duration)) -> String {
    let (state, note) = match result {
        Ok(Outcome::Passed(note)) => ("passed", note.clone()),
        Ok(Outcome::Skipped(reason)) => ("skipped", reason.clone()),
        Err(error) => ("FAILED", format!("{error:#}")),
    };
    let (state, seconds) = (format!("{state}{}", if note.is_empty() { "" } else { ":" }), time.as_secs_f64());
    format!("{:<13} {seconds:>6.1} s  {state} {note}", stage.name).trim_end().to_owned()
}
