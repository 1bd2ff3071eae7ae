//! Numbers and columns written at random, and read again.

mod styles;

use super::resolve::Basis;
use super::*;

impl NumeralFormat {
    /// The number of a cell, the nearest `f64`; zero has no sign.
    fn parse(&self, cell: &str) -> Option<f64> {
        match self.read(cell, &mut String::new())? {
            Cell::Integer(integer) => Some(integer as f64),
            Cell::Number(number) => Some(number + 0.0),
            _ => None,
        }
    }
}

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;
use std::slice::from_ref;
use styles::{number, style};

fn evidence<T: AsRef<str>>(cells: &[T]) -> Evidence {
    let mut evidence = Evidence::default();
    for (row, cell) in (0..).zip(cells) {
        evidence.add(cell.as_ref(), row);
    }
    evidence
}

fn one<T: AsRef<str>>(cells: &[T]) -> Decision {
    resolve(&[evidence(cells)], Some(b','), None).remove(0)
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 500,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_number_is_the_same_however_it_is_written(number in number("[0-9]{0,9}"), style in style()) {
        let cell = style.write(&number);
        let format = NumeralFormat { decimal: style.decimal, unit: style.unit() };
        let read = format.parse(&cell).map(f64::to_bits);
        prop_assert_eq!(read, Some((number.plain().parse::<f64>().unwrap() + 0.0).to_bits()), "{}", cell);
    }

    #[test]
    fn powers_of_ten_are_read_by_either_mark(
        number in number("[0-9]{0,9}"), letter in "[eEdD]", power in -30..30, comma in any::<bool>(), sign in any::<bool>(),
    ) {
        let mark = if comma { "," } else { "." };
        let sign = if sign && power >= 0 { "+" } else { "" };
        let cell = format!("{}{letter}{sign}{power}", number.plain().replace('.', mark));
        let decimal = if comma { DecimalMark::Comma } else { DecimalMark::Point };
        let format = NumeralFormat { decimal, unit: String::new() };
        let expected: f64 = format!("{}e{power}", number.plain()).parse().unwrap();
        prop_assert_eq!(format.parse(&cell).map(f64::to_bits), Some((expected + 0.0).to_bits()), "{}", cell);
    }

    #[test]
    fn a_column_of_any_style_is_found_out(
        numbers in prop::collection::vec(number("[0-9]{2}"), 1..40), style in style(), split in any::<Index>(),
    ) {
        let cells: Vec<_> = numbers.iter().map(|number| style.write(number)).collect();
        let whole = evidence(&cells);
        let (early, late) = cells.split_at(split.index(cells.len()));
        let mut merged = evidence(early);
        merged.merge(evidence(late), early.len() as u64);
        prop_assert_eq!(&merged, &whole);
        match resolve(&[whole], None, None).remove(0) {
            Decision::Plain => {
                for (cell, number) in cells.iter().zip(&numbers) {
                    prop_assert_eq!(cell.parse::<f64>(), number.plain().parse());
                }
            }
            Decision::Numerals(found) => {
                prop_assert_eq!(found.basis, Basis::Cells);
                prop_assert!(!found.whole);
                for (cell, number) in cells.iter().zip(&numbers) {
                    let expected: f64 = number.plain().parse().unwrap();
                    prop_assert_eq!(found.format.parse(cell).map(f64::to_bits), Some((expected + 0.0).to_bits()), "{}", cell);
                }
            }
            other => prop_assert!(false, "{:?}: {:?}", cells, other),
        }
    }

    #[test]
    fn strays_are_counted_whatever_their_share(
        numbers in prop::collection::vec(number("[0-9]{2}"), 1..60),
        strays in prop::collection::vec(select(vec!["-", "n.a.", "none", "see below", "1-5", "14:05", "$", "A12", "12;5"]), 1..60),
        style in style(),
        places in prop::collection::vec(any::<Index>(), 60),
    ) {
        let mut cells: Vec<_> = numbers.iter().map(|number| style.write(number)).collect();
        for (stray, place) in strays.iter().zip(places) {
            cells.insert(place.index(cells.len() + 1), (*stray).to_owned());
        }
        let (count, many) = (strays.len() as u64, numbers.len() as u64);
        let known = !["kg", "km/h", "m²", "kWh/m2", "years", "$/month", "$USD"].contains(&style.unit().as_str());
        match one(&cells) {
            Decision::MostlyNumbers(mixture) => {
                prop_assert_eq!((mixture.numbers, mixture.strays.count()), (many, count));
                let first = cells.iter().position(|cell| strays.contains(&cell.as_str())).unwrap();
                prop_assert_eq!(mixture.strays.first().map(|first| first.row), Some(first as u64));
                prop_assert!(many > count);
                prop_assert!(cells.iter().filter(|cell| mixture.format.parse(cell).is_some()).count() as u64 == many);
            }
            Decision::NotNumbers => prop_assert!(many <= if known { count } else { 9 * count }, "{:?}", cells),
            other => prop_assert!(false, "{:?}: {:?}", cells, other),
        }
    }

    #[test]
    fn no_text_is_too_odd(cells in prop::collection::vec("[-+−–()0-9.,'’ \u{a0}$€%eEdDkg:/=\"°²x５日]{0,12}|\\PC{0,20}", 0..12)) {
        let decision = one(&cells);
        if let Decision::Numerals(found) = &decision {
            let _ = found.note("a", &["a"]);
            for cell in &cells {
                prop_assert!(found.format.plain(cell, &mut String::new()).is_some(), "{cell}");
            }
        }
        for cell in &cells {
            for decimal in DecimalMark::ALL {
                let format = NumeralFormat { decimal, unit: String::new() };
                if let Some(plain) = format.plain(cell, &mut String::new()) {
                    prop_assert!(plain.parse::<f64>().is_ok(), "{cell}: {plain}");
                }
            }
        }
    }

    #[test]
    fn what_is_plain_stays_what_it_is(numbers in prop::collection::vec(any::<f64>().prop_filter("", |x| x.is_finite()), 1..20)) {
        let cells: Vec<_> = numbers.iter().map(f64::to_string).collect();
        prop_assert_eq!(one(&cells), Decision::Plain);
    }
}

#[test]
fn what_must_not_become_numbers_does_not() {
    let columns: &[&[&str]] = &[
        &["1.2.3", "1.10.0", "2.0.1"],
        &["192.168.100.101", "192.168.100.102", "192.168.100.103"],
        &["10.0.0.1", "192.168.1.1", "172.16.254.100"],
        &["555 123 456", "612 345 678", "698 111 222"],
        &["+33 612 345 678", "+33 698 765 432"],
        &["(555) 123-4567", "(212) 555-0000"],
        &["13.01.2022", "14.01.2022"],
        &["2022-01-13", "2022-01-14"],
        &["=\"007\"", "=\"012\"", "=\"123\""],
        &["030 123 456", "040 765 432"],
        &["1-5", "6-10", "11-15"],
        &["1–5", "6–10"],
        &["14:05", "15:30"],
        &["2 PM", "3 PM"],
        &["110 00", "602 00"],
        &["1/2", "3/4"],
        &["1st", "2nd", "3rd", "4th"],
        &["<5", "5-10", ">10"],
        &["5 kg", "300 g", "2 lb"],
        &["12A", "14B", "3C"],
        &["5th Avenue", "12 Main Street"],
        &["A1", "A2"],
        &["6'2\"", "5'11\""],
        &["52°31'N", "13°24'E"],
        &["3x4", "5x6"],
        &["12,34,5", "1,2,3"],
        &["10+ years", "< 1 year", "2 years", "3 years", "4 years"],
        &["0012 AB", "0013 AB"],
    ];
    for cells in columns {
        assert_eq!(one(cells), Decision::NotNumbers, "{cells:?}");
    }
    assert_eq!(one::<&str>(&[]), Decision::Plain);
    assert_eq!(one(&["12", "3"]), Decision::Plain);
}

fn format_of(decision: &Decision) -> (DecimalMark, &str, Basis) {
    match decision {
        Decision::Numerals(found) => (found.format.decimal, found.format.unit.as_str(), found.basis),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_comma_before_three_digits_is_what_the_rest_of_the_file_says() {
    use DecimalMark::{Comma, Point};
    let open = evidence(&["1,234", "5,678", "12,900"]);
    let (comma, point) = (evidence(&["0,5", "12,25"]), evidence(&["0.5", "12.25"]));
    let text = evidence(&["Bonn", "Kiel"]);
    let decide = |columns: &[Evidence], delimiter: u8, said| {
        let decisions = resolve(columns, Some(delimiter), said);
        let (mark, _, basis) = format_of(&decisions[0]);
        (mark, basis)
    };
    assert_eq!(decide(from_ref(&open), b',', None), (Point, Basis::Convention));
    assert_eq!(decide(from_ref(&open), b'\t', None), (Point, Basis::Convention));
    assert_eq!(decide(from_ref(&open), b';', None), (Comma, Basis::Delimiter));
    assert_eq!(decide(&[open.clone(), text.clone(), comma.clone()], b',', None), (Comma, Basis::Column(2)));
    assert_eq!(decide(&[open.clone(), point.clone()], b';', None), (Point, Basis::Column(1)));
    assert_eq!(decide(&[open.clone(), point.clone(), comma.clone()], b';', None), (Comma, Basis::Delimiter));
    let both = [open.clone(), point.clone(), comma.clone(), comma.clone()];
    assert_eq!(decide(&both, b',', None), (Comma, Basis::Column(2)));
    assert_eq!(decide(&[open.clone(), point.clone()], b',', Some(Comma)), (Comma, Basis::Setting));
    assert_eq!(decide(&[comma, point], b',', Some(Point)), (Comma, Basis::Cells));
}

#[test]
fn a_column_proves_its_own_mark_even_against_the_others() {
    // One cell is enough where nothing speaks against it.
    let mut cells = vec!["1,234"; 100];
    cells.push("0,5");
    assert_eq!(format_of(&one(&cells)), (DecimalMark::Comma, "", Basis::Cells));
    // Against a file of decimal points it is a slip, and is shown.
    let columns = [evidence(&cells), evidence(&["0.25", "3.5"])];
    let Decision::MostlyNumbers(mixture) = &resolve(&columns, Some(b','), None)[0] else { panic!() };
    assert_eq!((mixture.numbers, mixture.strays.count()), (100, 1));
    assert_eq!(mixture.strays.first().unwrap().text, "0,5");
    // A column that is full of them has decimal commas all the same.
    let columns = [evidence(&["2379,65", "6039,20", "1,234"]), evidence(&["0.25", "3.5"])];
    assert_eq!(format_of(&resolve(&columns, Some(b','), None)[0]).0, DecimalMark::Comma);
}

#[test]
fn plain_fractions_are_looked_at_again_in_a_file_of_decimal_commas() {
    let counted = |integers, fractions| {
        let mut evidence = Evidence::default();
        evidence.add_plain(integers, fractions);
        evidence
    };
    let comma = evidence(&["0,5", "12,25"]);
    let columns = [counted(2, 1), comma.clone(), counted(3, 0)];
    assert_eq!(second_look(&columns, None), [0]);
    assert_eq!(second_look(&columns[2..], Some(DecimalMark::Comma)), [0_usize; 0]);
    assert_eq!(second_look(&[counted(2, 1)], None), [0_usize; 0]);
    assert_eq!(second_look(&[counted(2, 1)], Some(DecimalMark::Comma)), [0]);
    let decisions =
        resolve(&[evidence(&["1.234", "2", "3"]), comma.clone(), counted(3, 0)], Some(b';'), None);
    assert_eq!(format_of(&decisions[0]), (DecimalMark::Comma, "", Basis::Column(1)));
    assert_eq!(decisions[2], Decision::Plain);
    let Decision::Numerals(found) = &decisions[0] else { panic!() };
    assert!(found.whole);
    assert_eq!(found.format.parse("1.234"), Some(1234.0));
    // Where a point cannot group, it stays a decimal point.
    assert_eq!(resolve(&[evidence(&["1.25", "2", "3"]), comma], Some(b';'), None)[0], Decision::Plain);
}

#[test]
fn words_are_passed_over_until_there_are_numbers() {
    let column = |words: u64, numbers: u64, mut evidence: Evidence| {
        for row in 0..words + numbers {
            let cell = if row < words { format!("row {row}") } else { format!("{row},5 €") };
            evidence.add(&cell, row);
        }
        evidence
    };
    assert_eq!(second_look(&[column(20_000, 0, Evidence::default())], None), [0_usize; 0]);
    let hasty = column(8_000, 10_000, Evidence::default());
    assert_eq!(hasty.cells(), 18_000);
    assert_eq!(second_look(&[hasty], None), [0]);
    let all = column(8_000, 10_000, Evidence::of_all_cells());
    assert_eq!(second_look(from_ref(&all), None), [0_usize; 0]);
    let Decision::MostlyNumbers(mixture) = &resolve(&[all], None, None)[0] else { panic!() };
    assert_eq!((mixture.numbers, mixture.strays.count(), mixture.is_of_numbers()), (10_000, 8_000, false));
    let Decision::MostlyNumbers(mixture) = one(&["1", "2", "3", "3", "x", "y"]) else { panic!() };
    assert!(!mixture.is_of_numbers());
    let Decision::MostlyNumbers(mixture) = one(&["1", "2", "3", "4", "5", "6", "x", "y"]) else { panic!() };
    assert!(mixture.is_of_numbers());
}

#[test]
fn plain_numbers_beside_numerals_are_numbers_of_the_column() {
    let mut evidence = evidence(&["1,234", "12,345,678"]);
    evidence.add_plain(98, 0);
    assert_eq!(
        format_of(&resolve(&[evidence.clone()], Some(b','), None)[0]),
        (DecimalMark::Point, "", Basis::Cells)
    );
    evidence.add("n.a.", 100);
    let Decision::MostlyNumbers(mixture) = &resolve(&[evidence], Some(b','), None)[0] else { panic!() };
    assert_eq!((mixture.numbers, mixture.strays.count()), (100, 1));
    // A unit stands behind every value or it is a mixture.
    let Decision::MostlyNumbers(mixture) = one(&["5 €", "6 €", "7"]) else { panic!() };
    assert_eq!((mixture.numbers, mixture.strays.shown().as_str()), (2, "\"7\""));
}

#[test]
fn whole_numbers_are_told_from_others() {
    let whole = |cells: &[&str]| match one(cells) {
        Decision::Numerals(found) => found.whole,
        other => panic!("{other:?}"),
    };
    assert!(whole(&["1,234", "12,345,678"]));
    assert!(whole(&["$5", "$6"]));
    assert!(whole(&["=\"2379\"", "=\"6039\""]));
    assert!(!whole(&["$5", "$6.50"]));
    assert!(!whole(&["1D5"]));
    assert!(!whole(&["12,345,678,901,234,567,890"]));
    assert!(whole(&["1 year", "2 years"]));
}

#[test]
fn what_is_chosen_is_said_with_the_way_to_choose_otherwise() {
    let note = |columns: &[Evidence], delimiter: u8| match &resolve(columns, Some(delimiter), None)[0] {
        Decision::Numerals(found) => found.note("price", &["price", "size"]).to_string(),
        other => panic!("{other:?}"),
    };
    let open = evidence(&["1,234", "5,678"]);
    assert_eq!(
        note(from_ref(&open), b','),
        "column \"price\": 1,234 is read as 1234 (thousands separator `,`, which no other cell of the file tells); \
         decimal = comma reads it as 1.234"
    );
    assert_eq!(
        note(&[open, evidence(&["0,5"])], b','),
        "column \"price\": 1,234 is read as 1.234 (decimal mark `,`, as in column \"size\"); decimal = point reads it as 1234"
    );
    assert_eq!(
        note(&[evidence(&["12,5 %", "3,25 %"])], b';'),
        "column \"price\": 12,5 % is read as 12.5 (decimal mark `,`, unit `%`)"
    );
    assert_eq!(
        note(&[evidence(&["(1 234.50)", "12"])], b','),
        "column \"price\": (1 234.50) is read as -1234.50 (thousands separator ` `, decimal mark `.`)"
    );
    assert_eq!(note(&[evidence(&["−3", "12"])], b','), "column \"price\": −3 is read as -3");
    let mut cells = vec!["$5.50"; 240];
    cells.extend(["-"; 58]);
    cells.extend(["n.a."; 2]);
    let Decision::MostlyNumbers(mixture) = one(&cells) else { panic!() };
    assert_eq!(
        mixture.advice("price").to_string(),
        "in this column 240 values are numbers and 60 values are not: \"-\" (58 times), \"n.a.\" (twice); \
         missing = '-' takes that for a missing value, categorical = 'price' takes all for words"
    );
}

#[test]
fn a_format_is_kept_with_a_model() {
    let format = NumeralFormat { decimal: DecimalMark::Comma, unit: "€".to_owned() };
    let json = serde_json::to_string(&format).unwrap();
    assert_eq!(json, "{\"decimal\":\"comma\",\"unit\":\"€\"}");
    assert_eq!(serde_json::from_str::<NumeralFormat>(&json).unwrap(), format);
    assert_eq!(format.parse("1.234,5 €"), Some(1234.5));
    assert_eq!(format.parse("1.234,5 $"), None);
    assert_eq!(format.parse("1.234,5"), None);
    assert_eq!(NumeralFormat { unit: String::new(), ..format }.parse("1e400"), None);
}
