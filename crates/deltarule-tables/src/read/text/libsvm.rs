//! LIBSVM's format: `label index:value index:value …`, where values that are not written are zero.

use super::blocks::Block;
use super::cell::Cell;
use super::cells::{CellCounts, CellRules, ColumnBuilder};
use super::dialect::Dialect;
use super::row_format::{RowFormat, Survey, SurveyedColumn};
use crate::arrow::array::{ArrayRef, Float64Array};
use crate::arrow::datatypes::Field;
use crate::error::{Place, TableError, shown};
use crate::read::options::ReadOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A LIBSVM file. Its columns are `label`, then `x1`, `x2`, … (from `x0` on where the index 0 occurs).
pub(crate) struct Libsvm {
    file: PathBuf,
    rules: CellRules,
    max_columns: usize,
}

/// The name of the first column.
const LABEL: &str = "label";

/// A line that is not blank: its number from zero, and its text without the comment.
struct Line<'a> {
    number: u64,
    text: &'a str,
}

impl Line<'_> {
    /// The character, from one, at which a word of the line begins.
    fn character(&self, word: &str) -> u64 {
        let offset = (word.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.text.get(..offset).map_or(0, |before| before.chars().count()) as u64 + 1
    }
}

impl Libsvm {
    pub(crate) fn new(file: &Path, options: &ReadOptions) -> Self {
        Self { file: file.to_owned(), rules: CellRules::new(options), max_columns: options.max_columns }
    }

    fn lines<'a>(&self, block: &'a Block) -> Result<impl Iterator<Item = Line<'a>>, TableError> {
        let text = std::str::from_utf8(&block.bytes).map_err(|e| {
            let line = super::dialect::line_of(&block.bytes, e.valid_up_to());
            TableError::data(
                &self.file,
                "text in UTF-8",
                format!("the byte 0x{:02x}", block.bytes[e.valid_up_to()]),
            )
            .at_line(block.line + line, None)
        })?;
        let content = |(number, line): (u64, &'a str)| {
            let text = line.split('#').next().unwrap_or("");
            (!text.trim_ascii().is_empty()).then_some(Line { number, text })
        };
        Ok((0..).zip(text.split('\n')).filter_map(content))
    }

    /// Calls `see` with each index and value of a line; the indices must ascend.
    fn pairs(
        &self,
        block: &Block,
        line: &Line<'_>,
        mut see: impl FnMut(usize, f64),
    ) -> Result<(), TableError> {
        let mut last = None;
        for word in line.text.split_ascii_whitespace().skip(1) {
            let wrong = |expected: &str| {
                TableError::data(&self.file, expected, shown(word))
                    .at_line(block.line + line.number, Some(line.character(word)))
            };
            let Some((index, value)) = word.split_once(':') else { return Err(wrong("index:value")) };
            if index == "qid" {
                return Err(wrong("index:value").hint("rankings by query are not learned here; take qid out"));
            }
            let index: u64 = index.parse().map_err(|_| wrong("an index from 0 or 1 on before the colon"))?;
            let Some(column) = usize::try_from(index).ok().filter(|&index| index < self.max_columns) else {
                return Err(wrong(&format!("an index of at most {}", self.max_columns - 1))
                    .hint("{max-columns} raises the limit"));
            };
            let value = match self.rules.read(value) {
                Cell::Integer(value) => value as f64,
                Cell::Number(value) => value,
                Cell::Missing => f64::NAN,
                _ => return Err(wrong("a number after the colon")),
            };
            if last.is_some_and(|last| last >= column) {
                return Err(wrong("indices that ascend").hint("sort the pairs of each line by their index"));
            }
            last = Some(column);
            see(column, value);
        }
        Ok(())
    }
}

fn label<'a>(line: &Line<'a>) -> &'a str {
    line.text.split_ascii_whitespace().next().unwrap_or("")
}

impl RowFormat for Libsvm {
    fn dialect(&self) -> Option<Dialect> {
        None
    }

    fn rules(&self) -> &CellRules {
        &self.rules
    }

    fn survey(&self, block: &Block, _: bool) -> Result<Survey, TableError> {
        let (mut rows, mut counts) = (0, CellCounts::default());
        let (mut lowest, mut highest) = (usize::MAX, 0);
        for line in self.lines(block)? {
            let text = label(&line);
            if text.contains(':') {
                return Err(TableError::data(&self.file, "a label first", shown(text))
                    .at_line(block.line + line.number, Some(line.character(text))));
            }
            counts.add(self.rules.read(text), text, rows);
            self.pairs(block, &line, |index, _| {
                lowest = lowest.min(index);
                highest = highest.max(index);
            })?;
            rows += 1;
        }
        let columns = vec![SurveyedColumn { name: LABEL.to_owned(), counts }];
        Ok(Survey { rows, columns, arrays: vec![], indices: Some((lowest, highest)) })
    }

    fn read(&self, block: &Block, columns: &[(usize, Field)]) -> Result<Vec<ArrayRef>, TableError> {
        let lines: Vec<Line<'_>> = self.lines(block)?.collect();
        let mut dense: Vec<Vec<f64>> = Vec::new();
        // For each index of the file, which of the dense columns it fills.
        let mut filled: Vec<Option<usize>> = Vec::new();
        for (_, field) in columns {
            if let Some(index) = field.name().strip_prefix('x').and_then(|index| index.parse::<usize>().ok())
            {
                filled.resize(filled.len().max(index + 1), None);
                filled[index] = Some(dense.len());
                dense.push(vec![0.0; lines.len()]);
            }
        }
        for (row, line) in lines.iter().enumerate() {
            self.pairs(block, line, |index, value| {
                if let Some(Some(column)) = filled.get(index) {
                    dense[*column][row] = value;
                }
            })?;
        }
        let mut dense = dense.into_iter();
        let one = |(_, field): &(usize, Field)| -> Result<ArrayRef, TableError> {
            if field.name() != LABEL {
                return Ok(Arc::new(Float64Array::from(dense.next().unwrap_or_default())));
            }
            let mut labels = ColumnBuilder::new(field.data_type(), lines.len());
            for line in &lines {
                labels.push(label(line), &self.rules).map_err(|e| {
                    e.in_file(&self.file).at_line(block.line + line.number, Some(1)).in_column(LABEL)
                })?;
            }
            Ok(labels.finish())
        };
        columns.iter().map(one).collect()
    }

    fn place(&self, block: &Block, row: u64, _: Option<&str>) -> Place {
        let line = self.lines(block).ok().and_then(|mut lines| lines.nth(usize::try_from(row).ok()?));
        line.map_or(Place::Whole, |line| Place::Line { line: block.line + line.number, column: None })
    }
}
