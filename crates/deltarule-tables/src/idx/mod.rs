//! IDX files, the format of MNIST and its relatives, plain or compressed with gzip.
//!
//! | bytes | |
//! |---|---|
//! | 0, 1 | zero |
//! | 2 | type of the elements: 0x08 u8, 0x09 i8, 0x0B i16, 0x0C i32, 0x0D f32, 0x0E f64 |
//! | 3 | number of dimensions d |
//! | 4 … 3 + 4d | the dimensions, each a 32-bit big-endian integer; the first counts the samples |
//! | then | the elements, big-endian, the last dimension running fastest |
//!
//! Source: the description that LeCun, Cortes and Burges published with MNIST.

mod pairs;

pub use pairs::{Files, Found, Pair, find};

use crate::error::TableError;
use crate::read::Format;
use crate::read::input::signature::{Compression, Signature, signature};
use deltarule::Matrix;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

/// No stream that deflate packed unpacks to more than this many times its size.
const DEFLATE_LIMIT: u64 = 1032;

const CUT_SHORT: &str = "the file was cut short; fetch it again";
const SWAPPED: &str = "are images and labels swapped?";

/// Type of the elements of an IDX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// 0x08
    U8,
    /// 0x09
    I8,
    /// 0x0B
    I16,
    /// 0x0C
    I32,
    /// 0x0D
    F32,
    /// 0x0E
    F64,
}

impl ElementType {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0B => Self::I16,
            0x0C => Self::I32,
            0x0D => Self::F32,
            0x0E => Self::F64,
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// What one IDX file holds: its elements as they are stored, and their shape.
#[derive(Clone, PartialEq)]
pub struct Idx {
    kind: ElementType,
    dims: Vec<usize>,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Idx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Idx").field("kind", &self.kind).field("dims", &self.dims).finish_non_exhaustive()
    }
}

impl Idx {
    /// Whether a file that starts with these bytes (unpacked, four or more) is an IDX file.
    pub fn starts(bytes: &[u8]) -> bool {
        signature(bytes) == Some(Signature::Table(Format::Idx))
            && bytes.get(3).is_some_and(|dims| (1..=8).contains(dims))
    }

    /// Reads a file, plain or gzip, whatever its name.
    ///
    /// # Errors
    /// When the file cannot be read, is not an IDX file, is cut short, or goes on behind its last element.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        let open = |error: io::Error| TableError::system(path, "a readable file", &error);
        let mut file = File::open(path).map_err(open)?;
        let metadata = file.metadata().map_err(open)?;
        if !metadata.is_file() {
            return Err(TableError::data(path, "an IDX file", "something that is not a regular file"));
        }
        let mut start = Vec::new();
        file.by_ref().take(2).read_to_end(&mut start).map_err(open)?;
        file.rewind().map_err(open)?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        if Compression::of(&start) == Some(Compression::Gzip) {
            let limit = metadata.len().saturating_mul(DEFLATE_LIMIT);
            Self::unpack(&mut MultiGzDecoder::new(reader), limit, path)
        } else {
            Self::unpack(&mut reader, metadata.len(), path)
        }
    }

    /// Reads an IDX stream that `limit` bytes at most can come from; `path` is for messages.
    fn unpack(reader: &mut dyn Read, limit: u64, path: &Path) -> Result<Self, TableError> {
        let mut offset = 0;
        let magic = header_word(reader, &mut offset, path, "the four bytes that start an IDX file")?;
        let Some(kind) = ElementType::of(magic[2]).filter(|_| magic[..2] == [0, 0]) else {
            let expected = "an IDX magic number: 00 00, a type from 08 to 0e, a number of dimensions";
            let found = magic.map(|byte| format!("{byte:02x}")).join(" ");
            let hint = "files of images start with 00 00 08 03, of labels with 00 00 08 01";
            return Err(broken(path, 0, expected, &found).hint(hint));
        };
        if !(1..=8).contains(&magic[3]) {
            return Err(broken(path, 3, "from 1 to 8 dimensions", &magic[3].to_string()));
        }
        let mut dims = Vec::new();
        let mut size = kind.size() as u64;
        for d in 1..=magic[3] {
            let at = offset;
            let word = header_word(reader, &mut offset, path, &format!("dimension {d} of {}", magic[3]))?;
            let dim = u32::from_be_bytes(word);
            size = size.checked_mul(u64::from(dim)).filter(|&size| size <= limit).ok_or_else(|| {
                let expected = format!("dimensions whose elements fit in the file ({limit} bytes at most)");
                let found = dims.iter().map(|dim: &usize| format!("{dim} × ")).collect::<String>();
                broken(path, at, &expected, &format!("{found}{dim} elements of {} bytes", kind.size()))
                    .hint("the header is damaged, or the file was cut short")
            })?;
            dims.push(dim as usize);
        }
        let start = offset;
        // Room for what the header claims, but at first not more than 16 MiB: the rest has to arrive.
        let mut bytes = Vec::with_capacity(size.min(16 << 20) as usize);
        let read = reader.take(size).read_to_end(&mut bytes);
        let held = bytes.len() as u64;
        if let Err(error) = read {
            return Err(stream_error(path, start + held, error, "the elements"));
        }
        if held < size {
            let expected = format!("{size} bytes of elements, as the header says");
            let found = format!("the end of the file after {held} of them");
            return Err(broken(path, start + held, &expected, &found).hint(CUT_SHORT));
        }
        let mut more = [0];
        match reader.read(&mut more) {
            Ok(0) => Ok(Self { kind, dims, bytes }),
            Ok(_) => {
                let hint = "the header's dimensions are too small, or the file was changed";
                Err(broken(path, start + size, "the end of the file", "more bytes").hint(hint))
            }
            // The checksum of a gzip file is read, and compared, behind its last byte.
            Err(error) => Err(stream_error(path, start + size, error, "the end of the file")),
        }
    }

    /// The dimensions, samples first.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Type of the elements.
    pub fn kind(&self) -> ElementType {
        self.kind
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.dims[0]
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements of one sample.
    pub fn width(&self) -> usize {
        self.dims[1..].iter().product()
    }

    /// One sample a row, its elements divided by `divisor`: 1 keeps them, 255 brings bytes into [0, 1]. The
    /// quotients are those of f32 arithmetic; elements of 32 and 64 bits are rounded to f32 first.
    pub fn matrix(&self, divisor: f32) -> Matrix<f32> {
        let mut x = Matrix::zeros(self.len(), self.width());
        let size = self.width() * self.kind.size();
        for i in 0..self.len() {
            let bytes = &self.bytes[i * size..][..size];
            let row = x.row_mut(i);
            match self.kind {
                ElementType::U8 => fill(row, bytes, |[b]| f32::from(b) / divisor),
                ElementType::I8 => fill(row, bytes, |[b]| f32::from(b as i8) / divisor),
                ElementType::I16 => fill(row, bytes, |b| f32::from(i16::from_be_bytes(b)) / divisor),
                ElementType::I32 => fill(row, bytes, |b| i32::from_be_bytes(b) as f32 / divisor),
                ElementType::F32 => fill(row, bytes, |b| f32::from_be_bytes(b) / divisor),
                ElementType::F64 => fill(row, bytes, |b| f64::from_be_bytes(b) as f32 / divisor),
            }
        }
        x
    }

    /// Element `k` of the file, exactly: f64 holds every value of every kind.
    fn element(&self, k: usize) -> f64 {
        let bytes = &self.bytes[k * self.kind.size()..];
        match self.kind {
            ElementType::U8 => f64::from(bytes[0]),
            ElementType::I8 => f64::from(bytes[0] as i8),
            ElementType::I16 => f64::from(i16::from_be_bytes([bytes[0], bytes[1]])),
            ElementType::I32 => f64::from(i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
            ElementType::F32 => f64::from(f32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
            ElementType::F64 => f64::from_be_bytes(std::array::from_fn(|i| bytes[i])),
        }
    }

    /// Where element `k` starts in the (unpacked) file.
    fn offset(&self, k: usize) -> u64 {
        (4 + 4 * self.dims.len() + k * self.kind.size()) as u64
    }

    /// The elements of a file of one dimension as whole numbers.
    fn labels(&self, path: &Path) -> Result<Vec<i64>, TableError> {
        if self.dims.len() != 1 {
            let shape = self.dims.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
            return Err(broken(path, 3, "labels: one dimension", &format!("{shape} elements")).hint(SWAPPED));
        }
        (0..self.len())
            .map(|k| {
                let value = self.element(k);
                // Below 2³² in size, where every whole number is an f64 and an i64.
                if value.fract() == 0.0 && value.abs() < 4_294_967_296.0 {
                    Ok(value as i64)
                } else {
                    let found = format!("{value} as label {k}");
                    Err(broken(path, self.offset(k), "labels that are whole numbers", &found))
                }
            })
            .collect()
    }
}

fn fill<const N: usize>(row: &mut [f32], bytes: &[u8], value: impl Fn([u8; N]) -> f32) {
    let (elements, _) = bytes.as_chunks::<N>();
    for (cell, &element) in row.iter_mut().zip(elements) {
        *cell = value(element);
    }
}

fn header_word(
    reader: &mut dyn Read,
    offset: &mut u64,
    path: &Path,
    what: &str,
) -> Result<[u8; 4], TableError> {
    let mut word = Vec::with_capacity(4);
    let read = reader.take(4).read_to_end(&mut word);
    let at = *offset + word.len() as u64;
    read.map_err(|error| stream_error(path, at, error, what))?;
    *offset += 4;
    word.try_into()
        .map_err(|_| broken(path, at, what, if at == 0 { "an empty file" } else { "the end of the file" }))
}

/// An error of the gzip stream is one of the data; everything else is the system's.
fn stream_error(path: &Path, offset: u64, error: io::Error, expected: &str) -> TableError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            broken(path, offset, expected, "a gzip stream that ends too early").hint(CUT_SHORT)
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            broken(path, offset, expected, &format!("a damaged gzip stream ({error})")).hint("fetch it again")
        }
        _ => TableError::system(path, "a readable file", &error),
    }
}

/// Offsets count the bytes of the unpacked file.
fn broken(path: &Path, offset: u64, expected: &str, found: &str) -> TableError {
    TableError::data(path, expected, found).at_byte(offset)
}
