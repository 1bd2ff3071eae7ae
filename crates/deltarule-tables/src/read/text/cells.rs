//! Cells of text files: what each one is, what that makes of a column, and the column in memory.

use super::cell::Cell;
use super::decimal::short_decimal;
use crate::error::{TableError, shown};
use crate::read::missing::Missing;
use crate::read::options::ReadOptions;
use arrow::array::{ArrayRef, Float64Builder, Int64Builder, StringBuilder};
use arrow::datatypes::DataType;
use deltarule::Hint;
use std::sync::Arc;

/// How the cells of a file are to be understood.
#[derive(Debug, Clone)]
pub(crate) struct CellRules {
    pub(crate) missing: Missing,
    decimal_comma: bool,
}

impl CellRules {
    pub(crate) fn new(options: &ReadOptions) -> Self {
        Self { missing: Missing::new(options), decimal_comma: options.decimal_comma }
    }

    /// Reads a cell without blanks around it.
    #[inline]
    pub(crate) fn read(&self, text: &str) -> Cell {
        if self.missing.is_word(text) {
            return Cell::Missing;
        }
        let point = if self.decimal_comma { b',' } else { b'.' };
        match short_decimal(text.as_bytes(), point).unwrap_or_else(|| self.read_slowly(text)) {
            Cell::Integer(integer) if self.missing.is_number(integer as f64) => Cell::Missing,
            Cell::Number(number) if self.missing.is_number(number) => Cell::Missing,
            cell => cell,
        }
    }

    /// Reads what is no short decimal number.
    fn read_slowly(&self, text: &str) -> Cell {
        // A number has a digit first, or after a sign or a point: this keeps `inf` and `nan` out, too.
        let mut start = text.as_bytes();
        while let [b'+' | b'-' | b'.' | b',', rest @ ..] = start {
            start = rest;
        }
        if !start.first().is_some_and(u8::is_ascii_digit) {
            return Cell::Text;
        }
        if let Ok(integer) = text.parse() {
            return Cell::Integer(integer);
        }
        let number = if self.decimal_comma {
            if text.contains('.') {
                return Cell::Text;
            }
            text.replacen(',', ".", 1).parse()
        } else {
            text.parse::<f64>()
        };
        match number {
            Ok(number) if number.is_finite() => Cell::Number(number),
            Ok(_) => Cell::TooLarge,
            Err(_) => Cell::Text,
        }
    }
}

/// What the cells of one column are, so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CellCounts {
    pub(crate) missing: u64,
    pub(crate) integers: u64,
    pub(crate) numbers: u64,
    pub(crate) texts: u64,
    /// The first cell that is text, and the first beyond the range of an `f64`.
    pub(crate) first_text: Option<SeenCell>,
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
            Cell::Integer(_) => self.integers += 1,
            Cell::Number(_) => self.numbers += 1,
            Cell::TooLarge => {
                self.first_too_large.get_or_insert_with(|| SeenCell { row, text: text.to_owned() });
            }
            Cell::Text => self.add_text(text, row),
        }
    }

    pub(crate) fn add_text(&mut self, text: &str, row: u64) {
        self.texts += 1;
        self.first_text.get_or_insert_with(|| SeenCell { row, text: text.to_owned() });
    }

    /// Adds what a later block says, whose rows begin at `first_row` of the file.
    pub(crate) fn merge(&mut self, later: CellCounts, first_row: u64) {
        self.missing += later.missing;
        self.integers += later.integers;
        self.numbers += later.numbers;
        self.texts += later.texts;
        let moved = |seen: SeenCell| SeenCell { row: seen.row + first_row, ..seen };
        self.first_text = self.first_text.take().or_else(|| later.first_text.map(moved));
        self.first_too_large = self.first_too_large.take().or_else(|| later.first_too_large.map(moved));
    }

    /// The type the column takes, or the cell that stands in the way of one.
    ///
    /// A column is numeric when all its values are numbers. When nearly all are, the others are taken for mistakes
    /// in the file rather than for words: they would silently make a category of every number.
    pub(crate) fn data_type(&self) -> Result<DataType, Misfit> {
        let numbers = self.integers + self.numbers;
        if self.texts > 0 {
            let stray = numbers >= 10 * self.texts || (self.texts == 1 && numbers >= 2);
            return match &self.first_text {
                Some(seen) if stray => Err(Misfit { seen: seen.clone(), numbers, others: self.texts }),
                _ => Ok(DataType::Utf8),
            };
        }
        if let Some(seen) = &self.first_too_large {
            return Err(Misfit { seen: seen.clone(), numbers, others: 1 });
        }
        Ok(match (self.integers, self.numbers) {
            (0, 0) => DataType::Null,
            (_, 0) => DataType::Int64,
            _ => DataType::Float64,
        })
    }
}

/// A cell that keeps a column from being numeric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Misfit {
    pub(crate) seen: SeenCell,
    numbers: u64,
    others: u64,
}

impl Misfit {
    /// The message, still without file and place.
    pub(crate) fn error(&self, column: &str) -> TableError {
        let text = &self.seen.text;
        let (numbers, others) = (self.numbers, self.others);
        let counted = |count: u64, verb: &str, verbs: &str| match count {
            1 => format!("1 value {verb}"),
            _ => format!("{count} values {verbs}"),
        };
        let hint = Hint::new("in this column ")
            .text(counted(numbers, "is a number", "are numbers"))
            .and(" and ")
            .text(counted(others, "is not", "are not"))
            .and("; ")
            .setting("missing", format_args!("'{text}'"))
            .and(" takes this one for a missing value, ")
            .setting("categorical", format_args!("'{column}'"))
            .and(" all for words");
        not_a_number(text).in_column(column).hint(hint)
    }
}

fn not_a_number(text: &str) -> TableError {
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
}

impl ColumnBuilder {
    /// An empty column of one of the types that text files have.
    /// A column with room for `rows`.
    pub(crate) fn new(data_type: &DataType, rows: usize) -> Self {
        match data_type {
            DataType::Int64 => Self::Integers(Int64Builder::with_capacity(rows)),
            DataType::Float64 => Self::Numbers(Float64Builder::with_capacity(rows)),
            _ => Self::Texts(StringBuilder::with_capacity(rows, 0)),
        }
    }

    /// Appends a cell without blanks around it; tells when it does not fit the column's type.
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
        }
        Ok(())
    }

    /// Appends a missing value.
    pub(crate) fn push_missing(&mut self) {
        match self {
            Self::Integers(integers) => integers.append_null(),
            Self::Numbers(numbers) => numbers.append_null(),
            Self::Texts(texts) => texts.append_null(),
        }
    }

    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            Self::Integers(mut integers) => Arc::new(integers.finish()),
            Self::Numbers(mut numbers) => Arc::new(numbers.finish()),
            Self::Texts(mut texts) => Arc::new(texts.finish()),
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

    #[test]
    fn a_decimal_comma_is_the_only_point_where_it_is_asked_for() {
        let rules = CellRules::new(&ReadOptions { decimal_comma: true, ..ReadOptions::default() });
        assert_eq!(rules.read("3,25"), Cell::Number(3.25));
        assert_eq!(rules.read("-,5"), Cell::Number(-0.5));
        assert_eq!(rules.read("1,2,3"), Cell::Text);
        assert_eq!(rules.read("3.25"), Cell::Text);
    }

    fn counts(cells: &[&str]) -> CellCounts {
        let mut counts = CellCounts::default();
        for (row, text) in cells.iter().enumerate() {
            counts.add(read(text), text, row as u64);
        }
        counts
    }

    #[test]
    fn a_stray_word_among_numbers_is_a_mistake_but_many_are_words() {
        assert_eq!(counts(&["1", "", "2"]).data_type(), Ok(DataType::Int64));
        assert_eq!(counts(&["1", "2.5"]).data_type(), Ok(DataType::Float64));
        assert_eq!(counts(&["a", "2"]).data_type(), Ok(DataType::Utf8));
        assert_eq!(counts(&["a", "2", "b", "3"]).data_type(), Ok(DataType::Utf8));
        assert_eq!(counts(&["", "?"]).data_type(), Ok(DataType::Null));
        assert_eq!(counts(&["1", "2", "x"]).data_type().unwrap_err().seen.row, 2);
        assert_eq!(counts(&["1e400"]).data_type().unwrap_err().seen.row, 0);
    }
}
