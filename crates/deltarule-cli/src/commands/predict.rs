//! `deltarule predict`

use super::train::pool;
use crate::args::Predict;
use crate::data::{Named, read_options};
use crate::failure::{Failure, Kind as FailureKind, Outcome, in_flags};
use crate::interrupt;
use crate::model::{self, Opened};
use crate::pipeline::{Kind, Pipeline};
use crate::text;
use crate::ui::Ui;
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use deltarule::model::AnyModel;
use deltarule::{Matrix, Network, Real, Rows, ThreadPool, Workspace};
use deltarule_tables::read::{CellType, Inference, ReadOptions, Source};
use deltarule_tables::table::Table;
use deltarule_tables::write::{OutputFormat, OutputOptions, PredictionWriter};
use deltarule_tables::{Images, Preparation, Target};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) fn run(ui: &Ui, args: Predict) -> Outcome {
    match model::open(&args.run)? {
        AnyModel::F32(model) => predict(ui, &args, Opened::new(model)?),
        AnyModel::F64(model) => predict(ui, &args, Opened::new(model)?),
    }
}

fn predict<T: Real>(ui: &Ui, args: &Predict, opened: Opened<T>) -> Outcome {
    let Opened { model, pipeline, .. } = opened;
    let scorer = Scorer::new(&model.network, pool(args.threads)?);
    let mut job = Job {
        output: args.output.clone().unwrap_or_else(|| PathBuf::from("-")),
        inputs: args.data.iter().map(PathBuf::from).collect(),
        options: OutputOptions {
            format: match &args.format {
                Some(name) => Some(name.parse().map_err(Failure::usage)?),
                None => (args.output.is_none() && ui.json).then_some(OutputFormat::JsonLines),
            },
            probabilities: args.probabilities,
            keep_inputs: args.keep,
            threshold: pipeline.threshold,
            overwrite: args.force,
        },
        // Standard output has what was written so far; a file that is not complete must be taken away first.
        stop: args.output.is_some().then(interrupt::watch).transpose()?,
        scorer,
        warnings: Vec::new(),
    };
    let done = match (Named::of(&args.data)?, pipeline.kind()) {
        (Named::Tables(paths), Kind::Table(table)) => {
            let source = Source::open(&paths, &reading(&pipeline, table, args.keep))?;
            job.table(table, &source)
        }
        (Named::Builtin(set), Kind::Table(table)) => job.table(table, &set.load().table(set.name())),
        (named, Kind::Images(images)) => job.images(images, &pipeline.image_inputs(images, &named)?),
        (Named::Images(path), Kind::Table(_)) => Err(Failure::bad_data(format_args!(
            "{}: expected a table with the columns that the network was trained on, found images",
            path.display()
        ))),
    };
    job.warnings.iter().for_each(|warning| ui.warn(warning));
    let rows = match done {
        // Whoever read standard output has read enough (`| head`).
        Err(failure) if args.output.is_none() && failure.message.contains("Broken pipe") => return Ok(()),
        done => done?,
    };
    match &args.output {
        Some(output) if ui.json => {
            ui.print_json(&json!({ "output": output, "rows": rows, "warnings": job.warnings }))
        }
        Some(output) => {
            ui.note(format_args!(
                "wrote {} to {}",
                text::plural(rows as usize, "prediction"),
                output.display()
            ));
            Ok(())
        }
        None => Ok(()),
    }
}

/// How the tables are read: the columns that the network needs as what they were in training, unless they are kept
/// and written as they are.
fn reading(pipeline: &Pipeline, table: &Preparation, keep: bool) -> ReadOptions {
    let mut options = read_options(&pipeline.data);
    options.keep_bytes = 0;
    if keep {
        // A column that training left out is written, too: whatever its words are, but not what is no single value.
        options.types.extend(options.unneeded.drain(..).map(|name| (name, CellType::Any)));
    } else {
        options.types = table.cell_types();
        options.inference = Inference::Declared;
    }
    options
}

/// A network at work, with its memory.
pub(crate) struct Scorer<'n, T: Real> {
    network: &'n Network<T>,
    pool: ThreadPool,
    workspace: Workspace<T>,
    outputs: Matrix<T>,
}

impl<'n, T: Real> Scorer<'n, T> {
    pub(crate) fn new(network: &'n Network<T>, pool: ThreadPool) -> Self {
        let (workspace, outputs) = (Workspace::new(network), Matrix::zeros(0, network.outputs()));
        Self { network, pool, workspace, outputs }
    }

    /// The outputs for each row of `x`.
    pub(crate) fn outputs(&mut self, x: Rows<'_, T>) -> &Matrix<T> {
        // Enough rows for the products to run at speed, few enough for the activations to stay in the cache.
        const CHUNK: usize = 256;
        self.outputs.resize_rows(x.len());
        for start in (0..x.len()).step_by(CHUNK) {
            let end = x.len().min(start + CHUNK);
            let a = self.network.predict(&self.pool, x.slice(start..end), &mut self.workspace);
            for i in start..end {
                self.outputs.row_mut(i).copy_from_slice(a.row(i - start));
            }
        }
        &self.outputs
    }
}

/// Where predictions come from and go to.
struct Job<'n, T: Real> {
    output: PathBuf,
    inputs: Vec<PathBuf>,
    options: OutputOptions,
    stop: Option<interrupt::Flag>,
    scorer: Scorer<'n, T>,
    warnings: Vec<String>,
}

impl<T: Real> Job<'_, T> {
    /// Predicts the rows of a table, a batch in memory at a time; says how many they are.
    fn table(&mut self, preparation: &Preparation, table: &dyn Table) -> Outcome<u64> {
        let mut prepared = preparation.rows::<T>(table)?;
        let mut writer = self.writer(&preparation.target, &table.schema())?;
        for batch in prepared.by_ref() {
            let (batch, x) = batch?;
            self.go_on()?;
            writer.write(&batch, self.scorer.outputs(Rows::all(&x)))?;
        }
        self.warnings.extend(prepared.tally().warnings().iter().map(in_flags));
        let rows = writer.rows();
        writer.finish()?;
        Ok(rows)
    }

    fn images(&mut self, images: &Images, x: &Matrix<T>) -> Outcome<u64> {
        if self.options.keep_inputs {
            return Err(Failure::usage("--keep is for tables, and these data are images"));
        }
        let target = Target::Classification { column: "class".to_owned(), labels: images.classes.clone() };
        let mut writer = self.writer(&target, &Schema::empty())?;
        const CHUNK: usize = 8192;
        for start in (0..x.rows()).step_by(CHUNK) {
            let rows = start..x.rows().min(start + CHUNK);
            self.go_on()?;
            let batch = columnless(rows.len());
            writer.write(&batch, self.scorer.outputs(Rows::all(x).slice(rows)))?;
        }
        let rows = writer.rows();
        writer.finish()?;
        Ok(rows)
    }

    fn writer(&self, target: &Target, schema: &Schema) -> Outcome<PredictionWriter> {
        Ok(PredictionWriter::create::<T>(&self.output, &self.inputs, target, schema, &self.options)?)
    }

    fn go_on(&self) -> Outcome {
        match &self.stop {
            Some(stop) if stop.is_set() => {
                let message = format_args!("interrupted; {} was not written", self.output.display());
                Err(Failure::new(FailureKind::Interrupted, message))
            }
            _ => Ok(()),
        }
    }
}

/// So many rows of no columns.
fn columnless(rows: usize) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)
        .expect("no columns to disagree with the number of rows")
}
