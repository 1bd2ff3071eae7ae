//! The S-shaped functions: tanh, the logistic sigmoid and erf.

use crate::lanes::Lanes;
use crate::math::coefficients::Coefficients;
use crate::math::constants::Precision;
use crate::math::exponential::exp;
use crate::math::polynomial::polynomial;

/// 1/(1 + e⁻ˣ), the logistic function, as small as eˣ where x is far below 0.
///
/// With t = e^−|x|, it is 1/(1 + t) from 0 on and t/(1 + t) below; from t = ½ down the latter as t − t·t/(1 + t),
/// where the rounding of 1 + t matters less.
#[inline(always)]
pub fn sigmoid<V: Lanes>(x: V) -> V {
    let t = exp(-x.abs());
    let quotient = V::select(x.below(V::zero()), t, V::one()) / (V::one() + t);
    V::select(x.below(V::constant(-0.7)), (-t).fma(quotient, t), quotient)
}

/// The hyperbolic tangent: a polynomial up to 0.55, 1 − 2/(e²ˣ + 1) above.
#[inline(always)]
pub fn tanh<V: Lanes>(x: V) -> V {
    let a = x.abs();
    let z = a * a;
    let near = (z * polynomial(z, V::Real::TANH)).fma(a, a);
    let far = V::one() - V::constant(2.0) / (exp(a + a) + V::one());
    V::select(a.below(V::constant(0.55)), near, far).copysign(x)
}

/// The error function 2/√π ∫₀ˣ e^−t² dt: a polynomial up to 1, 1 − e^−q(x) above with q a polynomial.
#[inline(always)]
pub fn erf<V: Lanes>(x: V) -> V {
    let a = x.abs();
    let near = polynomial(a * a, V::Real::ERF).fma(a, a);
    let u = V::splat(V::Real::ERF_MOST).smaller(a) - V::constant(2.0);
    let far = V::one() - exp(-polynomial(u, V::Real::ERF_TAIL));
    V::select(a.below(V::one()), near, far).copysign(x)
}
