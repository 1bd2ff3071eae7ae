//! What CSV, JSON lines and LIBSVM have in common: rows that lie in blocks.

use super::blocks::Block;
use super::cells::{CellCounts, CellRules};
use super::dialect::Dialect;
use crate::arrow::array::ArrayRef;
use crate::arrow::datatypes::Field;
use crate::error::{Place, TableError};

/// A text format whose rows can be read block by block.
pub(crate) trait RowFormat: Send + Sync {
    /// What may hide a line end in a row; nothing where each line is a row.
    fn dialect(&self) -> Option<Dialect>;

    /// The column that names the rows, as far as the form of the file says so.
    fn row_names(&self) -> Option<&str> {
        None
    }

    /// How its cells are understood.
    fn rules(&self) -> &CellRules;

    /// What the columns of a block hold; with `keep` the columns themselves, too, where the format knows them already.
    fn survey(&self, block: &Block, keep: bool) -> Result<Survey, TableError>;

    /// Some columns of a block: for each, which one of those surveyed, its name and the type to give it.
    fn read(&self, block: &Block, columns: &[(usize, Field)]) -> Result<Vec<ArrayRef>, TableError>;

    /// Where a row of a block stands, or a cell of it.
    fn place(&self, block: &Block, row: u64, column: Option<&str>) -> Place;
}

/// What a block, or a whole file, holds.
pub(crate) struct Survey {
    pub(crate) rows: u64,
    pub(crate) columns: Vec<SurveyedColumn>,
    /// Of each column what was parsed of it, if anything.
    pub(crate) arrays: Vec<Option<ArrayRef>>,
    /// The lowest and the highest index of a sparse format; each between them is a column, too.
    pub(crate) indices: Option<(usize, usize)>,
}

/// A column and what its cells are.
pub(crate) struct SurveyedColumn {
    pub(crate) name: String,
    pub(crate) counts: CellCounts,
}
