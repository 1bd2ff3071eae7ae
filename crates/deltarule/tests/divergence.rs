//! A cost or a weight that is not finite ends training, with its epoch, step and layer, and the best weights are kept.

use deltarule::train::{End, EpochReport, StepReport, TrainingState};
use deltarule::{
    Activation, Batches, Cost, Dataset, Error, Matrix, Network, Observer, Plan, Real, Shuffled, ThreadPool,
    Trainer,
};
use deltarule::{OptimizerName, Settings, Task};
use std::ops::ControlFlow;

/// The cost of every step, and the network after every epoch.
struct Notes<T: Real> {
    costs: Vec<f64>,
    networks: Vec<Network<T>>,
}

impl<T: Real> Observer<T> for Notes<T> {
    fn on_step(&mut self, report: &StepReport) -> ControlFlow<()> {
        self.costs.push(report.cost);
        ControlFlow::Continue(())
    }

    fn on_epoch(&mut self, _: &EpochReport, state: &TrainingState<T>) -> ControlFlow<()> {
        self.networks.push(state.network().clone());
        ControlFlow::Continue(())
    }
}

fn train<T: Real>(
    plan: &Plan,
    network: Network<T>,
    data: &Dataset<T>,
    validation: Option<&Dataset<T>>,
) -> ((TrainingState<T>, End), Notes<T>) {
    let mut batches = Shuffled::new(data, plan.batch(), plan.drop_last(), plan.seed());
    let mut state = TrainingState::new(plan, network, &batches).unwrap();
    let mut trainer = Trainer::new(plan, &state, &batches).unwrap();
    let mut notes = Notes { costs: vec![], networks: vec![] };
    let validation = validation.map(Dataset::samples);
    let end = trainer.run(&ThreadPool::single(), &mut state, &mut batches, validation, &mut notes).unwrap();
    ((state, end), notes)
}

/// The epoch, the step and the words of a divergence.
fn divergence(end: &End) -> (usize, usize, String) {
    match end {
        End::Diverged(Error::Diverged { epoch, step, field, found, .. }) => {
            (*epoch, *step, format!("{field} {found}"))
        }
        end => panic!("{end:?}"),
    }
}

fn sgd(eta: f64, batch: usize) -> Settings {
    Settings {
        optimizer: Some(OptimizerName::Sgd),
        eta: Some(eta),
        batch_size: Some(batch),
        epochs: Some(100),
        ..Settings::default()
    }
}

#[test]
fn a_cost_that_is_not_finite_stops_at_its_step_and_the_best_weights_stay() {
    let settings = Settings { hidden: Some(vec![]), cost: Some(Cost::Quadratic), ..sgd(2e3, 1) };
    let plan = settings.plan(Task::Regression).unwrap();
    let line = || Matrix::from_fn(7, 1, |i, _| i as f64);
    let data = Dataset::new(line(), line(), None).unwrap();
    let ((state, end), notes) = train(&plan, plan.network(1, 1).unwrap(), &data, Some(&data));
    let (epoch, step, what) = divergence(&end);
    // The step that diverged is the one after the last that the observer saw.
    assert_eq!((epoch - 1) * 7 + step, notes.costs.len() + 1);
    assert!(epoch > 1, "too soon to keep anything");
    assert_eq!(what, "the cost, at the outputs of layer 2, inf");
    assert_eq!(state.reports().len(), epoch - 1);
    let (best, _) = state.best().unwrap();
    assert!(*state.kept() == notes.networks[best as usize - 1]);
}

/// One sample among many is at x = `far`, with η = 100 and batches of one. Also the step, from 1, that it is the batch of.
///
/// At first w² = b² = b³ = 0 and w³ = 1, so a³ = ½. All samples but one have just that target: with the absolute cost
/// nothing moves. The one, with target 0, takes η · 1 · w³ · σ′ · x = 100 · ¼ · x off w². From then on z² is far below 0,
/// a² = 0 and σ′ = 0, so that the cost stays finite whatever w² is.
fn one_far_sample<T: Real>(samples: usize, far: f64, l2: f64) -> (Plan, Network<T>, Dataset<T>, usize) {
    let settings = Settings {
        hidden: Some(vec![1]),
        activation: Some(Activation::Sigmoid),
        cost: Some(Cost::Absolute),
        l2: Some(l2),
        ..sgd(100.0, 1)
    };
    let plan = settings.plan(Task::Regression).unwrap();
    let column = |odd: f64, others: f64| {
        Matrix::from_fn(samples, 1, |i, _| T::from_f64(if i == 5 { odd } else { others }))
    };
    let data = Dataset::new(column(far, 1.0), column(0.0, 0.5), None).unwrap();
    let mut network = plan.network::<T>(1, 1).unwrap();
    network.layers[0].w.set(0, 0, T::ZERO);
    network.layers[1].w.set(0, 0, T::ONE);

    let mut batches = Shuffled::new(&data, 1, false, plan.seed());
    batches.start(0).unwrap();
    let mut step = 1;
    while batches.next().unwrap().unwrap().x.row(0)[0] == T::ONE {
        step += 1;
    }
    assert!(step < samples, "the far sample must not be the last");
    (plan, network, data, step)
}

/// A weight leaps to infinity behind a sigmoid that saturates there. The step is found all the same, in an epoch of any
/// length: weights are looked at every 256 steps and at its end.
#[test]
fn an_infinite_weight_behind_a_finite_cost_is_found_at_its_step() {
    for samples in [12, 256, 700] {
        let (plan, network, data, step) = one_far_sample::<f32>(samples, 1e38, 0.0);
        let ((state, end), notes) = train(&plan, network.clone(), &data, None);
        assert!(notes.costs.len() > step && notes.costs.iter().all(|cost| cost.is_finite()), "{samples}");
        assert!(notes.costs.len() - step < 256);
        assert_eq!(divergence(&end), (1, step, "weight (1, 1) of layer 2 -inf".to_owned()), "{samples}");
        assert!(*state.kept() == network);
    }
}

/// Weights of 10¹⁶¹ are finite in f64 and their squares are not: the step that made them is named by its penalty.
#[test]
fn a_penalty_that_is_not_finite_is_found_at_its_step() {
    let (plan, network, data, step) = one_far_sample::<f64>(12, 1e160, 1e-300);
    let ((_, end), _) = train(&plan, network, &data, None);
    let what = "the penalty, with the largest weight in layer 2, inf".to_owned();
    assert_eq!(divergence(&end), (1, step, what));
}

/// A sample held out for validation lies where single precision ends; those to train on do not.
#[test]
fn a_validation_cost_that_is_not_finite_is_not_passed_over() {
    let settings = Settings { hidden: Some(vec![]), cost: Some(Cost::Quadratic), ..sgd(1e-3, 2) };
    let plan = settings.plan(Task::Regression).unwrap();
    let set = |far: f32| {
        let x = Matrix::from_fn(6, 1, |i, _| if i == 3 { far } else { i as f32 });
        Dataset::<f32>::new(x, Matrix::from_fn(6, 1, |i, _| i as f32), None).unwrap()
    };
    let mut network = plan.network::<f32>(1, 1).unwrap();
    network.layers[0].w.set(0, 0, 2.0);
    let ((state, end), _) = train(&plan, network.clone(), &set(3.0), Some(&set(f32::MAX)));
    let (epoch, step, what) = divergence(&end);
    assert_eq!((epoch, step), (1, 3));
    assert!(what.starts_with("the cost of validation, at the outputs of layer 2, "), "{what}");
    assert!(state.reports().is_empty() && *state.kept() == network);
}
