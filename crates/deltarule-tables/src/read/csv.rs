//! Comma-separated values and their kin. `csv-core` tells the cells apart; it is the tokeniser that the Arrow
//! reader stands on, too. That reader itself trims no blanks, knows no decimal comma, and names neither the column
//! of a bad cell nor the line of an open quote.

use super::blocks::Block;
use super::cells::{CellRules, Column, Profile};
use super::options::{Header, ReadOptions};
use super::rows::{Marks, character_of, line_of, without};
use super::text::{Found, RowFormat, Survey};
use crate::error::{Place, TableError, shown};
use arrow::array::ArrayRef;
use arrow::datatypes::Field;
use memchr::memchr;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A CSV file: its marks and its columns.
pub(crate) struct Csv {
    file: PathBuf,
    marks: Marks,
    rules: CellRules,
    names: Vec<String>,
    /// Where the row length is from, for messages.
    model_row: &'static str,
}

/// What the first bytes of a CSV file tell.
pub(crate) struct Opening {
    pub(crate) csv: Csv,
    /// Bytes and lines of the header.
    pub(crate) header_bytes: usize,
    pub(crate) header_lines: u64,
    pub(crate) warnings: Vec<String>,
}

impl Csv {
    /// Reads marks and names from the first bytes of a file, which hold at least its first row.
    pub(crate) fn open(file: &Path, head: &[u8], options: &ReadOptions) -> Result<Opening, TableError> {
        let delimiter = options.delimiter.unwrap_or_else(|| sniff_delimiter(file, head, options));
        let marks = Marks { delimiter, quote: options.quote };
        let mut csv = Self {
            file: file.to_owned(),
            marks,
            rules: CellRules::new(options),
            names: vec![],
            model_row: "",
        };
        let blank = csv.blank_rows(head);
        let first_line = 1 + line_of(head, blank);
        let head = &head[blank..];
        let row = &head[..marks.first_row(head)];
        let cells = csv.first_cells(row, first_line, options.max_columns)?;
        if cells.is_empty() {
            return Err(TableError::data(file, "rows of data", "blank lines only"));
        }
        let mut warnings = Vec::new();
        if options.header == Header::Absent {
            csv.names = (1..=cells.len()).map(|i| format!("c{i}")).collect();
            csv.model_row = "in the first row";
            return Ok(Opening { csv, header_bytes: blank, header_lines: first_line - 1, warnings });
        }
        if options.header == Header::Auto && cells.iter().all(|cell| cell.parse::<f64>().is_ok()) {
            return Err(TableError::data(
                file,
                "a header with names of columns",
                "a first row of numbers only",
            )
            .at_line(first_line, None)
            .hint("--no-header takes it for data, --header for names all the same"));
        }
        csv.names = csv.header(cells, first_line, &mut warnings)?;
        csv.model_row = "in the header";
        let header_lines = first_line - 1 + line_of(row, row.len());
        Ok(Opening { csv, header_bytes: blank + row.len(), header_lines, warnings })
    }

    /// Bytes of the blank rows in front.
    fn blank_rows(&self, head: &[u8]) -> usize {
        let mut at = 0;
        while at < head.len() {
            let end = at + self.marks.first_row(&head[at..]);
            if !self.marks.is_blank_row(&head[at..end]) {
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
        let text = self.without_blanks(text.as_bytes());
        for_each_row(self.marks, &text, |_, row| {
            cells = (0..row.len()).map(|i| row.cell(i).to_owned()).collect();
            Ok::<_, RowError>(())
        })
        .map_err(|_| self.not_utf8(row, 0, line))?;
        if cells.len() > max_columns {
            return Err(TableError::data(
                &self.file,
                format!("at most {max_columns} columns"),
                format!("{}", cells.len()),
            )
            .at_line(line, None)
            .hint("are rows and columns exchanged? --max-columns raises the limit"));
        }
        Ok(cells)
    }

    /// Checks names: none may stand twice, and one that is not there is made up.
    fn header(
        &self,
        names: Vec<String>,
        line: u64,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<String>, TableError> {
        let mut seen = HashMap::new();
        let mut unique = Vec::with_capacity(names.len());
        for (i, mut name) in names.into_iter().enumerate() {
            if name.is_empty() {
                name = format!("c{}", i + 1);
                warnings.push(format!(
                    "{}:{line}: column {} has no name and is called {name:?}",
                    self.file.display(),
                    i + 1
                ));
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

    /// The text with no blanks between a delimiter and an opening quote.
    fn without_blanks<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if memchr(self.marks.quote, text).is_some() {
            let blanks = self.marks.scan(text).blanks;
            if !blanks.is_empty() {
                return Cow::Owned(without(text, &blanks));
            }
        }
        Cow::Borrowed(text)
    }

    /// Calls `see` for each row of a block, and puts file and line to its error.
    fn rows<'a>(
        &self,
        block: &'a Block,
        mut see: impl FnMut(u64, &Row<'_>) -> Result<(), RowError>,
    ) -> Result<u64, TableError> {
        let text: &'a [u8] = &block.bytes;
        if let Some(at) = memchr(0, text) {
            return Err(self.nul(text, at, block.line));
        }
        if let Err(e) = std::str::from_utf8(text) {
            return Err(self.not_utf8(text, e.valid_up_to(), block.line));
        }
        let width = self.names.len();
        let text = self.without_blanks(text);
        let mut number = 0;
        let seen = for_each_row(self.marks, &text, |row_number, row| {
            number = row_number;
            if row.len() != width {
                return Err(RowError::Width(row.len()));
            }
            see(row_number, row)
        });
        seen.map_err(|error| match error {
            RowError::Width(found) => {
                let place = self.place(block, number, None);
                let count = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
                TableError::data(&self.file, format!("{}, as {}", count(width), self.model_row), count(found))
                    .at(place)
                    .hint(if found > width {
                        "a cell that holds the delimiter must stand in quotes"
                    } else {
                        "was the row cut short? a cell that holds a line end must stand in quotes"
                    })
            }
            RowError::Cell(column, error) => error
                .in_file(&self.file)
                .at(self.place(block, number, Some(&self.names[column])))
                .in_column(&self.names[column]),
        })
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
        let mut arrays: Vec<Column> =
            columns.iter().map(|(_, field)| Column::new(field.data_type())).collect();
        let rows = self.rows(block, |_, row| {
            for ((i, _), array) in columns.iter().zip(&mut arrays) {
                array.push(row.cell(*i), &self.rules).map_err(|e| RowError::Cell(*i, e))?;
            }
            Ok(())
        })?;
        Ok((arrays.into_iter().map(Column::finish).collect(), rows))
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
            let end = at + self.marks.first_row(&text[at..]);
            if !self.marks.is_blank_row(&text[at..end]) {
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
    fn marks(&self) -> Option<Marks> {
        Some(self.marks)
    }

    fn survey(&self, block: &Block) -> Result<Survey, TableError> {
        let mut profiles = vec![Profile::default(); self.names.len()];
        let rows = self.rows(block, |number, row| {
            for (i, profile) in profiles.iter_mut().enumerate() {
                let text = row.cell(i);
                profile.add(self.rules.read(text), text, number);
            }
            Ok(())
        })?;
        let columns = self
            .names
            .iter()
            .zip(profiles)
            .map(|(name, profile)| Found { name: name.clone(), profile })
            .collect();
        Ok(Survey { rows, columns, indices: None })
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
        let start = self.marks.cell_starts(text).get(column).copied().unwrap_or(0);
        let blanks = text[start..].iter().take_while(|&&b| b == b' ').count();
        Place::Line { line: line + line_of(text, start), column: Some(character_of(text, start + blanks)) }
    }
}

/// What is wrong with a row.
enum RowError {
    /// It has this many cells.
    Width(usize),
    /// The cell of this column is not what the column wants.
    Cell(usize, TableError),
}

/// The cells of one row.
struct Row<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl Row<'_> {
    fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell without the blanks around it.
    fn cell(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        let cell = &self.text[start..self.ends[i]];
        let bytes = cell.as_bytes();
        match (bytes.first(), bytes.last()) {
            (Some(first), Some(last)) if *first <= b' ' || *last <= b' ' => cell.trim_ascii(),
            _ => cell,
        }
    }
}

/// Calls `see` with the number and the cells of each row that is not blank; returns how many there are.
fn for_each_row<E>(
    marks: Marks,
    text: &[u8],
    mut see: impl FnMut(u64, &Row<'_>) -> Result<(), E>,
) -> Result<u64, E> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(marks.delimiter).quote(marks.quote).build();
    let (mut cells, mut ends) = (vec![0; 4096], vec![0; 64]);
    let (mut at, mut filled, mut count, mut rows) = (0, 0, 0, 0);
    loop {
        let (result, read, wrote, ended) =
            reader.read_record(&text[at..], &mut cells[filled..], &mut ends[count..]);
        at += read;
        filled += wrote;
        count += ended;
        match result {
            // Called again without input, the reader ends the row that the text ends with.
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::OutputFull => cells.resize(2 * cells.len(), 0),
            csv_core::ReadRecordResult::OutputEndsFull => ends.resize(2 * ends.len(), 0),
            csv_core::ReadRecordResult::End => return Ok(rows),
            csv_core::ReadRecordResult::Record => {
                // The callers see to it that the text is UTF-8; only whole ASCII characters are taken out of it.
                let row =
                    Row { text: std::str::from_utf8(&cells[..filled]).unwrap_or(""), ends: &ends[..count] };
                let blank = count == 1 && filled > 0 && row.text.trim_ascii().is_empty();
                if !blank {
                    see(rows, &row)?;
                    rows += 1;
                }
                (filled, count) = (0, 0);
            }
        }
    }
}

/// The delimiter with which the most of the first rows have as many cells as the first.
fn sniff_delimiter(file: &Path, head: &[u8], options: &ReadOptions) -> u8 {
    const ROWS: usize = 100;
    let tab_first =
        file.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv") || e.eq_ignore_ascii_case("tab"));
    let candidates: &[u8] = if tab_first { b"\t,;|" } else { b",\t;|" };
    let mut best = (b',', 0.0, 1);
    for &delimiter in candidates.iter().filter(|&&d| !(options.decimal_comma && d == b',')) {
        let marks = Marks { delimiter, quote: options.quote };
        let whole = match marks.scan(head).whole {
            0 => head.len(),
            whole => whole,
        };
        let mut widths = Vec::new();
        let _ = for_each_row(marks, &head[..whole], |_, row| {
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
