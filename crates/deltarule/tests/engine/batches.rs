//! The gradient of a batch is the mean of its samples' gradients, for any shape.

use crate::common::{Numbers, Samples, elementwise, every};
use deltarule::{Activation, Batch, Cost, Gradients, Matrix, Network, Rows, ThreadPool, Trace};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn values(gradients: &Gradients<f64>) -> Vec<f64> {
    let scale = gradients.input_scale.iter().flatten().copied();
    let layer = |layer: &deltarule::Gradient<f64>| layer.w.iter().chain(layer.b.clone()).collect::<Vec<_>>();
    scale.chain(gradients.layers.iter().flat_map(layer)).collect()
}

fn check(widths: &[usize], hidden: Activation, cost: Cost, samples: usize, seed: u64) {
    let mut numbers = Numbers::new(seed);
    let outputs = *widths.last().unwrap();
    let network = numbers.network(widths, hidden, cost.canonical_output());
    let scale = (0..widths[0]).map(|_| 1.0 + 0.1 * numbers.normal()).collect();
    let network = if seed.is_multiple_of(2) { network.with_input_scale(scale).unwrap() } else { network };
    let weights: Vec<f64> = (0..samples).map(|_| 0.1 + numbers.normal().abs()).collect();
    let data = Samples {
        x: numbers.matrix(samples, widths[0]),
        y: numbers.targets(cost, samples, outputs),
        weights: seed.is_multiple_of(3).then(|| weights.clone()),
    };
    let pool = ThreadPool::single();
    let trace = Trace::of(&pool, &network, cost, &data.batch()).unwrap();
    let batched = values(&trace.gradients);

    let u = |i: usize| data.weights.as_ref().map_or(1.0, |u| u[i]);
    let total: f64 = (0..samples).map(u).sum();
    let (mut mean, mut mean_cost) = (vec![0.0; batched.len()], 0.0);
    for i in 0..samples {
        let (x, y) = (Rows::range(&data.x, i..i + 1), Rows::range(&data.y, i..i + 1));
        let one = Trace::of(&pool, &network, cost, &Batch { x, y, weights: None }).unwrap();
        mean.iter_mut().zip(values(&one.gradients)).for_each(|(sum, g)| *sum += u(i) / total * g);
        mean_cost += u(i) / total * one.cost();
    }
    let size = batched.iter().fold(1.0, |top: f64, g| top.max(g.abs()));
    for (batched, mean) in batched.iter().zip(&mean) {
        assert!((batched - mean).abs() <= 1e-13 * size, "{batched} {mean}");
    }
    assert!((trace.cost() - mean_cost).abs() <= 1e-13 * mean_cost.abs().max(1.0));
}

#[test]
fn the_gradient_of_a_batch_is_the_mean_of_its_samples_gradients() {
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    // Widths on both sides of the panels' 8 and 16 lanes.
    let widths = prop::collection::vec(1_usize..36, 2..5);
    let hidden: Vec<_> = elementwise().filter(|&activation| activation != Activation::Exp).collect();
    let costs: Vec<_> = every().collect();
    let cases = (widths, select(hidden), select(costs), 1_usize..20, any::<u64>());
    let result = runner.run(&cases, |(widths, hidden, cost, samples, seed)| {
        check(&widths, hidden, cost, samples, seed);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn picked_rows_and_a_kept_pass_give_the_same_bits() {
    let mut numbers = Numbers::new(3);
    let network = numbers.network(&[9, 17, 4], Activation::Gelu, Activation::Identity);
    let (x, y) = (numbers.matrix(12, 9), numbers.matrix(12, 4));
    let order = [7_u32, 2, 11, 2, 0];
    let gathered = |m: &Matrix<f64>| Matrix::from_fn(5, m.cols(), |i, j| m.at(order[i] as usize, j));
    let (gathered_x, gathered_y) = (gathered(&x), gathered(&y));
    let pool = ThreadPool::single();
    let picked = Batch { x: Rows::picked(&x, &order), y: Rows::picked(&y, &order), weights: None };
    let copied = Batch { x: (&gathered_x).into(), y: (&gathered_y).into(), weights: None };
    let a = Trace::of(&pool, &network, Cost::Quadratic, &picked).unwrap();
    let b = Trace::of(&pool, &network, Cost::Quadratic, &copied).unwrap();
    assert_eq!(values(&a.gradients), values(&b.gradients));

    // A pass that has seen a larger batch before, and keeps z only where it must.
    let mut pass = deltarule::Pass::new(&network);
    let whole = Batch { x: (&x).into(), y: (&y).into(), weights: None };
    let mut gradients = Gradients::zeros(&network);
    for batch in [whole, picked] {
        pass.forward(&pool, &network, batch.x);
        pass.backward(&pool, &network, &network.transposed(), Cost::Quadratic, &batch);
        pass.gradients(&pool, &batch, &mut gradients);
    }
    assert_eq!(values(&gradients), values(&a.gradients));
}

#[test]
fn prediction_is_the_forward_pass() {
    let mut numbers = Numbers::new(4);
    let network = numbers.network(&[5, 33, 7, 3], Activation::Mish, Activation::Softmax);
    let network = network.with_input_scale(vec![0.5, 2.0, -1.0, 0.0, 1.0]).unwrap();
    let x = numbers.matrix(600, 5);
    let pool = ThreadPool::single();
    let predicted = network.predict_all(&pool, (&x).into()).unwrap();
    let mut pass = deltarule::Pass::new(&network);
    pass.forward(&pool, &network, (&x).into());
    assert_eq!(predicted, pass.output().a);
    for i in 0..600 {
        let total: f64 = predicted.row(i).iter().sum();
        assert!((total - 1.0).abs() < 1e-15);
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let mut numbers = Numbers::new(5);
    let network = numbers.network(&[20, 40, 10], Activation::Tanh, Activation::Softmax);
    let cost = Cost::SoftmaxCrossEntropy { smoothing: 0.0 };
    let data = Samples { x: numbers.matrix(8, 20), y: numbers.targets(cost, 8, 10), weights: None };
    let single: Network<f32> = network.cast();
    let [x, y] = [&data.x, &data.y].map(|m| Matrix::from_fn(m.rows(), m.cols(), |i, j| m.at(i, j) as f32));
    let pool = ThreadPool::single();
    let double = Trace::of(&pool, &network, cost, &data.batch()).unwrap();
    let single = Trace::of(&pool, &single, cost, &Batch::new((&x).into(), (&y).into())).unwrap();
    assert!((double.cost() - single.cost()).abs() < 1e-6);
    for (double, single) in double.gradients.layers.iter().zip(&single.gradients.layers) {
        for (a, b) in double.w.iter().zip(single.w.iter()) {
            assert!((a - f64::from(b)).abs() < 1e-6, "{a} {b}");
        }
    }
}
