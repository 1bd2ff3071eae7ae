//! What the columns of a file are, by the evidence of all of them.

use super::super::strays::{Sample, Strays};
use super::NumeralFormat;
use super::evidence::{Evidence, Looks, Make, is_known, same_unit};
use super::mark::DecimalMark;
use crate::notice::Notice;
use deltarule::Hint;

/// What a column is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// Numbers as the plain reader takes them, every one, or no value at all.
    Plain,
    /// Numbers, all of them, to be read by a format.
    Numerals(Numerals),
    /// Numbers for the most part.
    MostlyNumbers(Mixture),
    /// Words, codes, or a mixture in which numbers are no majority.
    NotNumbers,
}

/// A column of numbers, none of them plain or not all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Numerals {
    pub(crate) format: NumeralFormat,
    /// All are whole numbers that an `i64` holds.
    pub(crate) whole: bool,
    pub(crate) basis: Basis,
    /// A cell that shows what the format does.
    pub(crate) sample: Sample,
}

/// What tells the decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The column's own cells.
    Cells,
    /// The user.
    Setting,
    /// The other column of this number, whose cells do.
    Column(usize),
    /// What stands between the cells: a semicolon for a decimal comma.
    Delimiter,
    /// Nothing: a comma before three digits groups them.
    Convention,
}

/// A column in which most cells are numbers and some are not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixture {
    /// How the numbers are to be read, once the others are out of the way.
    pub(crate) format: NumeralFormat,
    pub(crate) numbers: u64,
    pub(crate) strays: Strays,
}

/// The columns of which every cell with a value, plain or not, has to be looked at after all: those in which cells were
/// passed over that may make numbers of them, and in a file of decimal commas those of plain fractions, for there `1.234`
/// may be a thousand. None in nearly every file.
pub(crate) fn second_look(columns: &[Evidence], said: Option<DecimalMark>) -> Vec<usize> {
    let commas = said == Some(DecimalMark::Comma)
        || columns.iter().any(|column| column.proof() == Some(DecimalMark::Comma));
    let may_be_of_numbers = |column: &Evidence| {
        let unit = column.unit();
        let numbers = DecimalMark::ALL.map(|mark| column.fitting(unit, mark)).into_iter().max().unwrap_or(0);
        let missed = column.sampler.missed();
        missed > 0 && 4 * (numbers + missed) >= column.cells()
    };
    let asked = |&i: &usize| commas && columns[i].plain_fractions > 0 || may_be_of_numbers(&columns[i]);
    (0..columns.len()).filter(asked).collect()
}

/// Decides on every column of a file. `delimiter` is what stands between its cells, where it has one; `said` is what the
/// user says of the decimal mark, which holds wherever the cells leave it open.
pub(crate) fn resolve(
    columns: &[Evidence],
    delimiter: Option<u8>,
    said: Option<DecimalMark>,
) -> Vec<Decision> {
    let proofs: Vec<_> =
        columns.iter().map(|column| column.proof().filter(|&mark| is_majority(column, mark))).collect();
    let decide = |(i, column): (usize, &Evidence)| {
        let others =
            || proofs.iter().enumerate().filter(|&(j, _)| j != i).filter_map(|(j, mark)| Some((j, (*mark)?)));
        let votes = |mark| others().filter(|&(_, vote)| vote == mark).count();
        let elected = match votes(DecimalMark::Point).cmp(&votes(DecimalMark::Comma)) {
            std::cmp::Ordering::Greater => Some(DecimalMark::Point),
            std::cmp::Ordering::Less => Some(DecimalMark::Comma),
            std::cmp::Ordering::Equal => None,
        };
        let by_column = || {
            let mark = elected?;
            others().find(|&(_, vote)| vote == mark).map(|(j, _)| (mark, Basis::Column(j)))
        };
        let by_delimiter = match delimiter {
            Some(b';') => Some((DecimalMark::Comma, Basis::Delimiter)),
            _ => None,
        };
        let elsewhere = said.map(|mark| (mark, Basis::Setting)).or_else(by_column);
        let doubted =
            elsewhere.filter(|&(mark, _)| proofs[i] == Some(mark.other()) && is_doubtful(column, mark));
        let (mark, basis) = doubted
            .or(column.proof().map(|mark| (mark, Basis::Cells)))
            .or(elsewhere)
            .or(by_delimiter)
            .unwrap_or((DecimalMark::Point, Basis::Convention));
        decision(column, mark, basis)
    };
    columns.iter().enumerate().map(decide).collect()
}

/// Whether most cells of the column are numbers with this mark.
fn is_majority(column: &Evidence, mark: DecimalMark) -> bool {
    2 * column.fitting(column.unit(), mark) > column.cells()
}

/// Whether a column that needs the other mark for a few of its cells alone would do with this one for all the others.
fn is_doubtful(column: &Evidence, mark: DecimalMark) -> bool {
    const FEW: u64 = 20;
    let unit = column.unit();
    let needing = column.fitting(unit, mark.other()).saturating_sub(column.fitting(unit, mark));
    let ambiguous = column.sum(|make| same_unit(&make.unit, unit) && make.is_ambiguous());
    ambiguous > FEW * needing
}

fn decision(column: &Evidence, mark: DecimalMark, basis: Basis) -> Decision {
    let (unit, cells) = (column.unit(), column.cells());
    let numbers = column.fitting(unit, mark);
    let fits = |make: &Make| same_unit(&make.unit, unit) && make.fits(mark).is_some();
    if is_of_codes(column, numbers, fits) {
        return Decision::NotNumbers;
    }
    let strays = cells - numbers;
    if strays == 0 {
        let plain = |make: &Make| make.plain && (mark == DecimalMark::Point || !make.is_ambiguous());
        let Some(sample) = telling(column, |make| !plain(make)) else { return Decision::Plain };
        let whole = column.plain_fractions == 0
            && column.makes.iter().all(|(make, ..)| make.fits(mark) == Some(true));
        let ambiguous = telling(column, Make::is_ambiguous);
        let basis = if ambiguous.is_some() { basis } else { Basis::Cells };
        let format = NumeralFormat { decimal: mark, unit: unit.to_owned() };
        return Decision::Numerals(Numerals { format, whole, basis, sample: ambiguous.unwrap_or(sample) });
    }
    let least = if unit.is_empty() || is_known(unit) { strays + 1 } else { 9 * strays };
    if numbers < least {
        return Decision::NotNumbers;
    }
    let mut left = column.strays.clone();
    for (_, count, first) in column.makes.iter().filter(|(make, ..)| !fits(make)) {
        left.add_many(Some(first.clone()), *count);
    }
    // Plain fractions that were not looked at are no numbers with a decimal comma.
    left.add_many(None, strays - left.count());
    let format = NumeralFormat { decimal: mark, unit: unit.to_owned() };
    Decision::MostlyNumbers(Mixture { format, numbers, strays: left })
}

/// The first cell of the makes that `of` picks.
fn telling(column: &Evidence, of: impl Fn(&Make) -> bool) -> Option<Sample> {
    let picked = column.makes.iter().filter(|(make, ..)| of(make)).map(|(.., first)| first);
    picked.min_by_key(|first| first.row).cloned()
}

/// Whether the numbers are codes in truth: with zeros in front and no fraction anywhere, addresses on a network, or
/// telephone numbers, all with as many digits.
fn is_of_codes(column: &Evidence, numbers: u64, fits: impl Fn(&Make) -> bool) -> bool {
    const TELEPHONE: usize = 9;
    let looking = |of: fn(Looks) -> bool| column.sum(|make| fits(make) && of(make.looks));
    let codes = looking(|looks| looks == Looks::Code);
    let digits = looking(|looks| looks == Looks::Digits);
    if codes > 0 && codes + digits + column.plain_integers == numbers {
        return true;
    }
    if numbers > 0 && 2 * looking(|looks| looks == Looks::Address) >= numbers {
        return true;
    }
    let mut makes = column.makes.iter().filter(|(make, ..)| fits(make));
    let (Some((first, ..)), 0) = (makes.next(), column.plain_integers + column.plain_fractions) else {
        return false;
    };
    matches!(first.looks, Looks::Grouped(digits) if digits >= TELEPHONE)
        && makes.all(|(make, ..)| make.looks == first.looks)
}

impl Numerals {
    /// What is said of the column `name`: what was read as what and why, and how to have it otherwise. `names` are those
    /// of all columns, in the order in which they were resolved.
    pub(crate) fn note(&self, name: &str, names: &[&str]) -> Notice {
        let mut buffer = String::new();
        let cell = &self.sample.text;
        let plain = self.format.plain(cell, &mut buffer).unwrap_or_default();
        let why = match self.basis {
            Basis::Cells | Basis::Setting => String::new(),
            Basis::Column(other) => {
                names.get(other).map_or_else(String::new, |other| format!(", as in column {other:?}"))
            }
            Basis::Delimiter => ", as `;` stands between the cells".to_owned(),
            Basis::Convention => ", which no other cell of the file tells".to_owned(),
        };
        let mut how = Vec::new();
        if let Some(separator) = self.format.separator(cell) {
            how.push(format!("thousands separator `{separator}`"));
        }
        if plain.contains('.') {
            how.push(format!("decimal mark `{}`", self.format.decimal.character()));
        }
        if !self.format.unit.is_empty() {
            how.push(format!("unit `{}`", self.format.unit));
        }
        let how = if how.is_empty() { String::new() } else { format!(" ({}{why})", how.join(", ")) };
        let note = Notice::new(format!("column {name:?}: {cell} is read as {plain}{how}")).in_column(name);
        if matches!(self.basis, Basis::Cells | Basis::Setting) {
            return note;
        }
        let other = NumeralFormat { decimal: self.format.decimal.other(), unit: self.format.unit.clone() };
        let otherwise = other.plain(cell, &mut buffer).unwrap_or_default().to_owned();
        note.hint(Hint::new("").setting("decimal", other.decimal).and(" reads it as ").text(otherwise))
    }
}

impl Mixture {
    /// Whether the strays are so few that the column cannot have been meant for words: one, or a quarter of all at most.
    pub(crate) fn is_of_numbers(&self) -> bool {
        let strays = self.strays.count();
        strays == 1 || self.numbers >= 3 * strays
    }

    /// Whether the strays look like codes, `A13` among 12 and 14, and are too many for mistakes.
    pub(crate) fn may_be_of_codes(&self) -> bool {
        const FEW: u64 = 20;
        let is_code = |text: &str| {
            text.bytes().any(|byte| byte.is_ascii_digit()) && text.chars().any(char::is_alphabetic)
        };
        let strays = self.strays.count();
        strays > 1 && self.numbers < FEW * strays && self.strays.all_shown(is_code)
    }

    /// What is said of the column `name`, and the ways out.
    pub(crate) fn advice(&self, name: &str) -> Hint {
        let verb = |count: u64, one: &str, many: &str| match count {
            1 => format!("1 value {one}"),
            _ => format!("{count} values {many}"),
        };
        let strays = self.strays.count();
        let said = format!(
            "in this column {} and {}: {}; ",
            verb(self.numbers, "is a number", "are numbers"),
            verb(strays, "is not", "are not"),
            self.strays.shown(),
        );
        let advice = Hint::new("").text(said);
        let advice = match self.strays.most() {
            Some(stray) => advice
                .setting("missing", format_args!("'{}'", stray.first.text))
                .and(" takes that for a missing value, "),
            None => advice,
        };
        advice.setting("categorical", format_args!("'{name}'")).and(" takes all for words")
    }
}
