//! ln, ln_1p and softplus.

use crate::lanes::Lanes;
use crate::math::coefficients::Coefficients;
use crate::math::constants::Precision;
use crate::math::exponential::exp;
use crate::math::polynomial::polynomial;

/// f − ln(1 + f), small beside ln(1 + f) unless f is large.
///
/// With s = f/(2 + f), ln(1 + f) = 2 artanh s = 2s + s³p(s²), and 2s = f − sf.
#[inline(always)]
fn shortfall<V: Lanes>(f: V, p: &[V::Real]) -> V {
    let s = f / (f + V::constant(2.0));
    let z = s * s;
    s * (f - z * polynomial(z, p))
}

/// A positive normal number as (1 + f)·2ᵉ, with 1 + f from √½ to √2: (f, e).
#[inline(always)]
fn around_one<V: Lanes>(x: V) -> (V, V) {
    let (m, e) = x.split();
    let small = m.below(V::splat(V::Real::SQRT_HALF));
    let f = V::select(small, m + m, m) - V::one();
    (f, V::select(small, e - V::one(), e))
}

/// The natural logarithm: −∞ at 0, NaN below.
///
/// x = (1 + f)·2ᵉ with 1 + f from √½ to √2, and ln x = e ln 2 + ln(1 + f).
#[inline(always)]
pub fn ln<V: Lanes>(x: V) -> V {
    let (scale, scale_exponent) = V::Real::SUBNORMAL_SCALE;
    let subnormal = x.below(V::splat(V::Real::LEAST_NORMAL));
    let (f, e) = around_one(V::select(subnormal, x * V::splat(scale), x));
    let e = V::select(subnormal, e - V::splat(scale_exponent), e);

    let low = e.fma(V::splat(V::Real::LN2_LOW), -shortfall(f, V::Real::LN));
    let ln = e.fma(V::splat(V::Real::LN2), f + low);
    logarithm_limits(x, x, ln)
}

/// ln(1 + x), accurate also where x is near 0: −∞ at −1, NaN below.
///
/// 1 + x rounds to u = (1 + f)·2ᵉ; what the rounding lost, scaled by 2⁻ᵉ, is added to f.
#[inline(always)]
pub fn ln_1p<V: Lanes>(x: V) -> V {
    let u = x + V::one();
    let larger = x.larger(V::one());
    let smaller = x.smaller(V::one());
    let lost = smaller - (u - larger);
    let (f_high, e) = around_one(u);
    // Nothing is lost above 2^MAX_EXPONENT, where 2⁻ᵉ is not a normal number.
    let f_low = lost * (-e).larger(V::splat(-V::Real::MAX_EXPONENT) + V::one()).power_of_two();
    let f = f_high + f_low;
    let f_lost = (f_high - f) + f_low;

    let low = e.fma(V::splat(V::Real::LN2_LOW), f_lost - shortfall(f, V::Real::LN));
    let ln = e.fma(V::splat(V::Real::LN2), f + low);
    logarithm_limits(x, u, ln.copysign(x))
}

/// The logarithm of u at x where u is neither positive nor finite; `ln` elsewhere.
#[inline(always)]
fn logarithm_limits<V: Lanes>(x: V, u: V, ln: V) -> V {
    let positive = V::select(u.below(V::splat(V::Real::INFINITY)), ln, x);
    let not_positive = V::select(u.equals(V::zero()), V::splat(-V::Real::INFINITY), V::splat(V::Real::NAN));
    V::select(V::zero().below(u), positive, not_positive)
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), whose argument from 1 to 2 needs no reduction.
#[inline(always)]
pub fn softplus<V: Lanes>(x: V) -> V {
    let f = exp(-x.abs());
    x.larger(V::zero()) + (f - shortfall(f, V::Real::LN_TO_TWO))
}
