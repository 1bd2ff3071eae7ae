//! What the products need of a vector beyond [`Lanes`], and how code is compiled for its instructions.

use crate::lanes::{Lanes, Real};

/// A vector as the products use it, by pointer and without checks. Visible to the crate alone.
///
/// # Safety
/// `read`, `write` and `transpose` touch exactly the values their descriptions name.
pub unsafe trait Vector: Lanes {
    /// Rows of a product's tile that is two vectors wide: as many as keep the sums in registers.
    const ROWS: usize;
    /// Rows of a tile of the gradient, which shares the registers with the optimizer: 6 or 10.
    const UPDATE_ROWS: usize;
    /// Sixteen ones and sixteen zeros: read from entry 16 − n on, a vector has ones in its first n lanes.
    const ONES_THEN_ZEROS: &'static [Self::Real; 32];

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

    /// Runs the kernel as one function compiled for the instructions of this vector.
    ///
    /// # Safety
    /// The instructions exist on this processor.
    unsafe fn enter<K: Kernel<Self::Real>>(kernel: &mut K) -> K::Output;
}

/// Work written once for all vectors. `run` and everything it calls down to a vector's operations is
/// `#[inline(always)]`, so that it is compiled for the instructions of that vector.
pub trait Kernel<T: Real> {
    /// What comes out.
    type Output;
    /// Does the work on vectors `V`.
    ///
    /// By reference: a kernel is larger than what fits registers, and a copy of what was just written would have to wait
    /// for all pending stores.
    fn run<V: Vector<Real = T>>(&mut self) -> Self::Output;
}

/// The value of [`Vector::ONES_THEN_ZEROS`].
macro_rules! ones_then_zeros {
    () => {
        &{
            let mut flags = [0.0; 32];
            let mut lane = 0;
            while lane < 16 {
                flags[lane] = 1.0;
                lane += 1;
            }
            flags
        }
    };
}
pub(crate) use ones_then_zeros;

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
