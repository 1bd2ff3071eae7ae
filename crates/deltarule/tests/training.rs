//! Whole runs of training: what they learn, when they stop, what they keep, and that nothing else matters.

use deltarule::dataset::balanced_class_weights;
use deltarule::random::{Purpose, Random};
use deltarule::train::{End, EpochReport, StepReport, TrainingState};
use deltarule::{
    Activation, Cost, Dataset, Matrix, Network, Observer, Plan, Real, Shuffled, ThreadPool, Trainer,
};
use deltarule::{OptimizerName, ScheduleName, Settings, Task, Variants};
use std::ops::ControlFlow;

fn run<T: Real>(
    plan: &Plan,
    data: &Dataset<T>,
    validation: Option<&Dataset<T>>,
    pool: &ThreadPool,
    observer: &mut dyn Observer<T>,
) -> (TrainingState<T>, End) {
    let network = plan.network(data.x().cols(), data.y().cols()).unwrap();
    let mut batches = Shuffled::new(data, plan.batch(), plan.drop_last(), plan.seed());
    let mut state = TrainingState::new(plan, network, &batches).unwrap();
    let mut trainer = Trainer::new(plan, &state, &batches).unwrap();
    let validation = validation.map(Dataset::samples);
    let end = trainer.run(pool, &mut state, &mut batches, validation, observer).unwrap();
    (state, end)
}

fn xor<T: Real>() -> Dataset<T> {
    let number = T::from_f64;
    let x = Matrix::from_fn(4, 2, |i, j| number(((i >> j) & 1) as f64));
    let y = Matrix::from_fn(4, 1, |i, _| number(f64::from(u8::from(i == 1 || i == 2))));
    Dataset::new(x, y, None).unwrap()
}

/// Three clouds of points, each around a corner of a triangle, as one-hot classes.
fn clouds<T: Real>(samples: usize, spread: f64, seed: u64) -> Dataset<T> {
    let random = Random::new(seed, Purpose::Data, 0);
    let corner = |class: usize, j: usize| [[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]][class][j];
    let x = Matrix::from_fn(samples, 2, |i, j| {
        T::from_f64(corner(i % 3, j) + spread * random.normal((2 * i + j) as u64))
    });
    let y = Matrix::from_fn(samples, 3, |i, j| if i % 3 == j { T::ONE } else { T::ZERO });
    Dataset::new(x, y, None).unwrap()
}

#[test]
fn xor_is_learnt_to_no_cost() {
    fn check<T: Real>() {
        let settings = Settings {
            hidden: Some(vec![8]),
            activation: Some(Activation::Tanh),
            cost: Some(Cost::BinaryCrossEntropy),
            eta: Some(0.05),
            batch_size: Some(4),
            epochs: Some(2000),
            ..Settings::default()
        };
        let plan = settings.plan(Task::Classes).unwrap();
        let data = xor::<T>();
        let (state, end) = run(&plan, &data, None, &ThreadPool::single(), &mut ());
        assert!(matches!(end, End::Finished));
        assert!(state.reports().last().unwrap().cost < 1e-3, "{:?}", state.reports().last());
        let a = state.kept().predict_all(&ThreadPool::single(), data.x().into()).unwrap();
        (0..4).for_each(|i| assert!((a.at(i, 0).to_f64() - data.y().at(i, 0).to_f64()).abs() < 0.01));
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn every_optimizer_and_schedule_learns_the_clouds() {
    let (data, validation) = (clouds::<f32>(300, 0.2, 1), clouds::<f32>(150, 0.2, 2));
    for optimizer in OptimizerName::all() {
        for schedule in ScheduleName::all() {
            let settings = Settings {
                hidden: Some(vec![16]),
                optimizer: Some(optimizer),
                schedule: Some(schedule),
                eta: Some(if optimizer.name().starts_with("adam") { 0.01 } else { 0.05 }),
                epochs: Some(15),
                batch_size: Some(16),
                ..Settings::default()
            };
            let plan = settings.plan(Task::Classes).unwrap();
            let (state, _) = run(&plan, &data, Some(&validation), &ThreadPool::single(), &mut ());
            let (_, accuracy) = state.best().unwrap();
            assert!(accuracy > 0.97, "{optimizer} with {schedule}: {accuracy}");
        }
    }
}

#[test]
fn the_tabular_recipe_learns_both_kinds_of_targets() {
    let (data, validation) = (clouds::<f32>(600, 0.2, 1), clouds::<f32>(150, 0.2, 2));
    let small = |task| Settings {
        hidden: Some(vec![32; 3]),
        epochs: Some(20),
        batch_size: Some(64),
        ..Settings::tabular(task)
    };
    let plan = small(Task::Classes).plan(Task::Classes).unwrap();
    let (state, _) = run(&plan, &data, Some(&validation), &ThreadPool::single(), &mut ());
    assert!(state.best().unwrap().1 < 0.03, "{:?}", state.best());
    let scale = state.into_kept().input_scale.unwrap();
    assert!(scale.iter().all(|s| *s != 1.0), "{scale:?}");

    let smooth = |n: usize, seed| {
        let random = Random::new(seed, Purpose::Data, 1);
        let x = Matrix::<f32>::from_fn(n, 2, |i, j| random.normal((2 * i + j) as u64) as f32);
        let y = Matrix::from_fn(n, 1, |i, _| (2.0 * x.at(i, 0)).sin() + 0.5 * x.at(i, 1));
        Dataset::new(x, y, None).unwrap()
    };
    let plan = small(Task::Regression).plan(Task::Regression).unwrap();
    let (state, _) = run(&plan, &smooth(2000, 1), Some(&smooth(500, 2)), &ThreadPool::single(), &mut ());
    assert!(state.best().unwrap().1 < 0.1, "{:?}", state.best());
}

/// One network of every kind that has a path of its own through training.
fn kinds() -> Vec<(Settings, Task)> {
    let base =
        Settings { hidden: Some(vec![9, 5]), epochs: Some(3), batch_size: Some(17), ..Settings::default() };
    vec![
        (base.clone(), Task::Classes),
        (Settings { optimizer: Some(OptimizerName::Nesterov), l2: Some(0.1), ..base.clone() }, Task::Classes),
        (Settings { dropout: Some(0.2), clip: Some(0.5), ..base.clone() }, Task::Classes),
        (
            Settings { activation: Some(Activation::Gelu), cost: Some(Cost::Quadratic), ..base.clone() },
            Task::Regression,
        ),
        (base.or(Settings::tabular(Task::Classes)), Task::Classes),
    ]
}

#[test]
fn threads_do_not_change_a_bit() {
    fn check<T: Real>() {
        let (data, validation) = (clouds::<T>(100, 0.5, 1), clouds::<T>(50, 0.5, 2));
        for (settings, task) in kinds() {
            let plan = settings.plan(task).unwrap();
            let (alone, _) = run(&plan, &data, Some(&validation), &ThreadPool::single(), &mut ());
            for threads in [2, 3, 8] {
                let (shared, _) = run(&plan, &data, Some(&validation), &ThreadPool::new(threads), &mut ());
                assert!(alone == shared, "{threads} threads: {settings:?}");
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn single_precision_takes_the_path_of_double_precision() {
    for (settings, task) in kinds() {
        let plan = settings.plan(task).unwrap();
        let (single, _) = run(&plan, &clouds::<f32>(100, 0.5, 1), None, &ThreadPool::single(), &mut ());
        let (double, _) = run(&plan, &clouds::<f64>(100, 0.5, 1), None, &ThreadPool::single(), &mut ());
        for (single, double) in single.reports().iter().zip(double.reports()) {
            assert!((single.cost - double.cost).abs() < 1e-3 * double.cost, "{single:?} {double:?}");
        }
    }
}

#[test]
fn samples_are_read_in_place() {
    let data = clouds::<f32>(90, 0.5, 1);
    let rows: Vec<u32> = (20..80).rev().collect();
    let picked = |matrix: &Matrix<f32>| {
        Matrix::from_rows(&rows.iter().map(|&i| matrix.row(i as usize)).collect::<Vec<_>>())
    };
    let copy = Dataset::new(picked(data.x()), picked(data.y()), None).unwrap();
    let plan = kinds()[0].0.plan(Task::Classes).unwrap();
    let (expected, _) = run(&plan, &copy, None, &ThreadPool::single(), &mut ());
    let mut batches = Shuffled::new(data.picked(&rows), plan.batch(), false, plan.seed());
    let mut found = TrainingState::new(&plan, plan.network(2, 3).unwrap(), &batches).unwrap();
    let mut trainer = Trainer::new(&plan, &found, &batches).unwrap();
    trainer.run(&ThreadPool::single(), &mut found, &mut batches, None, &mut ()).unwrap();
    assert!(found == expected);
}

/// Notes everything, and stops where it is told to.
#[derive(Default)]
struct Notes {
    steps: Vec<StepReport>,
    epochs: Vec<EpochReport>,
    networks: Vec<Network<f64>>,
    stop_at_step: Option<usize>,
    stop_at_epoch: Option<usize>,
}

impl Observer<f64> for Notes {
    fn on_step(&mut self, report: &StepReport) -> ControlFlow<()> {
        self.steps.push(*report);
        if self.stop_at_step == Some(self.steps.len()) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn on_epoch(&mut self, report: &EpochReport, state: &TrainingState<f64>) -> ControlFlow<()> {
        self.epochs.push(*report);
        self.networks.push(state.network().clone());
        if self.stop_at_epoch == Some(self.epochs.len()) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// A run whose validation goes up and down: a learning rate that is too high on clouds that overlap.
fn restless(keep: &str, patience: Option<u32>) -> Plan {
    let settings = Settings {
        hidden: Some(vec![6]),
        eta: Some(0.1),
        batch_size: Some(10),
        epochs: Some(30),
        keep: Some(keep.parse().unwrap()),
        patience,
        ..Settings::default()
    };
    settings.plan(Task::Classes).unwrap()
}

#[test]
fn the_weights_kept_are_those_of_the_epoch_that_the_plan_names() {
    let (data, validation) = (clouds::<f64>(100, 0.5, 1), clouds::<f64>(20, 0.5, 2));
    for keep in ["best", "last-best", "final"] {
        let mut notes = Notes::default();
        let (state, _) =
            run(&restless(keep, None), &data, Some(&validation), &ThreadPool::single(), &mut notes);
        assert_eq!(state.reports(), notes.epochs);
        let values: Vec<f64> = notes.epochs.iter().map(|epoch| epoch.validation.unwrap().value).collect();
        let top = values.iter().copied().fold(0.0, f64::max);
        assert!(values.iter().filter(|value| **value == top).count() > 1, "no tie to tell the two apart");
        let first = values.iter().position(|value| *value == top).unwrap();
        let last = values.iter().rposition(|value| *value == top).unwrap();
        let (kept, best) = match keep {
            "best" => (first, first),
            "last-best" => (last, last),
            _ => (values.len() - 1, first),
        };
        assert_eq!(state.best(), Some((best as u32 + 1, top)));
        assert!(*state.kept() == notes.networks[kept], "{keep}");
    }
}

#[test]
fn patience_counts_epochs_without_a_better_one() {
    let (data, validation) = (clouds::<f64>(100, 0.5, 1), clouds::<f64>(20, 0.5, 2));
    let (whole, _) =
        run(&restless("last-best", None), &data, Some(&validation), &ThreadPool::single(), &mut ());
    let values: Vec<f64> = whole.reports().iter().map(|epoch| epoch.validation.unwrap().value).collect();
    let (mut top, mut since, mut expected) = (f64::NEG_INFINITY, 0, None);
    for (i, value) in values.iter().enumerate() {
        (top, since) = if *value > top { (*value, 0) } else { (top, since + 1) };
        if since == 4 && expected.is_none() {
            expected = Some(i + 1);
        }
    }
    let (state, end) =
        run(&restless("last-best", Some(4)), &data, Some(&validation), &ThreadPool::single(), &mut ());
    assert!(matches!(end, End::Patience));
    assert_eq!(Some(state.reports().len()), expected);
    assert_eq!(state.reports(), &whole.reports()[..state.reports().len()]);
}

#[test]
fn an_observer_sees_everything_and_can_stop_it() {
    let data = clouds::<f64>(95, 0.5, 1);
    let plan = restless("best", None);
    let mut whole = Notes { stop_at_epoch: Some(3), ..Notes::default() };
    let (state, end) = run(&plan, &data, None, &ThreadPool::single(), &mut whole);
    assert!(matches!(end, End::Stopped));
    assert_eq!((whole.epochs.len(), whole.steps.len()), (3, 30));
    let last = whole.steps[29];
    assert_eq!((last.epoch, last.step, last.steps, last.eta), (3, 10, 10, 0.1));
    assert!(*state.kept() == whole.networks[2]);
    // An epoch's cost is the mean over its samples: nine batches of ten and one of five.
    let weighed: f64 =
        whole.steps[..10].iter().map(|step| step.cost * if step.step == 10 { 5.0 } else { 10.0 }).sum();
    assert!((whole.epochs[0].cost - weighed / 95.0).abs() < 1e-12);

    let mut cut = Notes { stop_at_step: Some(13), ..Notes::default() };
    let (state, end) = run(&plan, &data, None, &ThreadPool::single(), &mut cut);
    assert!(matches!(end, End::Stopped));
    assert_eq!((state.reports().len(), cut.steps.len(), state.step()), (1, 13, 3));
    assert_eq!(cut.steps, whole.steps[..13]);
}

#[test]
fn class_weights_balance_the_classes() {
    // Nine of ten samples at 0 are of class 0; the others of class 1.
    let y = Matrix::from_fn(100, 1, |i, _| if i % 10 == 0 { 1.0 } else { 0.0 });
    let data = Dataset::<f64>::new(Matrix::zeros(100, 1), y, None).unwrap();
    let balanced = balanced_class_weights(data.classes(), 2);
    let settings = Settings {
        hidden: Some(vec![]),
        cost: Some(Cost::BinaryCrossEntropy),
        eta: Some(0.05),
        batch_size: Some(100),
        epochs: Some(500),
        ..Settings::default()
    };
    let plan = settings.plan(Task::Classes).unwrap();
    let probability = |data: &Dataset<f64>| {
        let (state, _) = run(&plan, data, None, &ThreadPool::single(), &mut ());
        state.kept().predict_all(&ThreadPool::single(), data.x().into()).unwrap().at(0, 0)
    };
    assert!((probability(&data) - 0.1).abs() < 1e-3);
    let data = data.with_class_weights(&balanced).unwrap();
    assert!((probability(&data) - 0.5).abs() < 1e-3);
}

#[test]
fn what_does_not_fit_is_refused() {
    let data = clouds::<f32>(30, 0.5, 1);
    let plan = restless("best", None);
    let error = |network: Network<f32>, data: &Dataset<f32>, plan: &Plan| {
        let batches = Shuffled::new(data, 10, false, 0);
        let state = TrainingState::new(plan, network, &batches);
        state.and_then(|state| Trainer::new(plan, &state, &batches)).unwrap_err().to_string()
    };
    assert_eq!(
        error(plan.network(3, 3).unwrap(), &data, &plan),
        "input columns of the data: expected 3, as the network has, found 2"
    );
    assert!(
        error(plan.network(2, 4).unwrap(), &data, &plan)
            .starts_with("target columns of the data: expected 4")
    );
    let empty = Dataset::<f32>::new(Matrix::zeros(0, 2), Matrix::zeros(0, 3), None).unwrap();
    assert!(error(plan.network(2, 3).unwrap(), &empty, &plan).contains("found 0 samples in batches"));
    let negative =
        Dataset::<f32>::new(Matrix::zeros(2, 2), Matrix::from_fn(2, 3, |_, _| -1.0), None).unwrap();
    assert!(
        error(plan.network(2, 3).unwrap(), &negative, &plan).contains("a probability from 0 to 1, found -1")
    );
    let error = plan.network::<f32>(2, 1).unwrap_err();
    assert!(error.hint().unwrap().to_string().contains("binary-cross-entropy"));
}
