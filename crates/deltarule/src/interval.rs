//! Intervals of numbers, and how a message says them.

use std::fmt;
use std::ops::Bound::{self, Excluded, Included, Unbounded};

/// The finite numbers between two bounds.
///
/// ```
/// use deltarule::Interval;
///
/// let share = Interval::half_open(0.0, 1.0);
/// assert!(share.contains(0.0) && !share.contains(1.0) && !share.contains(f64::NAN));
/// assert_eq!(share.to_string(), "a number from 0 to below 1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    low: Bound<f64>,
    high: Bound<f64>,
}

impl Interval {
    /// All finite numbers.
    pub const ALL: Self = Self { low: Unbounded, high: Unbounded };

    /// `low` ≤ x
    pub const fn at_least(low: f64) -> Self {
        Self { low: Included(low), high: Unbounded }
    }

    /// `low` < x
    pub const fn above(low: f64) -> Self {
        Self { low: Excluded(low), high: Unbounded }
    }

    /// `low` ≤ x ≤ `high`
    pub const fn closed(low: f64, high: f64) -> Self {
        Self { low: Included(low), high: Included(high) }
    }

    /// `low` < x < `high`
    pub const fn open(low: f64, high: f64) -> Self {
        Self { low: Excluded(low), high: Excluded(high) }
    }

    /// `low` ≤ x < `high`
    pub const fn half_open(low: f64, high: f64) -> Self {
        Self { low: Included(low), high: Excluded(high) }
    }

    /// The lower bound.
    pub const fn low(self) -> Bound<f64> {
        self.low
    }

    /// The upper bound.
    pub const fn high(self) -> Bound<f64> {
        self.high
    }

    /// Whether the number is finite and within the bounds.
    pub fn contains(self, x: f64) -> bool {
        let above = match self.low {
            Included(low) => x >= low,
            Excluded(low) => x > low,
            Unbounded => true,
        };
        let below = match self.high {
            Included(high) => x <= high,
            Excluded(high) => x < high,
            Unbounded => true,
        };
        x.is_finite() && above && below
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (Unbounded, Unbounded) => f.write_str("a finite number"),
            (Included(low), Unbounded) => write!(f, "a finite number from {low} up"),
            (Excluded(low), Unbounded) => write!(f, "a finite number above {low}"),
            (Unbounded, Included(high)) => write!(f, "a finite number up to {high}"),
            (Unbounded, Excluded(high)) => write!(f, "a finite number below {high}"),
            (Included(low), Included(high)) => write!(f, "a number from {low} to {high}"),
            (Included(low), Excluded(high)) => write!(f, "a number from {low} to below {high}"),
            (Excluded(low), Included(high)) => write!(f, "a number above {low} and up to {high}"),
            (Excluded(low), Excluded(high)) => write!(f, "a number between {low} and {high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_and_only_finite_numbers_are_inside() {
        let cases = [
            (Interval::ALL, "a finite number", [true, true, true, true]),
            (Interval::at_least(0.0), "a finite number from 0 up", [false, true, true, true]),
            (Interval::above(0.0), "a finite number above 0", [false, false, true, true]),
            (Interval::closed(0.0, 1.0), "a number from 0 to 1", [false, true, true, false]),
            (Interval::open(0.0, 1.0), "a number between 0 and 1", [false, false, false, false]),
            (Interval::half_open(0.0, 1.0), "a number from 0 to below 1", [false, true, false, false]),
        ];
        for (interval, said, inside) in cases {
            assert_eq!(interval.to_string(), said);
            assert_eq!([-1.0, 0.0, 1.0, 2.0].map(|x| interval.contains(x)), inside, "{said}");
            for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(!interval.contains(x), "{said} contains {x}");
            }
        }
        assert!(Interval::open(0.0, 1.0).contains(0.5));
    }
}
