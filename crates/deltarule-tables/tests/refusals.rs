//! What cannot be trained on is refused, with the place and what to do.

mod common;

use deltarule_tables::prepare::TransformReport;
use deltarule_tables::read::{ReadOptions, Source};
use deltarule_tables::{ClassWeights, Loaded, TableOptions, Task, Validation, load};
use std::io::Write;

/// The message for a CSV file of this text, its folder left out.
fn message(text: &str, change: impl FnOnce(&mut TableOptions)) -> String {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let source = Source::open(&[file.path()], &ReadOptions::default()).unwrap();
    let mut options = TableOptions { target: vec!["y".into()], ..TableOptions::default() };
    change(&mut options);
    let loaded: Result<Loaded<f32>, _> = load(&source, None, &options);
    common::told(&loaded.unwrap_err()).replace(&file.path().display().to_string(), "t.csv")
}

const PLAIN: &str = "age,wage,y\n30,1.5,a\n40,2.5,b\n50,3.5,a\n";

#[test]
fn names_that_do_not_exist() {
    assert_eq!(
        message(PLAIN, |o| o.target = vec!["wagge".into()]),
        "expected a column \"wagge\", found none of that name\nhint: did you mean `wage`?"
    );
    assert_eq!(
        message(PLAIN, |o| o.drop = vec!["xyz".into()]),
        "expected a column \"xyz\", found none of that name\nhint: the columns are `age`, `wage`, `y`"
    );
    for set in [
        |o: &mut TableOptions| o.numeric = vec!["Wage".into()],
        |o: &mut TableOptions| o.categorical = vec!["Wage".into()],
        |o: &mut TableOptions| o.weight = Some("Wage".into()),
        |o: &mut TableOptions| o.validation = Validation::Column("Wage".into()),
    ] {
        assert!(message(PLAIN, set).ends_with("did you mean `wage`?"));
    }
    assert_eq!(
        message(PLAIN, |o| o.target = vec![]),
        "expected the column to be predicted, found no target\nhint: the columns are `age`, `wage`, `y`"
    );
}

#[test]
fn contradictions() {
    assert_eq!(
        message(PLAIN, |o| o.drop = vec!["y".into()]),
        "column \"y\": expected one use of a column, found a target and left out"
    );
    assert!(
        message(PLAIN, |o| {
            o.numeric = vec!["age".into()];
            o.categorical = vec!["age".into()];
        })
        .contains("found categorical and numeric")
    );
    assert!(message(PLAIN, |o| o.target = vec!["y".into(); 2]).contains("found a target twice"));
    assert!(message(PLAIN, |o| o.validation = Validation::Fraction(1.0)).contains("between 0 and 1"));
    assert!(message(PLAIN, |o| o.validation = Validation::Fraction(f64::NAN)).contains("between 0 and 1"));
    assert!(message(PLAIN, |o| o.validation = Validation::Fraction(0.01)).contains("rows on both sides"));
    let given = ClassWeights::Given([("bb".to_owned(), 1.0)].into());
    assert!(message(PLAIN, |o| o.class_weights = Some(given)).contains("\"bb\", which is no label"));
    assert!(
        message(PLAIN, |o| {
            o.target = vec!["wage".into()];
            o.class_weights = Some(ClassWeights::Balanced);
        })
        .contains("expected class weights for a classification alone, found regression")
    );
}

#[test]
fn targets_that_cannot_be_predicted() {
    assert_eq!(
        message("x,y\n1,a\n2,a\n3,\n", |_| ()),
        "t.csv: column \"y\": expected two classes or more, found \"a\" in every row\n\
         hint: a network can only tell apart what differs"
    );
    assert_eq!(
        message("x,y\n1,\n2,\n", |_| ()),
        "t.csv: column \"y\": expected values to be predicted, found an empty column"
    );
    assert!(
        message("x,y\n1,2.5\n2,2.5\n", |o| o.task = Some(Task::Regression)).contains("values that differ")
    );
    assert_eq!(
        message(PLAIN, |o| o.task = Some(Task::Regression)),
        "t.csv: column \"y\": expected numbers for regression, found \"a\", \"b\"\n\
         hint: --task classes takes its values for classes"
    );
    assert!(
        message("x,y\n1,-1\n2,3\n3,4\n", |o| o.task = Some(Task::Counts)).contains("whole numbers from 0")
    );
    assert!(message("x,y\n1,1.5\n2,3\n3,4\n", |o| o.task = Some(Task::Counts)).contains("fractions"));
    assert!(
        message("x,y\n1,2\n2,1\n3,0\n", |o| o.task = Some(Task::MultiLabel)).contains("0 or 1 in every row")
    );
    let free: String = (0..40).map(|i| format!("{},word{i}\n", i * i)).collect();
    assert!(message(&format!("x,y\n{free}"), |_| ()).contains("another value in every row"));
}

#[test]
fn nothing_to_learn_from() {
    assert_eq!(
        message("x,z,y\n1,,a\n1,,b\n1,,a\n", |_| ()),
        "t.csv: expected a column to learn from, found none\n\
         hint: what was left out: `x`: the same value everywhere; `z`: no value anywhere"
    );
}

#[test]
fn cells_that_are_not_what_their_column_should_be() {
    assert_eq!(
        message("x,word,y\n1,5,a\n2,six,b\n3,seven,a\n4,eight,b\n", |o| o.numeric = vec!["word".into()]),
        "t.csv:3:3: column \"word\": expected a number, found `six`"
    );
    assert_eq!(
        message("x,w,y\n1,1,a\n2,-0.5,b\n3,2,a\n", |o| o.weight = Some("w".into())),
        "t.csv:3:3: column \"w\": expected a weight: a finite number from 0, found -0.5"
    );
    assert_eq!(
        message("x,w,y\n1,1,a\n2,3,b\n3,,a\n", |o| o.weight = Some("w".into())),
        "t.csv:4:3: column \"w\": expected a weight: a finite number from 0, found nothing"
    );
    assert!(
        message("x,p,y\n1,train,a\n2,perhaps,b\n3,train,a\n", |o| o.validation =
            Validation::Column("p".into()))
        .starts_with("t.csv:3:3: column \"p\": expected true, 1, yes, validation")
    );
}

#[test]
fn infinities() {
    let source = common::table(&[
        ("x", common::numbers([1.0, f64::INFINITY, 3.0])),
        ("y", common::numbers([1.0, 2.0, 3.5])),
    ]);
    let target = |name: &str| TableOptions { target: vec![name.into()], ..TableOptions::default() };
    let refused = |options| common::told(&load::<f32>(&source, None, &options).unwrap_err());
    assert_eq!(refused(target("y")), "table: row 2: column \"x\": expected a finite number, found inf");
    assert_eq!(refused(target("x")), "table: row 2: column \"x\": expected a finite number, found inf");
    // Where the column is not used nobody minds.
    let dropped = TableOptions { drop: vec!["x".into()], ..target("y") };
    assert!(refused(dropped).contains("a column to learn from"));
}

#[test]
fn a_table_that_does_not_fit_the_model() {
    let train =
        common::table(&[("size", common::numbers([1.0, 2.0, 3.0])), ("y", common::texts(["a", "b", "a"]))]);
    let options = TableOptions { target: vec!["y".into()], ..TableOptions::default() };
    let preprocessor = load::<f32>(&train, None, &options).unwrap().preprocessor;
    let dataset = |source: &dyn deltarule_tables::Table| {
        common::told(&preprocessor.dataset::<f32>(source, &mut TransformReport::default()).unwrap_err())
    };
    let other = common::table(&[("sise", common::numbers([1.0])), ("y", common::texts(["a"]))]);
    assert_eq!(
        dataset(&other),
        "expected a column \"size\", found none of that name\nhint: did you mean `sise`?"
    );
    let other = common::table(&[("size", common::numbers([1.0])), ("y", common::texts(["c"]))]);
    assert_eq!(
        dataset(&other),
        "table: row 1: column \"y\": expected one of the labels of the training rows, found \"c\""
    );
    let other = common::table(&[("size", common::texts(["big"])), ("y", common::texts(["a"]))]);
    assert_eq!(dataset(&other), "table: row 1: column \"size\": expected a number, found `big`");
}
