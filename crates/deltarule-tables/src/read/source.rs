//! One or several files as one table.

use super::binary::{IpcTable, NpyTable, ParquetTable};
use super::cell_format::CellFormat;
use super::input::detect::detect;
use super::input::format::Format;
use super::input::{Input, matching};
use super::options::{Inference, ReadOptions};
use super::table_file::{Batches, TableFile};
use super::text::{Stdin, TextTable, open_stdin};
use super::types::TIMESTAMP;
use crate::arrow::array::RecordBatch;
use crate::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use crate::error::{Place, TableError};
use crate::notice::Notice;
use crate::table::{BatchIterator, Table};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// One or several files as one table, to be read as often as need be.
pub struct Source {
    tables: Vec<Arc<dyn TableFile>>,
    schema: SchemaRef,
    chunks: Vec<Chunk>,
    batch_rows: usize,
}

/// A piece of a [`Source`] that can be read by itself: a row group, a batch, a stretch of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// The number of its first row in the whole table, counted from zero.
    pub first_row: u64,
    /// How many rows it has.
    pub rows: u64,
    table: usize,
    index: usize,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.tables.iter().map(|table| table.file()).collect();
        f.debug_struct("Source").field("files", &files).field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Source {
    /// Opens files as one table, in the order given. `-` is standard input; a path with `*`, `?` or `[…]` stands for
    /// the files it matches, in the order of their names.
    ///
    /// All rows of a text file are looked at here, so that no type has to be revised and no malformed row turns up
    /// later.
    ///
    /// # Errors
    /// When a file cannot be read, is malformed, or does not have the columns of the first.
    pub fn open(paths: &[impl AsRef<Path>], options: &ReadOptions) -> Result<Self, TableError> {
        let mut files = Vec::new();
        for path in paths {
            files.extend(matching(path.as_ref())?);
        }
        if files.is_empty() {
            return Err(TableError::usage("a file", "none"));
        }
        let mut tables: Vec<Arc<dyn TableFile>> = Vec::with_capacity(files.len());
        let mut left = options.clone();
        for file in &files {
            let table = open(file, &left)?;
            left.keep_bytes -= table.kept_bytes();
            tables.push(table);
        }
        let fields = agreed(&tables, options)?;
        let mut chunks = Vec::new();
        let mut first_row = 0;
        for (table, reader) in tables.iter().enumerate() {
            for (index, chunk) in reader.chunks().iter().enumerate() {
                chunks.push(Chunk { first_row, rows: chunk.rows, table, index });
                first_row += chunk.rows;
            }
        }
        let batch_rows = options.rows_for(fields.len());
        Ok(Self { tables, schema: Arc::new(Schema::new(fields)), chunks, batch_rows })
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The pieces that can be read by themselves, in the order of the rows.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// How many rows there are; those of a stream are not counted.
    pub fn rows(&self) -> u64 {
        self.chunks.last().map_or(0, |chunk| chunk.first_row + chunk.rows)
    }

    /// All rows, in order: of the columns at these positions of the schema, in this order, or of all.
    ///
    /// # Errors
    /// When a position is beyond the schema; the iterator yields an error and ends where reading fails.
    pub fn batches(&self, columns: Option<&[usize]>) -> Result<SourceBatches, TableError> {
        let columns = self.projection(columns)?;
        let tables = self.tables.clone();
        let mut parts = tables.into_iter();
        let next = move || parts.next().map(|table| table.read(0..table.chunks().len(), &columns));
        Ok(SourceBatches {
            next: Box::new(next),
            current: None,
            batch: None,
            batch_rows: self.batch_rows,
            failed: false,
        })
    }

    /// The rows of one chunk, in order; columns as in [`Source::batches`].
    ///
    /// # Errors
    /// As [`Source::batches`].
    ///
    /// # Panics
    /// When there is no chunk of this index.
    pub fn chunk(&self, index: usize, columns: Option<&[usize]>) -> Result<SourceBatches, TableError> {
        let columns = self.projection(columns)?;
        let Chunk { table, index, .. } = self.chunks[index];
        let part = self.tables[table].read(index..index + 1, &columns);
        let mut parts = std::iter::once(part);
        let next = move || parts.next();
        Ok(SourceBatches {
            next: Box::new(next),
            current: None,
            batch: None,
            batch_rows: self.batch_rows,
            failed: false,
        })
    }

    /// The file in which a row stands, counted from zero over all files, and where; or the cell of the row in the
    /// column at this position of the schema. It is looked up in the file, so ask only to tell a person.
    pub fn locate(&self, row: u64, column: Option<usize>) -> (&Path, Place) {
        let after = self.chunks.partition_point(|chunk| chunk.first_row <= row).max(1);
        let Some(chunk) = self.chunks.get(after - 1) else { return (self.tables[0].file(), Place::Whole) };
        let table = &self.tables[chunk.table];
        let start = self.chunks[after - 1 - chunk.index].first_row;
        (table.file(), table.place(row - start, column))
    }

    /// A mistake in a cell, placed in its file.
    pub fn cell_error(
        &self,
        row: u64,
        column: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> TableError {
        let (file, place) = self.locate(row, Some(column));
        TableError::data(file, expected, found).at(place).in_column(self.schema.field(column).name())
    }

    fn projection(&self, columns: Option<&[usize]>) -> Result<Vec<(usize, Field)>, TableError> {
        let all: Vec<usize>;
        let columns = match columns {
            Some(columns) => columns,
            None => {
                all = (0..self.schema.fields().len()).collect();
                &all
            }
        };
        let width = self.schema.fields().len();
        let one = |&column: &usize| match self.schema.fields().get(column) {
            Some(field) => Ok((column, field.as_ref().clone())),
            None => Err(TableError::usage(format!("columns 0 to {}", width.max(1) - 1), format!("{column}"))),
        };
        columns.iter().map(one).collect()
    }
}

impl Table for Source {
    fn name(&self) -> String {
        self.locate(0, None).0.display().to_string()
    }

    fn schema(&self) -> SchemaRef {
        self.schema().clone()
    }

    fn batches(&self, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError> {
        Ok(Box::new(self.batches(columns)?))
    }

    fn chunks(&self) -> Vec<u64> {
        self.chunks().iter().map(|chunk| chunk.rows).collect()
    }

    fn chunk(&self, index: usize, columns: Option<&[usize]>) -> Result<BatchIterator<'_>, TableError> {
        Ok(Box::new(self.chunk(index, columns)?))
    }

    fn cell_error(&self, row: u64, column: usize, expected: &str, found: &str) -> TableError {
        self.cell_error(row, column, expected, found)
    }

    fn notices(&self) -> Vec<Notice> {
        self.tables.iter().flat_map(|table| table.notices()).collect()
    }

    fn unmet_markers(&self) -> Vec<String> {
        let unmet = |marker: &&str| self.tables.iter().all(|table| table.unmet_markers().contains(marker));
        self.tables[0].unmet_markers().into_iter().filter(unmet).map(str::to_owned).collect()
    }
}

/// The rows of a [`Source`], or of a chunk of it, as batches.
pub struct SourceBatches {
    next: Box<dyn FnMut() -> Option<Result<Batches, TableError>> + Send>,
    current: Option<Batches>,
    /// What is left of the batch that was read last.
    batch: Option<RecordBatch>,
    batch_rows: usize,
    failed: bool,
}

impl Iterator for SourceBatches {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.failed {
                return None;
            }
            if let Some(batch) = self.batch.take() {
                if batch.num_rows() <= self.batch_rows {
                    return Some(Ok(batch));
                }
                let rest = batch.num_rows() - self.batch_rows;
                self.batch = Some(batch.slice(self.batch_rows, rest));
                return Some(Ok(batch.slice(0, self.batch_rows)));
            }
            let read = match &mut self.current {
                Some(current) => current.next(),
                None => match (self.next)()? {
                    Ok(batches) => {
                        self.current = Some(batches);
                        continue;
                    }
                    Err(e) => Some(Err(e)),
                },
            };
            match read {
                None => self.current = None,
                Some(Ok(batch)) => self.batch = Some(batch).filter(|batch| batch.num_rows() > 0),
                Some(Err(e)) => {
                    self.failed = true;
                    return Some(Err(e));
                }
            }
        }
    }
}

impl fmt::Debug for SourceBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceBatches").field("failed", &self.failed).finish_non_exhaustive()
    }
}

fn open(file: &Path, options: &ReadOptions) -> Result<Arc<dyn TableFile>, TableError> {
    let input = if file == Path::new("-") && options.inference == Inference::Declared {
        match open_stdin(io::stdin(), options)? {
            Stdin::Csv(table) => return Ok(Arc::new(table)),
            Stdin::Other(input) => input,
        }
    } else {
        Input::open(file, options)?
    };
    let format = match options.format {
        Some(format) if input.len() > 0 => format,
        _ => detect(input.name(), &input.head(4096)?)?,
    };
    Ok(match format {
        Format::Csv | Format::JsonLines | Format::Libsvm => {
            Arc::new(TextTable::open(input, format, options)?)
        }
        Format::Parquet => Arc::new(ParquetTable::open(input, options)?),
        Format::ArrowFile | Format::ArrowStream => Arc::new(IpcTable::open(input, format, options)?),
        Format::Npy => Arc::new(NpyTable::npy(input, options)?),
        Format::Npz => Arc::new(NpyTable::npz(input, options)?),
        Format::Idx => {
            return Err(TableError::usage("a table", format!("{}, an IDX file", file.display()))
                .hint("name the folder that holds images and labels"));
        }
    })
}

/// The columns that all tables share, with types that hold the values of each.
fn agreed(tables: &[Arc<dyn TableFile>], options: &ReadOptions) -> Result<Vec<Field>, TableError> {
    let first = &tables[0];
    let declared = options.declared();
    let mut fields = first.fields().to_vec();
    for table in &tables[1..] {
        let differ = |expected: String, found: String| {
            TableError::data(table.file(), format!("{expected}, as in {}", first.file().display()), found)
                .hint("files read as one table need the same columns in the same order")
        };
        let found = table.fields();
        for (field, other) in fields.iter_mut().zip(found) {
            if field.name() != other.name() {
                return Err(differ(format!("a column {:?}", field.name()), format!("{:?}", other.name())));
            }
            match wider(field.data_type(), other.data_type()) {
                Some(data_type) => {
                    field.set_data_type(data_type);
                    if let (None, Some(format)) = (CellFormat::of(field), CellFormat::of(other)) {
                        *field = format.mark(field.clone());
                    }
                }
                None if declared.may_be_anything(field.name()) => {
                    field.set_data_type(DataType::Utf8);
                    CellFormat::unmark(field);
                }
                None => {
                    return Err(differ(
                        format!("{} in column {:?}", called(field.data_type()), field.name()),
                        called(other.data_type()).to_owned(),
                    ));
                }
            }
        }
        if found.len() != fields.len() {
            return Err(differ(format!("{} columns", fields.len()), format!("{}", found.len())));
        }
    }
    for field in &mut fields {
        if *field.data_type() == DataType::Null {
            field.set_data_type(DataType::Float64);
        }
    }
    Ok(fields)
}

/// The type that holds the values of both, if there is one.
fn wider(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Date32, Float32, Float64, Int64, Null, Timestamp};
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (Null, other) | (other, Null) => Some(other.clone()),
        (Int64 | Float32 | Float64, Int64 | Float32 | Float64) => Some(Float64),
        (Date32, Timestamp(..)) | (Timestamp(..), Date32) => Some(TIMESTAMP),
        _ => None,
    }
}

/// What a message calls a type.
fn called(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "true or false",
        DataType::Int64 | DataType::Float32 | DataType::Float64 => "numbers",
        DataType::Utf8 => "text",
        DataType::Date32 => "dates",
        DataType::Timestamp(..) => "times",
        _ => "nothing",
    }
}
