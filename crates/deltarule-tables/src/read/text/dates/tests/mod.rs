//! Moments and columns written at random, and read again.

mod forms;

use super::resolve::Basis;
use super::*;
use crate::cells::moment;
use forms::{KNOWN, Moment, OPEN, SECOND, moments, twelve};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;
use std::slice::from_ref;

fn evidence<T: AsRef<str>>(cells: &[T]) -> Evidence {
    let mut evidence = Evidence::default();
    for (row, cell) in (0..).zip(cells) {
        evidence.add(cell.as_ref(), row);
    }
    evidence
}

fn one<T: AsRef<str>>(cells: &[T]) -> Decision {
    resolve(&[evidence(cells)], None).remove(0)
}

fn found(decision: Decision) -> (DateFormat, Basis) {
    match decision {
        Decision::Dates(dates) => (dates.format, dates.basis),
        other => panic!("{other:?}"),
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 400,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_moment_is_the_same_however_it_is_written(m in moments(1800..2200), form in select(KNOWN)) {
        let (cell, micros) = form.1(m);
        for order in Order::ALL {
            prop_assert_eq!(DateFormat::Date(order).parse(&cell), Some(micros), "{}: {}", form.0, cell);
        }
    }

    #[test]
    fn what_was_read_before_is_the_moment_that_was_meant(m in moments(1..9999), form in select(&KNOWN[..4])) {
        let (cell, micros) = form.1(m);
        prop_assert_eq!(moment(&cell), Some(micros));
        prop_assert_eq!(DateFormat::Date(Order::DayMonthYear).parse(&cell), Some(micros));
    }

    #[test]
    fn all_that_was_read_before_is_read_alike(
        date in "[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]",
        time in "|[T ][01][0-9](:[0-5][0-9]:[0-5][0-9]|[0-5][0-9][0-5][0-9])(\\.[0-9]{1,9})?",
        zone in "| ?[+-]0[0-9](:?[0-5][0-9])?|Z",
    ) {
        let cell = format!("{date}{time}{zone}");
        if let Some(micros) = moment(&cell) {
            prop_assert_eq!(DateFormat::Date(Order::DayMonthYear).parse(&cell), Some(micros), "{}", cell);
        }
    }

    #[test]
    fn a_column_of_one_order_is_found_out(
        mut column in prop::collection::vec(moments(1970..2070), 1..40), form in select(OPEN), day in 13..29_i64, split in any::<Index>(),
    ) {
        let (order, (_, write)) = form;
        // One that the other orders cannot be: of years first a year that is no day, of the others a day that is no month.
        column[0] = match order {
            Order::YearMonthDay => Moment { year: 1999, ..column[0] },
            _ => Moment { day, year: 2000, ..column[0] },
        };
        let (cells, instants): (Vec<_>, Vec<_>) = column.iter().map(|&m| write(m)).unzip();
        let whole = evidence(&cells);
        let (early, late) = cells.split_at(split.index(cells.len()));
        let mut merged = evidence(early);
        merged.merge(evidence(late), early.len() as u64);
        prop_assert_eq!(&merged, &whole);
        let (format, basis) = found(resolve(&[whole], None).remove(0));
        prop_assert_eq!((&format, basis), (&DateFormat::Date(order), Basis::Cells), "{:?}", cells);
        for (cell, instant) in cells.iter().zip(instants) {
            prop_assert_eq!(format.parse(cell), Some(instant), "{}", cell);
        }
    }

    #[test]
    fn strays_are_counted_whatever_their_share(
        column in prop::collection::vec(moments(1900..2100), 1..60), form in select(KNOWN),
        strays in prop::collection::vec(select(vec!["-", "n.a.", "soon", "1.2.3", "12", "2022-13-01", "31.02.2022"]), 1..60),
        places in prop::collection::vec(any::<Index>(), 60),
    ) {
        let mut cells: Vec<String> = column.iter().map(|&m| form.1(m).0).collect();
        for (stray, place) in strays.iter().zip(places) {
            cells.insert(place.index(cells.len() + 1), (*stray).to_owned());
        }
        let (many, count) = (column.len() as u64, strays.len() as u64);
        match one(&cells) {
            Decision::MostlyDates(mixture) => {
                prop_assert_eq!((mixture.dates, mixture.strays.count()), (many, count));
                prop_assert!(many > count);
            }
            Decision::NotDates => prop_assert!(many <= count || form.0 == "month"),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn days_of_eight_digits_are_moments(m in moments(1900..2100), others in 0..100_000_000_i64) {
        let cell = format!("{:04}{:02}{:02}", m.year, m.month, m.day);
        prop_assert_eq!(DateFormat::Compact.parse(&cell), Some(m.midnight()));
        prop_assert_eq!(found(one(&[&cell])).0, DateFormat::Compact);
        let long = format!("{cell}{:02}{:02}{:02}", m.hour, m.minute, m.second);
        prop_assert_eq!(DateFormat::of_number(long.parse().unwrap()), Some(m.to_second()));
        let text = others.to_string();
        prop_assert_eq!(DateFormat::of_number(others), DateFormat::Compact.parse(&text));
    }

    #[test]
    fn times_are_seconds_since_midnight(m in moments(2000..2001)) {
        let seconds = (m.hour * 3600 + m.minute * 60 + m.second) as f64;
        let hours = DateFormat::Time(TimeOrder::HoursFirst);
        prop_assert_eq!(hours.seconds(&format!("{:02}:{:02}:{:02}", m.hour, m.minute, m.second)), Some(seconds));
        let (hour, half) = twelve(m);
        prop_assert_eq!(hours.seconds(&format!("{hour}:{:02}:{:02} {half}", m.minute, m.second)), Some(seconds));
        let fraction = format!("{}:{:02}:{:02}.{:06}", m.hour, m.minute, m.second, m.micros);
        prop_assert_eq!(hours.seconds(&fraction), Some((seconds as i64 * SECOND + m.micros) as f64 / 1e6));
        let minutes = DateFormat::Time(TimeOrder::MinutesFirst);
        prop_assert_eq!(minutes.seconds(&format!("{}:{:02}", m.minute, m.second)), Some((m.minute * 60 + m.second) as f64));
    }

    #[test]
    fn no_text_is_too_odd(cells in prop::collection::vec("[0-9a-zA-Z:./, +()-]{0,24}|[0-9년월일 .:오전후TZ()-]{0,24}|\\PC{0,24}", 0..12)) {
        if let Decision::Dates(dates) = one(&cells) {
            let _ = dates.note("a", &["a"]);
            for cell in &cells {
                prop_assert!(dates.format.parse(cell).is_some(), "{cell}");
            }
        }
    }
}

#[test]
fn what_must_not_become_dates_does_not() {
    let columns: &[&[&str]] = &[
        &["1.2.3", "1.10.0", "2.0.1"],
        &["1.2.22", "3.4.21"],
        &["192.168.1.1", "10.0.0.1"],
        &["555-1234", "555-9876"],
        &["12-345-6789"],
        &["1-5", "6-10"],
        &["1/2", "3/4"],
        &["2021/22", "2022/23", "2023/24"],
        &["2005-06", "2006-07", "2007-08"],
        &["12", "13"],
        &["1234.5", "7"],
        &["99999999"],
        &["20221301", "20220101", "20220230"],
        &["Bonn", "Kiel"],
        &["May", "June"],
        &["March 5 people"],
        &["2022-13-01", "2022-02-30"],
        &["32/01/2022"],
        &["16:9", "4:3"],
        &["A-2022-01"],
        &["Mon", "Tue"],
        &["Sun, 13 Jan 2022"],
        &["3-2022-1"],
    ];
    for cells in columns {
        assert_eq!(one(cells), Decision::NotDates, "{cells:?}");
    }
    assert_eq!(one::<&str>(&[]), Decision::NotDates);
    let mut numbers = evidence(&["2022-01-13"]);
    numbers.add_others(5);
    assert_eq!(resolve(&[numbers], None), [Decision::NotDates]);
}

#[test]
fn an_open_order_is_what_the_rest_of_the_file_says() {
    use DateFormat::Date;
    use Order::{DayMonthYear, MonthDayYear, YearMonthDay};
    let open = evidence(&["01/02/2022", "03/05/2022"]);
    let (day, month) = (evidence(&["13/01/2022", "14/02/2022"]), evidence(&["01/13/2022", "02/14/2022"]));
    let iso = evidence(&["2022-01-13"]);
    let decide = |columns: &[Evidence], said| found(resolve(columns, said).remove(0));
    assert_eq!(decide(from_ref(&open), None), (Date(DayMonthYear), Basis::Convention));
    assert_eq!(
        decide(&[open.clone(), iso.clone(), month.clone()], None),
        (Date(MonthDayYear), Basis::Column(2))
    );
    assert_eq!(decide(&[open.clone(), day.clone()], None), (Date(DayMonthYear), Basis::Column(1)));
    assert_eq!(
        decide(&[open.clone(), day.clone(), month.clone()], None),
        (Date(DayMonthYear), Basis::Convention)
    );
    let three = [open.clone(), month.clone(), day.clone(), month.clone()];
    assert_eq!(decide(&three, None), (Date(MonthDayYear), Basis::Column(1)));
    assert_eq!(
        decide(&[open.clone(), day.clone()], Some(MonthDayYear)),
        (Date(MonthDayYear), Basis::Setting)
    );
    assert_eq!(decide(from_ref(&day), Some(MonthDayYear)), (Date(DayMonthYear), Basis::Cells));
    // Nothing is open where all orders say the same.
    assert_eq!(decide(from_ref(&iso), None), (Date(DayMonthYear), Basis::Cells));
    assert_eq!(decide(&[evidence(&["05/05/2022"])], None), (Date(DayMonthYear), Basis::Cells));
    // Points are for days first, whatever the others are.
    assert_eq!(
        decide(&[evidence(&["01.02.2022"]), month.clone()], None),
        (Date(DayMonthYear), Basis::Convention)
    );
    assert_eq!(decide(&[evidence(&["01.13.2022"])], None), (Date(MonthDayYear), Basis::Cells));
    // Months of several years, written in the American way.
    let firsts = ["01/01/2020", "02/01/2020", "12/01/2020", "01/01/2021"];
    assert_eq!(found(one(&firsts)), (Date(MonthDayYear), Basis::FirstOfMonth));
    assert_eq!(
        found(one(&["01/01/2020", "01/02/2020", "01/12/2021"])),
        (Date(DayMonthYear), Basis::FirstOfMonth)
    );
    assert_eq!(
        found(one(&["01/02/2022 2:05 PM", "03/05/2022 9:00 AM"])),
        (Date(MonthDayYear), Basis::TwelveHours)
    );
    assert_eq!(found(one(&["22/01/03", "22/01/04", "22/01/05"])), (Date(YearMonthDay), Basis::FewYears));
    assert_eq!(found(one(&["03/01/22", "04/01/22", "05/01/22"])), (Date(DayMonthYear), Basis::Convention));
    // The day of the week tells, too: 2022-01-02 was a Sunday.
    assert_eq!(found(one(&["Sun 01/02/2022"])), (Date(MonthDayYear), Basis::Cells));
}

#[test]
fn words_are_passed_over_until_there_are_dates() {
    let column = |mut evidence: Evidence, words: u64, dates: u64| {
        for row in 0..words + dates {
            evidence.add(if row < words { "open" } else { "13/01/2022" }, row);
        }
        evidence
    };
    assert_eq!(second_look(&[column(Evidence::default(), 20_000, 0)]), [0_usize; 0]);
    assert_eq!(second_look(&[column(Evidence::default(), 8_000, 10_000)]), [0]);
    let all = column(Evidence::of_all_cells(), 8_000, 10_000);
    assert_eq!(second_look(from_ref(&all)), [0_usize; 0]);
    let Decision::MostlyDates(mixture) = &resolve(&[all], None)[0] else { panic!() };
    assert_eq!((mixture.dates, mixture.strays.count()), (10_000, 8_000));
}

#[test]
fn hours_or_minutes_come_first_as_the_column_tells() {
    let format = |cells: &[&str]| found(one(cells));
    assert_eq!(format(&["14:05", "09:30"]), (DateFormat::Time(TimeOrder::HoursFirst), Basis::Convention));
    assert_eq!(format(&["14:05:00", "9:30:00"]), (DateFormat::Time(TimeOrder::HoursFirst), Basis::Cells));
    assert_eq!(format(&["14:05", "75:30"]), (DateFormat::Time(TimeOrder::MinutesFirst), Basis::Cells));
    assert_eq!(format(&["1:35.123", "1:34.9"]), (DateFormat::Time(TimeOrder::MinutesFirst), Basis::Cells));
}

#[test]
fn what_is_chosen_is_said_with_the_way_to_choose_otherwise() {
    let note = |columns: &[Evidence]| match &resolve(columns, None)[0] {
        Decision::Dates(found) => found.note("day", &["day", "paid"]).map(|note| note.to_string()),
        other => panic!("{other:?}"),
    };
    let open = evidence(&["01/02/2022"]);
    assert_eq!(
        note(from_ref(&open)).unwrap(),
        "column \"day\": 01/02/2022 is read as 2022-02-01 (day first, which no cell of the file tells); \
         date-format = month-first takes it for the month"
    );
    assert_eq!(
        note(&[open, evidence(&["01/13/2022"])]).unwrap(),
        "column \"day\": 01/02/2022 is read as 2022-01-02 (month first, as in column \"paid\"); \
         date-format = day-first takes it for the day"
    );
    assert_eq!(note(&[evidence(&["2022-01-13"])]), None);
    assert_eq!(
        note(&[evidence(&["13/01/45"])]).unwrap(),
        "column \"day\": 13/01/45 is read as 2045-01-13; years of two digits are those from 1970 to 2069"
    );
    assert_eq!(
        note(&[evidence(&["14:05"])]).unwrap(),
        "column \"day\": 14:05 is read as 50700 seconds (hours first, which no cell of the file tells); \
         date-format = %M:%S takes minutes and seconds"
    );
    let Decision::MostlyDates(mixture) = one(&["2022-01-13", "2022-01-14", "2022-01-15", "open"]) else {
        panic!()
    };
    assert_eq!(
        mixture.advice().to_string(),
        "in this column 3 values are dates and 1 is not: \"open\"; \
         missing = 'open' takes that for a missing value, date-format says how dates are written"
    );
}

#[test]
fn a_format_is_said_and_kept() {
    assert_eq!("day-first".parse(), Ok(DateFormat::Date(Order::DayMonthYear)));
    let format: DateFormat = "%d|%m|%y".parse().unwrap();
    assert_eq!(format.parse(" 13|01|22 "), moment("2022-01-13"));
    assert!("dd.mm.yyyy".parse::<DateFormat>().unwrap_err().contains("`dd.mm.yyyy` is no format of dates"));
    assert_eq!("%M:%S".parse::<DateFormat>().unwrap().seconds("14:05"), Some(845.0));
    for format in [
        format,
        DateFormat::Compact,
        DateFormat::Date(Order::MonthDayYear),
        DateFormat::Time(TimeOrder::HoursFirst),
    ] {
        let json = serde_json::to_string(&format).unwrap();
        assert_eq!(serde_json::from_str::<DateFormat>(&json).unwrap(), format, "{json}");
    }
}
