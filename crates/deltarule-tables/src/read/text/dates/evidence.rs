//! What the cells of a column tell of the way its dates are written.

use super::super::folded::folded;
use super::super::sampler::Sampler;
use super::super::strays::{Sample, Strays};
use super::clock;
use super::written::{Parts, Written};
use super::{DateFormat, Order, TimeOrder, compact};

/// The formats that a column is held against, one bit of a [`Look`] each.
pub(super) const FORMATS: [DateFormat; 6] = [
    DateFormat::Date(Order::DayMonthYear),
    DateFormat::Date(Order::MonthDayYear),
    DateFormat::Date(Order::YearMonthDay),
    DateFormat::Time(TimeOrder::HoursFirst),
    DateFormat::Time(TimeOrder::MinutesFirst),
    DateFormat::Compact,
];

/// What has been seen of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evidence {
    pub(super) looks: Vec<(Look, u64, Sample)>,
    /// Cells that were counted as something else and not looked at.
    others: u64,
    pub(super) strays: Strays,
    pub(super) sampler: Sampler,
    pub(super) values: Values,
    pub(super) twelve_hours: bool,
    pub(super) dotted: bool,
    pub(super) short_years: bool,
}

/// What matters of a cell that is a date or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Which of [`FORMATS`] read it, a bit each.
    formats: u8,
    /// They do not all read the same.
    pub(super) differs: bool,
    /// `2010/11` may as well be a season from one year into the next.
    pub(super) season: bool,
}

impl Look {
    pub(super) fn fits(self, format: usize) -> bool {
        self.formats >> format & 1 == 1
    }
}

/// Which numbers stand first, second and third in dates whose order is open: a bit each, of years by their last two digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Values(pub(super) [u128; 3]);

impl Evidence {
    /// None so far, of a column whose cells are all to be looked at: for a [second look](super::second_look).
    pub(crate) fn of_all_cells() -> Self {
        Self { sampler: Sampler::endless(), ..Self::default() }
    }

    /// Looks at a cell that has a value; rows are counted from zero. After many cells that are no dates only one in a
    /// few is looked at.
    pub(crate) fn add(&mut self, cell: &str, row: u64) {
        if !self.sampler.picks_next() {
            self.strays.add_many(None, 1);
            return;
        }
        let found = folded(cell).and_then(|text| self.look_at(&text));
        self.sampler.learn(found.is_some());
        match found {
            Some(look) => self.add_look(look, 1, || Sample { row, text: cell.to_owned() }),
            None => self.strays.add(cell, row),
        }
    }

    fn look_at(&mut self, text: &str) -> Option<Look> {
        let mut read = [None; FORMATS.len()];
        if let Some(clock) = clock::alone(text) {
            (read[3], read[4]) = (clock.hours_first, clock.minutes_first);
        } else if let Some(written) = Written::read(text) {
            let instants = Order::ALL.map(|order| written.instant(order));
            read[..Order::ALL.len()].copy_from_slice(&instants);
            if instants.iter().any(Option::is_some) {
                self.see(&written);
            }
        } else {
            read[5] = compact(text);
        }
        let mut found = read.iter().flatten();
        let first = found.next()?;
        let differs = found.any(|other| other != first);
        let formats = (0..).zip(read).fold(0, |bits, (i, read)| bits | u8::from(read.is_some()) << i);
        Some(Look { formats, differs, season: is_season(text) })
    }

    fn see(&mut self, written: &Written) {
        self.twelve_hours |= written.twelve_hours;
        self.short_years |= written.short_year;
        if let Parts::Open { numbers, dotted, .. } = written.parts {
            self.dotted |= dotted;
            for (seen, number) in self.values.0.iter_mut().zip(numbers) {
                *seen |= 1 << (number % 100);
            }
        }
    }

    /// Counts cells that are known to be no dates, such as plain numbers.
    pub(crate) fn add_others(&mut self, count: u64) {
        self.others += count;
    }

    /// Adds what a later part of the column tells, whose rows begin at `first_row`.
    pub(crate) fn merge(&mut self, later: Self, first_row: u64) {
        self.others += later.others;
        self.strays.merge(later.strays, first_row);
        self.sampler.merge(&later.sampler);
        for (seen, more) in self.values.0.iter_mut().zip(later.values.0) {
            *seen |= more;
        }
        self.twelve_hours |= later.twelve_hours;
        self.dotted |= later.dotted;
        self.short_years |= later.short_years;
        for (look, count, first) in later.looks {
            self.add_look(look, count, || Sample { row: first.row + first_row, ..first });
        }
    }

    fn add_look(&mut self, look: Look, count: u64, first: impl FnOnce() -> Sample) {
        match self.looks.iter_mut().find(|(known, ..)| *known == look) {
            Some((_, known, _)) => *known += count,
            None => self.looks.push((look, count, first())),
        }
    }

    /// Cells with a value.
    pub(crate) fn cells(&self) -> u64 {
        self.others + self.strays.count() + self.sum(|_| true)
    }

    /// Cells that look like this.
    pub(super) fn sum(&self, of: impl Fn(Look) -> bool) -> u64 {
        self.looks.iter().filter(|(look, ..)| of(*look)).map(|(_, count, _)| count).sum()
    }

    /// Which of [`FORMATS`] read the most cells, and how many that are.
    pub(super) fn best(&self) -> (Vec<usize>, u64) {
        let counts: Vec<u64> = (0..FORMATS.len()).map(|format| self.sum(|look| look.fits(format))).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        ((0..FORMATS.len()).filter(|&format| counts[format] == most).collect(), most)
    }
}

/// Whether a year and a month may as well be two years, one after the other.
fn is_season(text: &str) -> bool {
    let Some((year, next)) = text.split_once(['-', '/']) else { return false };
    let (Ok(from), Ok(to)) = (year.parse::<u32>(), next.parse::<u32>()) else { return false };
    year.len() == 4 && next.len() == 2 && (from + 1) % 100 == to
}
