//! Arrow's IPC formats. A file is a stream between two magic numbers, so both are walked in the same way: message
//! by message, each checked to lie in the file before the decoder of the `arrow` crate sees it.

use super::contained::contained;
use crate::arrow::array::{RecordBatch, new_null_array};
use crate::arrow::buffer::Buffer;
use crate::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use crate::arrow::ipc::convert::try_fb_to_schema;
use crate::arrow::ipc::reader::FileDecoder;
use crate::arrow::ipc::{Block, MessageHeader, MetadataVersion, RecordBatch as BatchHeader, root_as_message};
use crate::error::{Place, TableError};
use crate::read::input::Input;
use crate::read::input::format::Format;
use crate::read::missing::Missing;
use crate::read::options::ReadOptions;
use crate::read::table_file::{Batches, RowRange, TableFile};
use crate::read::types::{batch_of, settled_fields};
use std::iter;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// An Arrow IPC file or stream as a table; its chunks are its batches.
pub(crate) struct IpcTable {
    input: Input,
    schema: SchemaRef,
    version: MetadataVersion,
    messages: Arc<Vec<Message>>,
    fields: Vec<Field>,
    chunks: Vec<RowRange>,
    missing: Missing,
    batch_rows: usize,
}

/// A dictionary or a batch: where it lies.
#[derive(Debug, Clone, Copy)]
struct Message {
    offset: u64,
    /// Bytes before the body: marker, length, metadata.
    head: u64,
    body: u64,
    is_batch: bool,
}

const EXPECTED: &str = "Arrow IPC data";
const DAMAGED: &str = "the file was cut short or is damaged; fetch or write it again";
const MAGIC: &[u8] = b"ARROW1";

impl IpcTable {
    pub(crate) fn open(input: Input, format: Format, options: &ReadOptions) -> Result<Self, TableError> {
        let (mut at, end) = match format {
            Format::ArrowFile => {
                let end = footer_start(&input)?;
                (first_message(&input, end)?, end)
            }
            _ => (0, input.len()),
        };
        let (mut schema, mut messages, mut chunks, mut first_row) = (None, Vec::new(), Vec::new(), 0_u64);
        while let Some(found) = next_message(&input, at, end, options.max_expansion)? {
            match found.content {
                Content::Schema(read, version) => schema = Some((read, version)),
                Content::Batch { .. } | Content::Dictionary if schema.is_none() => {
                    return Err(TableError::data(input.name(), "a schema first", "a batch").at_byte(at));
                }
                Content::Batch { rows } => {
                    chunks.push(RowRange { first_row, rows });
                    first_row = first_row.saturating_add(rows);
                    messages.push(found.message);
                }
                Content::Dictionary => messages.push(found.message),
                Content::Other => {}
            }
            at += found.message.head + found.message.body;
        }
        let Some((schema, version)) = schema else {
            return Err(TableError::data(input.name(), EXPECTED, "no schema").hint(DAMAGED));
        };
        let fields = settled_fields(
            input.name(),
            schema.fields(),
            schema.metadata().get("pandas").map(String::as_str),
            options,
        )?;
        if first_row == 0 {
            return Err(TableError::data(input.name(), "rows of data", "none"));
        }
        let batch_rows = options.rows_for(fields.len());
        let (schema, messages) = (Arc::new(schema), Arc::new(messages));
        let missing = Missing::new(options);
        Ok(Self { input, schema, version, messages, fields, chunks, missing, batch_rows })
    }
}

/// Where the first message of an IPC file begins: after the magic number, and zeros that align what follows.
fn first_message(input: &Input, end: u64) -> Result<u64, TableError> {
    let start = input.bytes(0, end.min(256) as usize)?;
    let zeros = start[8..].chunks(8).take_while(|word| word.iter().all(|&byte| byte == 0)).count();
    Ok(8 + 8 * zeros as u64)
}

/// Where the footer of an IPC file begins.
fn footer_start(input: &Input) -> Result<u64, TableError> {
    let cut = |found: &str| {
        TableError::data(input.name(), "an Arrow file with a footer at its end", found.to_owned())
            .hint(DAMAGED)
    };
    if input.len() < 8 + 10 {
        return Err(cut("the end of the file"));
    }
    let tail = input.bytes(input.len() - 10, 10)?;
    if &tail[4..] != MAGIC {
        return Err(cut("other bytes there"));
    }
    let length = i32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let start = u64::try_from(length).ok().and_then(|length| (input.len() - 10).checked_sub(length));
    start.filter(|&start| start >= 8).ok_or_else(|| cut(&format!("a footer of {length} bytes")))
}

/// A message and what it holds.
struct ReadMessage {
    message: Message,
    content: Content,
}

enum Content {
    Schema(Schema, MetadataVersion),
    Dictionary,
    Batch { rows: u64 },
    Other,
}

/// The message at this byte; nothing at the end of the stream.
fn next_message(
    input: &Input,
    at: u64,
    end: u64,
    max_expansion: u64,
) -> Result<Option<ReadMessage>, TableError> {
    let wrong = |expected: &str, found: String| {
        TableError::data(input.name(), expected, found).at_byte(at).hint(DAMAGED)
    };
    if at == end {
        return Ok(None);
    }
    if end - at < 8 {
        return Err(wrong("a message of Arrow IPC", "the end of the file".to_owned()));
    }
    let prefix = input.bytes(at, 8)?;
    if prefix[..4] != [0xff; 4] {
        return Err(wrong("a message of Arrow IPC", format!("the bytes {:02x?}", &prefix[..4])));
    }
    let length = i32::from_le_bytes([prefix[4], prefix[5], prefix[6], prefix[7]]);
    if length == 0 {
        return Ok(None);
    }
    let left = end - at - 8;
    let length = u64::try_from(length).ok().filter(|&length| length <= left);
    let Some(length) = length else {
        return Err(wrong(&format!("a message within the {left} bytes left"), "a longer one".to_owned()));
    };
    let metadata = input.bytes(at + 8, length as usize)?;
    let message = root_as_message(&metadata)
        .map_err(|_| wrong("the metadata of a message", "bytes that are none".to_owned()))?;
    let body = u64::try_from(message.bodyLength()).ok().filter(|&body| body <= left - length);
    let Some(body) = body else {
        let found = format!("{}", message.bodyLength());
        return Err(wrong(&format!("a body within the {} bytes left", left - length), found));
    };
    let place = |is_batch| Message { offset: at, head: 8 + length, body, is_batch };
    let check = |batch: Option<BatchHeader<'_>>| {
        check_batch(input, at + 8 + length, body, batch, max_expansion)
            .map_err(|found| wrong("a batch that its bytes can hold", found))
    };
    let (content, is_batch) = match message.header_type() {
        MessageHeader::Schema => {
            let schema = message.header_as_schema();
            let schema = contained(input.name(), EXPECTED, || match schema {
                Some(schema) => try_fb_to_schema(schema).map_err(|e| e.to_string()),
                None => Err("a schema without content".to_owned()),
            })?;
            (Content::Schema(schema, message.version()), false)
        }
        MessageHeader::DictionaryBatch => {
            check(message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()))?;
            (Content::Dictionary, false)
        }
        MessageHeader::RecordBatch => {
            (Content::Batch { rows: check(message.header_as_record_batch())? }, true)
        }
        _ => (Content::Other, false),
    };
    Ok(Some(ReadMessage { message: place(is_batch), content }))
}

/// Rows of a batch, once it is sure that they, and what its buffers unpack to, are no more than its bytes can hold.
fn check_batch(
    input: &Input,
    body_at: u64,
    body: u64,
    batch: Option<BatchHeader<'_>>,
    max_expansion: u64,
) -> Result<u64, String> {
    /// Bytes that a buffer may always unpack to.
    const FREE: u64 = 64 << 20;
    let batch = batch.ok_or("none")?;
    let rows = u64::try_from(batch.length()).map_err(|_| format!("{} rows", batch.length()))?;
    let mut unpacked = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let (offset, length) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length()));
        let (Ok(offset), Ok(length)) = (offset, length) else {
            return Err("a buffer before the body".to_owned());
        };
        if offset.checked_add(length).is_none_or(|end| end > body) {
            return Err(format!("a buffer of {length} bytes at {offset} of a body of {body}"));
        }
        let mut claimed = length;
        if batch.compression().is_some() && length >= 8 {
            let prefix = input.bytes(body_at + offset, 8).map_err(|e| e.to_string())?;
            let prefix = i64::from_le_bytes(prefix.try_into().map_err(|_| "a cut buffer")?);
            // −1 says that the buffer is stored as it is.
            claimed = if prefix == -1 { length } else { u64::try_from(prefix).unwrap_or(u64::MAX) };
        }
        if claimed > FREE && claimed / max_expansion > length {
            return Err(format!("a buffer of {length} bytes that claims to unpack to {claimed}"));
        }
        unpacked = unpacked.saturating_add(claimed);
    }
    // A row takes one bit at least, but in columns that hold nothing at all.
    if rows > FREE && rows / 8 > unpacked {
        return Err(format!("{rows} rows in {unpacked} bytes"));
    }
    Ok(rows)
}

impl TableFile for IpcTable {
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
        let mut wanted: Vec<usize> = columns
            .iter()
            .map(|(i, _)| *i)
            .filter(|&i| *self.fields[i].data_type() != DataType::Null)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        // Nothing for a column without values.
        let positions: Vec<Option<usize>> =
            columns.iter().map(|(i, _)| wanted.binary_search(i).ok()).collect();
        let schema =
            Arc::new(Schema::new(columns.iter().map(|(_, field)| field.clone()).collect::<Vec<_>>()));
        let mut decoder = FileDecoder::new(Arc::clone(&self.schema), self.version).with_projection(wanted);
        let (input, messages, batch_rows) = (self.input.clone(), Arc::clone(&self.messages), self.batch_rows);
        let missing = self.missing.clone();
        let (mut message, mut batch_number) = (0, 0);
        // What is left of the batch that was decoded last: it is handed out in slices, and only they are converted.
        let mut rest: Option<RecordBatch> = None;
        Ok(Box::new(iter::from_fn(move || {
            loop {
                if let Some(batch) = rest.take().filter(|batch| batch.num_rows() > 0) {
                    let rows = batch.num_rows().min(batch_rows);
                    rest = Some(batch.slice(rows, batch.num_rows() - rows));
                    let batch = batch.slice(0, rows);
                    let array = |(place, field): (&Option<usize>, &FieldRef)| match *place {
                        Some(i) => Arc::clone(batch.column(i)),
                        None => new_null_array(field.data_type(), rows),
                    };
                    let arrays = positions.iter().zip(schema.fields()).map(array).collect();
                    return Some(contained(input.name(), EXPECTED, || {
                        batch_of(&schema, arrays, rows, &missing)
                    }));
                }
                let next = *messages.get(message).filter(|_| batch_number < chunks.end)?;
                message += 1;
                if next.is_batch {
                    batch_number += 1;
                    if batch_number <= chunks.start {
                        continue;
                    }
                }
                match decode(&input, &mut decoder, next) {
                    Ok(batch) => rest = batch,
                    Err(e) => {
                        batch_number = chunks.end;
                        return Some(Err(e));
                    }
                }
            }
        })))
    }

    fn place(&self, row: u64, _: Option<usize>) -> Place {
        Place::Row(row + 1)
    }
}

/// Takes a dictionary in, or yields a batch.
fn decode(
    input: &Input,
    decoder: &mut FileDecoder,
    message: Message,
) -> Result<Option<RecordBatch>, TableError> {
    let length = usize::try_from(message.head + message.body).unwrap_or(usize::MAX);
    let bytes = Buffer::from_vec(input.bytes(message.offset, length)?);
    // The offset is the reader's business, and the bytes have been read.
    let block = Block::new(0, message.head as i32, message.body as i64);
    contained(input.name(), EXPECTED, || match message.is_batch {
        true => decoder.read_record_batch(&block, &bytes),
        false => decoder.read_dictionary(&block, &bytes).map(|()| None),
    })
    .map_err(|e| e.at_byte(message.offset))
}
