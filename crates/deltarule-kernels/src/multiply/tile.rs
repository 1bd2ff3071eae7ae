//! A tile of rows times panels: the microkernel at a shape known to the compiler.

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::microkernel::{accumulate, read_row, with_rows, write_row};
use crate::raw::RawRows;
use std::marker::PhantomData;

/// A tile of sums over some of the steps.
#[derive(Clone, Copy)]
pub(super) struct Tile<T> {
    pub(super) x: RawRows<T>,
    pub(super) first: usize,
    pub(super) done: usize,
    pub(super) steps: usize,
    pub(super) w: *const T,
    pub(super) pitch: usize,
    /// What the sums start at, and the distance from one row's to the next's.
    pub(super) from: (*const T, usize),
    pub(super) to: *mut T,
    pub(super) stride: usize,
}

/// Runs the microkernel on a tile of `rows` rows and `vectors` vectors.
///
/// # Safety
/// The tile's rows, steps and lanes exist, and so do the instructions of `V`.
pub(super) unsafe fn sum_tile<V: Vector>(rows: usize, vectors: usize, tile: &Tile<V::Real>) {
    // SAFETY: the caller's promise.
    unsafe {
        if const { V::COUNT == V::Real::PER_LINE } && vectors == 1 {
            with_rows!(rows, R => V::enter(&mut ShapedTile::<V, R, 1>(tile, PhantomData)));
        } else {
            with_rows!(rows, R => V::enter(&mut ShapedTile::<V, R, 2>(tile, PhantomData)));
        }
    }
}

/// A tile of `R` rows and `C` vectors.
struct ShapedTile<'a, V: Vector, const R: usize, const C: usize>(&'a Tile<V::Real>, PhantomData<V>);

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Kernel<T> for ShapedTile<'_, O, R, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        if const { R > V::ROWS } {
            return; // Never called: no need to compile the rest.
        }
        let Tile { x, first, done, steps, w, pitch, from, to, stride } = *self.0;
        // SAFETY: `sum_tile` was promised that all of this exists.
        unsafe {
            let mut rows = [std::ptr::null::<T>(); R];
            let mut sums = [[V::zero(); C]; R];
            for r in 0..R {
                rows[r] = x.row(first + r).add(done);
                sums[r] = read_row(from.0.add(r * from.1));
            }
            let rows = &rows;
            accumulate(&mut sums, 0..steps, |p| (move |r: usize| *rows[r].add(p), w.add(p * pitch)));
            for (r, row) in sums.iter().enumerate() {
                write_row(row, to.add(r * stride));
            }
        }
    }
}
