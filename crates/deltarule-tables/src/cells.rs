//! Cells of an Arrow column as numbers, as text and as moments in time.
//!
//! Every column type goes through these three, so that a value means the same whatever the format it came in:
//! an integer column of one file and a floating-point column of another give the same numbers and the same
//! category names.

use crate::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use crate::arrow::compute::string_to_datetime;
use crate::arrow::compute::{CastOptions, cast, cast_with_options};
use crate::arrow::datatypes::{DataType, Float32Type, Float64Type, Int32Type, Int64Type, TimeUnit};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// A cell that is not what its column should hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BadCell {
    /// Row within the batch.
    pub(crate) row: usize,
    pub(crate) expected: &'static str,
    pub(crate) found: String,
}

/// What the cells of a type can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Number,
    Truth,
    Moment,
    /// A time of day without a date.
    Clock,
    Text,
    /// Lists, structures, raw bytes: nothing that one input can be made of.
    Nested,
}

impl Family {
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Truth,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Self::Text,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Self::Moment,
            DataType::Time32(_) | DataType::Time64(_) => Self::Clock,
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::RunEndEncoded(_, values) => Self::of(values.data_type()),
            other if other.is_numeric() => Self::Number,
            _ => Self::Nested,
        }
    }
}

/// The column without its dictionary or run-length encoding.
fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Dictionary(_, values) => convert(array, values),
        DataType::RunEndEncoded(_, values) => convert(array, values.data_type()),
        _ => array.clone(),
    }
}

/// A conversion between types of one family, which Arrow always has.
fn convert(array: &ArrayRef, to: &DataType) -> ArrayRef {
    cast(array, to).unwrap_or_else(|_| crate::arrow::array::new_null_array(to, array.len()))
}

/// The text of a cell, or `None` where it is missing or blank.
pub(crate) fn text_at(texts: &StringArray, row: usize) -> Option<&str> {
    if texts.is_null(row) {
        return None;
    }
    Some(texts.value(row).trim()).filter(|text| !text.is_empty())
}

/// The cells as text: whole numbers without a fraction, other numbers as short as their type allows.
pub(crate) fn texts(array: &ArrayRef) -> StringArray {
    let array = plain(array);
    match array.data_type() {
        DataType::Float32 | DataType::Float16 => {
            let array = convert(&array, &DataType::Float32);
            let values = array.as_primitive::<Float32Type>();
            values.iter().map(|v| v.filter(|v| !v.is_nan()).map(|v| (v + 0.0).to_string())).collect()
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            values.iter().map(|v| v.filter(|v| !v.is_nan()).map(|v| (v + 0.0).to_string())).collect()
        }
        _ => convert(&array, &DataType::Utf8).as_string::<i32>().clone(),
    }
}

/// The cells as numbers; a missing one is NaN. Infinities are passed on.
pub(crate) fn numbers(array: &ArrayRef) -> Result<Vec<f64>, BadCell> {
    let array = plain(array);
    if Family::of(array.data_type()) == Family::Text {
        let texts = texts(&array);
        return (0..texts.len())
            .map(|row| match text_at(&texts, row) {
                None => Ok(f64::NAN),
                Some(text) => number(text).ok_or_else(|| BadCell {
                    row,
                    expected: "a number",
                    found: format!("`{text}`"),
                }),
            })
            .collect();
    }
    let unsafe_cast = CastOptions { safe: false, ..CastOptions::default() };
    let Ok(values) = cast_with_options(&array, &DataType::Float64, &unsafe_cast) else {
        let row = (0..array.len()).find(|&row| array.is_valid(row)).unwrap_or(0);
        return Err(BadCell {
            row,
            expected: "a number",
            found: format!("a cell of type {}", array.data_type()),
        });
    };
    Ok(values.as_primitive::<Float64Type>().iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}

/// The number a text writes, if it writes one (`nan` is none, `inf` is).
pub(crate) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|v: &f64| !v.is_nan())
}

/// What `text` names among names that training gave, where it does: `1.0` is `1`, in a file that writes its numbers so.
pub(crate) fn named(names: &HashMap<&str, usize>, text: &str) -> Option<usize> {
    names.get(text).copied().or_else(|| {
        let number = number(text)? + 0.0;
        names.get(number.to_string().as_str()).copied()
    })
}

/// The moment an ISO 8601 text writes, in microseconds since 1970-01-01 00:00 UTC.
pub(crate) fn moment(text: &str) -> Option<i64> {
    const WITHOUT_SECONDS: usize = "2026-01-31T12:30".len();
    let parse = |text: &str| string_to_datetime(&Utc, text).ok().map(|moment| moment.timestamp_micros());
    if text.len() == WITHOUT_SECONDS { parse(&format!("{text}:00")) } else { parse(text) }
}

/// The cells as moments, in microseconds since 1970-01-01 00:00 UTC (since midnight for times of day).
pub(crate) fn moments(array: &ArrayRef) -> Result<Vec<Option<i64>>, BadCell> {
    const DAY: i64 = 86_400_000_000;
    let array = plain(array);
    let bad = |row: usize, found: String| BadCell {
        row,
        expected: "a date such as 2026-01-31 or 2026-01-31T12:30:00",
        found,
    };
    let micros: Vec<Option<Option<i64>>> = match array.data_type() {
        DataType::Date32 => {
            let days = convert(&array, &DataType::Int32);
            days.as_primitive::<Int32Type>().iter().map(|v| v.map(|v| Some(i64::from(v) * DAY))).collect()
        }
        DataType::Date64 => scaled(&array, TimeUnit::Millisecond),
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => {
            scaled(&array, *unit)
        }
        other if Family::of(other) == Family::Text => {
            let texts = texts(&array);
            (0..texts.len()).map(|row| text_at(&texts, row).map(moment)).collect()
        }
        other => return Err(bad(0, format!("a cell of type {other}"))),
    };
    let representable = |v: &i64| DateTime::from_timestamp_micros(*v).is_some();
    micros
        .into_iter()
        .enumerate()
        .map(|(row, cell)| match cell {
            None => Ok(None),
            Some(micros) => micros.filter(representable).map(Some).ok_or_else(|| {
                let found = texts(&array);
                bad(row, format!("`{}`", text_at(&found, row).unwrap_or("a date out of range")))
            }),
        })
        .collect()
}

/// Counts of `unit` as microseconds; the inner `None` is a count too large.
fn scaled(array: &ArrayRef, unit: TimeUnit) -> Vec<Option<Option<i64>>> {
    let counts = convert(&convert_width(array), &DataType::Int64);
    let micros = |v: i64| match unit {
        TimeUnit::Second => v.checked_mul(1_000_000),
        TimeUnit::Millisecond => v.checked_mul(1_000),
        TimeUnit::Microsecond => Some(v),
        TimeUnit::Nanosecond => Some(v.div_euclid(1_000)),
    };
    counts.as_primitive::<Int64Type>().iter().map(|v| v.map(micros)).collect()
}

/// 32-bit times as 32-bit integers first, since Arrow converts them no further at once.
fn convert_width(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Time32(_) => convert(array, &DataType::Int32),
        _ => array.clone(),
    }
}
