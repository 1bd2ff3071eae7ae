//! exp and expm1.

use crate::lanes::Lanes;
use crate::math::coefficients::Coefficients;
use crate::math::constants::Precision;
use crate::math::polynomial::polynomial;

/// eˣ.
///
/// x = n ln 2 + r with |r| ≤ ½ ln 2 and eˣ = 2ⁿ eʳ. ln 2 is subtracted in two parts; the first fused step is exact.
#[inline(always)]
pub fn exp<V: Lanes>(x: V) -> V {
    let x = V::splat(V::Real::EXP_MOST).smaller(V::splat(V::Real::EXP_LEAST).larger(x));
    let n = (x * V::splat(V::Real::LOG2_E)).nearest();
    let r = n.fma(V::splat(-V::Real::LN2_LOW), n.fma(V::splat(-V::Real::LN2), x));
    let tail = polynomial(r, V::Real::EXP);
    tail.fma(r, V::one()).fma(r, V::one()).scaled(n)
}

/// eˣ − 1, accurate also where x is near 0.
///
/// With the reduction of [`exp`], eˣ − 1 = (2ⁿ − 1 + 2ⁿr) + 2ⁿ(eʳ − 1 − r): the sum in parentheses is kept with
/// its rounding error, since it may cancel.
#[inline(always)]
pub fn expm1<V: Lanes>(x: V) -> V {
    let clamped = V::splat(V::Real::EXP_MOST).smaller(V::splat(V::Real::EXPM1_LEAST).larger(x));
    let n = (clamped * V::splat(V::Real::LOG2_E)).nearest();
    let r_high = n.fma(V::splat(-V::Real::LN2), clamped);
    let r = n.fma(V::splat(-V::Real::LN2_LOW), r_high);
    let r_low = n.fma(V::splat(-V::Real::LN2_LOW), r_high - r);
    let tail = (r * r).fma(polynomial(r, V::Real::EXPM1), r_low);

    // 2ⁿ overflows before 2ⁿeʳ does: the last doubling comes at the end.
    let most = V::splat(V::Real::MAX_EXPONENT);
    let power = n.smaller(most).power_of_two();
    let doubling = V::select(most.below(n), V::constant(2.0), V::one());

    let less_one = power - V::one();
    let sum = power.fma(r, less_one);
    let sum_low = power.fma(r, less_one - sum);
    ((sum + power.fma(tail, sum_low)) * doubling).copysign(x)
}
