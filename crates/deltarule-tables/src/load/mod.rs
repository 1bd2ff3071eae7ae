//! From a table to data sets, in one call.

mod plan;
mod roles;

pub use plan::TablePlan;

use crate::error::TableError;
use crate::kinds::Overview;
use crate::notice::Notice;
use crate::options::TableOptions;
use crate::prepare::TablePreprocessor;
use crate::table::Table;
use deltarule::Real;
use deltarule::dataset::Dataset;

/// A table made ready for training.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<T: Real> {
    /// The rows that train, weighted by the column of weights and the weights of the classes.
    pub train: Dataset<T>,
    /// The rows that watch the training, weighted by the column of weights alone.
    pub validation: Option<Dataset<T>>,
    /// How the table became matrices: goes into the model file.
    pub preprocessor: TablePreprocessor,
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
    let plan = TablePlan::new(source, options)?;
    plan.load(source, validation)
}
