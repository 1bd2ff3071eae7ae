//! Backpropagation against central differences, over every activation, cost and shape.

use crate::common::{Numbers, Samples, elementwise, every};
use deltarule::gradcheck::{self, Counts, Kink, Parameter, Settings, Verdict};
use deltarule::{Activation, Batch, Cost, Matrix, Network, Objective, Regularisation, ThreadPool, Trace};

const REGULARISATION: Regularisation = Regularisation { l2: 0.3, l1: 0.2, weight_decay: 0.0 };

/// A fixed seed for each case, so that a case can be run alone.
fn seed_of(text: &str) -> u64 {
    text.bytes().fold(17, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// Checks one network and returns what was found.
fn case(hidden: Activation, output: Activation, cost: Cost, shape: [usize; 3], extras: bool) -> Counts {
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
    assert_eq!(report.counts().wrong, 0, "{name}: {:?}", report.checks[0]);
    assert_eq!(report.checks.len(), network.parameters());
    report.counts()
}

fn add(sum: &mut Counts, more: Counts) {
    sum.agree += more.agree;
    sum.not_checkable += more.not_checkable;
    sum.kinks += more.kinks;
}

/// Were most differences lost to rounding or to kinks, agreement would mean nothing.
#[track_caller]
fn most_agree(sum: Counts, at_least: usize) {
    let Counts { agree, not_checkable, kinks, .. } = sum;
    assert!(agree > at_least && 100 * (not_checkable + kinks) < agree, "{sum:?}");
}

#[test]
fn every_hidden_activation_with_every_cost() {
    let mut sum = Counts::default();
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
                            add(&mut sum, case(hidden, cost.canonical_output(), cost, shape, extras));
                        }
                    }
                }
            }
        }
    }
    most_agree(sum, 30_000);
}

#[test]
fn every_output_activation_with_every_cost_that_takes_it() {
    let mut sum = Counts::default();
    for output in every::<Activation>() {
        for cost in every::<Cost>().filter(|cost| cost.check_output(output).is_ok()) {
            for depth in [0, 1] {
                for outputs in [1, 3] {
                    for samples in [1, 5] {
                        for extras in [false, true] {
                            let shape = [outputs, samples, depth];
                            add(&mut sum, case(Activation::Tanh, output, cost, shape, extras));
                        }
                    }
                }
            }
        }
    }
    most_agree(sum, 10_000);
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
    assert_eq!(report.layers[0].counts.kinks, 2);

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

/// The network with every weight and bias times this.
fn scaled(network: &Network<f64>, by: f64) -> Network<f64> {
    let mut network = network.clone();
    for layer in &mut network.layers {
        layer.b.iter_mut().for_each(|b| *b *= by);
        for j in 0..layer.outputs() {
            (0..layer.inputs()).for_each(|k| layer.w.set(j, k, by * layer.w.get(j, k)));
        }
    }
    network
}

/// Whatever the size of the weights: no right gradient is called wrong, and one that is off by a hundredth is wrong
/// wherever it can be checked.
#[test]
fn weights_of_any_size_are_checked() {
    let (mut agree, mut all) = (0, 0);
    for exponent in [-12, -6, -3, 0, 2, 4, 6, 8, 12, 20, 60] {
        for hidden in every::<Activation>().filter(|a| a.is_elementwise() && *a != Activation::Exp) {
            for cost in [Cost::Quadratic, Cost::SoftmaxCrossEntropy { smoothing: 0.0 }, Cost::Absolute] {
                let mut numbers = Numbers::new(seed_of(&format!("{exponent} {hidden} {cost}")));
                let output = cost.canonical_output();
                let network = scaled(&numbers.network(&[3, 4, 4, 2], hidden, output), 10_f64.powi(exponent));
                let data = Samples { x: numbers.matrix(3, 3), y: numbers.targets(cost, 3, 2), weights: None };
                let objective = Objective { cost, regularisation: REGULARISATION, n: 3 };
                let pool = ThreadPool::single();
                let trace = Trace::of(&pool, &network, objective, &data.batch()).unwrap();
                if !trace.cost().is_finite() {
                    continue;
                }
                let settings = Settings::default();
                let report = gradcheck::check(&pool, &network, objective, &data.batch(), &settings).unwrap();
                let name = format!("1e{exponent} {hidden} {cost}");
                let counts = report.counts();
                assert_eq!(counts.wrong, 0, "{name}: {:?}", report.checks[0]);
                agree += counts.agree;
                all += report.checks.len();

                let mut off = trace.gradients.clone();
                off.layers[1].b[0] *= 1.01;
                let report = gradcheck::check_gradients(&pool, &network, &trace, &off, &settings).unwrap();
                let check =
                    report.checks.iter().find(|c| c.parameter == Parameter::Bias { l: 3, j: 0 }).unwrap();
                let large = check.analytic.abs() > 200.0 * check.resolution;
                let wrong = matches!(check.verdict, Verdict::Disagrees | Verdict::Kink(_));
                assert_eq!(large, large && wrong, "{name}: {check:?}");
            }
        }
    }
    // Most can be: where weights are huge, σ is flat or exact, and the rest drowns.
    assert!(10 * agree > 7 * all && all > 10_000, "{agree} of {all}");
}

/// In single precision, too: where terms cancel, not a digit of a right gradient may be right.
#[test]
fn the_usual_tolerance_passes_every_right_gradient_in_single_precision() {
    let (mut agree, mut not_checkable) = (0, 0);
    for hidden in every::<Activation>().filter(|a| a.is_elementwise() && *a != Activation::Exp) {
        for (seed, widths) in [(1, [20, 40, 30, 3]), (2, [3, 4, 4, 2]), (3, [60, 50, 50, 4])] {
            for cost in every::<Cost>() {
                let mut numbers = Numbers::new(seed);
                let network = numbers.network(&widths, hidden, cost.canonical_output()).cast::<f32>();
                let x = numbers.matrix(8, widths[0]);
                let y = numbers.targets(cost, 8, widths[3]);
                let single = |m: &Matrix<f64>| Matrix::from_fn(m.rows(), m.cols(), |i, j| m.at(i, j) as f32);
                let (x, y) = (single(&x), single(&y));
                let batch = Batch::new((&x).into(), (&y).into());
                let settings = Settings { sample: Some(60), ..Settings::default() };
                let report =
                    gradcheck::check(&ThreadPool::single(), &network, cost, &batch, &settings).unwrap();
                let counts = report.counts();
                assert_eq!(counts.wrong, 0, "{hidden} {cost} {widths:?}: {:?}", report.checks[0]);
                assert_eq!(report.tolerance, 1e-4);
                agree += counts.agree;
                not_checkable += counts.not_checkable;
            }
        }
    }
    assert!(agree > 50 * not_checkable && not_checkable > 0, "{agree} agree, {not_checkable} not checkable");
}

/// δ is 10⁻¹⁶ of what the cost is made of: a difference of the cost says nothing about it, right or wrong.
#[test]
fn what_drowns_in_rounding_is_not_checkable() {
    let mut network = Network::<f64>::zeros(&[1, 1, 1], Activation::Sigmoid, Activation::Identity).unwrap();
    network.layers[0].w.set(0, 0, 40.0);
    network.layers[1].w.set(0, 0, 1.0);
    let (x, y) = (Matrix::from_rows(&[[-1.0]]), Matrix::from_rows(&[[1e3]]));
    let pool = ThreadPool::single();
    let batch = Batch::new((&x).into(), (&y).into());
    let trace = Trace::of(&pool, &network, Cost::Quadratic, &batch).unwrap();
    let mut gradients = trace.gradients.clone();
    let right = gradients.layers[0].w.get(0, 0);
    gradients.layers[0].w.set(0, 0, 3.0 * right);
    let report =
        gradcheck::check_gradients(&pool, &network, &trace, &gradients, &Settings::default()).unwrap();
    let counts = report.layers[0].counts;
    assert_eq!((counts.agree, counts.not_checkable, counts.wrong), (0, 2, 0), "{:?}", report.checks);
    // Of the output the bias has a large gradient; that of the weight is a = 10⁻¹⁸ of it.
    assert_eq!((report.layers[1].counts.agree, report.layers[1].counts.not_checkable), (1, 1));
    assert!(report.passed());
    let nothing = gradcheck::Report { layers: report.layers[..1].to_vec(), ..report };
    assert!(!nothing.passed());
}

/// A gradient of 0 where the cost is too large to move is no gradient that was checked; one of a dead neuron is.
#[test]
fn no_difference_is_no_agreement_where_an_output_moves() {
    let network = Network::<f64>::zeros(&[1, 1, 1], Activation::Relu, Activation::Identity).unwrap();
    let (x, y) = (Matrix::from_rows(&[[1.0]]), Matrix::from_rows(&[[1e30]]));
    let pool = ThreadPool::single();
    let batch = Batch::new((&x).into(), (&y).into());
    let trace = Trace::of(&pool, &network, Cost::Absolute, &batch).unwrap();
    let mut gradients = trace.gradients.clone();
    gradients.layers[1].b[0] = 0.0;
    let report =
        gradcheck::check_gradients(&pool, &network, &trace, &gradients, &Settings::default()).unwrap();
    let verdict = |parameter| report.checks.iter().find(|c| c.parameter == parameter).unwrap().verdict;
    assert_eq!(verdict(Parameter::Bias { l: 3, j: 0 }), Verdict::NotCheckable);
    assert_eq!(verdict(Parameter::Weight { l: 3, j: 0, k: 0 }), Verdict::Agrees);
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
