//! Rows of a table into rows of inputs.

use super::Preparation;
use super::encoding::{Encoding, Input};
use super::scaling::Scaling;
use crate::cells::{self, BadCell, text_at};
use crate::error::{TableError, shown};
use crate::notice::Notice;
use crate::options::Style;
use crate::suggest::column_hint;
use crate::table::Table;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use deltarule::{Matrix, Real};
use std::collections::HashMap;

/// A cell that cannot be used, and its column.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) column: usize,
    pub(crate) cell: BadCell,
}

impl Fault {
    /// The error to show, for a batch whose first row is `first_row` of `source`.
    pub(crate) fn at(self, source: &dyn Table, first_row: u64) -> TableError {
        source.cell_error(first_row + self.cell.row as u64, self.column, self.cell.expected, &self.cell.found)
    }

    /// The error to show where nothing is known of the batch's source.
    fn in_batch(self, batch: &RecordBatch) -> TableError {
        TableError::data("table", self.cell.expected, self.cell.found)
            .at(crate::error::Place::Row(self.cell.row as u64 + 1))
            .in_column(batch.schema().field(self.column).name())
    }
}

/// Adds the column to a faulty cell.
pub(crate) fn in_column<T>(column: usize, result: Result<T, BadCell>) -> Result<T, Fault> {
    result.map_err(|cell| Fault { column, cell })
}

/// The numbers of a column, of which none may be infinite; NaN where missing.
pub(crate) fn finite_numbers(array: &ArrayRef) -> Result<Vec<f64>, BadCell> {
    let values = cells::numbers(array)?;
    match values.iter().position(|value| value.is_infinite()) {
        None => Ok(values),
        Some(row) => Err(BadCell { row, expected: "a finite number", found: values[row].to_string() }),
    }
}

/// Where a column of this name stands in the table.
pub(crate) fn find(schema: &Schema, name: &str) -> Result<usize, TableError> {
    schema.index_of(name).map_err(|_| {
        let columns = schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
        TableError::usage(format!("a column {name:?}"), "none of that name")
            .hint(column_hint(name, columns.iter().copied()))
    })
}

/// What was met that the training rows did not have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    rows: u64,
    columns: Vec<ColumnTally>,
}

#[derive(Debug, Clone, PartialEq)]
struct ColumnTally {
    column: String,
    unseen: u64,
    example: String,
    missing: u64,
}

impl Tally {
    /// Number of rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of cells so far whose category the training rows did not have.
    pub fn unseen(&self) -> u64 {
        self.columns.iter().map(|column| column.unseen).sum()
    }

    /// One line for every column in which something was met that the training rows did not have.
    pub fn warnings(&self) -> Vec<Notice> {
        let mut lines = Vec::new();
        for ColumnTally { column, unseen, example, missing } in &self.columns {
            if *unseen > 0 {
                let message = format!(
                    "column {column:?}: {unseen} of {} rows have a value unknown from training, such as {}; \
                     they are taken for no category",
                    self.rows,
                    shown(example)
                );
                lines.push(Notice::new(message).in_column(column));
            }
            if *missing > 0 {
                let message = format!(
                    "column {column:?}: {missing} of {} rows have no value, which no training row lacked; \
                     the mean stands in",
                    self.rows
                );
                lines.push(Notice::new(message).in_column(column));
            }
        }
        lines
    }

    fn column(&mut self, name: &str) -> &mut ColumnTally {
        let at = self.columns.iter().position(|column| column.column == name).unwrap_or_else(|| {
            let column = name.to_owned();
            self.columns.push(ColumnTally { column, unseen: 0, example: String::new(), missing: 0 });
            self.columns.len() - 1
        });
        &mut self.columns[at]
    }

    fn count_unseen(&mut self, column: &str, value: &str) {
        let tally = self.column(column);
        if tally.unseen == 0 {
            value.clone_into(&mut tally.example);
        }
        tally.unseen += 1;
    }
}

/// The inputs of a [`Preparation`], matched with the columns of one table.
#[derive(Debug)]
pub struct Features<'p> {
    style: Style,
    width: usize,
    columns: Vec<Matched<'p>>,
}

/// An input and the column it comes from.
#[derive(Debug)]
struct Matched<'p> {
    input: &'p Input,
    /// In the table.
    column: usize,
    /// The first of its columns in the matrix.
    first: usize,
    /// Which of the values or categories a text is.
    lookup: HashMap<&'p str, usize>,
}

impl Preparation {
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
    pub fn matrix<T: Real>(&self, batch: &RecordBatch, tally: &mut Tally) -> Result<Matrix<T>, TableError> {
        let rows: Vec<usize> = (0..batch.num_rows()).collect();
        let mut x = Matrix::zeros(rows.len(), self.width);
        self.write(batch, &rows, &mut x, 0, tally).map_err(|fault| fault.in_batch(batch))?;
        Ok(x)
    }

    /// Writes these rows of the batch into `x` from its row `at` on.
    pub(crate) fn write<T: Real>(
        &self,
        batch: &RecordBatch,
        rows: &[usize],
        x: &mut Matrix<T>,
        at: usize,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        tally.rows += rows.len() as u64;
        for matched in &self.columns {
            let array = batch.column(matched.column);
            in_column(matched.column, matched.write(self.style, array, rows, x, at, tally))?;
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
        tally: &mut Tally,
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
                        None => tally_missing(tally, name, number.is_nan()),
                    }
                }
            }
            Encoding::Binary { scaling, .. } => {
                let texts = cells::texts(array);
                let made = [-1.0, 1.0, 0.0].map(|value| T::from_f64(scaling.apply(style, value)));
                for (i, &row) in rows.iter().enumerate() {
                    let which = self.category(text_at(&texts, row), tally).unwrap_or(2);
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
                    if let Some(which) = self.category(text_at(&texts, row), tally) {
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
                        None => tally_missing(tally, name, moment.is_none()),
                    }
                }
            }
        }
        Ok(())
    }

    /// Which category a cell has; one that training did not know is counted.
    fn category(&self, text: Option<&str>, tally: &mut Tally) -> Option<usize> {
        let text = text?;
        let known = self.lookup.get(text).copied().or_else(|| {
            // `1.0` is the category `1`, in a file that writes its numbers so.
            let number = cells::number(text)? + 0.0;
            self.lookup.get(number.to_string().as_str()).copied()
        });
        if known.is_none() {
            tally.count_unseen(&self.input.column, text);
        }
        known
    }
}

fn tally_missing(tally: &mut Tally, column: &str, is_missing: bool) {
    if is_missing {
        tally.column(column).missing += 1;
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
