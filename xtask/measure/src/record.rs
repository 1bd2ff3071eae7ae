//! One run of `cargo xtask record`: from the start of the process to 98.0 % of MNIST's test images.

use crate::mnist::Mnist;
use anyhow::Result;
use deltarule::dataset::{Dataset, Shuffled};
use deltarule::evaluate::Evaluator;
use deltarule::selection::Metric;
use deltarule::settings::{OptimizerName, ScheduleName, Settings, Task};
use deltarule::train::EpochReport;
use deltarule::{Activation, Network, Observer, Team, Trainer};
use serde::Deserialize;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// What the driver says.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Folder with the four files of MNIST
    #[arg(long)]
    data: PathBuf,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The network and its schedule, as JSON
    #[arg(long, value_parser = parse)]
    recipe: Recipe,
    /// Train on the first 50,000 images and judge by the 10,000 after them, to choose a recipe
    #[arg(long)]
    validate: bool,
}

/// What is trained, the same by deltarule and by PyTorch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    hidden: Vec<usize>,
    batch: usize,
    epochs: u32,
    eta: f64,
    smoothing: f64,
    /// The share of test images that is to be reached.
    goal: f64,
}

fn parse(text: &str) -> Result<Recipe, serde_json::Error> {
    serde_json::from_str(text)
}

/// Judges after every epoch and stops at the goal.
struct Judge<'a> {
    team: &'a Team,
    set: &'a Dataset<f32>,
    evaluator: Evaluator<f32>,
    goal: f64,
    accuracies: Vec<f64>,
}

impl Observer<f32> for Judge<'_> {
    fn on_epoch(&mut self, _: &EpochReport, network: &Network<f32>) -> ControlFlow<()> {
        let cost = self.evaluator.run(self.team, network, self.set.samples());
        let accuracy = Metric::Accuracy.of(Task::Classes, self.evaluator.outputs(), self.set.samples(), cost);
        self.accuracies.push(accuracy);
        if accuracy >= self.goal { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let (team, recipe) = (Team::new(options.threads), &options.recipe);
    let mnist = Mnist::read(&options.data)?;
    let (training, set) = if options.validate {
        (mnist.training()?, mnist.validation()?)
    } else {
        (mnist.all_training()?, mnist.testing()?)
    };
    let settings = Settings {
        hidden: Some(recipe.hidden.clone()),
        activation: Some(Activation::Relu),
        cost: Some(deltarule::Cost::SoftmaxCrossEntropy { smoothing: recipe.smoothing }),
        optimizer: Some(OptimizerName::Adam),
        eta: Some(recipe.eta),
        schedule: Some(ScheduleName::OneCycle),
        batch: Some(recipe.batch),
        epochs: Some(recipe.epochs),
        seed: Some(options.seed),
        ..Settings::default()
    };
    let plan = settings.plan(Task::Classes)?;
    let network = plan.network(784, 10)?;
    let mut judge = Judge {
        team: &team,
        set: &set,
        evaluator: Evaluator::new(&network, plan.cost(), set.samples())?,
        goal: recipe.goal,
        accuracies: Vec::new(),
    };
    let mut batches = Shuffled::new(&training, plan.batch(), plan.drop_last(), plan.seed());
    Trainer::new(&plan, network, &batches)?.train(&team, &mut batches, None, &mut judge)?;
    println!("{}", json!({ "accuracies": judge.accuracies }));
    Ok(())
}
