//! The sums of a strip between one stretch of a batch and the next.

use crate::lanes::vector::Vector;
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{read_row, write_row};

/// Where the sums of a strip rest between one stretch of the batch and the next, and which stretch it is.
#[derive(Clone, Copy)]
pub(super) struct Rest<T> {
    sums: *mut T,
    first: usize,
    begins: bool,
    pub(super) ends: bool,
}

impl<T: Real> Rest<T> {
    /// The whole batch in one stretch.
    pub(super) fn none() -> Self {
        Self::new(std::ptr::null_mut(), 0, true, true)
    }

    /// A stretch with which the batch begins or ends, or neither. `sums` has a row of a panel's width for each row of the panel from
    /// `first` on.
    pub(super) fn new(sums: *mut T, first: usize, begins: bool, ends: bool) -> Self {
        Self { sums, first, begins, ends }
    }

    pub(super) fn is_of_a_block(&self) -> bool {
        !self.sums.is_null()
    }

    /// # Safety
    /// The row has sums here.
    #[inline(always)]
    pub(super) unsafe fn row(&self, k: usize) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.sums.add((k - self.first) * Panels::<T>::WIDTH) }
    }

    /// What the sums of the rows from `k` on are so far.
    ///
    /// # Safety
    /// The rows have sums here, written by the stretch before unless this is the first, and the instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
    pub(super) unsafe fn read<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        k: usize,
    ) -> [[V; C]; R] {
        let mut sums = [[V::zero(); C]; R];
        if !self.begins {
            for r in 0..R {
                // SAFETY: the caller's promise.
                sums[r] = unsafe { read_row(self.row(k + r)) };
            }
        }
        sums
    }

    /// # Safety
    /// The rows have sums here, and the instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
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
