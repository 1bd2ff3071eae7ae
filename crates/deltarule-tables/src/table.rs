//! From a table to data sets, in one call.

mod plan;
mod source;

pub use plan::Plan;
pub(crate) use source::Columns;
pub use source::{BatchIterator, InMemory, Table};

use crate::error::TableError;
use crate::kinds::Overview;
use crate::notice::Notice;
use crate::options::TableOptions;
use crate::prepare::{Preparation, Tally};
use arrow::array::RecordBatch;
use deltarule::dataset::Dataset;
use deltarule::{Matrix, Real};

/// A table made ready for training.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<T: Real> {
    /// The rows that train, weighted by the column of weights and the weights of the classes.
    pub train: Dataset<T>,
    /// The rows that watch the training, weighted by the column of weights alone.
    pub validation: Option<Dataset<T>>,
    /// How the table became matrices: goes into the model file.
    pub preparation: Preparation,
    /// What was found in the columns and what is done with each.
    pub overview: Overview,
    /// What the user should know, one line each.
    pub notices: Vec<Notice>,
}

/// Reads a table into data sets: guesses what its columns hold, learns the statistics of the training rows, and makes
/// the matrices.
///
/// A validation table, if there is one, watches the training; without one, `options` may take rows of the table.
///
/// # Errors
/// When a named column does not exist, when the options contradict each other or the table, when a cell cannot be
/// read as its column should be, or when the matrices do not fit in memory.
pub fn load<T: Real>(
    source: &dyn Table,
    validation: Option<&dyn Table>,
    options: &TableOptions,
) -> Result<Loaded<T>, TableError> {
    let plan = Plan::new(source, options)?;
    plan.load(source, validation)
}

/// Matrices being filled.
pub(crate) struct Filling<T: Real> {
    pub(crate) x: Matrix<T>,
    pub(crate) y: Matrix<T>,
    pub(crate) weights: Option<Vec<T>>,
    pub(crate) rows: usize,
}

impl<T: Real> Filling<T> {
    /// Room for `rows` rows.
    pub(crate) fn new(preparation: &Preparation, rows: u64) -> Result<Self, TableError> {
        let (inputs, outputs) = (preparation.width(), preparation.target.outputs());
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let room = Matrix::try_zeros(rows, inputs).zip(Matrix::try_zeros(rows, outputs));
        let (x, y) = room.ok_or_else(|| {
            TableError::usage(
                "a table whose matrices fit in memory",
                format!("{rows} rows of {inputs} inputs"),
            )
            .hint("train on it as a stream: {stream}")
        })?;
        let weights = preparation.weight.as_ref().map(|_| Vec::with_capacity(rows));
        Ok(Self { x, y, weights, rows: 0 })
    }

    /// Adds these rows of the batch.
    pub(crate) fn add(
        &mut self,
        features: &crate::prepare::Features<'_>,
        targets: &crate::prepare::Targets<'_>,
        batch: &RecordBatch,
        rows: &[usize],
        tally: &mut Tally,
    ) -> Result<(), crate::prepare::Fault> {
        features.write(batch, rows, &mut self.x, self.rows, tally)?;
        targets.write(batch, rows, &mut self.y, self.rows)?;
        if let (Some(held), Some(more)) = (&mut self.weights, targets.weights(batch, rows)?) {
            held.extend(more.into_iter().map(T::from_f64));
        }
        self.rows += rows.len();
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Dataset<T>, TableError> {
        Dataset::new(self.x, self.y, self.weights).map_err(refused)
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
