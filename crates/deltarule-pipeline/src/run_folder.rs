//! A run on disk: a folder with the model, the settings it was trained with, a line an epoch, and what was said.

use crate::error::{Error, Result};
use crate::settings::Config;
use crate::trained::Trained;
use deltarule::train::EpochReport;
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file of the model.
pub const MODEL: &str = "model.safetensors";
/// The file of the settings.
pub const CONFIG: &str = "config.toml";
/// The file with a line an epoch.
pub const METRICS: &str = "metrics.jsonl";
/// The file of what was said.
pub const LOG: &str = "log.txt";

/// Where runs are made unless a folder is named.
pub const RUNS: &str = "runs";

/// The folder of a run that is being made.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    metrics: File,
}

impl RunFolder {
    /// Makes `runs/<name>-<n>` with the first n that is free.
    ///
    /// # Errors
    /// [`Error::Io`] when a folder or file cannot be made.
    pub fn next(name: &str) -> Result<Self> {
        let runs = Path::new(RUNS);
        fs::create_dir_all(runs).map_err(|e| Error::io("make the folder", runs, e))?;
        for n in 1_u32.. {
            let path = runs.join(format!("{name}-{n}"));
            // Making the folder is what claims the number, so that two runs started together get two.
            match fs::create_dir(&path) {
                Ok(()) => return Self::fill(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("make the folder", &path, error)),
            }
        }
        unreachable!("4 billion runs of one name")
    }

    /// Makes the folder `path`. One that holds anything is refused, unless `force` allows its run to be replaced.
    ///
    /// # Errors
    /// [`Error::FolderTaken`], or [`Error::Io`] when a folder or file cannot be made.
    pub fn at(path: &Path, force: bool) -> Result<Self> {
        fs::create_dir_all(path).map_err(|e| Error::io("make the folder", path, e))?;
        let mut entries = fs::read_dir(path).map_err(|e| Error::io("read the folder", path, e))?;
        if entries.next().is_some() {
            if !force {
                return Err(Error::FolderTaken(path.to_owned()));
            }
            for name in [MODEL, CONFIG, METRICS, LOG] {
                let file = path.join(name);
                match fs::remove_file(&file) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(Error::io("replace", &file, error));
                    }
                    _ => {}
                }
            }
        }
        Self::fill(path.to_owned())
    }

    fn fill(path: PathBuf) -> Result<Self> {
        let metrics = create(&path.join(METRICS))?;
        Ok(Self { path, metrics })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the model.
    pub fn model(&self) -> PathBuf {
        self.path.join(MODEL)
    }

    /// A new file for what is said during the run.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be made.
    pub fn log(&self) -> Result<File> {
        create(&self.path.join(LOG))
    }

    /// Writes the settings down.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written.
    pub fn write_settings(&self, settings: &Config) -> Result {
        let path = self.path.join(CONFIG);
        create(&path)?.write_all(settings.to_toml().as_bytes()).map_err(|e| Error::io("write", &path, e))
    }

    /// Appends the line of an epoch. `metric` names the number by which epochs are compared, and `value` is that number as it
    /// is to be written; `seconds` are those since the start.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written.
    pub fn add_epoch(
        &mut self,
        report: &EpochReport,
        metric: &str,
        value: Option<f64>,
        seconds: f64,
    ) -> Result {
        let mut line = json!({
            "epoch": report.epoch,
            "cost": report.cost,
            "penalty": report.penalty,
            "eta": report.eta,
            "seconds": seconds,
            "best": report.best,
        });
        if let Some(validation) = report.validation {
            line["validation"] = json!({ "cost": validation.cost, metric: value });
            if let Some(accuracy) = validation.accuracy {
                line["validation"]["accuracy"] = json!(accuracy);
            }
        }
        // In one piece: formatting into the file would call the system for every token.
        let line = format!("{line}\n");
        let written = self.metrics.write_all(line.as_bytes());
        written.map_err(|e| Error::io("write", &self.path.join(METRICS), e))
    }

    /// Writes the model.
    ///
    /// # Errors
    /// When the file cannot be written, or a weight is not finite.
    pub fn write_model(&self, trained: &Trained) -> Result {
        trained.write(&self.model())
    }
}

fn create(path: &Path) -> Result<File> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    opened.map_err(|e| Error::io("create", path, e))
}

/// The model file of a run's folder, or of itself.
///
/// # Errors
/// [`Error::NoRun`] when there is nothing of that name, [`Error::NoModel`] for a folder without a model.
pub fn model_path(named: &Path) -> Result<PathBuf> {
    if !named.is_dir() {
        return match fs::metadata(named) {
            Ok(_) => Ok(named.to_owned()),
            Err(source) => Err(Error::NoRun { path: named.to_owned(), source, latest: latest(3) }),
        };
    }
    let model = named.join(MODEL);
    if model.is_file() { Ok(model) } else { Err(Error::NoModel(named.to_owned())) }
}

/// The finished runs in `runs`, the latest first, so many at the most.
fn latest(most: usize) -> Vec<PathBuf> {
    let mut runs: Vec<_> = fs::read_dir(RUNS)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join(MODEL).is_file())
        .filter_map(|entry| Some((entry.metadata().and_then(|m| m.modified()).ok()?, entry.path())))
        .collect();
    runs.sort();
    runs.into_iter().rev().take(most).map(|(_, path)| path).collect()
}
