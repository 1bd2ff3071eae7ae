//! Comma-separated values and their kin. `csv-core` tells the cells apart; it is the tokeniser that the Arrow
//! reader stands on, too. That reader itself trims no blanks, knows plain numbers alone, and names neither the column
//! of a bad cell nor the line of an open quote.

use super::blocks::Block;
use super::cells::CellRules;
use super::column::ColumnReader;
use super::dialect::{Dialect, character_of, line_of};
use super::grid::{Grid, for_each_row};
use super::infer::{Wanted, infer};
use super::numerals::DecimalMark;
use super::row_format::{RowFormat, Survey, SurveyedColumn};
use crate::arrow::array::ArrayRef;
use crate::arrow::datatypes::Field;
use crate::error::{Place, TableError, shown};
use crate::notice::Notice;
use crate::read::options::{Header, ReadOptions};
use memchr::memchr;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A CSV file: its dialect and its columns.
pub(crate) struct Csv {
    file: PathBuf,
    dialect: Dialect,
    rules: CellRules,
    names: Vec<String>,
    first_is_nameless: bool,
    /// What a first look is to find out of each column.
    wanted: Vec<Wanted>,
    /// Where the row length is from, for messages.
    model_row: &'static str,
}

/// What the first bytes of a CSV file tell.
pub(crate) struct Opening {
    pub(crate) csv: Csv,
    /// Bytes and lines of the header.
    pub(crate) header_bytes: usize,
    pub(crate) header_lines: u64,
    pub(crate) notices: Vec<Notice>,
}

impl Csv {
    /// Finds the dialect and the names from the first bytes of a file, which hold at least its first row.
    pub(crate) fn open(file: &Path, head: &[u8], options: &ReadOptions) -> Result<Opening, TableError> {
        let delimiter = options.delimiter.unwrap_or_else(|| sniff_delimiter(file, head, options));
        if !delimiter.is_ascii() || !options.quote.is_ascii() {
            return Err(TableError::usage("an ASCII character as delimiter and as quote", "another"));
        }
        let dialect = Dialect { delimiter, quote: options.quote };
        let mut csv = Self {
            file: file.to_owned(),
            dialect,
            rules: CellRules::new(options),
            names: vec![],
            first_is_nameless: false,
            wanted: vec![],
            model_row: "",
        };
        let blank = csv.blank_rows(head);
        let first_line = 1 + line_of(head, blank);
        let head = &head[blank..];
        let row = &head[..dialect.first_row(head)];
        let cells = csv.first_cells(row, first_line, options.max_columns)?;
        if cells.is_empty() {
            return Err(TableError::data(file, "rows of data", "blank lines only"));
        }
        let mut notices = Vec::new();
        if options.header == Header::Absent {
            csv.names = (1..=cells.len()).map(|i| format!("c{i}")).collect();
            csv.model_row = "in the first row";
            csv.wanted = wanted(&csv.names, options);
            return Ok(Opening { csv, header_bytes: blank, header_lines: first_line - 1, notices });
        }
        if options.header == Header::Auto && cells.iter().all(|cell| cell.parse::<f64>().is_ok()) {
            return Err(TableError::data(
                file,
                "a header with names of columns",
                "a first row of numbers only",
            )
            .at_line(first_line, None)
            .hint("{no-header} takes it for data, {header} for names all the same"));
        }
        csv.names = csv.header(cells, first_line, &mut notices)?;
        csv.model_row = "in the header";
        csv.wanted = wanted(&csv.names, options);
        let header_lines = first_line - 1 + line_of(row, row.len());
        Ok(Opening { csv, header_bytes: blank + row.len(), header_lines, notices })
    }

    /// Bytes of the blank rows in front.
    fn blank_rows(&self, head: &[u8]) -> usize {
        let mut at = 0;
        while at < head.len() {
            let end = at + self.dialect.first_row(&head[at..]);
            if !self.dialect.is_blank_row(&head[at..end]) {
                break;
            }
            at = end;
        }
        at
    }

    fn first_cells(&self, row: &[u8], line: u64, max_columns: usize) -> Result<Vec<String>, TableError> {
        let text = std::str::from_utf8(row).map_err(|e| self.not_utf8(row, e.valid_up_to(), line))?;
        if let Some(at) = memchr(0, row) {
            return Err(self.nul(row, at, line));
        }
        let mut cells = Vec::new();
        for_each_row(self.dialect, text.as_bytes(), |row| {
            cells = row.cells().map(str::to_owned).collect();
            Ok::<_, TableError>(())
        })?;
        if cells.len() > max_columns {
            return Err(TableError::data(
                &self.file,
                format!("at most {max_columns} columns"),
                format!("{}", cells.len()),
            )
            .at_line(line, None)
            .hint("are rows and columns exchanged? {max-columns} raises the limit"));
        }
        Ok(cells)
    }

    /// Checks names: none may stand twice, and one that is not there is made up.
    fn header(
        &mut self,
        names: Vec<String>,
        line: u64,
        notices: &mut Vec<Notice>,
    ) -> Result<Vec<String>, TableError> {
        let mut seen = HashMap::new();
        let mut unique = Vec::with_capacity(names.len());
        for (i, mut name) in names.into_iter().enumerate() {
            if name.is_empty() {
                name = format!("c{}", i + 1);
                let message = format!(
                    "{}:{line}: column {} has no name and is called {name:?}",
                    self.file.display(),
                    i + 1
                );
                notices.push(Notice::new(message).in_column(&name));
                self.first_is_nameless |= i == 0;
            }
            if let Some(first) = seen.insert(name.clone(), i) {
                return Err(TableError::data(
                    &self.file,
                    "names that differ",
                    format!("{} as columns {} and {}", shown(&name), first + 1, i + 1),
                )
                .at_line(line, None)
                .hint("rename one of them in the header"));
            }
            unique.push(name);
        }
        Ok(unique)
    }

    /// The cells of a block.
    fn grid<'a>(&self, block: &'a Block) -> Result<Grid<'a>, TableError> {
        let text: &'a [u8] = &block.bytes;
        if let Some(at) = memchr(0, text) {
            return Err(self.nul(text, at, block.line));
        }
        let text = std::str::from_utf8(text).map_err(|e| self.not_utf8(text, e.valid_up_to(), block.line))?;
        Ok(Grid::new(self.dialect, text, self.names.len()))
    }

    /// Refuses a block in which a row is too long or too short.
    fn check_width(&self, block: &Block, grid: &Grid<'_>) -> Result<(), TableError> {
        let Some(found) = grid.misfit() else { return Ok(()) };
        let width = self.names.len();
        let count = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
        let error =
            TableError::data(&self.file, format!("{}, as {}", count(width), self.model_row), count(found));
        Err(error.at(self.place(block, grid.rows() as u64, None)).hint(if found > width {
            "a cell that holds the delimiter must stand in quotes"
        } else {
            "was the row cut short? a cell that holds a line end must stand in quotes"
        }))
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Some columns of a block, and how many rows it has.
    pub(crate) fn read_counted(
        &self,
        block: &Block,
        columns: &[(usize, Field)],
    ) -> Result<(Vec<ArrayRef>, u64), TableError> {
        let grid = self.grid(block)?;
        let mut arrays = Vec::with_capacity(columns.len());
        // The first row with a cell that does not fit, its column and what is wrong with it.
        let mut first: Option<(usize, usize, TableError)> = None;
        for (i, field) in columns {
            let mut array = ColumnReader::new(field, grid.rows());
            let before = first.as_ref().map_or(grid.rows(), |(row, ..)| *row);
            for (row, text) in grid.column(*i).take(before).enumerate() {
                if let Err(error) = array.push(text, &self.rules) {
                    first = Some((row, *i, error));
                    break;
                }
            }
            arrays.push(array.finish());
        }
        if let Some((row, column, error)) = first {
            let name = &self.names[column];
            let place = self.place(block, row as u64, Some(name));
            return Err(error.in_file(&self.file).at(place).in_column(name));
        }
        self.check_width(block, &grid)?;
        Ok((arrays, grid.rows() as u64))
    }

    fn nul(&self, text: &[u8], at: usize, line: u64) -> TableError {
        TableError::data(&self.file, "text", "a NUL byte")
            .at_line(line + line_of(text, at), Some(character_of(text, at)))
            .hint("UTF-16 text is converted by: iconv -f UTF-16 -t UTF-8")
    }

    fn not_utf8(&self, text: &[u8], at: usize, line: u64) -> TableError {
        TableError::data(&self.file, "text in UTF-8", format!("the byte 0x{:02x}", text[at]))
            .at_line(line + line_of(text, at), Some(character_of(text, at)))
            .hint("text from Western Windows programs is converted by: iconv -f WINDOWS-1252 -t UTF-8")
    }

    /// The bytes of a row of a block.
    fn row_bytes(&self, text: &[u8], row: u64) -> Range<usize> {
        let (mut at, mut number) = (0, 0);
        while at < text.len() {
            let end = at + self.dialect.first_row(&text[at..]);
            if !self.dialect.is_blank_row(&text[at..end]) {
                if number == row {
                    return at..end;
                }
                number += 1;
            }
            at = end;
        }
        text.len()..text.len()
    }
}

impl RowFormat for Csv {
    fn dialect(&self) -> Option<Dialect> {
        Some(self.dialect)
    }

    fn row_names(&self) -> Option<&str> {
        self.first_is_nameless.then(|| self.names[0].as_str())
    }

    fn rules(&self) -> &CellRules {
        &self.rules
    }

    fn survey(&self, block: &Block, keep: bool) -> Result<Survey, TableError> {
        let grid = self.grid(block)?;
        self.check_width(block, &grid)?;
        let (mut columns, mut arrays) = (Vec::new(), Vec::new());
        for (i, (name, wanted)) in self.names.iter().zip(&self.wanted).enumerate() {
            let (counts, array) = infer(grid.column(i), grid.rows(), wanted, &self.rules, keep);
            columns.push(SurveyedColumn { name: name.clone(), counts });
            arrays.push(array);
        }
        Ok(Survey { rows: grid.rows() as u64, columns, arrays, indices: None })
    }

    fn read(&self, block: &Block, columns: &[(usize, Field)]) -> Result<Vec<ArrayRef>, TableError> {
        self.read_counted(block, columns).map(|(arrays, _)| arrays)
    }

    fn place(&self, block: &Block, row: u64, column: Option<&str>) -> Place {
        let row = self.row_bytes(&block.bytes, row);
        let line = block.line + line_of(&block.bytes, row.start);
        let column = column.and_then(|column| self.names.iter().position(|name| name == column));
        let Some(column) = column else { return Place::Line { line, column: None } };
        let text = &block.bytes[row];
        let start = self.dialect.cell_starts(text).get(column).copied().unwrap_or(0);
        let blanks = text[start..].iter().take_while(|&&b| b == b' ').count();
        Place::Line { line: line + line_of(text, start), column: Some(character_of(text, start + blanks)) }
    }
}

/// What a first look is to find out of the columns of these names.
fn wanted(names: &[String], options: &ReadOptions) -> Vec<Wanted> {
    let said = options.declared();
    names.iter().map(|name| said.field_of(name).map_or(Wanted::Type, Wanted::Cells)).collect()
}

/// The delimiter with which the most of the first rows have as many cells as the first.
fn sniff_delimiter(file: &Path, head: &[u8], options: &ReadOptions) -> u8 {
    const ROWS: usize = 100;
    let tab_first =
        file.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv") || e.eq_ignore_ascii_case("tab"));
    let candidates: &[u8] = if tab_first { b"\t,;|" } else { b",\t;|" };
    let mut best = (b',', 0.0, 1);
    let commas = options.decimal == Some(DecimalMark::Comma);
    for &delimiter in candidates.iter().filter(|&&d| !(commas && d == b',')) {
        let dialect = Dialect { delimiter, quote: options.quote };
        let whole = match dialect.scan(head).whole {
            0 => head.len(),
            whole => whole,
        };
        let mut widths = Vec::new();
        let _ = for_each_row(dialect, &head[..whole], |row| {
            widths.push(row.len());
            if widths.len() < ROWS { Ok(()) } else { Err(()) }
        });
        let Some(&first) = widths.first().filter(|&&first| first > 1) else { continue };
        let alike = widths.iter().filter(|&&width| width == first).count() as f64 / widths.len() as f64;
        if alike > best.1 || (alike == best.1 && first > best.2) {
            best = (delimiter, alike, first);
        }
    }
    best.0
}
