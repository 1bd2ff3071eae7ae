//! What the columns of a file are, by the evidence of all of them.

use super::super::strays::{Sample, Strays};
use super::evidence::{Evidence, FORMATS};
use super::{DateFormat, LATEST_OF_2000, Order, TimeOrder};
use crate::notice::Notice;
use chrono::{DateTime, Timelike};
use deltarule::Hint;

/// What a column is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// Dates or times, all of them.
    Dates(Dates),
    /// Dates or times for the most part.
    MostlyDates(Mixture),
    /// Something else, or no value at all.
    NotDates,
}

/// A column of dates or times.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dates {
    pub(crate) format: DateFormat,
    pub(crate) basis: Basis,
    /// A cell that another format would read otherwise, or else the first one.
    pub(crate) sample: Sample,
    /// Years are written with two digits.
    pub(crate) short_years: bool,
}

/// What tells the order of day, month and year, or of hours and minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The column's own cells: no other order reads them all, or all orders read the same.
    Cells,
    /// The user.
    Setting,
    /// The other column of this number, whose cells do.
    Column(usize),
    /// What stands in one place is always 1 over several years, as the day is in a table of months.
    FirstOfMonth,
    /// What stands first has fewer different values than what stands last, as years have.
    FewYears,
    /// Halves of the day, which go with the month first.
    TwelveHours,
    /// Nothing: the day first, the hours first.
    Convention,
}

/// A column in which most cells are dates or times and some are not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixture {
    /// How the dates are to be read, once the others are out of the way.
    pub(crate) format: DateFormat,
    pub(crate) dates: u64,
    pub(crate) strays: Strays,
}

/// The columns of which every cell with a value has to be looked at after all, because some were passed over that may make
/// dates of them. None in nearly every file.
pub(crate) fn second_look(columns: &[Evidence]) -> Vec<usize> {
    let asked = |&i: &usize| {
        let missed = columns[i].sampler.missed();
        missed > 0 && 4 * (columns[i].best().1 + missed) >= columns[i].cells()
    };
    (0..columns.len()).filter(asked).collect()
}

/// Decides on every column of a file. `said` is the order that the user says, which holds wherever the cells leave it
/// open.
pub(crate) fn resolve(columns: &[Evidence], said: Option<Order>) -> Vec<Decision> {
    let proofs: Vec<Option<usize>> = columns.iter().map(proof).collect();
    let decide = |(i, column): (usize, &Evidence)| {
        let elected = |among: &[usize]| {
            let votes_for = |format: usize| {
                let votes = proofs.iter().enumerate().filter(|&(j, &vote)| j != i && vote == Some(format));
                votes.map(|(j, _)| j).collect::<Vec<_>>()
            };
            let most = among.iter().map(|&format| votes_for(format).len()).max()?;
            let mut best = among.iter().copied().filter(|&format| votes_for(format).len() == most);
            let (Some(format), None) = (best.next(), best.next()) else { return None };
            votes_for(format).first().map(|&witness| (format, Basis::Column(witness)))
        };
        decision(column, elected, said)
    };
    columns.iter().enumerate().map(decide).collect()
}

/// The order of day and month that a column's own cells prove.
fn proof(column: &Evidence) -> Option<usize> {
    let (best, dates) = column.best();
    let decided = best.len() == 1 && best[0] < Order::ALL.len() && 2 * dates > column.cells();
    decided.then(|| best[0])
}

fn decision(
    column: &Evidence,
    elected: impl Fn(&[usize]) -> Option<(usize, Basis)>,
    said: Option<Order>,
) -> Decision {
    let (tied, dates) = column.best();
    let cells = column.cells();
    let seasons = column.sum(|look| look.season);
    if 2 * dates <= cells || seasons == dates {
        return Decision::NotDates;
    }
    let fits = |format: usize| column.sum(|look| look.fits(format));
    let differs = tied.len() > 1 && column.sum(|look| look.differs && look.fits(tied[0])) > 0;
    let (format, basis) = if !differs {
        (tied[0], Basis::Cells)
    } else {
        let by_setting =
            said.and_then(|order| tied.iter().copied().find(|&i| FORMATS[i] == DateFormat::Date(order)));
        by_setting
            .map(|format| (format, Basis::Setting))
            .or_else(|| {
                column
                    .dotted
                    .then_some((tied[0], Basis::Convention))
                    .filter(|_| tied[0] == 0 && fits(2) < dates)
            })
            .or_else(|| elected(&tied))
            .or_else(|| by_values(column, &tied))
            .unwrap_or((tied[0], Basis::Convention))
    };
    let picked = |of: &dyn Fn(bool) -> bool| {
        let looks = column.looks.iter().filter(|(look, ..)| look.fits(format) && of(look.differs));
        looks.map(|(.., first)| first).min_by_key(|first| first.row).cloned()
    };
    let sample = picked(&|differs| differs).or_else(|| picked(&|_| true));
    let Some(sample) = sample.filter(|_| dates == cells) else {
        let mut strays = column.strays.clone();
        for (_, count, first) in column.looks.iter().filter(|(look, ..)| !look.fits(format)) {
            strays.add_many(Some(first.clone()), *count);
        }
        strays.add_many(None, cells - dates - strays.count());
        return Decision::MostlyDates(Mixture { format: FORMATS[format].clone(), dates, strays });
    };
    Decision::Dates(Dates { format: FORMATS[format].clone(), basis, sample, short_years: column.short_years })
}

/// What the numbers that occur in each place tell of an order that is open.
fn by_values(column: &Evidence, tied: &[usize]) -> Option<(usize, Basis)> {
    const DAY: usize = 0;
    const MONTH: usize = 1;
    const YEAR: usize = 2;
    let among = |format: usize| tied.contains(&format);
    let [first, second, third] = column.values.0;
    let always_one = |values: u128| values == 1 << 1;
    if among(YEAR) && first.count_ones() < third.count_ones() {
        return Some((YEAR, Basis::FewYears));
    }
    if !(among(DAY) && among(MONTH)) {
        return None;
    }
    if always_one(first) != always_one(second) && third.count_ones() > 1 {
        return Some((if always_one(first) { DAY } else { MONTH }, Basis::FirstOfMonth));
    }
    column.twelve_hours.then_some((MONTH, Basis::TwelveHours))
}

impl Dates {
    /// What is said of the column `name`: what was read as what and why, and how to have it otherwise; nothing where there
    /// was no doubt. `names` are those of all columns, in the order in which they were resolved.
    pub(crate) fn note(&self, name: &str, names: &[&str]) -> Option<Notice> {
        let why = match self.basis {
            Basis::Cells | Basis::Setting if !self.short_years => return None,
            Basis::Cells | Basis::Setting => String::new(),
            Basis::Column(other) => match names.get(other) {
                Some(other) => format!(", as in column {other:?}"),
                None => String::new(),
            },
            Basis::FirstOfMonth => ", as all of them are the first of a month then".to_owned(),
            Basis::FewYears => {
                ", as what stands first has fewer different values than what stands last".to_owned()
            }
            Basis::TwelveHours => ", as they go with AM and PM".to_owned(),
            Basis::Convention => ", which no cell of the file tells".to_owned(),
        };
        let cell = &self.sample.text;
        let micros = self.format.parse(cell).unwrap_or_default();
        let moment = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let (read, order, setting) = match self.format {
            DateFormat::Time(order) => {
                let seconds = micros as f64 / 1e6;
                let (order, setting) = match order {
                    TimeOrder::HoursFirst => ("hours first", "{date-format=%M:%S} takes minutes and seconds"),
                    TimeOrder::MinutesFirst => {
                        ("minutes first", "{date-format=%H:%M} takes hours and minutes")
                    }
                };
                (format!("{seconds} seconds"), order, setting)
            }
            DateFormat::Date(order) => {
                let (order, setting) = match order {
                    Order::DayMonthYear => ("day first", "{date-format=month-first} takes it for the month"),
                    Order::MonthDayYear => ("month first", "{date-format=day-first} takes it for the day"),
                    Order::YearMonthDay => ("year first", "{date-format=day-first} takes it for the day"),
                };
                let midnight = moment.num_seconds_from_midnight() == 0 && moment.nanosecond() == 0;
                (
                    moment.format(if midnight { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S" }).to_string(),
                    order,
                    setting,
                )
            }
            DateFormat::Compact | DateFormat::Said(_) => return None,
        };
        let years = match self.short_years {
            true => {
                format!("; years of two digits are those from {} to {LATEST_OF_2000}", LATEST_OF_2000 - 99)
            }
            false => String::new(),
        };
        let is_sure = matches!(self.basis, Basis::Cells | Basis::Setting);
        let how = if is_sure { String::new() } else { format!(" ({order}{why})") };
        let note =
            Notice::new(format!("column {name:?}: {cell} is read as {read}{how}{years}")).in_column(name);
        Some(if is_sure { note } else { note.hint(setting) })
    }
}

impl Mixture {
    /// What is said of the column, and the ways out.
    pub(crate) fn advice(&self) -> Hint {
        let strays = self.strays.count();
        let said = format!(
            "in this column {} and {}: {}; ",
            if self.dates == 1 {
                "1 value is a date".to_owned()
            } else {
                format!("{} values are dates", self.dates)
            },
            if strays == 1 { "1 is not".to_owned() } else { format!("{strays} are not") },
            self.strays.shown(),
        );
        let advice = Hint::new("").text(said);
        let advice = match self.strays.most() {
            Some(stray) => advice
                .setting("missing", format_args!("'{}'", stray.first.text))
                .and(" takes that for a missing value, "),
            None => advice,
        };
        advice.and("{date-format} says how dates are written")
    }
}
