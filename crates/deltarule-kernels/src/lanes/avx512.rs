//! Vectors of 512 bits.

use crate::lanes::Lanes;
use crate::lanes::vector::{Kernel, Vector, ones_then_zeros, operators};
use std::arch::x86_64::*;
use std::ops::Neg;

/// Sixteen `f32` in one register. Not nameable outside the crate: whoever holds one got it from inside a product,
/// where the instructions it stands for are known to exist.
#[derive(Clone, Copy)]
pub(crate) struct Zmm32(__m512);

/// Eight `f64` in one register; see [`Zmm32`].
#[derive(Clone, Copy)]
pub(crate) struct Zmm64(__m512d);

/// One stage of a transposition: every two rows `$block` apart exchange the blocks off the diagonal.
macro_rules! exchange_blocks {
    ($rows:ident, $block:literal, $count:literal, $exchange:ident, $loadi:ident, $permute:ident) => {
        let low = $loadi(const { &$exchange($block, 0) }.as_ptr());
        let high = $loadi(const { &$exchange($block, $block) }.as_ptr());
        for i in 0..$count {
            if i & $block == 0 {
                let (a, b) = ($rows[i], $rows[i + $block]);
                $rows[i] = $permute(a, low, b);
                $rows[i + $block] = $permute(a, high, b);
            }
        }
    };
}

/// What both number types share. `$bits` casts to the integer vector and `$float` back.
macro_rules! zmm {
    (
        $name:ident, $real:ident, $mask:ident, $count:literal, $bits:ident, $float:ident,
        $set1:ident, $set1_bits:ident, $loadu:ident, $storeu:ident, $fma:ident, $sqrt:ident, $max:ident, $min:ident,
        $round:ident, $cmp:ident, $blend:ident, $sign:expr, $fraction:literal, $bias:literal, $exchange:ident,
        $to_integer:ident, $to_real:ident, $add_bits:ident, $shift_left:ident, $shift_right:ident, $permute:ident, $loadi:ident
    ) => {
        impl Lanes for $name {
            type Real = $real;
            type Mask = $mask;
            const COUNT: usize = $count;

            #[inline(always)]
            fn splat(x: $real) -> Self {
                // SAFETY: a value of this type's functions runs only below `enter`, where AVX-512 F and DQ are present.
                Self(unsafe { $set1(x) })
            }
            #[inline(always)]
            fn load(from: &[$real]) -> Self {
                let from = &from[..$count];
                // SAFETY: the slice holds `COUNT` values; AVX-512 as in `splat`.
                Self(unsafe { $loadu(from.as_ptr()) })
            }
            #[inline(always)]
            fn store(self, to: &mut [$real]) {
                let to = &mut to[..$count];
                // SAFETY: the slice holds `COUNT` values; AVX-512 as in `splat`.
                unsafe { $storeu(to.as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $fma(self.0, b.0, c.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $float(_mm512_andnot_si512($set1_bits($sign), $bits(self.0))) })
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                // SAFETY: AVX-512 as in `splat`. 0xCA selects, bit by bit, the second operand where the first is set.
                Self(unsafe {
                    let mask = $set1_bits($sign);
                    $float(_mm512_ternarylogic_epi64::<0xCA>(mask, $bits(sign.0), $bits(self.0)))
                })
            }
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            fn nearest(self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $round::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
            }
            #[inline(always)]
            fn below(self, other: Self) -> $mask {
                // SAFETY: AVX-512 as in `splat`.
                unsafe { $cmp::<_CMP_LT_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn at_most(self, other: Self) -> $mask {
                // SAFETY: AVX-512 as in `splat`.
                unsafe { $cmp::<_CMP_LE_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn equals(self, other: Self) -> $mask {
                // SAFETY: AVX-512 as in `splat`.
                unsafe { $cmp::<_CMP_EQ_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn not_a_number(self) -> $mask {
                // SAFETY: AVX-512 as in `splat`.
                unsafe { $cmp::<_CMP_UNORD_Q>(self.0, self.0) }
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $blend(mask, no.0, yes.0) })
            }
            #[inline(always)]
            fn power_of_two(self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe {
                    let exponent = $add_bits($to_integer(self.0), $set1_bits($bias));
                    $float($shift_left::<$fraction>(exponent))
                })
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                // SAFETY: AVX-512 as in `splat`.
                unsafe {
                    let bits = $bits(self.0);
                    let exponent = $add_bits($shift_right::<$fraction>(bits), $set1_bits(1 - $bias));
                    let fraction = _mm512_and_si512(bits, $set1_bits((1 << $fraction) - 1));
                    let half = $set1_bits(($bias - 1) << $fraction);
                    (Self($float(_mm512_or_si512(fraction, half))), Self($to_real(exponent)))
                }
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: AVX-512 as in `splat`.
                Self(unsafe { $float(_mm512_xor_si512($bits(self.0), $set1_bits($sign))) })
            }
        }

        // SAFETY: `COUNT` values are read and written, and `enter` runs its kernel with AVX-512.
        unsafe impl Vector for $name {
            const ROWS: usize = 14;
            const UPDATE_ROWS: usize = 10;
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
                // SAFETY: the caller's promise for the reads and writes; AVX-512 as in `splat`.
                unsafe {
                    let mut rows = [Self::zero().0; $count];
                    for (i, row) in rows.iter_mut().enumerate() {
                        *row = $loadu(from.add(i * from_stride));
                    }
                    if $count == 16 {
                        exchange_blocks!(rows, 8, $count, $exchange, $loadi, $permute);
                    }
                    exchange_blocks!(rows, 4, $count, $exchange, $loadi, $permute);
                    exchange_blocks!(rows, 2, $count, $exchange, $loadi, $permute);
                    exchange_blocks!(rows, 1, $count, $exchange, $loadi, $permute);
                    for (i, row) in rows.into_iter().enumerate() {
                        $storeu(to.add(i * to_stride), row);
                    }
                }
            }
            #[inline(always)]
            unsafe fn enter<K: Kernel<$real>>(kernel: &mut K) -> K::Output {
                #[inline(never)]
                #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2")]
                fn with_avx512<K: Kernel<$real>>(kernel: &mut K) -> K::Output {
                    kernel.run::<$name>()
                }
                // SAFETY: the caller's promise.
                unsafe { with_avx512(kernel) }
            }
        }
    };
}

zmm!(
    Zmm32,
    f32,
    __mmask16,
    16,
    _mm512_castps_si512,
    _mm512_castsi512_ps,
    _mm512_set1_ps,
    _mm512_set1_epi32,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    _mm512_sqrt_ps,
    _mm512_max_ps,
    _mm512_min_ps,
    _mm512_roundscale_ps,
    _mm512_cmp_ps_mask,
    _mm512_mask_blend_ps,
    i32::MIN,
    23,
    127,
    exchange_32,
    _mm512_cvtps_epi32,
    _mm512_cvtepi32_ps,
    _mm512_add_epi32,
    _mm512_slli_epi32,
    _mm512_srli_epi32,
    _mm512_permutex2var_ps,
    _mm512_loadu_epi32
);
zmm!(
    Zmm64,
    f64,
    __mmask8,
    8,
    _mm512_castpd_si512,
    _mm512_castsi512_pd,
    _mm512_set1_pd,
    _mm512_set1_epi64,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd,
    _mm512_sqrt_pd,
    _mm512_max_pd,
    _mm512_min_pd,
    _mm512_roundscale_pd,
    _mm512_cmp_pd_mask,
    _mm512_mask_blend_pd,
    i64::MIN,
    52,
    1023,
    exchange_64,
    _mm512_cvtpd_epi64,
    _mm512_cvtepi64_pd,
    _mm512_add_epi64,
    _mm512_slli_epi64,
    _mm512_srli_epi64,
    _mm512_permutex2var_pd,
    _mm512_loadu_epi64
);

operators!(Zmm32, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_div_ps);
operators!(Zmm64, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd, _mm512_div_pd);

/// The lanes that two rows `block` apart have after the exchange of their off-diagonal blocks, `shift` being 0 for the
/// first row and `block` for the second: an index below the lane count takes from the first, one above it from the second.
macro_rules! exchange {
    ($name:ident, $integer:ident, $count:literal) => {
        const fn $name(block: usize, shift: usize) -> [$integer; $count] {
            let mut lanes = [0; $count];
            let mut lane = 0;
            while lane < $count {
                let from = if lane & block == 0 { lane } else { $count + lane - block };
                lanes[lane] = (from + shift) as $integer;
                lane += 1;
            }
            lanes
        }
    };
}
exchange!(exchange_32, i32, 16);
exchange!(exchange_64, i64, 8);
