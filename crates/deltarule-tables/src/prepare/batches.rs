//! A table's rows as inputs, batch by batch.

use super::TablePreprocessor;
use super::encoding::Encoding;
use super::report::TransformReport;
use super::transform::Features;
use crate::arrow::array::RecordBatch;
use crate::cells;
use crate::error::TableError;
use crate::read::CellType;
use crate::table::{BatchIterator, Table};
use crate::targets::Target;
use deltarule::{Matrix, Real};
use std::marker::PhantomData;

/// The batches of a table beside the inputs made of them, in order, one batch in memory at a time.
pub struct TransformedBatches<'a, T> {
    table: &'a dyn Table,
    features: Features<'a>,
    batches: BatchIterator<'a>,
    first_row: u64,
    report: TransformReport,
    number: PhantomData<T>,
}

impl TablePreprocessor {
    /// Reads a table for prediction: every row of it, whether it has a target or not.
    ///
    /// # Errors
    /// When the table has not all the columns, or cannot be opened.
    pub fn transform<'a, T: Real>(
        &'a self,
        table: &'a dyn Table,
    ) -> Result<TransformedBatches<'a, T>, TableError> {
        Ok(TransformedBatches {
            table,
            features: self.features(&table.schema())?,
            batches: table.batches(None)?,
            first_row: 0,
            report: TransformReport::default(),
            number: PhantomData,
        })
    }

    /// How the columns of a text file are to be read that are inputs, targets or weights: what the training rows had
    /// decides.
    pub fn cell_types(&self) -> Vec<(String, CellType)> {
        let inputs = self.inputs.iter().map(|input| {
            let cells = match &input.encoding {
                Encoding::Numeric { .. } => CellType::Number,
                Encoding::Date { .. } => CellType::Text,
                Encoding::Binary { values, .. } => of_names(values.iter()),
                Encoding::OneHot { categories } => of_names(categories.iter().map(|category| &category.name)),
            };
            (input.column.clone(), cells)
        });
        let of_target = match &self.target {
            Target::Classification { labels, .. } => of_names(labels.iter()),
            Target::MultiLabel { .. } => CellType::Any,
            Target::Regression { .. } | Target::Counts { .. } => CellType::Number,
        };
        let targets = self.target.columns().into_iter().map(|name| (name.to_owned(), of_target.clone()));
        let weight = self.weight.iter().map(|name| (name.clone(), CellType::Number));
        let written = |(name, plain): (String, CellType)| {
            let format = self.formats.get(&name).cloned().map(CellType::Written);
            (name, format.unwrap_or(plain))
        };
        inputs.chain(targets).chain(weight).map(written).collect()
    }
}

/// How cells are to be read that name one of these: names that are all as numbers are shown were read as numbers.
fn of_names<'a>(mut names: impl Iterator<Item = &'a String>) -> CellType {
    let number = |name: &String| cells::number(name).is_some_and(|number| number.to_string() == *name);
    if names.all(number) { CellType::Any } else { CellType::Text }
}

impl<T> TransformedBatches<'_, T> {
    /// What was met so far that the training rows did not have.
    pub fn report(&self) -> &TransformReport {
        &self.report
    }
}

impl<T: Real> Iterator for TransformedBatches<'_, T> {
    type Item = Result<(RecordBatch, Matrix<T>), TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.batches.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        let rows: Vec<usize> = (0..batch.num_rows()).collect();
        let mut x = Matrix::zeros(rows.len(), self.features.width());
        let written = self.features.write(&batch, &rows, &mut x, 0, &mut self.report);
        let first_row = self.first_row;
        self.first_row += rows.len() as u64;
        Some(written.map(|()| (batch, x)).map_err(|fault| fault.at(self.table, first_row)))
    }
}
