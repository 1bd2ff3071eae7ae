//! What the cells of a column tell of the way its numbers are written.

use super::super::folded::folded;
use super::super::sampler::Sampler;
use super::super::strays::{Sample, Strays};
use super::currency::currency;
use super::mark::{DecimalMark, Separator};
use super::written::Written;

/// What has been seen of a column: how many cells of which make, and an example of each.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evidence {
    pub(super) makes: Vec<(Make, u64, Sample)>,
    /// Cells that were counted as plain numbers and not looked at.
    pub(super) plain_integers: u64,
    pub(super) plain_fractions: u64,
    /// Cells that are no number at all.
    pub(super) strays: Strays,
    pub(super) sampler: Sampler,
}

/// What matters of a cell that is a number: cells of one make are read alike or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Make {
    /// All that is written before and behind the number.
    pub(super) unit: String,
    /// Whether it is a number with a decimal point, and then whether a whole one; the same with a decimal comma.
    pub(super) point: Option<bool>,
    pub(super) comma: Option<bool>,
    /// The plain reader takes it for the same number with a decimal point.
    pub(super) plain: bool,
    pub(super) looks: Looks,
}

/// What a number may be instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Digits after a zero: `007`.
    Code,
    /// Digits alone.
    Digits,
    /// Four groups that are numbers below 256: `192.168.100.200`.
    Address,
    /// So many digits in groups, as telephone numbers are: `555 123 456`.
    Grouped(usize),
    Number,
}

impl Make {
    fn of(cell: &str) -> Option<Self> {
        let text = folded(cell)?;
        let written = Written::read(&text)?;
        let fits = |mark: DecimalMark| mark.fits(written.body, written.exponent);
        let (point, comma) = (fits(DecimalMark::Point), fits(DecimalMark::Comma));
        if point.is_none() && comma.is_none() {
            return None;
        }
        let unit = [written.before, written.after].concat();
        let looks = match Looks::of(written.body) {
            _ if written.negative || !written.exponent.is_empty() => Looks::Number,
            looks @ (Looks::Code | Looks::Digits) if !is_known(&unit) => looks,
            looks if unit.is_empty() => looks,
            _ => Looks::Number,
        };
        Some(Self { unit, point, comma, plain: cell.parse::<f64>().is_ok(), looks })
    }

    pub(super) fn fits(&self, mark: DecimalMark) -> Option<bool> {
        match mark {
            DecimalMark::Point => self.point,
            DecimalMark::Comma => self.comma,
        }
    }

    /// Whether it is one number with a point and another with a comma: then just one of them is whole.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.point.is_some() && self.comma.is_some() && self.point != self.comma
    }
}

impl Looks {
    fn of(body: &str) -> Self {
        let digits = body.bytes().filter(u8::is_ascii_digit).count();
        if digits == body.len() {
            return if digits > 1 && body.starts_with('0') { Self::Code } else { Self::Digits };
        }
        let mut groups = body.split('.');
        let small = |group: &str| group.parse::<u8>().is_ok();
        if groups.clone().count() == 4 && groups.all(small) {
            return Self::Address;
        }
        let all_are = |kind| body.chars().filter_map(Separator::of).all(|found| found == kind);
        if all_are(Separator::Blank) || (all_are(Separator::Point) && body.matches('.').count() > 1) {
            return Self::Grouped(digits);
        }
        Self::Number
    }
}

impl Evidence {
    /// Makes that are told apart; a column of more is not one of numbers.
    const MOST: usize = 64;

    /// None so far, of a column whose cells are all to be looked at: for a [second look](super::second_look).
    pub(crate) fn of_all_cells() -> Self {
        Self { sampler: Sampler::endless(), ..Self::default() }
    }

    /// Looks at a cell that has a value; rows are counted from zero. After many cells that are no numbers only one in a
    /// few is looked at.
    pub(crate) fn add(&mut self, cell: &str, row: u64) {
        if !self.sampler.picks_next() {
            self.strays.add_many(None, 1);
            return;
        }
        let found = Make::of(cell);
        self.sampler.learn(found.is_some());
        match found {
            Some(make) => self.add_make(make, 1, || Sample { row, text: cell.to_owned() }),
            None => self.strays.add(cell, row),
        }
    }

    /// Counts cells that the plain reader took for whole numbers and for others.
    pub(crate) fn add_plain(&mut self, integers: u64, fractions: u64) {
        self.plain_integers += integers;
        self.plain_fractions += fractions;
    }

    /// Adds what a later part of the column tells, whose rows begin at `first_row`.
    pub(crate) fn merge(&mut self, later: Self, first_row: u64) {
        self.add_plain(later.plain_integers, later.plain_fractions);
        self.strays.merge(later.strays, first_row);
        self.sampler.merge(&later.sampler);
        for (make, count, first) in later.makes {
            self.add_make(make, count, || Sample { row: first.row + first_row, ..first });
        }
    }

    fn add_make(&mut self, make: Make, count: u64, first: impl FnOnce() -> Sample) {
        let room = self.makes.len() < Self::MOST;
        match self.makes.iter_mut().find(|(known, ..)| *known == make) {
            Some((_, known, _)) => *known += count,
            None if room => self.makes.push((make, count, first())),
            None => self.strays.add_many(Some(first()), count),
        }
    }

    /// Cells with a value.
    pub(crate) fn cells(&self) -> u64 {
        self.plain_integers
            + self.plain_fractions
            + self.strays.count()
            + self.makes.iter().map(|(_, n, _)| n).sum::<u64>()
    }

    /// Cells that are numbers in one unit with this mark.
    pub(super) fn fitting(&self, unit: &str, mark: DecimalMark) -> u64 {
        let plain = match (unit, mark) {
            ("", DecimalMark::Point) => self.plain_integers + self.plain_fractions,
            ("", DecimalMark::Comma) => self.plain_integers,
            _ => 0,
        };
        plain + self.sum(|make| same_unit(&make.unit, unit) && make.fits(mark).is_some())
    }

    /// Cells that are of one of these makes.
    pub(super) fn sum(&self, of: impl Fn(&Make) -> bool) -> u64 {
        self.makes.iter().filter(|(make, ..)| of(make)).map(|(_, count, _)| count).sum()
    }

    /// The unit that most of the numbers have.
    pub(super) fn unit(&self) -> &str {
        let size = |unit: &str| DecimalMark::ALL.map(|mark| self.fitting(unit, mark)).into_iter().max();
        let mut best = ("", size(""));
        for (make, ..) in &self.makes {
            let size = size(&make.unit);
            if size > best.1 {
                best = (&make.unit, size);
            }
        }
        best.0
    }

    /// The decimal mark that the column's own cells prove: with the other one fewer of them are numbers.
    pub(super) fn proof(&self) -> Option<DecimalMark> {
        let unit = self.unit();
        let [point, comma] = DecimalMark::ALL.map(|mark| self.fitting(unit, mark));
        match point.cmp(&comma) {
            std::cmp::Ordering::Greater => Some(DecimalMark::Point),
            std::cmp::Ordering::Less => Some(DecimalMark::Comma),
            std::cmp::Ordering::Equal => None,
        }
    }
}

/// Whether a unit is known for one: a currency, a share, a temperature. Any word may look like one.
pub(super) fn is_known(unit: &str) -> bool {
    matches!(unit, "%" | "‰" | "°" | "°C" | "°F" | "℃" | "℉") || currency(unit).is_some()
}

/// Whether two units are the same, or one the plural of the other.
pub(super) fn same_unit(a: &str, b: &str) -> bool {
    let plural = |one: &str, many: &str| one.len() > 2 && many.strip_suffix('s') == Some(one);
    a == b || plural(a, b) || plural(b, a)
}
