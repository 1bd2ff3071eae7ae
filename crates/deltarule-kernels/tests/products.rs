//! Every product against its naive sibling, to the last bit, on every instruction set and for several numbers of threads.

mod naive;
mod random;

use deltarule_kernels::elementwise::{MapTile, ScaleTile};
use deltarule_kernels::{
    Biases, Elementwise, FlushToZero, Isa, Lanes, Matrix, Moments, Panels, Real, Rows, Source, Step,
    ThreadPool, UpdateRule, Weights, products,
};
use random::Random;
use std::fmt::Debug;

/// Numbers to test with.
struct Numbers(Random);

impl Numbers {
    fn new(seed: u64) -> Self {
        Self(Random(seed))
    }
    fn below(&mut self, limit: usize) -> usize {
        (self.0.next() % limit as u64) as usize
    }
    /// From −1 to 1.
    fn value<T: Real>(&mut self) -> T {
        T::from_f64((self.0.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    }
    /// Now and then something special.
    fn odd_value<T: Real>(&mut self) -> T {
        match self.below(40) {
            0 => T::from_f64(f64::NAN),
            1 => T::from_f64(f64::INFINITY),
            2 => T::from_f64(f64::NEG_INFINITY),
            3 => T::from_f64(-0.0),
            4 => T::from_f64(if T::NAME == "f32" { 1e-40 } else { 1e-310 }),
            5 => T::from_f64(if T::NAME == "f32" { 3e-38 } else { 4e-308 }),
            _ => self.value(),
        }
    }
    fn matrix<T: Real>(&mut self, rows: usize, cols: usize, odd: bool) -> Matrix<T> {
        Matrix::from_fn(rows, cols, |_, _| if odd { self.odd_value() } else { self.value() })
    }
    fn panels<T: Real>(&mut self, outputs: usize, inputs: usize) -> Panels<T> {
        Panels::from_fn(outputs, inputs, |_, _| self.value())
    }
}

#[derive(Clone, Copy)]
enum Function {
    Relu,
    /// Neither 0 at 0 nor monotonous.
    Bump,
}

impl Function {
    #[inline(always)]
    fn of<V: Lanes>(self, z: V) -> V {
        match self {
            Self::Relu => V::zero().larger(z),
            Self::Bump => V::one() / z.fma(z, V::constant(1.5)).sqrt(),
        }
    }
    #[inline(always)]
    fn prime<V: Lanes>(self, z: V) -> V {
        match self {
            Self::Relu => V::select(V::zero().below(z), V::one(), V::zero()),
            Self::Bump => -z / z.fma(z, V::constant(1.5)),
        }
    }
}

impl<T: Real> Elementwise<T> for Function {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        tile.map(|z: V| self.of(z));
    }
    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>) {
        tile.scale(|z: V| self.prime(z));
    }
    fn source(self) -> Source {
        Source::Input
    }
}

/// Equal to the last bit; one NaN is as good as another.
#[track_caller]
fn assert_same<T: Real>(fast: &[T], slow: &[T], what: &dyn Debug) {
    assert_eq!(fast.len(), slow.len(), "{what:?}");
    for (at, (&fast, &slow)) in fast.iter().zip(slow).enumerate() {
        let (fast, slow) = (fast.to_f64(), slow.to_f64());
        assert!(
            fast.to_bits() == slow.to_bits() || (fast.is_nan() && slow.is_nan()),
            "{what:?}: {fast:e} for {slow:e} at {at}"
        );
    }
}

#[track_caller]
fn assert_same_rows<T: Real>(fast: &Matrix<T>, slow: &Matrix<T>, what: &dyn Debug) {
    assert_same(fast.storage(), slow.storage(), what);
}

const RULES: usize = 4;

fn rule<T: Real>(n: usize) -> UpdateRule<T> {
    match n % RULES {
        0 => UpdateRule::Sgd,
        1 => UpdateRule::Momentum { mu: T::from_f64(0.9) },
        2 => UpdateRule::Nesterov { mu: T::from_f64(0.8) },
        _ => UpdateRule::Adam {
            beta1: T::from_f64(0.9),
            beta2: T::from_f64(0.999),
            epsilon: T::from_f64(1e-8),
        },
    }
}

/// One layer of this shape: all products on the pool against the naive ones.
fn check_layer<T: Real>(
    pool: &ThreadPool,
    numbers: &mut Numbers,
    [rows, inputs, outputs]: [usize; 3],
    odd: bool,
) {
    let _flush = FlushToZero::on();
    let what = (pool, T::NAME, [rows, inputs, outputs], odd);
    let f = if numbers.below(2) == 0 { Function::Relu } else { Function::Bump };
    let data = numbers.matrix::<T>(rows + 3, inputs, odd);
    let picked: Vec<u32> = (0..rows).map(|_| numbers.below(rows + 3) as u32).collect();
    let x = match numbers.below(2) {
        0 => Rows::picked(&data, &picked),
        _ => Rows::range(&data, 2..rows + 2),
    };
    let w = numbers.panels::<T>(outputs, inputs);
    let b: Vec<T> = (0..outputs).map(|_| numbers.value()).collect();

    // Rows past those of x are to be left alone.
    let before = numbers.matrix::<T>(rows + 1, outputs, false);
    let (mut z, mut a, mut alone) = (before.clone(), before.clone(), before.clone());
    products::forward(pool, x, &w, &b, f, Some(&mut z), &mut a);
    products::forward(pool, x, &w, &b, f, None, &mut alone);
    let (mut slow_z, mut slow_a) = (before.clone(), before.clone());
    naive::forward(x, &w, &b, |z| f.of(z), &mut slow_z, &mut slow_a);
    assert_same_rows(&z, &slow_z, &("z", what));
    assert_same_rows(&a, &slow_a, &("a", what));
    assert_same_rows(&alone, &slow_a, &("a alone", what));

    let mut mapped = before.clone();
    products::map(pool, Rows::range(&z, 0..rows), f, &mut mapped);
    assert_same_rows(&mapped, &slow_a, &("map", what));

    let delta = numbers.matrix::<T>(rows, outputs, odd);
    let source = numbers.matrix::<T>(rows, inputs, odd);
    let w_t = w.transposed();
    let (mut below, mut slow_below) = (Matrix::zeros(rows, inputs), Matrix::zeros(rows, inputs));
    products::backward(pool, (&delta).into(), &w_t, f, &source, &mut below);
    naive::backward(&delta, &w_t, |z| f.prime(z), &source, &mut slow_below);
    assert_same_rows(&below, &slow_below, &("δ", what));
    products::scale_by_derivative(pool, f, &source, &mut below);
    naive::scale_by_derivative(|z| f.prime(z), &source, &mut slow_below);
    assert_same_rows(&below, &slow_below, &("δ ⊙ σ′", what));

    let scale = T::from_f64(0.125);
    let (mut gradient_w, mut gradient_b) = (numbers.panels(outputs, inputs), b.clone());
    let (mut slow_gradient_w, mut slow_gradient_b) = (gradient_w.clone(), b.clone());
    products::bias_gradient(pool, &delta, scale, &mut gradient_b);
    naive::bias_gradient(&delta, scale, &mut slow_gradient_b);
    assert_same(&gradient_b, &slow_gradient_b, &("∂C/∂b", what));
    products::weight_gradient(pool, &delta, x, scale, &mut gradient_w);
    naive::weight_gradient(&delta, x, scale, &mut slow_gradient_w);
    assert_same(gradient_w.storage(), slow_gradient_w.storage(), &("∂C/∂w", what));

    let penalties = [0.0, 0.01].map(T::from_f64);
    for n in (0..2 * RULES).step_by(if cfg!(miri) { 3 } else { 1 }) {
        let rule = rule(n);
        let penalty = penalties[n / RULES];
        let eta = T::from_f64(0.05);
        let step = Step { rule, eta, scale, l2: penalty, l1: penalty, decay: penalty };
        let layer = || (w.clone(), w_t.clone(), b.clone(), Moments::zeros(rule.moments(), outputs, inputs));
        let (mut w, mut w_t, mut b, mut moments) = layer();
        let (mut slow_w, mut slow_w_t, mut slow_b, mut slow_moments) = layer();
        let with_w_t = n % 2 == 0 || !odd;
        for round in 0..3 {
            let copy = with_w_t.then_some(&mut w_t);
            let weights = Weights { w: &mut w, w_t: copy, moments: &mut moments.w };
            let copy = with_w_t.then_some(&mut slow_w_t);
            let slow_weights = Weights { w: &mut slow_w, w_t: copy, moments: &mut slow_moments.w };
            let biases = Biases { b: &mut b, moments: &mut moments.b };
            let slow_biases = Biases { b: &mut slow_b, moments: &mut slow_moments.b };
            if round < 2 {
                products::bias_update(pool, &delta, &step, biases);
                naive::bias_update(&delta, &step, slow_biases);
                products::weight_update(pool, &delta, x, &step, weights);
                naive::weight_update(&delta, x, &step, slow_weights);
            } else {
                products::bias_update_by(pool, &gradient_b, &step, biases);
                naive::bias_update_by(&slow_gradient_b, &step, slow_biases);
                products::weight_update_by(pool, &gradient_w, &step, weights);
                naive::weight_update_by(&slow_gradient_w, &step, slow_weights);
            }
            let what = (step, round, what);
            assert_same(w.storage(), slow_w.storage(), &("w", what));
            assert_same(w_t.storage(), slow_w_t.storage(), &("w_t", what));
            assert_same(&b, &slow_b, &("b", what));
            for (fast, slow) in moments.w.iter().zip(&slow_moments.w) {
                assert_same(fast.storage(), slow.storage(), &("moments of w", what));
            }
            for (fast, slow) in moments.b.iter().zip(&slow_moments.b) {
                assert_same(fast, slow, &("moments of b", what));
            }
        }
        if with_w_t {
            assert_same(w_t.storage(), w.transposed().storage(), &("transposed", step, what));
        }
    }
}

/// Sizes around every boundary there is: lanes, lines, panels, tiles. Miri, a thousand times slower, gets a few of them.
const SIZES: &[usize] =
    if cfg!(miri) { &[0, 1, 17] } else { &[0, 1, 2, 3, 5, 7, 8, 9, 13, 14, 15, 16, 17, 31, 32, 33] };

fn check_shapes<T: Real>(isa: Isa) {
    let mut numbers = Numbers::new(7);
    let pool = ThreadPool::with_isa(1, isa);
    for (n, &size) in SIZES.iter().enumerate() {
        for shape in [[size, 5, 18], [4, size, 17], [6, 19, size], [size, size, size]] {
            check_layer::<T>(&pool, &mut numbers, shape, n % 2 == 1);
        }
    }
    if cfg!(miri) {
        return;
    }
    for n in 0..40 {
        let shape = [40, 70, 70].map(|limit| numbers.below(limit));
        check_layer::<T>(&pool, &mut numbers, shape, n % 4 == 0);
    }
    // Outputs too few to fill a vector.
    for _ in 0..4 {
        check_layer::<T>(&pool, &mut numbers, [0, 20, 3], false);
    }
    for n in 0..51 {
        let shape = [1 + numbers.below(70), 1 + numbers.below(100), 1 + n % 17];
        check_layer::<T>(&pool, &mut numbers, shape, n % 4 == 0);
    }
    // More steps than one block of the sum has; then, for BP4, rows too far apart, and more than it takes at once.
    for shape in [[15, 1030, 35], [100, 1030, 35], [260, 90, 300], [530, 37, 33], [530, 1030, 3]] {
        check_layer::<T>(&pool, &mut numbers, shape, false);
    }
}

#[test]
fn products_equal_their_naive_siblings() {
    for isa in Isa::available() {
        check_shapes::<f32>(isa);
        check_shapes::<f64>(isa);
    }
}

#[test]
#[cfg_attr(miri, ignore = "products large enough to be shared take Miri hours")]
fn products_do_not_depend_on_the_number_of_threads() {
    for threads in [2, 3, 4, 8] {
        let pool = ThreadPool::with_isa(threads, Isa::best());
        let mut numbers = Numbers::new(11);
        for shape in
            [[70, 120, 100], [130, 200, 33], [65, 33, 250], [300, 70, 40], [1100, 50, 10], [40, 400, 64]]
        {
            check_layer::<f32>(&pool, &mut numbers, shape, false);
            check_layer::<f64>(&pool, &mut numbers, shape, true);
        }
    }
}
