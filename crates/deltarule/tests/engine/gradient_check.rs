//! Backpropagation against central differences, over every activation, cost and shape.

use crate::common::{Numbers, Samples, elementwise, every};
use deltarule::gradcheck::{self, Kink, Parameter, Settings, Verdict};
use deltarule::{Activation, Batch, Cost, Matrix, Network, Objective, Regularisation, ThreadPool};

const REGULARISATION: Regularisation = Regularisation { l2: 0.3, l1: 0.2, weight_decay: 0.0 };

/// A fixed seed for each case, so that a case can be run alone.
fn seed_of(text: &str) -> u64 {
    text.bytes().fold(17, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// Checks one network and returns how many parameters were checked and how many had a kink.
fn case(
    hidden: Activation,
    output: Activation,
    cost: Cost,
    shape: [usize; 3],
    extras: bool,
) -> (usize, usize) {
    let [outputs, samples, depth] = shape;
    let name = format!("{hidden} {output} {cost} {shape:?} extras {extras}");
    let mut numbers = Numbers::new(seed_of(&name));
    let mut widths = vec![3];
    widths.extend([4, 3, 5].iter().take(depth));
    widths.push(outputs);
    let network = numbers.network(&widths, hidden, output);
    let data = Samples {
        x: numbers.matrix(samples, 3),
        y: numbers.targets(cost, samples, outputs),
        weights: extras.then(|| (0..samples).map(|_| 0.2 + numbers.normal().abs()).collect()),
    };
    let regularisation = if extras { REGULARISATION } else { Regularisation::default() };
    let objective = Objective { cost, regularisation, n: 2 * samples };
    let report =
        gradcheck::check(&ThreadPool::single(), &network, objective, &data.batch(), &Settings::default())
            .unwrap();
    assert!(report.passed(), "{name}: {:?}", report.checks[0]);
    assert_eq!(report.checks.len(), network.parameters());
    (report.checks.len(), report.layers.iter().map(|layer| layer.kinks).sum())
}

#[test]
fn every_hidden_activation_with_every_cost() {
    let (mut checked, mut kinks) = (0, 0);
    for hidden in elementwise() {
        for cost in every::<Cost>() {
            for depth in [1, 3] {
                for outputs in [1, 3] {
                    for samples in [1, 5] {
                        for extras in [false, true] {
                            // e^(e^(e^z)) leaves the numbers that a difference can be taken of.
                            if hidden == Activation::Exp && depth > 1 {
                                continue;
                            }
                            let shape = [outputs, samples, depth];
                            let (all, at_kink) = case(hidden, cost.canonical_output(), cost, shape, extras);
                            checked += all;
                            kinks += at_kink;
                        }
                    }
                }
            }
        }
    }
    // Were most differences lost to kinks, agreement would mean nothing.
    assert!(checked > 30_000 && kinks * 1000 < checked, "{kinks} kinks in {checked}");
}

#[test]
fn every_output_activation_with_every_cost_that_takes_it() {
    let mut checked = 0;
    for output in every::<Activation>() {
        for cost in every::<Cost>().filter(|cost| cost.check_output(output).is_ok()) {
            for depth in [0, 1] {
                for outputs in [1, 3] {
                    for samples in [1, 5] {
                        for extras in [false, true] {
                            checked +=
                                case(Activation::Tanh, output, cost, [outputs, samples, depth], extras).0;
                        }
                    }
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

#[test]
fn a_learned_input_scale() {
    let mut numbers = Numbers::new(5);
    let network = numbers.network(&[6, 4, 3], Activation::Selu, Activation::Softmax);
    let network = network.with_input_scale((0..6).map(|_| numbers.normal()).collect()).unwrap();
    let cost = Cost::SoftmaxCrossEntropy { smoothing: 0.1 };
    let data = Samples {
        x: numbers.matrix(7, 6),
        y: numbers.targets(cost, 7, 3),
        weights: Some((0..7).map(|_| numbers.normal().abs()).collect()),
    };
    let report =
        gradcheck::check(&ThreadPool::single(), &network, cost, &data.batch(), &Settings::default()).unwrap();
    assert!(report.passed(), "{:?}", report.checks[0]);
    assert_eq!(report.layers[0].l, 1);
    assert_eq!(report.layers[0].checked, 6);
    assert!(report.checks.iter().any(|check| matches!(check.parameter, Parameter::InputScale { .. })));
}

#[test]
fn a_sample_of_the_parameters_looks_at_every_layer_and_is_seeded() {
    let mut numbers = Numbers::new(6);
    let network = numbers.network(&[40, 30, 2], Activation::Tanh, Activation::Identity);
    let data = Samples { x: numbers.matrix(2, 40), y: numbers.matrix(2, 2), weights: None };
    let run = |seed| {
        let settings = Settings { sample: Some(50), seed, ..Settings::default() };
        gradcheck::check(&ThreadPool::single(), &network, Cost::Quadratic, &data.batch(), &settings).unwrap()
    };
    let report = run(1);
    assert_eq!(report.checks.len(), 50);
    // 1262 = 30·40 + 30 + 2·30 + 2: the groups of 2, 30, 60 and 1200 get 2, 16, 16 and 16.
    let layers: Vec<_> =
        report.layers.iter().map(|layer| (layer.l, layer.parameters, layer.checked)).collect();
    assert_eq!(layers, [(2, 1230, 32), (3, 62, 18)]);
    assert_eq!(report, run(1));
    let parameters = |seed| run(seed).checks.iter().map(|check| check.parameter).collect::<Vec<_>>();
    assert_ne!(parameters(1), parameters(2));
}

#[test]
fn a_kink_that_cannot_be_avoided_is_named() {
    // All weights 0: z of the ReLU lies on its kink, and stepping b to either side gives slopes 0 and 1.
    let mut network = Network::<f64>::zeros(&[1, 1, 1], Activation::Relu, Activation::Identity).unwrap();
    network.layers[1].w.set(0, 0, 1.0);
    let (x, y) = (Matrix::from_rows(&[[1.0]]), Matrix::from_rows(&[[3.0]]));
    let batch = Batch::new((&x).into(), (&y).into());
    let report =
        gradcheck::check(&ThreadPool::single(), &network, Cost::Quadratic, &batch, &Settings::default())
            .unwrap();
    assert!(report.passed());
    let bias = report.checks.iter().find(|check| check.parameter == Parameter::Bias { l: 2, j: 0 }).unwrap();
    assert_eq!(bias.verdict, Verdict::Kink(Kink::Activation { l: 2, j: 0, sample: 0 }));
    assert_eq!(report.layers[0].kinks, 2);

    // The same for the cost: a = y, where |a − y| has its corner. The difference there is 0, as is the derivative
    // that is used, so it counts as agreement; the quantile cost has slopes −0.8 and 0.2, and none at the corner.
    let network = Network::<f64>::zeros(&[1, 1], Activation::Tanh, Activation::Identity).unwrap();
    let y = Matrix::from_rows(&[[0.0]]);
    let batch = Batch::new((&x).into(), (&y).into());
    let cost = Cost::Quantile { q: 0.8 };
    let report =
        gradcheck::check(&ThreadPool::single(), &network, cost, &batch, &Settings::default()).unwrap();
    assert!(report.checks.iter().all(|c| c.verdict == Verdict::Kink(Kink::Cost { j: 0, sample: 0 })));
}

#[test]
fn a_cost_that_is_not_finite_is_refused() {
    let mut network = Network::<f64>::zeros(&[1, 1], Activation::Tanh, Activation::Identity).unwrap();
    network.layers[0].w.set(0, 0, 1e200);
    let (x, y) = (Matrix::from_rows(&[[1.0]]), Matrix::from_rows(&[[0.0]]));
    let batch = Batch::new((&x).into(), (&y).into());
    let error =
        gradcheck::check(&ThreadPool::single(), &network, Cost::Quadratic, &batch, &Settings::default());
    assert!(error.unwrap_err().to_string().starts_with("cost: expected a finite number"));
}

#[test]
fn the_race_counts_passes_and_says_what_it_extrapolated() {
    let mut numbers = Numbers::new(8);
    let network = numbers.network(&[3, 4, 2], Activation::Tanh, Activation::Identity);
    let data = Samples { x: numbers.matrix(2, 3), y: numbers.matrix(2, 2), weights: None };
    let run = |milliseconds| {
        let budget = std::time::Duration::from_millis(milliseconds);
        gradcheck::race(&ThreadPool::single(), &network, Cost::Quadratic, &data.batch(), budget).unwrap()
    };
    // 4·3 + 4 + 2·4 + 2 = 26 parameters
    let race = run(60_000);
    assert_eq!((race.parameters, race.one_sided_passes, race.central_passes), (26, 27, 52));
    assert_eq!((race.measured_passes, race.extrapolated), (52, false));
    assert_eq!(race.numeric_seconds, race.measured_seconds);
    assert!(race.speedup() > 1.0);
    let race = run(0);
    assert!(race.extrapolated && race.measured_passes < 52);
    assert!(race.numeric_seconds > race.measured_seconds);
}
