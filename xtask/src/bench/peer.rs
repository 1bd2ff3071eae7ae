//! A peer of the benchmark: a process that trains when it is told to, so that the peers can take turns.

use super::cases::Case;
use crate::shell::root;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Who can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    #[value(skip)]
    Deltarule,
    Torch,
    TorchCompile,
    Jax,
    Sklearn,
    Onnx,
    Candle,
}

impl Kind {
    /// All that deltarule is compared with.
    pub(crate) const OTHERS: &[Self] =
        &[Self::Torch, Self::TorchCompile, Self::Jax, Self::Sklearn, Self::Onnx, Self::Candle];

    fn command(self, programs: &Programs, threads: usize) -> Command {
        let script = |name: &str| {
            let mut command = Command::new(&programs.python);
            command.arg(root().join("xtask/python/peers").join(name));
            command
        };
        let mut command = match self {
            Self::Deltarule => {
                let mut command = Command::new(&programs.measure);
                command.arg("peer");
                command
            }
            Self::Torch => script("torch_peer.py"),
            Self::TorchCompile => {
                let mut command = script("torch_peer.py");
                command.arg("--compile");
                command
            }
            Self::Jax => {
                let mut command = script("jax_peer.py");
                command.arg(threads.to_string());
                command
            }
            Self::Sklearn => {
                let mut command = script("sklearn_peer.py");
                // Meant for older builds of OpenBLAS than the one in today's numpy, which they only slow down.
                command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
                command
            }
            Self::Onnx => script("onnx_peer.py"),
            Self::Candle => Command::new(&programs.candle),
        };
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"] {
            command.env(name, threads.to_string());
        }
        command
    }
}

/// Where the peers' programs lie.
#[derive(Default)]
pub(crate) struct Programs {
    /// What measures deltarule.
    pub(crate) measure: PathBuf,
    /// The program deltarule.
    pub(crate) program: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) candle: PathBuf,
}

/// One repetition.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Repetition {
    pub(crate) seconds: f64,
    pub(crate) samples: f64,
    pub(crate) cost: Option<f64>,
}

/// What the fused multiply-add reaches, in GFLOP/s.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Peak {
    /// On the instruction set in use.
    pub(crate) gflops: f64,
    /// On the best instruction set of the machine.
    pub(crate) machine: f64,
}

/// A running peer; it ends with this object.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) version: String,
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a peer that will use this many threads.
    pub(crate) fn start(kind: Kind, programs: &Programs, threads: usize) -> Result<Self> {
        let mut command = kind.command(programs, threads);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let to = process.stdin.take();
        let from = BufReader::new(process.stdout.take().context("a peer without an output")?);
        let mut peer = Self { name: format!("{kind:?}"), version: String::new(), process, to, from };
        let greeting = peer.answer()?;
        let word = |key| {
            greeting[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in {greeting}"))
        };
        (peer.name, peer.version) = (word("peer")?, word("version")?);
        Ok(peer)
    }

    /// Sets the peer up for a case and lets it warm up; says why where it has no part in it.
    pub(crate) fn prepare(&mut self, case: &Case) -> Result<Result<String, String>> {
        let answer = self.ask(&json!({ "prepare": case }))?;
        match (answer["ready"].as_str(), answer["skipped"].as_str()) {
            (Some(detail), _) => Ok(Ok(detail.to_owned())),
            (_, Some(reason)) => Ok(Err(reason.to_owned())),
            _ => bail!("{} answered {answer}", self.name),
        }
    }

    pub(crate) fn run(&mut self) -> Result<Repetition> {
        let answer = self.ask(&json!({ "run": true }))?;
        let repetition =
            Repetition::deserialize(&answer).with_context(|| format!("{} answered {answer}", self.name))?;
        if repetition.cost.is_some_and(|cost| !cost.is_finite()) {
            bail!("{} diverged", self.name);
        }
        Ok(repetition)
    }

    /// The peak of all threads that the case is prepared for together; deltarule alone knows it.
    pub(crate) fn peak(&mut self, precision: &str) -> Result<Peak> {
        let answer = self.ask(&json!({ "probe": precision }))?;
        Peak::deserialize(&answer).with_context(|| format!("{} answered {answer}", self.name))
    }

    /// The most memory that the process has held, where the system tells; deltarule alone knows it.
    pub(crate) fn memory(&mut self) -> Result<Option<u64>> {
        Ok(self.ask(&json!({ "memory": true }))?["peak_bytes"].as_u64())
    }

    /// The activations that hidden layers can have; deltarule alone tells them.
    pub(crate) fn activations(&mut self) -> Result<Vec<String>> {
        let mut answer = self.ask(&json!({ "activations": true }))?;
        serde_json::from_value(answer["activations"].take()).context("the peer named no activations")
    }

    /// One question and its answer; `{"error": …}` is an error.
    fn ask(&mut self, question: &Value) -> Result<Value> {
        let to = self.to.as_mut().context("the peer has ended")?;
        writeln!(to, "{question}").with_context(|| format!("{} has ended", self.name))?;
        let answer = self.answer()?;
        match answer["error"].as_str() {
            Some(error) => bail!("{}: {error}", self.name),
            None => Ok(answer),
        }
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            bail!("{} ended: {}", self.name, self.process.wait()?);
        }
        serde_json::from_str(&line).with_context(|| format!("{} said {line}", self.name))
    }
}

impl Drop for Peer {
    /// A peer ends when its input does; one that does not is stopped.
    fn drop(&mut self) {
        self.to = None;
        for _ in 0..50 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        // Nothing is left to do where it cannot even be stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
