//! Matrices by pointer, as the products read and write them: bounds are checked once, where such a view is made.

use crate::lanes::Real;
use std::ops::Range;

/// A matrix that several threads write, each its own block of it.
#[derive(Clone, Copy)]
pub(crate) struct RawMatrix<T> {
    pub(crate) base: *mut T,
    pub(crate) stride: usize,
}

// SAFETY: a pointer may be sent; the blocks that threads write never overlap.
unsafe impl<T: Real> Send for RawMatrix<T> {}
// SAFETY: as for `Send`.
unsafe impl<T: Real> Sync for RawMatrix<T> {}

impl<T> RawMatrix<T> {
    /// Row `i` at column `j`.
    ///
    /// # Safety
    /// That is inside the matrix or at its end.
    #[inline(always)]
    pub(crate) unsafe fn at(self, i: usize, j: usize) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.base.add(i * self.stride + j) }
    }
}

/// Rows that a product reads. Row i is row `indices[i & mask] + (i & !mask)` of the matrix at `base`: `indices[i]` or i
/// itself, without a branch.
#[derive(Clone, Copy)]
pub(crate) struct RawRows<T> {
    pub(crate) base: *const T,
    indices: *const u32,
    mask: usize,
    pub(crate) stride: usize,
}

// SAFETY: the rows are only read.
unsafe impl<T: Real> Send for RawRows<T> {}
// SAFETY: as for `Send`.
unsafe impl<T: Real> Sync for RawRows<T> {}

impl<T: Copy> RawRows<T> {
    /// Consecutive rows.
    pub(crate) fn consecutive(base: *const T, stride: usize) -> Self {
        static ZERO: u32 = 0;
        Self { base, indices: &ZERO, mask: 0, stride }
    }

    /// The rows with these indices.
    pub(crate) fn picked(base: *const T, indices: &[u32], stride: usize) -> Self {
        Self { base, indices: indices.as_ptr(), mask: usize::MAX, stride }
    }

    /// Consecutive rows from row `i` on.
    pub(crate) fn from(self, i: usize) -> Self {
        debug_assert!(self.are_consecutive());
        Self { base: self.base.wrapping_add(i * self.stride), ..self }
    }

    /// Whether the rows lie one after the other.
    pub(crate) fn are_consecutive(self) -> bool {
        self.mask == 0
    }

    /// The first value of row `i`.
    ///
    /// # Safety
    /// There is such a row.
    #[inline(always)]
    pub(crate) unsafe fn row(self, i: usize) -> *const T {
        // SAFETY: the caller's promise; indices were checked when the rows were picked.
        unsafe {
            let number = *self.indices.add(i & self.mask) as usize + (i & !self.mask);
            self.base.add(scalar(number) * self.stride)
        }
    }

    /// Copies the columns `columns` of some rows to rows `pitch` values apart.
    ///
    /// # Safety
    /// The rows and columns exist, and `to` has room for them.
    #[inline(always)]
    pub(crate) unsafe fn copy(self, rows: Range<usize>, columns: Range<usize>, to: *mut T, pitch: usize) {
        for (n, i) in rows.enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let row = self.row(i).add(columns.start);
                std::ptr::copy_nonoverlapping(row, to.add(n * pitch), columns.len());
            }
        }
    }
}

/// The same number, hidden from the compiler: it would compute the addresses of several rows at once in vectors, which takes
/// many times as long as computing them one by one.
#[inline(always)]
fn scalar(number: usize) -> usize {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    let number = {
        let mut number = number;
        // SAFETY: an empty instruction.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) number, options(pure, nomem, nostack, preserves_flags));
        }
        number
    };
    number
}
