//! One weight in the middle of a training: the terms of its BP4, the central difference beside it, and the step that the
//! optimizer takes.
//!
//! ```text
//! cargo run --release -p deltarule --example one_weight
//! ```

use deltarule::batches::{Batches, Shuffled};
use deltarule::dataset::Dataset;
use deltarule::explain::{Equation, Form, Request, explain};
use deltarule::gradcheck::Verdict;
use deltarule::train::{Trainer, TrainingState};
use deltarule::{Activation, Matrix, Result, Settings, Task, ThreadPool, Trace};

fn main() -> Result<()> {
    // XOR, its four samples in one batch; in f64, where the check is sharp.
    let x = Matrix::from_rows(&[[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]);
    let y = Matrix::from_rows(&[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]);
    let data = Dataset::<f64>::new(x, y, None)?;
    let settings = Settings {
        hidden: Some(vec![3]),
        activation: Some(Activation::Tanh),
        batch_size: Some(4),
        ..Settings::default()
    };
    let plan = settings.plan(Task::Classes)?;
    let pool = ThreadPool::single();
    let mut batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
    let mut state = TrainingState::new(&plan, plan.network(2, 2)?, &batches)?;
    let mut trainer = Trainer::new(&plan, &state, &batches)?;
    // By now Adam's running moments are not those of a first step.
    for _ in 0..20 {
        trainer.epoch(&pool, &mut state, &mut batches, None, &mut ())?;
    }

    // The batch that comes next, and the weight from input 2 to neuron 1 of layer 2.
    batches.start(state.epoch())?;
    let batch = batches.next()?.expect("one batch an epoch");
    let trace = Trace::of(&pool, state.network(), plan.objective(data.len()), &batch)?;
    let request = Request {
        // As they lie in the batch.
        samples: vec![0, 1, 2, 3],
        layer: Some(2),
        weight: Some((1, 2)),
        plan: Some(plan.clone()),
        state: Some(state.clone()),
        ..Request::default()
    };
    let explanation = explain(&pool, state.network(), &trace, &request)?;
    let row = explanation
        .component
        .iter()
        .find(|row| row.cursor.equation == Equation::Bp4)
        .expect("the weight's row");

    // BP4: activation times error, for each sample, and their mean.
    let Form::Sum { sum, factor, .. } = &row.form else { unreachable!("BP4 is a sum") };
    for term in sum.terms() {
        println!("a·δ = {} · {} = {}", term.factors[0].value, term.factors[1].value, term.value);
    }
    println!("{} = mean of {} terms = {}", row.symbol, sum.len(), row.value);
    let terms: f64 = sum.values().sum();
    assert!((row.value - terms * factor[0].value).abs() < 1e-15);

    // The numerical derivative knows nothing of BP4.
    let check = row.check.expect("of every gradient");
    println!("central difference = {} (h = {}), {:?}", check.numeric, check.h, check.verdict);
    assert_eq!(check.verdict, Verdict::Agrees);

    // What the explanation foretells is what training does.
    let update = row.step.expect("with a plan");
    println!("Δw = {}, w becomes {}", update.change, update.after);
    trainer.step(&pool, &mut state, &batch)?;
    assert_eq!(state.network().layers[0].w.get(0, 1), update.after);
    Ok(())
}
