//! Data sets of a table's rows.

use super::TablePreprocessor;
use super::fault::Fault;
use super::outputs::Targets;
use super::report::TransformReport;
use super::split::{SplitRule, Splitter};
use super::transform::Features;
use crate::arrow::array::RecordBatch;
use crate::error::TableError;
use crate::table::Table;
use crate::targets::Target;
use deltarule::dataset::Dataset;
use deltarule::{Matrix, Real};

/// Matrices being filled.
pub(crate) struct DatasetBuilder<T: Real> {
    x: Matrix<T>,
    answers: Answers<T>,
    weights: Option<Vec<T>>,
    rows: usize,
}

/// What is to be predicted for each row.
enum Answers<T: Real> {
    /// One of so many classes.
    Classes { classes: Vec<u32>, count: usize },
    /// Numbers.
    Rows(Matrix<T>),
}

impl<T: Real> DatasetBuilder<T> {
    /// Room for `rows` rows.
    pub(crate) fn new(preprocessor: &TablePreprocessor, rows: u64) -> Result<Self, TableError> {
        let (inputs, outputs) = (preprocessor.width(), preprocessor.target.outputs());
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let room = Matrix::try_zeros(rows, inputs).zip(Matrix::try_zeros(rows, outputs));
        let (x, y) = room.ok_or_else(|| {
            TableError::usage(
                "a table whose matrices fit in memory",
                format!("{rows} rows of {inputs} inputs"),
            )
            .hint("train on it as a stream: {stream}")
        })?;
        let answers = match preprocessor.target {
            Target::Classification { .. } => {
                Answers::Classes { classes: Vec::with_capacity(rows), count: outputs }
            }
            _ => Answers::Rows(y),
        };
        let weights = preprocessor.weight.as_ref().map(|_| Vec::with_capacity(rows));
        Ok(Self { x, answers, weights, rows: 0 })
    }

    /// Adds these rows of the batch.
    pub(crate) fn add(
        &mut self,
        features: &Features<'_>,
        targets: &Targets<'_>,
        batch: &RecordBatch,
        rows: &[usize],
        report: &mut TransformReport,
    ) -> Result<(), Fault> {
        features.write(batch, rows, &mut self.x, self.rows, report)?;
        match &mut self.answers {
            Answers::Classes { classes, .. } => {
                classes.extend(targets.classes(batch, rows)?.into_iter().map(|class| class as u32));
            }
            Answers::Rows(y) => targets.write(batch, rows, y, self.rows)?,
        }
        if let (Some(held), Some(more)) = (&mut self.weights, targets.weights(batch, rows)?) {
            held.extend(more.into_iter().map(T::from_f64));
        }
        self.rows += rows.len();
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Dataset<T>, TableError> {
        match self.answers {
            Answers::Classes { classes, count } => Dataset::of_classes(self.x, classes, count, self.weights),
            Answers::Rows(y) => Dataset::new(self.x, y, self.weights),
        }
        .map_err(refused)
    }
}

/// What the library refuses to learn from.
pub(crate) fn refused(error: deltarule::Error) -> TableError {
    let refused = TableError::usage("data that a network can learn from", error.to_string());
    match error.hint() {
        Some(hint) => refused.hint(hint.clone()),
        None => refused,
    }
}

impl TablePreprocessor {
    /// A table with targets as a data set, for evaluation: the rows that have a target, in order, and the number of
    /// those left out because they have none.
    ///
    /// # Errors
    /// When a column is not there, a cell cannot be read as its column should be, or a label is unknown.
    pub fn dataset<T: Real>(
        &self,
        source: &dyn Table,
        report: &mut TransformReport,
    ) -> Result<(Dataset<T>, u64), TableError> {
        let schema = source.schema();
        let features = self.features(&schema)?;
        let splitter = Splitter::by(SplitRule::AllTrain, source, &self.target, self.weight.as_deref())?;
        let (mut rows, mut left_out) = (0, 0);
        let each = |see: &mut dyn FnMut(&RecordBatch, u64) -> Result<(), TableError>| {
            let mut first = 0;
            for batch in source.batches(None)? {
                let batch = batch?;
                see(&batch, first)?;
                first += batch.num_rows() as u64;
            }
            Ok::<(), TableError>(())
        };
        each(&mut |batch, first| {
            let parts = splitter.split(source, batch, first)?;
            rows += parts.training.len() as u64;
            left_out += parts.left_out;
            Ok(())
        })?;
        let mut builder = DatasetBuilder::new(self, rows)?;
        each(&mut |batch, first| {
            let parts = splitter.split(source, batch, first)?;
            builder
                .add(&features, &splitter.targets, batch, &parts.training, report)
                .map_err(|fault| fault.at(source, first))
        })?;
        report.add_reading(source.notices());
        Ok((builder.finish()?, left_out))
    }

    /// The numbers of the rows of a table that have a target, rising: those that [`TablePreprocessor::dataset`] takes.
    ///
    /// # Errors
    /// As [`TablePreprocessor::dataset`]; also when there are 2³² rows or more.
    pub fn rows_with_target(&self, source: &dyn Table) -> Result<Vec<u32>, TableError> {
        let splitter = Splitter::by(SplitRule::AllTrain, source, &self.target, self.weight.as_deref())?;
        let (mut found, mut first) = (Vec::new(), 0);
        for batch in source.batches(None)? {
            let batch = batch?;
            for row in splitter.split(source, &batch, first)?.training {
                let row = first + row as u64;
                let row = u32::try_from(row);
                found.push(row.map_err(|_| TableError::usage("fewer than 2³² rows", "more of them"))?);
            }
            first += batch.num_rows() as u64;
        }
        Ok(found)
    }
}
