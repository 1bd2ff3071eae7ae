//! `deltarule cv`

use crate::args::Cv;
use crate::config;
use crate::failure::{Failure, Outcome, in_flags};
use crate::interrupt;
use crate::text::{self, Align, Table};
use crate::ui::{BOLD, DIM, Ui, paint};
use deltarule::train::{EpochReport, StepReport};
use deltarule_pipeline::settings::Config;
use deltarule_pipeline::{
    CrossValidated, CrossValidation, DataSource, Error, ErrorKind, FoldResult, MetricSummary, Watch,
    thread_pool,
};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;

pub(crate) fn run(ui: &Ui, args: Cv) -> Outcome {
    let said = Config {
        run: args.running.said()?,
        data: args.reading.said()?,
        training: args.learning.said()?,
        cv: args.folds.said()?,
    };
    let settings = config::resolve(&args.data, args.file.config.as_deref(), said)?;
    let pool = thread_pool(settings.run.threads)?;
    let words = args.data.join(" ");
    let source = DataSource::parse(&args.data)?;
    let validation = CrossValidation::new(&source, settings)?;
    let (folds, repeats) = validation.dealt();
    if let Some(path) = &args.out_of_fold {
        validation.check_output(path, args.force)?;
    }
    if let Some(overview) = validation.overview() {
        ui.note(overview.to_string().trim_end());
        ui.note("");
    }
    validation.notices().iter().for_each(|notice| ui.note(format_args!("note: {}", in_flags(notice))));
    let samples = validation.samples();
    ui.note(format_args!(
        "{words}: {} in {}{}",
        text::plural(samples, "sample"),
        text::plural(folds, "fold"),
        if repeats > 1 { format!(", dealt {repeats} times") } else { String::new() }
    ));

    let all = validation.epochs();
    let mut progress = Progress { ui, stop: interrupt::watch()?, done: 0, all };
    ui.start_progress(all);
    let done = validation.run(&pool, &mut progress);
    ui.end_progress();
    let done = done.map_err(|error| match error {
        Error::Interrupted => Failure::new(ErrorKind::Interrupted, "interrupted; no fold is kept"),
        error => error.into(),
    })?;
    if let Some(path) = &args.out_of_fold {
        validation.write(path, args.force, &done.predictions)?;
    }
    if ui.json {
        return ui.print_json(&to_json(&args, &validation, (folds, repeats), samples, &done));
    }
    ui.detail(each_fold(&done.folds).trim_end());
    let mut out = text::heading(&format!(
        "{} of {}",
        text::plural(done.folds.len(), "network"),
        text::plural(samples, "sample")
    ));
    out += &summary(&done);
    if let Some(path) = &args.out_of_fold {
        out += &format!("\nout-of-fold predictions in {}\n", paint(BOLD, path.display()));
    }
    ui.print(&out)
}

/// Sees every epoch of every fold.
struct Progress<'a> {
    ui: &'a Ui,
    stop: interrupt::Flag,
    /// Epochs of all folds together.
    done: u64,
    all: u64,
}

impl Watch for Progress<'_> {
    fn on_step(&mut self, _report: &StepReport) -> ControlFlow<()> {
        if self.stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn on_epoch(&mut self, _report: &EpochReport) -> ControlFlow<()> {
        self.done += 1;
        self.ui.progress(self.done, format!("{}/{} epochs", self.done, self.all));
        ControlFlow::Continue(())
    }
}

fn summary(done: &CrossValidated) -> String {
    let mut table = Table::new([
        ("", Align::Left),
        ("mean", Align::Right),
        ("± standard error", Align::Left),
        ("", Align::Left),
    ]);
    for (n, MetricSummary { metric, summary, undefined }) in done.summary().into_iter().enumerate() {
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
            some => paint(DIM, format_args!("undefined in {some} of {} folds", done.folds.len())),
        };
        let mean = if n == 0 { paint(BOLD, mean) } else { mean };
        table.row([metric.to_string(), mean, format!("± {error}"), without]);
    }
    table.render("  ")
}

fn each_fold(done: &[FoldResult]) -> String {
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

fn to_json(
    args: &Cv,
    validation: &CrossValidation,
    (folds, repeats): (usize, u32),
    rows: usize,
    done: &CrossValidated,
) -> serde_json::Value {
    let of_metric = |of: MetricSummary| {
        let (mean, error, folds) = (of.summary.mean, of.summary.standard_error, of.summary.count);
        (of.metric.to_string(), json!({ "mean": mean, "standard_error": error, "folds": folds }))
    };
    let metrics: serde_json::Map<_, _> = done.summary().into_iter().map(of_metric).collect();
    let fold = |fold: &FoldResult| {
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
        "folds": folds,
        "repeats": repeats,
        "metrics": metrics,
        "each": done.folds.iter().map(fold).collect::<Vec<_>>(),
        "columns": validation.overview().map(|overview| &overview.columns),
        "warnings": validation.notices().iter().map(in_flags).collect::<Vec<_>>(),
        "out_of_fold": args.out_of_fold.as_deref().map(Path::display).map(|path| path.to_string()),
    })
}
