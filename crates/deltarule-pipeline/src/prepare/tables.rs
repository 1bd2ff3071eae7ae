//! Tables: their columns looked at, their rows divided, their statistics learned.

use super::{Prepared, StreamedTable, TrainingSet, train_test_split};
use crate::error::{Error, Result};
use crate::preprocessor::Preprocessor;
use crate::reading::{read_options_for_model, table_options};
use crate::samples::{SampleSet, Which};
use crate::settings::{Config, DataSettings, Held, Preset};
use crate::source::DataSource;
use crate::subset::Subset;
use deltarule::Real;
use deltarule_tables::TablePlan;
use deltarule_tables::kinds::ColumnKind;
use deltarule_tables::read::Source;
use deltarule_tables::table::Table;
use deltarule_tables::{Loaded, Notice, TableOptions, TablePreprocessor, Validation};
use std::path::Path;

/// Memory for the rows that a streamed epoch shuffles, unless the user says how many.
const BUFFER_BYTES: usize = 256 << 20;

/// The fewest rows that a choice of the best epoch means something by.
const FEWEST_HELD_OUT: u64 = 5;

/// What the settings ask of a table.
pub(crate) fn options(settings: &Config) -> Result<TableOptions> {
    let preset = settings.run.preset.unwrap_or(Preset::Tabular);
    table_options(&settings.data, preset, settings.training.seed.unwrap_or(0))
}

/// A table in memory.
pub(super) fn load<T: Real>(
    settings: &mut Config,
    source: &DataSource,
    table: &dyn Table,
    validation_is_open: bool,
) -> Result<Prepared<T>> {
    if matches!(source, DataSource::Builtin(_)) {
        settings.data.test.get_or_insert(Held::Fraction(0.2));
    }
    let data = &settings.data;
    if let Some(Held::Column(_)) = &data.test {
        return Err(Error::setting("test", "a fraction or a file", "a column"));
    }
    let mut options = options(settings)?;
    let parted = match &data.test {
        Some(Held::Fraction(share)) if *share > 0.0 => {
            let whole = TablePlan::new(table, &options)?;
            leave_out(&mut options, &whole);
            Some(train_test_split(table, *share)?)
        }
        _ => None,
    };
    let rows = parted.as_ref().map_or(table, |(train, _)| train as &dyn Table);
    let mut plan = TablePlan::new(rows, &options)?;
    let few = validation_is_open && plan.validation_rows() > 0 && plan.validation_rows() < FEWEST_HELD_OUT;
    if few {
        options.validation = Validation::None;
        settings.data.validation = Some(Held::Fraction(0.0));
        plan = TablePlan::new(rows, &options)?;
        let rows = plan.training_rows();
        let message = format!(
            "{rows} rows are too few to hold some out for validation: all of them train, and the last epoch is kept"
        );
        plan.notices.push(Notice::new(message).hint("{validation=0.2} holds a fifth out"));
    }
    let data = &settings.data;
    let class_weights = plan.class_weights.take();
    let Loaded { train, validation, preprocessor, overview, mut notices } = plan.load(rows, None)?;
    let measured = Subset::whole(train.clone());
    let learned = match &class_weights {
        Some(weights) => Subset::whole(train.with_class_weights(weights)?),
        None => measured.clone(),
    };
    let validation = match &data.validation {
        Some(Held::File(path)) => Some(of_file("validation", path, data, &preprocessor, &mut notices)?),
        _ => validation.map(Subset::whole),
    };
    let test = match (&data.test, &parted) {
        (Some(Held::File(path)), _) => Some(of_file("test", path, data, &preprocessor, &mut notices)?),
        (_, Some((_, test))) => Some(part("test", test, &preprocessor, &mut notices)?),
        _ => None,
    };
    Ok(Prepared {
        training: TrainingSet::InMemory { learned, measured },
        validation,
        test,
        preprocessor: Preprocessor::of_table(data.clone(), preprocessor),
        class_weights,
        overview: Some(overview),
        notices,
    })
}

/// A table that is not loaded: its statistics are learned here, its rows read while training.
pub(super) fn stream<T: Real>(
    settings: &mut Config,
    table: Box<dyn Table>,
    validation_is_open: bool,
) -> Result<Prepared<T>> {
    let mut options = options(settings)?;
    let mut plan = TablePlan::new(&*table, &options)?;
    let usual = plan.buffer_rows::<T>(BUFFER_BYTES);
    let buffer = *settings.data.shuffle_buffer.get_or_insert(usual);
    let most = buffer.max(usual) as u64;
    let smaller = smaller_share(plan.training_rows(), plan.validation_rows(), most);
    let mut notices = Vec::new();
    if let Some(share) = smaller.filter(|_| validation_is_open) {
        options.validation = Validation::Fraction(share);
        settings.data.validation = Some(Held::Fraction(share));
        plan = TablePlan::new(&*table, &options)?;
        let rows = plan.validation_rows();
        let message = format!("{rows} rows are held out for validation, which lie in memory");
        notices.push(Notice::new(message).hint("{validation} holds out another fraction"));
    }
    notices.splice(0..0, plan.notices.iter().cloned());
    let data = &settings.data;
    let preprocessor = &plan.preprocessor;
    let validation = match &data.validation {
        Some(Held::File(path)) => Some(of_file("validation", path, data, preprocessor, &mut notices)?),
        _ => plan.validation(&*table)?.map(Subset::whole),
    };
    let test = match &data.test {
        None => None,
        Some(Held::File(path)) => Some(of_file("test", path, data, preprocessor, &mut notices)?),
        Some(Held::Fraction(share)) => {
            return Err(Error::setting("test", "a file where the table is streamed", share));
        }
        Some(Held::Column(_)) => {
            return Err(Error::setting("test", "a file where the table is streamed", "a column"));
        }
    };
    Ok(Prepared {
        validation,
        test,
        preprocessor: Preprocessor::of_table(data.clone(), plan.preprocessor.clone()),
        class_weights: plan.class_weights.clone(),
        overview: Some(plan.overview.clone()),
        notices,
        training: TrainingSet::Streamed(Box::new(StreamedTable { table, plan, buffer })),
    })
}

/// A part that lies in a file of its own, read as what the training rows were.
fn of_file<T: Real>(
    name: &'static str,
    path: &Path,
    settings: &DataSettings,
    preprocessor: &TablePreprocessor,
    notices: &mut Vec<Notice>,
) -> Result<Subset<T>> {
    part(
        name,
        &Source::open(&[path], &read_options_for_model(settings, preprocessor))?,
        preprocessor,
        notices,
    )
}

/// A part that lies in a table of its own.
fn part<T: Real>(
    name: &'static str,
    table: &dyn Table,
    preprocessor: &TablePreprocessor,
    notices: &mut Vec<Notice>,
) -> Result<Subset<T>> {
    let SampleSet { samples, notices: found, .. } = SampleSet::of_table(preprocessor, table, Which::All)?;
    notices.extend(found.into_iter().map(|notice| notice.of(name)));
    Ok(samples)
}

/// The fraction for validation that keeps to `most` rows, where the usual one takes more: the rows that are held out lie
/// in memory. A buffer that holds all training rows has room for the usual fraction, so that the run is still the one
/// in memory.
fn smaller_share(training: u64, validation: u64, most: u64) -> Option<f64> {
    (validation > most).then(|| most as f64 / (training + validation) as f64)
}

/// A column that names the rows of the whole table is left out of its parts, where row numbers are harder to tell: they
/// have gaps. What else is left out each part decides by its own rows.
pub(crate) fn leave_out(options: &mut TableOptions, whole: &TablePlan) {
    let identifiers = whole.overview.columns.iter().filter(|column| column.kind == ColumnKind::Identifier);
    for column in identifiers {
        let dropped = whole.preprocessor.dropped.iter().any(|dropped| dropped.column == column.name);
        if dropped && !options.drop.contains(&column.name) {
            options.drop.push(column.name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stream_holds_out_is_bounded_unless_the_run_is_the_one_in_memory() {
        assert_eq!(smaller_share(800, 200, 100), Some(0.1));
        assert_eq!(smaller_share(800, 200, 200), None);
        assert_eq!(smaller_share(800, 200, 800), None);
    }
}
