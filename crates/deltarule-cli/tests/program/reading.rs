//! Tables as spreadsheets, data frames and loggers write them: the right network, or a plain word.

use crate::sandbox::Sandbox;
use serde_json::Value;
use std::fmt::Write as _;

/// What training prints for programs.
fn trained(sandbox: &Sandbox, line: &str) -> Value {
    let line = format!("train {line} --epochs 2 --out run --force --json");
    serde_json::from_str(&sandbox.done(&line).stdout).expect("one JSON value")
}

fn column<'a>(trained: &'a Value, name: &str) -> &'a Value {
    let columns = trained["columns"].as_array().expect("columns");
    columns.iter().find(|column| column["name"] == name).expect("a column of this name")
}

fn warnings(trained: &Value) -> String {
    let lines = trained["warnings"].as_array().expect("warnings").iter();
    lines.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn columns_and_warnings_are_listed_for_programs() {
    let sandbox = Sandbox::new();
    let mut table = String::from(",a,y\n");
    for i in 0..60 {
        writeln!(table, "{},{},{}", (i * 7) % 60, (i * 31) % 17, if i % 2 == 0 { "no" } else { "yes" })
            .unwrap();
    }
    sandbox.write("frame.csv", table);
    let trained = trained(&sandbox, "frame.csv --target y --missing -999");
    assert_eq!(column(&trained, "c1")["kind"], "identifier");
    assert_eq!(column(&trained, "c1")["used"], "not used: identifies the row");
    assert_eq!(column(&trained, "a")["kind"], "numeric");
    assert_eq!(column(&trained, "y")["used"], "target: 2 classes");
    let warnings = warnings(&trained);
    assert!(warnings.contains("column 1 has no name and is called \"c1\""), "{warnings}");
    assert!(
        warnings
            .contains("not used: `c1` (identifies the row); --use-columns uses such a column all the same"),
        "{warnings}"
    );
    assert!(warnings.contains("no cell of frame.csv is \"-999\""), "{warnings}");
    let folds: Value = serde_json::from_str(
        &sandbox.done("cv frame.csv --target y --epochs 1 --folds 2 --use-columns c1 --json").stdout,
    )
    .expect("one JSON value");
    assert_eq!(column(&folds, "c1")["kind"], "numeric");
}

#[test]
fn namibia_is_a_country() {
    let sandbox = Sandbox::new();
    let mut table = String::from("size,country\n");
    for i in 0..40 {
        writeln!(table, "{},{}", i * 13 % 11, ["NA", "DE", "KR"][i % 3]).unwrap();
    }
    sandbox.write("countries.csv", table);
    let usual = trained(&sandbox, "countries.csv --target country");
    assert_eq!(column(&usual, "country")["used"], "target: 2 classes");
    let namibia = trained(&sandbox, "countries.csv --target country --not-missing NA");
    assert_eq!(column(&namibia, "country")["used"], "target: 3 classes");
}
