//! `deltarule cv`

mod folds;

use super::train::pool;
use crate::args::{Cv, TrainingDataArgs};
use crate::config;
use crate::failure::{Failure, Kind, Outcome};
use crate::interrupt;
use crate::text::{self, Align, Table};
use crate::ui::{BOLD, DIM, Ui, paint};
use deltarule::Network;
use deltarule::folds::{Folds, OutOfFold, Summary};
use deltarule::metrics::Metric;
use deltarule::train::EpochReport;
use deltarule::{Observer, Real, ThreadPool};
use deltarule_pipeline::settings::{Config, Held, Precision};
use folds::{Fold, Subject};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// A network of fewer parameters keeps one thread busy and leaves nothing for a second: its folds share the threads.
const SMALL: usize = 1 << 18;

pub(crate) fn run(ui: &Ui, args: Cv) -> Outcome {
    let held_out = TrainingDataArgs {
        validation: args.validation.clone(),
        test: args.test.clone(),
        stream: args.stream,
        shuffle_buffer: None,
    };
    let config = config::resolve(&args.data, &args.reading, &held_out, &args.learning)?;
    match config.precision.unwrap_or_default() {
        Precision::F32 => validate::<f32>(ui, &args, config),
        Precision::F64 => validate::<f64>(ui, &args, config),
    }
}

fn validate<T: Real>(ui: &Ui, args: &Cv, mut config: Config) -> Outcome {
    check(args, &config)?;
    let subject = Subject::<T>::read(&mut config)?;
    let rows = subject.rows();
    let seed = config.training.seed.unwrap_or(0);
    let repeats = u32::try_from(args.repeats).unwrap_or(u32::MAX);
    let classes = if args.plain_folds { None } else { subject.classes() };
    let folds = Folds::new(rows, args.folds, repeats, classes.as_deref(), seed)?;
    if let Some(path) = &args.out_of_fold {
        subject.check_output(path, args.force, &folds)?;
    }
    if let Some(overview) = subject.overview() {
        ui.note(overview.trim_end());
        ui.note("");
    }
    subject.notices().iter().for_each(|notice| ui.note(format_args!("note: {notice}")));
    ui.note(format_args!(
        "{}: {} in {}{}",
        config.data.source.join(" "),
        text::plural(rows, "sample"),
        text::plural(args.folds, "fold"),
        if repeats > 1 { format!(", dealt {repeats} times") } else { String::new() }
    ));

    let done = train_all(ui, &config, &subject, &folds)?;
    let mut out_of_fold = OutOfFold::new(rows, subject.outputs());
    for fold in &done {
        out_of_fold.record(&fold.held_out, &fold.predictions);
    }
    if let Some(path) = &args.out_of_fold {
        let means = out_of_fold.means().expect("every sample is held out once a repeat");
        subject.write(path, args.force, &folds, &means)?;
    }
    if ui.json {
        return ui.print_json(&to_json(args, rows, &done));
    }
    ui.detail(each_fold(&done).trim_end());
    let mut out = text::heading(&format!(
        "{} of {}",
        text::plural(done.len(), "network"),
        text::plural(rows, "sample")
    ));
    out += &summary(&done);
    if let Some(path) = &args.out_of_fold {
        out += &format!("\nout-of-fold predictions in {}\n", paint(BOLD, path.display()));
    }
    ui.print(&out)
}

fn check(args: &Cv, config: &Config) -> Outcome {
    if config.data.test.is_some() {
        return Err(Failure::usage("--test has no meaning here: every fold is held out once"));
    }
    if config.data.stream {
        return Err(Failure::usage("--stream is for `train`: folds are dealt in memory"));
    }
    if args.repeats == 0 {
        return Err(Failure::usage("--repeats: expected 1 or more, found 0"));
    }
    if let Some(Held::File(path)) = &config.data.validation {
        return Err(Failure::usage(format_args!(
            "--validation: expected a fraction or column:NAME, found {}",
            path.display()
        ))
        .hint("validation samples are taken from the folds that train"));
    }
    Ok(())
}

/// Trains a network for every fold. Which thread takes which fold makes no difference to any result.
fn train_all<T: Real>(ui: &Ui, config: &Config, subject: &Subject<T>, folds: &Folds) -> Outcome<Vec<Fold>> {
    let order: Vec<(usize, usize)> = folds.iter().collect();
    let whole = pool(config.threads)?;
    let first = subject.fold(config, folds, order[0])?;
    let workers = if first.parameters < SMALL { whole.threads().min(order.len()) } else { 1 };
    let all = order.len() as u64 * u64::from(first.plan.epochs());
    let (stop, failed, done) = (interrupt::watch()?, AtomicBool::new(false), AtomicU64::new(0));
    let watch = Watch { ui, stop, failed, done, all };
    ui.start_progress(all);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Outcome<Fold>>>> = Mutex::new(order.iter().map(|_| None).collect());
    let work = |pool: &ThreadPool| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= order.len() || watch.is_over() {
                return;
            }
            let outcome = subject.fold(config, folds, order[at]).and_then(|ready| ready.train(pool, &watch));
            if outcome.is_err() {
                watch.failed.store(true, Ordering::Relaxed);
            }
            done.lock().expect("no worker panics while it holds this")[at] = Some(outcome);
        }
    };
    if workers == 1 {
        work(&whole);
    } else {
        std::thread::scope(|scope| {
            (0..workers).for_each(|_| {
                scope.spawn(|| work(&ThreadPool::single()));
            });
        });
    }
    ui.end_progress();
    if watch.stop.is_set() {
        return Err(Failure::new(Kind::Interrupted, "interrupted; no fold is kept"));
    }
    let done = done.into_inner().expect("no worker panics while it holds this");
    // The first failure by the order of the folds; a fold that was not begun comes after one that failed.
    done.into_iter().flatten().collect()
}

/// Sees every epoch of every fold.
struct Watch<'a> {
    ui: &'a Ui,
    stop: interrupt::Flag,
    failed: AtomicBool,
    /// Epochs of all folds together.
    done: AtomicU64,
    all: u64,
}

impl Watch<'_> {
    fn is_over(&self) -> bool {
        self.stop.is_set() || self.failed.load(Ordering::Relaxed)
    }
}

impl<T: Real> Observer<T> for &Watch<'_> {
    fn on_step(&mut self, _report: &deltarule::train::StepReport) -> ControlFlow<()> {
        if self.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn on_epoch(&mut self, _report: &EpochReport, _network: &Network<T>) -> ControlFlow<()> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.ui.progress(done, format!("{done}/{} epochs", self.all));
        ControlFlow::Continue(())
    }
}

/// The values of each metric that the folds have, and how many folds leave it undefined.
fn by_metric(done: &[Fold]) -> Vec<(Metric, Summary, usize)> {
    let of = |&(metric, _): &(Metric, f64)| {
        let all = done.iter().flat_map(|fold| &fold.figures).filter(|(other, _)| *other == metric);
        let defined: Vec<f64> = all.map(|(_, value)| *value).filter(|value| value.is_finite()).collect();
        (metric, Summary::of(&defined), done.len() - defined.len())
    };
    done[0].figures.iter().map(of).collect()
}

fn summary(done: &[Fold]) -> String {
    let mut table = Table::new([
        ("", Align::Left),
        ("mean", Align::Right),
        ("± standard error", Align::Left),
        ("", Align::Left),
    ]);
    for (n, (metric, summary, undefined)) in by_metric(done).into_iter().enumerate() {
        if summary.count == 0 {
            table.row([metric.to_string(), paint(DIM, "undefined"), String::new(), String::new()]);
            continue;
        }
        let mean = text::metric(metric, summary.mean);
        let error = if summary.count > 1 {
            text::metric(metric, summary.standard_error)
        } else {
            "unknown".to_owned()
        };
        let without = match undefined {
            0 => String::new(),
            some => paint(DIM, format_args!("undefined in {some} of {} folds", done.len())),
        };
        let mean = if n == 0 { paint(BOLD, mean) } else { mean };
        table.row([metric.to_string(), mean, format!("± {error}"), without]);
    }
    table.render("  ")
}

fn each_fold(done: &[Fold]) -> String {
    let names = done[0].figures.iter().map(|(metric, _)| (metric.to_string(), Align::Right));
    let first = ["repeat", "fold", "epochs"].map(|name| (name.to_owned(), Align::Right));
    let mut table = Table::of(first.into_iter().chain(names).collect());
    for fold in done {
        let place = [fold.repeat + 1, fold.fold + 1, fold.epochs].map(|n| n.to_string());
        table.row(
            place.into_iter().chain(fold.figures.iter().map(|(metric, value)| text::metric(*metric, *value))),
        );
    }
    table.render("  ")
}

fn to_json(args: &Cv, rows: usize, done: &[Fold]) -> serde_json::Value {
    let metrics: serde_json::Map<_, _> = by_metric(done)
        .into_iter()
        .map(|(metric, Summary { mean, standard_error, count }, _)| {
            (metric.to_string(), json!({ "mean": mean, "standard_error": standard_error, "folds": count }))
        })
        .collect();
    let fold = |fold: &Fold| {
        let figures: serde_json::Map<_, _> =
            fold.figures.iter().map(|(metric, value)| (metric.to_string(), json!(value))).collect();
        json!({
            "repeat": fold.repeat + 1,
            "fold": fold.fold + 1,
            "samples": fold.held_out.len(),
            "epochs": fold.epochs,
            "best_epoch": fold.best_epoch,
            "metrics": figures,
        })
    };
    json!({
        "samples": rows,
        "folds": args.folds,
        "repeats": args.repeats,
        "metrics": metrics,
        "each": done.iter().map(fold).collect::<Vec<_>>(),
        "out_of_fold": args.out_of_fold.as_deref().map(Path::display).map(|path| path.to_string()),
    })
}
