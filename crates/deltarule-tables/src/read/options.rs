//! How a table is to be read.

use super::cell_format::CellFormat;
use super::input::format::Format;
use super::text::dates::DateFormat;
use super::text::numerals::{DecimalMark, NumeralFormat};
use crate::arrow::datatypes::{DataType, Field};
use std::collections::HashMap;

/// The cells that programs write for a missing value, beside the empty one: those that pandas knows, and `?`.
pub const USUAL_MISSING: [&str; 20] = [
    "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "NaT", "None", "n/a", "nan", "null",
];

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
    /// What stands before the fraction of a number, where the cells leave it open.
    pub decimal: Option<DecimalMark>,
    /// How dates are written, where the cells leave it open.
    pub date_format: Option<DateFormat>,
    /// Cells that stand for a missing value, as text and, where they are numbers or dates, in whatever way those are
    /// written; what none of the cells was is told by
    /// [`Table::unmet_markers`](crate::Table::unmet_markers).
    pub missing: Vec<String>,
    /// The usual cells that stand for a missing value, beside the empty one; nothing is said where none was met.
    pub usual_missing: Vec<String>,
    /// Columns of text files whose type is not to be inferred.
    pub types: Vec<(String, CellType)>,
    /// Columns that are to be predicted: they are never dates, and of their numbers no cell may be a word.
    pub targets: Vec<String>,
    /// Columns that hold numbers, whatever they look like: they are never dates, and no cell of theirs may be a word.
    pub numeric: Vec<String>,
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
            decimal: None,
            date_format: None,
            missing: Vec::new(),
            usual_missing: USUAL_MISSING.map(str::to_owned).to_vec(),
            types: Vec::new(),
            targets: Vec::new(),
            numeric: Vec::new(),
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
        let commas = (self.decimal == Some(DecimalMark::Comma))
            .then(|| NumeralFormat { decimal: DecimalMark::Comma, unit: String::new() });
        let mut types: HashMap<&str, Said> = HashMap::new();
        for (name, cells) in self.types.iter().rev() {
            let said = match cells {
                CellType::Number => Said::Is(DataType::Float64, commas.clone().map(CellFormat::Numerals)),
                CellType::Written(format) => Said::Is(format.data_type(), Some(format.clone())),
                CellType::Text => Said::Is(DataType::Utf8, None),
                CellType::Any => Said::Any,
            };
            types.insert(name, said);
        }
        types.extend(self.unneeded.iter().map(|name| (name.as_str(), Said::Unneeded)));
        Declared { types, others: self.inference }
    }

    /// Rows of a batch so that a batch of `width` columns takes at most about 64 MiB.
    pub(crate) fn rows_for(&self, width: usize) -> usize {
        self.batch_rows.min((8 << 20) / width.max(1)).max(1)
    }
}

/// The types of columns of text files, as far as they are said.
pub(crate) struct Declared<'a> {
    types: HashMap<&'a str, Said>,
    others: Inference,
}

/// What is said of a column.
enum Said {
    Is(DataType, Option<CellFormat>),
    Any,
    Unneeded,
}

impl Declared<'_> {
    /// The field that a column is said to have.
    pub(crate) fn field_of(&self, column: &str) -> Option<Field> {
        let field = |data_type: &DataType| Field::new(column, data_type.clone(), true);
        match self.types.get(column) {
            Some(Said::Is(data_type, None)) => Some(field(data_type)),
            Some(Said::Is(data_type, Some(format))) => Some(format.mark(field(data_type))),
            _ => (self.others == Inference::Declared).then(|| field(&DataType::Utf8)),
        }
    }

    /// Whether words among the numbers of a column are no mistake.
    pub(crate) fn may_be_anything(&self, column: &str) -> bool {
        matches!(self.types.get(column), Some(Said::Any | Said::Unneeded))
    }

    /// Whether it is to be found out how the cells of a column are written.
    pub(crate) fn is_open(&self, column: &str) -> bool {
        self.others == Inference::AllRows && matches!(self.types.get(column), None | Some(Said::Any))
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellType {
    /// Plain numbers; any other cell that is not missing is an error.
    Number,
    /// Numbers or dates in this format; any other cell that is not missing is an error.
    Written(CellFormat),
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
    /// By a look at the values of all rows, for plain numbers alone: what is written otherwise is text, to be handed on as
    /// it is.
    Plain,
    /// Not at all: columns that [`ReadOptions::types`] does not name are text. CSV from standard input is then read
    /// as it comes, row for row: its rows are not counted, and there is no second pass.
    Declared,
}
