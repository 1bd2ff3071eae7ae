//! Numbers and dates as people write them: the columns, and the matrices, of the same table in plain digits.

mod common;

use common::{lines, told};
use deltarule_tables::arrow::array::{Array, ArrayRef};
use deltarule_tables::read::{DateFormat, DecimalMark, Order, ReadOptions, Source};
use deltarule_tables::table::{InMemory, Table};
use deltarule_tables::{TableError, TableOptions, load};
use std::fmt::Write;

fn open(text: &str, options: &ReadOptions) -> Result<InMemory, TableError> {
    named("table.csv", text, options)
}

fn named(name: &str, text: &str, options: &ReadOptions) -> Result<InMemory, TableError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    InMemory::read("table.csv", &Source::open(&[path], options)?)
}

fn columns(table: &InMemory) -> Vec<ArrayRef> {
    let all: Vec<u32> = (0..table.rows() as u32).collect();
    let whole = table.picked(&all);
    let batch = whole.batches(None).expect("batches").next().expect("a batch");
    batch.expect("a batch").columns().to_vec()
}

/// A whole number and a fraction for each row, seeded.
fn amounts() -> Vec<(i64, i64)> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..60).map(|_| (next(40_000) as i64 - 9_000, next(100) as i64)).collect()
}

/// Digits in groups of three.
fn grouped(number: i64, separator: &str) -> String {
    let digits = number.abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push_str(separator);
        }
        out.push(digit);
    }
    out
}

type Style = fn(i64, i64) -> String;

fn sign(whole: i64) -> &'static str {
    if whole < 0 { "-" } else { "" }
}

/// The same amounts in ten hands.
const STYLES: [Style; 10] = [
    |whole, cents| format!("{}{}.{cents:02}", sign(whole), grouped(whole, ",")),
    |whole, cents| format!("{}{},{cents:02} €", sign(whole), grouped(whole, ".")),
    |whole, cents| format!("{}${}.{cents:02}", sign(whole), grouped(whole, ",")),
    |whole, cents| format!("{}{}.{cents:02}", sign(whole), grouped(whole, "'")),
    |whole, cents| format!("{}{},{cents:02}", sign(whole), grouped(whole, "\u{202f}")),
    |whole, cents| format!("{}{}.{cents:02} kg", sign(whole), whole.abs()),
    |whole, cents| format!("{}{}.{cents:02}%", sign(whole), whole.abs()),
    |whole, cents| format!("={q}{q}{}{}.{cents:02}{q}{q}", sign(whole), whole.abs(), q = "\""),
    |whole, cents| format!("{}{}.{cents:02}", if whole < 0 { "\u{2212}" } else { "" }, whole.abs()),
    |whole, cents| match whole < 0 {
        true => format!("({}.{cents:02})", whole.abs()),
        false => format!("{whole}.{cents:02}"),
    },
];

const PLAIN: Style = |whole, cents| format!("{}{}.{cents:02}", sign(whole), whole.abs());

fn table(style: Style) -> String {
    let mut text = "size,town,price\n".to_owned();
    for (i, (whole, cents)) in amounts().into_iter().enumerate() {
        let town = ["Ulm", "Bonn", "Trier"][i % 3];
        let size = if i % 11 == 5 { String::new() } else { style(whole, cents) };
        writeln!(text, "\"{size}\",{town},\"{}\"", style(2 * whole + i as i64, cents)).expect("text");
    }
    text
}

#[test]
fn the_same_amounts_in_any_hand_are_the_same_columns_and_the_same_matrices() {
    let options = ReadOptions::default();
    let wanted = TableOptions { target: vec!["price".into()], ..TableOptions::default() };
    let plain = open(&table(PLAIN), &options).expect("a table");
    let expected = columns(&plain);
    let matrices = load::<f64>(&plain, None, &wanted).expect("a table to learn from");
    for (i, style) in STYLES.into_iter().enumerate() {
        let text = table(style);
        let small = ReadOptions { block_bytes: 300, keep_bytes: 0, ..ReadOptions::default() };
        for options in [&options, &small] {
            let source = open(&text, options).unwrap_or_else(|error| panic!("{i}: {}", told(&error)));
            assert_eq!(columns(&source), expected, "style {i}");
            let notices = lines(&source.notices());
            assert!(notices.contains("column \"price\": ") && notices.contains(" is read as "), "{notices}");
            let loaded = load::<f64>(&source, None, &wanted).expect("a table to learn from");
            assert_eq!(loaded.train, matrices.train, "style {i}");
            assert_eq!(loaded.preprocessor.formats.len(), 2);
            let json = loaded.preprocessor.to_json();
            let read = deltarule_tables::TablePreprocessor::from_json(&json).expect("its own form");
            assert_eq!(read, loaded.preprocessor);

            // A later file whose own cells would leave it open is read by the format of the first one.
            let later = text.lines().take(3).collect::<Vec<_>>().join("\n");
            let by_model = ReadOptions { types: read.cell_types(), ..ReadOptions::default() };
            let later = open(&later, &by_model).expect("a later file");
            for (found, expected) in columns(&later).iter().zip(&expected) {
                assert_eq!(found.as_ref(), expected.slice(0, 2).as_ref(), "style {i}");
            }
        }
    }
}

#[test]
fn a_json_string_is_a_cell_like_any_other() {
    let mut lines = String::new();
    for (whole, cents) in amounts() {
        writeln!(lines, "{{\"price\": {:?}}}", STYLES[1](whole, cents)).expect("text");
    }
    let source = named("table.jsonl", &lines, &ReadOptions::default()).expect("a table");
    let plain: String = amounts().into_iter().map(|(whole, cents)| PLAIN(whole, cents) + "\n").collect();
    let expected = open(&format!("price\n{plain}"), &ReadOptions::default()).expect("a table");
    assert_eq!(columns(&source), columns(&expected));
}

#[test]
fn strays_among_numbers_are_counted_and_shown_and_never_make_words_of_them() {
    for (every, many) in [(50, 6), (5, 60)] {
        for mark in ["-", "offen", "n.a."] {
            for style in [PLAIN, STYLES[0], STYLES[2]] {
                let cell = |i: i64| if i % every == 1 { mark.to_owned() } else { style(1000 + i, 25) };
                let text: String = (0..300).map(|i| format!("{i},\"{}\"\n", cell(i))).collect();
                let text = format!("n,price\n{text}");
                let options = ReadOptions::default();
                let error = told(&open(&text, &options).expect_err("a column of numbers and words"));
                assert!(error.contains("table.csv:3:"), "{error}");
                assert!(
                    error.contains("column \"price\": expected a number")
                        && error.contains(&format!(", found {mark:?}")),
                    "{error}"
                );
                let counted =
                    format!("{} values are numbers and {many} values are not: {mark:?}", 300 - many);
                assert!(error.contains(&counted), "{error}");
                assert!(error.contains(&format!("--missing '{mark}'")), "{error}");
                assert!(error.contains("--categorical 'price'"), "{error}");

                // The ways out that it names are ways out.
                let missing = ReadOptions { missing: vec![mark.to_owned()], ..ReadOptions::default() };
                let source = open(&text, &missing).expect("with the strays for missing values");
                assert_eq!(columns(&source)[1].null_count(), many as usize);
                let types = vec![("price".to_owned(), deltarule_tables::read::CellType::Any)];
                open(&text, &ReadOptions { types, ..ReadOptions::default() }).expect("as words");
            }
        }
    }
}

#[test]
fn a_target_of_which_a_third_is_no_number_is_refused_and_a_feature_is_warned_of() {
    let text: String =
        (0..90).map(|i| if i % 3 == 0 { "low\n".into() } else { format!("{i}.5\n") }).collect();
    let text = format!("price\n{text}");
    let source = open(&text, &ReadOptions::default()).expect("words");
    let notices = lines(&source.notices());
    assert!(
        notices.starts_with("column \"price\" is taken for words; in this column 60 values"),
        "{notices}"
    );
    let options = ReadOptions { targets: vec!["price".into()], ..ReadOptions::default() };
    let error = told(&open(&text, &options).expect_err("a target of numbers and words"));
    assert!(error.contains("60 values are numbers and 30 values are not"), "{error}");
}

#[test]
fn dates_in_many_forms_are_the_same_moments() {
    let days: Vec<(u32, u32, u32)> =
        (0..60).map(|i| (2015 + i % 9, 1 + (i * 7) % 12, 1 + (i * 13) % 28)).collect();
    type Form = fn(u32, u32, u32) -> String;
    let forms: [Form; 7] = [
        |y, m, d| format!("{d:02}.{m:02}.{y}"),
        |y, m, d| format!("{d}/{m}/{y}"),
        |y, m, d| format!("{m:02}/{d:02}/{y}"),
        |y, m, d| format!("{y}/{m:02}/{d:02}"),
        |y, m, d| format!("{y}년 {m}월 {d}일"),
        |y, m, d| format!("{y}{m:02}{d:02}"),
        |y, m, d| match d % 2 {
            0 => format!("{y}-{m:02}-{d:02}"),
            _ => format!("{d:02}.{m:02}.{y}"),
        },
    ];
    let table = |form: Form| {
        let rows = days.iter().enumerate().map(|(i, &(y, m, d))| format!("{};{}\n", form(y, m, d), i * i));
        format!("day;y\n{}", rows.collect::<String>())
    };
    let wanted = TableOptions { target: vec!["y".into()], ..TableOptions::default() };
    let matrices = |text: &str, options: &ReadOptions| {
        let source = open(text, options).unwrap_or_else(|error| panic!("{}", told(&error)));
        load::<f64>(&source, None, &wanted).expect("a table to learn from").train
    };
    let iso = matrices(&table(|y, m, d| format!("{y}-{m:02}-{d:02}")), &ReadOptions::default());
    for (i, form) in forms.into_iter().enumerate() {
        assert_eq!(matrices(&table(form), &ReadOptions::default()), iso, "form {i}");
    }
    let said = "the %d of %m in %Y".parse::<DateFormat>().expect("a format");
    let options = ReadOptions { date_format: Some(said), ..ReadOptions::default() };
    assert_eq!(matrices(&table(|y, m, d| format!("the {d} of {m} in {y}")), &options), iso);
    let broken = table(|y, m, d| format!("the {d} of {m} in {y}")).replacen("the", "a", 1);
    let error = told(&open(&broken, &options).expect_err("a cell of another form"));
    assert!(error.contains("expected a date written the %d of %m in %Y, found \"a 1"), "{error}");
}

#[test]
fn what_is_ambiguous_is_said_and_can_be_said_otherwise() {
    let text = "price;day\n1,234;03/04/2022\n2,500;05/06/2022\n";
    let source = open(text, &ReadOptions::default()).expect("a table");
    assert_eq!(
        lines(&source.notices()),
        "column \"price\": 1,234 is read as 1.234 (decimal mark `,`, as `;` stands between the cells); \
         decimal = point reads it as 1234\n\
         column \"day\": 03/04/2022 is read as 2022-04-03 (day first, which no cell of the file tells); \
         date-format = month-first takes it for the month"
    );
    let options = ReadOptions {
        decimal: Some(DecimalMark::Point),
        date_format: Some(DateFormat::Date(Order::MonthDayYear)),
        ..ReadOptions::default()
    };
    let said = open(text, &options).expect("a table");
    let plain = open("price\n1234\n2500\n", &ReadOptions::default()).expect("a table");
    assert_eq!(&columns(&said)[0], &columns(&plain)[0]);
    assert_ne!(&columns(&said)[1], &columns(&source)[1]);
}

#[test]
fn words_codes_and_plain_columns_stay_what_they_are() {
    let mut text = "zip,version,ip,phone,note,ticket\n".to_owned();
    for i in 0..60 {
        writeln!(
            text,
            "a0{i},1.{i}.3,192.168.100.{},030 555 {:03},room {i} on floor 3,{}",
            100 + i,
            100 + i,
            if i % 2 == 0 { format!("A/5 {i}") } else { i.to_string() }
        )
        .expect("text");
    }
    let source = open(&text, &ReadOptions::default()).expect("a table");
    assert_eq!(lines(&source.notices()), "");
    assert!(
        source
            .schema()
            .fields()
            .iter()
            .all(|field| *field.data_type() == deltarule_tables::arrow::datatypes::DataType::Utf8)
    );
}
