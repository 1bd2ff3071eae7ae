//! How a table is to be read.

use super::input::format::Format;
use super::missing::USUAL_MISSING;
use arrow::datatypes::DataType;
use std::collections::HashMap;

/// What is said about a file beyond what it shows by itself. The defaults read nearly every table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// What the file holds; found by looking at its first bytes when not said.
    pub format: Option<Format>,
    /// Whether the first row of a CSV file holds the names of its columns.
    pub header: Header,
    /// What stands between the cells of a CSV file; found by looking when not said.
    pub delimiter: Option<u8>,
    /// What stands around a cell of a CSV file that holds a delimiter or a line end.
    pub quote: u8,
    /// Numbers of text files are written `3,14`.
    pub decimal_comma: bool,
    /// Cells that stand for a missing value, as text and, where they are numbers or dates, in whatever way those are
    /// written; what none of the cells was is told by
    /// [`Table::unmet_markers`](crate::Table::unmet_markers).
    pub missing: Vec<String>,
    /// The usual cells that stand for a missing value, beside the empty one; nothing is said where none was met.
    pub usual_missing: Vec<String>,
    /// Columns of text files whose type is not to be inferred.
    pub types: Vec<(String, CellType)>,
    /// Columns that nobody needs: they are read as far as that can be done, and what they hold is never an error. Cells
    /// that are no single value are missing values.
    pub unneeded: Vec<String>,
    /// Whether the types of the columns of text files are found by looking at their values.
    pub inference: Inference,
    /// The highest index of a LIBSVM file at least: one that was cut from a larger one need not have them all.
    pub highest_index: usize,
    /// Rows of a batch at most; fewer where the rows are wide.
    pub batch_rows: usize,
    /// Bytes of text that are read at a time: a chunk of a text file.
    pub block_bytes: usize,
    /// Bytes of columns at most that are kept in memory from the first look at CSV files, so that a later reading need
    /// not parse them again; what finds no room is read from the file each time.
    pub keep_bytes: usize,
    /// A table of more columns is refused.
    pub max_columns: usize,
    /// A line of a text file of more bytes is refused.
    pub max_line_bytes: usize,
    /// A compressed file that grows by more than this factor (beyond its first 64 MiB) is refused.
    pub max_expansion: u64,
    /// Threads that read; 0 is one for each processor.
    pub threads: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            header: Header::Auto,
            delimiter: None,
            quote: b'"',
            decimal_comma: false,
            missing: Vec::new(),
            usual_missing: USUAL_MISSING.map(str::to_owned).to_vec(),
            types: Vec::new(),
            unneeded: Vec::new(),
            inference: Inference::AllRows,
            highest_index: 0,
            batch_rows: 8192,
            block_bytes: 1 << 20,
            keep_bytes: 1 << 30,
            max_columns: 1 << 16,
            max_line_bytes: 16 << 20,
            max_expansion: 250,
            threads: 0,
        }
    }
}

impl ReadOptions {
    pub(crate) fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }

    /// What is said about columns of text files before any of their cells is seen.
    pub(crate) fn declared(&self) -> Declared<'_> {
        let mut types = HashMap::new();
        for (name, cells) in self.types.iter().rev() {
            let data_type = match cells {
                CellType::Number => Some(DataType::Float64),
                CellType::Text => Some(DataType::Utf8),
                CellType::Any => None,
            };
            types.insert(name.as_str(), data_type);
        }
        types.extend(self.unneeded.iter().map(|name| (name.as_str(), None)));
        Declared { types, others: (self.inference == Inference::Declared).then_some(DataType::Utf8) }
    }

    /// Rows of a batch so that a batch of `width` columns takes at most about 64 MiB.
    pub(crate) fn rows_for(&self, width: usize) -> usize {
        self.batch_rows.min((8 << 20) / width.max(1)).max(1)
    }
}

/// The types of columns of text files, as far as they are said.
pub(crate) struct Declared<'a> {
    types: HashMap<&'a str, Option<DataType>>,
    others: Option<DataType>,
}

impl Declared<'_> {
    /// The type that a column is said to have.
    pub(crate) fn type_of(&self, column: &str) -> Option<DataType> {
        self.types.get(column).cloned().flatten().or_else(|| self.others.clone())
    }

    /// Whether words among the numbers of a column are no mistake.
    pub(crate) fn may_be_anything(&self, column: &str) -> bool {
        self.types.get(column).is_some_and(Option::is_none)
    }
}

/// Whether the first row of a CSV file holds the names of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// It does, but a first row of numbers only is refused: it is likely a row of data.
    Auto,
    /// It does, numbers or not.
    Present,
    /// It does not: the columns are called `c1`, `c2`, ….
    Absent,
}

/// The type of a column of a text file, where it is not to be inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    /// Numbers; any other cell that is not missing is an error.
    Number,
    /// Text, even where it looks like numbers.
    Text,
    /// Numbers where all cells are numbers, and text otherwise: a word among numbers is no mistake.
    Any,
}

/// How the types of the columns of text files are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inference {
    /// By a look at the values of all rows.
    AllRows,
    /// Not at all: columns that [`ReadOptions::types`] does not name are text. CSV from standard input is then read
    /// as it comes, row for row: its rows are not counted, and there is no second pass.
    Declared,
}
