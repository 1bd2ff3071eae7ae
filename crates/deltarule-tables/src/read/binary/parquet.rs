//! Parquet, by the `parquet` crate; its pages are checked before, and its columns shared among threads.

use super::contained::contained;
use super::pages;
use crate::arrow::array::{ArrayRef, RecordBatch, new_null_array};
use crate::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use crate::error::{Place, TableError};
use crate::read::input::Input;
use crate::read::missing::Missing;
use crate::read::options::ReadOptions;
use crate::read::table_file::{Batches, RowRange, TableFile};
use crate::read::types::{batch_of, settled_fields};
use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use std::iter;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

/// A Parquet file as a table; its chunks are its row groups.
pub(crate) struct ParquetTable {
    input: Input,
    metadata: ArrowReaderMetadata,
    fields: Vec<Field>,
    chunks: Vec<RowRange>,
    missing: Missing,
    threads: usize,
    batch_rows: usize,
}

const EXPECTED: &str = "a Parquet file";

impl ParquetTable {
    pub(crate) fn open(input: Input, options: &ReadOptions) -> Result<Self, TableError> {
        let file = input.file()?;
        check_footer(&input)?;
        // The Arrow schema that some writers add says nothing that matters once the types are settled.
        let only_parquet = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = contained(input.name(), EXPECTED, || ArrowReaderMetadata::load(&file, only_parquet))?;
        let about_file = metadata.metadata().file_metadata().key_value_metadata();
        let pandas = about_file.and_then(|pairs| pairs.iter().find(|pair| pair.key == "pandas"));
        let pandas = pandas.and_then(|pair| pair.value.as_deref());
        let fields = settled_fields(input.name(), metadata.schema().fields(), pandas, options)?;
        let mut chunks = Vec::new();
        let mut first_row = 0_u64;
        for group in metadata.metadata().row_groups() {
            let rows =
                u64::try_from(group.num_rows()).ok().filter(|rows| first_row.checked_add(*rows).is_some());
            let Some(rows) = rows else {
                return Err(TableError::data(
                    input.name(),
                    EXPECTED,
                    format!("a row group of {} rows", group.num_rows()),
                )
                .hint("the file is damaged; fetch or write it again"));
            };
            chunks.push(RowRange { first_row, rows });
            first_row += rows;
        }
        if first_row == 0 {
            return Err(TableError::data(input.name(), "rows of data", "none"));
        }
        pages::check(&input, metadata.metadata(), |root| *fields[root].data_type() != DataType::Null)?;
        let batch_rows = options.rows_for(fields.len());
        let (threads, missing) = (options.thread_count(), Missing::new(options));
        Ok(Self { input, metadata, fields, chunks, missing, threads, batch_rows })
    }

    /// Shares columns among threads so that each has about as many bytes to decode.
    fn shares(&self, row_groups: Range<usize>, columns: &[(usize, Field)]) -> Vec<Vec<usize>> {
        let parquet = self.metadata.parquet_schema();
        let mut sizes = vec![0; self.fields.len()];
        for group in &self.metadata.metadata().row_groups()[row_groups] {
            for (leaf, column) in group.columns().iter().enumerate() {
                sizes[parquet.get_column_root_idx(leaf)] +=
                    column.uncompressed_size().max(0).saturating_add(1000);
            }
        }
        let mut wanted: Vec<usize> = columns
            .iter()
            .map(|(i, _)| *i)
            .filter(|&i| *self.fields[i].data_type() != DataType::Null)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.sort_by_key(|&i| std::cmp::Reverse(sizes[i]));
        let mut shares = vec![(0_i64, Vec::new()); self.threads.clamp(1, wanted.len().max(1))];
        for column in wanted {
            let least = shares.iter_mut().min_by_key(|share| share.0).expect("at least one share");
            least.0 = least.0.saturating_add(sizes[column]);
            least.1.push(column);
        }
        shares
            .into_iter()
            .map(|(_, mut columns)| {
                columns.sort_unstable();
                columns
            })
            .collect()
    }

    fn decoder(&self, row_groups: Range<usize>, roots: &[usize]) -> Result<Decoder, TableError> {
        let file = self.input.file()?;
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots.iter().copied());
        let reader = contained(self.input.name(), EXPECTED, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(row_groups.collect())
                .with_projection(mask)
                .with_batch_size(self.batch_rows)
                .build()
        })?;
        Ok(Decoder { input: self.input.clone(), reader })
    }
}

/// Reads some columns, batch by batch.
struct Decoder {
    input: Input,
    reader: ParquetRecordBatchReader,
}

impl Iterator for Decoder {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        contained(self.input.name(), EXPECTED, || self.reader.next().transpose()).transpose()
    }
}

/// The batches of `decoder`, decoded by a thread of their own.
fn ahead(decoder: Decoder) -> Batches {
    let (sender, receiver) = sync_channel(2);
    thread::spawn(move || {
        for batch in decoder {
            let failed = batch.is_err();
            if sender.send(batch).is_err() || failed {
                break;
            }
        }
    });
    Box::new(receiver.into_iter())
}

impl TableFile for ParquetTable {
    fn file(&self) -> &Path {
        self.input.name()
    }

    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn chunks(&self) -> &[RowRange] {
        &self.chunks
    }

    fn unmet_markers(&self) -> Vec<&str> {
        self.missing.unmet()
    }

    fn read(&self, chunks: Range<usize>, columns: &[(usize, Field)]) -> Result<Batches, TableError> {
        let shares = self.shares(chunks.clone(), columns);
        let decoders: Vec<Decoder> =
            shares.iter().map(|share| self.decoder(chunks.clone(), share)).collect::<Result<_, _>>()?;
        let mut parts: Vec<Batches> = match decoders.len() {
            1 => decoders.into_iter().map(|decoder| Box::new(decoder) as Batches).collect(),
            _ => decoders.into_iter().map(ahead).collect(),
        };
        // Which share a wanted column is in, and where; nothing for a column without values.
        let sought: Vec<Option<(usize, usize)>> = columns
            .iter()
            .map(|(column, _)| {
                shares
                    .iter()
                    .enumerate()
                    .find_map(|(s, share)| share.binary_search(column).ok().map(|i| (s, i)))
            })
            .collect();
        let schema: SchemaRef =
            Arc::new(Schema::new(columns.iter().map(|(_, field)| field.clone()).collect::<Vec<_>>()));
        let (file, missing) = (self.input.name().to_owned(), self.missing.clone());
        Ok(Box::new(iter::from_fn(move || {
            let batches: Option<Result<Vec<RecordBatch>, TableError>> =
                parts.iter_mut().map(Iterator::next).collect();
            Some(batches?.and_then(|batches| {
                let rows = batches[0].num_rows();
                let array = |(place, field): (&Option<(usize, usize)>, &FieldRef)| match *place {
                    Some((s, i)) => Arc::clone(batches[s].column(i)),
                    None => new_null_array(field.data_type(), rows),
                };
                let arrays: Vec<ArrayRef> = sought.iter().zip(schema.fields()).map(array).collect();
                contained(&file, EXPECTED, || batch_of(&schema, arrays, rows, &missing))
            }))
        })))
    }

    fn place(&self, row: u64, _: Option<usize>) -> Place {
        Place::Row(row + 1)
    }
}

/// The last eight bytes of a Parquet file: the length of its footer, and its magic number.
fn check_footer(input: &Input) -> Result<(), TableError> {
    let cut =
        |found: String| TableError::data(input.name(), "a Parquet file with a footer at its end", found);
    if input.len() < 12 {
        return Err(
            cut(format!("{} bytes in all", input.len())).hint("the file was cut short; fetch it again")
        );
    }
    let tail = input.bytes(input.len() - 8, 8)?;
    match &tail[4..] {
        b"PAR1" => {}
        b"PARE" => {
            return Err(TableError::data(input.name(), "a readable Parquet file", "an encrypted one")
                .hint("decrypt it first: keys are not handled here"));
        }
        _ => return Err(cut("other bytes there".to_owned()).hint("the file was cut short; fetch it again")),
    }
    let footer = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if footer + 12 > input.len() {
        return Err(cut(format!("a footer of {footer} bytes in a file of {}", input.len()))
            .at_byte(input.len() - 8)
            .hint("the file is damaged; fetch or write it again"));
    }
    Ok(())
}
