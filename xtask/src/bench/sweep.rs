//! `cargo xtask bench sweep`: the share of the peak over width, depth, batch and activation, one of them changed at a
//! time, so that no cliff hides between the cases; and the time of a step against parameters and batch.

use super::cases::{Case, Task};
use super::peer::{Kind, Peer, Programs};
use super::plot::{Panel, Series};
use super::{data, machine::Machine, median, plot};
use crate::shell::target;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::PathBuf;

/// What `cargo xtask bench sweep` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Number of threads
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Write the plots here
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write all points here as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The network that one thing at a time is changed of: 256 inputs, two hidden layers of 256 ReLU, 16 outputs, Adam.
const WIDTH: usize = 256;
const DEPTH: usize = 2;
const BATCH: usize = 128;
const OUTPUTS: usize = 16;
const ACTIVATIONS: &[&str] = &[
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky-relu",
    "elu",
    "selu",
    "gelu",
    "gelu-tanh",
    "silu",
    "mish",
    "softplus",
];
/// About so many operations a repetition.
const OPERATIONS: f64 = 1e10;
const REPETITIONS: usize = 5;

/// One network measured.
#[derive(Debug, Serialize)]
struct Point {
    /// What is changed: width, depth, batch or activation.
    swept: &'static str,
    value: String,
    /// Where it stands on the axis.
    #[serde(skip)]
    at: f64,
    parameters: usize,
    samples_per_second: f64,
    share_of_peak: f64,
    seconds_per_step: f64,
}

pub(super) fn run(options: &Options, programs: &Programs) -> Result<()> {
    let folder = target()?.join("bench-data");
    std::fs::create_dir_all(&folder)?;
    let mut points = Vec::new();
    println!("| changed | | parameters | samples/s | share of peak | µs a step |\n|---|---|---|---|---|---|");
    for (swept, value, at, mut case) in cases(options.threads) {
        data::provide(&mut case, &folder)?;
        let point = measure(swept, value, at, &case, programs)?;
        println!(
            "| {swept} | {} | {} | {:.0} | {:.0} % | {:.1} |",
            point.value,
            point.parameters,
            point.samples_per_second,
            100.0 * point.share_of_peak,
            1e6 * point.seconds_per_step
        );
        points.push(point);
    }
    if let Some(path) = &options.svg {
        std::fs::write(path, plot::svg(&panels(&points)))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(
            &serde_json::json!({ "machine": Machine::read(), "points": points }),
        )?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Every network of the sweep, with what is changed, to what, and where that stands on an axis.
fn cases(threads: usize) -> Vec<(&'static str, String, f64, Case)> {
    let mut cases = Vec::new();
    let mut add = |swept, value: String, at: f64, (width, depth, batch, activation)| {
        cases.push((swept, value, at, network(threads, width, depth, batch, activation)));
    };
    for width in (3..=12).map(|power| 1 << power) {
        add("width", width.to_string(), width as f64, (width, DEPTH, BATCH, "relu"));
    }
    for depth in 1..=8 {
        add("depth", depth.to_string(), depth as f64, (WIDTH, depth, BATCH, "relu"));
    }
    for batch in (0..=12).map(|power| 1 << power) {
        add("batch", batch.to_string(), batch as f64, (WIDTH, DEPTH, batch, "relu"));
    }
    for (at, activation) in ACTIVATIONS.iter().enumerate() {
        add("activation", (*activation).to_owned(), at as f64, (WIDTH, DEPTH, BATCH, activation));
    }
    cases
}

fn network(threads: usize, width: usize, depth: usize, batch: usize, activation: &'static str) -> Case {
    let mut case = Case {
        name: "sweep".into(),
        title: "sweep",
        task: Task::Train,
        precision: "f32",
        widths: [vec![width; depth + 1], vec![OUTPUTS]].concat(),
        hidden: activation,
        output: "softmax",
        cost: "softmax-cross-entropy",
        optimizer: "adam",
        eta: 1e-4,
        decay: 0.0,
        batch,
        samples: 0,
        x: PathBuf::new(),
        y: PathBuf::new(),
        threads,
        seed: 0,
    };
    // Whole batches, four at least, and a power of two of them so that networks share the files of their data.
    let wanted = (OPERATIONS / case.flops()) as usize;
    case.samples = wanted.clamp(4 * batch, 1 << 16).next_power_of_two();
    case
}

fn measure(swept: &'static str, value: String, at: f64, case: &Case, programs: &Programs) -> Result<Point> {
    let mut peer = Peer::start(Kind::Deltarule, programs, case.threads)?;
    if let Err(reason) = peer.prepare(case)? {
        anyhow::bail!("{swept} {value}: {reason}");
    }
    let (mut rates, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        peaks.push(peer.peak(case.precision)?);
        let repetition = peer.run()?;
        rates.push(repetition.samples / repetition.seconds);
    }
    let rate = median(&rates);
    Ok(Point {
        swept,
        value,
        at,
        parameters: case.parameters(),
        samples_per_second: rate,
        share_of_peak: rate * case.flops() / 1e9 / median(&peaks),
        seconds_per_step: case.batch as f64 / rate,
    })
}

fn panels(points: &[Point]) -> Vec<Panel> {
    let of = |swept: &'static str| points.iter().filter(move |point| point.swept == swept);
    let share = |swept: &'static str, log: bool| Panel {
        title: format!("share of peak, % — {swept}"),
        log_x: log,
        log_y: false,
        series: Series {
            points: of(swept).map(|point| (point.at, 100.0 * point.share_of_peak)).collect(),
            labels: of(swept).map(|point| point.value.clone()).collect(),
        },
    };
    let time = |swept: &'static str, axis: &str, at: fn(&Point) -> f64| Panel {
        title: format!("µs a step — {axis}"),
        log_x: true,
        log_y: true,
        series: Series {
            points: of(swept).map(|point| (at(point), 1e6 * point.seconds_per_step)).collect(),
            labels: of(swept).map(|point| format!("{:.0}", at(point))).collect(),
        },
    };
    vec![
        share("width", true),
        share("depth", false),
        share("batch", true),
        share("activation", false),
        time("width", "parameters", |point| point.parameters as f64),
        time("batch", "samples of the batch", |point| point.at),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sweep_covers_what_it_promises() {
        let cases = cases(1);
        let values = |swept| {
            cases.iter().filter(|case| case.0 == swept).map(|case| case.1.as_str()).collect::<Vec<_>>()
        };
        assert_eq!((values("width")[0], values("width").last()), ("8", Some(&"4096")));
        assert_eq!((values("depth")[0], values("depth").last()), ("1", Some(&"8")));
        assert_eq!((values("batch")[0], values("batch").last()), ("1", Some(&"4096")));
        assert!(cases.iter().all(|(_, _, _, case)| case.samples.is_multiple_of(case.batch)));
    }
}
