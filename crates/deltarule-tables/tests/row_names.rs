//! Columns that name the rows are left out, by name and content, in every format and for any number of rows.

mod common;

use common::frame::{Cells, Format, Frame};
use deltarule_tables::{Loaded, TableOptions, load};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::atomic::{AtomicU32, Ordering};

/// How a column names the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Naming {
    /// 0, 1, 2, …
    Numbered,
    /// The numbers from some number on, in another order.
    Shuffled,
    /// Different numbers with gaps.
    Gaps,
    /// Different words.
    Words,
}

/// Names and the contents with which each of them names rows; the first ones do as a first column alone.
const NAMES: &[(&str, &[Naming])] = &[
    ("X", &[Naming::Numbered, Naming::Shuffled]),
    ("V1", &[Naming::Numbered, Naming::Shuffled]),
    ("No", &[Naming::Numbered, Naming::Shuffled]),
    ("#", &[Naming::Numbered, Naming::Shuffled]),
    ("번호", &[Naming::Numbered, Naming::Shuffled]),
    ("", &[Naming::Numbered, Naming::Shuffled, Naming::Gaps, Naming::Words]),
    ("Unnamed: 0", &[Naming::Numbered, Naming::Shuffled, Naming::Gaps, Naming::Words]),
    ("Unnamed: 0.1", &[Naming::Numbered, Naming::Shuffled, Naming::Gaps]),
    ("rownames", &[Naming::Numbered, Naming::Gaps, Naming::Words]),
    ("...1", &[Naming::Numbered, Naming::Shuffled, Naming::Gaps]),
    ("level_0", &[Naming::Shuffled, Naming::Gaps]),
    ("index", &[Naming::Numbered, Naming::Shuffled, Naming::Gaps]),
    ("customer_id", &[Naming::Shuffled, Naming::Gaps, Naming::Words]),
    ("PassengerId", &[Naming::Numbered, Naming::Gaps]),
];
const FIRST_ONLY: usize = 5;

fn cells(naming: Naming, rows: i64, seed: i64) -> Cells {
    // Odd steps modulo a power of two visit every number once.
    let size = (rows as u64).next_power_of_two() as i64;
    let shuffled: Vec<i64> =
        (0..size).map(|i| (i * (2 * seed + 1) + seed) % size).filter(|&i| i < rows).collect();
    match naming {
        Naming::Numbered => Cells::integers((0..rows).map(|i| i + seed)),
        Naming::Shuffled => Cells::integers(shuffled.into_iter().map(|i| i + seed)),
        Naming::Gaps => Cells::integers(shuffled.into_iter().map(|i| 7 * i * i + i)),
        Naming::Words => {
            let words: Vec<String> = shuffled.iter().map(|i| format!("row {i}")).collect();
            Cells::texts(words.iter().map(String::as_str))
        }
    }
}

/// Two features that tell nothing and two classes.
fn noise(rows: usize) -> Vec<(String, Cells)> {
    let number = |i: usize| ((i * 7919 + 13) % 1009) as f64 / 8.0;
    vec![
        ("a".to_owned(), Cells::numbers((0..rows).map(number))),
        ("b".to_owned(), Cells::numbers((0..rows).map(|i| number(i + 5000)))),
        ("y".to_owned(), Cells::texts((0..rows).map(|i| if i * 31 % 7 < 3 { "no" } else { "yes" }))),
    ]
}

fn loaded(frame: &Frame, format: Format, change: impl FnOnce(&mut TableOptions)) -> Loaded<f64> {
    static FOLDERS: AtomicU32 = AtomicU32::new(0);
    let folder = std::env::temp_dir().join(format!(
        "deltarule-row-names-{}-{}",
        std::process::id(),
        FOLDERS.fetch_add(1, Ordering::Relaxed)
    ));
    std::fs::create_dir_all(&folder).unwrap();
    let source = frame.open(format, &folder);
    let mut options = TableOptions { target: vec!["y".into()], ..TableOptions::default() };
    change(&mut options);
    let loaded = load(&source, None, &options).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    loaded
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200, rng_seed: RngSeed::Fixed(3), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn what_names_rows_changes_nothing(
        (which, naming) in (0..NAMES.len()).prop_flat_map(|which| (Just(which), prop::sample::select(NAMES[which].1))),
        rows in 4_usize..200,
        seed in 0_i64..50,
        position in 0_usize..3,
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        let (name, _) = NAMES[which];
        let position = if which < FIRST_ONLY || name.is_empty() { 0 } else { position };
        // Only text has columns without a name, and of these only a header shows where they stand.
        let format = if name.is_empty() { Format::Csv } else { format };
        let mut frame = Frame { columns: noise(rows), index: Vec::new() };
        frame.columns.insert(position, (name.to_owned(), cells(naming, rows as i64, seed)));

        let with = loaded(&frame, format, |_| ());
        let without = loaded(&frame.without(name), format, |_| ());
        prop_assert_eq!(&with.train, &without.train);
        let called = if name.is_empty() { "c1" } else { name };
        let dropped = &with.preprocessor.dropped;
        prop_assert!(dropped.iter().any(|d| d.column == called && d.reason == "identifies the row"), "{:?}", dropped);
        let said = with.notices.iter().any(|notice| notice.message().contains(&format!("`{called}`")));
        prop_assert!(said, "{:?}", with.notices);
        // It is used all the same where that is asked for.
        let used = loaded(&frame, format, |options| match naming {
            Naming::Words => options.categorical = vec![called.to_owned()],
            _ => options.numeric = vec![called.to_owned()],
        });
        prop_assert!(used.preprocessor.inputs.iter().any(|input| input.column == called));
    }
}

#[test]
fn an_index_that_the_file_declares_is_left_out_whatever_it_holds() {
    for format in [Format::Parquet, Format::Arrow] {
        for (name, cells) in [
            ("__index_level_0__", Cells::integers((0..30).map(|i| i * 3 % 7))),
            ("day", Cells::Moments((0..30).map(|i| Some(i * 86_400_000_000)).collect())),
            ("station", Cells::texts((0..30).map(|i| ["a", "b", "c"][i % 3]))),
        ] {
            let mut frame = Frame { columns: noise(30), index: vec![name.to_owned()] };
            frame.columns.push((name.to_owned(), cells));
            let with = loaded(&frame, format, |_| ());
            assert_eq!(with.train, loaded(&frame.without(name), format, |_| ()).train, "{name}");
            let used = loaded(&frame, format, |options| options.use_columns = vec![name.to_owned()]);
            assert!(used.preprocessor.inputs.iter().any(|input| input.column == name), "{name}");
        }
    }
}

#[test]
fn what_describes_the_rows_is_used() {
    let rows = 30;
    for (name, cells) in [
        // A name alone says nothing, nor does the content alone of a column in any order.
        ("id", Cells::integers((0..30).map(|i| i % 3))),
        ("index", Cells::numbers((0..30).map(|i| f64::from(i) + 0.5))),
        ("rank", cells(Naming::Shuffled, rows, 3)),
        ("level_1", cells(Naming::Shuffled, rows, 3)),
    ] {
        let mut frame = Frame { columns: noise(rows as usize), index: Vec::new() };
        frame.columns.insert(0, (name.to_owned(), cells));
        let loaded = loaded(&frame, Format::Csv, |_| ());
        assert!(loaded.preprocessor.inputs.iter().any(|input| input.column == name), "{name}");
    }
}

#[test]
fn what_the_reader_assumed_reaches_the_caller() {
    let mut frame = Frame { columns: noise(10), index: Vec::new() };
    frame.columns.insert(0, (String::new(), Cells::integers(0..10)));
    let notices = loaded(&frame, Format::Csv, |_| ()).notices;
    assert!(
        notices[0].message().ends_with("frame.csv:1: column 1 has no name and is called \"c1\""),
        "{notices:?}"
    );
    assert_eq!(notices[0].column(), Some("c1"));
}
