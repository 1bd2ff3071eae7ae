//! `cargo xtask reproduce`: the accuracies that Nielsen's book reports for MNIST, measured again.

use crate::mnist::Mnist;
use anyhow::Result;
use deltarule::batches::Shuffled;
use deltarule::dataset::Dataset;
use deltarule::evaluate::Evaluator;
use deltarule::init::Init;
use deltarule::{Activation, Batch, Cost, Gradients, Pass, Plan, Rows, ThreadPool, Trainer, TrainingState};
use deltarule::{Metric, OptimizerName, Settings, Task};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `cargo xtask reproduce` is told on the command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Folder with the four files of MNIST
    #[arg(long, default_value = "../shared/data/mnist")]
    data: PathBuf,
    /// Seeds for each row of accuracies
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Only the rows of this chapter
    #[arg(long)]
    chapter: Option<u32>,
    /// Runs side by side, each on one thread; all processors unless given
    #[arg(long)]
    threads: Option<usize>,
}

/// Which figure of a run the book gives.
#[derive(Clone, Copy)]
enum Judged {
    /// Test accuracy, at its peak.
    Test,
    /// Validation accuracy, at its peak.
    Validation,
    /// Validation accuracy after the first and after the last epoch.
    FirstAndLast,
    /// Test accuracy at the epoch of the best validation accuracy.
    TestAtBestValidation,
}

struct Row {
    chapter: u32,
    hidden: &'static [usize],
    cost: Cost,
    init: Init,
    epochs: u32,
    eta: f64,
    lambda: f64,
    published: &'static str,
    judged: Judged,
}

#[rustfmt::skip]
const ROWS: &[Row] = {
    use Cost::{BinaryCrossEntropy as Cross, Quadratic};
    use Init::{Normal, ScaledNormal};
    use Judged::{FirstAndLast, Test, TestAtBestValidation, Validation};
    const LIKELIHOOD: Cost = Cost::SoftmaxCrossEntropy { smoothing: 0.0 };
    &[
        Row { chapter: 1, hidden: &[30], cost: Quadratic, init: Normal, epochs: 30, eta: 3.0, lambda: 0.0, published: "95.42 test", judged: Test },
        Row { chapter: 1, hidden: &[100], cost: Quadratic, init: Normal, epochs: 30, eta: 3.0, lambda: 0.0, published: "96.59 test", judged: Test },
        Row { chapter: 3, hidden: &[30], cost: Cross, init: Normal, epochs: 30, eta: 0.5, lambda: 0.0, published: "95.49 test", judged: Test },
        Row { chapter: 3, hidden: &[100], cost: Cross, init: Normal, epochs: 30, eta: 0.5, lambda: 0.0, published: "96.82 test", judged: Test },
        Row { chapter: 3, hidden: &[30], cost: Cross, init: Normal, epochs: 30, eta: 0.5, lambda: 5.0, published: "96.49 test", judged: Test },
        Row { chapter: 3, hidden: &[100], cost: Cross, init: Normal, epochs: 30, eta: 0.5, lambda: 5.0, published: "97.92 validation", judged: Validation },
        Row { chapter: 3, hidden: &[100], cost: Cross, init: Normal, epochs: 60, eta: 0.1, lambda: 5.0, published: "98.04 validation", judged: Validation },
        Row { chapter: 3, hidden: &[30], cost: Cross, init: ScaledNormal, epochs: 30, eta: 0.1, lambda: 5.0, published: "first 92.70, last 96.50 validation", judged: FirstAndLast },
        Row { chapter: 5, hidden: &[30], cost: Cross, init: ScaledNormal, epochs: 30, eta: 0.1, lambda: 5.0, published: "96.48 validation", judged: Validation },
        Row { chapter: 5, hidden: &[30; 2], cost: Cross, init: ScaledNormal, epochs: 30, eta: 0.1, lambda: 5.0, published: "96.90 validation", judged: Validation },
        Row { chapter: 5, hidden: &[30; 3], cost: Cross, init: ScaledNormal, epochs: 30, eta: 0.1, lambda: 5.0, published: "96.57 validation", judged: Validation },
        Row { chapter: 5, hidden: &[30; 4], cost: Cross, init: ScaledNormal, epochs: 30, eta: 0.1, lambda: 5.0, published: "96.53 validation", judged: Validation },
        Row { chapter: 6, hidden: &[100], cost: LIKELIHOOD, init: ScaledNormal, epochs: 60, eta: 0.1, lambda: 0.0, published: "97.80 test at the best validation", judged: TestAtBestValidation },
    ]
};

impl Row {
    fn plan(&self, seed: u64) -> Result<Plan> {
        let settings = Settings {
            hidden: Some(self.hidden.to_vec()),
            activation: Some(Activation::Sigmoid),
            output_activation: Some(self.cost.canonical_output())
                .filter(|&f| f != Activation::Identity)
                .or(Some(Activation::Sigmoid)),
            cost: Some(self.cost),
            init: Some(self.init),
            optimizer: Some(OptimizerName::Sgd),
            eta: Some(self.eta),
            l2: Some(self.lambda),
            batch_size: Some(10),
            epochs: Some(self.epochs),
            seed: Some(seed),
            ..Settings::default()
        };
        Ok(settings.plan(Task::Classes)?)
    }

    fn net(&self) -> String {
        let hidden: String = self.hidden.iter().map(|width| format!("{width}-")).collect();
        format!("784-{hidden}10")
    }
}

/// Accuracies after each epoch.
#[derive(Clone, Default)]
struct Curve {
    validation: Vec<f64>,
    test: Vec<f64>,
}

struct Sets {
    training: Dataset<f32>,
    validation: Dataset<f32>,
    test: Dataset<f32>,
}

impl Sets {
    fn run(&self, row: &Row, seed: u64) -> Result<Curve> {
        let plan = row.plan(seed)?;
        let mut batches = Shuffled::new(&self.training, plan.batch(), plan.drop_last(), plan.seed());
        let mut state = TrainingState::new(&plan, plan.network(784, 10)?, &batches)?;
        let mut trainer = Trainer::new(&plan, &state, &batches)?;
        let pool = ThreadPool::single();
        let evaluator = |set| Evaluator::new(state.network(), plan.cost(), Task::Classes, set);
        let mut validation = evaluator(self.validation.samples())?;
        let mut test = evaluator(self.test.samples())?;
        let mut curve = Curve::default();
        while state.epoch() < row.epochs {
            trainer.epoch(&pool, &mut state, &mut batches, None, &mut ())?;
            for (evaluator, curve) in [(&mut validation, &mut curve.validation), (&mut test, &mut curve.test)]
            {
                evaluator.run(&pool, state.network());
                curve.push(100.0 * evaluator.value(Metric::Accuracy)?);
            }
        }
        Ok(curve)
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mnist = Mnist::read(&options.data)?;
    let sets = Sets { training: mnist.training()?, validation: mnist.validation()?, test: mnist.testing()? };
    let rows: Vec<&Row> =
        ROWS.iter().filter(|row| options.chapter.is_none_or(|chapter| row.chapter == chapter)).collect();
    let jobs: Vec<(usize, u64)> =
        (0..rows.len()).flat_map(|row| (0..options.seeds).map(move |seed| (row, seed))).collect();
    let done = Mutex::new(vec![Vec::new(); rows.len()]);
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(&(row, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let curve = sets.run(rows[row], seed)?;
            eprintln!("chapter {}, {}, seed {seed}: done", rows[row].chapter, rows[row].net());
            done.lock().expect("no run panicked").as_mut_slice()[row].push(curve);
        }
        Ok(())
    };
    let threads =
        options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        others
            .into_iter()
            .map(|thread| thread.join().expect("no run panicked"))
            .chain([own])
            .collect::<Result<()>>()
    })?;

    let done = done.into_inner().expect("no run panicked");
    println!(
        "| chapter | net | cost, initial weights | epochs | η | λ | published, % | peak, % | last epoch, % |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (row, curves) in rows.iter().zip(&done) {
        let [peak, last] = figures(row.judged, curves);
        println!(
            "| {} | {} | {}, {} | {} | {} | {} | {} | {peak} | {last} |",
            row.chapter,
            row.net(),
            row.cost,
            row.init,
            row.epochs,
            row.eta,
            row.lambda,
            row.published
        );
    }
    println!("\nMedian of {} seeds (range).\n", options.seeds);
    if options.chapter.is_none_or(|chapter| chapter == 5) {
        vanishing(&sets.training)?;
    }
    Ok(())
}

/// The columns `peak` and `last epoch`.
fn figures(judged: Judged, curves: &[Curve]) -> [String; 2] {
    let each = |figure: &dyn Fn(&Curve) -> f64| spread(curves.iter().map(figure).collect(), 2);
    let peak = |values: &[f64]| values.iter().copied().fold(f64::NAN, f64::max);
    let last = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
    match judged {
        Judged::Test => [each(&|curve| peak(&curve.test)), each(&|curve| last(&curve.test))],
        Judged::Validation => {
            [each(&|curve| peak(&curve.validation)), each(&|curve| last(&curve.validation))]
        }
        Judged::FirstAndLast => {
            let first = each(&|curve| curve.validation.first().copied().unwrap_or(f64::NAN));
            let best = each(&|curve| peak(&curve.validation));
            [format!("{best}; first epoch {first}"), each(&|curve| last(&curve.validation))]
        }
        Judged::TestAtBestValidation => {
            let chosen = |curve: &Curve| {
                let best = peak(&curve.validation);
                let epoch = curve.validation.iter().position(|&value| value == best).unwrap_or(0);
                curve.test[epoch]
            };
            [each(&chosen), each(&|curve| last(&curve.test))]
        }
    }
}

/// `median (least–largest)`.
fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let median =
        if values.len() % 2 == 1 { values[middle] } else { 0.5 * (values[middle - 1] + values[middle]) };
    format!("{median:.digits$} ({:.digits$}–{:.digits$})", values[0], values[values.len() - 1])
}

/// Draws of initial weights whose norms are measured: far more than seeds, for a norm depends on its draw.
const DRAWS: u64 = 100;

/// The norms of ∂C/∂b of each hidden layer before training, of the mean over the first 1,000 images: chapter 5.
fn vanishing(training: &Dataset<f32>) -> Result<()> {
    const PUBLISHED: [&str; 3] = ["0.066, 0.309", "0.012, 0.060, 0.283", "0.003, 0.017, 0.070, 0.285"];
    println!("| net | published norms of ∂C/∂b, first hidden layer first | measured |");
    println!("|---|---|---|");
    let images = 0..1000;
    let (x, y) = (Rows::range(training.x(), images.clone()), Rows::range(training.y(), images));
    let batch = Batch::new(x, y);
    for row in ROWS.iter().filter(|row| row.chapter == 5 && row.hidden.len() > 1) {
        let mut norms = vec![Vec::new(); row.hidden.len()];
        for seed in 0..DRAWS {
            let (pool, network) = (ThreadPool::single(), row.plan(seed)?.network::<f32>(784, 10)?);
            let (mut pass, mut gradients) = (Pass::new(&network), Gradients::zeros(&network));
            pass.forward(&pool, &network, batch.x);
            pass.backward(&pool, &network, &network.transposed(), row.cost, &batch);
            pass.gradients(&pool, &batch, &mut gradients);
            for (norms, layer) in norms.iter_mut().zip(&gradients.layers) {
                norms.push(layer.b.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>().sqrt());
            }
        }
        let measured: Vec<String> = norms.into_iter().map(|norms| spread(norms, 3)).collect();
        println!("| {} | {} | {} |", row.net(), PUBLISHED[row.hidden.len() - 2], measured.join(", "));
    }
    println!("\nMedian of {DRAWS} draws of N(0,1/n_in) (range), the first 1,000 training images.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_plan() {
        for row in ROWS {
            assert_eq!(row.plan(0).expect("a plan").epochs(), row.epochs);
        }
    }

    #[test]
    fn figures_are_medians_with_ranges() {
        let curve =
            |test: [f64; 2], validation: [f64; 2]| Curve { test: test.into(), validation: validation.into() };
        let curves = [
            curve([91.0, 90.0], [80.0, 82.0]),
            curve([95.0, 96.0], [85.0, 84.0]),
            curve([93.0, 92.0], [83.0, 83.5]),
        ];
        assert_eq!(figures(Judged::Test, &curves), ["93.00 (91.00–96.00)", "92.00 (90.00–96.00)"]);
        // Best validation: epochs 2, 1 and 2.
        assert_eq!(figures(Judged::TestAtBestValidation, &curves)[0], "92.00 (90.00–95.00)");
    }
}
