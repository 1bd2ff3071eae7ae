//! Where the cells of a stretch of CSV lie.
//!
//! Text without quotes is cut at delimiters and line ends, and nothing of it is copied. Text with quotes is unpacked by
//! `csv-core`. A property test holds the two against each other.

use super::dialect::{Dialect, without};
use memchr::memchr;
use std::borrow::Cow;

/// Rows of one width, their cells told apart.
pub(crate) struct Grid<'a> {
    text: Cow<'a, str>,
    width: usize,
    /// Where the first cell of each row begins.
    starts: Vec<u32>,
    /// Where each cell ends, row by row.
    ends: Vec<u32>,
    /// Bytes from the end of a cell to the start of the next one in its row.
    gap: usize,
    /// How many cells the row after the last has, where they are not `width`: no row is read beyond it.
    misfit: Option<usize>,
}

impl<'a> Grid<'a> {
    /// The cells of `text`, which is at most 4 GiB of whole rows.
    pub(crate) fn new(dialect: Dialect, text: &'a str, width: usize) -> Self {
        let grid = |text, gap| Self { text, width, starts: vec![], ends: vec![], gap, misfit: None };
        if memchr(dialect.quote, text.as_bytes()).is_none() {
            let mut grid = grid(Cow::Borrowed(text), 1);
            grid.ends.reserve(text.len() / 8);
            grid.cut(text.as_bytes(), dialect.delimiter);
            return grid;
        }
        let mut grid = grid(Cow::Owned(String::new()), 0);
        let mut cells = String::with_capacity(text.len());
        // It ends early on a misfit alone, which is noted.
        let _ = for_each_row(dialect, text.as_bytes(), |row| {
            if row.len() != width {
                grid.misfit = Some(row.len());
                return Err(());
            }
            let start = cells.len() as u32;
            grid.starts.push(start);
            grid.ends.extend(row.ends.iter().map(|&end| start + end as u32));
            cells.push_str(row.text);
            Ok(())
        });
        grid.text = Cow::Owned(cells);
        grid
    }

    /// Cuts text that holds no quotes.
    fn cut(&mut self, text: &[u8], delimiter: u8) {
        let marks = [delimiter, b'\n', b'\r'];
        let (chunks, rest) = text.as_chunks();
        let mut start = 0;
        for (i, chunk) in chunks.iter().enumerate() {
            if !self.cut_at(text, among(chunk, marks), i * CHUNK, &mut start) {
                return;
            }
        }
        let hits = among(&last_chunk(rest, marks), marks);
        if !self.cut_at(text, hits, chunks.len() * CHUNK, &mut start) {
            return;
        }
        if start < text.len() {
            self.ends.push(text.len() as u32);
            self.end_row(text, start);
        }
    }

    /// Ends cells at the bytes whose bits are set, counted from `base`, and rows where they are line ends; `start` is
    /// where the row begins. Says whether it is of use to go on.
    #[inline]
    fn cut_at(&mut self, text: &[u8], mut hits: u64, base: usize, start: &mut usize) -> bool {
        while hits != 0 {
            let at = base + hits.trailing_zeros() as usize;
            hits &= hits - 1;
            self.ends.push(at as u32);
            if matches!(text[at], b'\n' | b'\r') {
                if !self.end_row(text, *start) {
                    return false;
                }
                *start = at + 1;
            }
        }
        true
    }

    /// Ends a row that begins at `start`; says whether it has the right width, or is blank and passed over.
    fn end_row(&mut self, text: &[u8], start: usize) -> bool {
        let before = self.starts.len() * self.width;
        let count = self.ends.len() - before;
        if count == 1 && text[start..self.ends[before] as usize].trim_ascii().is_empty() {
            self.ends.truncate(before);
        } else if count == self.width {
            self.starts.push(start as u32);
        } else {
            self.ends.truncate(before);
            self.misfit = Some(count);
        }
        self.misfit.is_none()
    }

    pub(crate) fn rows(&self) -> usize {
        self.starts.len()
    }

    /// How many cells the row after the last has, where they are too many or too few.
    pub(crate) fn misfit(&self) -> Option<usize> {
        self.misfit
    }

    /// The cells of a column, without the blanks around them.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        let cell = move |(row, cells): (usize, &[u32])| {
            let start = match column {
                0 => self.starts[row] as usize,
                _ => cells[column - 1] as usize + self.gap,
            };
            trimmed(&self.text[start..cells[column] as usize])
        };
        self.ends.chunks_exact(self.width).enumerate().map(cell)
    }
}

/// Bytes that are looked at together. Cells are short: one search for each mark would be slower.
const CHUNK: usize = 64;

/// The last bytes of a text, filled up with a byte that is no mark.
fn last_chunk(rest: &[u8], marks: [u8; 3]) -> [u8; CHUNK] {
    let filler = (b'a'..).find(|byte| !marks.contains(byte)).unwrap_or_default();
    let mut chunk = [filler; CHUNK];
    chunk[..rest.len()].copy_from_slice(rest);
    chunk
}

/// A bit for each byte that is one of the marks, the first one lowest.
fn among(chunk: &[u8; CHUNK], marks: [u8; 3]) -> u64 {
    const LOWEST_BITS: u64 = u64::from_le_bytes([1; 8]);
    // The product brings the bits of eight bytes side by side into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    // Bytes compared with bytes: the compiler makes vector instructions of it.
    let mut hits = [0; CHUNK];
    for (hit, byte) in hits.iter_mut().zip(chunk) {
        *hit = u8::from(*byte == marks[0]) | u8::from(*byte == marks[1]) | u8::from(*byte == marks[2]);
    }
    let (words, _) = hits.as_chunks::<8>();
    words.iter().enumerate().fold(0, |bits, (i, word)| {
        let word = u64::from_le_bytes(*word) & LOWEST_BITS;
        bits | (word.wrapping_mul(GATHER) >> 56) << (8 * i)
    })
}

/// A cell without the blanks around it.
fn trimmed(cell: &str) -> &str {
    match cell.as_bytes() {
        [first, .., last] if *first > b' ' && *last > b' ' => cell,
        _ => cell.trim_ascii(),
    }
}

/// The cells of one row.
pub(crate) struct Row<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl Row<'_> {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cells, without the blanks around them.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = [0].iter().chain(self.ends);
        starts.zip(self.ends).map(|(&start, &end)| trimmed(&self.text[start..end]))
    }
}

/// Calls `see` with the cells of each row that is not blank, as `csv-core` reads them.
pub(crate) fn for_each_row<E>(
    dialect: Dialect,
    text: &[u8],
    mut see: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let text = without_blanks(dialect, text);
    let mut reader = csv_core::ReaderBuilder::new().delimiter(dialect.delimiter).quote(dialect.quote).build();
    let (mut cells, mut ends) = (vec![0; 4096], vec![0; 64]);
    let (mut at, mut filled, mut count) = (0, 0, 0);
    loop {
        let (result, read, wrote, ended) =
            reader.read_record(&text[at..], &mut cells[filled..], &mut ends[count..]);
        at += read;
        filled += wrote;
        count += ended;
        match result {
            // Called again without input, the reader ends the row that the text ends with.
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::OutputFull => cells.resize(2 * cells.len(), 0),
            csv_core::ReadRecordResult::OutputEndsFull => ends.resize(2 * ends.len(), 0),
            csv_core::ReadRecordResult::End => return Ok(()),
            csv_core::ReadRecordResult::Record => {
                // The callers see to it that the text is UTF-8; only whole ASCII characters are taken out of it.
                let row =
                    Row { text: std::str::from_utf8(&cells[..filled]).unwrap_or(""), ends: &ends[..count] };
                let blank = count == 1 && filled > 0 && row.text.trim_ascii().is_empty();
                if !blank {
                    see(&row)?;
                }
                (filled, count) = (0, 0);
            }
        }
    }
}

/// The text with no blanks between a delimiter and an opening quote, where `csv-core` would take them for text.
fn without_blanks(dialect: Dialect, text: &[u8]) -> Cow<'_, [u8]> {
    if memchr(dialect.quote, text).is_some() {
        let blanks = dialect.scan(text).blanks;
        if !blanks.is_empty() {
            return Cow::Owned(without(text, &blanks));
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    /// The rows of a text up to the first that has another width, and the width of that.
    type Read = (Vec<Vec<String>>, Option<usize>);

    fn by_grid(dialect: Dialect, text: &str, width: usize) -> Read {
        let grid = Grid::new(dialect, text, width);
        let columns: Vec<Vec<&str>> = (0..width).map(|column| grid.column(column).collect()).collect();
        let row = |row: usize| columns.iter().map(|column| column[row].to_owned()).collect();
        ((0..grid.rows()).map(row).collect(), grid.misfit())
    }

    fn by_csv_core(dialect: Dialect, text: &str, width: usize) -> Read {
        let (mut rows, mut misfit) = (Vec::new(), None);
        let _ = for_each_row(dialect, text.as_bytes(), |row| {
            if row.len() != width {
                misfit = Some(row.len());
                return Err(());
            }
            rows.push(row.cells().map(str::to_owned).collect());
            Ok(())
        });
        (rows, misfit)
    }

    #[test]
    fn text_is_cut_as_csv_core_cuts_it() {
        let config = Config { cases: 3000, failure_persistence: None, ..Config::default() };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]);
        let case = ("[a1é ,;\t\n\r]{0,24}", 1..4_usize, prop::sample::select(vec![b',', b'\t']));
        TestRunner::new_with_rng(config, rng)
            .run(&case, |(text, width, delimiter)| {
                let dialect = Dialect { delimiter, quote: b'"' };
                prop_assert_eq!(by_grid(dialect, &text, width), by_csv_core(dialect, &text, width));
                // The same text with a quoted row behind it goes the other way.
                let quoted = format!("{text}\n\"q\"");
                prop_assert_eq!(by_grid(dialect, &quoted, width), by_csv_core(dialect, &quoted, width));
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn rows_behind_one_of_another_width_are_not_read() {
        let dialect = Dialect { delimiter: b',', quote: b'"' };
        for text in ["a,b\n\nc\nd,e\n", "\"a\",b\nc\nd,e\n"] {
            assert_eq!(by_grid(dialect, text, 2), (vec![vec!["a".into(), "b".into()]], Some(1)));
        }
    }
}
