//! `cargo xtask tabular`: the recipe for tables beside the networks and the boosted trees of others, on the same rows.
//!
//! deltarule is measured as a user meets it, by its program: `deltarule train TRAIN --target T`, then `deltarule predict`.

mod report;

use crate::python::Environment;
use crate::shell::{cargo, output, program, run as run_program, target};
use anyhow::{Context, Result, bail};
use report::Score;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `cargo xtask tabular` is told on the command line.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Option<Action>,
    /// Folder with adult-train.csv, adult-test.csv, abalone.csv and beijing-pm25.csv
    #[arg(long, default_value = "../shared/data/tables")]
    data: PathBuf,
    /// Sets: adult, abalone, beijing-pm25, and scikit-learn's iris, wine, breast-cancer, digits, diabetes; all unless given
    #[arg(long, value_name = "SET", value_delimiter = ',')]
    set: Vec<String>,
    /// Methods to compare: the first against each of the others
    #[arg(long, value_delimiter = ',', default_value = "deltarule,mlp,boosting")]
    method: Vec<Method>,
    /// Divisions into training and test rows, with seeds from 0
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Trainings at the same time, of one thread each
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    jobs: u64,
    /// Start every training through this command, such as `nice -n 15` or `taskset -c 0`
    #[arg(long, value_name = "COMMAND", value_delimiter = ' ')]
    through: Vec<String>,
    /// Keep what an earlier run of the same program has measured, and measure what is missing
    #[arg(long)]
    resume: bool,
    /// Write every figure here as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Install scikit-learn and pandas into .venv-tabular
    Setup {
        /// Also PyTorch and pytabkit, the package of the recipe's authors (about 6 GB)
        #[arg(long)]
        authors: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Method {
    /// The recipe as it is
    Deltarule,
    /// The recipe for probabilities: --metric log-loss; for classes alone
    DeltaruleLogLoss,
    /// scikit-learn's MLPClassifier or MLPRegressor
    Mlp,
    /// scikit-learn's HistGradientBoostingClassifier or -Regressor
    Boosting,
    /// RealMLP-TD-S by its authors
    Realmlp,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Deltarule => "deltarule",
            Self::DeltaruleLogLoss => "deltarule-log-loss",
            Self::Mlp => "mlp",
            Self::Boosting => "boosting",
            Self::Realmlp => "realmlp",
        }
    }

    /// What the program is told beyond the data and the seed; nothing for the methods of others.
    fn flags(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Deltarule => Some(&[]),
            Self::DeltaruleLogLoss => Some(&["--metric", "log-loss"]),
            _ => None,
        }
    }
}

/// A set that has been divided, as `sets.py` tells of it.
#[derive(Deserialize)]
struct Set {
    set: String,
    target: String,
    classes: bool,
    training: usize,
    test: usize,
    categorical: Vec<String>,
    numeric: Vec<String>,
}

const SCRIPTS: &str = "xtask/python/tabular";

pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(Action::Setup { authors }) = options.action {
        return Environment::tabular(authors).map(drop);
    }
    let environment = Environment::existing_tabular()
        .context("scikit-learn is not installed; `cargo xtask tabular setup` installs it")?;
    let python = environment.python();
    let importing = output(&mut program(&python, &["-c", "import pytabkit"]));
    if options.method.contains(&Method::Realmlp) && importing.is_err() {
        bail!("pytabkit is not installed; `cargo xtask tabular setup --authors` installs it");
    }
    run_program(&mut cargo(&["build", "--release", "--quiet", "-p", "deltarule-cli"]))?;
    let folder = target()?.join("tabular");
    if !options.resume && folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let deltarule = target()?.join("release/deltarule");
    let measuring = Measuring { python, deltarule, folder, through: options.through.clone() };
    let sets = measuring.divide(options)?;
    measuring.all(options, &sets)?;
    let scores = measuring.scores(options, &sets)?;
    let machine = crate::bench::Machine::read();
    print!("{}", report::markdown(&machine, &sets, &options.method, &scores));
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&json!({ "machine": machine, "scores": scores }))?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The programs, and where the rows and what was predicted for them lie.
struct Measuring {
    python: PathBuf,
    deltarule: PathBuf,
    folder: PathBuf,
    /// What trainings are started through.
    through: Vec<String>,
}

impl Measuring {
    /// A program, started through the command that was asked for.
    fn training(&self, name: &Path) -> Command {
        match self.through.split_first() {
            None => program(name, &[]),
            Some((first, rest)) => {
                let mut command = program(first, &[]);
                command.args(rest).arg(name);
                command
            }
        }
    }

    fn script(&self, name: &str) -> Command {
        let mut command = self.training(&self.python);
        command.arg(format!("{SCRIPTS}/{name}"));
        // One thread each, whatever library it is in.
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(name, "1");
        }
        command
    }

    /// The rows of every set and seed, written to files that all methods read.
    fn divide(&self, options: &Options) -> Result<Vec<Set>> {
        let mut command = self.script("sets.py");
        command.arg(&self.folder).arg(&options.data).arg(options.seeds.to_string()).args(&options.set);
        serde_json::from_str(&output(&mut command)?).context("what sets.py wrote")
    }

    /// Every training that is still to be done, the methods of one division after each other.
    fn all(&self, options: &Options, sets: &[Set]) -> Result<()> {
        let mut order = Vec::new();
        for seed in 0..options.seeds {
            for set in sets {
                let methods =
                    options.method.iter().filter(|m| set.classes || **m != Method::DeltaruleLogLoss);
                order.extend(methods.map(|&method| (set, seed, method)));
            }
        }
        order.retain(|(set, seed, method)| !self.place(set, *seed).join(done(*method)).is_file());
        let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
        let work = || {
            while let Some(&(set, seed, method)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.one(set, seed, method) {
                    Ok(seconds) => eprintln!("{} {seed} {}: {seconds:.1} s", set.set, method.name()),
                    Err(error) => {
                        next.store(order.len(), Ordering::Relaxed);
                        *failure.lock().expect("no thread panics while it holds this") = Some(error);
                    }
                }
            }
        };
        std::thread::scope(|scope| (0..options.jobs).for_each(|_| drop(scope.spawn(work))));
        let failure = failure.into_inner().expect("no thread panics while it holds this");
        failure.map_or(Ok(()), Err)
    }

    fn place(&self, set: &Set, seed: u64) -> PathBuf {
        self.folder.join(&set.set).join(seed.to_string())
    }

    /// One training and its predictions; the seconds that the training took.
    fn one(&self, set: &Set, seed: u64, method: Method) -> Result<f64> {
        let place = self.place(set, seed);
        match method.flags() {
            Some(flags) => self.ours(set, seed, method, flags, &place)?,
            None => {
                let mut command = self.script("fit.py");
                command.arg(method.name()).arg(&self.folder).arg(&set.set).arg(seed.to_string());
                output(&mut command)?;
            }
        }
        let path = place.join(done(method));
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str::<Value>(&text)?["seconds"].as_f64().context("no seconds")
    }

    /// As a user does it: the table, the name of the target, and nothing else but the seed.
    fn ours(&self, set: &Set, seed: u64, method: Method, flags: &[&str], place: &Path) -> Result<()> {
        let model = place.join(method.name());
        let mut train = self.training(&self.deltarule);
        train.arg("train").arg(place.join("train.csv")).args([
            "--target",
            &set.target,
            "--seed",
            &seed.to_string(),
        ]);
        train.args(flags).args(["--threads", "1", "--json", "--quiet", "--force", "--out"]).arg(&model);
        let trained: Value = serde_json::from_str(&output(&mut train)?).context("what train printed")?;
        let mut predict = program(&self.deltarule, &["predict"]);
        predict.arg(&model).arg(place.join("test.csv")).args(["--threads", "1", "--quiet", "--force"]);
        predict.args(set.classes.then_some("--probabilities"));
        output(predict.arg("--output").arg(place.join(format!("{}.csv", method.name()))))?;
        let seconds = json!({ "seconds": trained["seconds"] });
        Ok(std::fs::write(place.join(done(method)), seconds.to_string())?)
    }

    fn scores(&self, options: &Options, sets: &[Set]) -> Result<Vec<Score>> {
        let sets: Vec<&str> = sets.iter().map(|set| set.set.as_str()).collect();
        let methods: Vec<&str> = options.method.iter().map(|method| method.name()).collect();
        let mut command = self.script("score.py");
        command.arg(&self.folder).arg(options.seeds.to_string());
        serde_json::from_str(&output(command.args([sets.join(","), methods.join(",")]))?)
            .context("what score.py wrote")
    }
}

/// Where a method writes its seconds, last of all.
fn done(method: Method) -> String {
    format!("{}.json", method.name())
}
