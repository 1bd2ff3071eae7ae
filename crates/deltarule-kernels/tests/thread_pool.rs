//! Threads come and go with their pool, in forked children too, and products allocate nothing.

use deltarule_kernels::elementwise::{MapTile, ScaleTile};
use deltarule_kernels::{
    Biases, Elementwise, FlushToZero, Lanes, Matrix, Moments, Panels, Real, Rows, Source, Step, ThreadPool,
    UpdateRule, Weights, products,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// These tests count what the whole process does, so they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
struct Identity;

impl<T: Real> Elementwise<T> for Identity {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        tile.map(|z: V| z);
    }
    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>) {
        tile.scale(|_: V| V::one());
    }
    fn source(self) -> Source {
        Source::Output
    }
}

/// Panics on values that are no numbers.
#[derive(Clone, Copy)]
struct Strict;

impl<T: Real> Elementwise<T> for Strict {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        tile.map(|z: V| {
            let mut lanes = [T::ZERO; 16];
            z.store(&mut lanes);
            assert!(lanes.iter().all(|z| z.is_finite()), "no number");
            z
        });
    }
    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, _: ScaleTile<'_, V>) {}
    fn source(self) -> Source {
        Source::Output
    }
}

/// A layer whose products are worth sharing.
const ROWS: usize = 64;
const SIZE: usize = 128;

fn forward<F: Elementwise<f32>>(pool: &ThreadPool, x: &Matrix<f32>, f: F) -> f32 {
    let w = Panels::from_fn(SIZE, SIZE, |j, k| (j as f32 - k as f32) / 100.0);
    let mut a = Matrix::zeros(ROWS, SIZE);
    products::forward(pool, Rows::all(x), &w, &[1.0; SIZE], f, None, &mut a);
    a.storage().iter().sum()
}

fn ones() -> Matrix<f32> {
    Matrix::from_fn(ROWS, SIZE, |_, _| 1.0)
}

#[test]
fn products_allocate_nothing() {
    let _alone = alone();
    for threads in [1, 2] {
        let pool = ThreadPool::new(threads);
        let x = ones();
        let mut w = Panels::from_fn(SIZE, SIZE, |j, k| (j as f32 - k as f32) / 100.0);
        let mut w_t = w.transposed();
        let mut b = vec![0.0; SIZE];
        let rule = UpdateRule::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let step = Step { rule, eta: 0.01, scale: 1.0, l2: 0.0, l1: 0.0, decay: 0.0 };
        let mut moments = Moments::zeros(2, SIZE, SIZE);
        let (mut a, mut delta) = (Matrix::zeros(ROWS, SIZE), Matrix::zeros(ROWS, SIZE));
        let mut products = || {
            products::forward(&pool, Rows::all(&x), &w, &b, Identity, None, &mut a);
            products::backward(&pool, Rows::all(&a), &w_t, Identity, &x, &mut delta);
            let weights = Weights { w: &mut w, w_t: Some(&mut w_t), moments: &mut moments.w };
            products::weight_update(&pool, &a, Rows::all(&x), &step, weights);
            let biases = Biases { b: &mut b, moments: &mut moments.b };
            products::bias_update(&pool, &a, &step, biases);
        };
        products(); // The threads start here.
        std::thread::sleep(std::time::Duration::from_millis(50));
        let before = ALLOCATIONS.load(Ordering::SeqCst);
        products();
        assert_eq!(ALLOCATIONS.load(Ordering::SeqCst) - before, 0, "with {threads} threads");
    }
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
    let _alone = alone();
    let mut bad = ones();
    for i in 0..ROWS {
        bad.row_mut(i)[3] = f32::NAN;
    }
    for threads in [1, 2, 4] {
        let pool = ThreadPool::new(threads);
        let good = forward(&pool, &ones(), Strict);
        for _ in 0..20 {
            let caught = catch_unwind(AssertUnwindSafe(|| forward(&pool, &bad, Strict)));
            assert!(caught.is_err());
            assert_eq!(forward(&pool, &ones(), Strict).to_bits(), good.to_bits());
        }
    }
}

#[test]
fn threads_end_with_their_pool() {
    let _alone = alone();
    for _ in 0..50 {
        let pool = ThreadPool::new(3);
        forward(&pool, &ones(), Identity);
    }
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string("/proc/self/task/").err();
        assert!(status.is_some(), "a folder");
        let ours =
            std::fs::read_dir("/proc/self/task").expect("the threads of this process").filter(|task| {
                let name = task
                    .as_ref()
                    .map(|task| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default());
                name.is_ok_and(|name| name.starts_with("deltarule-"))
            });
        assert_eq!(ours.count(), 0, "threads left over");
    }
}

#[test]
fn one_pool_serves_several_threads() {
    let _alone = alone();
    let pool = ThreadPool::new(2);
    let expected = forward(&pool, &ones(), Identity).to_bits();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(forward(&pool, &ones(), Identity).to_bits(), expected);
                }
            });
        }
    });
}

#[test]
fn subnormal_numbers_are_zero_in_products_and_nowhere_else() {
    let _alone = alone();
    let tiny = 1e-40f32;
    for threads in [1, 2] {
        let pool = ThreadPool::new(threads);
        let x = Matrix::from_fn(ROWS, SIZE, |_, _| tiny);
        let w = Panels::from_fn(SIZE, SIZE, |_, _| 1.0);
        let mut a = ones();
        products::forward(&pool, Rows::all(&x), &w, &[0.0; SIZE], Identity, None, &mut a);
        assert!((0..ROWS).all(|i| a.row(i).iter().all(|&a| a == 0.0)));
        assert!(std::hint::black_box(tiny) * std::hint::black_box(0.5) > 0.0, "the caller's mode is back");
    }
    let flush = FlushToZero::on();
    assert_eq!(std::hint::black_box(tiny) * std::hint::black_box(0.5), 0.0);
    drop(flush);
    assert!(std::hint::black_box(tiny) * std::hint::black_box(0.5) > 0.0);
}

#[cfg(unix)]
#[test]
fn a_forked_child_starts_threads_of_its_own() {
    let _alone = alone();
    let pool = ThreadPool::new(2);
    let expected = forward(&pool, &ones(), Identity).to_bits();
    // SAFETY: the child computes, and leaves without returning to the test harness.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let same = (0..10).all(|_| forward(&pool, &ones(), Identity).to_bits() == expected);
        drop(pool);
        // SAFETY: ends the child.
        unsafe { libc::_exit(if same { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child started above.
    unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(status, 0, "the child's exit status");
    assert_eq!(forward(&pool, &ones(), Identity).to_bits(), expected);
}
