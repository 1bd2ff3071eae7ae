//! A finished tile on its way to the epilogue.

use crate::lanes::Real;
use crate::lanes::vector::Vector;
use crate::microkernel::{read_row, write_row};
use std::mem::MaybeUninit;

/// The most rows of a tile of the gradient.
const ROWS: usize = 10;

/// The most lanes of a micro-panel, and the distance between the rows of a [`TileBuffer`].
pub(super) const LANES: usize = 32;

/// The sums of a finished tile, which wait in the first-level cache for the epilogue.
#[repr(align(64))]
pub(super) struct TileBuffer<T>([[MaybeUninit<T>; LANES]; ROWS]);

impl<T: Real> TileBuffer<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self([const { [const { MaybeUninit::uninit() }; LANES] }; ROWS])
    }

    /// The first value of the first row.
    #[inline(always)]
    pub(super) fn as_mut_ptr(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }

    /// # Safety
    /// The row has been written, and the instructions of `V` exist.
    #[inline(always)]
    pub(super) unsafe fn read<V: Vector<Real = T>, const C: usize>(&self, row: usize) -> [V; C] {
        // SAFETY: C vectors of a micro-panel are LANES values at most; the caller's promise.
        unsafe { read_row(self.0[row].as_ptr().cast()) }
    }

    /// # Safety
    /// The instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `microkernel`")]
    pub(super) unsafe fn write<V: Vector<Real = T>, const R: usize, const C: usize>(
        &mut self,
        sums: &[[V; C]; R],
    ) {
        const { assert!(R <= ROWS) };
        for r in 0..R {
            // SAFETY: C vectors of a micro-panel are LANES values at most; the caller's promise.
            unsafe { write_row(&sums[r], self.0[r].as_mut_ptr().cast()) };
        }
    }
}
