//! Case F: whole processes, from their start to the saved model.

use super::peer::{Kind, Programs};
use super::report::{Entry, Row};
use super::scripts;
use crate::shell::{output, program};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const EPOCHS: &str = "200";

/// Times each process in turn.
pub(crate) fn measure(threads: usize, kinds: &[Kind], programs: &Programs, rounds: u32) -> Result<Row> {
    eprintln!("case F, {threads} threads");
    let folder = super::target()?.join("bench-data/whole");
    std::fs::create_dir_all(&folder)?;
    let ours = env!("CARGO_PKG_VERSION").to_owned();
    let mut running = vec![(Kind::Deltarule, "deltarule", ours, Vec::new())];
    if kinds.contains(&Kind::Torch) || kinds.contains(&Kind::Sklearn) {
        let said = output(&mut program(&programs.python, &[script()?.as_str(), "data", text(&folder)?]))?;
        let versions: Value = serde_json::from_str(&said)?;
        for (kind, name) in [(Kind::Torch, "PyTorch"), (Kind::Sklearn, "scikit-learn")] {
            if kinds.contains(&kind) {
                running.push((
                    kind,
                    name,
                    versions[name].as_str().unwrap_or_default().to_owned(),
                    Vec::new(),
                ));
            }
        }
    }
    for round in 0..=rounds {
        for (kind, .., rates) in &mut running {
            let mut command = command(*kind, programs, threads, &folder)?;
            let start = Instant::now();
            output(&mut command)?;
            // The first round warms the file cache up.
            if round > 0 {
                rates.push(1.0 / start.elapsed().as_secs_f64());
            }
        }
    }
    let entries = running
        .into_iter()
        .map(|(_, name, version, rates)| Entry::new(name, &version, "whole process", rates));
    Ok(Row {
        case: "F".into(),
        title: "whole process".into(),
        network: format!("64-100-10 relu, digits, {EPOCHS} epochs, batch 200"),
        task: "train".into(),
        precision: "f32".into(),
        threads,
        flops: 0.0,
        peak_gflops: None,
        machine_gflops: None,
        share: None,
        weights_gbytes: None,
        memory: None,
        entries: entries.collect(),
        skipped: Vec::new(),
    })
}

fn command(kind: Kind, programs: &Programs, threads: usize, folder: &Path) -> Result<Command> {
    let (threads, folder) = (threads.to_string(), text(folder)?);
    let mut command = if kind == Kind::Deltarule {
        let out = format!("{folder}/deltarule");
        let settings = "train digits --hidden 100 --activation relu --optimizer adam --eta 0.001 --batch-size 200 --seed 0 \
                        --validation 0 --test 0 --quiet --force";
        let mut command = program(&programs.program, &settings.split_whitespace().collect::<Vec<_>>());
        command.args(["--epochs", EPOCHS, "--threads", &threads, "--out", &out]);
        command
    } else {
        let framework = if kind == Kind::Torch { "torch" } else { "sklearn" };
        program(&programs.python, &[script()?.as_str(), framework, folder, EPOCHS, &threads])
    };
    for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
        command.env(name, &threads);
    }
    if kind == Kind::Sklearn {
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
    }
    Ok(command)
}

fn script() -> Result<String> {
    Ok(text(&scripts().join("whole.py"))?.to_owned())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the project's path is not UTF-8")
}
