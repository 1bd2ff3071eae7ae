//! What a file holds, found by looking at its first bytes.

use crate::error::TableError;
use std::path::Path;

/// The formats of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-, tab- or otherwise separated values.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// `label index:value …`, sparse.
    Libsvm,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow's IPC file, which is also Feather version 2.
    ArrowFile,
    /// Apache Arrow's IPC stream.
    ArrowStream,
    /// One NumPy array.
    Npy,
    /// Several NumPy arrays in a zip archive.
    Npz,
    /// MNIST's format: images or labels.
    Idx,
}

/// How a file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// First bytes that tell a file which is no table of ours, what it is, and what can be done.
const STRANGERS: &[(&[u8], &str, &'static str)] = &[
    (b"PARE", "an encrypted Parquet file", "decrypt it first: keys are not handled here"),
    (
        b"FEA1",
        "a Feather file of version 1",
        "write it as version 2 (pandas: to_feather with pyarrow 1 or later)",
    ),
    (b"BZh", "bzip2 data", "unpack it first: bunzip2"),
    (b"\xfd7zXZ\0", "xz data", "unpack it first: unxz"),
    (b"\x04\x22\x4d\x18", "lz4 data", "unpack it first: unlz4"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip archive", "unpack it first"),
    (
        b"SQLite format 3\0",
        "an SQLite database",
        "export the table: sqlite3 -header -csv FILE 'select * from …'",
    ),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "export the table as Parquet or NPY"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV"),
    (b"ORC", "an ORC file", "convert it to Parquet"),
    (b"Obj\x01", "an Avro file", "convert it to Parquet"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"\x89PNG", "a PNG picture", "tables of pixels are read as NPY or IDX"),
    (b"\xff\xd8\xff", "a JPEG picture", "tables of pixels are read as NPY or IDX"),
    (b"\xff\xfe", "UTF-16 text", "convert it first: iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "convert it first: iconv -f UTF-16 -t UTF-8"),
    (b"\x7fELF", "a program", "name a table"),
];

/// What the file of this name holds, by its first bytes `head` (a few hundred are enough; already unpacked if it
/// was compressed). The name decides only whether a text without any structure of its own is CSV.
///
/// # Errors
/// When the bytes belong to no table that is read here; the message names what they are, where that is known.
pub fn detect(file: &Path, head: &[u8]) -> Result<Format, TableError> {
    const READ: &str = "CSV, TSV, JSON lines, LIBSVM, Parquet, Arrow IPC, NPY, NPZ or IDX";
    let refuse = |found: &str, hint: &'static str| Err(TableError::data(file, READ, found).hint(hint));
    if head.is_empty() {
        return Err(TableError::data(file, "a table", "an empty file"));
    }
    if let Some((_, found, hint)) = STRANGERS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return refuse(found, hint);
    }
    match head {
        [b'P', b'A', b'R', b'1', ..] => Ok(Format::Parquet),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Ok(Format::ArrowFile),
        [0xff, 0xff, 0xff, 0xff, ..] => Ok(Format::ArrowStream),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Ok(Format::Npy),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Ok(Format::Npz),
        [0x80, 2..=5, ..] => refuse(
            "a Python pickle",
            "a pickle can run code and is never opened; save the table as Parquet or NPY",
        ),
        [0, 0, 8 | 9 | 0xb..=0xe, 1..=4, ..] => Ok(Format::Idx),
        _ => Ok(text(file, head)),
    }
}

/// CSV, JSON lines or LIBSVM, by the first line that is not blank.
fn text(file: &Path, head: &[u8]) -> Format {
    let head = head.strip_prefix(BOM).unwrap_or(head);
    let first =
        head.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty()).unwrap_or(b"");
    let named = |ends: &[&str]| {
        let extension = file.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        ends.contains(&extension.as_str())
    };
    if first.starts_with(b"{") || (first.starts_with(b"[") && named(&["json", "jsonl", "ndjson"])) {
        Format::JsonLines
    } else if is_libsvm(first) || named(&["libsvm", "svmlight", "svm"]) {
        Format::Libsvm
    } else {
        Format::Csv
    }
}

/// The mark that some programs put before UTF-8 text.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Whether a line reads `label index:value …`, with at least one pair.
fn is_libsvm(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line.split(|&b| b == b'#').next().unwrap_or(line)) else {
        return false;
    };
    let mut words = line.split_ascii_whitespace();
    let labelled = words.next().is_some_and(|label| label.parse::<f64>().is_ok());
    let mut pairs = words.map(|word| {
        word.split_once(':').is_some_and(|(index, value)| {
            (index == "qid" || index.parse::<u64>().is_ok()) && value.parse::<f64>().is_ok()
        })
    });
    // The line may have been cut by the end of `head`: its last word need not be whole.
    labelled && pairs.next() == Some(true) && pairs.next().unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_formats_are_told_by_their_first_line() {
        for (head, format) in [
            ("a,b\n1,2\n", Format::Csv),
            ("\u{feff}\n {\"a\": 1}\n", Format::JsonLines),
            ("+1 1:0.5 7:2e-3 # a comment\n", Format::Libsvm),
            ("3 qid:1 1:0.5\n", Format::Libsvm),
            ("12:30:00 5\n", Format::Csv),
            ("time 12:30\n", Format::Csv),
            ("1 2 3\n", Format::Csv),
        ] {
            assert_eq!(detect(Path::new("x"), head.as_bytes()).unwrap(), format, "{head}");
        }
    }

    #[test]
    fn a_name_does_not_make_a_parquet_file_of_a_csv_file() {
        assert_eq!(detect(Path::new("x.parquet"), b"a,b\n").unwrap(), Format::Csv);
        assert_eq!(detect(Path::new("x.csv"), b"PAR1").unwrap(), Format::Parquet);
    }
}
