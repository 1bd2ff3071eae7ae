//! Small files as pandas and pyarrow read them. `reference/make_cases.py` wrote them, with pandas 3.1.1, pyarrow
//! 26.0.1, numpy 2.4.6 and scikit-learn 1.9.1.

use deltarule_tables::arrow::array::{Array, AsArray};
use deltarule_tables::arrow::compute::concat_batches;
use deltarule_tables::arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use deltarule_tables::read::{ReadOptions, Source};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A column as the script describes it: name, kind, values.
type Column = (String, String, Vec<Option<String>>);

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/cases")
}

/// Whether a column holds the values described; numbers to the last bit.
fn agrees(array: &dyn Array, kind: &str, values: &[Option<String>]) -> bool {
    let parsed = |text: &String| text.parse::<f64>().unwrap();
    let whole = |text: &String| text.parse::<i64>().unwrap();
    let integers = || values.iter().map(|value| value.as_ref().map(whole));
    match (array.data_type(), kind) {
        (DataType::Int64, "integer" | "number") => array
            .as_primitive::<Int64Type>()
            .iter()
            .map(|x| x.map(|x| x.to_string()))
            .eq(values.iter().cloned()),
        (DataType::Float64, "integer" | "number") => {
            let bits = |x: Option<f64>| x.map(f64::to_bits);
            array
                .as_primitive::<Float64Type>()
                .iter()
                .map(bits)
                .eq(values.iter().map(|v| bits(v.as_ref().map(parsed))))
        }
        (DataType::Float32, "number") => {
            let bits = |x: Option<f32>| x.map(f32::to_bits);
            let single = |text: &String| text.parse::<f32>().unwrap();
            array
                .as_primitive::<Float32Type>()
                .iter()
                .map(bits)
                .eq(values.iter().map(|v| bits(v.as_ref().map(single))))
        }
        (DataType::Utf8, "text") => array.as_string::<i32>().iter().eq(values.iter().map(|v| v.as_deref())),
        (DataType::Boolean, "boolean") => {
            let words = array.as_boolean().iter().map(|x| x.map(|x| x.to_string()));
            words.eq(values.iter().cloned())
        }
        (DataType::Date32, "date") => {
            array.as_primitive::<Date32Type>().iter().map(|x| x.map(i64::from)).eq(integers())
        }
        (DataType::Timestamp(..), "time") => {
            array.as_primitive::<TimestampMicrosecondType>().iter().eq(integers())
        }
        _ => false,
    }
}

#[test]
fn files_hold_what_pandas_and_pyarrow_say() {
    let expected = std::fs::read_to_string(cases().join("expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<Column>> = serde_json::from_str(&expected).unwrap();
    assert!(expected.len() > 35);
    let mut wrong = Vec::new();
    for (file, columns) in &expected {
        let source = match Source::open(&[cases().join(file)], &ReadOptions::default()) {
            Ok(source) => source,
            Err(e) => {
                wrong.push(e.to_string());
                continue;
            }
        };
        let batches: Vec<_> = source.batches(None).unwrap().map(Result::unwrap).collect();
        let all = concat_batches(source.schema(), &batches).unwrap();
        let names: Vec<&str> = source.schema().fields().iter().map(|field| field.name().as_str()).collect();
        let expected: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
        if names != expected {
            wrong.push(format!("{file}: {names:?} instead of {expected:?}"));
            continue;
        }
        for (array, (name, kind, values)) in all.columns().iter().zip(columns) {
            if !agrees(array, kind, values) {
                wrong.push(format!("{file}: {name}: {array:?} instead of {kind} {values:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
