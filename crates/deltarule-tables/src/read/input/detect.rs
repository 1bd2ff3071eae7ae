//! What a file holds, found by looking at its first bytes.

use super::format::Format;
use super::signature::{Signature, signature};
use crate::error::TableError;
use std::path::Path;

/// What the file of this name holds, by its first bytes `head` (a few hundred are enough; already unpacked if it
/// was compressed). The name decides only whether a text without any structure of its own is CSV.
///
/// # Errors
/// When the bytes belong to no table that is read here; the message names what they are, where that is known.
pub fn detect(file: &Path, head: &[u8]) -> Result<Format, TableError> {
    const READ: &str = "CSV, TSV, JSON lines, LIBSVM, Parquet, Arrow IPC, NPY, NPZ or IDX";
    if head.is_empty() {
        return Err(TableError::data(file, "a table", "an empty file"));
    }
    match signature(head) {
        Some(Signature::Table(format)) => Ok(format),
        Some(Signature::Refused(found, hint)) => Err(TableError::data(file, READ, found).hint(hint)),
        Some(Signature::Compressed(_)) => {
            Err(TableError::data(file, READ, "compressed data within compressed data")
                .hint("unpack it first"))
        }
        None => Ok(text(file, head)),
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
