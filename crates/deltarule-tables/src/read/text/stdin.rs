//! CSV that is read as it comes, once: standard input whose columns are known beforehand.

use super::blocks::{Block, Blocks, BufferPool};
use super::csv::Csv;
use super::row_format::RowFormat;
use crate::arrow::array::{RecordBatch, RecordBatchOptions};
use crate::arrow::datatypes::{DataType, Field, Schema};
use crate::error::{Place, TableError};
use crate::notice::Notice;
use crate::read::input::detect::{BOM, detect};
use crate::read::input::format::Format;
use crate::read::input::signature::Compression;
use crate::read::input::{Input, STDIN};
use crate::read::options::ReadOptions;
use crate::read::table_file::{Batches, RowRange, TableFile};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What standard input turned out to be.
pub(crate) enum Stdin {
    Csv(StreamTable),
    Other(Input),
}

/// A CSV stream as a table, which can be read once and whose rows nobody has counted.
pub(crate) struct StreamTable {
    csv: Arc<Csv>,
    fields: Vec<Field>,
    notices: Vec<Notice>,
    blocks: Mutex<Option<Blocks<Box<dyn Read + Send>>>>,
}

/// Its only chunk.
const WHOLE: &[RowRange] = &[RowRange { first_row: 0, rows: 0 }];

/// Looks at the first row of a stream, and waits for no more of it.
pub(crate) fn open_stdin(
    mut reader: impl Read + Send + 'static,
    options: &ReadOptions,
) -> Result<Stdin, TableError> {
    let file = Path::new(STDIN);
    let mut head = Vec::new();
    let mut piece = vec![0; 64 << 10];
    let mut ended = false;
    while !ended && !head.contains(&b'\n') && head.len() <= options.max_line_bytes {
        let read =
            reader.read(&mut piece).map_err(|e| TableError::system(file, "data that can be read", &e))?;
        head.extend_from_slice(&piece[..read]);
        ended = read == 0;
    }
    let format = match (options.format, Compression::of(&head)) {
        (_, Some(_)) => None,
        (Some(format), None) => Some(format),
        (None, None) => Some(detect(file, &head)?),
    };
    if format != Some(Format::Csv) {
        return Input::spool(file, std::io::Cursor::new(head).chain(reader), options).map(Stdin::Other);
    }
    if head.starts_with(BOM) {
        head.drain(..BOM.len());
    }
    let opening = Csv::open(file, &head, options)?;
    let rest = head.split_off(opening.header_bytes);
    let blocks = Blocks {
        file: file.to_owned(),
        reader: Box::new(reader) as Box<dyn Read + Send>,
        offset: opening.header_bytes as u64,
        line: opening.header_lines + 1,
        dialect: opening.csv.dialect(),
        block_bytes: options.block_bytes,
        max_line_bytes: options.max_line_bytes,
        eager: true,
        rest,
        ended,
        buffers: BufferPool::default(),
    };
    let declared = options.declared();
    let words = |name: &String| Field::new(name, DataType::Utf8, true);
    let field = |name: &String| declared.field_of(name).unwrap_or_else(|| words(name));
    let fields = opening.csv.names().iter().map(field).collect();
    let (csv, notices) = (Arc::new(opening.csv), opening.notices);
    Ok(Stdin::Csv(StreamTable { csv, fields, notices, blocks: Mutex::new(Some(blocks)) }))
}

impl TableFile for StreamTable {
    fn file(&self) -> &Path {
        Path::new(STDIN)
    }

    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn chunks(&self) -> &[RowRange] {
        WHOLE
    }

    fn notices(&self) -> Vec<Notice> {
        self.notices.clone()
    }

    fn unmet_markers(&self) -> Vec<&str> {
        // Nobody has seen its rows before they are used.
        Vec::new()
    }

    fn read(&self, _: Range<usize>, columns: &[(usize, Field)]) -> Result<Batches, TableError> {
        let blocks = self.blocks.lock().ok().and_then(|mut blocks| blocks.take());
        let Some(blocks) = blocks else {
            return Err(TableError::usage("a file that can be read again", "standard input a second time")
                .hint("save it to a file first"));
        };
        let schema =
            Arc::new(Schema::new(columns.iter().map(|(_, field)| field.clone()).collect::<Vec<_>>()));
        let (csv, columns) = (Arc::clone(&self.csv), columns.to_vec());
        Ok(Box::new(blocks.map(move |block: Result<Block, TableError>| {
            let (arrays, rows) = csv.read_counted(&block?, &columns)?;
            let rows = RecordBatchOptions::new().with_row_count(usize::try_from(rows).ok());
            RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &rows)
                .map_err(|e| TableError::data(STDIN, "rows", e.to_string()))
        })))
    }

    fn place(&self, row: u64, _: Option<usize>) -> Place {
        Place::Row(row + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::CellType;
    use std::sync::mpsc::{Receiver, channel};

    /// Hands over one message a read, and waits for each, as a terminal or a slow program does.
    struct Piped(Receiver<&'static [u8]>);

    impl Read for Piped {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Ok(bytes) = self.0.recv() else { return Ok(0) };
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }

    #[test]
    fn rows_come_out_before_the_next_come_in() {
        let (sender, receiver) = channel::<&'static [u8]>();
        let options = ReadOptions { types: vec![("x".to_owned(), CellType::Number)], ..Default::default() };
        sender.send(b"x,name\n1,").unwrap();
        let Stdin::Csv(table) = open_stdin(Piped(receiver), &options).unwrap() else { panic!("not CSV") };
        let columns: Vec<_> = table.fields().iter().cloned().enumerate().collect();
        assert_eq!(*columns[0].1.data_type(), DataType::Float64);
        let mut batches = table.read(0..1, &columns).unwrap();
        for rows in [&b"a\n2,b\n3,\"c\n"[..], b"d\"\n", b"4,e"] {
            sender.send(rows).unwrap();
            if rows.ends_with(b"\n") {
                assert!(batches.next().unwrap().unwrap().num_rows() > 0);
            }
        }
        sender.send(b"\n5,x\n6,y,z\n").unwrap();
        drop(sender);
        let error = batches.next().unwrap().unwrap_err();
        assert_eq!(error.place(), Place::Line { line: 8, column: None });
        assert!(table.read(0..1, &columns).is_err());
    }

    #[test]
    fn what_is_no_csv_is_spooled() {
        let options = ReadOptions::default();
        let json = &b"{\"a\": 1}\n{\"a\": 2}\n"[..];
        let Stdin::Other(input) = open_stdin(json, &options).unwrap() else { panic!("not JSON") };
        assert_eq!(input.len(), json.len() as u64);
    }
}
