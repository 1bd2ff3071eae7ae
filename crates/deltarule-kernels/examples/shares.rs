//! The share of the multiply-add peak that each product reaches at the layers of five networks.
//!
//! `cargo run --release -p deltarule-kernels --example shares -- [filter] [threads]`, the filter being a part of a line.

#[path = "../benches/relu/mod.rs"]
mod relu;

use deltarule_kernels::{
    Biases, FlushToZero, Gradient, Matrix, Moments, Panels, Real, Rows, Step, ThreadPool, UpdateRule,
    Weights, peak, products,
};
use relu::Relu;
use std::time::{Duration, Instant};

/// Name, batch, inputs, outputs.
const LAYERS: [(&str, usize, usize, usize); 16] = [
    ("A1", 10, 784, 30),
    ("A2", 10, 30, 10),
    ("B1", 128, 784, 512),
    ("B2", 128, 512, 512),
    ("B3", 128, 512, 10),
    ("C1", 32, 20, 64),
    ("C2", 32, 64, 64),
    ("C3", 32, 64, 1),
    ("D1", 256, 100, 256),
    ("D2", 256, 256, 256),
    ("D4", 256, 256, 2),
    ("E1", 256, 1024, 4096),
    ("E2", 256, 4096, 4096),
    ("E3", 256, 4096, 1000),
    ("G1", 1, 784, 512),
    ("G2", 1, 512, 512),
];

fn shares<T: Real>(filter: &str, threads: usize) {
    let pool = ThreadPool::new(threads);
    let _flush = FlushToZero::on();
    let mut seed = 1u64;
    let mut value = move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        T::from_f64((seed >> 33) as f64 / (1u64 << 31) as f64 - 0.5)
    };
    let line = |name: &str, product: &str, flops: f64, run: &mut dyn FnMut()| {
        let line = format!("{name} {product} {} ×{threads}", T::NAME);
        if !line.contains(filter) {
            return;
        }
        let budget = Duration::from_millis(250);
        run();
        let before = Instant::now();
        run();
        let runs = (0.0002 / before.elapsed().as_secs_f64()).ceil() as u32;
        let (end, mut best, mut peak) = (Instant::now() + budget, f64::INFINITY, 0.0f64);
        while Instant::now() < end {
            peak = peak.max(peak::flops_per_second::<T>(&pool, Duration::ZERO));
            for _ in 0..4 {
                let start = Instant::now();
                (0..runs).for_each(|_| run());
                best = best.min(start.elapsed().as_secs_f64() / f64::from(runs));
            }
        }
        let speed = flops / best;
        println!(
            "{line:28} {:10.2} µs {:6.1} of {:5.1} GFLOP/s: {:5.1} %",
            best * 1e6,
            speed / 1e9,
            peak / 1e9 * threads as f64,
            speed / peak / threads as f64 * 100.0
        );
    };
    for (name, rows, inputs, outputs) in LAYERS {
        let flops = 2.0 * (rows * inputs * outputs) as f64;
        let data = Matrix::from_fn(rows * 3, inputs, |_, _| value());
        let picked: Vec<u32> = (0..rows as u32).map(|i| (i * 7919) % (rows * 3) as u32).collect();
        // First layers read shuffled samples, the others the activations below them.
        let x = if name.ends_with('1') { Rows::picked(&data, &picked) } else { Rows::range(&data, 0..rows) };
        let mut w = Panels::from_fn(outputs, inputs, |_, _| value());
        let mut w_t = w.transposed();
        let mut b = vec![T::ZERO; outputs];
        let (mut z, mut a) = (Matrix::zeros(rows, outputs), Matrix::zeros(rows, outputs));
        line(name, "forward", flops, &mut || products::forward(&pool, x, &w, &b, Relu, None, &mut a));
        line(name, "forward+z", flops, &mut || {
            products::forward(&pool, x, &w, &b, Relu, Some(&mut z), &mut a)
        });
        let delta = Matrix::from_fn(rows, outputs, |_, _| value());
        let mut below = Matrix::zeros(rows, inputs);
        line(name, "backward", flops, &mut || {
            products::backward(&pool, (&delta).into(), &w_t, Relu, &data, &mut below);
        });
        let mut gradient = Gradient { w: Panels::zeros(outputs, inputs), b: vec![T::ZERO; outputs] };
        line(name, "gradient", flops, &mut || {
            products::bias_gradient(&pool, &delta, T::ONE, &mut gradient.b);
            products::weight_gradient(&pool, &delta, x, T::ONE, &mut gradient.w);
        });
        let adam = UpdateRule::Adam {
            beta1: T::from_f64(0.9),
            beta2: T::from_f64(0.999),
            epsilon: T::from_f64(1e-8),
        };
        for (product, rule, transposed) in [
            ("sgd", UpdateRule::Sgd, false),
            ("sgd+w_t", UpdateRule::Sgd, true),
            ("momentum+w_t", UpdateRule::Momentum { mu: T::from_f64(0.9) }, true),
            ("adam", adam, false),
            ("adam+w_t", adam, true),
        ] {
            let mut moments = Moments::zeros(rule.moments(), outputs, inputs);
            let [eta, scale, zero] = [1e-4, 1.0 / rows as f64, 0.0].map(T::from_f64);
            let step = Step { rule, eta, scale, l2: zero, l1: zero, decay: zero };
            line(name, product, flops, &mut || {
                let w_t = transposed.then_some(&mut w_t);
                let biases = Biases { b: &mut b, moments: &mut moments.b };
                products::bias_update(&pool, &delta, &step, biases);
                let weights = Weights { w: &mut w, w_t, moments: &mut moments.w };
                products::weight_update(&pool, &delta, x, &step, weights);
            });
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let filter = arguments.next().unwrap_or_default();
    let threads = arguments.next().map_or(1, |threads| threads.parse().expect("a number of threads"));
    shares::<f32>(&filter, threads);
    shares::<f64>(&filter, threads);
}
