//! A look at every page header of a Parquet file before anything is decoded.
//!
//! A page header says how large the page is once unpacked, and the decoder allocates as much; so does the header of
//! a dictionary with its number of values. Headers are written in Thrift's compact protocol (Parquet's
//! `parquet.thrift`, `PageHeader`), of which only these numbers are of interest here.

use crate::error::TableError;
use crate::read::input::{Input, InputReader};
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::io::{self, BufReader, Read};

/// A page larger than this is refused. Writers make pages of 1 MiB unless told otherwise.
const LARGEST_PAGE: i64 = 256 << 20;

/// Checks the pages of the columns whose top-level position `wanted` accepts.
pub(crate) fn check(
    input: &Input,
    metadata: &ParquetMetaData,
    wanted: impl Fn(usize) -> bool,
) -> Result<(), TableError> {
    let schema = metadata.file_metadata().schema_descr();
    let mut reader = BufReader::with_capacity(4096, input.reader_at(0)?);
    for group in metadata.row_groups() {
        for (leaf, column) in group.columns().iter().enumerate() {
            if leaf < schema.num_columns() && wanted(schema.get_column_root_idx(leaf)) {
                check_column(input, &mut reader, column)?;
            }
        }
    }
    Ok(())
}

fn check_column(
    input: &Input,
    reader: &mut BufReader<InputReader>,
    column: &ColumnChunkMetaData,
) -> Result<(), TableError> {
    let name = column.column_path().string();
    let wrong = |offset: u64, expected: String, found: String| {
        TableError::data(input.name(), expected, found)
            .at_byte(offset)
            .in_column(&name)
            .hint("the file is damaged; fetch or write it again")
    };
    let first = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let range = u64::try_from(first).ok().zip(u64::try_from(column.compressed_size()).ok());
    let end = range.and_then(|(start, len)| start.checked_add(len)).filter(|&end| end <= input.len());
    let (Some((start, _)), Some(end)) = (range, end) else {
        return Err(wrong(
            0,
            format!("a column within the {} bytes of the file", input.len()),
            format!("one of {} bytes from byte {first} on", column.compressed_size()),
        ));
    };
    let mut at = start;
    seek(reader, at).map_err(|e| input.failed(&e))?;
    while at < end {
        let mut header = Thrift { reader: &mut *reader, left: end - at };
        let Ok(page) = header.page() else {
            return Err(wrong(at, "the header of a page".to_owned(), "something else".to_owned()));
        };
        let body = header.left;
        if !(0..=LARGEST_PAGE).contains(&page.unpacked) {
            return Err(wrong(
                at,
                format!("a page of at most {} MiB", LARGEST_PAGE >> 20),
                format!("one that claims {} bytes", page.unpacked),
            ));
        }
        let packed = u64::try_from(page.packed).ok().filter(|&packed| packed <= body);
        let Some(packed) = packed else {
            return Err(wrong(
                at,
                format!("a page within its column, {body} bytes"),
                format!("{}", page.packed),
            ));
        };
        // A value of a dictionary takes four bytes at least, unless its type has a smaller width.
        let smallest = match column.column_descr().type_length() {
            length @ 1..4 => i64::from(length),
            _ => 4,
        };
        if page.dictionary_values.is_some_and(|values| !(0..=page.unpacked / smallest).contains(&values)) {
            return Err(wrong(
                at,
                format!("as many values as fit into {} bytes", page.unpacked),
                format!("a dictionary that claims {}", page.dictionary_values.unwrap_or_default()),
            ));
        }
        at = end - body + packed;
        reader.seek_relative(i64::try_from(packed).unwrap_or(i64::MAX)).map_err(|e| input.failed(&e))?;
    }
    Ok(())
}

fn seek(reader: &mut BufReader<InputReader>, to: u64) -> io::Result<u64> {
    io::Seek::seek(reader, io::SeekFrom::Start(to))
}

/// What a page header says about sizes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    unpacked: i64,
    packed: i64,
    dictionary_values: Option<i64>,
}

/// Something that no page header holds.
#[derive(Debug)]
struct Malformed;

/// Reads Thrift's compact protocol, and no further than `left` bytes.
struct Thrift<R> {
    reader: R,
    left: u64,
}

/// The types of fields, as the compact protocol numbers them.
mod kind {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const I8: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const STRUCT: u8 = 12;
}

impl<R: Read> Thrift<R> {
    fn page(&mut self) -> Result<Page, Malformed> {
        let mut page = Page { unpacked: -1, packed: -1, dictionary_values: None };
        self.fields(4, |thrift, id, kind| {
            match (id, kind) {
                (2, kind::I32) => page.unpacked = thrift.integer()?,
                (3, kind::I32) => page.packed = thrift.integer()?,
                (7, kind::STRUCT) => thrift.fields(3, |thrift, id, kind| match (id, kind) {
                    (1, kind::I32) => {
                        page.dictionary_values = Some(thrift.integer()?);
                        Ok(())
                    }
                    _ => thrift.skip(kind, 2),
                })?,
                _ => thrift.skip(kind, 3)?,
            }
            Ok(())
        })?;
        Ok(page)
    }

    /// Calls `see` with the number and type of each field of a struct; it reads the value.
    fn fields(
        &mut self,
        depth: u8,
        mut see: impl FnMut(&mut Self, i64, u8) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if depth == 0 {
            return Err(Malformed);
        }
        let mut id = 0;
        loop {
            let head = self.byte()?;
            let kind = head & 0xf;
            if kind == kind::STOP {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.integer()?,
                delta => id + i64::from(delta),
            };
            see(self, id, kind)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Result<(), Malformed> {
        match kind {
            kind::TRUE | kind::FALSE => Ok(()),
            kind::I8 => self.byte().map(|_| ()),
            kind::I16 | kind::I32 | kind::I64 => self.integer().map(|_| ()),
            kind::DOUBLE => self.pass(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            kind::LIST | kind::SET => {
                let head = self.byte()?;
                let length = match head >> 4 {
                    15 => self.varint()?,
                    short => u64::from(short),
                };
                // Each element takes a byte at least, so a false length ends with the column.
                for _ in 0..length {
                    match head & 0xf {
                        kind::TRUE | kind::FALSE => self.pass(1)?,
                        kind => self.skip(kind, depth)?,
                    }
                }
                Ok(())
            }
            kind::STRUCT if depth > 0 => self.fields(depth, |thrift, _, kind| thrift.skip(kind, depth - 1)),
            _ => Err(Malformed),
        }
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let mut byte = [0];
        self.left = self.left.checked_sub(1).ok_or(Malformed)?;
        self.reader.read_exact(&mut byte).map_err(|_| Malformed)?;
        Ok(byte[0])
    }

    fn pass(&mut self, length: u64) -> Result<(), Malformed> {
        self.left = self.left.checked_sub(length).ok_or(Malformed)?;
        let passed =
            io::copy(&mut self.reader.by_ref().take(length), &mut io::sink()).map_err(|_| Malformed)?;
        if passed == length { Ok(()) } else { Err(Malformed) }
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    /// An integer of any width, which is zigzag: 0, −1, 1, −2, ….
    fn integer(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_header_is_read_as_the_specification_lays_it_out() {
        // type 2 (dictionary), unpacked 300, packed 100, field 7: { num_values 10, encoding 0 }, stop.
        let bytes =
            [0x15, 0x04, 0x15, 0xd8, 0x04, 0x15, 0xc8, 0x01, 0x4c, 0x15, 0x14, 0x15, 0x00, 0x00, 0x00];
        let mut thrift = Thrift { reader: &bytes[..], left: 100 };
        let page = thrift.page().unwrap();
        assert_eq!(page, Page { unpacked: 300, packed: 100, dictionary_values: Some(10) });
        assert_eq!(thrift.left, 100 - bytes.len() as u64);
    }

    #[test]
    fn a_header_that_never_ends_is_refused() {
        for bytes in [[0x1c; 64], [0x15; 64], [0xff; 64], [0x18; 64]] {
            assert!(Thrift { reader: &bytes[..], left: 60 }.page().is_err());
        }
    }
}
