//! Cells of text files: what each one is, what that makes of a column, and the column in memory.

use super::cell::Cell;
use super::cell_evidence::CellEvidence;
use super::dates::DateFormat;
use super::decimal::short_decimal;
use crate::arrow::array::{
    ArrayRef, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use crate::arrow::datatypes::DataType;
use crate::error::{TableError, shown};
use crate::read::missing::Missing;
use crate::read::options::ReadOptions;
use std::sync::Arc;

/// How the cells of a file are to be understood.
#[derive(Debug, Clone)]
pub(crate) struct CellRules {
    pub(crate) missing: Missing,
}

impl CellRules {
    pub(crate) fn new(options: &ReadOptions) -> Self {
        Self { missing: Missing::new(options) }
    }

    /// Reads a cell without blanks around it.
    #[inline]
    pub(crate) fn read(&self, text: &str) -> Cell {
        if self.missing.is_word(text) {
            return Cell::Missing;
        }
        let cell = short_decimal(text.as_bytes(), b'.').unwrap_or_else(|| read_slowly(text));
        if self.is_missing(cell) { Cell::Missing } else { cell }
    }

    /// Whether a number stands for a missing value.
    #[inline]
    pub(crate) fn is_missing(&self, cell: Cell) -> bool {
        match cell {
            Cell::Integer(integer) => self.missing.is_number(integer as f64),
            Cell::Number(number) => self.missing.is_number(number),
            _ => false,
        }
    }
}

/// Reads what is no short decimal number.
fn read_slowly(text: &str) -> Cell {
    // A number has a digit first, or after a sign or a point: this keeps `inf` and `nan` out, too.
    let mut start = text.as_bytes();
    while let [b'+' | b'-' | b'.', rest @ ..] = start {
        start = rest;
    }
    if !start.first().is_some_and(u8::is_ascii_digit) {
        return Cell::Text;
    }
    if let Ok(integer) = text.parse() {
        return Cell::Integer(integer);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Cell::Number(number),
        Ok(_) => Cell::TooLarge,
        Err(_) => Cell::Text,
    }
}

/// What the cells of one column are, so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CellCounts {
    pub(crate) missing: u64,
    pub(crate) integers: u64,
    pub(crate) numbers: u64,
    pub(crate) texts: u64,
    /// Some whole number is no date of 8 or 14 digits.
    pub(crate) not_compact: bool,
    /// What the cells that are text tell.
    pub(crate) evidence: Option<Box<CellEvidence>>,
    /// The first cell beyond the range of an `f64`.
    pub(crate) first_too_large: Option<SeenCell>,
}

/// A cell and the row it stands in, counted from the start of the block, and later of the file, at zero.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeenCell {
    pub(crate) row: u64,
    pub(crate) text: String,
}

impl CellCounts {
    #[inline]
    pub(crate) fn add(&mut self, cell: Cell, text: &str, row: u64) {
        match cell {
            Cell::Missing => self.missing += 1,
            Cell::Integer(integer) => {
                self.integers += 1;
                self.not_compact = self.not_compact || DateFormat::of_number(integer).is_none();
            }
            Cell::Number(_) => self.numbers += 1,
            Cell::TooLarge => {
                self.first_too_large.get_or_insert_with(|| SeenCell { row, text: text.to_owned() });
            }
            Cell::Text => self.add_text(text, row),
        }
    }

    pub(crate) fn add_text(&mut self, text: &str, row: u64) {
        self.texts += 1;
        self.evidence.get_or_insert_default().add(text, row);
    }

    /// Adds what a later block says, whose rows begin at `first_row` of the file.
    pub(crate) fn merge(&mut self, later: CellCounts, first_row: u64) {
        self.missing += later.missing;
        self.integers += later.integers;
        self.numbers += later.numbers;
        self.texts += later.texts;
        let moved = |seen: SeenCell| SeenCell { row: seen.row + first_row, ..seen };
        self.not_compact |= later.not_compact;
        if let Some(later) = later.evidence {
            self.evidence.get_or_insert_default().merge(*later, first_row);
        }
        self.first_too_large = self.first_too_large.take().or_else(|| later.first_too_large.map(moved));
    }

    /// What the cells tell, the plain numbers counted.
    pub(crate) fn take_evidence(&mut self) -> CellEvidence {
        let mut evidence = self.evidence.take().map(|evidence| *evidence).unwrap_or_default();
        evidence.add_plain(self.integers, self.numbers);
        evidence
    }

    /// Whether the cells are whole numbers that are all dates of 8 or 14 digits.
    pub(crate) fn are_compact_dates(&self) -> bool {
        /// A whole number or two may look like dates by chance.
        const FEW: u64 = 3;
        self.integers >= FEW && self.numbers + self.texts == 0 && !self.not_compact
    }

    /// The type that a column of plain cells takes, or the number that no type holds.
    pub(crate) fn data_type(&self) -> Result<DataType, &SeenCell> {
        if self.texts > 0 {
            return Ok(DataType::Utf8);
        }
        if let Some(seen) = &self.first_too_large {
            return Err(seen);
        }
        Ok(match (self.integers, self.numbers) {
            (0, 0) => DataType::Null,
            (_, 0) => DataType::Int64,
            _ => DataType::Float64,
        })
    }
}

/// The error of a cell that is no number, still without its place.
pub(crate) fn not_a_number(text: &str) -> TableError {
    let (expected, found) = match text.trim_start_matches(['+', '-']).parse::<f64>() {
        Ok(number) if number.is_infinite() && text.bytes().any(|b| b.is_ascii_digit()) => {
            ("a number within ±1.8e308", format!("{text}, which is beyond"))
        }
        _ => ("a number", shown(text)),
    };
    TableError::data("", expected, found)
}

/// One column of a batch while it is read.
pub(crate) enum ColumnBuilder {
    Integers(Int64Builder),
    Numbers(Float64Builder),
    Texts(StringBuilder),
    /// Microseconds since 1970-01-01 00:00 UTC, which are never plain.
    Moments(TimestampMicrosecondBuilder),
}

impl ColumnBuilder {
    /// An empty column of one of the types that text files have, with room for `rows`.
    pub(crate) fn new(data_type: &DataType, rows: usize) -> Self {
        match data_type {
            DataType::Int64 => Self::Integers(Int64Builder::with_capacity(rows)),
            DataType::Float64 => Self::Numbers(Float64Builder::with_capacity(rows)),
            DataType::Timestamp(..) => Self::Moments(TimestampMicrosecondBuilder::with_capacity(rows)),
            _ => Self::Texts(StringBuilder::with_capacity(rows, 0)),
        }
    }

    /// Appends a plain cell without blanks around it; tells when it does not fit the column's type.
    pub(crate) fn push(&mut self, text: &str, rules: &CellRules) -> Result<(), TableError> {
        match self {
            Self::Texts(texts) if rules.missing.is_text(text) => texts.append_null(),
            Self::Texts(texts) => texts.append_value(text),
            Self::Integers(integers) => match rules.read(text) {
                Cell::Missing => integers.append_null(),
                Cell::Integer(integer) => integers.append_value(integer),
                _ => return Err(not_a_number(text)),
            },
            Self::Numbers(numbers) => match rules.read(text) {
                Cell::Missing => numbers.append_null(),
                // The nearest f64; whole numbers are exact up to 2^53.
                Cell::Integer(integer) => numbers.append_value(integer as f64),
                Cell::Number(number) => numbers.append_value(number),
                _ => return Err(not_a_number(text)),
            },
            Self::Moments(moments) if rules.missing.is_word(text) => moments.append_null(),
            Self::Moments(_) => return Err(TableError::data("", "a date", shown(text))),
        }
        Ok(())
    }

    /// Appends a missing value.
    pub(crate) fn push_missing(&mut self) {
        match self {
            Self::Integers(integers) => integers.append_null(),
            Self::Numbers(numbers) => numbers.append_null(),
            Self::Texts(texts) => texts.append_null(),
            Self::Moments(moments) => moments.append_null(),
        }
    }

    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            Self::Integers(mut integers) => Arc::new(integers.finish()),
            Self::Numbers(mut numbers) => Arc::new(numbers.finish()),
            Self::Texts(mut texts) => Arc::new(texts.finish()),
            Self::Moments(mut moments) => Arc::new(moments.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Cell {
        CellRules::new(&ReadOptions::default()).read(text)
    }

    #[test]
    fn cells_are_what_they_look_like() {
        assert_eq!(read(""), Cell::Missing);
        assert_eq!(read("?"), Cell::Missing);
        assert_eq!(read("NaN"), Cell::Missing);
        assert_eq!(read("-12"), Cell::Integer(-12));
        assert_eq!(read("+007"), Cell::Integer(7));
        assert_eq!(read("9223372036854775807"), Cell::Integer(i64::MAX));
        assert_eq!(read("9223372036854775808"), Cell::Number(9223372036854775808.0));
        assert_eq!(read("1e3"), Cell::Number(1000.0));
        assert_eq!(read("-.5"), Cell::Number(-0.5));
        assert_eq!(read("5."), Cell::Number(5.0));
        assert_eq!(read("1e400"), Cell::TooLarge);
        for text in ["inf", "-inf", "infinity", "-", ".", "--1", "1,5", "0x10", "1_000", "1 000", "e5", "+-1"]
        {
            assert_eq!(read(text), Cell::Text, "{text}");
        }
    }

    fn counts(cells: &[&str]) -> CellCounts {
        let mut counts = CellCounts::default();
        for (row, text) in cells.iter().enumerate() {
            counts.add(read(text), text, row as u64);
        }
        counts
    }

    #[test]
    fn a_column_of_plain_cells_has_the_narrowest_type() {
        assert_eq!(counts(&["1", "", "2"]).data_type(), Ok(DataType::Int64));
        assert_eq!(counts(&["1", "2.5"]).data_type(), Ok(DataType::Float64));
        assert_eq!(counts(&["a", "2"]).data_type(), Ok(DataType::Utf8));
        assert_eq!(counts(&["", "?"]).data_type(), Ok(DataType::Null));
        assert_eq!(counts(&["1e400"]).data_type().unwrap_err().row, 0);
    }

    #[test]
    fn whole_numbers_are_dates_where_all_of_them_are() {
        assert!(counts(&["20220131", "", "19991231", "20240229"]).are_compact_dates());
        for cells in [
            &["20220131", "20220132", "20220201"][..],
            &["20220131", "20220201"],
            &["20220131", "20220201", "20220202", "1.5"],
            &["20220131", "20220201", "20220202", "x"],
        ] {
            assert!(!counts(cells).are_compact_dates(), "{cells:?}");
        }
    }
}
