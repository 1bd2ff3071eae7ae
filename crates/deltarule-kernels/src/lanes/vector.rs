//! What the products need of a vector beyond [`Lanes`], and how its instructions are made available.

use super::Lanes;
use crate::isa::Task;
use crate::multiply::narrow::{Narrow, narrow_of};
use crate::multiply::{Tile, tile_of};
use std::ops::Range;

/// A vector as the products use it, by pointer and without checks. Visible to the crate alone.
///
/// # Safety
/// `read`, `write` and `transpose` touch exactly the values their descriptions name.
pub unsafe trait Vector: Lanes {
    /// Rows of a product's tile that is two vectors wide: as many as keep the sums in registers.
    const ROWS: usize;
    /// Rows of a tile of the gradient, which shares the registers with the optimizer: 6 or 10.
    const UPDATE_ROWS: usize;

    /// The `COUNT` values at `from`.
    ///
    /// # Safety
    /// They can be read, and the instructions of this vector exist.
    unsafe fn read(from: *const Self::Real) -> Self;

    /// Writes the lanes to the `COUNT` values at `to`.
    ///
    /// # Safety
    /// They can be written, and the instructions of this vector exist.
    unsafe fn write(self, to: *mut Self::Real);

    /// Writes the transpose of a block of `COUNT × COUNT` values to another place. Strides are between rows, in values.
    ///
    /// # Safety
    /// The rows at `from` can be read and those at `to` written, and the instructions of this vector exist.
    unsafe fn transpose(from: *const Self::Real, from_stride: usize, to: *mut Self::Real, to_stride: usize);

    /// The microkernel of [`multiply`](crate::multiply), for so many rows and vectors. Not generic: compiled here once,
    /// and not again with every function that runs on its tiles.
    ///
    /// # Safety
    /// The tile's rows, steps and lanes exist, and so do the instructions of this vector.
    unsafe fn tile(rows: usize, vectors: usize, tile: &Tile<Self::Real>);

    /// The same for narrow weights and some samples.
    ///
    /// # Safety
    /// The samples are in the product and not too many, and the instructions of this vector exist.
    unsafe fn narrow(product: &Narrow<'_, Self::Real>, samples: &Range<usize>);

    /// Runs the task as one function compiled for the instructions of this vector.
    ///
    /// # Safety
    /// The instructions exist on this processor.
    unsafe fn enter<K: Task<Self::Real>>(task: &mut K) -> K::Output;
}

/// Asks for the cache line at `at`, which is soon read. Any pointer will do.
#[inline(always)]
pub(crate) fn prefetch_to_read<T>(at: *const T) {
    // SAFETY: a prefetch of whatever address changes nothing but the cache.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    unsafe {
        std::arch::asm!("prefetcht0 [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = at;
}

/// Asks for the cache line at `at`, which is soon written. Any pointer will do.
#[inline(always)]
pub(crate) fn prefetch_to_write<T>(at: *const T) {
    // SAFETY: a prefetch of whatever address changes nothing but the cache; processors without this one ignore it.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = at;
}

/// The arithmetic operators of a vector type from the intrinsics that do them.
macro_rules! operators {
    ($name:ident, $add:ident, $sub:ident, $mul:ident, $div:ident) => {
        operators!($name, Add, add, $add);
        operators!($name, Sub, sub, $sub);
        operators!($name, Mul, mul, $mul);
        operators!($name, Div, div, $div);
    };
    ($name:ident, $operator:ident, $method:ident, $intrinsic:ident) => {
        impl std::ops::$operator for $name {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: as in `splat` of this type.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}
pub(crate) use operators;

/// One lane is a vector too: the portable path of every product.
macro_rules! one_lane {
    ($real:ident) => {
        // SAFETY: one value is read or written, and no special instructions are needed.
        unsafe impl Vector for $real {
            const ROWS: usize = 6;
            const UPDATE_ROWS: usize = 6;

            #[inline(always)]
            unsafe fn read(from: *const Self) -> Self {
                // SAFETY: the caller's promise.
                unsafe { *from }
            }
            #[inline(always)]
            unsafe fn write(self, to: *mut Self) {
                // SAFETY: the caller's promise.
                unsafe { *to = self }
            }
            #[inline(always)]
            unsafe fn transpose(from: *const Self, _: usize, to: *mut Self, _: usize) {
                // SAFETY: the caller's promise.
                unsafe { *to = *from }
            }
            unsafe fn tile(rows: usize, vectors: usize, tile: &Tile<$real>) {
                // SAFETY: the caller's promise.
                unsafe { tile_of::<Self>(rows, vectors, tile) }
            }
            unsafe fn narrow(product: &Narrow<'_, $real>, samples: &Range<usize>) {
                // SAFETY: the caller's promise.
                unsafe { narrow_of::<Self>(product, samples) }
            }
            #[inline(never)] // A caller of several tasks would have room for all of them on its stack at once.
            unsafe fn enter<K: Task<Self>>(task: &mut K) -> K::Output {
                task.run::<Self>()
            }
        }
    };
}

one_lane!(f32);
one_lane!(f64);
