//! Vectors of 256 bits.

use crate::lanes::Lanes;
use crate::lanes::vector::{Kernel, Vector, ones_then_zeros, operators};
use std::arch::x86_64::*;
use std::ops::Neg;

/// Eight `f32` in one register. Not nameable outside the crate: whoever holds one got it from inside a product,
/// where the instructions it stands for are known to exist.
#[derive(Clone, Copy)]
pub(crate) struct Ymm32(__m256);

/// Four `f64` in one register; see [`Ymm32`].
#[derive(Clone, Copy)]
pub(crate) struct Ymm64(__m256d);

/// What both number types share.
macro_rules! ymm {
    (
        $name:ident, $real:ident, $mask:ident, $count:literal, $set1:ident, $loadu:ident, $storeu:ident, $fma:ident,
        $sqrt:ident, $max:ident, $min:ident, $round:ident, $cmp:ident, $blend:ident, $and:ident, $andnot:ident,
        $or:ident, $xor:ident, $power_of_two:ident, $exponent:ident, $half:expr, $fraction:expr, $transpose:ident
    ) => {
        impl Lanes for $name {
            type Real = $real;
            type Mask = $mask;
            const COUNT: usize = $count;

            #[inline(always)]
            fn splat(x: $real) -> Self {
                // SAFETY: a value of this type's functions runs only below `enter`, where AVX2 and FMA are present.
                Self(unsafe { $set1(x) })
            }
            #[inline(always)]
            fn load(from: &[$real]) -> Self {
                let from = &from[..$count];
                // SAFETY: the slice holds `COUNT` values; AVX2 as in `splat`.
                Self(unsafe { $loadu(from.as_ptr()) })
            }
            #[inline(always)]
            fn store(self, to: &mut [$real]) {
                let to = &mut to[..$count];
                // SAFETY: the slice holds `COUNT` values; AVX2 as in `splat`.
                unsafe { $storeu(to.as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                // SAFETY: AVX2 and FMA as in `splat`.
                Self(unsafe { $fma(self.0, b.0, c.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $andnot($set1(-0.0), self.0) })
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $or($andnot($set1(-0.0), self.0), $and($set1(-0.0), sign.0)) })
            }
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            fn nearest(self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $round::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
            }
            #[inline(always)]
            fn below(self, other: Self) -> $mask {
                // SAFETY: AVX2 as in `splat`.
                unsafe { $cmp::<_CMP_LT_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn at_most(self, other: Self) -> $mask {
                // SAFETY: AVX2 as in `splat`.
                unsafe { $cmp::<_CMP_LE_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn equals(self, other: Self) -> $mask {
                // SAFETY: AVX2 as in `splat`.
                unsafe { $cmp::<_CMP_EQ_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn not_a_number(self) -> $mask {
                // SAFETY: AVX2 as in `splat`.
                unsafe { $cmp::<_CMP_UNORD_Q>(self.0, self.0) }
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $blend(no.0, yes.0, mask) })
            }
            #[inline(always)]
            fn power_of_two(self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $power_of_two(self.0) })
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                // SAFETY: AVX2 as in `splat`.
                unsafe {
                    let fraction = $and(self.0, $set1($fraction));
                    (Self($or(fraction, $set1($half))), Self($exponent(self.0)))
                }
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: AVX2 as in `splat`.
                Self(unsafe { $xor(self.0, $set1(-0.0)) })
            }
        }

        // SAFETY: `COUNT` values are read and written, and `enter` runs its kernel with AVX2 and FMA.
        unsafe impl Vector for $name {
            const ROWS: usize = 6;
            const UPDATE_ROWS: usize = 6;
            const ONES_THEN_ZEROS: &'static [$real; 32] = ones_then_zeros!();

            #[inline(always)]
            unsafe fn read(from: *const $real) -> Self {
                // SAFETY: the caller's promise.
                Self(unsafe { $loadu(from) })
            }
            #[inline(always)]
            unsafe fn write(self, to: *mut $real) {
                // SAFETY: the caller's promise.
                unsafe { $storeu(to, self.0) }
            }
            #[inline(always)]
            unsafe fn transpose(from: *const $real, from_stride: usize, to: *mut $real, to_stride: usize) {
                // SAFETY: the caller's promise.
                unsafe {
                    let mut rows = [Self::zero().0; $count];
                    for (i, row) in rows.iter_mut().enumerate() {
                        *row = $loadu(from.add(i * from_stride));
                    }
                    for (i, row) in $transpose(rows).into_iter().enumerate() {
                        $storeu(to.add(i * to_stride), row);
                    }
                }
            }
            #[inline(always)]
            unsafe fn enter<K: Kernel<$real>>(kernel: &mut K) -> K::Output {
                #[inline(never)]
                #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
                fn with_avx2<K: Kernel<$real>>(kernel: &mut K) -> K::Output {
                    kernel.run::<$name>()
                }
                // SAFETY: the caller's promise.
                unsafe { with_avx2(kernel) }
            }
        }
    };
}

ymm!(
    Ymm32,
    f32,
    __m256,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps,
    _mm256_sqrt_ps,
    _mm256_max_ps,
    _mm256_min_ps,
    _mm256_round_ps,
    _mm256_cmp_ps,
    _mm256_blendv_ps,
    _mm256_and_ps,
    _mm256_andnot_ps,
    _mm256_or_ps,
    _mm256_xor_ps,
    power_of_two_32,
    exponent_32,
    0.5,
    f32::from_bits((1 << 23) - 1),
    transpose_32
);
ymm!(
    Ymm64,
    f64,
    __m256d,
    4,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_fmadd_pd,
    _mm256_sqrt_pd,
    _mm256_max_pd,
    _mm256_min_pd,
    _mm256_round_pd,
    _mm256_cmp_pd,
    _mm256_blendv_pd,
    _mm256_and_pd,
    _mm256_andnot_pd,
    _mm256_or_pd,
    _mm256_xor_pd,
    power_of_two_64,
    exponent_64,
    0.5,
    f64::from_bits((1 << 52) - 1),
    transpose_64
);

operators!(Ymm32, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps);
operators!(Ymm64, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_div_pd);

#[inline]
#[target_feature(enable = "avx2,fma")]
fn power_of_two_32(x: __m256) -> __m256 {
    let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(127));
    _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
}

/// AVX2 has no conversion between `f64` and 64-bit integers: adding 1.5 · 2^52 leaves a whole number in the low bits.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn power_of_two_64(x: __m256d) -> __m256d {
    let exponent = _mm256_add_pd(x, _mm256_set1_pd(6_755_399_441_055_744.0 + 1023.0));
    _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(exponent)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn exponent_32(x: __m256) -> __m256 {
    let exponent = _mm256_srli_epi32::<23>(_mm256_castps_si256(x));
    _mm256_cvtepi32_ps(_mm256_sub_epi32(exponent, _mm256_set1_epi32(126)))
}

/// The exponent's bits become the last bits of 2^52, which is then subtracted.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn exponent_64(x: __m256d) -> __m256d {
    let two_52 = _mm256_set1_pd(4_503_599_627_370_496.0);
    let exponent = _mm256_srli_epi64::<52>(_mm256_castpd_si256(x));
    let sum = _mm256_castsi256_pd(_mm256_or_si256(exponent, _mm256_castpd_si256(two_52)));
    _mm256_sub_pd(sum, _mm256_set1_pd(4_503_599_627_370_496.0 + 1022.0))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn transpose_32(r: [__m256; 8]) -> [__m256; 8] {
    let pair = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    let quad = |a, b| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xEE>(a, b));
    let half = |a, b| (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
    let ((a0, a1), (a2, a3)) = (pair(r[0], r[1]), pair(r[2], r[3]));
    let ((a4, a5), (a6, a7)) = (pair(r[4], r[5]), pair(r[6], r[7]));
    let ((b0, b1), (b2, b3)) = (quad(a0, a2), quad(a1, a3));
    let ((b4, b5), (b6, b7)) = (quad(a4, a6), quad(a5, a7));
    let ((c0, c4), (c1, c5)) = (half(b0, b4), half(b1, b5));
    let ((c2, c6), (c3, c7)) = (half(b2, b6), half(b3, b7));
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn transpose_64(r: [__m256d; 4]) -> [__m256d; 4] {
    let pair = |a, b| (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
    let half = |a, b| (_mm256_permute2f128_pd::<0x20>(a, b), _mm256_permute2f128_pd::<0x31>(a, b));
    let ((a0, a1), (a2, a3)) = (pair(r[0], r[1]), pair(r[2], r[3]));
    let ((c0, c2), (c1, c3)) = (half(a0, a2), half(a1, a3));
    [c0, c1, c2, c3]
}
