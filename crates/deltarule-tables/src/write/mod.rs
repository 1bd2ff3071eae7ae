//! Predictions out: CSV, Parquet, JSON lines or NPY, row for row as the input, at constant memory.

mod columns;
mod npy;
mod sink;

use crate::arrow::array::RecordBatch;
use crate::arrow::datatypes::{Field, Schema, SchemaRef};
use crate::error::TableError;
use crate::targets::Target;
use columns::Predicted;
use deltarule::{Matrix, Real};
use npy::NpyWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};
use sink::{Refused, Sink};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// What predictions are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputFormat {
    /// Text with a header line.
    Csv,
    /// Columns, compressed with zstd.
    Parquet,
    /// One JSON object a row.
    JsonLines,
    /// One NumPy array: amounts, probabilities or labels.
    Npy,
}

impl OutputFormat {
    const NAMES: [(&'static str, Self); 4] =
        [("csv", Self::Csv), ("parquet", Self::Parquet), ("json-lines", Self::JsonLines), ("npy", Self::Npy)];

    /// The format that the end of a file's name says.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "parquet" | "pq" => Some(Self::Parquet),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "npy" => Some(Self::Npy),
            _ => None,
        }
    }
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::NAMES.into_iter().find(|(name, _)| *name == text);
        named.map(|(_, format)| format).ok_or_else(|| {
            format!("`{text}` is no output format: {}", Self::NAMES.map(|(name, _)| name).join(", "))
        })
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.into_iter().find(|(_, format)| format == self).map_or("", |(name, _)| name);
        f.pad(name)
    }
}

/// What is written and how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutputOptions {
    /// The format; by the end of the file's name where it is not said, CSV on standard output.
    pub format: Option<OutputFormat>,
    /// A column for the probability of each class or label.
    pub probabilities: bool,
    /// The columns of the input as well, before the predictions.
    pub keep_inputs: bool,
    /// The least probability at which the second of two classes, or a label, is predicted; if not said it must be above one
    /// half.
    pub threshold: Option<f64>,
    /// Replace a file that is already there.
    pub overwrite: bool,
}

/// Writes predictions. Nothing is to be seen of a file before [`PredictionWriter::finish`]; a writer dropped earlier
/// leaves nothing behind. Standard output is written as it comes, a batch at a time.
///
/// The columns, beside those kept of the input: `prediction` (the label, the amount in the target's units, or the
/// expected count; with several targets `prediction_` and the target's name), and on demand `probability_` and the
/// label for each label. Where the input has a column of that name, underscores are added.
pub struct PredictionWriter {
    predicted: Predicted,
    keep_inputs: bool,
    schema: SchemaRef,
    encoder: Encoder,
    rows: u64,
    path: PathBuf,
    refused: Refused,
}

/// A format being written.
enum Encoder {
    Csv(Box<crate::arrow::csv::Writer<Sink>>),
    Parquet(Box<ArrowWriter<Sink>>),
    JsonLines(crate::arrow::json::LineDelimitedWriter<Sink>),
    Npy(NpyWriter),
}

impl PredictionWriter {
    /// Opens `path` (`-` for standard output) for the predictions of `target`, of tables with the columns of
    /// `input` that are read from `inputs`. `T` is the number type of the network, in which probabilities and counts are
    /// written; amounts are written in f64, in which they are scaled back.
    ///
    /// # Errors
    /// When the file is one of the inputs, is already there, or cannot be made; when the format is not said or
    /// cannot hold what is asked of it.
    pub fn create<T: Real>(
        path: &Path,
        inputs: &[impl AsRef<Path>],
        target: &Target,
        input: &Schema,
        options: &OutputOptions,
    ) -> Result<Self, TableError> {
        let format = match options.format {
            Some(format) => format,
            None if path == Path::new("-") => OutputFormat::Csv,
            None => OutputFormat::of_path(path).ok_or_else(|| {
                TableError::usage(
                    "an output file ending in .csv, .parquet, .jsonl or .npy",
                    path.display().to_string(),
                )
                .hint("{format} says it where the name does not")
            })?,
        };
        if let Some(threshold) = options.threshold.filter(|t| !(0.0..=1.0).contains(t)) {
            return Err(TableError::usage("a threshold from 0 to 1", threshold.to_string()));
        }
        if format == OutputFormat::Npy && options.keep_inputs {
            return Err(TableError::usage("CSV, Parquet or JSON lines to keep input columns", "NPY")
                .hint("an NPY file holds one array of one type"));
        }
        let taken: Vec<&str> = match options.keep_inputs {
            true => input.fields().iter().map(|field| field.name().as_str()).collect(),
            false => Vec::new(),
        };
        let predicted = Predicted::new::<T>(target, options, &taken)?;
        let kept = input.fields().iter().filter(|_| options.keep_inputs).cloned();
        let made = predicted.fields().iter().cloned().map(Arc::new);
        let schema = Arc::new(Schema::new(kept.chain(made).collect::<Vec<Arc<Field>>>()));
        let sink = Sink::create(path, inputs, options.overwrite, format == OutputFormat::Npy)?;
        let refused = sink.refused();
        let encoder = match format {
            OutputFormat::Csv => {
                Encoder::Csv(Box::new(crate::arrow::csv::WriterBuilder::new().with_header(true).build(sink)))
            }
            OutputFormat::JsonLines => {
                let builder = crate::arrow::json::WriterBuilder::new().with_explicit_nulls(true);
                Encoder::JsonLines(builder.build(sink))
            }
            OutputFormat::Parquet => {
                let compression = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(compression).build();
                let writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties));
                Encoder::Parquet(Box::new(writer.map_err(|error| failed(path, &refused, &error))?))
            }
            OutputFormat::Npy => Encoder::Npy(NpyWriter::new::<T>(sink, &predicted, target)?),
        };
        let keep_inputs = options.keep_inputs;
        Ok(Self { predicted, keep_inputs, schema, encoder, rows: 0, path: path.to_owned(), refused })
    }

    /// Writes a row for each row of `batch`, of which `outputs` holds what the network made.
    ///
    /// # Errors
    /// When writing fails.
    ///
    /// # Panics
    /// When there is not one row of outputs, with one value an output, for each row of the batch.
    pub fn write<T: Real>(&mut self, batch: &RecordBatch, outputs: &Matrix<T>) -> Result<(), TableError> {
        assert_eq!(outputs.rows(), batch.num_rows(), "one row of outputs for each row of the batch");
        self.rows += batch.num_rows() as u64;
        if let Encoder::Npy(npy) = &mut self.encoder {
            return npy
                .write(&self.predicted, outputs)
                .map_err(|error| failed(&self.path, &self.refused, &error));
        }
        let mut columns = if self.keep_inputs { batch.columns().to_vec() } else { Vec::new() };
        columns.extend(self.predicted.columns(outputs));
        let made = RecordBatch::try_new(self.schema.clone(), columns);
        let made = made.map_err(|error| failed(&self.path, &self.refused, &error))?;
        match &mut self.encoder {
            Encoder::Csv(writer) => {
                writer.write(&made).map_err(|error| failed(&self.path, &self.refused, &error))
            }
            Encoder::JsonLines(writer) => {
                writer.write(&made).map_err(|error| failed(&self.path, &self.refused, &error))
            }
            Encoder::Parquet(writer) => {
                writer.write(&made).map_err(|error| failed(&self.path, &self.refused, &error))
            }
            Encoder::Npy(_) => Ok(()),
        }
    }

    /// Number of rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> Result<(), TableError> {
        let (path, refused) = (self.path, self.refused);
        let sink = match self.encoder {
            Encoder::Csv(mut writer) => {
                if self.rows == 0 {
                    let empty = RecordBatch::new_empty(self.schema);
                    writer.write(&empty).map_err(|error| failed(&path, &refused, &error))?;
                }
                writer.into_inner()
            }
            Encoder::JsonLines(mut writer) => {
                writer.finish().map_err(|error| failed(&path, &refused, &error))?;
                writer.into_inner()
            }
            Encoder::Parquet(writer) => {
                writer.into_inner().map_err(|error| failed(&path, &refused, &error))?
            }
            Encoder::Npy(writer) => writer.finish().map_err(|error| failed(&path, &refused, &error))?,
        };
        sink.finish()
    }
}

impl fmt::Debug for PredictionWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PredictionWriter")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

fn failed(path: &Path, refused: &Refused, error: &dyn fmt::Display) -> TableError {
    TableError::system(path, "a file that can be written", &refused.error(error.to_string()))
}
