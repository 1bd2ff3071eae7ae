//! A date taken apart, the order of its day and month still open.

use super::clock::{DAY, offset, time_of_date};
use super::cursor::Cursor;
use super::words::{month, weekday};
use super::{Order, full_year};
use chrono::{DateTime, Datelike, NaiveDate, Weekday};

/// What a date consists of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Written {
    pub(super) parts: Parts,
    /// Of its year there are two digits.
    pub(super) short_year: bool,
    pub(super) twelve_hours: bool,
    weekday: Option<Weekday>,
    /// Microseconds since midnight.
    time: i64,
    /// Seconds east of Greenwich.
    offset: i32,
}

/// Year, month and day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Parts {
    Known {
        year: u32,
        month: u32,
        day: u32,
    },
    /// A month as a whole, which stands for its first day.
    Month {
        year: u32,
        month: u32,
    },
    /// Three numbers of which the last is a year, or the last or the first a year of two digits; with points between them
    /// a year first or a day first is the custom.
    Open {
        numbers: [u32; 3],
        dotted: bool,
        year_may_be_first: bool,
    },
}

impl Written {
    /// Takes a [folded](super::super::folded::folded) cell apart, unless it is no date.
    pub(super) fn read(cell: &str) -> Option<Self> {
        let mut at = Cursor::new(cell);
        let mut weekday = at.attempt(|at| {
            let day = weekday(at.word())?;
            at.eat(&['.']);
            let comma = at.eat(&[',']).is_some();
            (at.blanks() || comma).then_some(day)
        });
        let mut date = month_first(&mut at).or_else(|| number_first(&mut at))?;
        if !at.is_at_end() && !matches!(date.parts, Parts::Month { .. }) && !date.is_complete {
            weekday = weekday.or_else(|| weekday_behind(&mut at));
            if !at.is_at_end() {
                between(&mut at)?;
                (date.time, date.twelve_hours) = time_of_date(&mut at)?;
                date.offset = zone_behind(&mut at).unwrap_or(0);
            }
        }
        let Date { parts, short_year, time, twelve_hours, offset, .. } = date;
        at.is_at_end().then_some(Self { parts, short_year, twelve_hours, weekday, time, offset })
    }

    /// Microseconds since 1970-01-01 00:00 UTC, in this order of day and month.
    pub(super) fn instant(&self, order: Order) -> Option<i64> {
        let (year, month, day) = match self.parts {
            Parts::Known { year, month, day } => (year, month, day),
            Parts::Month { year, month } => (year, month, 1),
            Parts::Open { numbers: [a, b, c], year_may_be_first, .. } => match order {
                Order::DayMonthYear => (c, b, a),
                Order::MonthDayYear => (c, a, b),
                Order::YearMonthDay if year_may_be_first => (a, b, c),
                Order::YearMonthDay => return None,
            },
        };
        let year = if self.short_year { full_year(year) } else { year };
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        if self.weekday.is_some_and(|weekday| weekday != date.weekday()) {
            return None;
        }
        let midnight = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros();
        let micros = midnight + self.time - i64::from(self.offset) * 1_000_000;
        DateTime::from_timestamp_micros(micros).map(|_| micros)
    }
}

/// The date alone, and what a form has read beyond it.
struct Date {
    parts: Parts,
    short_year: bool,
    /// The time is read, too.
    is_complete: bool,
    time: i64,
    twelve_hours: bool,
    offset: i32,
}

impl Date {
    fn new(parts: Parts, short_year: bool) -> Self {
        Self { parts, short_year, is_complete: false, time: 0, twelve_hours: false, offset: 0 }
    }
}

/// `January 13, 2022`, `Jan-13-2022`, `Jan 2022`, `Jan-22`, and `Jan 13 14:05:00 UTC 2022` of Unix.
fn month_first(at: &mut Cursor<'_>) -> Option<Date> {
    at.attempt(|at| {
        let month = month(at.word())?;
        at.eat(&['.']);
        let separator = at.eat(&['-', '/', ',']);
        let blank = at.blanks();
        if separator.is_none() && !blank {
            return None;
        }
        let (number, digits) = at.digits()?;
        let number = u32::try_from(number).ok()?;
        match digits {
            4 => return Some(Date::new(Parts::Month { year: number, month }, false)),
            2 if at.is_at_end() && separator == Some('-') => {
                return Some(Date::new(Parts::Month { year: number, month }, true));
            }
            1 | 2 => {}
            _ => return None,
        }
        ordinal(at);
        let separated = at.eat(&[',', '-', '/', '.']).is_some();
        if !(at.blanks() || separated) {
            return None;
        }
        if let Some(year) = at.exactly(4) {
            return Some(Date::new(Parts::Known { year, month, day: number }, false));
        }
        let (time, twelve_hours) = time_of_date(at)?;
        let offset = zone_behind(at).unwrap_or(0);
        at.blanks();
        let parts = Parts::Known { year: at.exactly(4)?, month, day: number };
        Some(Date { is_complete: true, time, twelve_hours, offset, ..Date::new(parts, false) })
    })
}

fn number_first(at: &mut Cursor<'_>) -> Option<Date> {
    let (number, digits) = at.digits()?;
    let number = u32::try_from(number).ok()?;
    match digits {
        4 => year_first(at, number),
        // 8 digits alone are more often a number.
        8 if at.peek().is_some_and(|c| matches!(c, 'T' | 't')) => {
            let parts = Parts::Known { year: number / 10_000, month: number / 100 % 100, day: number % 100 };
            let mut date = Date::new(parts, false);
            if let Some(time) = at.attempt(|at| at.eat(&['T', 't']).and_then(|_| at.exactly(4))) {
                let micros = i64::from(time / 100 * 60 + time % 100) * 60_000_000;
                (date.time, date.is_complete) = (micros, true);
                date.offset = zone_behind(at).unwrap_or(0);
                return (micros < DAY && time % 100 < 60).then_some(date);
            }
            Some(date)
        }
        1 | 2 => {
            let before = *at;
            three_numbers(at, number, digits).or_else(|| {
                *at = before;
                day_and_name(at, number)
            })
        }
        _ => None,
    }
}

/// `2022-01-13`, `2022/1/13`, `2022. 1. 13.`, `2022-Jan-13`, `2022년 1월 13일`, `2022-01`.
fn year_first(at: &mut Cursor<'_>, year: u32) -> Option<Date> {
    if at.eat(&['년', '年']).is_some() {
        at.blanks();
        let month = at.short()?;
        at.eat(&['월', '月'])?;
        let day = at.attempt(|at| {
            at.blanks();
            at.short().filter(|_| at.eat(&['일', '日', '号']).is_some())
        });
        return Some(Date::new(
            day.map_or(Parts::Month { year, month }, |day| Parts::Known { year, month, day }),
            false,
        ));
    }
    let separator = at.eat(&['-', '/', '.']);
    if separator == Some('.') || separator.is_none() {
        at.blanks();
    }
    let digits = at.rest.bytes().take_while(u8::is_ascii_digit).count();
    let named = digits == 0;
    let month = if named { month(at.word())? } else { at.short()? };
    let day = at.attempt(|at| {
        match separator {
            Some(separator) => {
                at.eat(&[separator])?;
                if separator == '.' {
                    at.blanks();
                }
            }
            None => {
                at.blanks().then_some(())?;
            }
        }
        at.short()
    });
    match day {
        Some(day) => {
            if separator == Some('.') {
                at.eat(&['.']);
            }
            (separator.is_some() || named).then(|| Date::new(Parts::Known { year, month, day }, false))
        }
        None => {
            let numbers =
                matches!(separator, Some('-' | '/')) && digits == 2 && (1800..=2200).contains(&year);
            (named || numbers).then(|| Date::new(Parts::Month { year, month }, false))
        }
    }
}

/// `13/01/2022`, `13.1.2022`, `1-13-22`, `01/2022`.
fn three_numbers(at: &mut Cursor<'_>, first: u32, digits: usize) -> Option<Date> {
    let separator = at.eat(&['/', '-', '.'])?;
    let gap = |at: &mut Cursor<'_>| separator == '.' && at.blanks();
    gap(at);
    let (second, second_digits) = at.digits()?;
    let second = u32::try_from(second).ok()?;
    if second_digits == 4 && separator != '.' && (1800..=2200).contains(&second) {
        return Some(Date::new(Parts::Month { year: second, month: first }, false));
    }
    at.eat(&[separator]).filter(|_| second_digits <= 2)?;
    gap(at);
    let (third, third_digits) = at.digits()?;
    if separator == '.' {
        at.eat(&['.']);
    }
    let dotted = separator == '.';
    let all_two = digits == 2 && second_digits == 2;
    // One digit between points or dashes is the number of a version or of a chapter.
    let short = third_digits == 2 && (separator == '/' || all_two);
    let numbers = [first, second, u32::try_from(third).ok()?];
    let parts = Parts::Open { numbers, dotted, year_may_be_first: short && all_two };
    (third_digits == 4 || short).then(|| Date::new(parts, short))
}

/// `13-Jan-2022`, `13. Januar 2022`, `13th of January 2022`, `13JAN2022`, `13 de enero de 2022`, `13 Jan 22`.
fn day_and_name(at: &mut Cursor<'_>, day: u32) -> Option<Date> {
    ordinal(at);
    let gap = |at: &mut Cursor<'_>| {
        at.eat(&['.']);
        at.eat(&['-', '/', ',']);
        at.blanks();
        at.attempt(|at| matches!(at.word(), "de" | "of" | "del").then(|| at.blanks()));
    };
    gap(at);
    let month = month(at.word())?;
    gap(at);
    let (year, digits) = at.digits()?;
    let parts = Parts::Known { year: u32::try_from(year).ok()?, month, day };
    matches!(digits, 2 | 4).then(|| Date::new(parts, digits == 2))
}

/// What follows the number of a day in English: `13th`.
fn ordinal(at: &mut Cursor<'_>) {
    at.attempt(|at| matches!(at.word().to_lowercase().as_str(), "st" | "nd" | "rd" | "th").then_some(()));
}

/// `(목)`, `목요일`
fn weekday_behind(at: &mut Cursor<'_>) -> Option<Weekday> {
    at.attempt(|at| {
        at.blanks();
        let open = at.eat(&['(']).is_some();
        let day = weekday(at.word())?;
        (!open || at.eat(&[')']).is_some()).then_some(day)
    })
}

/// What stands between a date and a time.
fn between(at: &mut Cursor<'_>) -> Option<()> {
    if at.eat(&['T', 't', ':', '_']).is_some() {
        return Some(());
    }
    let comma = at.eat(&[',']).is_some();
    let blank = at.blanks();
    at.attempt(|at| (matches!(at.word(), "at" | "um") && at.blanks()).then_some(()));
    (comma || blank).then_some(())
}

/// The zone behind a time, in seconds east of Greenwich.
fn zone_behind(at: &mut Cursor<'_>) -> Option<i32> {
    at.attempt(|at| {
        at.blanks();
        offset(at)
    })
}
