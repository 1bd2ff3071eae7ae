//! Data frames that tests make up and write in every format.

use deltarule_tables::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use deltarule_tables::arrow::datatypes::{Field, Schema};
use deltarule_tables::arrow::ipc::writer::FileWriter;
use deltarule_tables::read::{ReadOptions, Source};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The cells of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cells {
    Integers(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Truths(Vec<Option<bool>>),
    Texts(Vec<Option<String>>),
    /// Microseconds since 1970.
    Moments(Vec<Option<i64>>),
}

impl Cells {
    pub(crate) fn integers(values: impl IntoIterator<Item = i64>) -> Self {
        Self::Integers(values.into_iter().map(Some).collect())
    }

    pub(crate) fn numbers(values: impl IntoIterator<Item = f64>) -> Self {
        Self::Numbers(values.into_iter().map(Some).collect())
    }

    pub(crate) fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Texts(values.into_iter().map(|text| Some(text.to_owned())).collect())
    }

    fn len(&self) -> usize {
        self.array().len()
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Integers(values) => Arc::new(Int64Array::from(values.clone())),
            Self::Numbers(values) => Arc::new(Float64Array::from(values.clone())),
            Self::Truths(values) => Arc::new(BooleanArray::from(values.clone())),
            Self::Texts(values) => Arc::new(StringArray::from(values.clone())),
            Self::Moments(values) => Arc::new(TimestampMicrosecondArray::from(values.clone())),
        }
    }

    /// The cell as text has it, and whether JSON quotes it; nothing where it is missing.
    pub(crate) fn text(&self, row: usize) -> Option<(String, bool)> {
        match self {
            Self::Integers(values) => values[row].map(|value| (value.to_string(), false)),
            Self::Numbers(values) => values[row].map(|value| (format!("{value:?}"), false)),
            Self::Truths(values) => values[row].map(|value| (value.to_string(), false)),
            Self::Texts(values) => values[row].clone().map(|value| (value, true)),
            Self::Moments(values) => values[row].map(|micros| {
                let moment = chrono::DateTime::from_timestamp_micros(micros).expect("a moment");
                (moment.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(), true)
            }),
        }
    }
}

/// The formats that hold a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    JsonLines,
    Parquet,
    Arrow,
}

impl Format {
    pub(crate) const ALL: [Self; 4] = [Self::Csv, Self::JsonLines, Self::Parquet, Self::Arrow];
}

/// A data frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) columns: Vec<(String, Cells)>,
    /// What pandas would write about it.
    pub(crate) index: Vec<String>,
}

impl Frame {
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Cells)>) -> Self {
        let columns = columns.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect();
        Self { columns, index: Vec::new() }
    }

    pub(crate) fn rows(&self) -> usize {
        self.columns[0].1.len()
    }

    /// The same frame without a column.
    pub(crate) fn without(&self, name: &str) -> Self {
        let columns = self.columns.iter().filter(|(other, _)| other != name).cloned().collect();
        Self { columns, index: Vec::new() }
    }

    pub(crate) fn batch(&self) -> RecordBatch {
        let fields = self
            .columns
            .iter()
            .map(|(name, cells)| Field::new(name, cells.array().data_type().clone(), true));
        let mut schema = Schema::new(fields.collect::<Vec<_>>());
        if !self.index.is_empty() {
            schema = schema.with_metadata(HashMap::from([("pandas".to_owned(), self.pandas())]));
        }
        let arrays = self.columns.iter().map(|(_, cells)| cells.array()).collect();
        RecordBatch::try_new(Arc::new(schema), arrays).expect("columns of one length")
    }

    fn pandas(&self) -> String {
        serde_json::json!({ "index_columns": self.index }).to_string()
    }

    /// As comma-separated values, cells that need it in quotes, missing ones empty.
    pub(crate) fn csv(&self) -> String {
        let quoted = |text: &str| match text.contains([',', '"', '\n', '\r']) || text.trim() != text {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        let mut text = names.join(",") + "\n";
        for row in 0..self.rows() {
            let cell = |(_, cells): &(String, Cells)| {
                cells.text(row).map_or(String::new(), |(text, _)| quoted(&text))
            };
            text += &(self.columns.iter().map(cell).collect::<Vec<_>>().join(",") + "\n");
        }
        text
    }

    fn json_lines(&self) -> String {
        let mut lines = String::new();
        for row in 0..self.rows() {
            let entry = |(name, cells): &(String, Cells)| {
                let value = match cells.text(row) {
                    None => "null".to_owned(),
                    Some((text, true)) => serde_json::json!(text).to_string(),
                    Some((text, false)) => text,
                };
                format!("{}: {value}", serde_json::json!(name))
            };
            let entries: Vec<String> = self.columns.iter().map(entry).collect();
            writeln!(lines, "{{{}}}", entries.join(", ")).expect("room");
        }
        lines
    }

    /// Writes the frame into a folder.
    pub(crate) fn write(&self, format: Format, folder: &Path) -> PathBuf {
        let path = folder.join(match format {
            Format::Csv => "frame.csv",
            Format::JsonLines => "frame.jsonl",
            Format::Parquet => "frame.parquet",
            Format::Arrow => "frame.arrow",
        });
        match format {
            Format::Csv => std::fs::write(&path, self.csv()).expect("room"),
            Format::JsonLines => std::fs::write(&path, self.json_lines()).expect("room"),
            Format::Parquet => {
                let pairs =
                    (!self.index.is_empty()).then(|| vec![KeyValue::new("pandas".to_owned(), self.pandas())]);
                let properties = WriterProperties::builder().set_key_value_metadata(pairs).build();
                let batch = self.batch();
                let file = File::create(&path).expect("a file");
                let mut writer =
                    ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a schema");
                writer.write(&batch).expect("room");
                writer.close().expect("room");
            }
            Format::Arrow => {
                let batch = self.batch();
                let file = File::create(&path).expect("a file");
                let mut writer = FileWriter::try_new(file, &batch.schema()).expect("a schema");
                writer.write(&batch).expect("room");
                writer.finish().expect("room");
            }
        }
        path
    }

    /// Writes the frame and opens it.
    pub(crate) fn open(&self, format: Format, folder: &Path) -> Source {
        Source::open(&[self.write(format, folder)], &ReadOptions::default()).expect("a table")
    }
}
