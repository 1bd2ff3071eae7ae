//! The peak of the fused multiply-add, which the speed of everything measured is a share of.

use deltarule::{Real, ThreadPool};
use deltarule_kernels::{Isa, peak};
use std::time::Duration;

/// How long each thread looks for its best.
const DURATION: Duration = Duration::from_millis(20);

/// The peak of this many threads together, all of them busy, in GFLOP/s.
pub(crate) fn peak<T: Real>(threads: usize, isa: Isa) -> f64 {
    let of_one = || peak::flops_per_second::<T>(&ThreadPool::with_isa(1, isa), DURATION) / 1e9;
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(of_one)).collect();
        of_one() + others.into_iter().map(|thread| thread.join().expect("a probe ends")).sum::<f64>()
    })
}
