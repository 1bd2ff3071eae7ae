//! The 2-2-2 network worked by hand: every number of the four equations, and the cost after one step.
//!
//! Inputs (0.05, 0.10), targets (0.01, 0.99), sigmoid, C = ½‖a − y‖². The arithmetic is in the comments.

use deltarule::equations::{Epilogue, bp3, bp4};
use deltarule::{Activation, Batch, Cost, Layer, Matrix, Network, Panels, ThreadPool, Trace};
use deltarule_kernels::{Biases, Step, UpdateRule, Weights};

pub(crate) fn network() -> Network<f64> {
    let layer = |w: [[f64; 2]; 2], b: f64| Layer {
        w: Panels::from_fn(2, 2, |j, k| w[j][k]),
        b: vec![b; 2],
        activation: Activation::Sigmoid,
    };
    Network::new(vec![layer([[0.15, 0.20], [0.25, 0.30]], 0.35), layer([[0.40, 0.45], [0.50, 0.55]], 0.60)])
        .unwrap()
}

pub(crate) fn sample() -> (Matrix<f64>, Matrix<f64>) {
    (Matrix::from_rows(&[[0.05, 0.10]]), Matrix::from_rows(&[[0.01, 0.99]]))
}

pub(crate) fn trace(network: &Network<f64>) -> Trace<f64> {
    let (x, y) = sample();
    Trace::of(&ThreadPool::single(), network, Cost::Quadratic, &Batch::new((&x).into(), (&y).into())).unwrap()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
    }
}

#[test]
fn feedforward() {
    let trace = trace(&network());
    let [hidden, output] = &trace.pass.layers[..] else { panic!("two layers") };
    // z²₁ = 0.15·0.05 + 0.20·0.10 + 0.35 = 0.0075 + 0.02 + 0.35
    // z²₂ = 0.25·0.05 + 0.30·0.10 + 0.35 = 0.0125 + 0.03 + 0.35
    close(hidden.z.as_ref().unwrap().row(0), &[0.3775, 0.3925]);
    // a²₁ = 1 / (1 + e^−0.3775), a²₂ = 1 / (1 + e^−0.3925)
    close(hidden.a.row(0), &[0.593269992107187, 0.596884378259767]);
    // z³₁ = 0.40·0.593269992107187 + 0.45·0.596884378259767 + 0.60
    //     = 0.237307996842875 + 0.268597970216895 + 0.60
    // z³₂ = 0.50·0.593269992107187 + 0.55·0.596884378259767 + 0.60
    //     = 0.296634996053594 + 0.328286408042872 + 0.60
    close(output.z.as_ref().unwrap().row(0), &[1.10590596705977, 1.224921404096465]);
    // a³ = 1 / (1 + e^−z³)
    close(output.a.row(0), &[0.751365069552316, 0.772928465321463]);
    // C = ½ (0.741365069552316² + (−0.217071534678537)²) = ½ (0.549622166352310 + 0.047120051167695)
    close(&[trace.cost()], &[0.298371108760003]);
}

#[test]
fn the_four_equations() {
    let trace = trace(&network());
    let [hidden, output] = &trace.pass.layers[..] else { panic!("two layers") };
    // BP1: δ³₁ = (a − y) a (1 − a) = 0.741365069552316 · 0.751365069552316 · 0.248634930447684
    //      δ³₂ = −0.217071534678537 · 0.772928465321463 · 0.227071534678537
    close(output.delta.row(0), &[0.138498561628557, -0.038098236516556]);
    // BP2: δ²₁ = (0.40·0.138498561628557 − 0.50·0.038098236516556) · σ′(z²₁)
    //          = (0.055399424651423 − 0.019049118258278) · 0.241300708572325 = 0.036350306393145 · 0.241300708573
    //      δ²₂ = (0.45·0.138498561628557 − 0.55·0.038098236516556) · 0.596884378259767 · 0.403115621740233
    //          = (0.062324352732851 − 0.020954030084106) · 0.240613417249218
    close(hidden.delta.row(0), &[0.008771354689487, 0.009954254705217]);
    let [of_hidden, of_output] = &trace.gradients.layers[..] else { panic!("two layers") };
    // BP3: ∂C/∂b = δ
    close(&of_hidden.b, hidden.delta.row(0));
    close(&of_output.b, output.delta.row(0));
    // BP4: ∂C/∂w²ⱼₖ = a¹ₖ δ²ⱼ: 0.05·0.008771354689487, 0.10·0.008771354689487, …
    let w2 = [0.000438567734474, 0.000877135468949, 0.000497712735261, 0.000995425470522];
    close(&of_hidden.w.iter().collect::<Vec<_>>(), &w2);
    // BP4: ∂C/∂w³ⱼₖ = a²ₖ δ³ⱼ: 0.593269992107187·0.138498561628557, 0.596884378259767·0.138498561628557, …
    let w3 = [0.082167040564231, 0.082667627847533, -0.022602540477475, -0.022740242215978];
    close(&of_output.w.iter().collect::<Vec<_>>(), &w3);
}

/// w ← w − 0.5 ∂C/∂w through the optimizer's store, with `eta_b` for the biases.
fn cost_after_one_step(eta_b: f64) -> f64 {
    let mut network = network();
    let trace = trace(&network);
    let step = |eta| Step { rule: UpdateRule::Sgd, eta, scale: trace.scale, l2: 0.0, l1: 0.0, decay: 0.0 };
    for (l, Layer { w, b, .. }) in network.layers.iter_mut().enumerate() {
        let (pool, delta, input) = (ThreadPool::single(), &trace.pass.layers[l].delta, trace.input_of(l));
        let parameters = Biases { b, moments: &mut [] };
        bp3(&pool, delta, Epilogue::Update { step: &step(eta_b), parameters });
        let parameters = Weights { w, w_t: None, moments: &mut [] };
        bp4(&pool, delta, input, Epilogue::Update { step: &step(0.5), parameters });
    }
    self::trace(&network).cost()
}

#[test]
fn the_cost_after_one_step() {
    // w²₁₁: 0.15 − 0.5·0.000438567734474 = 0.149780716132763, w³₁₁: 0.40 − 0.5·0.082167040564231 = 0.358916479717885, …
    close(&[cost_after_one_step(0.0)], &[0.29102777369359933]);
    // b³₁: 0.60 − 0.5·0.138498561628557 = 0.530750719185510, …
    close(&[cost_after_one_step(0.5)], &[0.28047144679143016]);
}
