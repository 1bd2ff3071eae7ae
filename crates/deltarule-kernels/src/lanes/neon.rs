//! Vectors of 128 bits on 64-bit Arm.

use crate::lanes::Lanes;
use crate::lanes::vector::{Kernel, Vector, ones_then_zeros, operators};
use std::arch::aarch64::*;
use std::ops::Neg;

/// Four `f32` in one register. Not nameable outside the crate: whoever holds one got it from inside a product,
/// where the instructions it stands for are known to exist.
#[derive(Clone, Copy)]
pub(crate) struct Neon32(float32x4_t);

/// Two `f64` in one register; see [`Neon32`].
#[derive(Clone, Copy)]
pub(crate) struct Neon64(float64x2_t);

/// What both number types share. `$bits` casts to the integer vector and `$float` back.
macro_rules! neon {
    (
        $name:ident, $real:ident, $mask:ident, $count:literal, $bits:ident, $float:ident, $set1:ident, $set1_bits:ident,
        $load:ident, $store:ident, $fma:ident, $sqrt:ident, $abs:ident, $neg:ident, $round:ident, $lt:ident, $le:ident,
        $eq:ident, $flip:ident, $select:ident, $and:ident, $or:ident, $add_bits:ident, $left:ident,
        $right:ident, $to_integer:ident, $to_real:ident, $unsigned:ident, $sign:expr, $ones:expr, $fraction:literal, $bias:literal
    ) => {
        impl Lanes for $name {
            type Real = $real;
            type Mask = $mask;
            const COUNT: usize = $count;

            #[inline(always)]
            fn splat(x: $real) -> Self {
                // SAFETY: a value of this type's functions runs only below `enter`, where NEON is present.
                Self(unsafe { $set1(x) })
            }
            #[inline(always)]
            fn load(from: &[$real]) -> Self {
                let from = &from[..$count];
                // SAFETY: the slice holds `COUNT` values; NEON as in `splat`.
                Self(unsafe { $load(from.as_ptr()) })
            }
            #[inline(always)]
            fn store(self, to: &mut [$real]) {
                let to = &mut to[..$count];
                // SAFETY: the slice holds `COUNT` values; NEON as in `splat`.
                unsafe { $store(to.as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe { $fma(c.0, self.0, b.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe { $abs(self.0) })
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe { $select($set1_bits($sign), sign.0, self.0) })
            }
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                // Not the maximum instruction, which gives NaN where either is one.
                Self::select(other.below(self), self, other)
            }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self {
                Self::select(self.below(other), self, other)
            }
            #[inline(always)]
            fn nearest(self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe { $round(self.0) })
            }
            #[inline(always)]
            fn below(self, other: Self) -> $mask {
                // SAFETY: NEON as in `splat`.
                unsafe { $lt(self.0, other.0) }
            }
            #[inline(always)]
            fn at_most(self, other: Self) -> $mask {
                // SAFETY: NEON as in `splat`.
                unsafe { $le(self.0, other.0) }
            }
            #[inline(always)]
            fn equals(self, other: Self) -> $mask {
                // SAFETY: NEON as in `splat`.
                unsafe { $eq(self.0, other.0) }
            }
            #[inline(always)]
            fn not_a_number(self) -> $mask {
                // SAFETY: NEON as in `splat`.
                unsafe { $flip($eq(self.0, self.0), $set1_bits($ones)) }
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe { $select(mask, yes.0, no.0) })
            }
            #[inline(always)]
            fn power_of_two(self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe {
                    let exponent = $unsigned($to_integer(self.0));
                    $float($left::<$fraction>($add_bits(exponent, $set1_bits($bias))))
                })
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                // SAFETY: NEON as in `splat`.
                unsafe {
                    let bits = $bits(self.0);
                    let exponent = Self($to_real($right::<$fraction>(bits)));
                    let fraction = $and(bits, $set1_bits((1 << $fraction) - 1));
                    let half = $set1_bits(($bias - 1) << $fraction);
                    (Self($float($or(fraction, half))), exponent - Self::splat(($bias - 1) as $real))
                }
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: NEON as in `splat`.
                Self(unsafe { $neg(self.0) })
            }
        }

        // SAFETY: `COUNT` values are read and written, and `enter` runs its kernel with NEON.
        unsafe impl Vector for $name {
            const ROWS: usize = 12;
            const UPDATE_ROWS: usize = 6;
            const ONES_THEN_ZEROS: &'static [$real; 32] = ones_then_zeros!();

            #[inline(always)]
            unsafe fn read(from: *const $real) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $load(from) })
            }
            #[inline(always)]
            unsafe fn write(self, to: *mut $real) {
                // SAFETY: the caller's promise.
                unsafe { $store(to, self.0) }
            }
            #[inline(always)]
            unsafe fn transpose(from: *const $real, from_stride: usize, to: *mut $real, to_stride: usize) {
                // SAFETY: the caller's promise.
                unsafe {
                    for i in 0..$count {
                        for j in 0..$count {
                            *to.add(j * to_stride + i) = *from.add(i * from_stride + j);
                        }
                    }
                }
            }
            #[inline(always)]
            unsafe fn enter<K: Kernel<$real>>(kernel: &mut K) -> K::Output {
                #[inline(never)]
                #[target_feature(enable = "neon")]
                fn with_neon<K: Kernel<$real>>(kernel: &mut K) -> K::Output {
                    kernel.run::<$name>()
                }
                // SAFETY: the caller's promise.
                unsafe { with_neon(kernel) }
            }
        }
    };
}

neon!(
    Neon32,
    f32,
    uint32x4_t,
    4,
    vreinterpretq_u32_f32,
    vreinterpretq_f32_u32,
    vdupq_n_f32,
    vdupq_n_u32,
    vld1q_f32,
    vst1q_f32,
    vfmaq_f32,
    vsqrtq_f32,
    vabsq_f32,
    vnegq_f32,
    vrndnq_f32,
    vcltq_f32,
    vcleq_f32,
    vceqq_f32,
    veorq_u32,
    vbslq_f32,
    vandq_u32,
    vorrq_u32,
    vaddq_u32,
    vshlq_n_u32,
    vshrq_n_u32,
    vcvtnq_s32_f32,
    vcvtq_f32_u32,
    vreinterpretq_u32_s32,
    1 << 31,
    u32::MAX,
    23,
    127
);
neon!(
    Neon64,
    f64,
    uint64x2_t,
    2,
    vreinterpretq_u64_f64,
    vreinterpretq_f64_u64,
    vdupq_n_f64,
    vdupq_n_u64,
    vld1q_f64,
    vst1q_f64,
    vfmaq_f64,
    vsqrtq_f64,
    vabsq_f64,
    vnegq_f64,
    vrndnq_f64,
    vcltq_f64,
    vcleq_f64,
    vceqq_f64,
    veorq_u64,
    vbslq_f64,
    vandq_u64,
    vorrq_u64,
    vaddq_u64,
    vshlq_n_u64,
    vshrq_n_u64,
    vcvtnq_s64_f64,
    vcvtq_f64_u64,
    vreinterpretq_u64_s64,
    1 << 63,
    u64::MAX,
    52,
    1023
);

operators!(Neon32, vaddq_f32, vsubq_f32, vmulq_f32, vdivq_f32);
operators!(Neon64, vaddq_f64, vsubq_f64, vmulq_f64, vdivq_f64);
