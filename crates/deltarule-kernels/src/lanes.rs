//! A vector of numbers, whatever the instruction set: an algorithm is written once over [`Lanes`].

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod vector;

use crate::real::Real;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Several numbers on which every operation acts lane by lane.
///
/// Each operation is a single correctly rounded one (fused where it says so), so that a formula gives the same
/// bits on every instruction set. `f32` and `f64` are vectors of one lane.
pub trait Lanes:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The number in a lane.
    type Real: Real;
    /// A truth value a lane.
    type Mask: Copy;
    /// How many lanes there are.
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

macro_rules! one_lane {
    ($t:ident, $bits:ident, $fraction:literal, $bias:literal) => {
        impl Lanes for $t {
            type Real = $t;
            type Mask = bool;
            const COUNT: usize = 1;

            #[inline(always)]
            fn splat(x: $t) -> Self {
                x
            }
            #[inline(always)]
            fn load(from: &[$t]) -> Self {
                from[0]
            }
            #[inline(always)]
            fn store(self, to: &mut [$t]) {
                to[0] = self;
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                self.mul_add(b, c)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.copysign(sign)
            }
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                if self > other { self } else { other }
            }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self {
                if self < other { self } else { other }
            }
            #[inline(always)]
            fn nearest(self) -> Self {
                self.round_ties_even()
            }
            #[inline(always)]
            fn below(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn at_most(self, other: Self) -> bool {
                self <= other
            }
            #[inline(always)]
            fn equals(self, other: Self) -> bool {
                self == other
            }
            #[inline(always)]
            fn not_a_number(self) -> bool {
                self.is_nan()
            }
            #[inline(always)]
            fn select(mask: bool, yes: Self, no: Self) -> Self {
                if mask { yes } else { no }
            }
            #[inline(always)]
            fn power_of_two(self) -> Self {
                $t::from_bits((($bias + self as i32) as $bits) << $fraction)
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let bits = self.to_bits();
                let exponent = (bits >> $fraction) as i32 - ($bias - 1);
                let fraction = bits & ((1 << $fraction) - 1);
                ($t::from_bits(fraction | (($bias - 1) << $fraction)), exponent as $t)
            }
        }
    };
}

one_lane!(f32, u32, 23, 127);
one_lane!(f64, u64, 52, 1023);
