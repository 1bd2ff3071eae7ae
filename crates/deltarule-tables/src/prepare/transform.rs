//! Rows of a table into rows of inputs.

use super::TablePreprocessor;
use super::encoding::{Encoding, InputColumn};
use super::fault::{Fault, find, finite_numbers, in_column};
use super::report::TransformReport;
use super::scaling::Scaling;
use crate::arrow::array::{ArrayRef, RecordBatch};
use crate::arrow::datatypes::Schema;
use crate::cells::{self, BadCell, text_at};
use crate::error::TableError;
use crate::options::Style;
use deltarule::{Matrix, Real};
use std::collections::HashMap;

/// The inputs of a [`TablePreprocessor`], matched with the columns of one table.
#[derive(Debug)]
pub struct Features<'p> {
    style: Style,
    width: usize,
    columns: Vec<Matched<'p>>,
}

/// An input and the column it comes from.
#[derive(Debug)]
struct Matched<'p> {
    input: &'p InputColumn,
    /// In the table.
    column: usize,
    /// The first of its columns in the matrix.
    first: usize,
    /// Which of the values or categories a text is.
    lookup: HashMap<&'p str, usize>,
}

impl TablePreprocessor {
    /// Finds the inputs among the columns of a table, by name.
    ///
    /// # Errors
    /// When one of them is not there; the hint names the nearest that is.
    pub fn features(&self, schema: &Schema) -> Result<Features<'_>, TableError> {
        let mut first = 0;
        let mut columns = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let names: Vec<&str> = match &input.encoding {
                Encoding::Binary { values, .. } => values.iter().map(String::as_str).collect(),
                Encoding::OneHot { categories } => categories.iter().map(|c| c.name.as_str()).collect(),
                Encoding::Numeric { .. } | Encoding::Date { .. } => Vec::new(),
            };
            let lookup = names.into_iter().enumerate().map(|(at, name)| (name, at)).collect();
            columns.push(Matched { input, column: find(schema, &input.column)?, first, lookup });
            first += input.encoding.width();
        }
        Ok(Features { style: self.style, width: first, columns })
    }
}

impl Features<'_> {
    /// Number of columns of the matrix.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows of a batch as a matrix.
    ///
    /// # Errors
    /// When a cell cannot be read as its column should be, or is infinite.
    pub fn matrix<T: Real>(
        &self,
        batch: &RecordBatch,
        report: &mut TransformReport,
    ) -> Result<Matrix<T>, TableError> {
        let rows: Vec<usize> = (0..batch.num_rows()).collect();
        let mut x = Matrix::zeros(rows.len(), self.width);
        self.write(batch, &rows, &mut x, 0, report).map_err(|fault| fault.in_batch(batch))?;
        Ok(x)
    }

    /// Writes these rows of the batch into `x` from its row `at` on.
    pub(crate) fn write<T: Real>(
        &self,
        batch: &RecordBatch,
        rows: &[usize],
        x: &mut Matrix<T>,
        at: usize,
        report: &mut TransformReport,
    ) -> Result<(), Fault> {
        report.count_rows(rows.len());
        for matched in &self.columns {
            let array = batch.column(matched.column);
            in_column(matched.column, matched.write(self.style, array, rows, x, at, report))?;
        }
        Ok(())
    }
}

impl Matched<'_> {
    fn write<T: Real>(
        &self,
        style: Style,
        array: &ArrayRef,
        rows: &[usize],
        x: &mut Matrix<T>,
        at: usize,
        report: &mut TransformReport,
    ) -> Result<(), BadCell> {
        let name = &self.input.column;
        let indicator = |present: Option<Scaling>, is_missing: bool| {
            present.map(|scaling| T::from_f64(scaling.apply(style, f64::from(u8::from(is_missing)))))
        };
        match &self.input.encoding {
            Encoding::Numeric { value, missing } => {
                let numbers = finite_numbers(array)?;
                for (i, &row) in rows.iter().enumerate() {
                    let number = numbers[row];
                    let filled = if number.is_nan() { value.fill } else { number };
                    let cells = &mut x.row_mut(at + i)[self.first..];
                    cells[0] = fitting(row, filled, value.scaling.apply(style, filled))?;
                    match indicator(*missing, number.is_nan()) {
                        Some(cell) => cells[1] = cell,
                        None if number.is_nan() => report.count_missing(name),
                        None => {}
                    }
                }
            }
            Encoding::Binary { scaling, .. } => {
                let texts = cells::texts(array);
                let made = [-1.0, 1.0, 0.0].map(|value| T::from_f64(scaling.apply(style, value)));
                for (i, &row) in rows.iter().enumerate() {
                    let which = self.category(text_at(&texts, row), report).unwrap_or(2);
                    x.row_mut(at + i)[self.first] = made[which];
                }
            }
            Encoding::OneHot { categories } => {
                let texts = cells::texts(array);
                let of = |value: f64| -> Vec<T> {
                    categories.iter().map(|c| T::from_f64(c.scaling.apply(style, value))).collect()
                };
                let (off, on) = (of(0.0), of(1.0));
                for (i, &row) in rows.iter().enumerate() {
                    let cells = &mut x.row_mut(at + i)[self.first..][..off.len()];
                    cells.copy_from_slice(&off);
                    if let Some(which) = self.category(text_at(&texts, row), report) {
                        cells[which] = on[which];
                    }
                }
            }
            Encoding::Date { parts, missing } => {
                let moments = cells::moments(array)?;
                for (i, &row) in rows.iter().enumerate() {
                    let cells = &mut x.row_mut(at + i)[self.first..];
                    let moment = moments[row];
                    for (cell, part) in cells.iter_mut().zip(parts) {
                        let number = moment.map_or(part.value.fill, |micros| part.part.of(micros));
                        *cell = fitting(row, number, part.value.scaling.apply(style, number))?;
                    }
                    match indicator(*missing, moment.is_none()) {
                        Some(cell) => cells[parts.len()] = cell,
                        None if moment.is_none() => report.count_missing(name),
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Which category a cell has; one that training did not know is counted.
    fn category(&self, text: Option<&str>, report: &mut TransformReport) -> Option<usize> {
        let text = text?;
        let known = cells::named(&self.lookup, text);
        if known.is_none() {
            report.count_unseen(&self.input.column, text);
        }
        known
    }
}

/// The scaled value as `T`, which must hold it.
pub(super) fn fitting<T: Real>(row: usize, value: f64, scaled: f64) -> Result<T, BadCell> {
    let cell = T::from_f64(scaled);
    if cell.is_finite() {
        return Ok(cell);
    }
    Err(BadCell { row, expected: "a number that is not too large once scaled", found: value.to_string() })
}
