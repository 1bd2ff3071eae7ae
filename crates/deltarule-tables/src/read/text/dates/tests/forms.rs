//! Moments and the ways to write them.

use super::super::Order;
use proptest::prelude::*;

pub(super) const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Days from 1970-01-01, counted in years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (century, of_century) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    century * 146_097 + of_century * 365 + of_century / 4 - of_century / 100 + of_year - 719_468
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) micros: i64,
}

impl Moment {
    pub(super) fn midnight(self) -> i64 {
        days(self.year, self.month, self.day) * DAY
    }

    pub(super) fn to_minute(self) -> i64 {
        self.midnight() + (self.hour * 60 + self.minute) * 60 * SECOND
    }

    pub(super) fn to_second(self) -> i64 {
        self.to_minute() + self.second * SECOND
    }

    fn weekday(self) -> usize {
        (days(self.year, self.month, self.day) + 3).rem_euclid(7) as usize
    }
}

pub(super) fn moments(years: std::ops::Range<i64>) -> impl Strategy<Value = Moment> {
    (years, 1..=12_i64, 1..=31_i64, 0..24_i64, 0..60_i64, 0..60_i64, 0..SECOND).prop_map(
        |(year, month, day, hour, minute, second, micros)| {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            Moment { year, month, day: day.min(length), hour, minute, second, micros }
        },
    )
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FRENCH: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];
const SPANISH: [&str; 12] =
    ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"];
const WEEK: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A way to write moments: the cell, and the microseconds that it says.
pub(super) type Form = (&'static str, fn(Moment) -> (String, i64));

/// Hour and half of the day on a clock of twelve hours.
pub(super) fn twelve(m: Moment) -> (i64, &'static str) {
    (if m.hour % 12 == 0 { 12 } else { m.hour % 12 }, if m.hour < 12 { "AM" } else { "PM" })
}

fn name(names: [&'static str; 12], m: Moment) -> &'static str {
    names[m.month as usize - 1]
}

/// Forms whose order is not open.
pub(super) const KNOWN: &[Form] = &[
    ("iso", |m| (format!("{:04}-{:02}-{:02}", m.year, m.month, m.day), m.midnight())),
    ("iso minute", |m| {
        (format!("{:04}-{:02}-{:02} {:02}:{:02}", m.year, m.month, m.day, m.hour, m.minute), m.to_minute())
    }),
    ("iso second", |m| {
        let time = format!("{:02}:{:02}:{:02}", m.hour, m.minute, m.second);
        (format!("{:04}-{:02}-{:02}T{time}Z", m.year, m.month, m.day), m.to_second())
    }),
    ("iso fraction and zone", |m| {
        let time = format!("{:02}:{:02}:{:02}.{:06}", m.hour, m.minute, m.second, m.micros);
        (
            format!("{:04}-{:02}-{:02}T{time}+05:30", m.year, m.month, m.day),
            m.to_second() + m.micros - 19_800 * SECOND,
        )
    }),
    ("log", |m| {
        let time = format!("{:02}:{:02}:{:02},{:03}", m.hour, m.minute, m.second, m.micros / 1000);
        (format!("{:04}-{:02}-{:02} {time}", m.year, m.month, m.day), m.to_second() + m.micros / 1000 * 1000)
    }),
    ("named zone", |m| {
        let time = format!("{:02}:{:02}:{:02} UTC", m.hour, m.minute, m.second);
        (format!("{:04}-{:02}-{:02} {time}", m.year, m.month, m.day), m.to_second())
    }),
    ("basic", |m| {
        let time = format!("{:02}{:02}{:02}", m.hour, m.minute, m.second);
        (format!("{:04}{:02}{:02}T{time}Z", m.year, m.month, m.day), m.to_second())
    }),
    ("slashes", |m| (format!("{:04}/{}/{}", m.year, m.month, m.day), m.midnight())),
    ("points", |m| (format!("{:04}.{:02}.{:02}", m.year, m.month, m.day), m.midnight())),
    ("English day first", |m| (format!("{}-{}-{:04}", m.day, &name(MONTHS, m)[..3], m.year), m.midnight())),
    ("English month first", |m| (format!("{} {}, {:04}", name(MONTHS, m), m.day, m.year), m.midnight())),
    ("English ordinal", |m| {
        let end = match m.day {
            1 | 21 | 31 => "st",
            2 | 22 => "nd",
            3 | 23 => "rd",
            _ => "th",
        };
        (format!("{}{end} of {} {:04}", m.day, name(MONTHS, m), m.year), m.midnight())
    }),
    ("English clock", |m| {
        let (hour, half) = twelve(m);
        (format!("{} {}, {:04} {hour}:{:02} {half}", name(MONTHS, m), m.day, m.year, m.minute), m.to_minute())
    }),
    ("German", |m| (format!("{}. {} {:04}", m.day, name(GERMAN, m), m.year), m.midnight())),
    ("French", |m| (format!("{} {} {:04}", m.day, name(FRENCH, m), m.year), m.midnight())),
    ("Spanish", |m| (format!("{} de {} de {:04}", m.day, name(SPANISH, m), m.year), m.midnight())),
    ("SAS", |m| {
        let date = format!("{:02}{}{:04}", m.day, name(MONTHS, m)[..3].to_uppercase(), m.year);
        (format!("{date}:{:02}:{:02}:{:02}", m.hour, m.minute, m.second), m.to_second())
    }),
    ("RFC 2822", |m| {
        let date =
            format!("{}, {:02} {} {:04}", &WEEK[m.weekday()][..3], m.day, &name(MONTHS, m)[..3], m.year);
        (
            format!("{date} {:02}:{:02}:{:02} -0330", m.hour, m.minute, m.second),
            m.to_second() + 12_600 * SECOND,
        )
    }),
    ("Unix", |m| {
        let date = format!("{} {} {:>2}", &WEEK[m.weekday()][..3], &name(MONTHS, m)[..3], m.day);
        (
            format!("{date} {:02}:{:02}:{:02} EST {:04}", m.hour, m.minute, m.second, m.year),
            m.to_second() + 18_000 * SECOND,
        )
    }),
    ("Apache", |m| {
        let date = format!("{:02}/{}/{:04}", m.day, &name(MONTHS, m)[..3], m.year);
        (format!("{date}:{:02}:{:02}:{:02} +0200", m.hour, m.minute, m.second), m.to_second() - 7200 * SECOND)
    }),
    ("JavaScript", |m| {
        let date =
            format!("{} {} {:02} {:04}", &WEEK[m.weekday()][..3], &name(MONTHS, m)[..3], m.day, m.year);
        let time = format!(
            "{:02}:{:02}:{:02} GMT+0100 (Central European Standard Time)",
            m.hour, m.minute, m.second
        );
        (format!("{date} {time}"), m.to_second() - 3600 * SECOND)
    }),
    ("Korean", |m| (format!("{:04}년 {}월 {}일", m.year, m.month, m.day), m.midnight())),
    ("Korean clock", |m| {
        let (hour, half) = twelve(m);
        let half = if half == "AM" { "오전" } else { "오후" };
        let weekday = "월화수목금토일".chars().nth(m.weekday()).unwrap();
        let date = format!("{:04}년 {:02}월 {:02}일 ({weekday})", m.year, m.month, m.day);
        (format!("{date} {half} {hour}시 {}분 {}초", m.minute, m.second), m.to_second())
    }),
    ("Korean sheet", |m| {
        let (hour, half) = twelve(m);
        let half = if half == "AM" { "오전" } else { "오후" };
        (
            format!("{:04}. {}. {}. {half} {hour}:{:02}:{:02}", m.year, m.month, m.day, m.minute, m.second),
            m.to_second(),
        )
    }),
    ("Japanese", |m| (format!("{:04}年{}月{}日", m.year, m.month, m.day), m.midnight())),
    ("month", |m| (format!("{:04}-{:02}", m.year, m.month), Moment { day: 1, ..m }.midnight())),
    ("month last", |m| (format!("{:02}/{:04}", m.month, m.year), Moment { day: 1, ..m }.midnight())),
    ("name of a month", |m| {
        (format!("{} {:04}", &name(MONTHS, m)[..3], m.year), Moment { day: 1, ..m }.midnight())
    }),
    ("spreadsheet", |m| (format!("=\"{:04}-{:02}-{:02}\"", m.year, m.month, m.day), m.midnight())),
    ("full width", |m| {
        let digits: String = format!("{:04}-{:02}-{:02}", m.year, m.month, m.day);
        (digits.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect(), m.midnight())
    }),
];

/// Forms whose order is open, and the order that is meant.
pub(super) const OPEN: &[(Order, Form)] = &[
    (
        Order::DayMonthYear,
        ("points", |m| (format!("{:02}.{:02}.{:04}", m.day, m.month, m.year), m.midnight())),
    ),
    (Order::DayMonthYear, ("blanks", |m| (format!("{}. {}. {:04}", m.day, m.month, m.year), m.midnight()))),
    (Order::DayMonthYear, ("slashes", |m| (format!("{}/{}/{:04}", m.day, m.month, m.year), m.midnight()))),
    (
        Order::DayMonthYear,
        ("dashes", |m| {
            (
                format!("{:02}-{:02}-{:04} {:02}:{:02}", m.day, m.month, m.year, m.hour, m.minute),
                m.to_minute(),
            )
        }),
    ),
    (
        Order::DayMonthYear,
        ("short", |m| (format!("{:02}/{:02}/{:02}", m.day, m.month, m.year % 100), m.midnight())),
    ),
    (
        Order::MonthDayYear,
        ("slashes", |m| (format!("{:02}/{:02}/{:04}", m.month, m.day, m.year), m.midnight())),
    ),
    (
        Order::MonthDayYear,
        ("clock", |m| {
            let (hour, half) = twelve(m);
            (
                format!("{}/{}/{:04} {hour}:{:02}:{:02} {half}", m.month, m.day, m.year, m.minute, m.second),
                m.to_second(),
            )
        }),
    ),
    (
        Order::MonthDayYear,
        ("short", |m| (format!("{}/{}/{:02}", m.month, m.day, m.year % 100), m.midnight())),
    ),
    (
        Order::YearMonthDay,
        ("short", |m| (format!("{:02}.{:02}.{:02}", m.year % 100, m.month, m.day), m.midnight())),
    ),
    (
        Order::YearMonthDay,
        ("slashes", |m| (format!("{:02}/{:02}/{:02}", m.year % 100, m.month, m.day), m.midnight())),
    ),
];
