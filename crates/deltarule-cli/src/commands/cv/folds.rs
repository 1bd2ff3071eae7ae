//! What cross-validation deals into folds, and one fold's training.

use super::Watch;
use crate::commands::train::plan;
use crate::data::{
    Named, Part, Ready, builtin_table, fill_in, leave_out, only_for_tables, read_options, table_options,
};
use crate::failure::{Failure, Outcome, in_flags};
use crate::pipeline::{Kind, Pipeline};
use crate::report::Report;
use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema};
use deltarule::evaluate::Evaluator;
use deltarule::folds::Folds;
use deltarule::metrics::Metric;
use deltarule::split::split;
use deltarule::train::End;
use deltarule::{Dataset, Matrix, Plan, Real, Shuffled, Task, ThreadPool, Trainer};
use deltarule_pipeline::settings::{Config, Held, Preset};
use deltarule_tables::idx::{self, Pair};
use deltarule_tables::prepare::Tally;
use deltarule_tables::read::Source;
use deltarule_tables::table::{self, InMemory, Table};
use deltarule_tables::targets::Amount;
use deltarule_tables::write::{OutputFormat, OutputOptions, PredictionWriter};
use deltarule_tables::{Images, Labelled, Loaded, TableOptions, Target, load};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All samples, before they are dealt.
pub(super) enum Subject<T: Real> {
    Images {
        images: Images,
        data: Arc<Dataset<T>>,
    },
    Table {
        /// The rows that have a target.
        table: InMemory,
        /// Asks for the task that the whole table has, so that no fold is taken for another.
        options: Box<TableOptions>,
        target: Target,
        classes: Option<Vec<u32>>,
        overview: String,
        notices: Vec<String>,
        inputs: Vec<PathBuf>,
    },
}

/// A fold made ready.
pub(super) struct Prepared<T: Real> {
    pub(super) plan: Plan,
    pub(super) parameters: usize,
    ready: Ready<T>,
    place: (usize, usize),
    held_out: Vec<u32>,
}

/// What a fold led to.
pub(super) struct Fold {
    pub(super) repeat: usize,
    pub(super) fold: usize,
    pub(super) epochs: usize,
    pub(super) best_epoch: Option<u32>,
    pub(super) figures: Vec<(Metric, f64)>,
    pub(super) held_out: Vec<u32>,
    /// For each sample held out, in the target's units.
    pub(super) predictions: Matrix<f64>,
}

impl<T: Real> Subject<T> {
    /// Reads all the data that `config` names, and fills in what the user left open.
    pub(super) fn read(config: &mut Config) -> Outcome<Self> {
        let named = Named::of(&config.data.source)?;
        fill_in(config, &named);
        let labelled = match &named {
            Named::Builtin(set) => set.load(),
            Named::Images(path) => Pair::read(&idx::find(path)?.train)?.labelled(255.0),
            Named::Tables(paths) => {
                return Self::of_table(config, &Source::open(paths, &read_options(&config.data))?, paths);
            }
        };
        match Images::of(&labelled) {
            Some(images) => Self::of_images(config, images, &labelled),
            None => {
                let name = named.short_name();
                builtin_table(&mut config.data, &name)?;
                Self::of_table(config, &labelled.table(&name), &[])
            }
        }
    }

    fn of_images(config: &Config, images: Images, samples: &Labelled) -> Outcome<Self> {
        only_for_tables(&config.data)?;
        let data = Arc::new(images.dataset(samples)?);
        Ok(Self::Images { images, data })
    }

    fn of_table(config: &Config, source: &dyn Table, inputs: &[PathBuf]) -> Outcome<Self> {
        let preset = config.preset.unwrap_or(Preset::Tabular);
        let mut options = table_options(&config.data, preset, config.training.seed.unwrap_or(0))?;
        // The whole table is looked at for its task, its mistakes and its overview; nothing of it reaches a fold.
        let plan = table::Plan::new(source, &options)?;
        let preparation = &plan.preparation;
        let (data, _) = preparation.dataset::<T>(source, &mut Tally::default())?;
        let target = preparation.target.clone();
        options.task = Some(target.task());
        leave_out(&mut options, &plan);
        let classes = (target.task() == Task::Classes).then(|| data.classes());
        if let (Some(classes), Target::Classification { labels, .. }) = (&classes, &target) {
            check_counts(classes, labels)?;
        }
        let rows = preparation.rows_with_target(source)?;
        let all = InMemory::read(source.name(), source)?;
        let table = if rows.len() == all.rows() { all } else { all.picked(&rows) };
        Ok(Self::Table {
            table,
            options: Box::new(options),
            target,
            classes,
            overview: plan.overview.to_string(),
            notices: plan.notices.iter().map(in_flags).collect(),
            inputs: inputs.to_vec(),
        })
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Images { data, .. } => data.len(),
            Self::Table { table, .. } => table.rows(),
        }
    }

    pub(super) fn classes(&self) -> Option<Vec<u32>> {
        match self {
            Self::Images { data, .. } => Some(data.classes()),
            Self::Table { classes, .. } => classes.clone(),
        }
    }

    pub(super) fn outputs(&self) -> usize {
        match self {
            Self::Images { images, .. } => images.classes.len(),
            Self::Table { target, .. } => target.outputs(),
        }
    }

    pub(super) fn overview(&self) -> Option<&str> {
        match self {
            Self::Images { .. } => None,
            Self::Table { overview, .. } => Some(overview),
        }
    }

    pub(super) fn notices(&self) -> &[String] {
        match self {
            Self::Images { .. } => &[],
            Self::Table { notices, .. } => notices,
        }
    }

    /// Prepares one fold: what its training rows teach, and nothing else.
    pub(super) fn fold(&self, config: &Config, folds: &Folds, place: (usize, usize)) -> Outcome<Prepared<T>> {
        let parts = folds.split(place.0, place.1);
        let mut config = config.clone();
        // A repeat begins with other weights too.
        let seed = config.training.seed.unwrap_or(0).wrapping_add(place.0 as u64) & (u64::MAX >> 1);
        config.training.seed = Some(seed);
        let ready = match self {
            Self::Images { images, data } => {
                let (train, validation) = watching(&config, data, parts.train, seed)?;
                let part = |rows: Vec<u32>| Part { data: Arc::clone(data), rows: Some(rows) };
                Ready {
                    train: part(train),
                    validation: (!validation.is_empty()).then(|| part(validation)),
                    test: Some(part(parts.held_out.clone())),
                    pipeline: Pipeline::images(config.data.clone(), images.clone()),
                    overview: None,
                    notices: Vec::new(),
                    stream: None,
                }
            }
            Self::Table { table, options, .. } => {
                let options = TableOptions { seed, ..(**options).clone() };
                let Loaded { train, validation, preparation, .. } =
                    load(&table.picked(&parts.train), None, &options)?;
                let held_out = table.picked(&parts.held_out);
                let (test, _) = preparation.dataset(&held_out, &mut Tally::default())?;
                Ready {
                    train: Part::whole(train),
                    validation: validation.map(Part::whole),
                    test: Some(Part::whole(test)),
                    pipeline: Pipeline::table(config.data.clone(), preparation),
                    overview: None,
                    notices: Vec::new(),
                    stream: None,
                }
            }
        };
        let plan = plan(&mut config, &ready)?;
        let parameters =
            plan.network::<T>(ready.pipeline.inputs(), ready.train.data.y().cols())?.parameters();
        Ok(Prepared { plan, parameters, ready, place, held_out: parts.held_out })
    }

    /// Refuses a file for predictions that cannot be written, before hours go into them.
    pub(super) fn check_output(&self, path: &Path, force: bool, folds: &Folds) -> Outcome {
        drop(self.writer(path, force, &self.beside(folds))?);
        Ok(())
    }

    /// Writes the predictions beside the columns of the table and the fold that each row was held out with.
    pub(super) fn write(
        &self,
        path: &Path,
        force: bool,
        folds: &Folds,
        predictions: &Matrix<f64>,
    ) -> Outcome {
        let beside = self.beside(folds);
        let mut writer = self.writer(path, force, &beside)?;
        let mut first = 0;
        for batch in beside.batches(None)? {
            let batch = batch?;
            let of_batch =
                Matrix::from_fn(batch.num_rows(), predictions.cols(), |i, j| predictions.at(first + i, j));
            writer.write(&batch, &of_batch)?;
            first += batch.num_rows();
        }
        Ok(writer.finish()?)
    }

    fn writer(&self, path: &Path, force: bool, beside: &InMemory) -> Outcome<PredictionWriter> {
        let options = OutputOptions {
            probabilities: self.classes().is_some(),
            keep_inputs: OutputFormat::of_path(path) != Some(OutputFormat::Npy),
            overwrite: force,
            ..OutputOptions::default()
        };
        let (target, inputs) = match self {
            Self::Images { images, .. } => {
                let (column, labels) = ("class".to_owned(), images.classes.clone());
                (Target::Classification { column, labels }, &[][..])
            }
            Self::Table { target, inputs, .. } => (in_units(target), inputs.as_slice()),
        };
        Ok(PredictionWriter::create::<f64>(path, inputs, &target, &beside.schema(), &options)?)
    }

    /// What stands beside the predictions: the table, or the classes of images; and for each repeat the number of the
    /// fold, from 1 on.
    fn beside(&self, folds: &Folds) -> InMemory {
        let whole = match self {
            Self::Table { table, .. } => table.clone(),
            Self::Images { images, data } => {
                let names = data.classes().into_iter().map(|class| images.classes[class as usize].as_str());
                let column: ArrayRef = Arc::new(StringArray::from_iter_values(names));
                let batch = RecordBatch::try_from_iter([("class", column)]).expect("one column");
                InMemory::new("images", batch.schema(), vec![batch]).expect("a batch of its own schema")
            }
        };
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
}

/// The same target for predictions that are in its units already.
fn in_units(target: &Target) -> Target {
    match target {
        Target::Regression { columns } => Target::Regression {
            columns: columns
                .iter()
                .map(|amount| Amount { column: amount.column.clone(), mean: 0.0, deviation: 1.0 })
                .collect(),
        },
        other => other.clone(),
    }
}

/// A class must be left to train on when one of its rows is held out.
fn check_counts(classes: &[u32], labels: &[String]) -> Outcome {
    let mut counts = vec![0_usize; labels.len()];
    classes.iter().for_each(|&class| counts[class as usize] += 1);
    match counts.iter().position(|&count| count == 1) {
        Some(alone) => Err(Failure::bad_data(format_args!(
            "expected two rows or more of every class, found one of `{}`",
            labels[alone]
        ))
        .hint("when it is held out, no network can have learned the class")),
        None => Ok(()),
    }
}

/// Takes the validation samples from those that train.
fn watching<T: Real>(
    config: &Config,
    data: &Dataset<T>,
    train: Vec<u32>,
    seed: u64,
) -> Outcome<(Vec<u32>, Vec<u32>)> {
    let share = match &config.data.validation {
        Some(Held::Fraction(share)) => *share,
        None => 0.0,
        Some(Held::File(_) | Held::Column(_)) => {
            return Err(Failure::usage("--validation: expected a fraction for images"));
        }
    };
    let all = data.classes();
    let classes: Vec<u32> = train.iter().map(|&i| all[i as usize]).collect();
    let parts = split(train.len(), (share * train.len() as f64).round() as usize, Some(&classes), seed, 0);
    let of = |places: Vec<u32>| -> Vec<u32> { places.into_iter().map(|p| train[p as usize]).collect() };
    Ok((of(parts.train), of(parts.held_out)))
}

impl<T: Real> Prepared<T> {
    /// Trains the fold's network and looks at what it makes of the samples held out.
    pub(super) fn train(self, pool: &ThreadPool, mut watch: &Watch<'_>) -> Outcome<Fold> {
        let Self { plan, ready, place, held_out, .. } = self;
        let network = plan.network::<T>(ready.pipeline.inputs(), ready.train.data.y().cols())?;
        let samples = ready.train.samples();
        let mut batches = Shuffled::new(samples, plan.batch(), plan.drop_last(), plan.seed());
        let trainer = Trainer::new(&plan, network, &batches)?;
        let validation = ready.validation.as_ref().map(|part| part.samples());
        let trained = trainer.train(pool, &mut batches, validation, &mut watch)?;
        if let End::Diverged(error) = trained.end {
            let which = format!("fold {} of repeat {}", place.1 + 1, place.0 + 1);
            return Err(
                Failure::from(error).hint(format_args!("it was {which}; try a smaller --eta, or --clip"))
            );
        }
        let test = ready.test.as_ref().expect("every fold holds samples out").samples();
        let mut evaluator = Evaluator::new(&trained.network, plan.cost(), test)?;
        let cost = evaluator.run(pool, &trained.network, test);
        let outputs = evaluator.outputs();
        let restore = |j: usize, value: T| match ready.pipeline.kind() {
            Kind::Table(table) => table.target.restore(j, value.to_f64()),
            Kind::Images(_) => value.to_f64(),
        };
        let report = Report::of(&ready.pipeline, outputs, test, plan.cost(), cost);
        Ok(Fold {
            repeat: place.0,
            fold: place.1,
            epochs: trained.epochs.len(),
            best_epoch: trained.best_epoch.map(|(epoch, _)| epoch),
            figures: report.values().collect(),
            held_out,
            predictions: Matrix::from_fn(outputs.rows(), outputs.cols(), |i, j| restore(j, outputs.at(i, j))),
        })
    }
}
