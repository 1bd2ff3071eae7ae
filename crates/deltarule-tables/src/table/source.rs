//! Tables that can be read from their first row as often as needed.

use crate::error::{Place, TableError};
use crate::read;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

/// The batches of one reading, in the order of the rows.
pub type BatchIterator<'a> = Box<dyn Iterator<Item = Result<RecordBatch, TableError>> + 'a>;

/// A table that can be read from its first row as often as needed.
///
/// Learning the statistics of a table takes a few readings; a source that lies in a file is read anew for each,
/// so that the table need not fit in memory.
pub trait Table {
    /// What messages call the table: its file.
    fn name(&self) -> String;

    /// Names and types of the columns.
    fn schema(&self) -> SchemaRef;

    /// Reads all rows in order. How they are cut into batches makes no difference to any result.
    ///
    /// # Errors
    /// When the table cannot be opened.
    fn batches(&self) -> Result<BatchIterator<'_>, TableError>;

    /// The mistake of a cell, placed in its file: `row` counts over the whole table from 0, `column` in the schema.
    fn cell_error(&self, row: u64, column: usize, expected: &str, found: &str) -> TableError;
}

/// A table held in memory.
#[derive(Debug, Clone)]
pub struct InMemory {
    name: String,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl InMemory {
    /// The table with these batches; `name` is what messages call it.
    ///
    /// # Errors
    /// When a batch has another schema.
    pub fn new(
        name: impl Into<String>,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<Self, TableError> {
        let name = name.into();
        if let Some(at) = batches.iter().position(|batch| batch.schema().fields() != schema.fields()) {
            let (expected, found) = (named(&schema), named(&batches[at].schema()));
            return Err(TableError::data(
                name,
                format!("the columns {expected}"),
                format!("{found} in batch {at}"),
            ));
        }
        Ok(Self { name, schema, batches })
    }

    /// Reads the whole of `source` into memory.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(name: impl Into<String>, source: &dyn Table) -> Result<Self, TableError> {
        let batches = source.batches()?.collect::<Result<_, _>>()?;
        Ok(Self { name: name.into(), schema: source.schema(), batches })
    }
}

impl Table for InMemory {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn batches(&self) -> Result<BatchIterator<'_>, TableError> {
        Ok(Box::new(self.batches.iter().cloned().map(Ok)))
    }

    fn cell_error(&self, row: u64, column: usize, expected: &str, found: &str) -> TableError {
        TableError::data(&self.name, expected, found)
            .at(Place::Row(row + 1))
            .in_column(self.schema.field(column).name())
    }
}

impl Table for read::Source {
    fn name(&self) -> String {
        self.locate(0, None).0.display().to_string()
    }

    fn schema(&self) -> SchemaRef {
        self.schema().clone()
    }

    fn batches(&self) -> Result<BatchIterator<'_>, TableError> {
        Ok(Box::new(self.batches(None)?))
    }

    fn cell_error(&self, row: u64, column: usize, expected: &str, found: &str) -> TableError {
        self.cell_error(row, column, expected, found)
    }
}

fn named(schema: &SchemaRef) -> String {
    schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ")
}
