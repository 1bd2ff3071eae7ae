//! `deltarule train`

use crate::args::Train;
use crate::config;
use crate::data::{self, Named, Ready, Stream};
use crate::failure::{Failure, Kind, Outcome};
use crate::interrupt;
use crate::report::Report;
use crate::run::RunFolder;
use crate::text::{self, Align, Table};
use crate::ui::{BOLD, DIM, GREEN, Ui, paint};
use deltarule::dataset::Batches;
use deltarule::metrics::{self, Metric};
use deltarule::model::{Model, Training};
use deltarule::pass::Pass;
use deltarule::train::{End, EpochReport, StepReport};
use deltarule::{Matrix, Network, Observer, Plan, Real, Rows, Settings, Shuffled, ThreadPool, Trainer};
use deltarule::{OptimizerName, ScheduleName};
use deltarule_pipeline::settings::{Config, Precision, Preset};
use deltarule_tables::stream::Streamed;
use serde_json::json;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Epochs that get a line of their own; of longer trainings every second, third, … epoch has one, all of them in the
/// log and with --verbose.
const MOST_LINES: u32 = 50;

pub(crate) fn run(ui: &Ui, args: Train) -> Outcome {
    let config = config::resolve(&args.data, &args.reading, &args.training, &args.learning)?;
    match config.precision.unwrap_or_default() {
        Precision::F32 => train::<f32>(ui, &args, config),
        Precision::F64 => train::<f64>(ui, &args, config),
    }
}

/// Settings of the preset where the user was silent, completed and checked.
pub(crate) fn plan<T: Real>(config: &mut Config, ready: &Ready<T>) -> Outcome<Plan> {
    let task = ready.task();
    let said = config.training.clone();
    config.training = match config.preset {
        Some(Preset::Tabular) => said.or_tabular(task),
        Some(Preset::Plain) | None => {
            let preset = plain(&said, ready.training_rows());
            said.or(preset)
        }
    };
    let plan = config.training.plan(task)?;
    config.training = plan.settings().clone();
    config.precision.get_or_insert(Precision::F32);
    if let Some(rows) = Some(ready.training_rows()).filter(|&rows| plan.drop_last() && rows < plan.batch()) {
        // A recipe that drops the short batch would have nothing left to learn from.
        config.training.batch = Some(rows.max(1));
        return Ok(config.training.plan(task)?);
    }
    Ok(plan)
}

/// What the plain preset fills in: a learning rate that falls to zero, and the epoch with the least validation cost,
/// which tells epochs apart where the accuracy of a small validation set cannot. Few samples are seen more often, so
/// that a small set gets about a thousand steps too.
fn plain(said: &Settings, samples: usize) -> Settings {
    let steps = samples.div_ceil(said.batch.unwrap_or(32).max(1)).max(1);
    let epochs = 1000_usize.div_ceil(steps).clamp(30, 200) as u32;
    let adam = matches!(said.optimizer, None | Some(OptimizerName::Adam | OptimizerName::AdamW));
    Settings {
        epochs: Some(epochs),
        eta: adam.then_some(0.005),
        schedule: Some(ScheduleName::Cosine),
        metric: Some(Metric::Cost),
        ..Settings::default()
    }
}

pub(crate) fn pool(threads: Option<usize>) -> Outcome<ThreadPool> {
    match threads {
        Some(0) => Err(Failure::usage("--threads: expected 1 or more, found 0")),
        Some(threads) => Ok(ThreadPool::new(threads)),
        None => Ok(ThreadPool::new(std::thread::available_parallelism().map_or(1, usize::from))),
    }
}

fn train<T: Real>(ui: &Ui, args: &Train, mut config: Config) -> Outcome {
    let started = Instant::now();
    let pool = pool(config.threads)?;
    let mut ready: Ready<T> = data::prepare(&mut config)?;
    let plan = plan(&mut config, &ready)?;
    check_tuning(args, &ready)?;
    let network = plan.network::<T>(ready.pipeline.inputs(), ready.train.data.y().cols())?;
    let (batch, drop_last, seed) = (plan.batch(), plan.drop_last(), plan.seed());
    let mut batches: Box<dyn Batches<T> + '_> = match &ready.stream {
        Some(Stream { source, plan, buffer }) => {
            Box::new(Streamed::new(source, plan, batch, drop_last, seed, *buffer)?)
        }
        None => Box::new(Shuffled::new(ready.train.samples(), batch, drop_last, seed)),
    };
    let trainer = Trainer::new(&plan, network, &*batches)?;
    let steps = batches.steps();

    // All that may be refused is behind: from here on a folder stays.
    let mut folder = match &args.out {
        Some(path) => RunFolder::at(path, args.force)?,
        None => RunFolder::next(&Named::of(&config.data.source)?.short_name())?,
    };
    ui.log_to(folder.log()?);
    folder.write_config(&config.to_toml())?;
    describe(ui, &config, &ready, &plan, trainer.network());

    let stop = interrupt::watch()?;
    let mut watcher = Watcher {
        ui,
        folder: &mut folder,
        plan: &plan,
        stop,
        failed: None,
        started: Instant::now(),
        json: ui.json,
        shown: None,
    };
    if ui.start_progress(u64::from(plan.epochs()) * steps as u64) {
        watcher.shown = Some(Instant::now());
    }
    let validation = ready.validation.as_ref().map(|part| part.samples());
    let trained = trainer.train(&pool, &mut *batches, validation, &mut watcher);
    drop(batches);
    ui.end_progress();
    let failed = watcher.failed.take();
    let seconds = watcher.started.elapsed().as_secs_f64();
    let outcome = trained?;
    if let Some(failure) = failed {
        return Err(failure);
    }

    let mut network = outcome.network;
    let samples = ready.training_rows();
    tune(ui, args, &pool, &mut network, &mut ready)?;
    let model = Model {
        task: plan.task(),
        labels: ready.pipeline.labels(),
        preprocessing: ready.pipeline.to_json(),
        settings: plan.settings().clone(),
        training: Some(Training {
            samples: samples as u64,
            epochs: outcome.epochs.len() as u32,
            best_epoch: outcome.best_epoch.map(|(epoch, _)| epoch),
            best_value: outcome.best_epoch.map(|(_, value)| value),
        }),
        network,
    };
    model.write(&folder.model())?;
    let run = folder.path.display().to_string();
    match outcome.end {
        End::Diverged(error) => {
            let kept = format!(
                "the weights from before are in {run}; try a smaller --eta, --clip, or inputs of a smaller scale"
            );
            return Err(Failure::from(error).hint(kept));
        }
        End::Stopped => {
            return Err(Failure::new(Kind::Interrupted, format_args!("interrupted; saved in {run}")));
        }
        End::Finished | End::Patience => {}
    }

    let best = outcome.best_epoch.map(|(epoch, value)| {
        let stopped = if matches!(outcome.end, End::Patience) { ", stopped early" } else { "" };
        let n = outcome.epochs.len();
        format!("kept epoch {epoch} of {n}{stopped}: validation {} {}", plan.metric(), shown(&plan, value))
    });
    let per_second = (samples * outcome.epochs.len()) as f64 / seconds.max(1e-9);
    ui.note(paint(
        DIM,
        format_args!(
            "{} in {} ({} samples/s){}",
            text::plural(outcome.epochs.len(), "epoch"),
            text::duration(seconds),
            text::count(per_second as usize),
            best.map_or(String::new(), |best| format!("; {best}"))
        ),
    ));
    let (part, name) = match (&ready.test, &ready.validation) {
        (Some(test), _) => (Some(test), "test"),
        (None, Some(validation)) => (Some(validation), "validation"),
        (None, None) => (ready.stream.is_none().then_some(&ready.train), "training"),
    };
    let report = part
        .map(|part| Report::new(&pool, &model.network, plan.cost(), &ready.pipeline, part.samples()))
        .transpose()?;
    let total = started.elapsed().as_secs_f64();
    if ui.json {
        return ui.print_json(&json!({
            "run": run,
            "model": folder.model(),
            "parameters": model.network.parameters(),
            "epochs": outcome.epochs.len(),
            "best_epoch": outcome.best_epoch.map(|(epoch, _)| epoch),
            "best_value": outcome.best_epoch.map(|(_, value)| value),
            "seconds": total,
            "evaluated_on": report.as_ref().map(|_| name),
            "evaluation": report.as_ref().map(Report::to_json),
        }));
    }
    let mut out = String::new();
    if let Some(report) = report {
        out += &text::heading(&format!("{name} ({})", text::plural(report.samples, "sample")));
        out += &report.render();
        out.push('\n');
    }
    out += &format!("{} {}\n", paint(GREEN.bold(), "saved"), paint(BOLD, &run));
    out += &next_steps(&run, &ready);
    ui.print(&out)
}

fn next_steps<T: Real>(run: &str, ready: &Ready<T>) -> String {
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut step = |command: String, what: &str| table.row([command, paint(DIM, what)]);
    step(format!("deltarule explain {run} --sample 0"), "open a gradient: BP1 to BP4 with its numbers");
    step(format!("deltarule gradcheck {run}"), "check every gradient against a numerical derivative");
    let data = if ready.overview.is_some() { "new.csv" } else { "DATA" };
    step(format!("deltarule predict {run} {data}"), "predict");
    format!("next\n{}", table.render("  "))
}

fn shown(plan: &Plan, value: f64) -> String {
    match plan.metric() {
        Metric::Cost => text::number(value),
        metric => text::metric(metric, value),
    }
}

/// What is about to be trained.
fn describe<T: Real>(ui: &Ui, config: &Config, ready: &Ready<T>, plan: &Plan, network: &Network<T>) {
    if let Some(overview) = &ready.overview {
        ui.note(overview.trim_end());
        ui.note("");
    }
    for notice in &ready.notices {
        ui.note(format_args!("note: {notice}"));
    }
    let part = |part: &Option<data::Part<T>>, name: &str| {
        part.as_ref().map_or(String::new(), |part| format!(", {} {name}", text::count(part.len())))
    };
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut row = |name: &str, what: String| table.row([paint(DIM, name), what]);
    row(
        "data",
        format!(
            "{}: {} training{}{}",
            config.data.source.join(" "),
            text::count(ready.training_rows()),
            part(&ready.validation, "validation"),
            part(&ready.test, "test")
        ),
    );
    let widths = network.widths().iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    let hidden = match network.layers.len() {
        1 => String::new(),
        _ => format!("{}, ", network.layers[0].activation),
    };
    let output = network.output().activation;
    row(
        "network",
        format!("{widths} ({hidden}{output}), {}", text::plural(network.parameters(), "parameter")),
    );
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
    stop: interrupt::Flag,
    failed: Option<Failure>,
    started: Instant,
    json: bool,
    /// When the progress bar last moved, where there is one.
    shown: Option<Instant>,
}

/// How often a progress bar moves.
const BETWEEN_MOVES: Duration = Duration::from_millis(50);

impl<T: Real> Observer<T> for Watcher<'_> {
    fn on_step(&mut self, report: &StepReport) -> ControlFlow<()> {
        if self.shown.is_some_and(|shown| shown.elapsed() > BETWEEN_MOVES) {
            self.shown = Some(Instant::now());
            let done = u64::from(report.epoch - 1) * report.steps as u64 + report.step as u64;
            self.ui.progress(done, format!("epoch {}/{}", report.epoch, self.plan.epochs()));
        }
        if self.stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn on_epoch(&mut self, report: &EpochReport, _network: &Network<T>) -> ControlFlow<()> {
        let metric = self.plan.metric().to_string();
        let mut line = json!({
            "epoch": report.epoch,
            "cost": report.cost,
            "penalty": report.penalty,
            "eta": report.eta,
            "seconds": self.started.elapsed().as_secs_f64(),
            "best": report.best,
        });
        let mut said = format!("epoch {:>3}  cost {:<10}", report.epoch, text::number(report.cost));
        if let Some(validation) = report.validation {
            line["validation"] = json!({ "cost": validation.cost, metric.as_str(): validation.value });
            said += &format!("  validation cost {:<10}", text::number(validation.cost));
            if let Some(accuracy) = validation.accuracy {
                line["validation"]["accuracy"] = json!(accuracy);
                said += &format!("  accuracy {}", text::metric(Metric::Accuracy, accuracy));
            }
            if !["cost", "accuracy"].contains(&metric.as_str()) {
                said += &format!("  {metric} {}", shown(self.plan, validation.value));
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
        if self.json || !shown {
            self.ui.detail(said)
        } else {
            self.ui.note(said)
        }
        if let Err(failure) = self.folder.add_metrics(&line) {
            self.failed = Some(failure);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn check_tuning<T: Real>(args: &Train, ready: &Ready<T>) -> Outcome {
    let classes = ready.task() == deltarule::Task::Classes;
    let wanted = [("--threshold", args.threshold.is_some()), ("--temperature", args.temperature)];
    for (flag, _) in wanted.iter().filter(|(_, said)| *said) {
        if !classes {
            return Err(Failure::usage(format_args!("{flag} is for classes, and this target has none")));
        }
        if ready.validation.is_none() {
            return Err(Failure::usage(format_args!("{flag} needs validation samples to choose by"))
                .hint("--validation 0.1 holds a tenth out"));
        }
    }
    if args.threshold.is_some() && ready.pipeline.labels().len() != 2 {
        return Err(Failure::usage("--threshold is for two classes"));
    }
    if let Some(name) = &args.threshold {
        name.parse::<Metric>()?;
    }
    Ok(())
}

/// Chooses the temperature, which is folded into the last layer, and then the threshold, on the validation samples.
fn tune<T: Real>(
    ui: &Ui,
    args: &Train,
    pool: &ThreadPool,
    network: &mut Network<T>,
    ready: &mut Ready<T>,
) -> Outcome {
    let Some(part) = ready.validation.clone() else { return Ok(()) };
    let (samples, undefined) = (part.samples(), |e: metrics::Undefined| Failure::new(Kind::RunTime, e));
    let truth = metrics::predicted_classes(samples.y());
    let weights: Option<Vec<f64>> = samples.weights().map(|weights| weights.map(T::to_f64).collect());
    if args.temperature {
        let z = output_inputs(pool, network, samples.x());
        let found = metrics::temperature(&truth, Rows::all(&z), weights.as_deref()).map_err(undefined)?;
        let factor = T::from_f64(1.0 / found.temperature);
        let last = network.layers.len() - 1;
        let layer = &mut network.layers[last];
        for j in 0..layer.outputs() {
            layer.b[j] *= factor;
            for k in 0..layer.inputs() {
                layer.w.set(j, k, layer.w.get(j, k) * factor);
            }
        }
        ready.pipeline.temperature = Some(found.temperature);
        ui.note(format_args!(
            "temperature {}: validation log loss {} → {}",
            text::number(found.temperature),
            text::number(found.before),
            text::number(found.after)
        ));
    }
    if let Some(name) = &args.threshold {
        let outputs = network.predict_all(pool, samples.x())?;
        let second = |row: &[T]| row[row.len() - 1].to_f64();
        let probabilities: Vec<f64> = Rows::all(&outputs).iter().map(second).collect();
        let metric = name.parse::<Metric>()?;
        let found =
            metrics::threshold(metric, &truth, &probabilities, weights.as_deref()).map_err(undefined)?;
        ready.pipeline.threshold = Some(found.threshold);
        ui.note(format_args!(
            "threshold {}: validation {metric} {}",
            text::number(found.threshold),
            text::metric(metric, found.value)
        ));
    }
    Ok(())
}

/// z of the output layer for every row.
fn output_inputs<T: Real>(pool: &ThreadPool, network: &Network<T>, x: Rows<'_, T>) -> Matrix<T> {
    const CHUNK: usize = 256;
    let mut pass = Pass::keeping_all(network);
    let mut outputs = Matrix::zeros(x.len(), network.outputs());
    for start in (0..x.len()).step_by(CHUNK) {
        let end = x.len().min(start + CHUNK);
        pass.forward(pool, network, x.slice(start..end));
        let (z, _) = pass.output_z_a();
        for i in start..end {
            outputs.row_mut(i).copy_from_slice(z.row(i - start));
        }
    }
    outputs
}
