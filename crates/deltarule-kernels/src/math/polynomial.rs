//! Polynomials, as every elementary function has one.

use crate::lanes::Lanes;

/// c₀ + c₁x + c₂x² + … by Horner's rule. The other vectors of a tile hide the latency, so the form with the fewest
/// operations is the fastest.
#[inline(always)]
pub(super) fn polynomial<V: Lanes>(x: V, coefficients: &[V::Real]) -> V {
    let (&last, rest) = coefficients.split_last().expect("a polynomial has coefficients");
    let mut sum = V::splat(last);
    for &c in rest.iter().rev() {
        sum = sum.fma(x, V::splat(c));
    }
    sum
}
