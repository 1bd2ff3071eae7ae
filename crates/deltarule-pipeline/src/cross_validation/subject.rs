//! What cross-validation deals into folds.

use super::fold::PreparedFold;
use crate::error::{Error, Result};
use crate::prepare::tables::{leave_out, options};
use crate::prepare::{Prepared, TrainingSet, hold_out};
use crate::preprocessor::Preprocessor;
use crate::preset;
use crate::settings::{Config, Held};
use crate::source::{Content, DataSource};
use crate::subset::Subset;
use deltarule::folds::Folds;
use deltarule::split::Split;
use deltarule::{Dataset, Real, Task};
use deltarule_tables::TablePlan;
use deltarule_tables::kinds::Overview;
use deltarule_tables::prepare::TransformReport;
use deltarule_tables::table::{InMemory, Table};
use deltarule_tables::{Images, Loaded, Notice, TableOptions, Target};
use std::path::PathBuf;
use std::sync::Arc;

/// All samples, before they are dealt.
pub(super) enum Subject<T: Real> {
    Images(Images, Arc<Dataset<T>>),
    Table(Box<WholeTable>),
}

pub(super) struct WholeTable {
    /// The rows that have a target.
    pub(super) rows: InMemory,
    /// Asks for the task that the whole table has, so that no fold is taken for another.
    options: TableOptions,
    pub(super) target: Target,
    classes: Option<Vec<u32>>,
    overview: Overview,
    notices: Vec<Notice>,
    /// The files, which no prediction may replace.
    pub(super) files: Vec<PathBuf>,
}

impl<T: Real> Subject<T> {
    /// Reads all the data, and fills in what the settings leave open of them.
    pub(super) fn read(source: &DataSource, settings: &mut Config) -> Result<Self> {
        preset::fill_in(settings, source);
        match source.open(&mut settings.data)? {
            Content::Images(images, samples) => {
                let data = Arc::new(images.dataset(&samples)?);
                Ok(Self::Images(images, data))
            }
            Content::Table(table) => {
                let files = match source {
                    DataSource::Tables(paths) => paths.clone(),
                    _ => Vec::new(),
                };
                Ok(Self::Table(Box::new(WholeTable::read::<T>(settings, &*table, files)?)))
            }
        }
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Images(_, data) => data.len(),
            Self::Table(table) => table.rows.rows(),
        }
    }

    pub(super) fn classes(&self) -> Option<Vec<u32>> {
        match self {
            Self::Images(_, data) => Some(data.classes().to_vec()),
            Self::Table(table) => table.classes.clone(),
        }
    }

    pub(super) fn outputs(&self) -> usize {
        match self {
            Self::Images(images, _) => images.classes.len(),
            Self::Table(table) => table.target.outputs(),
        }
    }

    pub(super) fn overview(&self) -> Option<&Overview> {
        match self {
            Self::Images(..) => None,
            Self::Table(table) => Some(&table.overview),
        }
    }

    pub(super) fn notices(&self) -> &[Notice] {
        match self {
            Self::Images(..) => &[],
            Self::Table(table) => &table.notices,
        }
    }

    /// Prepares one fold: what its training rows teach, and nothing else.
    pub(super) fn fold(
        &self,
        settings: &Config,
        folds: &Folds,
        (repeat, fold): (usize, usize),
    ) -> Result<PreparedFold<T>> {
        let split = folds.split(repeat, fold);
        let mut settings = settings.clone();
        // A repeat begins with other weights too.
        let seed = settings.training.seed.unwrap_or(0).wrapping_add(repeat as u64) & (u64::MAX >> 1);
        settings.training.seed = Some(seed);
        let prepared = match self {
            Self::Images(images, data) => of_images(&settings, images, data, &split)?,
            Self::Table(table) => table.fold(&settings, &split)?,
        };
        let plan = prepared.plan(&mut settings)?;
        PreparedFold::new(prepared, plan, (repeat, fold), split.held_out)
    }
}

fn of_images<T: Real>(
    settings: &Config,
    images: &Images,
    data: &Arc<Dataset<T>>,
    split: &Split,
) -> Result<Prepared<T>> {
    let share = match &settings.data.validation {
        Some(Held::Fraction(share)) => *share,
        None => 0.0,
        Some(Held::File(_) | Held::Column(_)) => {
            return Err(Error::setting("validation", "a fraction for images", "something for tables"));
        }
    };
    let seed = settings.training.seed.unwrap_or(0);
    let (train, validation) = hold_out("validation", &split.train, share, data.classes(), seed)?;
    Ok(Prepared {
        training: TrainingSet::of(Subset::picked(data, train)),
        validation: (!validation.is_empty()).then(|| Subset::picked(data, validation)),
        test: Some(Subset::picked(data, split.held_out.clone())),
        preprocessor: Preprocessor::of_images(settings.data.clone(), images.clone()),
        class_weights: None,
        overview: None,
        notices: Vec::new(),
    })
}

impl WholeTable {
    fn read<T: Real>(settings: &Config, source: &dyn Table, files: Vec<PathBuf>) -> Result<Self> {
        let mut options = options(settings)?;
        // The whole table is looked at for its task, its classes, the columns that name its rows, its mistakes and its overview;
        // nothing else of it reaches a fold.
        let plan = TablePlan::new(source, &options)?;
        let preparation = &plan.preprocessor;
        let (data, _) = preparation.dataset::<T>(source, &mut TransformReport::default())?;
        let target = preparation.target.clone();
        options.task = Some(target.task());
        leave_out(&mut options, &plan);
        let classes = (target.task() == Task::Classes).then(|| data.classes().to_vec());
        let mut notices = plan.notices.clone();
        if let (Some(classes), Target::Classification { labels, .. }) = (&classes, &target) {
            notices.extend(rare(classes, labels));
            options.labels = Some(labels.clone());
        }
        let rows = preparation.rows_with_target(source)?;
        let all = InMemory::read(source.name(), source)?;
        let rows = if rows.len() == all.rows() { all } else { all.picked(&rows) };
        let overview = plan.overview;
        Ok(Self { rows, options, target, classes, overview, notices, files })
    }

    fn fold<T: Real>(&self, settings: &Config, split: &Split) -> Result<Prepared<T>> {
        let seed = settings.training.seed.unwrap_or(0);
        let options = TableOptions { seed, ..self.options.clone() };
        let rows = self.rows.picked(&split.train);
        let plan = TablePlan::new(&rows, &options)?;
        let class_weights = plan.class_weights.clone();
        let Loaded { train, validation, preprocessor: preparation, .. } = plan.load(&rows, None)?;
        let held_out = self.rows.picked(&split.held_out);
        let (test, _) = preparation.dataset(&held_out, &mut TransformReport::default())?;
        Ok(Prepared {
            training: TrainingSet::of(Subset::whole(train)),
            validation: validation.map(Subset::whole),
            test: Some(Subset::whole(test)),
            preprocessor: Preprocessor::of_table(settings.data.clone(), preparation),
            class_weights,
            overview: None,
            notices: Vec::new(),
        })
    }
}

/// Classes of which no row is left to train on when it is held out.
fn rare(classes: &[u32], labels: &[String]) -> impl Iterator<Item = Notice> {
    let mut counts = vec![0_usize; labels.len()];
    classes.iter().for_each(|&class| counts[class as usize] += 1);
    let alone = labels.iter().zip(counts).filter(|(_, count)| *count == 1).map(|(label, _)| label);
    let alone: Vec<String> = alone.cloned().collect();
    alone.into_iter().map(|label| {
        Notice::new(format!(
            "there is one row of class `{label}`: when it is held out, no network can have learned the class"
        ))
    })
}
