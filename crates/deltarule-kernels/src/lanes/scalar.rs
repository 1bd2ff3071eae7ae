//! Plain numbers as vectors of one lane: the portable path of every product.

use crate::lanes::vector::{Kernel, Vector, ones_then_zeros};
use crate::lanes::{Lanes, Real};

macro_rules! scalar {
    ($real:ident, $bits:ident, $fraction:literal, $bias:literal, $per_line:literal) => {
        impl Lanes for $real {
            type Real = $real;
            type Mask = bool;
            const COUNT: usize = 1;

            #[inline(always)]
            fn splat(x: $real) -> Self {
                x
            }
            #[inline(always)]
            fn load(from: &[$real]) -> Self {
                from[0]
            }
            #[inline(always)]
            fn store(self, to: &mut [$real]) {
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
                $real::from_bits((($bias + self as i32) as $bits) << $fraction)
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let bits = self.to_bits();
                let exponent = (bits >> $fraction) as i32 - ($bias - 1);
                let fraction = bits & ((1 << $fraction) - 1);
                ($real::from_bits(fraction | (($bias - 1) << $fraction)), exponent as $real)
            }
        }

        impl Real for $real {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const PER_LINE: usize = $per_line;
            const NAME: &'static str = stringify!($real);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $real
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$real>::is_finite(self)
            }
        }

        // SAFETY: one value is read or written, and no special instructions are needed.
        unsafe impl Vector for $real {
            const ROWS: usize = 6;
            const UPDATE_ROWS: usize = 6;
            const ONES_THEN_ZEROS: &'static [Self; 32] = ones_then_zeros!();

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
            #[inline(never)] // A caller of several kernels would hold stack space for all of them at once.
            unsafe fn enter<K: Kernel<Self>>(kernel: &mut K) -> K::Output {
                kernel.run::<Self>()
            }
        }
    };
}

scalar!(f32, u32, 23, 127, 16);
scalar!(f64, u64, 52, 1023, 8);
