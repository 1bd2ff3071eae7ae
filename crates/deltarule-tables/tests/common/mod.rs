//! Tables for the tests.
// Each test program uses a part of it.
#![allow(dead_code)]

pub(crate) mod frame;

use deltarule_tables::arrow::array::{ArrayRef, RecordBatch};

use deltarule_tables::TableError;
use deltarule_tables::read::{ReadOptions, Source};
use deltarule_tables::table::InMemory;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The table of these columns, cut into batches of these sizes.
pub(crate) fn cut(columns: &[(&str, ArrayRef)], sizes: &[usize]) -> InMemory {
    let whole = RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(n, c)| (*n, c.clone(), true)))
        .expect("columns of one length");
    let mut batches = Vec::new();
    let (mut at, mut cut) = (0, sizes.iter().cycle());
    while at < whole.num_rows() {
        let size = (*cut.next().expect("a size")).clamp(1, whole.num_rows() - at);
        batches.push(whole.slice(at, size));
        at += size;
    }
    InMemory::new("table", whole.schema(), batches).expect("batches of one schema")
}

/// The table of these columns.
pub(crate) fn table(columns: &[(&str, ArrayRef)]) -> InMemory {
    cut(columns, &[usize::MAX])
}

/// A column of numbers.
pub(crate) fn numbers<const N: usize>(values: [f64; N]) -> ArrayRef {
    Arc::new(deltarule_tables::arrow::array::Float64Array::from_iter(
        values.map(|v| (!v.is_nan()).then_some(v)),
    ))
}

/// A column of whole numbers.
pub(crate) fn integers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(deltarule_tables::arrow::array::Int64Array::from_iter_values(values))
}

/// A column of text, the empty one missing.
pub(crate) fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    let values = values.into_iter().map(|v| (!v.is_empty()).then_some(v));
    Arc::new(deltarule_tables::arrow::array::StringArray::from_iter(values))
}

/// A file of the data folder, where there is one; the test says so where there is none.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tables").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {name} is not in the data folder");
    None
}

/// The message and the hint of an error as the program shows them.
pub(crate) fn told(error: &TableError) -> String {
    let flag = |setting: &deltarule::hint::Advised| match &setting.value {
        Some(value) => format!("--{} {value}", setting.name),
        None => format!("--{}", setting.name),
    };
    error.advice().map_or_else(|| error.to_string(), |hint| format!("{error}\nhint: {}", hint.worded(flag)))
}

/// Notices, one a line.
pub(crate) fn lines(notices: &[deltarule_tables::Notice]) -> String {
    notices.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A CSV file.
pub(crate) fn csv(path: &Path) -> Source {
    Source::open(&[path], &ReadOptions::default()).expect("a table")
}
