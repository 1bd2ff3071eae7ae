//! Vectors of numbers, whatever the instruction set, and the numbers in them: an algorithm is written once over [`Lanes`].

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod scalar;
pub(crate) mod vector;

use crate::math::constants::Precision;
use crate::sealed::Sealed;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// Several numbers on which every operation acts lane by lane.
///
/// Each operation is rounded correctly, and once (also where it is fused), so that a formula gives the same bits on every
/// instruction set. `f32` and `f64` are vectors of one lane.
pub trait Lanes:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The type of number in a lane.
    type Real: Real;
    /// A truth value for each lane.
    type Mask: Copy;
    /// Number of lanes.
    const COUNT: usize;

    /// `x` in every lane.
    fn splat(x: Self::Real) -> Self;
    /// The first `COUNT` values of `from`.
    fn load(from: &[Self::Real]) -> Self;
    /// Writes the lanes to the first `COUNT` values of `to`.
    fn store(self, to: &mut [Self::Real]);

    /// `self · b + c`, rounded once.
    fn fma(self, b: Self, c: Self) -> Self;
    /// √self.
    fn sqrt(self) -> Self;
    /// |self|.
    fn abs(self) -> Self;
    /// |self| with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// `self` where `self > other`, else `other`; so `other` where either is NaN.
    fn larger(self, other: Self) -> Self;
    /// `self` where `self < other`, else `other`; so `other` where either is NaN.
    fn smaller(self, other: Self) -> Self;
    /// The nearest whole number, halves to the even one.
    fn nearest(self) -> Self;

    /// Where `self < other`; false where either is NaN.
    fn below(self, other: Self) -> Self::Mask;
    /// Where `self ≤ other`; false where either is NaN.
    fn at_most(self, other: Self) -> Self::Mask;
    /// Where `self = other`; false where either is NaN.
    fn equals(self, other: Self) -> Self::Mask;
    /// Where `self` is NaN.
    fn not_a_number(self) -> Self::Mask;
    /// `yes` where the mask holds, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// 2^self for whole numbers from the smallest normal exponent to the largest: −126 to 127 in `f32`,
    /// −1022 to 1023 in `f64`.
    fn power_of_two(self) -> Self;
    /// `self · 2^exponent` for |self| from ½ to 4 and whole exponents up to twice those of
    /// [`Lanes::power_of_two`]: rounded once, also where the result is subnormal. NaN where `self` is NaN.
    #[inline(always)]
    fn scaled(self, exponent: Self) -> Self {
        let half = (exponent * Self::constant(0.5)).nearest();
        self * half.power_of_two() * (exponent - half).power_of_two()
    }
    /// For positive normal numbers, `self = m · 2^e` with m from ½ to below 1: (m, e).
    fn split(self) -> (Self, Self);

    /// 0 in every lane.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(Self::Real::ZERO)
    }
    /// 1 in every lane.
    #[inline(always)]
    fn one() -> Self {
        Self::splat(Self::Real::ONE)
    }
    /// The value nearest to `x` in every lane: how a formula writes its constants.
    #[inline(always)]
    fn constant(x: f64) -> Self {
        Self::splat(Self::Real::from_f64(x))
    }
}

/// A floating-point number that networks are made of: `f32` or `f64`, and nothing else.
///
/// A `Real` is itself a vector of one lane ([`Lanes`]), so that a formula written once runs on plain numbers
/// and on the lanes of every instruction set alike.
pub trait Real:
    Sealed
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
