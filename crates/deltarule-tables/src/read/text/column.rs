//! A column of a batch, read as its field says.

use super::cell::Cell;
use super::cells::{CellRules, ColumnBuilder};
use crate::arrow::array::{Array, ArrayRef, StringArray};
use crate::arrow::datatypes::{DataType, Field};
use crate::error::{TableError, shown};
use crate::read::cell_format::CellFormat;

/// A column of a batch while it is read.
pub(crate) struct ColumnReader {
    builder: ColumnBuilder,
    format: Option<CellFormat>,
    buffer: String,
}

impl ColumnReader {
    /// An empty column with room for `rows`. A column of text has its cells as they are.
    pub(crate) fn new(field: &Field, rows: usize) -> Self {
        let format = CellFormat::of(field).filter(|_| *field.data_type() != DataType::Utf8);
        Self { builder: ColumnBuilder::new(field.data_type(), rows), format, buffer: String::new() }
    }

    /// Appends a cell without blanks around it; tells when it does not fit.
    #[inline]
    pub(crate) fn push(&mut self, text: &str, rules: &CellRules) -> Result<(), TableError> {
        let Some(format) = &self.format else { return self.builder.push(text, rules) };
        if rules.missing.is_word(text) {
            self.builder.push_missing();
            return Ok(());
        }
        match (format, &mut self.builder) {
            (CellFormat::Numerals(numerals), builder) => {
                match (numerals.read(text, &mut self.buffer), builder) {
                    (Some(cell), builder) if rules.is_missing(cell) => builder.push_missing(),
                    (Some(Cell::Integer(integer)), ColumnBuilder::Integers(integers)) => {
                        integers.append_value(integer);
                    }
                    (Some(Cell::Integer(integer)), ColumnBuilder::Numbers(numbers)) => {
                        numbers.append_value(integer as f64);
                    }
                    (Some(Cell::Number(number)), ColumnBuilder::Numbers(numbers)) => {
                        numbers.append_value(number);
                    }
                    _ => return Err(misfit(format, text)),
                }
            }
            (CellFormat::Dates(dates), ColumnBuilder::Numbers(numbers)) => {
                numbers.append_value(dates.seconds(text).ok_or_else(|| misfit(format, text))?);
            }
            (CellFormat::Dates(dates), ColumnBuilder::Moments(moments)) => {
                moments.append_value(dates.parse(text).ok_or_else(|| misfit(format, text))?);
            }
            _ => return Err(misfit(format, text)),
        }
        Ok(())
    }

    /// Appends a missing value.
    pub(crate) fn push_missing(&mut self) {
        self.builder.push_missing();
    }

    pub(crate) fn finish(self) -> ArrayRef {
        self.builder.finish()
    }
}

/// The error of a cell that is none of the format, still without its place.
fn misfit(format: &CellFormat, text: &str) -> TableError {
    TableError::data("", format.expected(), shown(text))
}

/// The cells of a column of text as `field` says; the first that does not fit is an error, with its row.
pub(crate) fn reread(
    texts: &StringArray,
    field: &Field,
    rules: &CellRules,
) -> Result<ArrayRef, (usize, TableError)> {
    let mut column = ColumnReader::new(field, texts.len());
    for row in 0..texts.len() {
        if texts.is_null(row) {
            column.push_missing();
        } else {
            column.push(texts.value(row).trim(), rules).map_err(|error| (row, error))?;
        }
    }
    Ok(column.finish())
}
