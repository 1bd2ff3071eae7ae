//! One run of `cargo xtask record`: from the start of the process to a trained network's accuracy on MNIST.

use crate::mnist::Mnist;
use anyhow::Result;
use deltarule::batches::Shuffled;
use deltarule::evaluate::Evaluator;
use deltarule::{Metric, Settings, Task, ThreadPool, Trainer, TrainingState};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

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
    /// The network and its schedule: the library's settings as JSON
    #[arg(long, value_parser = parse)]
    recipe: Settings,
    /// Train on the first 50,000 images and judge by the 10,000 after them, to choose a recipe
    #[arg(long)]
    validate: bool,
}

fn parse(text: &str) -> Result<Settings, serde_json::Error> {
    serde_json::from_str(text)
}

/// Reads, trains for as long as the recipe says, and only then looks at the images to judge by.
pub(crate) fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let pool = ThreadPool::new(options.threads);
    let plan = Settings { seed: Some(options.seed), ..options.recipe.clone() }.plan(Task::Classes)?;
    let mnist = Mnist::read_on(&options.data, options.threads)?;
    let (training, judged) =
        if options.validate { (mnist.training()?, mnist.validation()?) } else { mnist.into_all()? };
    let loaded = start.elapsed().as_secs_f64();
    let network = plan.network(training.x().cols(), training.y().cols())?;
    let mut batches = Shuffled::new(&training, plan.batch(), plan.drop_last(), plan.seed());
    let mut state = TrainingState::new(&plan, network, &batches)?;
    Trainer::new(&plan, &state, &batches)?.run(&pool, &mut state, &mut batches, None, &mut ())?;
    let trained = start.elapsed().as_secs_f64();
    let mut evaluator = Evaluator::new(state.kept(), plan.cost(), Task::Classes, judged.samples())?;
    evaluator.run(&pool, state.kept());
    let accuracy = evaluator.value(Metric::Accuracy)?;
    println!("{}", json!({ "accuracy": accuracy, "loaded": loaded, "trained": trained - loaded }));
    Ok(())
}
