//! Rows of a table into rows of targets and weights.

use super::TablePreprocessor;
use super::fault::{Fault, find, finite_numbers, in_column};
use super::transform::fitting;
use crate::arrow::array::{Array, ArrayRef, RecordBatch};
use crate::arrow::datatypes::Schema;
use crate::cells::{self, BadCell, text_at};
use crate::error::{TableError, shown};
use crate::targets::Target;
use deltarule::{Matrix, Real};
use std::collections::HashMap;

impl TablePreprocessor {
    /// Finds the targets, and the column of weights if there is one, among the columns of a table.
    ///
    /// # Errors
    /// When one of them is not there; the hint names the nearest that is.
    pub fn targets(&self, schema: &Schema) -> Result<Targets<'_>, TableError> {
        Targets::new(&self.target, self.weight.as_deref(), schema)
    }
}

/// The targets of a table, matched with its columns.
#[derive(Debug)]
pub struct Targets<'p> {
    target: &'p Target,
    columns: Vec<usize>,
    weight: Option<usize>,
    weight_name: Option<String>,
    labels: HashMap<&'p str, usize>,
}

impl<'p> Targets<'p> {
    pub(crate) fn new(target: &'p Target, weight: Option<&str>, schema: &Schema) -> Result<Self, TableError> {
        let columns = target.columns().iter().map(|name| find(schema, name)).collect::<Result<_, _>>()?;
        let weight_name = weight.map(str::to_owned);
        let weight = weight.map(|name| find(schema, name)).transpose()?;
        let labels = match target {
            Target::Classification { labels, .. } => {
                labels.iter().enumerate().map(|(at, label)| (label.as_str(), at)).collect()
            }
            _ => HashMap::new(),
        };
        Ok(Self { target, columns, weight, weight_name, labels })
    }

    /// Whether this is one of the columns.
    pub(crate) fn takes(&self, column: &str) -> bool {
        self.target.columns().contains(&column) || self.weight_name.as_deref() == Some(column)
    }

    /// For each row of the batch whether all its targets are there.
    pub(crate) fn present(&self, batch: &RecordBatch) -> Result<Vec<bool>, Fault> {
        let mut present = vec![true; batch.num_rows()];
        for &column in &self.columns {
            let array = batch.column(column);
            match self.target {
                Target::Classification { .. } => {
                    let texts = cells::texts(array);
                    present.iter_mut().enumerate().for_each(|(row, p)| *p &= text_at(&texts, row).is_some());
                }
                _ => {
                    let numbers = in_column(column, amounts(array))?;
                    present.iter_mut().zip(numbers).for_each(|(p, number)| *p &= !number.is_nan());
                }
            }
        }
        Ok(present)
    }

    /// For each of these rows the number of its class.
    pub(crate) fn classes(&self, batch: &RecordBatch, rows: &[usize]) -> Result<Vec<usize>, Fault> {
        let column = self.columns[0];
        let texts = cells::texts(batch.column(column));
        let class = |&row: &usize| {
            let label = text_at(&texts, row).unwrap_or("");
            cells::named(&self.labels, label).ok_or_else(|| Fault {
                column,
                cell: BadCell {
                    row,
                    expected: "one of the labels of the training rows",
                    found: shown(label),
                },
            })
        };
        rows.iter().map(class).collect()
    }

    /// Writes the targets of these rows, all of which are there, into `y` from its row `at` on.
    pub(crate) fn write<T: Real>(
        &self,
        batch: &RecordBatch,
        rows: &[usize],
        y: &mut Matrix<T>,
        at: usize,
    ) -> Result<(), Fault> {
        if let Target::Classification { .. } = self.target {
            for (i, class) in self.classes(batch, rows)?.into_iter().enumerate() {
                let cells = y.row_mut(at + i);
                cells.fill(T::ZERO);
                cells[class] = T::ONE;
            }
            return Ok(());
        }
        for (j, &column) in self.columns.iter().enumerate() {
            let numbers = in_column(column, amounts(batch.column(column)))?;
            for (i, &row) in rows.iter().enumerate() {
                let cell = self.output(j, row, numbers[row]);
                y.row_mut(at + i)[j] = in_column(column, cell)?;
            }
        }
        Ok(())
    }

    /// What the network should give for the value of target `j`.
    fn output<T: Real>(&self, j: usize, row: usize, value: f64) -> Result<T, BadCell> {
        let bad = |expected| Err(BadCell { row, expected, found: value.to_string() });
        match self.target {
            Target::MultiLabel { .. } if value != 0.0 && value != 1.0 => bad("0 or 1"),
            Target::Counts { .. } if value < 0.0 || value.fract() != 0.0 => bad("a count: 0, 1, 2, …"),
            Target::Regression { columns } => {
                fitting(row, value, (value - columns[j].mean) / columns[j].deviation)
            }
            _ => fitting(row, value, value),
        }
    }

    /// The raw values of every target column but classes, for the fit.
    pub(crate) fn amounts(&self, batch: &RecordBatch) -> Result<Vec<Vec<f64>>, Fault> {
        self.columns.iter().map(|&column| in_column(column, amounts(batch.column(column)))).collect()
    }

    /// The weights of these rows, where the table has a column of them.
    pub(crate) fn weights(&self, batch: &RecordBatch, rows: &[usize]) -> Result<Option<Vec<f64>>, Fault> {
        let Some(column) = self.weight else { return Ok(None) };
        let numbers = in_column(column, cells::numbers(batch.column(column)))?;
        let weight = |&row: &usize| {
            let weight = numbers[row];
            if weight.is_finite() && weight >= 0.0 {
                return Ok(weight);
            }
            let found = if weight.is_nan() { "nothing".to_owned() } else { weight.to_string() };
            Err(Fault { column, cell: BadCell { row, expected: "a weight: a finite number from 0", found } })
        };
        rows.iter().map(weight).collect::<Result<_, _>>().map(Some)
    }
}

/// Target values as numbers: true and false as 1 and 0 also where they are text.
fn amounts(array: &ArrayRef) -> Result<Vec<f64>, BadCell> {
    if cells::Family::of(array.data_type()) != cells::Family::Text {
        return finite_numbers(array);
    }
    let texts = cells::texts(array);
    (0..texts.len())
        .map(|row| match text_at(&texts, row) {
            None => Ok(f64::NAN),
            Some("true") => Ok(1.0),
            Some("false") => Ok(0.0),
            Some(text) => cells::number(text).filter(|v| v.is_finite()).ok_or_else(|| BadCell {
                row,
                expected: "a finite number",
                found: shown(text),
            }),
        })
        .collect()
}
