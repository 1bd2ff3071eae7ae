//! Data made ready for training: read, divided, and turned into matrices by what the training rows teach.

mod images;
pub(crate) mod suited;
pub(crate) mod tables;

use crate::error::{Error, Result};
use crate::preprocessor::Preprocessor;
use crate::preset;
use crate::settings::Config;
use crate::source::{Content, DataSource};
use crate::subset::Subset;
use deltarule::batches::Batches;
use deltarule::split::split;
use deltarule::{Plan, Real, Shuffled, Task};
use deltarule_tables::Notice;
use deltarule_tables::TablePlan;
use deltarule_tables::kinds::Overview;
use deltarule_tables::stream::Streamed;
use deltarule_tables::table::{InMemory, Table};
use std::fmt;

/// The seed of what is held out for a test where nobody says otherwise: the same whatever the seed of the training, so
/// that runs can be compared.
pub(crate) const TEST_SEED: u64 = 0;

/// Data made ready for training.
///
/// ```
/// use deltarule_pipeline::settings::Config;
/// use deltarule_pipeline::{DataSource, Prepared};
///
/// let mut settings = Config::default();
/// let prepared = Prepared::<f64>::new(&DataSource::parse(&["iris"])?, &mut settings)?;
/// // A fifth of the 150 flowers is kept for the test, a tenth of the rest watches the training.
/// assert_eq!((prepared.training.len(), prepared.validation.unwrap().len()), (108, 12));
/// assert_eq!(prepared.test.unwrap().len(), 30);
/// # Ok::<(), deltarule_pipeline::Error>(())
/// ```
#[derive(Debug)]
pub struct Prepared<T: Real> {
    /// The samples to learn from.
    pub training: TrainingSet<T>,
    /// Those that watch the training, to choose its best epoch.
    pub validation: Option<Subset<T>>,
    /// Those kept for the final figures.
    pub test: Option<Subset<T>>,
    /// How data become inputs, learned from the training samples alone.
    pub preprocessor: Preprocessor,
    /// What the class of a sample makes it count in training, where classes count differently. The weights of the training
    /// samples have it already.
    pub class_weights: Option<Vec<f64>>,
    /// What was found in the columns of a table.
    pub overview: Option<Overview>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// The samples to learn from.
#[derive(Debug)]
pub enum TrainingSet<T: Real> {
    /// In memory.
    InMemory {
        /// As training takes them.
        learned: Subset<T>,
        /// As an evaluation takes them: the weights of their classes are those of the cost alone.
        measured: Subset<T>,
    },
    /// Rows of a table, read anew for each epoch.
    Streamed(Box<StreamedTable>),
}

/// A table whose rows are read anew for each epoch.
pub struct StreamedTable {
    table: Box<dyn Table>,
    plan: TablePlan,
    /// Rows that are in memory to be shuffled.
    buffer: usize,
}

impl fmt::Debug for StreamedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedTable")
            .field("table", &self.table.name())
            .field("buffer", &self.buffer)
            .finish_non_exhaustive()
    }
}

impl<T: Real> Prepared<T> {
    /// Reads and divides the data. What the settings leave open of the data is filled in.
    ///
    /// # Errors
    /// When settings contradict each other or the data, or the data cannot be read or learned from.
    pub fn new(source: &DataSource, settings: &mut Config) -> Result<Self> {
        settings.check()?;
        let data = &settings.data;
        if data.shuffle_buffer.is_some() && data.stream != Some(true) {
            return Err(Error::unsuited(
                "shuffle-buffer",
                "is for {stream}: a table in memory is shuffled whole",
            ));
        }
        let validation_is_open = data.validation.is_none();
        preset::fill_in(settings, source);
        match source.open(&mut settings.data)? {
            Content::Images(images, samples) => images::prepare(settings, source, images, &samples),
            Content::Table(table) if settings.data.stream == Some(true) => {
                tables::stream(settings, table, validation_is_open)
            }
            Content::Table(table) => tables::load(settings, source, &*table, validation_is_open),
        }
    }

    /// The settings of the network and its training, completed for these data and checked.
    ///
    /// # Errors
    /// When a setting cannot have its value, or has no use with the others.
    pub fn plan(&self, settings: &mut Config) -> Result<Plan> {
        preset::plan(settings, self.task(), self.training.len())
    }

    /// What the targets are.
    pub fn task(&self) -> Task {
        self.preprocessor.task()
    }
}

impl<T: Real> TrainingSet<T> {
    /// Number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::InMemory { learned, .. } => learned.len(),
            Self::Streamed(stream) => usize::try_from(stream.plan.training_rows()).unwrap_or(usize::MAX),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Samples in memory whose classes all weigh the same.
    pub(crate) fn of(samples: Subset<T>) -> Self {
        Self::InMemory { learned: samples.clone(), measured: samples }
    }

    /// The samples as training takes them, where they are in memory.
    pub fn learned(&self) -> Option<&Subset<T>> {
        match self {
            Self::InMemory { learned, .. } => Some(learned),
            Self::Streamed(_) => None,
        }
    }

    /// The samples as an evaluation takes them, where they are in memory.
    pub fn measured(&self) -> Option<&Subset<T>> {
        match self {
            Self::InMemory { measured, .. } => Some(measured),
            Self::Streamed(_) => None,
        }
    }

    /// Its mini-batches, in the order that the plan's seed gives.
    ///
    /// # Errors
    /// When a buffer of rows does not fit in memory.
    pub fn batches(&self, plan: &Plan) -> Result<Box<dyn Batches<T> + '_>> {
        let (batch, drop_last, seed) = (plan.batch(), plan.drop_last(), plan.seed());
        Ok(match self {
            Self::InMemory { learned, .. } => {
                Box::new(Shuffled::new(learned.samples(), batch, drop_last, seed))
            }
            Self::Streamed(streamed) => {
                let StreamedTable { table, plan, buffer } = &**streamed;
                Box::new(Streamed::new(&**table, plan, batch, drop_last, seed, *buffer)?)
            }
        })
    }
}

/// The rows of a table parted into those to train on and those to test with, by a seed that is always the same.
///
/// # Errors
/// When the table cannot be read, or the share leaves nothing to train on.
pub fn train_test_split(table: &dyn Table, share: f64) -> Result<(InMemory, InMemory)> {
    let all = InMemory::read(table.name(), table)?;
    let n = all.rows();
    let rows = split(n, count_of("test", share, n)?, None, TEST_SEED, 0);
    Ok((all.picked(&rows.train), all.picked(&rows.held_out)))
}

/// How many of `n` samples a share is; `setting` is what says the share.
pub(crate) fn count_of(setting: &'static str, share: f64, n: usize) -> Result<usize> {
    let count = (share * n as f64).round() as usize;
    if count < n {
        return Ok(count);
    }
    let found = format!("{share} of {n}, which is {count} of them");
    Err(Error::setting(setting, "a share that leaves samples to train on", found))
}

/// Holds a share of these samples out, of every class alike; `classes` are those of all samples.
pub(crate) fn hold_out(
    setting: &'static str,
    rows: &[u32],
    share: f64,
    classes: &[u32],
    seed: u64,
) -> Result<(Vec<u32>, Vec<u32>)> {
    let of_rows: Vec<u32> = rows.iter().map(|&row| classes[row as usize]).collect();
    let count = count_of(setting, share, rows.len())?;
    let parts = split(rows.len(), count, Some(&of_rows), seed, 0);
    let at = |places: Vec<u32>| places.into_iter().map(|place| rows[place as usize]).collect();
    Ok((at(parts.train), at(parts.held_out)))
}
