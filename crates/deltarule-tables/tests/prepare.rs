//! Matrices made of tables: by hand, against scikit-learn, and however the table is cut.

mod common;

use common::{cut, integers, numbers, table, texts};
use deltarule_tables::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, StringArray, TimestampMicrosecondArray,
};
use deltarule_tables::kinds::ColumnKind;
use deltarule_tables::prepare::{DatePart, Encoding, TransformReport};
use deltarule_tables::table::InMemory;
use deltarule_tables::{
    ClassWeights, Loaded, Style, TableOptions, TablePreprocessor, Target, Task, Validation, load,
};
use proptest::prelude::*;
use serde_json::Value;
use std::sync::Arc;

const NAN: f64 = f64::NAN;

fn options(target: &str, style: Style) -> TableOptions {
    TableOptions { target: vec![target.to_owned()], style, ..TableOptions::default() }
}

fn made(source: &InMemory, options: &TableOptions) -> Loaded<f64> {
    load(source, None, options).unwrap()
}

fn kinds(loaded: &Loaded<f64>) -> Vec<(&str, ColumnKind)> {
    loaded.overview.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect()
}

fn rows(loaded: &Loaded<f64>) -> Vec<Vec<f64>> {
    (0..loaded.train.len()).map(|i| loaded.train.x().row(i).to_vec()).collect()
}

#[test]
fn a_small_table_by_hand() {
    let source = table(&[
        ("size", numbers([1.0, 3.0, NAN, 2.0])),
        ("sex", texts(["m", "f", "", "m"])),
        ("wind", texts(["N", "", "S", "W"])),
        ("price", numbers([10.0, 20.0, 30.0, 40.5])),
    ]);
    let loaded = made(&source, &options("price", Style::Plain));
    assert_eq!(
        loaded.preprocessor.feature_names(),
        ["size", "size missing", "sex −f +m", "wind = N", "wind = S", "wind = W"]
    );
    // The mean 2 stands in for the missing size; the deviations are −1, 1, 0, 0, so the variance is 2/4.
    let s = 0.5f64.sqrt();
    assert_eq!(
        rows(&loaded),
        [
            vec![-1.0 / s, 0.0, 1.0, 1.0, 0.0, 0.0],
            vec![1.0 / s, 0.0, -1.0, 0.0, 0.0, 0.0],
            vec![0.0, 1.0, 0.0, 0.0, 1.0, 0.0],
            vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0],
        ]
    );
    let Target::Regression { columns } = &loaded.preprocessor.target else { panic!("a regression") };
    assert_eq!(columns[0].mean, 25.125);
    for i in 0..4 {
        let back = loaded.preprocessor.target.restore(0, loaded.train.y().at(i, 0));
        assert!((back - [10.0, 20.0, 30.0, 40.5][i]).abs() < 1e-13);
    }

    let tabular = made(&source, &options("price", Style::Tabular));
    // Sizes with the stand-in: 1 2 2 3, quartiles 1.75, 2, 2.25: 1 becomes −2, bent to −2/√(1 + 4/9).
    let bent = -2.0 / (1.0f64 + (2.0 / 3.0) * (2.0 / 3.0)).sqrt();
    assert_eq!(tabular.train.x().at(0, 0), bent);
    // The sexes 1 −1 0 1: sorted −1 0 1 1, quartiles −0.25, 0.5, 1: 1 becomes 0.5/1.25 = 0.4.
    let bent = 0.4 / (1.0f64 + (0.4 / 3.0) * (0.4 / 3.0)).sqrt();
    assert!((tabular.train.x().at(0, 2) - bent).abs() < 1e-15);
}

#[test]
fn kinds_are_guessed_from_values() {
    let n = 40;
    let each =
        |f: &dyn Fn(usize) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values((0..n).map(f))) };
    let source = table(&[
        ("row", integers(100..100 + n as i64)),
        ("customer_id", integers((0..n as i64).map(|i| i * i * 37 % 9973))),
        ("key", each(&|i| format!("k{i}"))),
        ("note", each(&|i| format!("note {}", i % 30))),
        ("day", each(&|i| format!("2024-01-{:02}", i % 28 + 1))),
        (
            "moment",
            Arc::new(TimestampMicrosecondArray::from_iter_values((0..n as i64).map(|i| i * 3_600_000_000))),
        ),
        ("flag", Arc::new(BooleanArray::from_iter((0..n).map(|i| Some(i % 3 == 0))))),
        ("bit", integers((0..n as i64).map(|i| i % 2))),
        ("half", numbers::<40>(std::array::from_fn(|i| if i % 2 == 0 { 0.5 } else { 1.5 }))),
        ("postcode", each(&|i| format!("0{}", 1234 + i % 5))),
        ("as text", each(&|i| format!("{}.5", i % 7))),
        ("same", each(&|_| "x".to_owned())),
        ("nothing", Arc::new(Float64Array::from(vec![None; n]))),
        ("y", integers((0..n as i64).map(|i| i % 3))),
    ]);
    let loaded = made(&source, &options("y", Style::Tabular));
    assert_eq!(
        kinds(&loaded),
        [
            ("row", ColumnKind::Identifier),
            ("customer_id", ColumnKind::Identifier),
            ("key", ColumnKind::Identifier),
            ("note", ColumnKind::Text),
            ("day", ColumnKind::Date),
            ("moment", ColumnKind::Date),
            ("flag", ColumnKind::Binary),
            ("bit", ColumnKind::Binary),
            ("half", ColumnKind::Numeric),
            ("postcode", ColumnKind::Categorical),
            ("as text", ColumnKind::Numeric),
            ("same", ColumnKind::Constant),
            ("nothing", ColumnKind::Empty),
            ("y", ColumnKind::Numeric),
        ]
    );
    assert_eq!(loaded.notices.len(), 2, "{:?}", loaded.notices);
    assert!(loaded.notices[0].to_string().contains("task = regression"));
    assert!(loaded.notices[1].message().starts_with("not used: `row` (identifies the row), `customer_id`"));
    let shown = loaded.overview.to_string();
    assert!(shown.starts_with("column"), "{shown}");
    assert!(shown.contains("nothing      empty            all"), "{shown}");
}

#[test]
fn an_id_is_told_by_its_name_when_there_are_many() {
    let source = table(&[
        ("customerId", integers((0..200).map(|i| i * 7919 % 1009))),
        ("x", integers((0..200).map(|i| i % 17))),
        ("y", numbers::<200>(std::array::from_fn(|i| i as f64 / 3.0))),
    ]);
    assert_eq!(kinds(&made(&source, &options("y", Style::Plain)))[0], ("customerId", ColumnKind::Identifier));
    let wanted = TableOptions { numeric: vec!["customerId".into()], ..options("y", Style::Plain) };
    assert_eq!(made(&source, &wanted).preprocessor.width(), 2);
}

#[test]
fn every_guess_can_be_overridden() {
    let source = table(&[
        ("grade", integers((0..30).map(|i| i % 3))),
        ("code", texts((0..30).map(|i| ["1", "2"][i % 2]))),
        ("other", integers((0..30).map(|i| i * i))),
        ("y", numbers::<30>(std::array::from_fn(|i| i as f64 + 0.5))),
    ]);
    let wanted = TableOptions {
        categorical: vec!["grade".into()],
        numeric: vec!["code".into()],
        drop: vec!["other".into()],
        ..options("y", Style::Plain)
    };
    let loaded = made(&source, &wanted);
    assert_eq!(loaded.preprocessor.feature_names(), ["grade = 0", "grade = 1", "grade = 2", "code"]);
    assert_eq!(loaded.overview.columns[2].used, "not used: as asked");
}

#[test]
fn dates_become_a_line_and_cycles() {
    let days = [19_000, 19_001, 19_010, 19_200];
    let source = table(&[
        (
            "day",
            Arc::new(Date32Array::from_iter([Some(days[0]), Some(days[1]), None, Some(days[3])])) as ArrayRef,
        ),
        ("y", numbers([1.0, 2.5, 3.0, 4.0])),
    ]);
    let loaded = made(&source, &options("y", Style::Plain));
    let Encoding::Date { parts, missing } = &loaded.preprocessor.inputs[0].encoding else { panic!("a date") };
    let kept: Vec<DatePart> = parts.iter().map(|part| part.part).collect();
    // Without times of day there is no position in the day.
    assert_eq!(
        kept,
        [DatePart::Days, DatePart::YearSin, DatePart::YearCos, DatePart::WeekSin, DatePart::WeekCos]
    );
    assert!(missing.is_some());
    assert_eq!(loaded.preprocessor.feature_names()[..2], ["day days", "day year sin"]);
    assert_eq!(parts[0].value.fill, (19_000.0 + 19_001.0 + 19_200.0) / 3.0);
    // The stand-in is the mean: 0 once standardised; the indicator says that it is one.
    assert!(loaded.train.x().at(2, 0).abs() < 1e-12);
    assert_eq!(loaded.train.x().at(2, 5), 1.0);
    // The same dates as text or as moments make the same inputs.
    let text = table(&[
        ("day", texts(["2022-01-08", "2022-01-09", "", "2022-07-27T00:00:00Z"])),
        ("y", numbers([0.0; 4])),
    ]);
    let mut report = TransformReport::default();
    let features = loaded.preprocessor.features(&deltarule_tables::Table::schema(&text)).unwrap();
    let batch = deltarule_tables::Table::batches(&text, None).unwrap().next().unwrap().unwrap();
    assert_eq!(&features.matrix::<f64>(&batch, &mut report).unwrap(), loaded.train.x());
}

#[test]
fn what_training_did_not_know_is_counted_at_prediction() {
    let source = table(&[
        ("wind", texts(["N", "S", "W", "N"])),
        ("size", numbers([1.0, 2.0, 3.0, 4.0])),
        ("y", numbers([1.0, 2.0, 3.0, 4.5])),
    ]);
    let preprocessor = made(&source, &options("y", Style::Plain)).preprocessor;
    let new = table(&[("size", numbers([NAN, 2.5])), ("wind", texts(["E", "S"]))]);
    let mut reading = preprocessor.transform::<f64>(&new).unwrap();
    let (_, x) = reading.next().unwrap().unwrap();
    assert_eq!(x.row(0), [0.0, 0.0, 0.0, 0.0]);
    assert_eq!(x.row(1), [0.0, 1.0, 0.0, 0.0]);
    let warnings = reading.report().warnings();
    assert_eq!(
        warnings.iter().map(|notice| notice.message()).collect::<Vec<_>>(),
        [
            "column \"wind\": 1 of 2 rows have a value unknown from training, such as \"E\"; they are taken for no category",
            "column \"size\": 1 of 2 rows have no value, which no training row lacked; the mean stands in",
        ]
    );
}

#[test]
fn a_number_is_the_same_category_however_it_is_written() {
    let source = table(&[("grade", integers([1, 2, 3, 1])), ("y", numbers([1.0, 2.0, 3.0, 4.5]))]);
    let wanted = TableOptions { categorical: vec!["grade".into()], ..options("y", Style::Plain) };
    let preprocessor = made(&source, &wanted).preprocessor;
    let mut made = Vec::new();
    for column in [integers([2, 3]), numbers([2.0, 3.0]), texts(["2", "3"]), texts(["2.0", "3.0"])] {
        let new = table(&[("grade", column)]);
        let mut reading = preprocessor.transform::<f64>(&new).unwrap();
        made.push(reading.next().unwrap().unwrap().1);
        assert_eq!(reading.report().unseen(), 0);
    }
    assert!(made.iter().all(|x| x == &made[0] && x.row(0) == [0.0, 1.0, 0.0]));
}

#[test]
fn tasks_are_inferred_from_targets() {
    let task = |columns: &[(&str, ArrayRef)], asked: Option<Task>| {
        let mut all = vec![("x", integers([5, 3, 4, 4, 1, 8]))];
        all.extend(columns.iter().cloned());
        let target = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let options = TableOptions { target, task: asked, ..TableOptions::default() };
        load::<f64>(&table(&all), None, &options).map(|loaded| loaded.preprocessor.target)
    };
    let few = || integers([2, 10, 2, 10, 2, 2]);
    assert_eq!(
        task(&[("a", few())], None).unwrap(),
        Target::Classification { column: "a".into(), labels: vec!["2".into(), "10".into()] }
    );
    assert_eq!(task(&[("a", few())], Some(Task::Counts)).unwrap().task(), Task::Counts);
    assert_eq!(task(&[("a", few())], Some(Task::Regression)).unwrap().task(), Task::Regression);
    // Whole numbers that hardly repeat are amounts.
    assert_eq!(task(&[("a", integers([1, 2, 3, 4, 5, 6]))], None).unwrap().task(), Task::Regression);
    let truth = || Arc::new(BooleanArray::from(vec![true, false, true, true, false, true])) as ArrayRef;
    assert_eq!(
        task(&[("a", truth())], None).unwrap(),
        Target::Classification { column: "a".into(), labels: vec!["false".into(), "true".into()] }
    );
    let bits = || integers([0, 1, 1, 0, 0, 1]);
    assert_eq!(task(&[("a", bits()), ("b", truth())], None).unwrap().task(), Task::MultiLabel);
    assert_eq!(task(&[("a", bits()), ("b", few())], None).unwrap().task(), Task::Regression);
    let error = task(&[("a", bits()), ("b", texts(["u", "v", "u", "v", "u", "u"]))], None).unwrap_err();
    assert!(
        error.to_string().contains("column \"b\": expected 0 and 1 in all of several targets"),
        "{error}"
    );
}

#[test]
fn weights_multiply() {
    let source = table(&[
        ("x", numbers([1.0, 2.0, 3.0, 4.0])),
        ("w", numbers([1.0, 0.5, 2.0, 1.0])),
        ("y", texts(["a", "b", "a", "a"])),
    ]);
    let wanted = |class_weights| TableOptions {
        weight: Some("w".into()),
        class_weights,
        ..options("y", Style::Plain)
    };
    assert_eq!(made(&source, &wanted(None)).train.weights().unwrap(), [1.0, 0.5, 2.0, 1.0]);
    // Balanced: 4 / (2 · 3) for a, 4 / (2 · 1) for b.
    let a = 4.0 / 6.0;
    assert_eq!(
        made(&source, &wanted(Some(ClassWeights::Balanced))).train.weights().unwrap(),
        [a, 1.0, 2.0 * a, a]
    );
    let given = ClassWeights::Given([("b".to_owned(), 3.0)].into());
    assert_eq!(made(&source, &wanted(Some(given))).train.weights().unwrap(), [1.0, 1.5, 2.0, 1.0]);
    assert_eq!(made(&source, &wanted(None)).preprocessor.feature_names(), ["x"]);
}

#[test]
fn a_column_can_say_which_rows_watch() {
    let source = table(&[
        ("x", numbers([1.0, 2.0, 3.0, 4.0, 100.0])),
        ("part", texts(["train", "Train", "train", "train", "Validation"])),
        ("y", numbers([1.0, 2.0, 3.0, 4.5, 7.0])),
    ]);
    let wanted = TableOptions { validation: Validation::Column("part".into()), ..options("y", Style::Plain) };
    let loaded = made(&source, &wanted);
    let validation = loaded.validation.unwrap();
    assert_eq!((loaded.train.len(), validation.len()), (4, 1));
    // Statistics are the training rows': mean 2.5, variance 1.25.
    assert_eq!(validation.x().at(0, 0), 97.5 / 1.25f64.sqrt());
}

#[test]
fn rows_without_a_target_are_left_out_and_counted() {
    let source =
        table(&[("x", numbers([1.0, 2.0, 3.0, 4.0, 1e6])), ("y", numbers([1.0, 2.0, 3.0, 4.5, NAN]))]);
    let loaded = made(&source, &options("y", Style::Plain));
    assert_eq!(loaded.train.len(), 4);
    assert_eq!(common::lines(&loaded.notices), "1 of 5 rows have no value of `y` and are left out");
    // They teach nothing either: the mean of x is 2.5.
    assert_eq!(loaded.train.x().at(0, 0), -1.5 / 1.25f64.sqrt());
}

#[test]
fn a_preparation_comes_back_from_json_to_the_last_bit() {
    let source = table(&[
        ("x", numbers([0.1, 0.2, 1.0 / 3.0, 1e-300, NAN])),
        ("c", texts(["a", "b", "c", "", "é\"\n"])),
        ("d", texts(["2024-01-01T01:02:03", "2025-01-01", "", "2024-06-01", "2024-07-01"])),
        ("y", numbers([1.0, 2.0, 3.0, 4.5, 0.1])),
    ]);
    for style in [Style::Plain, Style::Tabular] {
        let preprocessor = made(&source, &options("y", style)).preprocessor;
        let text = preprocessor.to_json().to_string();
        let back = TablePreprocessor::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(back, preprocessor);
    }
}

#[test]
fn a_preparation_that_was_tampered_with_is_refused() {
    let source = table(&[
        ("x", numbers([1.0, 2.0, 3.0, 4.0])),
        ("c", texts(["a", "b", "c", "a"])),
        ("y", texts(["u", "v", "u", "u"])),
    ]);
    let good = made(&source, &options("y", Style::Plain)).preprocessor.to_json();
    let refused = |pointer: &str, value: Value| {
        let mut json = good.clone();
        *json.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} in {good}")) = value;
        TablePreprocessor::from_json(&json).unwrap_err().to_string()
    };
    assert!(TablePreprocessor::from_json(&good).is_ok());
    assert!(refused("/format", 2.into()).contains("expected a preprocessor of format 1, found format 2"));
    assert!(refused("/style", "wild".into()).contains("unknown variant `wild`"));
    assert!(refused("/inputs", Value::Array(vec![])).contains("expected one input or more, found none"));
    assert!(refused("/inputs/0/column", "c".into()).contains("the same column twice"));
    assert!(refused("/inputs/0/encoding/numeric/value/scaling/scale", (-1.0).into()).contains("scale -1"));
    assert!(refused("/inputs/0/encoding/numeric/value/fill", Value::Null).contains("expected f64"));
    assert!(
        refused("/inputs/1/encoding/one-hot/categories/0/name", "b".into()).contains("values that differ")
    );
    assert!(refused("/target/classification/labels", serde_json::json!(["u"])).contains("at least 2 values"));
    for object in [
        "",
        "/inputs/0",
        "/inputs/0/encoding/numeric",
        "/inputs/0/encoding/numeric/value/scaling",
        "/target/classification",
    ] {
        let mut json = good.clone();
        json.pointer_mut(object).unwrap()["more"] = 1.into();
        let message = TablePreprocessor::from_json(&json).unwrap_err().to_string();
        assert!(message.contains("unknown field `more`"), "{object}: {message}");
    }
}

#[test]
fn scikit_learn_makes_the_same_matrices() {
    let expected: Value = serde_json::from_str(include_str!("reference/expected.json")).unwrap();
    let cases = expected["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let column = |name: &str| -> ArrayRef {
            let cells = case["columns"][name].as_array().unwrap();
            match cells.iter().any(Value::is_string) {
                true => Arc::new(StringArray::from_iter(cells.iter().map(Value::as_str))),
                false => Arc::new(Float64Array::from_iter(cells.iter().map(Value::as_f64))),
            }
        };
        let names = ["plain", "gaps", "ties", "colour", "switch", "amount", "class"];
        let source = table(&names.map(|name| (name, column(name))));
        for (style, key) in [(Style::Plain, "plain"), (Style::Tabular, "tabular")] {
            let wanted = TableOptions { drop: vec!["class".into()], ..options("amount", style) };
            let loaded = made(&source, &wanted);
            let matrix = case[key].as_array().unwrap();
            assert_eq!(
                (loaded.train.len(), loaded.preprocessor.width()),
                (matrix.len(), matrix[0].as_array().unwrap().len())
            );
            for (i, row) in matrix.iter().enumerate() {
                for (j, cell) in row.as_array().unwrap().iter().enumerate() {
                    let (own, theirs) = (loaded.train.x().at(i, j), cell.as_f64().unwrap());
                    assert!((own - theirs).abs() <= 1e-11, "{key}, row {i}, column {j}: {own} and {theirs}");
                }
                let (own, theirs) = (loaded.train.y().at(i, 0), case["amount"][i].as_f64().unwrap());
                assert!((own - theirs).abs() <= 1e-12, "target of row {i}: {own} and {theirs}");
            }
        }
        let wanted = TableOptions {
            drop: vec!["amount".into()],
            class_weights: Some(ClassWeights::Balanced),
            ..options("class", Style::Plain)
        };
        let loaded = made(&source, &wanted);
        for (i, &class) in loaded.train.classes().iter().enumerate() {
            let theirs = case["balanced"][class as usize].as_f64().unwrap();
            assert!((loaded.train.weights().unwrap()[i] - theirs).abs() < 1e-15);
        }
    }
}

/// A table of every kind of column, drawn.
fn drawn(n: usize) -> impl Strategy<Value = Vec<(&'static str, ArrayRef)>> {
    let number = prop_oneof![4 => (-100f64..100.0).prop_map(Some), 1 => Just(None), 1 => Just(Some(3.0))];
    let word = prop_oneof![Just(None), prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(Some)];
    let day = prop_oneof![1 => Just(None), 5 => (0i32..20_000).prop_map(Some)];
    let class = prop::sample::select(vec![Some("u"), Some("v"), Some("w"), None]);
    let columns = (
        prop::collection::vec(number, n),
        prop::collection::vec(word, n),
        prop::collection::vec(day, n),
        prop::collection::vec(class, n),
    );
    columns.prop_map(|(number, word, day, class)| {
        vec![
            ("number", Arc::new(Float64Array::from(number)) as ArrayRef),
            ("word", Arc::new(StringArray::from(word)) as ArrayRef),
            ("day", Arc::new(Date32Array::from(day)) as ArrayRef),
            ("class", Arc::new(StringArray::from(class)) as ArrayRef),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60, rng_seed: proptest::test_runner::RngSeed::Fixed(3), failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn it_does_not_matter_how_a_table_is_cut(
        columns in drawn(97),
        sizes in prop::collection::vec(1usize..40, 1..6),
        seed in 0u64..1000,
        tabular in any::<bool>(),
    ) {
        let style = if tabular { Style::Tabular } else { Style::Plain };
        let wanted = TableOptions { validation: Validation::Fraction(0.3), seed, ..options("class", style) };
        let whole: Loaded<f32> = load(&table(&columns), None, &wanted).unwrap();
        let pieces: Loaded<f32> = load(&cut(&columns, &sizes), None, &wanted).unwrap();
        prop_assert_eq!(&whole, &pieces);
        // Every row is somewhere, and of every class the same share is held out, to within one row.
        let held = whole.validation.as_ref().unwrap();
        let (train, held) = (whole.train.classes(), held.classes());
        let with_class = columns[3].1.len() - columns[3].1.null_count();
        prop_assert_eq!(train.len() + held.len(), with_class);
        for class in 0..3u32 {
            let count = |classes: &[u32]| classes.iter().filter(|&&c| c == class).count() as f64;
            let share = 0.3 * (count(train) + count(held));
            prop_assert!((count(held) - share).abs() <= 1.5, "class {}: {} of {}", class, count(held), share);
        }
        // What the bend lets through.
        prop_assert!(!tabular || whole.train.x().storage().iter().all(|x| x.abs() <= 3.0));
    }

    #[test]
    fn rows_are_prepared_one_by_one_as_together(columns in drawn(31)) {
        let wanted = options("class", Style::Tabular);
        prop_assume!(columns[3].1.null_count() < 25);
        let preprocessor = made(&table(&columns), &wanted).preprocessor;
        let together: Vec<_> = preprocessor.transform::<f64>(&table(&columns)).unwrap().map(|r| r.unwrap().1).collect();
        let pieces = cut(&columns, &[1]);
        let alone: Vec<_> = preprocessor.transform::<f64>(&pieces).unwrap().map(|r| r.unwrap().1).collect();
        prop_assert_eq!(alone.len(), 31);
        for (i, row) in alone.iter().enumerate() {
            prop_assert_eq!(row.row(0), together[0].row(i));
        }
    }
}
