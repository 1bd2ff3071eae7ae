//! `cargo xtask test`: everything that is checked, a stage at a time.

mod deny;
mod dependencies;
mod floors;
mod instructions;
mod packages;
mod places;
mod rust_version;
mod sources;
mod stages;

use anyhow::{Result, anyhow, bail};
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
    /// This machine lacks what the check needs, and nothing here brings it.
    Skipped(String),
    /// What the check needs can be installed, by what is said here.
    Lacking {
        what: &'static str,
        remedy: &'static str,
    },
}

fn passed() -> Result<Outcome> {
    Ok(Outcome::Passed(String::new()))
}

const STAGES: &[Stage] = &[
    Stage { name: "fmt", what: "formatting", run: stages::fmt },
    Stage { name: "sources", what: "unsafe code, file lengths, text", run: sources::check },
    Stage { name: "floors", what: "nothing imports upwards", run: floors::check },
    Stage { name: "places", what: "CONTRIBUTING's lists are complete", run: places::check },
    Stage { name: "rust-version", what: "the oldest Rust, wherever it is said", run: rust_version::check },
    Stage { name: "dependencies", what: "number of crates in the library", run: dependencies::check },
    Stage { name: "deny", what: "licences, sources and advisories of dependencies", run: deny::check },
    Stage { name: "packages", what: "what goes to the registry", run: packages::check },
    Stage { name: "python", what: "the Python scripts parse", run: stages::python },
    Stage { name: "clippy", what: "lints, warnings denied", run: stages::clippy },
    Stage { name: "test", what: "all tests and documentation examples", run: stages::test },
    Stage { name: "examples", what: "the library's examples run", run: stages::examples },
    Stage { name: "doc", what: "documentation, warnings denied", run: stages::doc },
    Stage { name: "semver", what: "the version against what is public", run: stages::semver },
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
    let everything = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    let mut results = Vec::new();
    for stage in STAGES.iter().filter(|stage| options.wants(stage)) {
        println!("\n=== {}: {}", stage.name, stage.what);
        let start = Instant::now();
        let result = settle((stage.run)(options), everything);
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

/// Where everything must be checked, a check whose needs were not installed has failed.
fn settle(result: Result<Outcome>, everything: bool) -> Result<Outcome> {
    match result {
        Ok(Outcome::Lacking { what, remedy }) if everything => Err(anyhow!("no {what}: {remedy}")),
        other => other,
    }
}

fn summary_line((stage, result, time): &(&Stage, Result<Outcome>, Duration)) -> String {
    let (state, note) = match result {
        Ok(Outcome::Passed(note)) => ("passed", note.clone()),
        Ok(Outcome::Skipped(reason)) => ("skipped", reason.clone()),
        Ok(Outcome::Lacking { what, remedy }) => ("skipped", format!("no {what}: {remedy}")),
        Err(error) => ("FAILED", format!("{error:#}")),
    };
    let (state, seconds) = (format!("{state}{}", if note.is_empty() { "" } else { ":" }), time.as_secs_f64());
    format!("{:<13} {seconds:>6.1} s  {state} {note}", stage.name).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_without_its_needs_fails_where_everything_is_checked() {
        let lacking = || Ok(Outcome::Lacking { what: "valgrind", remedy: "`apt-get install valgrind`" });
        assert!(settle(lacking(), false).is_ok());
        assert!(settle(lacking(), true).is_err());
        assert!(settle(Ok(Outcome::Skipped("no nightly toolchain".into())), true).is_ok());
        assert!(settle(passed(), true).is_ok());
    }

    #[test]
    fn the_summary_says_what_to_install() {
        let lacking = Outcome::Lacking { what: "valgrind", remedy: "`apt-get install valgrind`" };
        let line = summary_line(&(&STAGES[0], Ok(lacking), Duration::from_secs(1)));
        assert_eq!(line, "fmt              1.0 s  skipped: no valgrind: `apt-get install valgrind`");
    }
}
