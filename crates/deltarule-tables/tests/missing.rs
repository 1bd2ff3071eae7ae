//! Missing values are the same in every format and spelling, and what was said of them in vain is told.

mod common;

use common::frame::{Cells, Format, Frame};
use deltarule_tables::read::{ReadOptions, Source, USUAL_MISSING};
use deltarule_tables::{Loaded, TableOptions, load};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The frame as it is loaded when these cells stand for missing values.
fn loaded(frame: &Frame, format: Format, missing: &[&str], not_missing: &[&str]) -> Loaded<f64> {
    let folder = tempfile::tempdir().unwrap();
    let mut options = ReadOptions {
        missing: missing.iter().map(|&marker| marker.to_owned()).collect(),
        ..ReadOptions::default()
    };
    options.usual_missing.retain(|marker| !not_missing.contains(&marker.as_str()));
    let source = Source::open(&[frame.write(format, folder.path())], &options).unwrap();
    load(&source, None, &TableOptions { target: vec!["y".into()], ..TableOptions::default() }).unwrap()
}

/// A number, a word, and what is to be predicted, each missing where `is_missing` says so.
fn frame(rows: usize, is_missing: impl Fn(usize, usize) -> bool) -> Frame {
    let cell = |column: usize, row: usize| (!is_missing(column, row)).then_some(row);
    let number = |row: usize| ((row * 7919 + 13) % 1009) as f64 / 8.0;
    Frame::new([
        ("size", Cells::Numbers((0..rows).map(|row| cell(0, row).map(number)).collect())),
        (
            "count",
            Cells::Integers((0..rows).map(|row| cell(1, row).map(|row| (row * 31 % 17) as i64)).collect()),
        ),
        (
            "town",
            Cells::Texts(
                (0..rows)
                    .map(|row| cell(2, row).map(|row| ["Bonn", "Kiel", "Ulm"][row % 3].to_owned()))
                    .collect(),
            ),
        ),
        ("y", Cells::Numbers((0..rows).map(|row| cell(3, row).map(|row| number(row) * 2.0 + 0.5)).collect())),
    ])
}

/// The same frame with a number or a word in place of what is missing.
fn filled(frame: &Frame, number: f64, word: &str) -> Frame {
    let mut filled = frame.clone();
    for (_, cells) in &mut filled.columns {
        match cells {
            Cells::Numbers(values) => {
                values.iter_mut().for_each(|value| *value = Some(value.unwrap_or(number)))
            }
            Cells::Integers(values) => {
                values.iter_mut().for_each(|value| *value = Some(value.unwrap_or(number as i64)));
            }
            Cells::Texts(values) => {
                values.iter_mut().for_each(|value| {
                    value.get_or_insert(word.to_owned());
                });
            }
            Cells::Truths(_) | Cells::Moments(_) => {}
        }
    }
    filled
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150, rng_seed: RngSeed::Fixed(5), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_number_that_stands_for_nothing_is_nothing(
        marker in prop::sample::select(vec![-999_i64, -9999, 99, 9_999_999, -1]),
        spelling in 0_usize..5,
        one_in in 2_usize..12,
        rows in 20_usize..120,
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        let said = match spelling {
            0 => marker.to_string(),
            1 => format!("{marker}.0"),
            2 => format!("{marker}.00"),
            3 => format!("{:e}", marker as f64),
            _ => format!("{marker:+}"),
        };
        let plain = frame(rows, |column, row| (row + 3 * column) % one_in == 0);
        let marked = filled(&plain, marker as f64, &said);
        let with = loaded(&marked, format, &[&said], &[]);
        let without = loaded(&plain, Format::Csv, &[], &[]);
        prop_assert_eq!(&with.train, &without.train);
        prop_assert_eq!(&with.preprocessor, &without.preprocessor);
    }

    #[test]
    fn a_word_that_stands_for_nothing_is_nothing(
        marker in prop::sample::select([&USUAL_MISSING[..], &["n.a.", "unbekannt", "-", "결측"]].concat()),
        one_in in 2_usize..12,
        rows in 20_usize..120,
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        // Words stand among words in every format, and among numbers in text.
        let plain = frame(rows, |column, row| column == 2 && row % one_in == 0);
        let marked = filled(&plain, 0.0, marker);
        let usual = USUAL_MISSING.contains(&marker);
        let said: &[&str] = if usual { &[] } else { &[marker] };
        let with = loaded(&marked, format, said, &[]);
        prop_assert_eq!(&with.train, &loaded(&plain, Format::Csv, &[], &[]).train);
        // A usual marker may be a value.
        if usual {
            let town = loaded(&marked, format, &[], &[marker]).overview.columns[2].clone();
            prop_assert_eq!(town.missing, 0.0);
            let towns = loaded(&plain, Format::Csv, &[], &[]).overview.columns[2].distinct.exactly();
            prop_assert_eq!(town.distinct.exactly(), towns.map(|towns| towns + 1));
        }
    }
}

#[test]
fn what_is_said_in_vain_is_told() {
    let frame = frame(30, |_, row| row % 5 == 0);
    for format in Format::ALL {
        let loaded = loaded(&filled(&frame, -999.0, "x"), format, &["-999.000", "-9999", "n.a."], &[]);
        let told: Vec<&str> = loaded.notices.iter().map(|notice| notice.message()).collect();
        let in_vain = |marker: &str| {
            let said = format!(" is {marker:?}, which was said to stand for a missing value");
            told.iter().filter(|line| line.ends_with(&said)).count()
        };
        assert_eq!(
            [in_vain("-999.000"), in_vain("-9999"), in_vain("n.a.")],
            [0, 1, 1],
            "{format:?}: {told:?}"
        );
    }
}
