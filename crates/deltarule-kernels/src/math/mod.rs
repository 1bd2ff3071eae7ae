//! Elementary functions over [`Lanes`]: exp, ln, tanh, erf and what is built on them.
//!
//! Each is one formula of correctly rounded operations and selects, without a branch or a table, so it gives the
//! same bits on every instruction set, and `f32` never widens to `f64`. Every result is within 2 units in the last
//! place of the correctly rounded one over the whole range, subnormal numbers included; the largest error seen
//! (all 2³² inputs in `f32`, stratified samples against 200-bit references in `f64`) is beside each function.
//! NaN gives NaN. Where the caller flushes subnormal numbers to zero, they count as zero here.
//!
//! The polynomials are minimax ones of this project's own, derived by `tools/minimax.py`. The reductions are the
//! classical ones, as in W. Cody and W. Waite, *Software Manual for the Elementary Functions* (1980), and
//! J.-M. Muller, *Elementary Functions* (3rd edition, 2016).

mod coefficients;
mod constants;
mod exponential;
mod logarithm;
mod sigmoid;

pub use constants::Precision;
pub use exponential::{exp, expm1};
pub use logarithm::{ln, ln_1p, softplus};
pub use sigmoid::{erf, sigmoid, tanh};

use crate::lanes::Lanes;

/// c₀ + c₁x + c₂x² + … by Horner's rule. Latency hides behind the other vectors of a tile, so the form with the
/// fewest operations is the fastest.
#[inline(always)]
fn polynomial<V: Lanes>(x: V, coefficients: &[V::Real]) -> V {
    let (&last, rest) = coefficients.split_last().expect("a polynomial has coefficients");
    let mut sum = V::splat(last);
    for &c in rest.iter().rev() {
        sum = sum.fma(x, V::splat(c));
    }
    sum
}
