//! What every format offers: typed columns, chunks that can be read in any order, and where a row stands.

use crate::arrow::array::RecordBatch;
use crate::arrow::datatypes::Field;
use crate::error::{Place, TableError};
use crate::notice::Notice;
use std::ops::Range;
use std::path::Path;

/// One file as a table.
pub(crate) trait TableFile: Send + Sync {
    /// What messages call the file.
    fn file(&self) -> &Path;

    /// The columns; the type is `Null` where no value tells.
    fn fields(&self) -> &[Field];

    /// The pieces that can be read by themselves, in the order of the rows.
    fn chunks(&self) -> &[RowRange];

    /// What the reader had to assume.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    /// The markers of missing values that were said and that no cell has been so far.
    fn unmet_markers(&self) -> Vec<&str>;

    /// Bytes of columns that are kept in memory.
    fn kept_bytes(&self) -> usize {
        0
    }

    /// Rows of some chunks: of each column named by its position, with the type to give it.
    fn read(&self, chunks: Range<usize>, columns: &[(usize, Field)]) -> Result<Batches, TableError>;

    /// Where a row stands, counted from zero, or its cell in a column.
    fn place(&self, row: u64, column: Option<usize>) -> Place;
}

/// A piece of a table that can be read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowRange {
    pub(crate) first_row: u64,
    pub(crate) rows: u64,
}

/// Batches of rows, in order.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, TableError>> + Send>;

/// The chunk that a row lies in, if it lies in any.
pub(crate) fn chunk_of(chunks: &[RowRange], row: u64) -> Option<usize> {
    let index = chunks.partition_point(|chunk| chunk.first_row + chunk.rows <= row);
    (index < chunks.len()).then_some(index)
}
