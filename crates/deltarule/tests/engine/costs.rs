//! C against figures by hand, far from where it is easy, and the short form of BP1 against the Jacobian.

use crate::common::{Numbers, Samples, every, jumps, told};
use deltarule::cost::Costs;
use deltarule::equations::{bp1, bp1_jacobian};
use deltarule::{Activation, Batch, Cost, Layer, Matrix, Network, Panels, Pass, Real, ThreadPool, Trace};

/// A network that passes its inputs on as z.
fn passing<T: Real>(width: usize, output: Activation) -> Network<T> {
    let w = Panels::from_fn(width, width, |j, k| if j == k { T::ONE } else { T::ZERO });
    Network::new(vec![Layer { w, b: vec![T::ZERO; width], activation: output }]).unwrap()
}

/// C of one sample with these weighted inputs, the output being the usual one of the cost.
fn value<T: Real>(cost: Cost, z: &[T], y: &[T]) -> f64 {
    let network = passing(z.len(), cost.canonical_output());
    let (x, y) = (Matrix::from_rows(&[z]), Matrix::from_rows(&[y]));
    let mut pass = Pass::new(&network);
    pass.forward(&ThreadPool::single(), &network, (&x).into());
    let (z, a) = pass.output_z_a();
    Costs::new(cost, network.outputs()).compute(&ThreadPool::single(), cost, z, a, (&y).into())[0]
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-15 * expected.abs().max(1.0), "{found} instead of {expected}");
}

#[test]
fn figures_by_hand() {
    // a − y = (0.5, −2)
    let (z, y) = ([1.5, 1.0], [1.0, 3.0]);
    close(value(Cost::Quadratic, &z, &y), 0.5 * (0.25 + 4.0));
    close(value(Cost::MeanSquared, &z, &y), (0.25 + 4.0) / 2.0);
    close(value(Cost::Absolute, &z, &y), 0.5 + 2.0);
    // ½·0.25, and 0.4·(2 − 0.2) and 0.4·(0.5 − 0.2) past d = 0.4; with d = 1 only the second is
    close(value(Cost::Huber { delta: 0.4 }, &z, &y), 0.4 * (2.0 - 0.2) + 0.4 * (0.5 - 0.2));
    close(value(Cost::Huber { delta: 1.0 }, &z, &y), 0.5 * 0.25 + (2.0 - 0.5));
    // a above y costs 1 − q a unit, a below q
    close(value(Cost::Quantile { q: 0.8 }, &z, &y), 0.2 * 0.5 + 0.8 * 2.0);
    // e^1.5 − 1·1.5 + e^1 − 3·1
    close(value(Cost::Poisson, &z, &y), 1.5_f64.exp() - 1.5 + 1_f64.exp() - 3.0);
    // −ln σ(0) = ln 2 for either target
    close(value(Cost::BinaryCrossEntropy, &[0.0, 0.0], &[0.0, 1.0]), 2.0 * 2_f64.ln());
    // −0.3 ln σ(1) − 0.7 ln σ(−1)
    let log_sigma = |z: f64| -(1.0 + (-z).exp()).ln();
    close(value(Cost::BinaryCrossEntropy, &[1.0], &[0.3]), -0.3 * log_sigma(1.0) - 0.7 * log_sigma(-1.0));
    // a = (1, 2, 3)/6: −ln(2/6)
    let z = [1_f64.ln(), 2_f64.ln(), 3_f64.ln()];
    close(value(Cost::SoftmaxCrossEntropy { smoothing: 0.0 }, &z, &[0.0, 1.0, 0.0]), 3_f64.ln());
    // ε = 0.3: t = (0.1, 0.8, 0.1)
    let smoothed = 0.1 * 6_f64.ln() + 0.8 * 3_f64.ln() + 0.1 * 2_f64.ln();
    close(value(Cost::SoftmaxCrossEntropy { smoothing: 0.3 }, &z, &[0.0, 1.0, 0.0]), smoothed);
}

#[test]
fn what_is_computed_from_z_stays_exact_where_a_rounds_to_0_or_1() {
    // −ln σ(−800) = 800, though σ(−800) = 0
    assert_eq!(value(Cost::BinaryCrossEntropy, &[-800.0], &[1.0]), 800.0);
    assert_eq!(value(Cost::BinaryCrossEntropy, &[-100.0_f32], &[1.0]), 100.0);
    // −ln σ(40) = ln(1 + e^−40) ≈ e^−40, though σ(40) = 1
    let tiny = value(Cost::BinaryCrossEntropy, &[40.0], &[1.0]);
    assert!((tiny / (-40_f64).exp() - 1.0).abs() < 1e-14, "{tiny}");
    let softmax = Cost::SoftmaxCrossEntropy { smoothing: 0.0 };
    assert_eq!(value(softmax, &[0.0, 2000.0], &[1.0, 0.0]), 2000.0);
    let tiny = value(softmax, &[0.0, 40.0], &[0.0, 1.0]);
    assert!((tiny / (-40_f64).exp() - 1.0).abs() < 1e-14, "{tiny}");
    let tiny = value(softmax, &[0.0_f32, 30.0], &[0.0, 1.0]);
    assert!((tiny / (-30_f64).exp() - 1.0).abs() < 1e-6, "{tiny}");
}

#[test]
fn an_infinite_cost_is_not_hidden() {
    let infinite = |cost, z: &[f64], y: &[f64]| !value(cost, z, y).is_finite();
    assert!(infinite(Cost::BinaryCrossEntropy, &[f64::NEG_INFINITY], &[1.0]));
    assert!(infinite(Cost::SoftmaxCrossEntropy { smoothing: 0.0 }, &[f64::NEG_INFINITY, 0.0], &[1.0, 0.0]));
    assert!(infinite(Cost::Poisson, &[710.0], &[1.0]));
    for cost in every::<Cost>() {
        let y = if cost == Cost::Quadratic { [0.5, 0.5] } else { [0.0, 1.0] };
        assert!(value(cost, &[f64::NAN, 0.0], &y).is_nan(), "{cost}");
        assert!(infinite(cost, &[f64::INFINITY, f64::NEG_INFINITY], &y), "{cost}");
    }
}

#[test]
fn kinks_are_where_the_curvature_jumps() {
    let costs = every::<Cost>().map(|cost| match cost {
        // Where the grid has its corners.
        Cost::Huber { .. } => Cost::Huber { delta: 0.75 },
        cost => cost,
    });
    let mut found = 0;
    for cost in costs {
        let (y, z_to_a): (f64, fn(f64) -> f64) = match cost.canonical_output() {
            Activation::Identity => (0.5, |a| a),
            _ => (0.5, |a| 0.1 * a),
        };
        let kinks = jumps(|r| value(cost, &[z_to_a(y + r)], &[y]));
        assert_eq!(kinks, cost.kinks(), "{cost}");
        found += kinks.len();
    }
    // |a − y|, two corners of Huber twice, the quantile twice.
    assert_eq!(found, 7);
}

#[test]
fn the_short_form_of_bp1_is_the_jacobian_form() {
    let mut numbers = Numbers::new(21);
    let pool = ThreadPool::single();
    for cost in every::<Cost>() {
        for outputs in [1, 2, 3, 17] {
            let z = numbers.matrix(6, outputs);
            let y = numbers.targets(cost, 6, outputs);
            let weights: Vec<f64> = (0..6).map(|_| numbers.normal().abs()).collect();
            let outputs_of = |output: Activation| {
                let network = passing(outputs, output);
                let mut pass = Pass::new(&network);
                pass.forward(&pool, &network, (&z).into());
                pass.output().a.clone()
            };
            // Also the pairs without a short form: elementwise, and softmax with a cost that is not its likelihood.
            for output in [cost.canonical_output(), Activation::Softmax, Activation::Gelu] {
                if cost.check_output(output).is_err() {
                    continue;
                }
                let a = outputs_of(output);
                let [mut short, mut general] = [(); 2].map(|()| Matrix::zeros(6, outputs));
                bp1(&pool, cost, output, (&z, &a), (&y).into(), Some(&weights), &mut short);
                bp1_jacobian(&pool, cost, output, (&z, &a), (&y).into(), Some(&weights), &mut general);
                for (i, weight) in weights.iter().enumerate() {
                    for (short, general) in short.row(i).iter().zip(general.row(i)) {
                        let scale = weight * y.row(i).iter().fold(1.0, |top: f64, y| top.max(y.abs()));
                        assert!(
                            (short - general).abs() <= 1e-14 * scale,
                            "{cost} {output}: {short} {general}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_short_form_is_a_minus_y() {
    let z = Matrix::from_rows(&[[0.3, -1.2, 0.7]]);
    let y = Matrix::from_rows(&[[0.0, 1.0, 0.0]]);
    for cost in [Cost::BinaryCrossEntropy, Cost::SoftmaxCrossEntropy { smoothing: 0.0 }, Cost::Poisson] {
        let network = passing(3, cost.canonical_output());
        let batch = Batch::new((&z).into(), (&y).into());
        let trace = Trace::of(&ThreadPool::single(), &network, cost, &batch).unwrap();
        let output = trace.pass.output();
        for j in 0..3 {
            assert_eq!(output.delta.at(0, j), output.a.at(0, j) - y.at(0, j), "{cost}");
        }
    }
}

#[test]
fn a_pair_that_has_no_meaning_is_refused() {
    let message = |cost: Cost, output| told(&cost.check_output(output).unwrap_err());
    assert_eq!(
        message(Cost::BinaryCrossEntropy, Activation::Tanh),
        "output activation with cost binary-cross-entropy: expected sigmoid, found tanh; this cost is defined by the \
         likelihood of that output"
    );
    assert!(message(Cost::SoftmaxCrossEntropy { smoothing: 0.0 }, Activation::Sigmoid).contains("softmax"));
    let targets = |cost: Cost, y: f64| cost.check_targets((&Matrix::from_rows(&[[0.0], [y]])).into());
    let message = |cost, y| told(&targets(cost, y).unwrap_err());
    assert_eq!(
        message(Cost::BinaryCrossEntropy, 2.0),
        "target 0 of sample 1: expected a probability from 0 to 1, found 2; the cost is binary-cross-entropy"
    );
    assert!(targets(Cost::Poisson, -1.0).is_err() && targets(Cost::Quadratic, f64::NAN).is_err());
    assert!(targets(Cost::Poisson, 3.0).is_ok() && targets(Cost::Quadratic, -7.0).is_ok());
}

#[test]
fn a_class_weight_is_a_factor_of_the_sample_weight() {
    // C = (2·C₀ + 3·C₁) / (2 + 3) with class weights (2, 3)
    let (x, y) = (Matrix::from_rows(&[[0.4], [-0.9]]), Matrix::from_rows(&[[0.0], [1.0]]));
    let network = passing(1, Activation::Sigmoid);
    let cost = Cost::BinaryCrossEntropy;
    let data = deltarule::Dataset::new(x.clone(), y.clone(), None).unwrap();
    let data = data.with_class_weights(&[2.0, 3.0]).unwrap();
    let samples = Samples { x, y, weights: data.weights().map(<[f64]>::to_vec) };
    let trace = Trace::of(&ThreadPool::single(), &network, cost, &samples.batch()).unwrap();
    close(trace.cost(), (2.0 * trace.costs[0] + 3.0 * trace.costs[1]) / 5.0);
    assert_eq!(trace.scale, 0.2);
    assert!(
        (trace.gradients.layers[0].b[0]
            - (2.0 * trace.pass.output().a.at(0, 0) + 3.0 * (trace.pass.output().a.at(1, 0) - 1.0)) / 5.0)
            .abs()
            < 1e-15
    );
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    let network = passing::<f64>(2, Activation::Identity);
    let check = |x: &Matrix<f64>, y: &Matrix<f64>, weights: Option<&[f64]>| {
        let batch = Batch { x: x.into(), y: y.into(), weights };
        Trace::of(&ThreadPool::single(), &network, Cost::Quadratic, &batch)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let m = Matrix::zeros;
    assert_eq!(
        check(&m(1, 3), &m(1, 2), None),
        "columns of the data: expected 2, the inputs of the network, found 3"
    );
    assert_eq!(check(&m(0, 2), &m(0, 2), None), "samples of the batch: expected at least 1, found 0");
    assert_eq!(check(&m(2, 2), &m(1, 2), None), "rows of targets: expected 2, one a sample, found 1");
    assert_eq!(
        check(&m(2, 2), &m(2, 1), None),
        "columns of targets: expected 2, the outputs of the network, found 1"
    );
    assert!(check(&m(2, 2), &m(2, 2), Some(&[1.0])).starts_with("sample weights: expected 2"));
    assert!(
        check(&m(2, 2), &m(2, 2), Some(&[0.0, 0.0])).starts_with("sample weights: expected at least one")
    );
    assert!(check(&m(2, 2), &m(2, 2), Some(&[1.0, -1.0])).starts_with("weight of sample 1"));
}
