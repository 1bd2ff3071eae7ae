//! Tables of text: one survey of all rows finds the types and where the blocks lie, later passes read them.

use super::blocks::{Block, Blocks, BufferPool};
use super::cell_evidence::CellEvidence;
use super::cells::{CellCounts, not_a_number};
use super::column_cache::ColumnCache;
use super::csv::Csv;
use super::dates::DateFormat;
use super::json_lines::JsonLines;
use super::libsvm::Libsvm;
use super::row_format::{RowFormat, Survey, SurveyedColumn};
use super::strays::Sample;
use super::verdict::{Expected, Reading, judge, second_look};
use crate::arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use crate::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use crate::error::{Place, TableError};
use crate::notice::Notice;
use crate::read::cell_format::CellFormat;
use crate::read::input::Input;
use crate::read::input::detect::BOM;
use crate::read::input::format::Format;
use crate::read::options::ReadOptions;
use crate::read::parallel::ParallelMap;
use crate::read::table_file::{Batches, RowRange, TableFile, chunk_of};
use crate::row_names::RowNames;
use deltarule::Hint;
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A text file as a table.
pub(crate) struct TextTable {
    input: Input,
    format: Arc<dyn RowFormat>,
    fields: Vec<Field>,
    blocks: Arc<Vec<BlockAt>>,
    chunks: Vec<RowRange>,
    kept: Arc<ColumnCache>,
    notices: Vec<Notice>,
    threads: usize,
}

/// Cells that a block may become, about 64 MiB.
const LARGEST_BATCH: u64 = 8 << 20;

/// Where a block lies.
struct BlockAt {
    offset: u64,
    len: usize,
    line: u64,
}

impl TextTable {
    pub(crate) fn open(input: Input, format: Format, options: &ReadOptions) -> Result<Self, TableError> {
        let head = first_rows(&input, options)?;
        let mark = if input.bytes(0, BOM.len().min(input.len() as usize))? == BOM { BOM.len() } else { 0 };
        let (format, skip, lines, notices): (Arc<dyn RowFormat>, _, _, _) = match format {
            Format::JsonLines => (Arc::new(JsonLines::new(input.name(), options)), 0, 0, vec![]),
            Format::Libsvm => (Arc::new(Libsvm::new(input.name(), options)), 0, 0, vec![]),
            _ => {
                let opening = Csv::open(input.name(), &head, options)?;
                (Arc::new(opening.csv), opening.header_bytes, opening.header_lines, opening.notices)
            }
        };
        let mut table = Self {
            input,
            format,
            fields: vec![],
            blocks: Arc::default(),
            chunks: vec![],
            kept: Arc::default(),
            notices,
            threads: options.thread_count(),
        };
        let (offset, line) = ((mark + skip) as u64, lines + 1);
        let mut columns = table.survey(offset, line, options.block_bytes, options)?;
        // Few bytes of a sparse format can be many rows of very many columns: then the blocks must be smaller.
        let most = table
            .chunks
            .iter()
            .map(|chunk| chunk.rows)
            .max()
            .unwrap_or(0)
            .saturating_mul(columns.len() as u64);
        if most > LARGEST_BATCH {
            let smaller = options.block_bytes as u64 / most.div_ceil(LARGEST_BATCH);
            columns = table.survey(offset, line, smaller.max(1) as usize, options)?;
        }
        table.fields = table.types(columns, options)?;
        Ok(table)
    }

    /// Looks at all rows, from this byte and line on.
    fn survey(
        &mut self,
        offset: u64,
        line: u64,
        block_bytes: usize,
        options: &ReadOptions,
    ) -> Result<Vec<SurveyedColumn>, TableError> {
        let blocks = Blocks {
            file: self.input.name().to_owned(),
            reader: self.input.reader_at(offset)?,
            offset,
            line,
            dialect: self.format.dialect(),
            block_bytes,
            max_line_bytes: options.max_line_bytes,
            eager: false,
            rest: Vec::new(),
            ended: false,
            buffers: BufferPool::default(),
        };
        let buffers = blocks.buffers.clone();
        let format = Arc::clone(&self.format);
        let mut kept = ColumnCache::new(options.keep_bytes);
        let keeping = Arc::new(AtomicBool::new(options.keep_bytes > 0));
        let keep = Arc::clone(&keeping);
        let surveys = ParallelMap::new(self.threads, blocks, move |block: Result<Block, TableError>| {
            let block = block?;
            let survey = format.survey(&block, keep.load(Ordering::Relaxed))?;
            let at = BlockAt { offset: block.offset, len: block.bytes.len(), line: block.line };
            buffers.give(block);
            Ok((at, survey))
        });
        let (mut index, mut found, mut rows) = (Vec::new(), Vec::<SurveyedColumn>::new(), 0);
        let mut indices: Option<(usize, usize)> = None;
        self.chunks.clear();
        for survey in surveys {
            let (at, survey): (BlockAt, Survey) = survey?;
            if !kept.add(survey.arrays) {
                keeping.store(false, Ordering::Relaxed);
            }
            merge(&mut found, survey.columns, rows);
            if found.len() > options.max_columns {
                return Err(TableError::data(
                    self.input.name(),
                    format!("at most {} columns", options.max_columns),
                    format!("{} up to line {}", found.len(), at.line),
                )
                .hint("are names used as values? {max-columns} raises the limit"));
            }
            let (low, high) = indices.unwrap_or((usize::MAX, 0));
            indices = survey.indices.map(|(lowest, highest)| (lowest.min(low), highest.max(high)));
            index.push(at);
            self.chunks.push(RowRange { first_row: rows, rows: survey.rows });
            rows += survey.rows;
        }
        if rows == 0 {
            return Err(TableError::data(self.input.name(), "rows of data", "none").hint(if offset > 0 {
                "the file holds a header only"
            } else {
                "the file holds blank lines only"
            }));
        }
        self.blocks = Arc::new(index);
        self.kept = Arc::new(kept);
        if let Some((lowest, highest)) = indices.filter(|(lowest, highest)| lowest <= highest) {
            let dense = CellCounts { numbers: rows, ..CellCounts::default() };
            let highest = highest.max(options.highest_index);
            found.extend(
                (lowest.min(1)..=highest)
                    .map(|i| SurveyedColumn { name: format!("x{i}"), counts: dense.clone() }),
            );
        }
        Ok(found)
    }

    /// The fields of the columns, found from what was said and what the cells are.
    fn types(
        &mut self,
        mut columns: Vec<SurveyedColumn>,
        options: &ReadOptions,
    ) -> Result<Vec<Field>, TableError> {
        let declared = options.declared();
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut evidence: Vec<CellEvidence> = columns
            .iter_mut()
            .map(|column| match declared.is_open(&column.name) {
                true => column.counts.take_evidence(),
                false => CellEvidence::default(),
            })
            .collect();
        for column in second_look(&evidence, options) {
            evidence[column] = self.look_at_all(column, names[column], options)?;
        }
        let delimiter = self.format.dialect().map(|dialect| dialect.delimiter);
        let verdicts = judge(&names, &evidence, delimiter, options);
        let mut fields = Vec::with_capacity(columns.len());
        for (SurveyedColumn { name, counts }, verdict) in columns.into_iter().zip(verdicts) {
            self.notices.extend(verdict.notice);
            let plain = |data_type| Field::new(&name, data_type, true);
            let field = match (declared.field_of(&name), verdict.reading) {
                (Some(field), _) => field,
                (None, Reading::By(format, data_type)) => format.mark(plain(data_type)),
                (None, Reading::Refused(first, error)) => return Err(self.placed(error, &first, &name)),
                (None, Reading::Plain)
                    if declared.is_open(&name)
                        && counts.are_compact_dates()
                        && Expected::of(&name, options).may_be_dates() =>
                {
                    self.notices.push(compact_notice(&name));
                    let format = CellFormat::Dates(DateFormat::Compact);
                    format.mark(plain(format.data_type()))
                }
                (None, Reading::Plain) => plain(counts.data_type().map_err(|seen| {
                    let first = Sample { row: seen.row, text: seen.text.clone() };
                    let way_out = Hint::new("")
                        .setting("missing", format_args!("'{}'", first.text))
                        .and(" takes it for a missing value, ")
                        .setting("categorical", format_args!("'{name}'"))
                        .and(" takes all for words");
                    self.placed(not_a_number(&first.text).hint(way_out), &first, &name)
                })?),
            };
            let names_rows = self.format.row_names() == Some(&name);
            fields.push(if names_rows { RowNames::Nameless.mark(field) } else { field });
        }
        Ok(fields)
    }

    /// Looks at every cell of a column.
    fn look_at_all(
        &self,
        column: usize,
        name: &str,
        options: &ReadOptions,
    ) -> Result<CellEvidence, TableError> {
        let texts = [(column, Field::new(name, DataType::Utf8, true))];
        let said = options.date_format.as_ref();
        let mut evidence = CellEvidence::of_all_cells(said);
        for (block, chunk) in self.blocks.iter().zip(&self.chunks) {
            for array in self.format.read(&block.read(&self.input)?, &texts)? {
                let is_missing = |text: &str| self.format.rules().missing.is_text(text);
                evidence.add_all(array.as_string(), chunk.first_row, said, is_missing);
            }
        }
        Ok(evidence)
    }

    /// The error of a cell, in its place.
    fn placed(&self, error: TableError, cell: &Sample, column: &str) -> TableError {
        error.in_file(self.input.name()).at(self.place_of(cell.row, Some(column))).in_column(column)
    }

    fn place_of(&self, row: u64, column: Option<&str>) -> Place {
        let place = chunk_of(&self.chunks, row).and_then(|index| {
            let block = self.blocks[index].read(&self.input).ok()?;
            Some(self.format.place(&block, row - self.chunks[index].first_row, column))
        });
        place.unwrap_or(Place::Row(row + 1))
    }
}

/// A field of this type, its cells written as those of `own`.
fn written_as(field: &Field, own: &Field) -> Field {
    let plain = Field::new(field.name(), field.data_type().clone(), true);
    CellFormat::of(own).map_or(plain.clone(), |format| format.mark(plain))
}

/// What is said of whole numbers that are taken for dates.
fn compact_notice(column: &str) -> Notice {
    Notice::new(format!("column {column:?}: whole numbers such as 20220131 are read as dates"))
        .in_column(column)
        .hint(Hint::new("").setting("numeric", format_args!("'{column}'")).and(" takes them for numbers"))
}

/// Adds the columns of a later block, whose rows begin at `first_row`.
fn merge(found: &mut Vec<SurveyedColumn>, later: Vec<SurveyedColumn>, first_row: u64) {
    let same_order = later.len() == found.len() && later.iter().zip(&*found).all(|(a, b)| a.name == b.name);
    let mut by_name: HashMap<String, usize> = HashMap::new();
    if !same_order {
        by_name.extend(found.iter().enumerate().map(|(i, column)| (column.name.clone(), i)));
    }
    for (i, column) in later.into_iter().enumerate() {
        let known = if same_order { Some(i) } else { by_name.get(&column.name).copied() };
        let counts = match known {
            Some(i) => &mut found[i].counts,
            None => {
                found.push(SurveyedColumn { name: column.name, counts: CellCounts::default() });
                &mut found.last_mut().expect("one was just pushed").counts
            }
        };
        counts.merge(column.counts, first_row);
    }
}

impl TableFile for TextTable {
    fn file(&self) -> &Path {
        self.input.name()
    }

    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn chunks(&self) -> &[RowRange] {
        &self.chunks
    }

    fn notices(&self) -> Vec<Notice> {
        self.notices.clone()
    }

    fn read(&self, chunks: Range<usize>, columns: &[(usize, Field)]) -> Result<Batches, TableError> {
        let schema =
            Arc::new(Schema::new(columns.iter().map(|(_, field)| field.clone()).collect::<Vec<_>>()));
        // Each file of several has formats of its own.
        let columns: Vec<(usize, Field)> =
            columns.iter().map(|(i, field)| (*i, written_as(field, &self.fields[*i]))).collect();
        let (input, format) = (self.input.clone(), Arc::clone(&self.format));
        let (blocks, rows) = (Arc::clone(&self.blocks), self.chunks.clone());
        let kept = Arc::clone(&self.kept);
        let threads = self.threads.min(chunks.len());
        Ok(Box::new(ParallelMap::new(threads, chunks, move |index| {
            let held: Vec<Option<ArrayRef>> =
                columns.iter().map(|(i, field)| kept.column(index, *i, field, format.rules())).collect();
            let sought: Vec<(usize, Field)> = columns
                .iter()
                .zip(&held)
                .filter(|(_, held)| held.is_none())
                .map(|(c, _)| c.clone())
                .collect();
            let mut read = match sought.is_empty() {
                true => vec![],
                false => format.read(&blocks[index].read(&input)?, &sought)?,
            }
            .into_iter();
            let arrays = held.into_iter().filter_map(|held| held.or_else(|| read.next())).collect();
            let rows = usize::try_from(rows[index].rows).unwrap_or(usize::MAX);
            batch(input.name(), &schema, arrays, rows)
        })))
    }

    fn unmet_markers(&self) -> Vec<&str> {
        self.format.rules().missing.unmet()
    }

    fn kept_bytes(&self) -> usize {
        self.kept.bytes()
    }

    fn place(&self, row: u64, column: Option<usize>) -> Place {
        self.place_of(
            row,
            column.and_then(|column| self.fields.get(column)).map(|field| field.name().as_str()),
        )
    }
}

/// The batch of a block that was surveyed before.
fn batch(
    file: &Path,
    schema: &SchemaRef,
    arrays: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, TableError> {
    let rows = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), arrays, &rows)
        .map_err(|e| TableError::data(file, "the same file as when it was opened", e.to_string()))
}

impl BlockAt {
    fn read(&self, input: &Input) -> Result<Block, TableError> {
        Ok(Block { bytes: input.bytes(self.offset, self.len)?, offset: self.offset, line: self.line })
    }
}

/// The first bytes of a file: some hundred rows, but at least the first.
fn first_rows(input: &Input, options: &ReadOptions) -> Result<Vec<u8>, TableError> {
    const ENOUGH: usize = 256 << 10;
    let head = input.head(ENOUGH)?;
    if head.contains(&b'\n') || (head.len() as u64) >= input.len() - 3.min(input.len()) {
        return Ok(head);
    }
    input.head(options.max_line_bytes)
}
