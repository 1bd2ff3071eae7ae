//! Time of each product at layers of the benchmark's networks and of each elementary function, one thread.

#[path = "../tests/functions/mod.rs"]
mod functions;
mod relu;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use deltarule_kernels::{
    Biases, Matrix, Moments, Panels, Real, Rows, Step, ThreadPool, UpdateRule, Weights, products,
};
use functions::{ALL, Function};
use relu::Relu;

/// Name, batch, inputs, outputs.
const LAYERS: [(&str, usize, usize, usize); 9] = [
    ("784-30", 10, 784, 30),
    ("784-512", 128, 784, 512),
    ("512-10", 128, 512, 10),
    ("64-64", 32, 64, 64),
    ("64-1", 32, 64, 1),
    ("256-2", 256, 256, 2),
    ("256-256", 256, 256, 256),
    ("1024-4096", 256, 1024, 4096),
    ("784-512", 1, 784, 512),
];

fn layers<T: Real>(criterion: &mut Criterion) {
    let pool = ThreadPool::single();
    for (name, batch, inputs, outputs) in LAYERS {
        let mut group = criterion.benchmark_group(format!("{name} batch {batch} {}", T::NAME));
        group.throughput(Throughput::Elements((batch * inputs * outputs) as u64)).sample_size(20);
        let value = |i: usize, j: usize| T::from_f64(((i * 31 + j * 17) % 64) as f64 / 64.0 - 0.5);
        let x = Matrix::from_fn(batch, inputs, value);
        let mut w = Panels::from_fn(outputs, inputs, value);
        let mut w_t = w.transposed();
        let mut b = vec![T::ZERO; outputs];
        let (mut a, mut below) = (Matrix::zeros(batch, outputs), Matrix::zeros(batch, inputs));
        let delta = Matrix::from_fn(batch, outputs, value);
        group.bench_function("forward", |bencher| {
            bencher.iter(|| products::forward(&pool, Rows::all(&x), &w, &b, Relu, None, &mut a));
        });
        group.bench_function("backward", |bencher| {
            bencher.iter(|| products::backward(&pool, Rows::all(&delta), &w_t, Relu, &x, &mut below));
        });
        let mut gradient = Panels::zeros(outputs, inputs);
        group.bench_function("gradient", |bencher| {
            bencher.iter(|| products::weight_gradient(&pool, &delta, Rows::all(&x), T::ONE, &mut gradient));
        });
        let mut bias = vec![T::ZERO; outputs];
        group.bench_function("bias gradient", |bencher| {
            bencher.iter(|| products::bias_gradient(&pool, &delta, T::ONE, &mut bias));
        });
        let [eta, scale, zero, beta1, beta2, epsilon] = [1e-4, 0.01, 0.0, 0.9, 0.999, 1e-8].map(T::from_f64);
        for (product, rule) in [
            ("sgd", UpdateRule::Sgd),
            ("momentum", UpdateRule::Momentum { mu: beta1 }),
            ("nesterov", UpdateRule::Nesterov { mu: beta1 }),
            ("adam", UpdateRule::Adam { beta1, beta2, epsilon }),
        ] {
            let step = Step { rule, eta, scale, l2: zero, l1: zero, decay: zero };
            let mut moments = Moments::zeros(rule.moments(), outputs, inputs);
            group.bench_function(product, |bencher| {
                bencher.iter(|| {
                    let biases = Biases { b: &mut b, moments: &mut moments.b };
                    products::bias_update(&pool, &delta, &step, biases);
                    let weights = Weights { w: &mut w, w_t: Some(&mut w_t), moments: &mut moments.w };
                    products::weight_update(&pool, &delta, Rows::all(&x), &step, weights);
                });
            });
        }
    }
}

fn functions<T: Real>(criterion: &mut Criterion) {
    let (pool, rows, cols) = (ThreadPool::single(), 64, 64);
    let x = Matrix::from_fn(rows, cols, |i, j| T::from_f64((1 + i * 7 + j * 13) as f64 / 128.0));
    let mut y = Matrix::zeros(rows, cols);
    let mut group = criterion.benchmark_group(format!("functions {}", T::NAME));
    group.throughput(Throughput::Elements((rows * cols) as u64)).sample_size(20);
    for name in ALL {
        group.bench_function(name, |bencher| {
            bencher.iter(|| products::map(&pool, Rows::all(&x), Function(name), &mut y));
        });
    }
}

criterion_group!(benches, layers::<f32>, layers::<f64>, functions::<f32>, functions::<f64>);
criterion_main!(benches);
