//! Where the rows of a CSV file end.
//!
//! `csv-core` reads the cells. What it does not say is needed here: where a file may be cut into blocks, on which
//! line a quote was opened that is never closed, and what stands on which line. It also takes a quote for an
//! opening one only directly after the delimiter, while many files have a blank between.

use memchr::{memchr, memchr3};
use std::ops::Range;

/// The bytes that mean something in a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
}

/// What a look at a stretch of a CSV file, from the start of a row on, tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Bytes up to the end of the last whole row.
    pub(crate) whole: usize,
    /// Where the quote was opened in which the stretch ends.
    pub(crate) open_quote: Option<usize>,
    /// Blanks between a delimiter and an opening quote.
    pub(crate) blanks: Vec<Range<usize>>,
}

impl Dialect {
    fn is_blank(self, byte: u8) -> bool {
        (byte == b' ' || byte == b'\t') && byte != self.delimiter
    }

    /// Whether a row holds nothing at all: such rows are passed over.
    pub(crate) fn is_blank_row(self, row: &[u8]) -> bool {
        row.iter().all(|&byte| self.is_blank(byte) || byte == b'\n' || byte == b'\r')
    }

    /// Looks through `text`, and stops after the first row if only that is wanted.
    fn scan_to(self, text: &[u8], first_row_only: bool) -> Scan {
        let mut scan = Scan::default();
        let mut at = 0;
        while at < text.len() {
            let start = at;
            while at < text.len() && self.is_blank(text[at]) {
                at += 1;
            }
            if text.get(at) == Some(&self.quote) {
                if at > start {
                    scan.blanks.push(start..at);
                }
                match self.closing_quote(text, at + 1) {
                    Some(closed) => at = closed + 1,
                    None => return Scan { open_quote: Some(at), ..scan },
                }
            }
            match memchr3(self.delimiter, b'\n', b'\r', &text[at..]) {
                None => return scan,
                Some(ahead) => at += ahead + 1,
            }
            if text[at - 1] == b'\n' {
                scan.whole = at;
                if first_row_only {
                    return scan;
                }
            }
        }
        scan
    }

    /// Looks through all of `text`.
    pub(crate) fn scan(self, text: &[u8]) -> Scan {
        self.scan_to(text, false)
    }

    /// Bytes of the first row, its line end included.
    pub(crate) fn first_row(self, text: &[u8]) -> usize {
        match self.scan_to(text, true).whole {
            0 => text.len(),
            whole => whole,
        }
    }

    /// The quote that closes a cell whose text begins at `at`: the first that is not doubled.
    fn closing_quote(self, text: &[u8], mut at: usize) -> Option<usize> {
        loop {
            at += memchr(self.quote, &text[at..])?;
            if text.get(at + 1) != Some(&self.quote) {
                return Some(at);
            }
            at += 2;
        }
    }

    /// Where each cell of a row begins.
    pub(crate) fn cell_starts(self, row: &[u8]) -> Vec<usize> {
        let mut starts = vec![0];
        let mut at = 0;
        while at < row.len() {
            while at < row.len() && self.is_blank(row[at]) {
                at += 1;
            }
            if row.get(at) == Some(&self.quote) {
                at = self.closing_quote(row, at + 1).map_or(row.len(), |closed| closed + 1);
            }
            match memchr3(self.delimiter, b'\n', b'\r', &row[at..]) {
                Some(ahead) if row[at + ahead] == self.delimiter => {
                    at += ahead + 1;
                    starts.push(at);
                }
                _ => break,
            }
        }
        starts
    }
}

/// `text` without the stretches of `gaps`, which are in order.
pub(crate) fn without(text: &[u8], gaps: &[Range<usize>]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut from = 0;
    for gap in gaps {
        kept.extend_from_slice(&text[from..gap.start]);
        from = gap.end;
    }
    kept.extend_from_slice(&text[from..]);
    kept
}

/// Lines that begin before byte `at`, less one: the line of that byte, counted from zero.
pub(crate) fn line_of(text: &[u8], at: usize) -> u64 {
    memchr::memchr_iter(b'\n', &text[..at]).count() as u64
}

/// The character at byte `at`, counted from the start of its line, from one.
pub(crate) fn character_of(text: &[u8], at: usize) -> u64 {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
    String::from_utf8_lossy(&text[start..at]).chars().count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect { delimiter: b',', quote: b'"' };

    #[test]
    fn a_line_end_within_quotes_ends_no_row() {
        let text = b"a,\"b\nc\"\nd,\"e";
        assert_eq!(COMMA.scan(text), Scan { whole: 8, open_quote: Some(10), blanks: vec![] });
    }

    #[test]
    fn a_quote_within_a_cell_opens_nothing() {
        assert_eq!(COMMA.scan(b"5\" pipe,1\n").whole, 10);
    }

    #[test]
    fn blanks_before_an_opening_quote_are_found_but_not_those_within_quotes() {
        let text = b"1, \"a, \"\"b\"\"\",  \"c\"\n";
        let scan = COMMA.scan(text);
        assert_eq!(scan.blanks, [2..3, 14..16]);
        assert_eq!(without(text, &scan.blanks), b"1,\"a, \"\"b\"\"\",\"c\"\n");
    }

    #[test]
    fn cells_begin_after_their_delimiters() {
        assert_eq!(COMMA.cell_starts(b"a,\"b,c\",,d\n"), [0, 2, 8, 9]);
    }
}
