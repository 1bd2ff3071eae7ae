//! What the cells of a column tell that are no plain numbers.

use super::strays::Strays;
use super::{dates, numerals};
use crate::arrow::array::StringArray;
use chrono::NaiveDate;
use dates::DateFormat;

/// What the cells of a column tell that are no plain numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CellEvidence {
    pub(super) numerals: numerals::Evidence,
    pub(super) dates: dates::Evidence,
    /// Dates in the usual form of ISO 8601, which were not looked at any further.
    pub(super) iso: u64,
    /// All cells that were looked at, and those that the user's own format does not read.
    pub(super) said: Option<(u64, Strays)>,
}

impl CellEvidence {
    /// Looks at a cell that has a value and is no plain number; rows are counted from zero.
    pub(crate) fn add(&mut self, cell: &str, row: u64) {
        if is_iso(cell) {
            self.iso += 1;
            return;
        }
        self.numerals.add(cell, row);
        self.dates.add(cell, row);
    }

    /// Counts cells that are plain numbers.
    pub(crate) fn add_plain(&mut self, integers: u64, fractions: u64) {
        self.numerals.add_plain(integers, fractions);
        self.dates.add_others(integers + fractions);
    }

    /// Adds what a later part of the column tells, whose rows begin at `first_row`.
    pub(crate) fn merge(&mut self, later: Self, first_row: u64) {
        self.numerals.merge(later.numerals, first_row);
        self.dates.merge(later.dates, first_row);
        self.iso += later.iso;
    }

    /// Cells with a value.
    pub(super) fn cells(&self) -> u64 {
        self.dates.cells() + self.iso
    }

    /// Whether some of its cells, but not all of them, are dates in the usual form of ISO 8601.
    pub(super) fn is_partly_iso(&self) -> bool {
        self.iso > 0 && self.iso < self.cells()
    }

    /// None so far, of a column whose cells are all to be looked at, plain or not.
    pub(super) fn of_all_cells(said: Option<&DateFormat>) -> Self {
        Self {
            numerals: numerals::Evidence::of_all_cells(),
            dates: dates::Evidence::of_all_cells(),
            iso: 0,
            said: matches!(said, Some(DateFormat::Said(_))).then(Default::default),
        }
    }

    /// Looks at all cells of a part of a column whose rows begin at `first_row`.
    pub(super) fn add_all(
        &mut self,
        texts: &StringArray,
        first_row: u64,
        said: Option<&DateFormat>,
        is_missing: impl Fn(&str) -> bool,
    ) {
        for (row, text) in (first_row..).zip(texts) {
            let Some(text) = text.map(str::trim).filter(|text| !is_missing(text)) else { continue };
            self.numerals.add(text, row);
            self.dates.add(text, row);
            if let (Some((cells, strays)), Some(format)) = (&mut self.said, said) {
                *cells += 1;
                if format.parse(text).is_none() {
                    strays.add(text, row);
                }
            }
        }
    }
}

/// Whether a cell is a date in the usual form of ISO 8601, with a time and a zone or without: plain enough to be left as
/// it is.
fn is_iso(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let number = |from: usize, to: usize| {
        let digits = bytes.get(from..to)?;
        digits
            .iter()
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| 10 * sum + u32::from(byte - b'0')))
    };
    let date = || NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?);
    if date().is_none() {
        return false;
    }
    let below = |from: usize, limit: u32| number(from, from + 2).is_some_and(|part| part < limit);
    let is_zone = |zone: &[u8], at: usize| match zone {
        [] | [b'Z'] => true,
        [b'+' | b'-', _, _, b':', _, _] => below(at + 1, 24) && below(at + 4, 60),
        _ => false,
    };
    match &bytes[10..] {
        [] => true,
        [b'T' | b' ', _, _, b':', _, _, b':', _, _, rest @ ..] => {
            let fraction = match rest {
                [b'.', digits @ ..] => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
                _ => 0,
            };
            below(11, 24)
                && below(14, 60)
                && below(17, 60)
                && fraction != 1
                && fraction <= 10
                && is_zone(&rest[fraction..], 19 + fraction)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::moment;

    #[test]
    fn plain_dates_are_read_without_a_format() {
        for date in ["2022-01-13", "0001-02-28", "2024-02-29"] {
            for time in ["", "T23:59:59", " 00:00:00", " 14:05:00.1", "T14:05:00.123456789"] {
                for zone in ["", "Z", "+02:00", "-11:30"] {
                    let cell = if time.is_empty() { date.to_owned() } else { format!("{date}{time}{zone}") };
                    assert!(is_iso(&cell) && moment(&cell).is_some(), "{cell}");
                }
            }
        }
        for cell in [
            "2022-02-30",
            "2022-1-13",
            "2022-01-13T24:00:00",
            "2022-01-13 14:05:00.",
            "2022-01-13 14:05:00+2",
            "2022-01-13 14:05 PM",
            "2022-01-130",
            "13.01.2022",
            "2022/01/13",
            "",
        ] {
            assert!(!is_iso(cell), "{cell}");
        }
    }
}
