//! deltarule as one of the peers: trains or predicts when it is told to.

use crate::npy::{Kind, Npy};
use crate::probe;
use anyhow::{Context, Result, bail};
use deltarule::batches::{Batches, Shuffled};
use deltarule::dataset::Dataset;
use deltarule::plan::Plan;
use deltarule::train::{Trainer, TrainingState};
use deltarule::{Activation, Network, Real, Rows, ThreadPool, Variants, Workspace};
use deltarule::{OptimizerName, Settings, Task};
use deltarule_kernels::Isa;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::Instant;

/// What to train or to predict with, as the driver says it.
#[derive(Deserialize)]
struct Case {
    task: String,
    precision: String,
    widths: Vec<usize>,
    hidden: String,
    output: String,
    cost: String,
    optimizer: String,
    eta: f64,
    decay: f64,
    batch: usize,
    samples: usize,
    x: PathBuf,
    y: PathBuf,
    threads: usize,
    seed: u64,
}

/// Answers every line of the standard input with one line, until there are no more.
pub(crate) fn serve() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut say = |answer: Value| -> Result<()> { Ok(writeln!(out, "{answer}").and_then(|()| out.flush())?) };
    say(json!({ "peer": "deltarule", "version": env!("CARGO_PKG_VERSION") }))?;
    let mut running: Option<(Case, Box<dyn Repeat>)> = None;
    for line in std::io::stdin().lock().lines() {
        let mut request: Value = serde_json::from_str(&line?)?;
        say(if request["prepare"].is_object() {
            let case = Case::deserialize(request["prepare"].take())?;
            let mut repeat = prepare(&case)?;
            repeat.run()?;
            let detail = format!("{}, {}", ThreadPool::new(case.threads).isa(), case.precision);
            running = Some((case, repeat));
            json!({ "ready": detail })
        } else if let Some(precision) = request["probe"].as_str() {
            let threads = running.as_ref().map_or(1, |(case, _)| case.threads);
            let peak = |isa| match precision {
                "f64" => probe::peak::<f64>(threads, isa),
                _ => probe::peak::<f32>(threads, isa),
            };
            json!({ "gflops": peak(ThreadPool::single().isa()), "machine": peak(Isa::best()) })
        } else if request["activations"].as_bool() == Some(true) {
            let hidden = Activation::all().filter(|activation| activation.is_elementwise());
            json!({ "activations": hidden.map(Variants::name).collect::<Vec<_>>() })
        } else if request["memory"].as_bool() == Some(true) {
            json!({ "peak_bytes": peak_memory() })
        } else if let Some((case, repeat)) = &mut running {
            let start = Instant::now();
            let cost = repeat.run()?;
            json!({ "seconds": start.elapsed().as_secs_f64(), "samples": case.samples, "cost": cost })
        } else {
            json!({ "error": "run before prepare" })
        })?;
    }
    Ok(())
}

/// Something that is timed again and again.
trait Repeat {
    /// Does it once; the mean cost of the last mini-batch, where there is a cost.
    fn run(&mut self) -> Result<Option<f64>>;
}

fn prepare(case: &Case) -> Result<Box<dyn Repeat>> {
    match case.precision.as_str() {
        "f32" => prepare_in::<f32>(case),
        "f64" => prepare_in::<f64>(case),
        other => bail!("precision {other}"),
    }
}

fn prepare_in<T: Real>(case: &Case) -> Result<Box<dyn Repeat>> {
    let plan = case.plan()?;
    let outputs = *case.widths.last().context("no widths")?;
    let network = plan.network::<T>(case.widths[0], outputs)?;
    let x = Npy::open(&case.x)?.floats(case.samples, case.widths[0])?;
    let pool = ThreadPool::new(case.threads);
    if case.task == "predict" {
        let workspace = Workspace::new(&network);
        return Ok(Box::new(Prediction { network, workspace, pool, x, batch: case.batch }));
    }
    let y = Npy::open(&case.y)?;
    let y = match y.kind {
        Kind::Float => y.floats(case.samples, outputs)?,
        Kind::Class => y.one_hot(case.samples, outputs)?,
    };
    let data = Dataset::new(x, y, None)?;
    let state = TrainingState::new(&plan, network, &batches(&plan, &data))?;
    let trainer = Trainer::new(&plan, &state, &batches(&plan, &data))?;
    Ok(Box::new(Training { plan, trainer, state, data, pool }))
}

fn batches<'a, T: Real>(plan: &Plan, data: &'a Dataset<T>) -> Shuffled<'a, T> {
    Shuffled::new(data, plan.batch(), plan.drop_last(), plan.seed())
}

impl Case {
    fn plan(&self) -> Result<Plan> {
        let settings = Settings {
            hidden: Some(self.widths[1..self.widths.len() - 1].to_vec()),
            activation: Some(self.hidden.parse()?),
            output_activation: Some(self.output.parse()?),
            cost: Some(self.cost.parse()?),
            optimizer: Some(self.optimizer.parse::<OptimizerName>()?),
            eta: Some(self.eta),
            weight_decay: Some(self.decay),
            batch_size: Some(self.batch),
            epochs: Some(1_000_000),
            seed: Some(self.seed),
            ..Settings::default()
        };
        let classes = self.widths.last().is_some_and(|&outputs| outputs > 1);
        Ok(settings.plan(if classes { Task::Classes } else { Task::Regression })?)
    }
}

/// One epoch a repetition: shuffle, forward, cost, backward, update.
struct Training<T: Real> {
    plan: Plan,
    trainer: Trainer<T>,
    state: TrainingState<T>,
    data: Dataset<T>,
    pool: ThreadPool,
}

impl<T: Real> Repeat for Training<T> {
    fn run(&mut self) -> Result<Option<f64>> {
        let mut batches = batches(&self.plan, &self.data);
        batches.start(self.state.epoch())?;
        let mut cost = f64::NAN;
        while let Some(batch) = batches.next()? {
            cost = self.trainer.step(&self.pool, &mut self.state, &batch)?.cost;
        }
        Ok(Some(cost))
    }
}

/// All samples, a batch at a time.
struct Prediction<T: Real> {
    network: Network<T>,
    workspace: Workspace<T>,
    pool: ThreadPool,
    x: deltarule::Matrix<T>,
    batch: usize,
}

impl<T: Real> Repeat for Prediction<T> {
    fn run(&mut self) -> Result<Option<f64>> {
        for start in (0..self.x.rows()).step_by(self.batch) {
            let rows = Rows::range(&self.x, start..self.x.rows().min(start + self.batch));
            std::hint::black_box(self.network.predict(&self.pool, rows, &mut self.workspace));
        }
        Ok(None)
    }
}

/// The most memory that this process has held, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
