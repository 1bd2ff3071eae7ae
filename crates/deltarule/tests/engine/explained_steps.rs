//! The learned input scale in an explanation, and that the step it shows is the one that training takes.

use crate::common::{Numbers, Samples};
use deltarule::batches::Shuffled;
use deltarule::dataset::Dataset;
use deltarule::explain::{Equation, Explanation, Form, Request, explain};
use deltarule::gradcheck::{Parameter, Verdict};
use deltarule::optimizer::Parametrisation;
use deltarule::{Activation, Network, Objective, Plan, ThreadPool, Trace, Trainer, TrainingState};
use deltarule::{OptimizerName, ScheduleName, Settings, Task, Variants};

/// Three inputs with factors of their own, four samples.
fn scaled() -> (Network<f64>, Samples) {
    let mut numbers = Numbers::new(77);
    let network = numbers.network(&[3, 4, 2], Activation::Tanh, Activation::Identity);
    let samples = Samples { x: numbers.matrix(4, 3), y: numbers.matrix(4, 2), weights: None };
    (network.with_input_scale(vec![0.5, -2.0, 1.5]).unwrap(), samples)
}

fn explained(network: &Network<f64>, samples: &Samples, plan: &Plan, layer: Option<usize>) -> Explanation {
    let objective = Objective { cost: plan.cost(), regularisation: plan.regularisation(), n: 4 };
    let trace = Trace::of(&ThreadPool::single(), network, objective, &samples.batch()).unwrap();
    let request =
        Request { samples: (0..4).collect(), layer, plan: Some(plan.clone()), ..Request::default() };
    explain(&ThreadPool::single(), network, &trace, &request).unwrap()
}

fn plan(settings: Settings) -> Plan {
    Settings { hidden: Some(vec![4]), batch_size: Some(4), ..settings }.plan(Task::Regression).unwrap()
}

#[test]
fn the_input_scale_has_its_own_rows() {
    let (network, samples) = scaled();
    let explanation = explained(&network, &samples, &plan(Settings::default()), Some(1));
    let of = |equation| explanation.component.iter().filter(move |row| row.cursor.equation == equation);
    assert_eq!(explanation.component.len(), 9);
    let scale = network.input_scale.as_ref().unwrap();
    for (k, row) in of(Equation::ScaledInput).enumerate() {
        assert_eq!(row.symbol.to_string(), format!("a¹{}", ["₁", "₂", "₃"][k]));
        assert_eq!(row.value, scale[k] * samples.x.at(0, k));
    }
    for row in of(Equation::Bp2) {
        let Form::Sum { sum, factor, .. } = &row.form else { panic!("a sum") };
        assert_eq!((row.cursor.layer, sum.len(), factor.len()), (1, 4, 0));
        assert!((row.value - sum.total).abs() < 1e-15);
    }
    for (k, row) in of(Equation::InputScale).enumerate() {
        assert_eq!(row.symbol.to_string(), format!("∂C/∂s{}", ["₁", "₂", "₃"][k]));
        let check = row.check.unwrap();
        assert_eq!((check.parameter, check.verdict), (Parameter::InputScale { k }, Verdict::Agrees));
        assert!(check.relative_error < 1e-9 && row.value != 0.0, "{check:?}");
        let Form::Sum { sum, factor, .. } = &row.form else { panic!("a sum") };
        // x δ¹ of each sample, and the mean of them
        assert_eq!((sum.len(), factor[0].value, row.cursor.sample), (4, 0.25, None));
        for (i, term) in sum.terms().enumerate() {
            assert_eq!(term.factors[0].value, samples.x.at(i, k));
        }
    }
    let matrix: Vec<Equation> = explanation.matrix.iter().map(|row| row.cursor.equation).collect();
    assert_eq!(matrix, [Equation::ScaledInput, Equation::Bp2, Equation::InputScale]);
    let last = &explanation.matrix[2];
    for k in 0..3 {
        let sum: f64 = (0..4).map(|i| last.operands[0].entries[k][i] * last.operands[1].entries[k][i]).sum();
        assert!((0.25 * sum - last.result.entries[k][0]).abs() < 1e-15);
    }
    // Without a layer asked for, layer 1 stands first.
    let whole = explained(&network, &samples, &plan(Settings::default()), None);
    assert_eq!(whole.component[0].cursor.equation, Equation::ScaledInput);
    assert_eq!(whole.component.last().unwrap().cursor.equation, Equation::Bp4);
}

#[test]
fn only_a_network_with_an_input_scale_has_a_layer_1_to_show() {
    let (network, samples) = scaled();
    let message = |network: &Network<f64>, request: Request| {
        let trace =
            Trace::of(&ThreadPool::single(), network, deltarule::Cost::Quadratic, &samples.batch()).unwrap();
        let request = Request { samples: (0..4).collect(), layer: Some(1), ..request };
        explain(&ThreadPool::single(), network, &trace, &request).unwrap_err().to_string()
    };
    assert_eq!(
        message(&network, Request { weight: Some((1, 1)), ..Request::default() }),
        "weight: expected none of layer 1, which has a factor for each input, found 1,1"
    );
    assert_eq!(
        message(&network, Request { neuron: Some(4), ..Request::default() }),
        "neuron: expected a neuron from 1 to 3 of layer 1, found 4"
    );
    let plain = Network { input_scale: None, ..network };
    assert!(message(&plain, Request::default()).starts_with("layer: expected a layer from 2 to 3, found 1"));
}

/// Whatever gives a parameter a rate of its own: what is shown is what one step of training does to it.
#[test]
fn the_step_shown_is_the_step_that_training_takes() {
    let base = || Settings { eta: Some(0.03), input_scale: Some(true), ..Settings::default() };
    let recipe = || Settings {
        parametrisation: Some(Parametrisation::Ntk),
        eta_biases: Some(0.1),
        eta_input_scale: Some(6.0),
        l2: Some(0.4),
        l1: Some(0.2),
        weight_decay: Some(0.3),
        ..base()
    };
    let optimizers = [
        OptimizerName::Sgd,
        OptimizerName::Momentum,
        OptimizerName::Nesterov,
        OptimizerName::Adam,
        OptimizerName::AdamW,
    ];
    let plans = optimizers.into_iter().flat_map(|optimizer| {
        [base(), recipe(), Settings { clip: Some(0.01), ..recipe() }]
            .map(|settings| plan(Settings { optimizer: Some(optimizer), ..settings }))
    });
    let (network, samples) = scaled();
    let data = Dataset::new(samples.x.clone(), samples.y.clone(), None).unwrap();
    for plan in plans {
        let batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
        let mut state = TrainingState::new(&plan, network.clone(), &batches).unwrap();
        let mut trainer = Trainer::new(&plan, &state, &batches).unwrap();
        trainer.step(&ThreadPool::single(), &mut state, &samples.batch()).unwrap();
        let trained = state.network();
        let explanation = explained(&network, &samples, &plan, None);
        let steps = explanation.component.iter().filter_map(|row| row.check.zip(row.step));
        let mut seen = 0;
        for (check, step) in steps {
            let (before, after) = (check.parameter.of(&network), check.parameter.of(trained));
            assert_eq!(step.change, step.after - before);
            assert_eq!(step.after, after, "{} of {plan:?}", check.parameter);
            assert!(after != before);
            seen += 1;
        }
        // 3 factors, 4 + 2 biases, 4·3 + 2·4 weights
        assert_eq!(seen, 29);
    }
}

/// In the middle of a training, of every optimizer: what is shown is what its next step does.
#[test]
fn the_next_step_of_a_training_is_shown_to_the_bit() {
    let (network, samples) = scaled();
    let data = Dataset::new(samples.x.clone(), samples.y.clone(), None).unwrap();
    let pool = ThreadPool::single();
    for optimizer in OptimizerName::all() {
        for (schedule, clip) in [(ScheduleName::Cosine, None), (ScheduleName::OneCycle, Some(0.05))] {
            let plan = plan(Settings {
                optimizer: Some(optimizer),
                schedule: Some(schedule),
                epochs: Some(20),
                eta: Some(0.03),
                eta_biases: Some(0.5),
                input_scale: Some(true),
                eta_input_scale: Some(6.0),
                parametrisation: Some(Parametrisation::Ntk),
                l2: Some(0.4),
                l1: Some(0.2),
                weight_decay: Some(0.3),
                clip,
                ..Settings::default()
            });
            let batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
            let mut state = TrainingState::new(&plan, network.clone(), &batches).unwrap();
            let mut trainer = Trainer::new(&plan, &state, &batches).unwrap();
            for _ in 0..7 {
                trainer.step(&pool, &mut state, &samples.batch()).unwrap();
            }
            let before = state.network().clone();
            let trace = Trace::of(&pool, &before, plan.objective(4), &samples.batch()).unwrap();
            let request = Request {
                samples: (0..4).collect(),
                plan: Some(plan.clone()),
                state: Some(state.clone()),
                ..Request::default()
            };
            let explanation = explain(&pool, &before, &trace, &request).unwrap();
            trainer.step(&pool, &mut state, &samples.batch()).unwrap();
            let steps = explanation.component.iter().filter_map(|row| row.check.zip(row.step));
            let mut seen = 0;
            for (check, step) in steps {
                assert_eq!(
                    step.after,
                    check.parameter.of(state.network()),
                    "{} of {plan:?}",
                    check.parameter
                );
                assert!(step.change != 0.0);
                seen += 1;
            }
            assert_eq!(seen, 29);
            // The state has gone on, and is of another network than the one explained.
            let request = Request { state: Some(state.clone()), ..request };
            let refused = explain(&pool, &before, &trace, &request).unwrap_err().to_string();
            assert!(refused.starts_with("network of the training state: expected the one that is explained"));
        }
    }
}
