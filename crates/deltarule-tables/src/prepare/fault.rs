//! Cells and columns that are not what a preprocessor needs.

use crate::arrow::array::{ArrayRef, RecordBatch};
use crate::arrow::datatypes::Schema;
use crate::cells::{self, BadCell};
use crate::error::TableError;
use crate::suggest::column_hint;
use crate::table::Table;

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
    pub(crate) fn in_batch(self, batch: &RecordBatch) -> TableError {
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
