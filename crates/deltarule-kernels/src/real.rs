//! The two number types of the project.

use crate::lanes::Lanes;
use crate::math::Precision;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

pub(crate) mod sealed {
    use crate::isa::{Isa, Task, dispatch};
    #[cfg(target_arch = "aarch64")]
    use crate::lanes::neon;
    use crate::lanes::vector::Vector;
    #[cfg(target_arch = "x86_64")]
    use crate::lanes::{avx2, avx512};
    use crate::{biases, descend};

    pub trait Sealed: Vector<Real = Self> + 'static {
        /// Sixteen ones and sixteen zeros: from somewhere in the first half on, flags of so many lanes of a vector.
        const ONES_THEN_ZEROS: &'static [Self; 32];

        /// Runs the task on the vectors of this number that the instruction set has.
        fn on<K: Task<Self>>(isa: Isa, task: &mut K) -> K::Output
        where
            Self: super::Real;

        /// Runs the part of the weights. Not generic: compiled once, here.
        fn descend(isa: Isa, part: &mut descend::Part<'_, Self>);

        /// As [`Self::descend`], for the biases.
        fn descend_biases(isa: Isa, part: &mut biases::Part<'_, Self>);
    }
    impl Sealed for f32 {
        const ONES_THEN_ZEROS: &'static [Self; 32] = &{
            let mut flags = [0.0; 32];
            let mut lane = 0;
            while lane < 16 {
                flags[lane] = 1.0;
                lane += 1;
            }
            flags
        };
        #[inline]
        fn on<K: Task<Self>>(isa: Isa, task: &mut K) -> K::Output {
            dispatch!(isa, task, f32, avx2::Ymm32, avx512::Zmm32, neon::Neon32)
        }
        fn descend(isa: Isa, part: &mut descend::Part<'_, Self>) {
            Self::on(isa, part);
        }
        fn descend_biases(isa: Isa, part: &mut biases::Part<'_, Self>) {
            Self::on(isa, part);
        }
    }
    impl Sealed for f64 {
        const ONES_THEN_ZEROS: &'static [Self; 32] = &{
            let mut flags = [0.0; 32];
            let mut lane = 0;
            while lane < 16 {
                flags[lane] = 1.0;
                lane += 1;
            }
            flags
        };
        #[inline]
        fn on<K: Task<Self>>(isa: Isa, task: &mut K) -> K::Output {
            dispatch!(isa, task, f64, avx2::Ymm64, avx512::Zmm64, neon::Neon64)
        }
        fn descend(isa: Isa, part: &mut descend::Part<'_, Self>) {
            Self::on(isa, part);
        }
        fn descend_biases(isa: Isa, part: &mut biases::Part<'_, Self>) {
            Self::on(isa, part);
        }
    }
}

/// A floating-point number that networks are made of: `f32` or `f64`, and nothing else.
///
/// A `Real` is itself a vector of one lane ([`Lanes`]), so that a formula written once runs on plain numbers
/// and on the lanes of every instruction set alike.
pub trait Real:
    sealed::Sealed
    + Lanes<Real = Self>
    + Precision
    + Debug
    + Display
    + Default
    + PartialOrd
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
    + Send
    + Sync
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// How many values fill 64 bytes, the width of a cache line: 16 for `f32`, 8 for `f64`.
    const PER_LINE: usize;
    /// `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest value to `x`.
    fn from_f64(x: f64) -> Self;
    /// The same value as `f64`, exactly.
    fn to_f64(self) -> f64;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

macro_rules! real {
    ($t:ident, $per_line:literal) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const PER_LINE: usize = $per_line;
            const NAME: &'static str = stringify!($t);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
        }
    };
}

real!(f32, 16);
real!(f64, 8);
