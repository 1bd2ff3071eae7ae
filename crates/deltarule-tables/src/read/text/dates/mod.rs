//! Dates and times in the usual forms of the world, and how to tell which one a column has.
//!
//! # For whoever reads a table
//! 1. For each column of text one [`Evidence`]. [`Evidence::add`] is given every cell with a value (of words it looks at a few
//!    only), [`Evidence::add_others`] the count of those that are known to be something else, such as numbers. Parts of a
//!    file are looked at apart and put together with [`Evidence::merge`], in their order. For each column that
//!    [`second_look`] names, which is seldom one, a new [`Evidence::of_all_cells`] takes its cells once more.
//! 2. [`resolve()`] takes all columns of the file, since they testify for each other, and gives a [`Decision`] on each:
//!    - [`Dates`](Decision::Dates): the column is read by [`DateFormat::parse`]. [`note`](resolve::Dates::note) is shown to the user
//!      where there was a doubt. The format belongs to the model: later files are read by it.
//!    - [`MostlyDates`](Decision::MostlyDates): what it was before, with a warning of [`advice`](resolve::Mixture::advice).
//!    - [`NotDates`](Decision::NotDates): what it was before.
//! 3. Dates of eight digits, `20220113`, come as plain numbers. [`DateFormat::of_number`] reads one; a column is one of
//!    dates if it reads them all, which is seldom more than a look at the first cell.
//! 4. The setting `date-format` is a [`DateFormat`] by [`FromStr`]: `day-first`, `month-first` and `year-first` are handed
//!    to [`resolve()`] and hold where the cells leave the order open; a format in the notation of `strftime` is what a column
//!    is read by that the user means. A cell that it does not read is an error.
//!
//! # What a cell becomes
//! A date, with a time or without, is a moment in microseconds since 1970-01-01 00:00 UTC; without a zone it is taken in UTC,
//! and a month or a day stands for its beginning. A time of day is microseconds since midnight and a duration its
//! microseconds, which become *seconds* in a table ([`DateFormat::seconds`]), as times and durations of Parquet do.
//!
//! # What is read
//! ISO 8601, extended and basic, with a fraction of a second (beyond microseconds cut off) and a zone (`Z`, `+02:00`, `UTC`,
//! `GMT+2`, those of RFC 2822); y-m-d, d-m-y and m-d-y with `/`, `-` or `.`; names of months in English, German, French,
//! Spanish, Italian, Portuguese and Dutch, before or behind the day; Korean, Japanese and Chinese dates and halves of the
//! day; RFC 2822, the forms of Unix, JavaScript and Apache; months (`2022-01`, `01/2022`, `Jan 2022`, `Jan-22`); clocks of 12
//! and 24 hours; durations (`36:15:00`, `2 days 03:04:05`, `PT1H30M`). A day of the week must be the right one.
//!
//! A year of two digits is one from 1970 to 2069, here as in a format that is said.
//!
//! # What decides the order
//! A column decides by its own cells where one order reads more of them. Else the setting decides; else with points between
//! the numbers the day comes first; else the other columns of the file that did decide, by majority; else the numbers: what
//! is always 1 over several years is the day, and of two-digit years there are fewer than days; else the month comes first with AM and PM; else
//! the day does, as in most of the world. In times of two parts the hours come first unless one is above 24 or the second
//! part has a fraction.

mod clock;
mod cursor;
mod evidence;
mod resolve;
mod strftime;
#[cfg(test)]
mod tests;
mod words;
mod written;

pub(crate) use evidence::Evidence;
pub(crate) use resolve::{Decision, resolve, second_look};

use super::folded::folded;
use chrono::NaiveDate;
use deltarule::settings::{Kind, SettingValue, Value};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use written::Written;

/// How the dates of a column are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateFormat {
    /// Dates of all forms; where the order of their numbers is open, this one.
    Date(Order),
    /// Times of day and durations.
    Time(TimeOrder),
    /// `20220113` and `20220113140500`, from 1900 to 2100.
    Compact,
    /// A format in the notation of `strftime`.
    Said(String),
}

/// What stands first in a date of three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Day, month, year.
    DayMonthYear,
    /// Month, day, year.
    MonthDayYear,
    /// Year of two digits, month, day.
    YearMonthDay,
}

/// What stands first in a time of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeOrder {
    /// Hours and minutes.
    HoursFirst,
    /// Minutes and seconds.
    MinutesFirst,
}

impl Order {
    pub(crate) const ALL: [Self; 3] = [Self::DayMonthYear, Self::MonthDayYear, Self::YearMonthDay];
}

/// The last year that two digits can mean.
const LATEST_OF_2000: u32 = 2069;

/// The year of two digits, as chrono has it, too.
fn full_year(digits: u32) -> u32 {
    if digits <= LATEST_OF_2000 % 100 { 2000 + digits } else { 1900 + digits }
}

impl DateFormat {
    /// The moment of a cell in microseconds since 1970-01-01 00:00 UTC, or those since midnight or of a duration; `None`
    /// where the cell is none of this format.
    pub(crate) fn parse(&self, cell: &str) -> Option<i64> {
        let text = folded(cell)?;
        match self {
            Self::Date(order) => Written::read(&text)?.instant(*order),
            Self::Time(TimeOrder::HoursFirst) => clock::alone(&text)?.hours_first,
            Self::Time(TimeOrder::MinutesFirst) => clock::alone(&text)?.minutes_first,
            Self::Compact => compact(&text),
            Self::Said(format) => strftime::read(format, &text),
        }
    }

    /// The time of day since midnight, or the duration, of a cell in seconds, as a table has it.
    pub(crate) fn seconds(&self, cell: &str) -> Option<f64> {
        self.parse(cell).map(|micros| micros as f64 / 1e6)
    }

    /// The moment of a number of 8 or 14 digits that is a date, or a date and a time, from 1900 to 2100.
    pub(crate) fn of_number(number: i64) -> Option<i64> {
        let (date, time) = match number {
            19_000_101..=21_001_231 => (number, 0),
            19_000_101_000_000..=21_001_231_235_959 => (number / 1_000_000, number % 1_000_000),
            _ => return None,
        };
        let part = |number: i64, below: i64| (number / below % 100) as u32;
        let day = NaiveDate::from_ymd_opt((date / 10_000) as i32, part(date, 100), part(date, 1))?;
        let moment = day.and_hms_opt(part(time, 10_000), part(time, 100), part(time, 1))?;
        Some(moment.and_utc().timestamp_micros())
    }
}

/// The moment of 8 or 14 digits.
fn compact(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && matches!(text.len(), 8 | 14)).then(|| DateFormat::of_number(text.parse().ok()?)).flatten()
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Date(Order::DayMonthYear) => "day-first",
            Self::Date(Order::MonthDayYear) => "month-first",
            Self::Date(Order::YearMonthDay) => "year-first",
            Self::Time(TimeOrder::HoursFirst) => "%H:%M",
            Self::Time(TimeOrder::MinutesFirst) => "%M:%S",
            Self::Compact => "%Y%m%d",
            Self::Said(format) => format,
        })
    }
}

impl SettingValue for DateFormat {
    const KIND: Kind = Kind::Text;

    fn from_value(name: &str, value: &Value) -> deltarule::Result<Self> {
        const EXPECTED: &str = "day-first, month-first, year-first, or fields as in %d.%m.%Y %H:%M";
        let Value::Text(text) = value else { return Err(deltarule::Error::setting(name, EXPECTED, value)) };
        text.parse().map_err(|_| deltarule::Error::setting(name, EXPECTED, value))
    }

    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromStr for DateFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "day-first" => Ok(Self::Date(Order::DayMonthYear)),
            "month-first" => Ok(Self::Date(Order::MonthDayYear)),
            "year-first" => Ok(Self::Date(Order::YearMonthDay)),
            _ if strftime::is_format(text) => Ok(Self::Said(text.to_owned())),
            _ => Err(format!(
                "`{text}` is no format of dates: day-first, month-first, year-first, or fields as in %d.%m.%Y %H:%M"
            )),
        }
    }
}
