//! How the learning rate changes in the course of training.

use crate::variants;
use deltarule_kernels::math::ln;
use serde::{Deserialize, Serialize};

variants! {
    /// The name of a [`Schedule`].
    #[derive(Eq)]
    pub enum ScheduleName: "schedule" {
        /// η stays as it is
        Constant = "constant", "η를 그대로 둔다";
        /// η is multiplied by a factor every so many epochs
        Step = "step", "몇 에폭마다 η에 배율을 곱한다";
        /// η falls to 0 along half a cosine
        Cosine = "cosine", "η가 반 코사인을 따라 0으로 내려간다";
        /// η rises for 30 % of the steps and falls to almost 0 (Smith and Topin, 2018)
        OneCycle = "one-cycle", "η가 단계의 30 % 동안 오른 뒤 거의 0까지 내려간다 (Smith와 Topin, 2018)";
        /// η goes up and down four times, each half as fast as before (Holzmüller et al., 2024)
        Coslog4 = "coslog4", "η가 네 번 오르내리며 매번 두 배로 느려진다 (Holzmüller 외, 2024)";
    }
}

/// The factor on the learning rate η at each step.
///
/// It is a function of the progress t = s / S, where s counts the steps from 0 and S is how many there will be, so
/// that it never depends on how the run got there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// 1
    Constant,
    /// factor^⌊epoch / every⌋, epochs counted from 0.
    Step {
        /// Epochs between two changes.
        every: u32,
        /// What each change multiplies by.
        factor: f64,
    },
    /// ½ (1 + cos πt): from 1 down to 0.
    Cosine,
    /// Rises from 1/25 to 1 in the first 30 % of the steps and falls to 1/250,000, both along half a cosine (Smith and
    /// Topin, "Super-convergence", 2018, with PyTorch's defaults).
    OneCycle,
    /// ½ (1 − cos(2π log₂(1 + 15 t))): four cycles, each half as fast as the one before (Holzmüller and others,
    /// "Better by default", 2024).
    Coslog4,
}

impl Schedule {
    /// The factor on η at step `step` of `steps`, which belongs to epoch `epoch`; all count from 0.
    pub fn factor(&self, epoch: u32, step: u64, steps: u64) -> f64 {
        let t = step as f64 / steps.max(1) as f64;
        match *self {
            Self::Constant => 1.0,
            Self::Step { every, factor } => power(factor, u64::from(epoch / every.max(1))),
            Self::Cosine => 0.5 * (1.0 + cosine(0.5 * t)),
            Self::OneCycle => {
                const RISE: f64 = 0.3;
                const FIRST: f64 = 1.0 / 25.0;
                const LAST: f64 = FIRST / 1e4;
                if t < RISE {
                    between(FIRST, 1.0, t / RISE)
                } else {
                    between(1.0, LAST, (t - RISE) / (1.0 - RISE))
                }
            }
            Self::Coslog4 => 0.5 * (1.0 - cosine(ln(1.0 + 15.0 * t) / std::f64::consts::LN_2)),
        }
    }
}

/// Half a cosine from `from` at t = 0 to `to` at t = 1.
fn between(from: f64, to: f64, t: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + cosine(0.5 * t))
}

/// base^exponent by squaring: the same bits everywhere, which the platform's own power does not promise.
pub(crate) fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            product *= base;
        }
        base *= base;
        exponent /= 2;
    }
    product
}

/// cos(2πx), the same bits everywhere, which the platform's own cosine does not promise.
///
/// cos has period 1 and is even, so x is brought to 0 … ½; from ¼ on, cos(2πx) = −cos(2π(½ − x)). The Taylor series
/// then needs terms to (π/2)²², below 2⁻⁵³.
fn cosine(x: f64) -> f64 {
    let x = (x - x.round_ties_even()).abs();
    let (x, sign) = if x > 0.25 { (0.5 - x, -1.0) } else { (x, 1.0) };
    let angle = 2.0 * std::f64::consts::PI * x;
    let square = angle * angle;
    sign * (1..=11).rev().fold(1.0, |sum, n| 1.0 - sum * square / f64::from(2 * n * (2 * n - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-12, "{left} is not {right}");
    }

    #[test]
    fn the_cosine_is_the_cosine() {
        for i in -2000..2000 {
            let x = f64::from(i) / 512.0;
            let error = cosine(x) - (2.0 * std::f64::consts::PI * x).cos();
            assert!(error.abs() < 4e-15, "cosine({x}) is off by {error}");
        }
        assert_eq!(cosine(0.0), 1.0);
        assert_eq!(cosine(0.5), -1.0);
        assert_eq!(cosine(0.25).abs().max(1e-16), 1e-16);
    }

    #[test]
    fn powers() {
        assert_eq!(power(0.9, 0), 1.0);
        assert_eq!(power(2.0, 13), 8192.0);
        close(power(0.999, 1000), 0.999_f64.powf(1000.0));
        assert_eq!(power(0.5, u64::MAX), 0.0);
    }

    #[test]
    fn constant_is_one() {
        assert_eq!(Schedule::Constant.factor(5, 70, 100), 1.0);
    }

    #[test]
    fn steps_fall_at_their_epochs() {
        let schedule = Schedule::Step { every: 10, factor: 0.1 };
        assert_eq!(schedule.factor(9, 0, 1), 1.0);
        close(schedule.factor(10, 0, 1), 0.1);
        close(schedule.factor(29, 0, 1), 0.01);
    }

    #[test]
    fn cosine_goes_from_one_over_a_half_to_nothing() {
        assert_eq!(Schedule::Cosine.factor(0, 0, 10), 1.0);
        close(Schedule::Cosine.factor(0, 5, 10), 0.5);
        close(Schedule::Cosine.factor(0, 10, 10), 0.0);
    }

    #[test]
    fn one_cycle_meets_its_corners() {
        let at = |step| Schedule::OneCycle.factor(0, step, 100);
        close(at(0), 0.04);
        close(at(15), 0.52);
        close(at(30), 1.0);
        close(at(65), 0.5 * (1.0 + 4e-6));
        close(at(100), 4e-6);
    }

    /// log₂(1 + 15t) is 1, 2, 3, 4 at t = 1/15, 3/15, 7/15, 1: there a cycle ends at 0; in their middles it is 1.
    #[test]
    fn coslog4_has_four_cycles() {
        for end in [0, 1, 3, 7, 15] {
            close(Schedule::Coslog4.factor(0, end, 15), 0.0);
        }
        let middle = ((2.0_f64.powf(2.5) - 1.0) / 15.0 * 1e9).round() as u64;
        close(Schedule::Coslog4.factor(0, middle, 1_000_000_000), 1.0);
        // t = ½: log₂ 8.5 = 3.0874628, ½ (1 − cos(2π · 0.0874628)) = ½ (1 − 0.8527621).
        assert!((Schedule::Coslog4.factor(0, 1, 2) - 0.073_618_9).abs() < 1e-6);
    }
}
