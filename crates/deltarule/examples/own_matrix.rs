//! Train on a matrix of your own, with a function of your own called after every epoch.
//!
//! ```text
//! cargo run --release -p deltarule --example own_matrix
//! ```

use deltarule::batches::Shuffled;
use deltarule::dataset::Dataset;
use deltarule::evaluate::Evaluator;
use deltarule::train::{EpochReport, Trainer, TrainingState};
use deltarule::{Matrix, Network, Plan, Result, Settings, Task, ThreadPool};

fn main() -> Result<()> {
    let settings = Settings { hidden: Some(vec![16, 16]), epochs: Some(200), ..Settings::default() };
    let plan = settings.plan(Task::Classes)?;
    let enough = 0.97;
    let network = train(&plan, &disc(40)?, &disc(31)?, |report| {
        let accuracy = report.validation.and_then(|validation| validation.accuracy).unwrap_or(0.0);
        println!("epoch {:3}  cost {:.4}  accuracy {:.1} %", report.epoch, report.cost, 100.0 * accuracy);
        accuracy < enough
    })?;

    let points = Matrix::from_rows(&[[0.1, -0.2], [0.4, 0.3], [0.9, -0.9]]);
    let probabilities = network.predict_all(&ThreadPool::single(), (&points).into())?;
    for (i, inside) in [true, true, false].into_iter().enumerate() {
        let p = probabilities.row(i)[1];
        println!("{:?} lies inside with probability {p:.3}", points.row(i));
        assert_eq!(p > 0.5, inside);
    }
    Ok(())
}

/// Trains until the plan ends or `go_on` says no, and returns the network of the best epoch.
fn train(
    plan: &Plan,
    training: &Dataset<f32>,
    validation: &Dataset<f32>,
    mut go_on: impl FnMut(&EpochReport) -> bool,
) -> Result<Network<f32>> {
    let pool = ThreadPool::new(2);
    let network = plan.network(training.x().cols(), training.y().cols())?;
    let mut batches = Shuffled::new(training, plan.batch(), plan.drop_last(), plan.seed());
    let mut evaluator = Evaluator::new(&network, plan.cost(), plan.task(), validation.samples())?;
    let mut state = TrainingState::new(plan, network, &batches)?;
    let mut trainer = Trainer::new(plan, &state, &batches)?;
    while state.epoch() < plan.epochs() {
        let report = trainer.epoch(&pool, &mut state, &mut batches, Some(&mut evaluator), &mut ())?;
        if report.is_some_and(|report| !go_on(&report)) {
            break;
        }
    }
    Ok(state.into_kept())
}

/// Points of a square, a row each, and as their class whether they lie inside a disc: no straight line parts the two.
fn disc(side: usize) -> Result<Dataset<f32>> {
    let coordinate = |i: usize| 2.0 * i as f32 / (side - 1) as f32 - 1.0;
    let point = |i: usize| [coordinate(i / side), coordinate(i % side)];
    let x = Matrix::from_fn(side * side, 2, |i, k| point(i)[k]);
    let inside = |i: usize| usize::from(point(i).iter().map(|c| c * c).sum::<f32>() < 0.5);
    // One column for each class, 1 in that of the sample's own.
    let y = Matrix::from_fn(side * side, 2, |i, class| f32::from(u8::from(inside(i) == class)));
    Dataset::new(x, y, None)
}
