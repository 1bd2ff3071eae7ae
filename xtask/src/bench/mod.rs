//! `cargo xtask bench`: deltarule and its peers, measured in one run, taking turns on the same data.

mod cases;
mod data;
mod machine;
mod peer;
mod plot;
mod report;
mod sweep;
mod table;
mod whole;

use crate::measure;
use crate::python::Environment;
use crate::shell::{cargo, program, root, run as run_program, target};
use anyhow::{Context, Result, bail};
use cases::{Case, LETTERS};
use clap::builder::PossibleValuesParser;
pub(crate) use machine::Machine;
use peer::{Kind, Peer, Programs};
use report::{Entry, Report, Row};
use std::path::PathBuf;
use std::time::Duration;

/// What `cargo xtask bench` is told on the command line.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Option<Action>,
    /// Cases to measure
    #[arg(long, value_name = "CASE", value_delimiter = ',', default_value = "A,B,C,D,E,F,G", value_parser = letters())]
    case: Vec<String>,
    /// Numbers of threads to measure with
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Peers to compare with, or `none`; all that are installed unless given
    #[arg(long, value_name = "PEER", value_delimiter = ',', value_parser = peers())]
    peers: Option<Vec<String>>,
    /// The precision of deltarule; the peers are measured in f32 alone
    #[arg(long, default_value = "f32", value_parser = ["f32", "f64"])]
    precision: String,
    /// Repetitions after the warm-up; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
    /// A tenth of the samples and three repetitions, to see that everything works
    #[arg(long)]
    quick: bool,
    /// Write all results here as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Print the tables as Markdown
    #[arg(long)]
    markdown: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Install the peers from their packages: Python's into .venv-peers (about 6 GB), candle by cargo
    Setup,
    /// Sweep over width, depth, batch, outputs and activation
    Sweep(sweep::Options),
    /// Print the results of several runs of one commit as one, from what they wrote with --json
    Table {
        /// What --json wrote
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print the tables as Markdown
        #[arg(long)]
        markdown: bool,
    },
}

fn letters() -> PossibleValuesParser {
    PossibleValuesParser::new(LETTERS.iter().map(|(letter, _)| letter))
}

fn peers() -> PossibleValuesParser {
    PossibleValuesParser::new(["torch", "torch-compile", "jax", "sklearn", "onnx", "candle", "none"])
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.action {
        Some(Action::Setup) => return setup(),
        Some(Action::Sweep(options)) => return sweep::run(options, &build(false)?),
        Some(Action::Table { files, markdown }) => {
            print(&Report::read_all(files)?, *markdown);
            return Ok(());
        }
        None => {}
    }
    let kinds = options.kinds()?;
    let programs = build(options.case.iter().any(|letter| letter == "F"))?;
    let folder = target()?.join("bench-data");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut report = Report::new(Machine::read(), options.quick);
    for letter in &options.case {
        let names = LETTERS.iter().find(|(known, _)| known == letter).map_or(&[][..], |(_, names)| names);
        for &threads in &options.threads {
            for &name in names {
                let mut case = cases::case(name).context("a case without a row")?;
                case.threads = threads;
                case.precision = if options.precision == "f64" { "f64" } else { "f32" };
                if options.quick {
                    case.samples = (case.samples / 10).next_multiple_of(case.batch);
                }
                data::provide(&mut case, &folder)?;
                let row = take_turns(&case, &kinds, &programs, options)?;
                eprint!("{}", table::text(&row));
                report.rows.push(row);
            }
            if letter == "F" {
                let row = whole::measure(threads, &kinds, &programs, options.rounds())?;
                eprint!("{}", table::text(&row));
                report.rows.push(row);
            }
        }
    }
    print(&report, options.markdown);
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn print(report: &Report, markdown: bool) {
    print!("{}", if markdown { table::markdown(report) } else { table::plain(report) });
}

impl Options {
    fn rounds(&self) -> u32 {
        if self.quick { 3 } else { self.repetitions }
    }

    /// The peers asked for; without a word, those whose packages are there.
    fn kinds(&self) -> Result<Vec<Kind>> {
        let installed = |kind: &Kind| match kind {
            Kind::Candle => candle().is_ok_and(|path| path.is_file()),
            _ => Environment::existing().is_some(),
        };
        let Some(names) = &self.peers else {
            let kinds: Vec<Kind> = Kind::OTHERS.iter().copied().filter(installed).collect();
            if kinds.len() < Kind::OTHERS.len() {
                eprintln!("not all peers are installed; `cargo xtask bench setup` installs them");
            }
            return Ok(kinds);
        };
        let mut kinds = Vec::new();
        for name in names.iter().filter(|name| *name != "none") {
            let kind = <Kind as clap::ValueEnum>::from_str(name, false).ok().context("an unknown peer")?;
            if !installed(&kind) {
                bail!("{name} is not installed; `cargo xtask bench setup` installs it");
            }
            kinds.push(kind);
        }
        Ok(kinds)
    }
}

/// Between two peers.
const PAUSE: Duration = Duration::from_millis(50);

const CANDLE: &str = "xtask/peers/candle/Cargo.toml";

fn candle() -> Result<PathBuf> {
    Ok(target()?.join("candle/release/candle-peer"))
}

fn setup() -> Result<()> {
    Environment::install()?;
    let folder = target()?.join("candle");
    let mut command = cargo(&["build", "--release", "--locked", "--manifest-path", CANDLE]);
    run_program(command.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", "-C target-cpu=native"))
}

/// Builds what measures deltarule, with the program itself where it is timed too, and finds what the peers need.
fn build(program: bool) -> Result<Programs> {
    if program {
        run_program(&mut cargo(&["build", "--release", "--quiet", "-p", "deltarule-cli"]))?;
    }
    Ok(Programs {
        measure: measure::build()?,
        program: target()?.join("release/deltarule"),
        python: Environment::existing().map(|environment| environment.python()).unwrap_or_default(),
        candle: candle()?,
    })
}

/// One case: every peer prepares and warms up, then they take turns, and the peak is probed once a round.
fn take_turns(case: &Case, kinds: &[Kind], programs: &Programs, options: &Options) -> Result<Row> {
    eprintln!("case {}, {} threads", case.name, case.threads);
    let mut running = Vec::new();
    let mut skipped = Vec::new();
    for &kind in [Kind::Deltarule].iter().chain(kinds) {
        let mut peer = Peer::start(kind, programs, case.threads)?;
        match peer.prepare(case)? {
            Ok(detail) => running.push((peer, detail, Vec::new())),
            Err(reason) if kind == Kind::Deltarule => bail!("deltarule: {reason}"),
            Err(reason) => skipped.push((peer.name.clone(), reason)),
        }
    }
    let mut peaks = Vec::new();
    for _ in 0..options.rounds() {
        peaks.push(running[0].0.peak(case.precision)?);
        for (peer, _, rates) in &mut running {
            // The threads of the peer before may still be waiting for more work in a loop.
            std::thread::sleep(PAUSE);
            let repetition = peer.run()?;
            rates.push(repetition.samples / repetition.seconds);
        }
    }
    let memory = running[0].0.memory()?;
    let entries = running
        .into_iter()
        .map(|(peer, detail, rates)| Entry::new(&peer.name, &peer.version, &detail, rates));
    Ok(Row::new(case, &peaks, entries.collect(), skipped, memory))
}

/// The commit that is measured, with a sign where the checkout differs from it.
fn commit() -> Option<String> {
    let describe = ["describe", "--always", "--dirty", "--abbrev=12"];
    crate::shell::output(&mut program("git", &describe)).ok().map(|text| text.trim().to_owned())
}

/// The command line of this run, as one would type it.
fn command_line() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!("cargo xtask {}", arguments.join(" "))
}

/// The middle value, the mean of the two middle ones of an even number.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) }
}

/// The scripts of the peers lie here.
fn scripts() -> PathBuf {
    root().join("xtask/python/peers")
}
