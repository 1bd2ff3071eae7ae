//! What the elementary functions need to know of each precision.

use crate::math::coefficients::Coefficients;

/// The constants of one precision.
pub trait Precision: Coefficients {
    /// 1/ln 2.
    const LOG2_E: Self;
    /// ln 2, rounded.
    const LN2: Self;
    /// ln 2 less [`Precision::LN2`].
    const LN2_LOW: Self;
    /// √½.
    const SQRT_HALF: Self;
    /// Below this exp rounds to 0.
    const EXP_LEAST: Self;
    /// Above this exp rounds to infinity.
    const EXP_MOST: Self;
    /// Below this expm1 rounds to −1.
    const EXPM1_LEAST: Self;
    /// From here on erf rounds to 1.
    const ERF_MOST: Self;
    /// The largest exponent of a normal number.
    const MAX_EXPONENT: Self;
    /// The smallest normal number.
    const LEAST_NORMAL: Self;
    /// A power of two, and its exponent, that makes every subnormal number normal.
    const SUBNORMAL_SCALE: (Self, Self);
    /// +∞.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;
}

impl Precision for f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN2: f32 = std::f32::consts::LN_2;
    const LN2_LOW: f32 = -1.9046543e-9;
    const SQRT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const EXP_LEAST: f32 = -104.0;
    const EXP_MOST: f32 = 89.0;
    const EXPM1_LEAST: f32 = -18.0;
    const ERF_MOST: f32 = 4.0;
    const MAX_EXPONENT: f32 = 127.0;
    const LEAST_NORMAL: f32 = f32::MIN_POSITIVE;
    const SUBNORMAL_SCALE: (f32, f32) = (16_777_216.0, 24.0);
    const INFINITY: f32 = f32::INFINITY;
    const NAN: f32 = f32::NAN;
}

impl Precision for f64 {
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const LN2: f64 = std::f64::consts::LN_2;
    const LN2_LOW: f64 = 2.3190468138462996e-17;
    const SQRT_HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
    const EXP_LEAST: f64 = -746.0;
    const EXP_MOST: f64 = 710.0;
    const EXPM1_LEAST: f64 = -38.0;
    const ERF_MOST: f64 = 6.0;
    const MAX_EXPONENT: f64 = 1023.0;
    const LEAST_NORMAL: f64 = f64::MIN_POSITIVE;
    const SUBNORMAL_SCALE: (f64, f64) = (18_014_398_509_481_984.0, 54.0);
    const INFINITY: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
}
