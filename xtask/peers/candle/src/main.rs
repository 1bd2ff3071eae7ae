//! candle as one of the benchmark's peers; xtask/python/peers/protocol.py says what is asked and answered.

#![forbid(unsafe_code)]

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::{
    AdamW, Linear, Module, Optimizer, ParamsAdamW, SGD, VarBuilder, VarMap, linear, loss::cross_entropy,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::Instant;

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
    seed: u64,
}

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut say = |answer: Value| -> Result<()> { Ok(writeln!(out, "{answer}").and_then(|()| out.flush())?) };
    say(json!({ "peer": "candle", "version": "0.11.1" }))?;
    let mut running: Option<Training> = None;
    for line in std::io::stdin().lock().lines() {
        let mut request: Value = serde_json::from_str(&line?)?;
        say(if request["prepare"].is_object() {
            let case = Case::deserialize(request["prepare"].take())?;
            match unsuitable(&case) {
                Some(reason) => json!({ "skipped": reason }),
                None => {
                    let mut training = Training::new(case)?;
                    training.run()?;
                    running = Some(training);
                    json!({ "ready": "rows gathered once an epoch" })
                }
            }
        } else if let Some(training) = &mut running {
            let start = Instant::now();
            let cost = training.run()?;
            let seconds = start.elapsed().as_secs_f64();
            json!({ "seconds": seconds, "samples": training.case.samples, "cost": cost })
        } else {
            json!({ "error": "run before prepare" })
        })?;
    }
    Ok(())
}

/// Why candle has no part in a case.
fn unsuitable(case: &Case) -> Option<String> {
    if case.precision != "f32" {
        return Some("measured in f32 alone".into());
    }
    (case.optimizer == "momentum").then(|| "no momentum".into())
}

enum Rule {
    Sgd(SGD),
    Adam(AdamW),
}

/// A network with its data; an epoch, or a prediction of all samples, a repetition.
struct Training {
    layers: Vec<Linear>,
    rule: Rule,
    x: Tensor,
    y: Tensor,
    shuffle: u64,
    case: Case,
}

impl Training {
    fn new(case: Case) -> Result<Self> {
        let device = Device::Cpu;
        let variables = VarMap::new();
        let builder = VarBuilder::from_varmap(&variables, DType::F32, &device);
        let layers = (case.widths.windows(2).enumerate())
            .map(|(l, pair)| Ok(linear(pair[0], pair[1], builder.pp(format!("layer{l}")))?))
            .collect::<Result<_>>()?;
        let rule = match case.optimizer.as_str() {
            "sgd" => Rule::Sgd(SGD::new(variables.all_vars(), case.eta)?),
            _ => {
                let settings =
                    ParamsAdamW { lr: case.eta, weight_decay: case.decay, ..ParamsAdamW::default() };
                Rule::Adam(AdamW::new(variables.all_vars(), settings)?)
            }
        };
        let x = Tensor::read_npy(&case.x)?.narrow(0, 0, case.samples)?;
        let outputs = *case.widths.last().context("no widths")?;
        let y = Tensor::read_npy(&case.y)?.narrow(0, 0, case.samples)?;
        let y = match (y.dtype(), case.cost.as_str()) {
            (DType::U32, "quadratic") => {
                let identity = Tensor::eye(outputs, DType::F32, &device)?;
                identity.index_select(&y.squeeze(1)?, 0)?
            }
            (DType::U32, _) => y.squeeze(1)?,
            _ => y,
        };
        Ok(Self { layers, rule, x, y, shuffle: case.seed, case })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut a = x.clone();
        for (l, layer) in self.layers.iter().enumerate() {
            let z = layer.forward(&a)?;
            let activation = if l + 1 == self.layers.len() { &self.case.output } else { &self.case.hidden };
            a = match activation.as_str() {
                "relu" => z.relu()?,
                "sigmoid" => candle_nn::ops::sigmoid(&z)?,
                _ => z,
            };
        }
        Ok(a)
    }

    fn run(&mut self) -> Result<Option<f64>> {
        let samples = self.case.samples;
        if self.case.task == "predict" {
            for start in (0..samples).step_by(self.case.batch) {
                let x = self.x.narrow(0, start, self.case.batch.min(samples - start))?;
                std::hint::black_box(candle_nn::ops::softmax(&self.forward(&x)?, 1)?);
            }
            return Ok(None);
        }
        let order = self.order()?;
        let (x, y) = (self.x.index_select(&order, 0)?, self.y.index_select(&order, 0)?);
        let mut last = f64::NAN;
        for start in (0..samples).step_by(self.case.batch) {
            let size = self.case.batch.min(samples - start);
            let (x, y) = (x.narrow(0, start, size)?, y.narrow(0, start, size)?);
            let a = self.forward(&x)?;
            let cost = match self.case.cost.as_str() {
                "quadratic" => ((a - y)?.sqr()?.sum_all()? * (0.5 / size as f64))?,
                _ => cross_entropy(&a, &y)?,
            };
            match &mut self.rule {
                Rule::Sgd(rule) => rule.backward_step(&cost)?,
                Rule::Adam(rule) => rule.backward_step(&cost)?,
            }
            if start + size == samples {
                last = f64::from(cost.to_scalar::<f32>()?);
            }
        }
        Ok(Some(last))
    }

    /// A new order of the samples, by Fisher and Yates with a linear congruential generator.
    fn order(&mut self) -> Result<Tensor> {
        let mut order: Vec<u32> = (0..self.case.samples as u32).collect();
        for last in (1..order.len()).rev() {
            self.shuffle =
                self.shuffle.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(last, (self.shuffle >> 33) as usize % (last + 1));
        }
        Ok(Tensor::new(order, &Device::Cpu)?)
    }
}
