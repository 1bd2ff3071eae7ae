//! The sums of the last rows of a micro-panel, too few for a full tile.

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::microkernel::{with_rows, write_row};
use crate::weight_gradient::batch::Chunk;
use crate::weight_gradient::partial_sums::PartialSums;
use std::marker::PhantomData;

/// Sums `rows` rows, too few for a full tile. `to` is where the first goes, and the distance to the next.
///
/// # Safety
/// The rows and lanes exist, as many rows can be written, and the instructions of `V` exist.
#[inline(always)]
pub(super) unsafe fn sum_last_rows<V: Vector, const C: usize>(
    chunk: Chunk<'_, V::Real>,
    first: (usize, usize),
    rows: usize,
    partial: PartialSums<V::Real>,
    to: (*mut V::Real, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        with_rows!(rows, R => V::enter(&mut LastRows::<V, V::Real, R, C> { chunk: &chunk, first, partial: &partial, to, vector: PhantomData }))
    }
}

/// A tile of any number of rows, from the row and lane `first` on.
struct LastRows<'a, O, T, const R: usize, const C: usize> {
    chunk: &'a Chunk<'a, T>,
    first: (usize, usize),
    partial: &'a PartialSums<T>,
    to: (*mut T, usize),
    vector: PhantomData<O>,
}

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Kernel<T> for LastRows<'_, O, T, R, C> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `microkernel`")]
    fn run<V: Vector<Real = T>>(&mut self) {
        if const { R >= V::UPDATE_ROWS } {
            return; // Never called: no need to compile the rest.
        }
        let (chunk, first, partial, (to, pitch)) = (*self.chunk, self.first, *self.partial, self.to);
        // SAFETY: `sum_last_rows` was promised that all of this exists.
        unsafe {
            let mut sums = partial.read::<V, R, C>(first.0);
            chunk.add(&mut sums, first, 0..chunk.len());
            for r in 0..R {
                write_row(&sums[r], to.add(r * pitch));
            }
        }
    }
}
