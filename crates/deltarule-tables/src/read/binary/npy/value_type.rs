//! The values of NumPy's arrays, by their type such as `<f8`.

use super::header::Descr;
use crate::arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Float32Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use crate::arrow::datatypes::{DataType, Float16Type};
use crate::read::types::TIMESTAMP;
use std::sync::Arc;

/// What the values of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ValueType {
    pub(super) kind: ValueKind,
    /// Bytes of a value.
    pub(super) size: usize,
    pub(super) big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
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

impl ValueType {
    /// Reads a type such as `<f8`.
    pub(super) fn parse(descr: &Descr) -> Result<Self, (&'static str, String, &'static str)> {
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
            (Some('b'), 1) => ValueKind::Bool,
            (Some('i'), 1 | 2 | 4 | 8) => ValueKind::Signed,
            (Some('u'), 1 | 2 | 4 | 8) => ValueKind::Unsigned,
            (Some('f'), 2 | 4 | 8) => ValueKind::Float,
            (Some('U'), 1..=65_536) => return Ok(Self { kind: ValueKind::Text, size: 4 * size, big_endian }),
            (Some('S' | 'a'), 1..=262_144) => ValueKind::Bytes,
            (Some('M'), 8) => match unit {
                "[D]" => ValueKind::Time { times: 86_400_000_000, parts: 1 },
                "[h]" => ValueKind::Time { times: 3_600_000_000, parts: 1 },
                "[m]" => ValueKind::Time { times: 60_000_000, parts: 1 },
                "[s]" => ValueKind::Time { times: 1_000_000, parts: 1 },
                "[ms]" => ValueKind::Time { times: 1_000, parts: 1 },
                "[us]" => ValueKind::Time { times: 1, parts: 1 },
                "[ns]" => ValueKind::Time { times: 1, parts: 1_000 },
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

    pub(super) fn data_type(self) -> DataType {
        match self.kind {
            ValueKind::Bool => DataType::Boolean,
            ValueKind::Signed => DataType::Int64,
            ValueKind::Unsigned if self.size == 8 => DataType::Float64,
            ValueKind::Unsigned => DataType::Int64,
            ValueKind::Float if self.size == 8 => DataType::Float64,
            ValueKind::Float => DataType::Float32,
            ValueKind::Text | ValueKind::Bytes => DataType::Utf8,
            ValueKind::Time { .. } => TIMESTAMP,
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
    pub(super) fn array<'a>(
        self,
        values: impl Iterator<Item = &'a [u8]>,
        rows: usize,
    ) -> Result<ArrayRef, String> {
        let unused = 64 - 8 * self.size.min(8) as u32;
        let signed = move |value: &[u8]| ((self.bits(value) << unused) as i64) >> unused;
        Ok(match (self.kind, self.size) {
            (ValueKind::Bool, _) => {
                Arc::new(values.map(|value| Some(value[0] != 0)).collect::<BooleanArray>())
            }
            (ValueKind::Signed, _) => Arc::new(Int64Array::from_iter_values(values.map(signed))),
            (ValueKind::Unsigned, 8) => {
                Arc::new(Float64Array::from_iter_values(values.map(|value| self.bits(value) as f64)))
            }
            (ValueKind::Unsigned, _) => {
                Arc::new(Int64Array::from_iter_values(values.map(|value| self.bits(value) as i64)))
            }
            (ValueKind::Float, 8) => {
                let numbers = values.map(|value| f64::from_bits(self.bits(value)));
                Arc::new(numbers.map(|x| (!x.is_nan()).then_some(x)).collect::<Float64Array>())
            }
            (ValueKind::Float, size) => {
                let numbers = values.map(|value| match size {
                    4 => f32::from_bits(self.bits(value) as u32),
                    _ => <Float16Type as ArrowPrimitiveType>::Native::from_bits(self.bits(value) as u16)
                        .to_f32(),
                });
                Arc::new(numbers.map(|x| (!x.is_nan()).then_some(x)).collect::<Float32Array>())
            }
            (ValueKind::Time { times, parts }, _) => {
                let micros = values.map(|value| match signed(value) {
                    i64::MIN => None,
                    count => count.checked_mul(times).map(|count| count.div_euclid(parts)),
                });
                Arc::new(micros.collect::<TimestampMicrosecondArray>())
            }
            (ValueKind::Text, _) => self.texts(values, rows, |value| {
                let characters = value.chunks_exact(4).map(|c| {
                    let bytes = [c[0], c[1], c[2], c[3]];
                    if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
                });
                let text: Option<String> = characters.map(char::from_u32).collect();
                text.ok_or_else(|| "a number that is no character".to_owned())
            })?,
            (ValueKind::Bytes, _) => self.texts(values, rows, |value| {
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
