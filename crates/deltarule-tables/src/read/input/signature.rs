//! The first bytes by which binary files are told.

use super::format::Format;

/// What the first bytes of a file say that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// A table that is read here.
    Table(Format),
    /// Another file, compressed.
    Compressed(Compression),
    /// What is not read here: what it is, and what can be done.
    Refused(&'static str, &'static str),
}

/// How a file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// How a file with these first bytes is compressed, where it is.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match signature(head) {
            Some(Signature::Compressed(compression)) => Some(compression),
            _ => None,
        }
    }
}

use Signature::{Compressed, Refused, Table};

const PICTURE: &str = "tables of pixels are read as NPY or IDX";
const RECODE: &str = "convert it first: iconv -f UTF-16 -t UTF-8";

const SIGNATURES: &[(&[&[u8]], Signature)] = &[
    (&[b"PAR1"], Table(Format::Parquet)),
    (&[b"ARROW1"], Table(Format::ArrowFile)),
    (&[b"\xff\xff\xff\xff"], Table(Format::ArrowStream)),
    (&[b"\x93NUMPY"], Table(Format::Npy)),
    (&[b"PK\x03\x04", b"PK\x05\x06"], Table(Format::Npz)),
    (&[b"\0\0\x08", b"\0\0\x09", b"\0\0\x0b", b"\0\0\x0c", b"\0\0\x0d", b"\0\0\x0e"], Table(Format::Idx)),
    (&[b"\x1f\x8b"], Compressed(Compression::Gzip)),
    (&[b"\x28\xb5\x2f\xfd"], Compressed(Compression::Zstd)),
    (
        &[b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"],
        Refused(
            "a Python pickle",
            "a pickle can run code and is never opened; save the table as Parquet or NPY",
        ),
    ),
    (&[b"PARE"], Refused("an encrypted Parquet file", "decrypt it first: keys are not handled here")),
    (
        &[b"FEA1"],
        Refused(
            "a Feather file of version 1",
            "write it as version 2 (pandas: to_feather with pyarrow 1 or later)",
        ),
    ),
    (&[b"BZh"], Refused("bzip2 data", "unpack it first: bunzip2")),
    (&[b"\xfd7zXZ\0"], Refused("xz data", "unpack it first: unxz")),
    (&[b"\x04\x22\x4d\x18"], Refused("lz4 data", "unpack it first: unlz4")),
    (&[b"7z\xbc\xaf\x27\x1c"], Refused("a 7-zip archive", "unpack it first")),
    (
        &[b"SQLite format 3\0"],
        Refused("an SQLite database", "export the table: sqlite3 -header -csv FILE 'select * from …'"),
    ),
    (&[b"\x89HDF\r\n\x1a\n"], Refused("an HDF5 file", "export the table as Parquet or NPY")),
    (&[b"\xd0\xcf\x11\xe0"], Refused("an old Excel workbook", "save the sheet as CSV")),
    (&[b"ORC"], Refused("an ORC file", "convert it to Parquet")),
    (&[b"Obj\x01"], Refused("an Avro file", "convert it to Parquet")),
    (&[b"%PDF"], Refused("a PDF document", "export the table as CSV")),
    (&[b"\x89PNG"], Refused("a PNG picture", PICTURE)),
    (&[b"\xff\xd8\xff"], Refused("a JPEG picture", PICTURE)),
    (&[b"\xff\xfe", b"\xfe\xff"], Refused("UTF-16 text", RECODE)),
    (&[b"\x7fELF"], Refused("a program", "name a table")),
];

/// What these first bytes say, where they say anything: text has no signature.
pub(crate) fn signature(head: &[u8]) -> Option<Signature> {
    let starts = |magics: &[&[u8]]| magics.iter().any(|magic| head.starts_with(magic));
    SIGNATURES.iter().find(|(magics, _)| starts(magics)).map(|(_, signature)| *signature)
}
