//! Out-of-fold predictions as a table: beside the rows that they are for, with the fold that held each out.

use super::subject::Subject;
use crate::error::{Error, Result};
use deltarule::folds::Folds;
use deltarule::{Matrix, Real};
use deltarule_tables::Target;
use deltarule_tables::arrow::array::{ArrayRef, RecordBatch, StringArray, UInt32Array};
use deltarule_tables::arrow::datatypes::{DataType, Field, Schema};
use deltarule_tables::table::{InMemory, Table};
use deltarule_tables::targets::StandardizedTarget;
use deltarule_tables::write::{OutputFormat, OutputOptions, PredictionWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) struct OutOfFoldTable {
    /// What stands beside the predictions: the table, or the classes of images; and for each repeat the number of the
    /// fold, from 1 on.
    beside: InMemory,
    /// For predictions that are in its units already.
    target: Target,
    files: Vec<PathBuf>,
}

impl OutOfFoldTable {
    pub(super) fn new<T: Real>(subject: &Subject<T>, folds: &Folds) -> Self {
        let (whole, target, files) = match subject {
            Subject::Table(table) => (table.rows.clone(), in_units(&table.target), table.files.clone()),
            Subject::Images(images, data) => {
                let names = data.classes().iter().map(|&class| images.classes[class as usize].as_str());
                let column: ArrayRef = Arc::new(StringArray::from_iter_values(names));
                let batch = RecordBatch::try_from_iter([("class", column)]).expect("one column");
                let table = InMemory::new("images", batch.schema(), vec![batch]);
                let target =
                    Target::Classification { column: "class".to_owned(), labels: images.classes.clone() };
                (table.expect("a batch of its own schema"), target, Vec::new())
            }
        };
        Self { beside: with_folds(&whole, folds), target, files }
    }

    /// Refuses a file that cannot be written.
    pub(super) fn check(&self, path: &Path, overwrite: bool) -> Result {
        drop(self.writer(path, overwrite)?);
        Ok(())
    }

    pub(super) fn write(&self, path: &Path, overwrite: bool, predictions: &Matrix<f64>) -> Result {
        let finite = |row: usize| predictions.row(row).iter().find(|value| !value.is_finite());
        if let Some((row, &found)) = (0..predictions.rows()).find_map(|row| Some((row, finite(row)?))) {
            return Err(Error::NotFinite { row: row as u64 + 1, found });
        }
        let mut writer = self.writer(path, overwrite)?;
        let mut first = 0;
        for batch in self.beside.batches(None)? {
            let batch = batch?;
            let of_batch =
                Matrix::from_fn(batch.num_rows(), predictions.cols(), |i, j| predictions.at(first + i, j));
            writer.write(&batch, &of_batch)?;
            first += batch.num_rows();
        }
        Ok(writer.finish()?)
    }

    fn writer(&self, path: &Path, overwrite: bool) -> Result<PredictionWriter> {
        let options = OutputOptions {
            probabilities: matches!(self.target, Target::Classification { .. }),
            keep_inputs: OutputFormat::of_path(path) != Some(OutputFormat::Npy),
            overwrite,
            ..OutputOptions::default()
        };
        let schema = self.beside.schema();
        Ok(PredictionWriter::create::<f64>(path, &self.files, &self.target, &schema, &options)?)
    }
}

/// The table with a column more for each repeat.
fn with_folds(whole: &InMemory, folds: &Folds) -> InMemory {
    let mut fields = whole.schema().fields().to_vec();
    for repeat in 1..=folds.repeats() {
        let mut name = if folds.repeats() == 1 { "fold".to_owned() } else { format!("fold_{repeat}") };
        while fields.iter().any(|field| *field.name() == name) {
            name.push('_');
        }
        fields.push(Arc::new(Field::new(name, DataType::UInt32, false)));
    }
    let schema = Arc::new(Schema::new(fields));
    let dealt: Vec<Vec<u32>> = (0..folds.repeats()).map(|repeat| folds.of_samples(repeat)).collect();
    let mut first = 0;
    let mut batches = Vec::new();
    for batch in whole.batches(None).expect("a table in memory opens") {
        let batch = batch.expect("a table in memory is read");
        let rows = first..first + batch.num_rows();
        first = rows.end;
        let numbers = dealt.iter().map(|of| {
            let numbers = of[rows.clone()].iter().map(|fold| fold + 1);
            Arc::new(UInt32Array::from_iter_values(numbers)) as ArrayRef
        });
        let columns = batch.columns().iter().cloned().chain(numbers).collect();
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns).expect("columns of one length"));
    }
    InMemory::new(whole.name(), schema, batches).expect("batches of their own schema")
}

/// The same target for predictions that are in its units already.
fn in_units(target: &Target) -> Target {
    match target {
        Target::Regression { columns } => Target::Regression {
            columns: columns
                .iter()
                .map(|amount| StandardizedTarget { column: amount.column.clone(), mean: 0.0, deviation: 1.0 })
                .collect(),
        },
        other => other.clone(),
    }
}
