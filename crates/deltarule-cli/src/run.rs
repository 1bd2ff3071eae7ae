//! A run on disk: a folder with the model, the settings it was trained with, a line an epoch, and what was said.

use crate::failure::{Failure, Kind, Outcome};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const CONFIG: &str = "config.toml";
pub(crate) const METRICS: &str = "metrics.jsonl";
pub(crate) const LOG: &str = "log.txt";

/// The folder of a run that is being made.
#[derive(Debug)]
pub(crate) struct RunFolder {
    pub(crate) path: PathBuf,
    metrics: File,
}

impl RunFolder {
    /// Makes `runs/<name>-<n>` with the first n that is free.
    pub(crate) fn next(name: &str) -> Outcome<Self> {
        let runs = Path::new("runs");
        fs::create_dir_all(runs).map_err(|e| Failure::io("make the folder", runs, &e))?;
        for n in 1_u32.. {
            let path = runs.join(format!("{name}-{n}"));
            // Making the folder is what claims the number, so that two runs started together get two.
            match fs::create_dir(&path) {
                Ok(()) => return Self::fill(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::io("make the folder", &path, &error)),
            }
        }
        unreachable!("4 billion runs of one name")
    }

    /// Makes the folder `path`. One that holds anything is refused, unless `force` allows its run to be replaced.
    pub(crate) fn at(path: &Path, force: bool) -> Outcome<Self> {
        fs::create_dir_all(path).map_err(|e| Failure::io("make the folder", path, &e))?;
        let mut entries = fs::read_dir(path).map_err(|e| Failure::io("read the folder", path, &e))?;
        if entries.next().is_some() {
            if !force {
                let message = format_args!("{} exists and is not empty", path.display());
                return Err(Failure::usage(message)
                    .hint("choose another folder with --out, or replace the run in it with --force"));
            }
            for name in [MODEL, CONFIG, METRICS, LOG] {
                let file = path.join(name);
                match fs::remove_file(&file) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(Failure::io("replace", &file, &error));
                    }
                    _ => {}
                }
            }
        }
        Self::fill(path.to_owned())
    }

    fn fill(path: PathBuf) -> Outcome<Self> {
        let metrics = create(&path.join(METRICS))?;
        Ok(Self { path, metrics })
    }

    pub(crate) fn log(&self) -> Outcome<File> {
        create(&self.path.join(LOG))
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.path.join(MODEL)
    }

    pub(crate) fn write_config(&self, text: &str) -> Outcome {
        let path = self.path.join(CONFIG);
        create(&path)?.write_all(text.as_bytes()).map_err(|e| Failure::io("write", &path, &e))
    }

    /// Appends one line to the metrics, in one piece: formatting into the file would call the system for every token.
    pub(crate) fn add_metrics(&mut self, line: &serde_json::Value) -> Outcome {
        let line = format!("{line}\n");
        let written = self.metrics.write_all(line.as_bytes());
        written.map_err(|e| Failure::io("write", &self.path.join(METRICS), &e))
    }
}

fn create(path: &Path) -> Outcome<File> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    opened.map_err(|e| Failure::io("create", path, &e))
}

/// The model file of what the user named: a model file, or the folder of a run.
pub(crate) fn model_path(named: &Path) -> Outcome<PathBuf> {
    if !named.is_dir() {
        return match fs::metadata(named) {
            Ok(_) => Ok(named.to_owned()),
            Err(error) => Err(Failure::io("open", named, &error).hint(runs_there_are())),
        };
    }
    let model = named.join(MODEL);
    if model.is_file() {
        return Ok(model);
    }
    let message = format_args!("{} holds no {MODEL}", named.display());
    Err(Failure::new(Kind::RunTime, message).hint("name the folder of a finished run, or a model file"))
}

fn runs_there_are() -> String {
    let mut runs: Vec<_> = fs::read_dir("runs")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join(MODEL).is_file())
        .filter_map(|entry| {
            let changed = entry.metadata().and_then(|m| m.modified()).ok()?;
            Some((changed, entry.path().display().to_string()))
        })
        .collect();
    runs.sort();
    let last: Vec<_> = runs.into_iter().rev().take(3).map(|(_, path)| path).collect();
    if last.is_empty() {
        "there are no runs here yet; `deltarule train digits` makes one".to_owned()
    } else {
        format!("the latest runs here: {}", last.join(", "))
    }
}
