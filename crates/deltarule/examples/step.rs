//! Training steps and little else, for a profiler to count: `step A 60` takes 60 steps of case A of the benchmark.
//!
//! The check `cargo xtask test --only instructions` counts the instructions of two runs of different length; the
//! difference is what the steps cost.

use deltarule::batches::{Batches, Shuffled};
use deltarule::dataset::Dataset;
use deltarule::train::{Trainer, TrainingState};
use deltarule::{Activation, Cost, Matrix, Result, ThreadPool};
use deltarule::{OptimizerName, Settings, Task};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [case, steps] = arguments.as_slice() else { usage() };
    let Ok(steps) = steps.parse::<usize>() else { usage() };
    let (settings, task, inputs, outputs) = match case.as_str() {
        "A" => (book(), Task::Classes, 784, 10),
        "B" => (digits(), Task::Classes, 784, 10),
        "C" => (small_table(), Task::Regression, 20, 1),
        "D" => (table(), Task::Classes, 100, 2),
        _ => usage(),
    };

    let plan = settings.plan(task)?;
    // As many samples for any number of steps, so that only the steps differ between two runs.
    let samples = 8 * plan.batch();
    let x = Matrix::from_fn(samples, inputs, |i, j| ((i * 31 + j * 17) % 256) as f32 / 255.0);
    let y = Matrix::from_fn(samples, outputs, |i, j| f32::from(u8::from(i % outputs.max(2) == j)));
    let data = Dataset::new(x, y, None)?;
    let mut batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
    let mut state = TrainingState::new(&plan, plan.network(inputs, outputs)?, &batches)?;
    let mut trainer = Trainer::new(&plan, &state, &batches)?;
    let pool = ThreadPool::single();
    batches.start(0)?;
    let batch = batches.next()?.expect("the first batch");
    let mut cost = 0.0;
    for _ in 0..steps {
        cost = trainer.step(&pool, &mut state, &batch)?.cost;
    }
    println!("cost before step {steps}: {cost}");
    Ok(())
}

/// 784-30-10, quadratic cost, gradient descent.
fn book() -> Settings {
    Settings {
        hidden: Some(vec![30]),
        activation: Some(Activation::Sigmoid),
        output_activation: Some(Activation::Sigmoid),
        cost: Some(Cost::Quadratic),
        optimizer: Some(OptimizerName::Sgd),
        eta: Some(3.0),
        batch_size: Some(10),
        ..Settings::default()
    }
}

/// 784-512-512-10, softmax cross-entropy, Adam.
fn digits() -> Settings {
    Settings {
        hidden: Some(vec![512, 512]),
        optimizer: Some(OptimizerName::Adam),
        batch_size: Some(128),
        ..Settings::default()
    }
}

/// 100-256-256-256-2, softmax cross-entropy, AdamW.
fn table() -> Settings {
    Settings {
        hidden: Some(vec![256, 256, 256]),
        optimizer: Some(OptimizerName::AdamW),
        batch_size: Some(256),
        ..Settings::default()
    }
}

/// 20-64-64-1, quadratic cost, Adam.
fn small_table() -> Settings {
    Settings {
        hidden: Some(vec![64, 64]),
        cost: Some(Cost::Quadratic),
        optimizer: Some(OptimizerName::Adam),
        batch_size: Some(32),
        ..Settings::default()
    }
}

fn usage() -> ! {
    eprintln!("usage: step A|B|C|D STEPS");
    std::process::exit(2);
}
