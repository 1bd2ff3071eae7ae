//! A step of training allocates nothing, and neither does a prediction, once the workspace has seen such a batch.

use allocation_counter::{AllocationInfo, measure};
use deltarule::evaluate::Evaluator;
use deltarule::{
    Activation, Batches, Cost, Dataset, Matrix, Real, Rows, Shuffled, ThreadPool, Trainer, TrainingState,
    Workspace,
};
use deltarule::{OptimizerName, Settings, Task, Variants};

fn settings(optimizer: OptimizerName) -> Settings {
    Settings {
        hidden: Some(vec![12, 7]),
        optimizer: Some(optimizer),
        batch_size: Some(10),
        ..Settings::default()
    }
}

fn cases() -> Vec<(Settings, Task)> {
    let mut cases: Vec<_> =
        OptimizerName::all().map(|optimizer| (settings(optimizer), Task::Classes)).collect();
    let adam = || settings(OptimizerName::Adam);
    cases.push((Settings { dropout: Some(0.3), clip: Some(0.1), ..adam() }, Task::Classes));
    cases.push((Settings { activation: Some(Activation::Mish), ..adam() }, Task::Regression));
    cases.push((
        Settings { activation: Some(Activation::Sigmoid), cost: Some(Cost::Quadratic), ..adam() },
        Task::Regression,
    ));
    cases.push((adam(), Task::MultiLabel));
    cases.push((adam(), Task::Counts));
    cases.push((adam().or(Settings::tabular(Task::Classes)), Task::Classes));
    cases
}

fn data<T: Real>() -> Dataset<T> {
    let x = Matrix::from_fn(45, 5, |i, j| T::from_f64(((i * 7 + j * 5) % 13) as f64 / 6.0 - 1.0));
    let y = Matrix::from_fn(45, 3, |i, j| if i % 3 == j { T::ONE } else { T::ZERO });
    Dataset::new(x, y, Some(vec![T::from_f64(0.5); 45])).unwrap()
}

fn none(info: AllocationInfo, what: &str, case: &Settings) {
    assert_eq!((info.count_total, info.bytes_total), (0, 0), "{what}: {case:?}");
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![0_u8; 100]))).count_total, 1);
}

#[test]
fn a_step_allocates_nothing() {
    fn check<T: Real>(pool: &ThreadPool) {
        let data = data::<T>();
        for (case, task) in cases() {
            let plan = case.plan(task).unwrap();
            let mut batches = Shuffled::new(&data, plan.batch(), false, 0);
            let mut state = TrainingState::new(&plan, plan.network(5, 3).unwrap(), &batches).unwrap();
            let mut trainer = Trainer::new(&plan, &state, &batches).unwrap();
            let mut epoch = |number| {
                batches.start(number).unwrap();
                while let Some(batch) = batches.next().unwrap() {
                    trainer.step(pool, &mut state, &batch).unwrap();
                }
            };
            epoch(0);
            // A whole epoch with its order, its full batches and its last short one.
            none(measure(|| epoch(1)), "an epoch", &case);
        }
    }
    check::<f32>(&ThreadPool::single());
    check::<f64>(&ThreadPool::single());
    check::<f32>(&ThreadPool::new(2));
}

#[test]
fn evaluation_and_prediction_allocate_nothing() {
    let (data, pool) = (data::<f32>(), ThreadPool::single());
    for (case, task) in cases() {
        let plan = case.plan(task).unwrap();
        let network = plan.network(5, 3).unwrap();
        let mut evaluator = Evaluator::new(&network, plan.cost(), task, data.samples()).unwrap();
        evaluator.run(&pool, &network);
        none(measure(|| _ = evaluator.run(&pool, &network)), "evaluation", &case);

        let mut workspace = Workspace::new(&network);
        network.predict(&pool, data.x().into(), &mut workspace);
        let one = Rows::range(data.x(), 7..8);
        none(measure(|| _ = network.predict(&pool, one, &mut workspace)), "a prediction", &case);
    }
}
