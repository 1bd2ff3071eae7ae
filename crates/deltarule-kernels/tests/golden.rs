//! One result: a few steps of training end in the same weights, to the last bit, on every instruction set, for every
//! number of threads, in debug and release builds, today and tomorrow.

use deltarule_kernels::elementwise::{MapTile, ScaleTile};
use deltarule_kernels::{
    Biases, Elementwise, Isa, Lanes, Matrix, Moments, Panels, Real, Rows, Source, Step, ThreadPool,
    UpdateRule, Weights, products,
};

/// z / √(1 + z²), which needs nothing but correctly rounded operations.
#[derive(Clone, Copy)]
struct Squash;

impl<T: Real> Elementwise<T> for Squash {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        tile.map(|z: V| z / z.fma(z, V::one()).sqrt());
    }
    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>) {
        // (1 − a²)^(3/2)
        tile.scale(|a: V| {
            let rest = V::one() - a * a;
            rest * rest.sqrt()
        });
    }
    fn source(self) -> Source {
        Source::Output
    }
}

struct Layer<T: Real> {
    w: Panels<T>,
    w_t: Panels<T>,
    b: Vec<T>,
    moments: Moments<T>,
    a: Matrix<T>,
    delta: Matrix<T>,
}

/// Numbers from −1 to 1 by a linear congruence: the high bits of Knuth's MMIX generator.
fn numbers(mut seed: u64) -> impl FnMut() -> f64 {
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 32) as f64 / f64::from(1u32 << 31) - 1.0
    }
}

/// FNV-1a over the bits of all weights and biases after some steps of training.
fn train<T: Real>(
    pool: &ThreadPool,
    sizes: &[usize],
    batch: usize,
    rule: UpdateRule<T>,
    penalty: f64,
) -> u64 {
    let mut number = numbers(5);
    let x = Matrix::from_fn(3 * batch, sizes[0], |_, _| T::from_f64(number()));
    let target = Matrix::from_fn(3 * batch, sizes[sizes.len() - 1], |_, _| T::from_f64(number()));
    let mut layers: Vec<Layer<T>> = sizes
        .windows(2)
        .map(|pair| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let w = Panels::from_fn(outputs, inputs, |_, _| T::from_f64(number() / (inputs as f64).sqrt()));
            let w_t = w.transposed();
            let moments = Moments::zeros(rule.moments(), outputs, inputs);
            let (a, delta) = (Matrix::zeros(batch, outputs), Matrix::zeros(batch, outputs));
            Layer { w, w_t, b: vec![T::ZERO; outputs], moments, a, delta }
        })
        .collect();
    let [eta, scale, penalty] = [0.01, 1.0 / batch as f64, penalty].map(T::from_f64);
    let step = Step { rule, eta, scale, l2: penalty, l1: penalty, decay: penalty };
    let step_b = Step { l2: T::ZERO, l1: T::ZERO, decay: T::ZERO, ..step };
    for round in 0..4 {
        let picked: Vec<u32> = (0..batch as u32).map(|i| (i * 7 + round) % (3 * batch as u32)).collect();
        let batch_of = |matrix| Rows::picked(matrix, &picked);
        for l in 0..layers.len() {
            let (below, here) = layers.split_at_mut(l);
            let input = below.last().map_or(batch_of(&x), |below| Rows::all(&below.a));
            products::forward(pool, input, &here[0].w, &here[0].b, Squash, None, &mut here[0].a);
        }
        let last = layers.last_mut().expect("a layer");
        for (i, target) in batch_of(&target).iter().enumerate() {
            for (j, target) in target.iter().enumerate() {
                last.delta.row_mut(i)[j] = last.a.at(i, j) - *target;
            }
        }
        products::scale_by_derivative(pool, Squash, &last.a, &mut last.delta);
        for l in (1..layers.len()).rev() {
            let (below, here) = layers.split_at_mut(l);
            let below = &mut below[l - 1];
            products::backward(
                pool,
                Rows::all(&here[0].delta),
                &here[0].w_t,
                Squash,
                &below.a,
                &mut below.delta,
            );
        }
        for l in (0..layers.len()).rev() {
            let (below, here) = layers.split_at_mut(l);
            let input = below.last().map_or(batch_of(&x), |below| Rows::all(&below.a));
            let Layer { w, w_t, b, moments, delta, .. } = &mut here[0];
            let weights = Weights { w, w_t: (l > 0).then_some(w_t), moments: &mut moments.w };
            products::weight_update(pool, delta, input, &step, weights);
            let biases = Biases { b, moments: &mut moments.b };
            products::bias_update(pool, delta, &step_b, biases);
        }
    }
    let values = layers.iter().flat_map(|layer| layer.w.iter().chain(layer.b.iter().copied()));
    values.fold(0xCBF2_9CE4_8422_2325, |hash, value| {
        // The low half of an f32's bits as f64 is zero: fold the high half onto it.
        let bits = value.to_f64().to_bits();
        (hash ^ bits ^ (bits >> 32)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

fn rules<T: Real>() -> [UpdateRule<T>; 4] {
    let mu = T::from_f64(0.9);
    let (beta1, beta2, epsilon) = (mu, T::from_f64(0.999), T::from_f64(1e-8));
    [
        UpdateRule::Sgd,
        UpdateRule::Momentum { mu },
        UpdateRule::Nesterov { mu },
        UpdateRule::Adam { beta1, beta2, epsilon },
    ]
}

/// The second has products worth sharing.
const NETWORKS: [(&[usize], usize); 2] = [(&[21, 37, 19, 3], 9), (&[97, 130, 70, 10], 67)];

/// By number type, network and rule.
const GOLDEN: [[[u64; 4]; 2]; 2] = [
    [
        [0x9AF2_A77A_6956_06DA, 0xC142_C025_46D5_90A8, 0xCB3A_45B5_66F9_52AD, 0x31A0_20CB_D08D_49C9],
        [0x1E0F_0BDB_B54C_60F4, 0x8EC3_8711_F799_E71A, 0x61F0_B6A8_FD3B_C056, 0x1799_7E81_B6A5_DBE0],
    ],
    [
        [0xD1CF_2A84_439D_4E49, 0x3196_250C_5E9F_35EA, 0x3E9E_F6C7_A3A4_B04D, 0x5A5C_F511_2375_2336],
        [0xAB10_5E99_E208_F362, 0x6A80_CA5A_2E74_7CA7, 0xE17A_F89F_5650_3794, 0x2F73_B610_ED19_B8FA],
    ],
];

fn hashes<T: Real>(pool: &ThreadPool) -> [[u64; 4]; 2] {
    NETWORKS.map(|(sizes, batch)| {
        let mut penalty = 0.0;
        rules::<T>().map(|rule| {
            let hash = train(pool, sizes, batch, rule, penalty);
            penalty += 1e-4;
            hash
        })
    })
}

#[test]
fn training_ends_in_the_same_bits_everywhere() {
    for isa in Isa::available() {
        for threads in [1, 2, 3, 4, 8, 16] {
            let pool = ThreadPool::with_isa(threads, isa);
            let found = [hashes::<f32>(&pool), hashes::<f64>(&pool)];
            assert_eq!(found, GOLDEN, "{isa}, {threads} threads: {found:#018x?}");
        }
    }
}
