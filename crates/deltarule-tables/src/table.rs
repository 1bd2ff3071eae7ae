//! Tables that can be read from their first row as often as needed.

use crate::arrow::array::{RecordBatch, UInt32Array};
use crate::arrow::compute::{concat_batches, take_record_batch};
use crate::arrow::datatypes::{Schema, SchemaRef};
use crate::error::{Place, TableError};
use crate::notice::Notice;
use std::sync::Arc;

/// The batches of one reading, in the order of the rows.
pub type BatchIterator<'a> = Box<dyn Iterator<Item = Result<RecordBatch, TableError>> + 'a>;

/// A table that can be read from its first row as often as needed.
///
/// Learning the statistics of a table takes a few readings; a table that lies in a file is read anew for each, so
/// that it need not fit in memory.
pub trait Table {
    /// What messages call the table: its file.
    fn name(&self) -> String;

    /// Names and types of the columns.
    fn schema(&self) -> SchemaRef;

    /// Reads all rows in order: of the columns at these positions of the schema, in this order, or of all. How the
    /// rows are cut into batches makes no difference to any result.
    ///
    /// # Errors
    /// When the table cannot be opened.
    fn batches(&self, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError>;

    /// How many rows each piece has that can be read by itself, in the order of the rows: the row groups of a Parquet
    /// file, the stretches of a text file.
    fn chunks(&self) -> Vec<u64>;

    /// Reads the rows of one of the [`Table::chunks`], columns as in [`Table::batches`].
    ///
    /// # Errors
    /// When the table cannot be opened.
    fn chunk(&self, index: usize, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError>;

    /// The mistake of a cell, placed in its file: `row` counts over the whole table from 0, `column` in the schema.
    fn cell_error(&self, row: u64, column: usize, expected: &str, found: &str) -> TableError;

    /// What its reader had to assume; all of it is known once the table has been read.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    /// The cells that were said to stand for a missing value and that none was, among those read so far.
    fn unmet_markers(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Some columns of a table: the others are not read.
#[derive(Clone)]
pub(crate) struct Columns<'a> {
    table: &'a dyn Table,
    schema: SchemaRef,
    columns: Vec<usize>,
}

impl<'a> Columns<'a> {
    /// The columns of the table that `wanted` says, in the order of the table.
    pub(crate) fn new(table: &'a dyn Table, wanted: impl Fn(&str) -> bool) -> Self {
        let whole = table.schema();
        let columns: Vec<usize> =
            (0..whole.fields().len()).filter(|&column| wanted(whole.field(column).name())).collect();
        let fields: Vec<_> = columns.iter().map(|&column| whole.fields()[column].clone()).collect();
        Self { table, schema: Arc::new(Schema::new(fields)), columns }
    }

    /// [`Table::chunk`], for as long as the table lives.
    pub(crate) fn open(&self, chunk: usize) -> Result<BatchIterator<'a>, TableError> {
        self.table.chunk(chunk, Some(&self.columns))
    }
}

impl Table for Columns<'_> {
    fn name(&self) -> String {
        self.table.name()
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn batches(&self, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError> {
        self.table.batches(Some(&self.inside(columns)))
    }

    fn chunks(&self) -> Vec<u64> {
        self.table.chunks()
    }

    fn chunk(&self, index: usize, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError> {
        self.table.chunk(index, Some(&self.inside(columns)))
    }

    fn cell_error(&self, row: u64, column: usize, expected: &str, found: &str) -> TableError {
        self.table.cell_error(row, self.columns[column], expected, found)
    }

    fn notices(&self) -> Vec<Notice> {
        self.table.notices()
    }

    fn unmet_markers(&self) -> Vec<String> {
        self.table.unmet_markers()
    }
}

impl Columns<'_> {
    /// Columns of this selection as columns of the table.
    fn inside(&self, columns: Option<&[usize]>) -> Vec<usize> {
        columns.map_or_else(
            || self.columns.clone(),
            |columns| columns.iter().map(|&column| self.columns[column]).collect(),
        )
    }
}

/// A table held in memory.
#[derive(Debug, Clone)]
pub struct InMemory {
    name: String,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    notices: Vec<Notice>,
    unmet_markers: Vec<String>,
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
        Ok(Self { name, schema, batches, notices: Vec::new(), unmet_markers: Vec::new() })
    }

    /// Reads the whole of `source` into memory.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(name: impl Into<String>, source: &dyn Table) -> Result<Self, TableError> {
        let batches = source.batches(None)?.collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.into(),
            schema: source.schema(),
            batches,
            notices: source.notices(),
            unmet_markers: source.unmet_markers(),
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// A table of these rows only, in this order.
    ///
    /// # Panics
    /// When a row does not exist.
    pub fn picked(&self, rows: &[u32]) -> Self {
        let all = concat_batches(&self.schema, &self.batches).expect("batches of one schema");
        let picked = take_record_batch(&all, &UInt32Array::from(rows.to_vec())).expect("rows of the table");
        Self { batches: vec![picked], ..self.clone() }
    }

    fn projected(&self, batch: &RecordBatch, columns: Option<&[usize]>) -> Result<RecordBatch, TableError> {
        let Some(columns) = columns else { return Ok(batch.clone()) };
        batch.project(columns).map_err(|error| TableError::usage("columns of the table", error.to_string()))
    }
}

impl Table for InMemory {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn batches(&self, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError> {
        let columns = columns.map(<[usize]>::to_vec);
        Ok(Box::new(self.batches.iter().map(move |batch| self.projected(batch, columns.as_deref()))))
    }

    fn chunks(&self) -> Vec<u64> {
        self.batches.iter().map(|batch| batch.num_rows() as u64).collect()
    }

    fn chunk(&self, index: usize, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError> {
        Ok(Box::new(std::iter::once(self.projected(&self.batches[index], columns))))
    }

    fn cell_error(&self, row: u64, column: usize, expected: &str, found: &str) -> TableError {
        TableError::data(&self.name, expected, found)
            .at(Place::Row(row + 1))
            .in_column(self.schema.field(column).name())
    }

    fn notices(&self) -> Vec<Notice> {
        self.notices.clone()
    }

    fn unmet_markers(&self) -> Vec<String> {
        self.unmet_markers.clone()
    }
}

fn named(schema: &SchemaRef) -> String {
    schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ")
}
