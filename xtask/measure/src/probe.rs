//! The peak of the fused multiply-add, on the vectors that the kernels use.

use deltarule::{Matrix, Real, Rows, Team};
use deltarule_kernels::elementwise::{MapTile, ScaleTile};
use deltarule_kernels::products::map;
use deltarule_kernels::{Elementwise, Lanes, Source};
use std::hint::black_box;
use std::time::Instant;

/// Sums that do not wait for each other: enough to fill two units with a latency of four, few enough for the registers.
const SUMS: usize = 12;
/// Rounds of multiply-adds for each vector.
const ROUNDS: usize = 4096;
/// Vectors' worth of values in one call.
const VALUES: usize = 256;

/// Not a useful function: [`ROUNDS`] times [`SUMS`] multiply-adds for each value.
#[derive(Clone, Copy)]
struct Busy;

impl<T: Real> Elementwise<T> for Busy {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        let (factor, term) = (V::splat(T::from_f64(0.999)), V::splat(T::from_f64(0.001)));
        tile.map(|x: V| {
            let mut sums = [x; SUMS];
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = sum.fma(factor, term);
                }
            }
            sums.into_iter().fold(V::zero(), |total, sum| total + sum)
        });
    }

    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>) {
        tile.scale(|_: V| V::one());
    }

    fn source(self) -> Source {
        Source::Input
    }
}

/// The peak of this many threads together, in GFLOP/s: the best of some short runs.
pub(crate) fn peak<T: Real>(threads: usize) -> f64 {
    let of_one = || {
        let from = Matrix::<T>::from_fn(1, VALUES, |_, j| T::from_f64(j as f64 / VALUES as f64));
        let mut to = Matrix::zeros(1, VALUES);
        let run = |to: &mut Matrix<T>| {
            let start = Instant::now();
            map(&Team::single(), Rows::all(black_box(&from)), Busy, black_box(to));
            (2 * SUMS * ROUNDS * VALUES) as f64 / 1e9 / start.elapsed().as_secs_f64()
        };
        (0..30).map(|_| run(&mut to)).fold(0.0, f64::max)
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(of_one)).collect();
        of_one() + others.into_iter().map(|thread| thread.join().expect("a probe ends")).sum::<f64>()
    })
}
