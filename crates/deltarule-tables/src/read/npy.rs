//! NumPy's arrays: NPY, and NPZ, which is several of them in a zip archive.
//!
//! The header is read here rather than by a crate: it is a dictionary of three known keys, and the crates at hand
//! read it with a parser of all of Python's literals, which recurses as deep as a hostile header likes.

use super::input::Input;
use super::options::ReadOptions;
use super::table::{Batches, Chunk, Table};
use super::types::{TIMESTAMP, batch_of};
use crate::error::{Place, TableError};
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Float32Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Float16Type, Schema};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// One or several arrays of as many rows, side by side.
pub(crate) struct NpyTable {
    input: Input,
    arrays: Arc<Vec<Array>>,
    fields: Vec<Field>,
    chunks: Vec<Chunk>,
}

/// An array in a file of its own.
#[derive(Debug, Clone)]
struct Array {
    input: Input,
    /// Where its values begin.
    offset: u64,
    item: Item,
    fortran: bool,
    rows: u64,
    /// The shape of a row.
    inner: Vec<u64>,
    /// The product of `inner`.
    width: usize,
}

/// What the values of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Item {
    kind: Kind,
    size: usize,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// UTF-32, padded with zeros.
    Text,
    /// Bytes, padded with zeros.
    Bytes,
    /// Counts of so many microseconds (or so many in a microsecond) since 1970.
    Time {
        times: i64,
        parts: i64,
    },
}

const DAMAGED: &str = "the file was cut short or is damaged; write it again";

impl NpyTable {
    pub(crate) fn npy(input: Input, options: &ReadOptions) -> Result<Self, TableError> {
        let array = Array::open(input.clone(), options)?;
        Self::of(input, vec![("x".to_owned(), true, array)], options)
    }

    pub(crate) fn npz(input: Input, options: &ReadOptions) -> Result<Self, TableError> {
        let damaged = |e: zip::result::ZipError| {
            TableError::data(input.name(), "a zip archive of NPY arrays", e.to_string()).hint(DAMAGED)
        };
        let mut archive = zip::ZipArchive::new(input.file()?).map_err(damaged)?;
        let mut arrays = Vec::new();
        for index in 0..archive.len() {
            let member = archive.by_index(index).map_err(damaged)?;
            let name = member.name().map_err(damaged)?.into_owned();
            let Some(column) = name.strip_suffix(".npy") else {
                let wrong =
                    TableError::data(input.name(), "members that are NPY arrays", format!("{name:?}"));
                return Err(match name.as_str() {
                    "[Content_Types].xml" => wrong.hint("an Excel workbook is saved as CSV first"),
                    _ => wrong,
                });
            };
            let file = input.name().join(&name);
            let packed = member.compressed_size();
            let unpacked = Input::unpacked(&file, member, packed, options)?;
            arrays.push((column.to_owned(), false, Array::open(unpacked, options)?));
        }
        if arrays.is_empty() {
            return Err(TableError::data(input.name(), "members that are NPY arrays", "an empty archive"));
        }
        Self::of(input, arrays, options)
    }

    /// Arrays side by side; `numbered` tells that even the only column of an array has a number.
    fn of(
        input: Input,
        arrays: Vec<(String, bool, Array)>,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let (first, _, Array { rows, .. }) = &arrays[0];
        let (first, rows) = (first.clone(), *rows);
        let width: usize = arrays.iter().map(|(_, _, array)| array.width).fold(0, usize::saturating_add);
        if width > options.max_columns {
            return Err(TableError::data(
                input.name(),
                format!("at most {} columns", options.max_columns),
                width.to_string(),
            )
            .hint("are rows and columns exchanged? --max-columns raises the limit"));
        }
        let mut fields = Vec::with_capacity(width);
        for (name, numbered, array) in &arrays {
            if array.rows != rows {
                return Err(TableError::data(
                    array.input.name(),
                    format!("{rows} rows, as in {first}.npy"),
                    array.rows.to_string(),
                )
                .hint("the arrays of an archive are the columns of one table"));
            }
            let data_type = array.item.data_type();
            if array.inner.is_empty() && !numbered {
                fields.push(Field::new(name, data_type, true));
            } else {
                fields.extend(
                    (0..array.width).map(|i| Field::new(format!("{name}{i}"), data_type.clone(), true)),
                );
            }
        }
        if rows == 0 || width == 0 {
            return Err(TableError::data(input.name(), "rows of data", "an empty array"));
        }
        let row_bytes: u64 = arrays.iter().map(|(_, _, array)| (array.width * array.item.size) as u64).sum();
        let step = (options.block_bytes as u64 / row_bytes.max(1)).clamp(1, options.rows_for(width) as u64);
        let chunks = (0..rows.div_ceil(step))
            .map(|i| Chunk { first_row: i * step, rows: step.min(rows - i * step) })
            .collect();
        let arrays = Arc::new(arrays.into_iter().map(|(_, _, array)| array).collect());
        Ok(Self { input, arrays, fields, chunks })
    }
}

impl Table for NpyTable {
    fn file(&self) -> &Path {
        self.input.name()
    }

    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    fn read(&self, chunks: Range<usize>, columns: &[(usize, Field)]) -> Result<Batches, TableError> {
        let schema =
            Arc::new(Schema::new(columns.iter().map(|(_, field)| field.clone()).collect::<Vec<_>>()));
        // Which array each column is in, and where.
        let mut places = Vec::with_capacity(columns.len());
        for &(column, _) in columns {
            let (mut array, mut at) = (0, column);
            while at >= self.arrays[array].width {
                at -= self.arrays[array].width;
                array += 1;
            }
            places.push((array, at));
        }
        let (arrays, chunks, file) =
            (Arc::clone(&self.arrays), self.chunks[chunks].to_vec(), self.input.name().to_owned());
        Ok(Box::new(chunks.into_iter().map(move |chunk| {
            let mut read: Vec<Option<Vec<u8>>> = vec![None; arrays.len()];
            let mut columns = Vec::with_capacity(places.len());
            for &(array, column) in &places {
                columns.push(arrays[array].column(column, chunk, &mut read[array])?);
            }
            batch_of(&schema, columns, chunk.rows as usize)
                .map_err(|e| TableError::data(&file, "values that fit their type", e.to_string()))
        })))
    }

    fn place(&self, row: u64, _: Option<usize>) -> Place {
        Place::Row(row + 1)
    }
}

impl Array {
    fn open(input: Input, options: &ReadOptions) -> Result<Self, TableError> {
        /// NumPy writes headers of about 100 bytes.
        const LONGEST: u64 = 64 << 10;
        let wrong = |at: u64, expected: &str, found: String| {
            TableError::data(input.name(), expected, found).at_byte(at)
        };
        let prefix = input.bytes(0, 12.min(input.len() as usize))?;
        if prefix.len() < 12 || !prefix.starts_with(b"\x93NUMPY") {
            return Err(wrong(0, "an NPY array", "something else".to_owned()).hint(DAMAGED));
        }
        let (start, length) = match prefix[6] {
            1 => (10, u64::from(u16::from_le_bytes([prefix[8], prefix[9]]))),
            2 | 3 => (12, u64::from(u32::from_le_bytes([prefix[8], prefix[9], prefix[10], prefix[11]]))),
            version => return Err(wrong(6, "NPY version 1, 2 or 3", version.to_string())),
        };
        if length > LONGEST || start + length > input.len() {
            let found = format!("one of {length} bytes in a file of {}", input.len());
            return Err(wrong(8, "a header within the file", found).hint(DAMAGED));
        }
        let header = input.bytes(start, length as usize)?;
        let header = Header::parse(&header)
            .map_err(|(at, expected, found)| wrong(start + at as u64, expected, found))?;
        let item = Item::parse(&header.descr).map_err(|(expected, found, hint)| {
            TableError::data(input.name(), expected, found).at_byte(start).hint(hint)
        })?;
        let Some((&rows, inner)) = header.shape.split_first() else {
            return Err(wrong(start, "an array with rows", "a single number".to_owned()));
        };
        let width = inner.iter().try_fold(1_u64, |width, &n| width.checked_mul(n));
        let bytes = width
            .and_then(|width| width.checked_mul(rows))
            .and_then(|values| values.checked_mul(item.size as u64));
        let there = input.len() - start - length;
        let (Some(width), Some(bytes)) = (width, bytes) else {
            return Err(wrong(start, "a shape that fits the address space", format!("{:?}", header.shape)));
        };
        if bytes > there {
            let expected = format!("{bytes} bytes of values, for the shape {:?}", header.shape);
            return Err(wrong(start + length, &expected, there.to_string()).hint(DAMAGED));
        }
        let width = usize::try_from(width).ok().filter(|&width| width <= options.max_columns);
        let Some(width) = width else {
            return Err(wrong(
                start,
                &format!("at most {} columns", options.max_columns),
                format!("{:?}", header.shape),
            )
            .hint("are rows and columns exchanged? --max-columns raises the limit"));
        };
        let inner = inner.to_vec();
        Ok(Self { input, offset: start + length, item, fortran: header.fortran, rows, inner, width })
    }

    /// Some rows of a column; `read` keeps the rows of an array in C order for the columns after it.
    fn column(
        &self,
        column: usize,
        chunk: Chunk,
        read: &mut Option<Vec<u8>>,
    ) -> Result<ArrayRef, TableError> {
        let (size, rows) = (self.item.size, chunk.rows as usize);
        if self.fortran {
            let first = (self.fortran_column(column as u64) * self.rows + chunk.first_row) * size as u64;
            let bytes = self.input.bytes(self.offset + first, rows * size)?;
            return self.item.array(bytes.chunks_exact(size.max(1)), rows).map_err(|e| self.not_text(e));
        }
        let row = self.width * size;
        let bytes = match read {
            Some(bytes) => bytes,
            None => read.insert(self.input.bytes(self.offset + chunk.first_row * row as u64, rows * row)?),
        };
        let values = bytes.chunks_exact(row.max(1)).map(|row| &row[column * size..][..size]);
        self.item.array(values, rows).map_err(|e| self.not_text(e))
    }

    fn not_text(&self, found: String) -> TableError {
        TableError::data(self.input.name(), "text in Unicode", found).at_byte(self.offset)
    }

    /// The position in Fortran order of what is column `column` of the rows in C order: the last index of a row runs
    /// fastest here, the first one there.
    fn fortran_column(&self, mut column: u64) -> u64 {
        let mut position = 0;
        for (axis, &length) in self.inner.iter().enumerate().rev() {
            let before: u64 = self.inner[..axis].iter().product();
            position += (column % length) * before;
            column /= length;
        }
        position
    }
}

impl Item {
    /// Reads a type such as `<f8`.
    fn parse(descr: &Descr) -> Result<Self, (&'static str, String, &'static str)> {
        const EXPECTED: &str = "an array of numbers, text or times";
        let text = match descr {
            Descr::Plain(text) => text,
            Descr::Structured => {
                let hint = "save the fields as arrays of their own, with numpy.savez";
                return Err((EXPECTED, "one of records".to_owned(), hint));
            }
        };
        let refuse = |hint| Err((EXPECTED, format!("the type {text:?}"), hint));
        let mut characters = text.chars();
        let big_endian = match characters.next() {
            Some('>') => true,
            Some('<' | '|') => false,
            Some('=') => cfg!(target_endian = "big"),
            _ => return refuse("it should begin with <, > or |"),
        };
        let kind = characters.next();
        let rest = characters.as_str();
        let (size, unit) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
        let Ok(size) = size.parse::<usize>() else {
            return match kind {
                Some('O') => {
                    refuse("Python objects are pickled, and a pickle can run code; use .astype(float) or str")
                }
                _ => refuse("a size in bytes should follow"),
            };
        };
        let kind = match (kind, size) {
            (Some('b'), 1) => Kind::Bool,
            (Some('i'), 1 | 2 | 4 | 8) => Kind::Signed,
            (Some('u'), 1 | 2 | 4 | 8) => Kind::Unsigned,
            (Some('f'), 2 | 4 | 8) => Kind::Float,
            (Some('U'), 1..=65_536) => return Ok(Self { kind: Kind::Text, size: 4 * size, big_endian }),
            (Some('S' | 'a'), 1..=262_144) => Kind::Bytes,
            (Some('M'), 8) => match unit {
                "[D]" => Kind::Time { times: 86_400_000_000, parts: 1 },
                "[h]" => Kind::Time { times: 3_600_000_000, parts: 1 },
                "[m]" => Kind::Time { times: 60_000_000, parts: 1 },
                "[s]" => Kind::Time { times: 1_000_000, parts: 1 },
                "[ms]" => Kind::Time { times: 1_000, parts: 1 },
                "[us]" => Kind::Time { times: 1, parts: 1 },
                "[ns]" => Kind::Time { times: 1, parts: 1_000 },
                _ => return refuse("times are read in days, hours, minutes, s, ms, us and ns"),
            },
            (Some('O'), _) => {
                return refuse(
                    "Python objects are pickled, and a pickle can run code; use .astype(float) or str",
                );
            }
            (Some('c'), _) => return refuse("save the real and the imaginary part as columns of their own"),
            _ => return refuse("use .astype(float)"),
        };
        Ok(Self { kind, size, big_endian })
    }

    fn data_type(self) -> DataType {
        match self.kind {
            Kind::Bool => DataType::Boolean,
            Kind::Signed => DataType::Int64,
            Kind::Unsigned if self.size == 8 => DataType::Float64,
            Kind::Unsigned => DataType::Int64,
            Kind::Float if self.size == 8 => DataType::Float64,
            Kind::Float => DataType::Float32,
            Kind::Text | Kind::Bytes => DataType::Utf8,
            Kind::Time { .. } => TIMESTAMP,
        }
    }

    /// The least significant bytes first, as many as the value has.
    fn bits(self, value: &[u8]) -> u64 {
        let mut bytes = [0; 8];
        bytes[..self.size].copy_from_slice(value);
        if self.big_endian {
            bytes[..self.size].reverse();
        }
        u64::from_le_bytes(bytes)
    }

    /// Values as a column; NaN and NaT are missing values.
    fn array<'a>(self, values: impl Iterator<Item = &'a [u8]>, rows: usize) -> Result<ArrayRef, String> {
        let unused = 64 - 8 * self.size.min(8) as u32;
        let signed = move |value: &[u8]| ((self.bits(value) << unused) as i64) >> unused;
        Ok(match (self.kind, self.size) {
            (Kind::Bool, _) => Arc::new(values.map(|value| Some(value[0] != 0)).collect::<BooleanArray>()),
            (Kind::Signed, _) => Arc::new(Int64Array::from_iter_values(values.map(signed))),
            (Kind::Unsigned, 8) => {
                Arc::new(Float64Array::from_iter_values(values.map(|value| self.bits(value) as f64)))
            }
            (Kind::Unsigned, _) => {
                Arc::new(Int64Array::from_iter_values(values.map(|value| self.bits(value) as i64)))
            }
            (Kind::Float, 8) => {
                let numbers = values.map(|value| f64::from_bits(self.bits(value)));
                Arc::new(numbers.map(|x| (!x.is_nan()).then_some(x)).collect::<Float64Array>())
            }
            (Kind::Float, size) => {
                let numbers = values.map(|value| match size {
                    4 => f32::from_bits(self.bits(value) as u32),
                    _ => <Float16Type as ArrowPrimitiveType>::Native::from_bits(self.bits(value) as u16)
                        .to_f32(),
                });
                Arc::new(numbers.map(|x| (!x.is_nan()).then_some(x)).collect::<Float32Array>())
            }
            (Kind::Time { times, parts }, _) => {
                let micros = values.map(|value| match signed(value) {
                    i64::MIN => None,
                    count => count.checked_mul(times).map(|count| count.div_euclid(parts)),
                });
                Arc::new(micros.collect::<TimestampMicrosecondArray>())
            }
            (Kind::Text, _) => self.texts(values, rows, |value| {
                let characters = value.chunks_exact(4).map(|c| {
                    let bytes = [c[0], c[1], c[2], c[3]];
                    if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
                });
                let text: Option<String> = characters.map(char::from_u32).collect();
                text.ok_or_else(|| "a number that is no character".to_owned())
            })?,
            (Kind::Bytes, _) => self.texts(values, rows, |value| {
                std::str::from_utf8(value).map(str::to_owned).map_err(|e| e.to_string())
            })?,
        })
    }

    /// Texts without the zeros that fill them up; the empty text is a missing value, as in text files.
    fn texts<'a>(
        self,
        values: impl Iterator<Item = &'a [u8]>,
        rows: usize,
        read: impl Fn(&[u8]) -> Result<String, String>,
    ) -> Result<ArrayRef, String> {
        let mut texts = Vec::with_capacity(rows);
        for value in values {
            let text = read(value)?;
            let text = text.trim_end_matches('\0');
            texts.push((!text.is_empty()).then(|| text.to_owned()));
        }
        Ok(Arc::new(StringArray::from(texts)))
    }
}

/// The header of an array.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    descr: Descr,
    fortran: bool,
    shape: Vec<u64>,
}

#[derive(Debug, PartialEq, Eq)]
enum Descr {
    Plain(String),
    Structured,
}

/// Where in the header something is wrong, what was expected there, and what was found.
type HeaderError = (usize, &'static str, String);

impl Header {
    /// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`, its keys in any order.
    fn parse(text: &[u8]) -> Result<Self, HeaderError> {
        let mut cursor = Cursor { text, at: 0 };
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        cursor.expect(b'{')?;
        loop {
            if cursor.accept(b'}') {
                break;
            }
            let key = cursor.string()?;
            cursor.expect(b':')?;
            match key.as_str() {
                "descr" if cursor.peek() == Some(b'[') => {
                    // What the records are made of does not matter: they are refused.
                    descr = Some(Descr::Structured);
                    fortran = fortran.or(Some(false));
                    shape = shape.or(Some(vec![]));
                    break;
                }
                "descr" => descr = Some(Descr::Plain(cursor.string()?)),
                "fortran_order" => fortran = Some(cursor.boolean()?),
                "shape" => shape = Some(cursor.shape()?),
                _ => return Err(cursor.wrong("descr, fortran_order or shape")),
            }
            if !cursor.accept(b',') && cursor.peek() != Some(b'}') {
                return Err(cursor.wrong("a comma or the end of the header"));
            }
        }
        match (descr, fortran, shape) {
            (Some(descr), Some(fortran), Some(shape)) => Ok(Self { descr, fortran, shape }),
            _ => Err(cursor.wrong("descr, fortran_order and shape in the header")),
        }
    }
}

/// A place in a header.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), HeaderError> {
        if self.accept(byte) { Ok(()) } else { Err(self.wrong("a dictionary as NumPy writes it")) }
    }

    fn wrong(&self, expected: &'static str) -> HeaderError {
        let rest: Vec<u8> = self.text[self.at.min(self.text.len())..].iter().copied().take(20).collect();
        let found = match rest.is_empty() {
            true => "the end of the header".to_owned(),
            false => format!("{:?}", String::from_utf8_lossy(&rest)),
        };
        (self.at, expected, found)
    }

    fn string(&mut self) -> Result<String, HeaderError> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.wrong("a string")),
        };
        let start = self.at + 1;
        let Some(length) = self.text[start..].iter().position(|&byte| byte == quote) else {
            return Err(self.wrong("a string that ends"));
        };
        self.at = start + length + 1;
        Ok(String::from_utf8_lossy(&self.text[start..start + length]).into_owned())
    }

    fn boolean(&mut self) -> Result<bool, HeaderError> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("True or False"))
    }

    fn shape(&mut self) -> Result<Vec<u64>, HeaderError> {
        /// NumPy itself allows no more.
        const MOST_AXES: usize = 64;
        self.expect(b'(')?;
        let mut shape = Vec::new();
        while !self.accept(b')') {
            self.peek();
            let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let number =
                std::str::from_utf8(&self.text[self.at..self.at + digits]).ok().and_then(|n| n.parse().ok());
            let Some(number) = number.filter(|_| shape.len() < MOST_AXES) else {
                return Err(self.wrong("a length below 2^64"));
            };
            shape.push(number);
            self.at += digits;
            if !self.accept(b',') && self.peek() != Some(b')') {
                return Err(self.wrong("a comma or the end of the shape"));
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_in_any_order_of_their_keys() {
        let header =
            Header::parse(b"{'shape': (3, 4,), \"fortran_order\": True, 'descr': '>f4'}  \n").unwrap();
        assert_eq!(
            header,
            Header { descr: Descr::Plain(">f4".to_owned()), fortran: true, shape: vec![3, 4] }
        );
        assert!(Header::parse(b"{'descr': '<f8', 'fortran_order': False}").is_err());
        assert!(Header::parse(b"{'descr': '<f8' 'shape': ()}").is_err());
        assert!(Header::parse(&[b'('; 1000]).is_err());
    }

    #[test]
    fn columns_of_cubes_are_found_in_fortran_order() {
        // Rows of shape (2, 3): C order (0,0) (0,1) (0,2) (1,0) …; in Fortran order the first index runs first.
        let input = Input::unpacked(Path::new("x"), std::io::empty(), 0, &ReadOptions::default()).unwrap();
        let item = Item { kind: Kind::Float, size: 8, big_endian: false };
        let array = Array { input, offset: 0, item, fortran: true, rows: 1, inner: vec![2, 3], width: 6 };
        let positions: Vec<u64> = (0..6).map(|column| array.fortran_column(column)).collect();
        assert_eq!(positions, [0, 2, 4, 1, 3, 5]);
    }
}
