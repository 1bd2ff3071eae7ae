//! What a moment tells: a point on the line of time, and positions in the year, the week and the day.

use chrono::{DateTime, Datelike, Timelike};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// One number made of a date.
///
/// The cyclic ones come in pairs, so that the end of a cycle lies beside its beginning: with φ the elapsed part of
/// the cycle, sin 2πφ and cos 2πφ. Times with a zone are taken in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatePart {
    /// Days since 1970-01-01, fractions included; since midnight for times of day.
    Days,
    /// Sine of the position in the year.
    YearSin,
    /// Cosine of the position in the year.
    YearCos,
    /// Sine of the position in the week, from Monday.
    WeekSin,
    /// Cosine of the position in the week, from Monday.
    WeekCos,
    /// Sine of the position in the day.
    DaySin,
    /// Cosine of the position in the day.
    DayCos,
}

const DAY: i64 = 86_400_000_000;

impl DatePart {
    /// All of them, in the order of the matrix's columns.
    pub const ALL: [Self; 7] =
        [Self::Days, Self::YearSin, Self::YearCos, Self::WeekSin, Self::WeekCos, Self::DaySin, Self::DayCos];

    /// What follows the column's name in the name of the input.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::YearSin => "year sin",
            Self::YearCos => "year cos",
            Self::WeekSin => "week sin",
            Self::WeekCos => "week cos",
            Self::DaySin => "day sin",
            Self::DayCos => "day cos",
        }
    }

    /// This part of a moment in microseconds since 1970-01-01 00:00 UTC.
    pub(crate) fn of(self, micros: i64) -> f64 {
        match self {
            Self::Days => micros as f64 / DAY as f64,
            Self::YearSin => libm::sin(TAU * year(micros)),
            Self::YearCos => libm::cos(TAU * year(micros)),
            Self::WeekSin => libm::sin(TAU * week(micros)),
            Self::WeekCos => libm::cos(TAU * week(micros)),
            Self::DaySin => libm::sin(TAU * day(micros)),
            Self::DayCos => libm::cos(TAU * day(micros)),
        }
    }
}

/// The elapsed part of the day.
fn day(micros: i64) -> f64 {
    micros.rem_euclid(DAY) as f64 / DAY as f64
}

/// The elapsed part of the week; 1970-01-01 was a Thursday.
fn week(micros: i64) -> f64 {
    (micros + 3 * DAY).rem_euclid(7 * DAY) as f64 / (7 * DAY) as f64
}

/// The elapsed part of the year.
fn year(micros: i64) -> f64 {
    // Moments are checked to be representable when they are read.
    let moment = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let length = if moment.date_naive().leap_year() { 366.0 } else { 365.0 };
    let seconds = f64::from(moment.num_seconds_from_midnight()) / 86_400.0;
    (f64::from(moment.ordinal0()) + seconds) / length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::moment;

    fn at(text: &str) -> i64 {
        moment(text).expect("a date")
    }

    #[test]
    fn positions_by_hand() {
        // 2024-07-01 is day 182 (0-based) of a leap year: 182/366.
        assert_eq!(year(at("2024-07-01")), 182.0 / 366.0);
        assert_eq!(year(at("2023-01-01")), 0.0);
        // 2026-11-23 was a Monday; noon of the Thursday after it is 3.5 days on.
        assert_eq!(week(at("2026-11-23")), 0.0);
        assert_eq!(week(at("2026-11-26T12:00:00")), 0.5);
        // Before 1970 as well: 1969-12-29 was a Monday.
        assert_eq!(week(at("1969-12-29")), 0.0);
        assert_eq!(day(at("1969-12-29 18:00:00")), 0.75);
        assert_eq!(DatePart::Days.of(at("1970-01-03T06:00:00")), 2.25);
        assert_eq!(DatePart::Days.of(at("1969-12-31")), -1.0);
    }

    #[test]
    fn midnight_lies_beside_the_minute_before_it() {
        for part in [
            DatePart::DaySin,
            DatePart::DayCos,
            DatePart::WeekSin,
            DatePart::WeekCos,
            DatePart::YearSin,
            DatePart::YearCos,
        ] {
            let (before, after) = (part.of(at("2023-12-31T23:59:59")), part.of(at("2024-01-01T00:00:00")));
            assert!((before - after).abs() < 1e-3, "{part:?}: {before} {after}");
        }
        assert!((DatePart::DaySin.of(at("2024-01-01T06:00")) - 1.0).abs() < 1e-15);
        assert!((DatePart::DayCos.of(at("2024-01-01T12:00")) + 1.0).abs() < 1e-15);
    }
}
