//! Predictions, a batch of rows at a time.

use crate::error::{Error, Result};
use crate::preprocessor::{Preprocessor, Transform};
use crate::reading::read_options_for_prediction;
use crate::source::DataSource;
use crate::trained::{Trained, either};
use deltarule::model::AnyModel;
use deltarule::{Matrix, Network, Real, Rows, ThreadPool};
use deltarule_tables::arrow::array::{RecordBatch, RecordBatchOptions};
use deltarule_tables::arrow::datatypes::{Schema, SchemaRef};
use deltarule_tables::prepare::TransformedBatches;
use deltarule_tables::table::Table;
use deltarule_tables::{Images, Labelled, Notice, Target};
use std::sync::Arc;

/// Rows of images that are predicted together.
const IMAGES: usize = 8192;

/// Data opened to be predicted by a network.
///
/// ```
/// use deltarule::ThreadPool;
/// use deltarule_pipeline::settings::Config;
/// use deltarule_pipeline::{DataSource, Fit};
///
/// let pool = ThreadPool::single();
/// let xor = DataSource::parse(&["xor"])?;
/// let trained = Fit::new(&xor, Config::default())?.run(&pool, &mut ())?.trained;
///
/// let unpredicted = trained.open(&xor, false)?;
/// let mut rows = 0;
/// for batch in unpredicted.predict(&pool)? {
///     // For each row the probabilities of the two classes.
///     let batch = batch?;
///     assert!((batch.outputs.row(0).iter().sum::<f64>() - 1.0).abs() < 1e-6);
///     rows += batch.outputs.rows();
/// }
/// assert_eq!(rows, 1000);
/// # Ok::<(), deltarule_pipeline::Error>(())
/// ```
pub struct Unpredicted<'t> {
    trained: &'t Trained,
    rows: RowsToPredict<'t>,
    target: Target,
}

enum RowsToPredict<'t> {
    Images(&'t Images, Labelled),
    Table(&'t deltarule_tables::TablePreprocessor, Box<dyn Table>),
}

/// What a network makes of a batch of rows.
#[derive(Clone, Debug)]
pub struct Predicted {
    /// The rows, with the columns of [`Unpredicted::schema`].
    pub inputs: RecordBatch,
    /// The activations of the output layer, a row for each row: probabilities, counts, or amounts that
    /// [`Preprocessor::restore`](crate::Preprocessor::restore) puts into the units of the target.
    pub outputs: Matrix<f64>,
}

/// The predictions for all rows, in order, one batch in memory at a time.
pub struct Predictions<'a> {
    batches: Box<dyn Batches + 'a>,
    preprocessor: &'a Preprocessor,
    /// Number of rows predicted.
    rows: u64,
}

trait Batches {
    fn next(&mut self) -> Option<Result<Predicted>>;

    fn notices(&self) -> Vec<Notice>;
}

impl Trained {
    /// Opens data to be predicted. Targets need not be there. With `keep` every column of a table comes back beside the
    /// outputs as it was read, otherwise those that the network needs.
    ///
    /// # Errors
    /// When the source cannot be read, or holds other data than the network was trained on.
    pub fn open(&self, source: &DataSource, keep: bool) -> Result<Unpredicted<'_>> {
        match &self.preprocessor.transform {
            Transform::Images(images) => {
                if keep {
                    return Err(Error::unsuited("keep", "is for tables, and these data are images"));
                }
                let rows = RowsToPredict::Images(images, source.unlabelled(images)?);
                let target =
                    Target::Classification { column: "class".to_owned(), labels: images.classes.clone() };
                Ok(Unpredicted { trained: self, rows, target })
            }
            Transform::Table(preparation) => {
                let options = read_options_for_prediction(&self.preprocessor.data, preparation, keep);
                let table = source.table(&options)?;
                let rows = RowsToPredict::Table(preparation, table);
                Ok(Unpredicted { trained: self, rows, target: preparation.target.clone() })
            }
        }
    }
}

impl Unpredicted<'_> {
    /// What is predicted.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The columns that come back beside the outputs.
    pub fn schema(&self) -> SchemaRef {
        match &self.rows {
            RowsToPredict::Images(..) => Arc::new(Schema::empty()),
            RowsToPredict::Table(_, table) => table.schema(),
        }
    }

    /// Predicts every row.
    ///
    /// # Errors
    /// When a table has not all the columns, or the images have another size.
    pub fn predict<'a>(&'a self, pool: &'a ThreadPool) -> Result<Predictions<'a>> {
        either!(&self.trained.model, model => self.with(pool, &model.network))
    }

    fn with<'a, T: Real>(&'a self, pool: &'a ThreadPool, network: &'a Network<T>) -> Result<Predictions<'a>> {
        let batches: Box<dyn Batches + 'a> = match &self.rows {
            RowsToPredict::Images(images, samples) => {
                Box::new(OfImages { pool, network, x: images.inputs(samples)?, done: 0 })
            }
            RowsToPredict::Table(preparation, table) => {
                Box::new(OfTable { pool, network, rows: preparation.transform(&**table)? })
            }
        };
        Ok(Predictions { batches, preprocessor: &self.trained.preprocessor, rows: 0 })
    }
}

impl Predictions<'_> {
    /// What was met so far that the training data did not have.
    pub fn notices(&self) -> Vec<Notice> {
        self.batches.notices()
    }
}

impl Iterator for Predictions<'_> {
    type Item = Result<Predicted>;

    fn next(&mut self) -> Option<Result<Predicted>> {
        let batch = self.batches.next()?;
        Some(batch.and_then(|batch| {
            let outputs = &batch.outputs;
            self.preprocessor.check_finite(outputs, |i| self.rows + i as u64)?;
            self.rows += outputs.rows() as u64;
            Ok(batch)
        }))
    }
}

struct OfTable<'a, T: Real> {
    pool: &'a ThreadPool,
    network: &'a Network<T>,
    rows: TransformedBatches<'a, T>,
}

impl<T: Real> Batches for OfTable<'_, T> {
    fn next(&mut self) -> Option<Result<Predicted>> {
        let (inputs, x) = match self.rows.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        Some(outputs(self.pool, self.network, Rows::all(&x)).map(|outputs| Predicted { inputs, outputs }))
    }

    fn notices(&self) -> Vec<Notice> {
        self.rows.report().warnings()
    }
}

struct OfImages<'a, T: Real> {
    pool: &'a ThreadPool,
    network: &'a Network<T>,
    x: Matrix<T>,
    done: usize,
}

impl<T: Real> Batches for OfImages<'_, T> {
    fn next(&mut self) -> Option<Result<Predicted>> {
        let rows = self.done..self.x.rows().min(self.done + IMAGES);
        if rows.is_empty() {
            return None;
        }
        self.done = rows.end;
        let inputs = columnless(rows.len());
        let x = Rows::range(&self.x, rows);
        Some(outputs(self.pool, self.network, x).map(|outputs| Predicted { inputs, outputs }))
    }

    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }
}

fn outputs<T: Real>(pool: &ThreadPool, network: &Network<T>, x: Rows<'_, T>) -> Result<Matrix<f64>> {
    let outputs = network.predict_all(pool, x)?;
    Ok(Matrix::from_fn(outputs.rows(), outputs.cols(), |i, j| outputs.at(i, j).to_f64()))
}

/// So many rows of no columns.
fn columnless(rows: usize) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)
        .expect("no columns to disagree with the number of rows")
}
