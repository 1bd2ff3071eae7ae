//! `deltarule train`

use crate::args::Train;
use crate::config;
use crate::failure::{Failure, Outcome, in_flags};
use crate::interrupt;
use crate::report;
use crate::text::{self, Align, Table};
use crate::ui::{BOLD, DIM, GREEN, Ui, paint};
use deltarule::Plan;
use deltarule::metrics::Metric;
use deltarule::train::{End, EpochReport, StepReport};
use deltarule_pipeline::settings::Config;
use deltarule_pipeline::thread_pool;
use deltarule_pipeline::{
    DataSource, ErrorKind, Fit, Fitted, Portion, Preprocessor, RunFolder, Tuned, Watch,
};
use serde_json::json;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Epochs that get a line of their own; of longer trainings every second, third, … epoch has one, all of them in the
/// log and with --verbose.
const MOST_LINES: u32 = 50;

pub(crate) fn run(ui: &Ui, args: Train) -> Outcome {
    let said = Config {
        run: args.running.said()?,
        data: args.reading.said()?,
        training: args.learning.said()?,
        ..Config::default()
    };
    let settings = config::resolve(&args.data, args.file.config.as_deref(), said)?;
    let started = Instant::now();
    let pool = thread_pool(settings.run.threads)?;
    let source = DataSource::parse(settings.data.source.as_deref().unwrap_or_default())?;
    let mut fit = Fit::new(&source, settings)?;

    // All that may be refused is behind: from here on a folder stays.
    let mut folder = match &args.out {
        Some(path) => RunFolder::at(path, args.force)?,
        None => RunFolder::next(&source.short_name())?,
    };
    ui.log_to(folder.log()?);
    folder.write_settings(fit.settings())?;
    describe(ui, &fit);

    let stop = interrupt::watch()?;
    let (plan, preprocessor) = (fit.plan().clone(), fit.preprocessor().clone());
    let mut watcher = Watcher {
        ui,
        folder: &mut folder,
        plan: &plan,
        preprocessor: &preprocessor,
        stop,
        failed: None,
        started: Instant::now(),
        shown: None,
    };
    if ui.start_progress(fit.steps()) {
        watcher.shown = Some(Instant::now());
    }
    let fitted = fit.run(&pool, &mut watcher);
    ui.end_progress();
    let failed = watcher.failed.take();
    let seconds = watcher.started.elapsed().as_secs_f64();
    let fitted = fitted?;
    if let Some(failure) = failed {
        return Err(failure);
    }
    say_tuned(ui, &fitted.tuned);
    folder.write_model(&fitted.trained)?;
    let run = folder.path().display().to_string();
    let Fitted { trained, epochs, best_epoch, end, .. } = fitted;
    let early = match end {
        End::Diverged(error) => return Err(diverged(error, &run)),
        End::Stopped => {
            return Err(Failure::new(ErrorKind::Interrupted, format_args!("interrupted; saved in {run}")));
        }
        End::Patience => ", stopped early",
        End::Finished => "",
    };
    let best = best_epoch.map_or(String::new(), |(epoch, value)| {
        let (n, metric, value) =
            (epochs.len(), plan.metric(), report::validation(plan.metric(), &preprocessor, value));
        let kept = trained.training().map_or(f64::NAN, |training| training.kept.epoch());
        match kept == f64::from(epoch) {
            true => format!("; kept epoch {epoch} of {n}{early}: validation {metric} {value}"),
            false => format!(
                "; kept epoch {kept} of {n}{early}; epoch {epoch} was best: validation {metric} {value}"
            ),
        }
    });
    let samples = fit.samples(Portion::Training);
    let per_second = (samples * epochs.len()) as f64 / seconds.max(1e-9);
    ui.note(paint(
        DIM,
        format_args!(
            "{} in {} ({} samples/s){best}",
            text::plural(epochs.len(), "epoch"),
            text::duration(seconds),
            text::count(per_second as usize),
        ),
    ));
    let evaluation = fit.report(&pool, &trained)?;
    let total = started.elapsed().as_secs_f64();
    if ui.json {
        return ui.print_json(&json!({
            "run": run,
            "model": folder.model(),
            "parameters": trained.parameters(),
            "epochs": epochs.len(),
            "best_epoch": best_epoch.map(|(epoch, _)| epoch),
            "best_value": best_epoch.map(|(_, value)| preprocessor.in_units(plan.metric(), value)),
            "seconds": total,
            "evaluated_on": evaluation.as_ref().map(|(portion, _)| portion.name()),
            "evaluation": evaluation.as_ref().map(|(_, report)| report),
            "columns": fit.overview().map(|overview| &overview.columns),
            "warnings": fit.notices().iter().map(in_flags).collect::<Vec<_>>(),
        }));
    }
    let mut out = String::new();
    if let Some((portion, figures)) = evaluation {
        let name = portion.name();
        out += &text::heading(&format!("{name} ({})", text::plural(figures.samples, "sample")));
        out += &report::render(&figures);
        out.push('\n');
    }
    out += &format!("{} {}\n", paint(GREEN.bold(), "saved"), paint(BOLD, &run));
    out += &next_steps(&run, fit.overview().is_some());
    ui.print(&out)
}

fn diverged(error: deltarule::Error, run: &str) -> Failure {
    Failure::from(error).hint(format_args!(
        "the weights from before are in {run}; try a smaller --eta, --clip, or inputs of a smaller scale"
    ))
}

fn say_tuned(ui: &Ui, tuned: &Tuned) {
    if let Some(found) = tuned.temperature {
        ui.note(format_args!(
            "temperature {}: validation log loss {} → {}",
            text::number(found.temperature),
            text::number(found.before),
            text::number(found.after)
        ));
    }
    if let Some((metric, found)) = tuned.threshold {
        ui.note(format_args!(
            "threshold {}: validation {metric} {}",
            text::number(found.threshold),
            text::metric(metric, found.value)
        ));
    }
}

fn next_steps(run: &str, is_table: bool) -> String {
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut step = |command: String, what: &str| table.row([command, paint(DIM, what)]);
    step(format!("deltarule explain {run} --sample 0"), "open a gradient: BP1 to BP4 with its numbers");
    step(format!("deltarule gradcheck {run}"), "check every gradient against a numerical derivative");
    let data = if is_table { "new.csv" } else { "DATA" };
    step(format!("deltarule predict {run} {data}"), "predict");
    format!("next\n{}", table.render("  "))
}

/// What is about to be trained.
fn describe(ui: &Ui, fit: &Fit) {
    if let Some(overview) = fit.overview() {
        ui.note(overview.to_string().trim_end());
        ui.note("");
    }
    fit.notices().iter().for_each(|notice| ui.note(format_args!("note: {}", in_flags(notice))));
    let plan = fit.plan();
    let held_out = |portion: Portion| match fit.samples(portion) {
        0 => String::new(),
        n => format!(", {} {}", text::count(n), portion.name()),
    };
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut row = |name: &str, what: String| table.row([paint(DIM, name), what]);
    row(
        "data",
        format!(
            "{}: {} training{}{}",
            fit.settings().data.source.as_deref().unwrap_or_default().join(" "),
            text::count(fit.samples(Portion::Training)),
            held_out(Portion::Validation),
            held_out(Portion::Test)
        ),
    );
    let shape = fit.shape();
    let widths = shape.widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    let activations = match &shape.activations[..] {
        [hidden, .., output] => format!("{hidden}, {output}"),
        output => output.iter().map(ToString::to_string).collect(),
    };
    row("network", format!("{widths} ({activations}), {}", text::plural(shape.parameters, "parameter")));
    let settings = plan.settings();
    let optimizer = settings.optimizer.map_or(String::new(), |name| format!("{name}, "));
    let schedule = settings.schedule.map_or(String::new(), |name| format!(" ({name})"));
    row("cost", format!("{}", plan.cost()));
    row(
        "learning",
        format!(
            "{optimizer}η {}{schedule}, batches of {}, {} at most, seed {}",
            text::number(settings.eta.unwrap_or(f64::NAN)),
            plan.batch(),
            text::plural(plan.epochs() as usize, "epoch"),
            plan.seed()
        ),
    );
    ui.note(table.render("").trim_end());
    ui.note("");
}

/// Sees each epoch: a line for the reader, a line in the metrics, and whether to stop.
struct Watcher<'a> {
    ui: &'a Ui,
    folder: &'a mut RunFolder,
    plan: &'a Plan,
    preprocessor: &'a Preprocessor,
    stop: interrupt::Flag,
    failed: Option<Failure>,
    started: Instant,
    /// When the progress bar last moved, where there is one.
    shown: Option<Instant>,
}

/// How often a progress bar moves.
const BETWEEN_MOVES: Duration = Duration::from_millis(50);

impl Watch for Watcher<'_> {
    fn on_step(&mut self, report: &StepReport) -> ControlFlow<()> {
        if self.shown.is_some_and(|shown| shown.elapsed() > BETWEEN_MOVES) {
            self.shown = Some(Instant::now());
            let done = u64::from(report.epoch - 1) * report.steps as u64 + report.step as u64;
            self.ui.progress(done, format!("epoch {}/{}", report.epoch, self.plan.epochs()));
        }
        if self.stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn on_epoch(&mut self, report: &EpochReport) -> ControlFlow<()> {
        let metric = self.plan.metric().to_string();
        let mut said = format!("epoch {:>3}  cost {:<10}", report.epoch, text::number(report.cost));
        if let Some(validation) = report.validation {
            said += &format!("  validation cost {:<10}", text::number(validation.cost));
            if let Some(accuracy) = validation.accuracy {
                said += &format!("  accuracy {}", text::metric(Metric::Accuracy, accuracy));
            }
            if !["cost", "accuracy"].contains(&metric.as_str()) {
                let value = report::validation(self.plan.metric(), self.preprocessor, validation.value);
                said += &format!("  {metric} {value}");
            }
            if report.best {
                said += &paint(GREEN, "  best");
            }
        }
        let epochs = self.plan.epochs();
        let shown = report.epoch == 1
            || report.epoch == epochs
            || report.epoch.is_multiple_of(epochs.div_ceil(MOST_LINES).max(1));
        let said = said.trim_end();
        if self.ui.json || !shown {
            self.ui.detail(said)
        } else {
            self.ui.note(said)
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let value = report
            .validation
            .and_then(|validation| self.preprocessor.in_units(self.plan.metric(), validation.value));
        if let Err(error) = self.folder.add_epoch(report, &metric, value, seconds) {
            self.failed = Some(error.into());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
