//! What the columns of a file are, by the evidence of all of their cells.

use super::cell_evidence::CellEvidence;
use super::numerals::DecimalMark;
use super::strays::{Sample, Strays};
use super::{dates, numerals};
use crate::arrow::datatypes::DataType;
use crate::error::{TableError, shown};
use crate::notice::Notice;
use crate::read::cell_format::CellFormat;
use crate::read::options::ReadOptions;
use dates::{DateFormat, Order};
use deltarule::Hint;

/// What a column is, and what is to be said of it.
pub(crate) struct Verdict {
    pub(crate) reading: Reading,
    pub(crate) notice: Option<Notice>,
}

/// How a column is read.
pub(crate) enum Reading {
    /// As it was without any evidence: plain numbers, plain dates, or words.
    Plain,
    /// By a format, which makes a column of this type.
    By(CellFormat, DataType),
    /// Not at all: the first cell that stands in the way, and the error, still without its place.
    Refused(Sample, TableError),
}

/// What is known of a column before its cells are seen.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Expected {
    /// A network is to learn to predict it.
    target: bool,
    /// It is said to hold numbers.
    numeric: bool,
    /// It is said to hold words as well as numbers.
    any: bool,
}

impl Expected {
    pub(crate) fn of(column: &str, options: &ReadOptions) -> Self {
        let named = |names: &[String]| names.iter().any(|name| name == column);
        Self {
            target: named(&options.targets),
            numeric: named(&options.numeric),
            any: options.declared().may_be_anything(column),
        }
    }

    /// Whether it may hold dates.
    pub(crate) fn may_be_dates(self) -> bool {
        !(self.target || self.numeric || self.any)
    }
}

/// The columns of which every cell with a value has to be looked at: few or none in nearly every file.
pub(crate) fn second_look(columns: &[CellEvidence], options: &ReadOptions) -> Vec<usize> {
    let numerals: Vec<_> = columns.iter().map(|column| column.numerals.clone()).collect();
    let dates: Vec<_> = columns.iter().map(|column| column.dates.clone()).collect();
    let mut asked = numerals::second_look(&numerals, options.decimal);
    asked.extend(dates::second_look(&dates));
    asked.extend((0..columns.len()).filter(|&i| columns[i].is_partly_iso()));
    if let Some(DateFormat::Said(_)) = options.date_format {
        asked.extend((0..columns.len()).filter(|&i| columns[i].cells() > 0));
    }
    asked.sort_unstable();
    asked.dedup();
    asked
}

/// Decides on every column of a file; `delimiter` is what stands between its cells.
pub(crate) fn judge(
    names: &[&str],
    columns: &[CellEvidence],
    delimiter: Option<u8>,
    options: &ReadOptions,
) -> Vec<Verdict> {
    let said: Option<DecimalMark> = options.decimal;
    let order: Option<Order> = match options.date_format {
        Some(DateFormat::Date(order)) => Some(order),
        _ => None,
    };
    let numerals: Vec<_> = columns.iter().map(|column| column.numerals.clone()).collect();
    let dates: Vec<_> = columns.iter().map(|column| column.dates.clone()).collect();
    let decided =
        numerals::resolve(&numerals, delimiter, said).into_iter().zip(dates::resolve(&dates, order));
    let verdict = |((name, column), (numerals, dates)): ((&&str, &CellEvidence), _)| {
        let expected = Expected::of(name, options);
        if let (Some(format), true) = (&options.date_format, expected.may_be_dates())
            && let Some(reading) = by_said(format, column)
        {
            return Verdict { reading, notice: None };
        }
        of_column(name, names, expected, numerals, dates)
    };
    names.iter().zip(columns).zip(decided).map(verdict).collect()
}

fn of_column(
    name: &str,
    names: &[&str],
    expected: Expected,
    numerals: numerals::Decision,
    dates: dates::Decision,
) -> Verdict {
    let words = || Notice::new(format!("column {name:?} is taken for words")).in_column(name);
    let (reading, notice) = match (numerals, dates) {
        (numerals::Decision::Numerals(found), _) => {
            let notice = found.note(name, names);
            let data_type = if found.whole { DataType::Int64 } else { DataType::Float64 };
            (Reading::By(CellFormat::Numerals(found.format), data_type), Some(notice))
        }
        (_, dates::Decision::Dates(found)) if expected.may_be_dates() => {
            let notice = found.note(name, names);
            let format = CellFormat::Dates(found.format);
            let data_type = format.data_type();
            (Reading::By(format, data_type), notice)
        }
        (numerals::Decision::MostlyNumbers(_), _) if expected.any => (Reading::Plain, None),
        (numerals::Decision::MostlyNumbers(mixture), _) => {
            let advice = mixture.advice(name);
            let are_strays = expected.target || mixture.is_of_numbers();
            if expected.numeric || (are_strays && !mixture.may_be_of_codes()) {
                (refused(&mixture.strays, &CellFormat::Numerals(mixture.format), advice), None)
            } else {
                (Reading::Plain, Some(words().hint(advice)))
            }
        }
        (_, dates::Decision::MostlyDates(mixture)) if expected.may_be_dates() => {
            (Reading::Plain, Some(words().hint(mixture.advice())))
        }
        _ => (Reading::Plain, None),
    };
    Verdict { reading, notice }
}

/// The format that the user says, where most cells are of it: the others are mistakes.
fn by_said(format: &DateFormat, column: &CellEvidence) -> Option<Reading> {
    let (cells, strays) = column.said.as_ref()?;
    if 2 * strays.count() >= *cells {
        return None;
    }
    let format = CellFormat::Dates(format.clone());
    if strays.count() == 0 {
        let data_type = format.data_type();
        return Some(Reading::By(format, data_type));
    }
    let counted = format!("{} of {cells} values are not: {}; ", strays.count(), strays.shown());
    let advice = Hint::new("").text(counted).and("{missing} takes a value for a missing one");
    Some(refused(strays, &format, advice))
}

/// The error of cells that do not fit.
fn refused(strays: &Strays, format: &CellFormat, advice: Hint) -> Reading {
    let first = strays.first().cloned().unwrap_or(Sample { row: 0, text: String::new() });
    let error = TableError::data("", format.expected(), shown(&first.text)).hint(advice);
    Reading::Refused(first, error)
}
