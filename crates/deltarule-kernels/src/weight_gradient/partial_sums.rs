//! The sums of a micro-panel between one chunk of a batch and the next.

use crate::lanes::Real;
use crate::lanes::vector::Vector;
use crate::microkernel::{read_row, write_row};
use crate::panels::Panels;

/// Where the sums of a micro-panel wait for the next chunk of the batch, and which chunk it is.
#[derive(Clone, Copy)]
pub(super) struct PartialSums<T> {
    sums: *mut T,
    first_row: usize,
    is_first_chunk: bool,
    pub(super) is_last_chunk: bool,
}

impl<T: Real> PartialSums<T> {
    /// None: the batch is one chunk.
    pub(super) fn none() -> Self {
        Self::new(std::ptr::null_mut(), 0, true, true)
    }

    /// `sums` has a row of a panel's width for each row of the panel from `first_row` on.
    pub(super) fn new(sums: *mut T, first_row: usize, is_first_chunk: bool, is_last_chunk: bool) -> Self {
        Self { sums, first_row, is_first_chunk, is_last_chunk }
    }

    /// Whether the gradient is computed block by block.
    pub(super) fn are_of_a_block(&self) -> bool {
        !self.sums.is_null()
    }

    /// The sums of row `k`.
    ///
    /// # Safety
    /// The row has sums here.
    #[inline(always)]
    pub(super) unsafe fn row(&self, k: usize) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.sums.add((k - self.first_row) * Panels::<T>::WIDTH) }
    }

    /// The sums of the rows from `k` on so far.
    ///
    /// # Safety
    /// The rows have sums here, written after the chunk before unless this is the first, and the instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `microkernel`")]
    pub(super) unsafe fn read<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        k: usize,
    ) -> [[V; C]; R] {
        let mut sums = [[V::zero(); C]; R];
        if !self.is_first_chunk {
            for r in 0..R {
                // SAFETY: the caller's promise.
                sums[r] = unsafe { read_row(self.row(k + r)) };
            }
        }
        sums
    }

    /// Writes the sums of the rows from `k` on.
    ///
    /// # Safety
    /// The rows have sums here, and the instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `microkernel`")]
    pub(super) unsafe fn write<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        k: usize,
        sums: &[[V; C]; R],
    ) {
        for r in 0..R {
            // SAFETY: the caller's promise.
            unsafe { write_row(&sums[r], self.row(k + r)) };
        }
    }
}
