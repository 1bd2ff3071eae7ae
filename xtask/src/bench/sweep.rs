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
    /// The precision
    #[arg(long, default_value = "f32", value_parser = ["f32", "f64"])]
    precision: String,
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
/// Powers of two, their neighbours, and widths that divide nothing.
const WIDTHS: &[usize] = &[
    8, 10, 12, 16, 17, 20, 24, 30, 32, 33, 40, 48, 64, 65, 80, 96, 100, 128, 129, 160, 192, 256, 257, 300,
    384, 512, 640, 768, 1000, 1024, 1536, 2048, 3072, 4096,
];
const BATCHES: &[usize] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 16, 20, 24, 28, 29, 32, 33, 48, 64, 100, 128, 192, 256, 384, 512,
    1024, 2048, 4096,
];
const LAST: &[usize] = &[1, 2, 3, 4, 8, 10, 15, 16, 17, 24, 32, 33, 64, 100, 256, 1000];
/// About so many operations a repetition.
const OPERATIONS: f64 = 5e9;
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
    println!(
        "| changed | | parameters | samples/s | share of peak | µs a step | |\n|---|---|---|---|---|---|---|"
    );
    let activations = Peer::start(Kind::Deltarule, programs, options.threads)?.activations()?;
    for (swept, value, at, mut case) in cases(&activations) {
        case.threads = options.threads;
        case.precision = if options.precision == "f64" { "f64" } else { "f32" };
        data::provide(&mut case, &folder)?;
        let point = measure(swept, value, at, &case, programs)?;
        println!(
            "| {swept} | {} | {} | {:.0} | {:.0} % | {:.1} | {} |",
            point.value,
            point.parameters,
            point.samples_per_second,
            100.0 * point.share_of_peak,
            1e6 * point.seconds_per_step,
            if is_cliff(&points, &point) { "cliff" } else { "" }
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

/// Whether a point has less than half the share of the one before it, which had less to do; activations, which have no
/// order, are compared with the cheapest, the first.
fn is_cliff(before: &[Point], point: &Point) -> bool {
    let mut same = before.iter().filter(|other| other.swept == point.swept);
    let other = if point.swept == "activation" { same.next() } else { same.next_back() };
    other.is_some_and(|other| point.share_of_peak < 0.5 * other.share_of_peak)
}

/// Every network of the sweep, with what is changed, to what, and where that stands on an axis.
fn cases(activations: &[String]) -> Vec<(&'static str, String, f64, Case)> {
    let mut cases = Vec::new();
    let mut add = |swept, value: &dyn ToString, at: usize, case| {
        cases.push((swept, value.to_string(), at as f64, case));
    };
    for &width in WIDTHS {
        add("width", &width, width, network(width, DEPTH, OUTPUTS, BATCH, "relu"));
    }
    for depth in 1..=8 {
        add("depth", &depth, depth, network(WIDTH, depth, OUTPUTS, BATCH, "relu"));
    }
    for &batch in BATCHES {
        add("batch", &batch, batch, network(WIDTH, DEPTH, OUTPUTS, batch, "relu"));
    }
    for &outputs in LAST {
        add("outputs", &outputs, outputs, network(WIDTH, DEPTH, outputs, BATCH, "relu"));
    }
    for (at, activation) in activations.iter().enumerate() {
        add("activation", activation, at, network(WIDTH, DEPTH, OUTPUTS, BATCH, activation));
    }
    cases
}

fn network(width: usize, depth: usize, outputs: usize, batch: usize, activation: &str) -> Case {
    let classes = outputs > 1;
    let mut case = Case {
        name: "sweep".into(),
        title: "sweep",
        task: Task::Train,
        precision: "f32",
        widths: [vec![width; depth + 1], vec![outputs]].concat(),
        hidden: activation.to_owned(),
        output: if classes { "softmax" } else { "identity" },
        cost: if classes { "softmax-cross-entropy" } else { "quadratic" },
        optimizer: "adam",
        eta: 1e-4,
        decay: 0.0,
        batch,
        samples: 0,
        x: PathBuf::new(),
        y: PathBuf::new(),
        threads: 1,
        seed: 0,
    };
    // Whole batches, four at least.
    let wanted = (OPERATIONS / case.flops()) as usize;
    case.samples = wanted.clamp(4 * batch, (1 << 16).max(4 * batch)).next_multiple_of(batch);
    case
}

fn measure(swept: &'static str, value: String, at: f64, case: &Case, programs: &Programs) -> Result<Point> {
    let mut peer = Peer::start(Kind::Deltarule, programs, case.threads)?;
    if let Err(reason) = peer.prepare(case)? {
        anyhow::bail!("{swept} {value}: {reason}");
    }
    let (mut rates, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        peaks.push(peer.peak(case.precision)?.gflops);
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
            labels: of(swept).map(|point| if log { power(point.at) } else { point.value.clone() }).collect(),
        },
    };
    let time = |swept: &'static str, axis: &str, at: fn(&Point) -> f64| Panel {
        title: format!("µs a step — {axis}"),
        log_x: true,
        log_y: true,
        series: Series {
            points: of(swept).map(|point| (at(point), 1e6 * point.seconds_per_step)).collect(),
            labels: of(swept)
                .map(
                    |point| {
                        if power(point.at).is_empty() { String::new() } else { format!("{:.0}", at(point)) }
                    },
                )
                .collect(),
        },
    };
    vec![
        share("width", true),
        share("depth", false),
        share("batch", true),
        share("outputs", true),
        share("activation", false),
        time("width", "parameters", |point| point.parameters as f64),
        time("batch", "samples of the batch", |point| point.at),
    ]
}

/// The label of a point on a logarithmic axis, where only powers of two have one.
fn power(value: f64) -> String {
    if (value as usize).is_power_of_two() { format!("{value:.0}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sweep_covers_what_it_promises() {
        let cases = cases(&["relu".to_owned(), "mish".to_owned()]);
        let values = |swept| {
            cases.iter().filter(|case| case.0 == swept).map(|case| case.1.as_str()).collect::<Vec<_>>()
        };
        assert_eq!((values("width")[0], values("width").last()), ("8", Some(&"4096")));
        assert_eq!((values("depth")[0], values("depth").last()), ("1", Some(&"8")));
        assert_eq!((values("batch")[0], values("batch").last()), ("1", Some(&"4096")));
        assert_eq!(values("activation"), ["relu", "mish"]);
        assert!(cases.iter().all(|(_, _, _, case)| case.samples.is_multiple_of(case.batch)));
    }

    fn point(swept: &'static str, share_of_peak: f64) -> Point {
        let (value, at, parameters) = (String::new(), 0.0, 0);
        Point { swept, value, at, parameters, samples_per_second: 0.0, share_of_peak, seconds_per_step: 0.0 }
    }

    #[test]
    fn a_cliff_is_less_than_half_of_the_point_before() {
        let before = [point("width", 0.9), point("width", 0.6), point("batch", 0.9)];
        assert!(is_cliff(&before, &point("width", 0.29)));
        assert!(!is_cliff(&before, &point("width", 0.31)));
        assert!(!is_cliff(&before, &point("depth", 0.01)));
        let before = [point("activation", 0.9), point("activation", 0.3)];
        assert!(is_cliff(&before, &point("activation", 0.4)));
    }
}
