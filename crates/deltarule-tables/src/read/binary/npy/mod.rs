//! NumPy's arrays: NPY, and NPZ, which is several of them in a zip archive.

mod header;
mod value_type;

use self::header::NpyHeader;
use self::value_type::ValueType;
use crate::arrow::array::ArrayRef;
use crate::arrow::datatypes::{Field, Schema};
use crate::error::{Place, TableError};
use crate::read::input::Input;
use crate::read::missing::Missing;
use crate::read::options::ReadOptions;
use crate::read::table_file::{Batches, RowRange, TableFile};
use crate::read::types::batch_of;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// One or several arrays of as many rows, side by side.
pub(crate) struct NpyTable {
    input: Input,
    arrays: Arc<Vec<Array>>,
    fields: Vec<Field>,
    chunks: Vec<RowRange>,
    missing: Missing,
}

/// An array in a file of its own.
#[derive(Debug, Clone)]
struct Array {
    input: Input,
    /// Where its values begin.
    offset: u64,
    value_type: ValueType,
    fortran: bool,
    rows: u64,
    /// The shape of a row.
    inner: Vec<u64>,
    /// The product of `inner`.
    width: usize,
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
            let packed = member.compressed_size().min(input.len());
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
            .hint("are rows and columns exchanged? {max-columns} raises the limit"));
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
            let data_type = array.value_type.data_type();
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
        let row_bytes: u64 =
            arrays.iter().map(|(_, _, array)| (array.width * array.value_type.size) as u64).sum();
        let step = (options.block_bytes as u64 / row_bytes.max(1)).clamp(1, options.rows_for(width) as u64);
        let chunks = (0..rows.div_ceil(step))
            .map(|i| RowRange { first_row: i * step, rows: step.min(rows - i * step) })
            .collect();
        let arrays = Arc::new(arrays.into_iter().map(|(_, _, array)| array).collect());
        Ok(Self { input, arrays, fields, chunks, missing: Missing::new(options) })
    }
}

impl TableFile for NpyTable {
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
        let missing = self.missing.clone();
        Ok(Box::new(chunks.into_iter().map(move |chunk| {
            let mut read: Vec<Option<Vec<u8>>> = vec![None; arrays.len()];
            let mut columns = Vec::with_capacity(places.len());
            for &(array, column) in &places {
                columns.push(arrays[array].column(column, chunk, &mut read[array])?);
            }
            batch_of(&schema, columns, chunk.rows as usize, &missing)
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
        let header = NpyHeader::parse(&header)
            .map_err(|(at, expected, found)| wrong(start + at as u64, expected, found))?;
        let value_type = ValueType::parse(&header.descr).map_err(|(expected, found, hint)| {
            TableError::data(input.name(), expected, found).at_byte(start).hint(hint)
        })?;
        let Some((&rows, inner)) = header.shape.split_first() else {
            return Err(wrong(start, "an array with rows", "a single number".to_owned()));
        };
        let width = inner.iter().try_fold(1_u64, |width, &n| width.checked_mul(n));
        let bytes = width
            .and_then(|width| width.checked_mul(rows))
            .and_then(|values| values.checked_mul(value_type.size as u64));
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
            .hint("are rows and columns exchanged? {max-columns} raises the limit"));
        };
        let inner = inner.to_vec();
        Ok(Self { input, offset: start + length, value_type, fortran: header.fortran, rows, inner, width })
    }

    /// Some rows of a column; `read` keeps the rows of an array in C order for the columns after it.
    fn column(
        &self,
        column: usize,
        chunk: RowRange,
        read: &mut Option<Vec<u8>>,
    ) -> Result<ArrayRef, TableError> {
        let (size, rows) = (self.value_type.size, chunk.rows as usize);
        if self.fortran {
            let first = (self.fortran_column(column as u64) * self.rows + chunk.first_row) * size as u64;
            let bytes = self.input.bytes(self.offset + first, rows * size)?;
            return self
                .value_type
                .array(bytes.chunks_exact(size.max(1)), rows)
                .map_err(|e| self.not_text(e));
        }
        let row = self.width * size;
        let bytes = match read {
            Some(bytes) => bytes,
            None => read.insert(self.input.bytes(self.offset + chunk.first_row * row as u64, rows * row)?),
        };
        let values = bytes.chunks_exact(row.max(1)).map(|row| &row[column * size..][..size]);
        self.value_type.array(values, rows).map_err(|e| self.not_text(e))
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

#[cfg(test)]
mod tests {
    use super::value_type::ValueKind;
    use super::*;

    #[test]
    fn columns_of_cubes_are_found_in_fortran_order() {
        // Rows of shape (2, 3): C order (0,0) (0,1) (0,2) (1,0) …; in Fortran order the first index runs first.
        let input = Input::unpacked(Path::new("x"), std::io::empty(), 0, &ReadOptions::default()).unwrap();
        let value_type = ValueType { kind: ValueKind::Float, size: 8, big_endian: false };
        let array =
            Array { input, offset: 0, value_type, fortran: true, rows: 1, inner: vec![2, 3], width: 6 };
        let positions: Vec<u64> = (0..6).map(|column| array.fortran_column(column)).collect();
        assert_eq!(positions, [0, 2, 4, 1, 3, 5]);
    }
}
