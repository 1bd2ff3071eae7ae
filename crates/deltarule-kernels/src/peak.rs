//! How fast this processor multiplies and adds: the peak that the speed of the products is compared to.

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::thread_pool::ThreadPool;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The most floating-point operations a second that one thread reaches in bursts of fused multiply-adds in registers, tried for
/// this long with the pool's instruction set. A multiply-add counts as two.
pub fn flops_per_second<T: Real>(pool: &ThreadPool, duration: Duration) -> f64 {
    let end = Instant::now() + duration;
    let mut best = 0.0f64;
    while best == 0.0 || Instant::now() < end {
        let start = Instant::now();
        let flops = T::on(pool.isa(), &mut Burst);
        best = best.max(flops as f64 / start.elapsed().as_secs_f64());
    }
    best
}

/// Some 50 µs of multiply-adds.
struct Burst;

/// Sums that do not wait for each other: enough for two multipliers with a latency of four cycles.
const SUMS: usize = 10;
const STEPS: usize = 20_000;

impl<T: Real> Kernel<T> for Burst {
    type Output = usize;

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) -> usize {
        let factor = V::splat(black_box(T::from_f64(0.999)));
        let mut sums = [V::splat(black_box(T::ONE)); SUMS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = sum.fma(factor, factor);
            }
        }
        let total = sums.into_iter().fold(V::zero(), |total, sum| total + sum);
        let mut lanes = [T::ZERO; 16];
        total.store(&mut lanes);
        black_box(lanes);
        2 * SUMS * STEPS * V::COUNT
    }
}
