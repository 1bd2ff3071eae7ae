//! The command line, as typed words.

use crate::flags::{Flags, Folded, Reading, Running, SettingName, Threads};
use clap::{Args, Parser, Subcommand, ValueEnum};
use deltarule::Settings;
use deltarule_pipeline::settings::{CvSettings, DataSettings, RunSettings};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Start here:
  deltarule train digits                     train on real handwritten digits; nothing to download
  deltarule explain runs/digits-1 --sample 0 open one sample's gradient: BP1 to BP4 with its numbers
  deltarule gradcheck runs/digits-1          check every gradient against a numerical derivative
  deltarule train people.csv --target income any table in, a network out

Exit codes: 0 done, 1 run time, 2 usage, 3 bad data, 4 diverged or failed check, 130 interrupted.";

/// Trains multilayer perceptrons by the four equations of backpropagation, and opens every gradient it computes.
#[derive(Debug, Parser)]
#[command(name = "deltarule", bin_name = "deltarule", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is printed")]
pub(crate) struct Global {
    /// Print the result as one JSON value on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print results, warnings and errors only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more of what happens on the way.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to colour; NO_COLOR is honoured.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub(crate) color: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a network on data and save it as a run.
    Train(Box<Train>),
    /// Write a network's predictions for new data.
    Predict(Predict),
    /// Measure a network on data whose answers are known.
    Eval(Eval),
    /// Estimate how well a network will do by k-fold cross-validation.
    Cv(Box<Cv>),
    /// Open one sample's or batch's gradient: forward pass, BP1 to BP4, the check, the step.
    Explain(Explain),
    /// Check gradients against central differences, layer by layer.
    Gradcheck(Box<Gradcheck>),
    /// Show what a model file holds.
    Inspect(Inspect),
    /// List the settings: what each is, its values and its default.
    Settings(ListedSettings),
    /// Print a completion script for a shell.
    Completions(Completions),
}

/// A file of settings.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct SettingsFile {
    /// Settings from a TOML file; flags go before it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Train a network on data and save it as a run.
#[derive(Debug, Args)]
#[command(after_help = "\
Data is a built-in set (digits, iris, moons, circles, spirals, blobs, xor; generated ones as `moons:n=500,noise=0.1`),
a folder or file of IDX images such as MNIST, or one or more tables (CSV, TSV, Parquet, Arrow, NPY, NPZ, JSON lines,
LIBSVM; plain, gzip or zstd; `-` for standard input).

Examples:
  deltarule train digits --hidden 100,100 --epochs 50
  deltarule train moons:noise=0.2 --hidden 16 --activation tanh
  deltarule train mnist/ --batch-size 128 --threads 2
  deltarule train houses.parquet --target price --task regression")]
pub(crate) struct Train {
    /// A built-in set, IDX files or folder, or tables; what --config names when not given.
    #[arg(required_unless_present = "config", value_name = "DATA")]
    pub(crate) data: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: Flags<DataSettings>,
    #[command(flatten)]
    pub(crate) learning: Flags<Settings>,
    #[command(flatten)]
    pub(crate) running: Flags<RunSettings>,
    #[command(flatten)]
    pub(crate) file: SettingsFile,
    /// Folder of the run, instead of runs/DATA-N.
    #[arg(long, value_name = "FOLDER", help_heading = "Run")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the run that is already in --out.
    #[arg(long, requires = "out", help_heading = "Run")]
    pub(crate) force: bool,
}

/// Write a network's predictions for new data.
#[derive(Debug, Args)]
#[command(after_help = "\
Predictions keep the order of the rows: the label, the amount in the target's units, or the count.
With --json and no --output they are written as JSON lines.

Examples:
  deltarule predict runs/adult-train-1 new.parquet -o scored.parquet --probabilities
  cat new.csv | deltarule predict runs/adult-train-1 - > scored.csv")]
pub(crate) struct Predict {
    /// Folder of a run, or a model file.
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The data, read as it was for training; `-` for standard input, a row out for each row in. Of a folder of images
    /// the test pair, where there is one; the file of images itself for another.
    #[arg(required = true, value_name = "DATA")]
    pub(crate) data: Vec<String>,
    /// File to write: .csv, .parquet, .jsonl or .npy; CSV on standard output when not given.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// csv, parquet, json-lines or npy, where the name of the file does not say it.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Write the probability of every class too.
    #[arg(long)]
    pub(crate) probabilities: bool,
    /// Keep the input's columns beside the prediction.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Replace an existing output file.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) running: Flags<RunSettings, Threads>,
}

/// Measure a network on data whose answers are known.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Folder of a run, or a model file.
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The data; what was held out for a test when not given. Of a folder of images the test pair, where there is one;
    /// the file of images itself for another.
    #[arg(value_name = "DATA")]
    pub(crate) data: Vec<String>,
    #[command(flatten)]
    pub(crate) running: Flags<RunSettings, Threads>,
}

/// Estimate how well a network will do by k-fold cross-validation.
#[derive(Debug, Args)]
#[command(after_help = "\
Each fold is predicted by a network that did not see it: everything is learned from the other folds,
from which --validation is taken too. The shares of the classes are kept equal in every fold.

Examples:
  deltarule cv iris --folds 10 --repeats 3
  deltarule cv houses.csv --target price --out-of-fold predicted.csv")]
pub(crate) struct Cv {
    /// A built-in set, IDX files or folder, or tables.
    #[arg(required = true, value_name = "DATA")]
    pub(crate) data: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: Flags<DataSettings, Folded>,
    #[command(flatten)]
    pub(crate) learning: Flags<Settings>,
    #[command(flatten)]
    pub(crate) running: Flags<RunSettings, Running>,
    #[command(flatten)]
    pub(crate) file: SettingsFile,
    #[command(flatten)]
    pub(crate) folds: Flags<CvSettings>,
    /// Write each row's prediction by the network that did not see it.
    #[arg(long, value_name = "FILE", help_heading = "Cross-validation")]
    pub(crate) out_of_fold: Option<PathBuf>,
    /// Replace an existing file of out-of-fold predictions.
    #[arg(long, help_heading = "Cross-validation")]
    pub(crate) force: bool,
}

/// Open one sample's or batch's gradient.
#[derive(Debug, Args)]
#[command(after_help = "\
Layers are numbered as in the book: 1 is the input, so that w² and b² lead to layer 2, the first with weights.
Neurons and weights are numbered from 1 too, samples from 0.

Examples:
  deltarule explain runs/digits-1 --sample 3
  deltarule explain runs/xor-1 --sample 0 --layer 2 --neuron 1
  deltarule explain runs/xor-1 --sample 0 --layer 2 --weight 1,2 --lang ko
  deltarule explain runs/digits-1 --samples 0..32 --form matrix")]
pub(crate) struct Explain {
    /// Folder of a run, or a model file.
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The data; what the network was trained on when not given. Of a folder of images the test pair, where there is
    /// one; the file of images itself for another.
    #[arg(value_name = "DATA")]
    pub(crate) data: Vec<String>,
    /// The sample, counted from 0.
    #[arg(long, allow_negative_numbers = true, value_name = "N", conflicts_with = "samples")]
    pub(crate) sample: Option<usize>,
    /// A batch of samples, from A to before B: each one's δ, then the mean that the update uses.
    #[arg(long, value_name = "A..B")]
    pub(crate) samples: Option<String>,
    /// Only this layer, numbered from 2; 1 is the learned input scale, where there is one.
    #[arg(long, allow_negative_numbers = true, value_name = "L")]
    pub(crate) layer: Option<usize>,
    /// Only this neuron of the layer, numbered from 1.
    #[arg(long, allow_negative_numbers = true, value_name = "J", requires = "layer")]
    pub(crate) neuron: Option<usize>,
    /// Only the weight from neuron k of the layer before to neuron j, both numbered from 1.
    #[arg(long, value_name = "J,K", requires = "layer", conflicts_with = "neuron")]
    pub(crate) weight: Option<String>,
    /// Sums written out term by term, or whole matrices.
    #[arg(long, value_enum, default_value_t = Form::Component)]
    pub(crate) form: Form,
    /// Language of the words; the locale's when not given.
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Lang>,
}

/// Check gradients against central differences, layer by layer.
#[derive(Debug, Args)]
#[command(after_help = "\
Gradients are computed in f64 unless --precision f32 asks for those of single precision, in which
most networks are trained; differences are always taken in f64. Where terms nearly cancel, f32
leaves few right digits. A gradient that disagrees ends the program with 4.

Examples:
  deltarule gradcheck runs/digits-1
  deltarule gradcheck digits --hidden 30,30 --activation sigmoid --parameters 0
  deltarule gradcheck runs/digits-1 --precision f32 --tolerance 1e-9  fails: f32 has 7 digits
  deltarule gradcheck runs/digits-1 --cost-race")]
pub(crate) struct Gradcheck {
    /// Folder of a run, a model file, or data (then a fresh network of the flags is checked).
    #[arg(required = true, value_name = "RUN|DATA")]
    pub(crate) subject: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: Flags<DataSettings, Reading>,
    #[command(flatten)]
    pub(crate) learning: Flags<Settings>,
    #[command(flatten)]
    pub(crate) running: Flags<RunSettings, Running>,
    #[command(flatten)]
    pub(crate) file: SettingsFile,
    /// The batch whose gradient is checked: samples from A to before B, counted from 0; 8 of them, chosen by the seed,
    /// when not given.
    #[arg(long, value_name = "A..B")]
    pub(crate) samples: Option<String>,
    /// Parameters checked at the most, chosen by the seed; all when 0.
    #[arg(long, allow_negative_numbers = true, value_name = "P", default_value_t = 2000)]
    pub(crate) parameters: usize,
    /// Largest relative error that still agrees; 1e-7 in f64 and 1e-4 in f32 when not given. A difference that is beyond
    /// it and no larger than rounding can make it is counted as not checkable.
    #[arg(long, allow_negative_numbers = true, value_name = "ERROR")]
    pub(crate) tolerance: Option<f64>,
    /// Measure the numerical way against backpropagation on this network.
    #[arg(long)]
    pub(crate) cost_race: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Component,
    Matrix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    En,
    Ko,
}

/// Show what a model file holds.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Folder of a run, or a model file.
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
}

/// List the settings: what each is, its values and its default.
#[derive(Debug, Args)]
#[command(after_help = "\
Every setting is a flag of the commands that use it and a key of the file that --config names,
in the section that is shown.

Examples:
  deltarule settings
  deltarule settings activation
  deltarule settings --json")]
pub(crate) struct ListedSettings {
    /// Show one setting whole: its values with their documentation, and its default for each preset and task.
    #[arg(value_name = "NAME", value_parser = SettingName, hide_possible_values = true)]
    pub(crate) name: Option<String>,
    /// Language of the words; the locale's when not given.
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Lang>,
}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
