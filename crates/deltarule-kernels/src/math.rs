//! Elementary functions over [`Lanes`](crate::Lanes): exp, ln, tanh, erf and what is built on them.
//!
//! Each is one formula of correctly rounded operations and selects, without a branch or a table, so it gives the
//! same bits on every instruction set, and `f32` never widens to `f64`. Every result is within 2 units in the last
//! place of the correctly rounded one over the whole range, subnormal numbers included. NaN gives NaN. Where the caller
//! flushes subnormal numbers to zero, they count as zero here.
//!
//! The largest errors seen, in units in the last place:
//!
//! | | `exp` | `expm1` | `ln` | `ln_1p` | `tanh` | `erf` | `sigmoid` | `softplus` |
//! |---|---|---|---|---|---|---|---|---|
//! | `f32` | 0.91 | 1.05 | 0.96 | 1.05 | 1.41 | 1.15 | 1.48 | 1.80 |
//! | `f64` | 0.84 | 1.11 | 0.87 | 0.89 | 1.51 | 1.09 | 1.48 | 1.86 |
//!
//! `f32` on all 2³² inputs, but `tanh`, `sigmoid` and `softplus` on every thousandth (`tests/math.rs` does either);
//! `f64` on the stored points of that test and some 10⁵ random ones a range against 150 bits.
//!
//! The polynomials are minimax ones of this project's own, derived by `tools/minimax.py`. The reductions are the
//! classical ones, as in W. Cody and W. Waite, *Software Manual for the Elementary Functions* (1980), and
//! J.-M. Muller, *Elementary Functions* (3rd edition, 2016).

mod coefficients;
pub(crate) mod constants;
mod exponential;
mod logarithm;
mod polynomial;
mod sigmoid;

pub use constants::Precision;
pub use exponential::{exp, expm1};
pub use logarithm::{ln, ln_1p, softplus};
pub use sigmoid::{erf, sigmoid, tanh};
