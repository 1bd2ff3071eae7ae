//! `deltarule predict`

use crate::args::Predict;
use crate::failure::{Failure, Outcome, in_flags};
use crate::interrupt;
use crate::text;
use crate::ui::Ui;
use deltarule::model::AnyModel;
use deltarule_pipeline::{DataSource, Error, ErrorKind, Predictions, Trained, thread_pool};
use deltarule_tables::write::{OutputFormat, OutputOptions, PredictionWriter};
use serde_json::json;
use std::path::PathBuf;

pub(crate) fn run(ui: &Ui, args: Predict) -> Outcome {
    let trained = Trained::read(&args.run)?;
    let pool = thread_pool(args.running.said()?.threads)?;
    let options = OutputOptions {
        format: match &args.format {
            Some(name) => Some(name.parse().map_err(Failure::usage)?),
            None => (args.output.is_none() && ui.json).then_some(OutputFormat::JsonLines),
        },
        probabilities: args.probabilities,
        keep_inputs: args.keep,
        threshold: trained.preprocessor.threshold,
        overwrite: args.force,
    };
    let unpredicted = trained.open(&DataSource::parse(&args.data)?, args.keep)?;
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from("-"));
    let (target, schema) = (unpredicted.target(), unpredicted.schema());
    let writer = match trained.model {
        AnyModel::F32(_) => PredictionWriter::create::<f32>(&output, &args.data, target, &schema, &options)?,
        AnyModel::F64(_) => PredictionWriter::create::<f64>(&output, &args.data, target, &schema, &options)?,
    };
    // Standard output has what was written so far; a file that is not complete must be taken away first.
    let stop = args.output.is_some().then(interrupt::watch).transpose()?;
    let mut predictions = unpredicted.predict(&pool)?;
    let written = write(&mut predictions, writer, stop.as_ref());
    let warnings: Vec<String> = predictions.notices().iter().map(in_flags).collect();
    warnings.iter().for_each(|warning| ui.warn(warning));
    let rows = match written {
        // Whoever read standard output has read enough (`| head`).
        Err(error) if args.output.is_none() && error.is_broken_pipe() => return Ok(()),
        Err(Error::Interrupted) => {
            let message = format_args!("interrupted; {} was not written", output.display());
            return Err(Failure::new(ErrorKind::Interrupted, message));
        }
        written => written?,
    };
    match &args.output {
        Some(output) if ui.json => {
            ui.print_json(&json!({ "output": output, "rows": rows, "warnings": warnings }))
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

/// Writes all predictions; says how many they are.
fn write(
    predictions: &mut Predictions<'_>,
    mut writer: PredictionWriter,
    stop: Option<&interrupt::Flag>,
) -> Result<u64, Error> {
    for batch in predictions {
        let batch = batch?;
        if stop.is_some_and(interrupt::Flag::is_set) {
            return Err(Error::Interrupted);
        }
        writer.write(&batch.inputs, &batch.outputs)?;
    }
    let rows = writer.rows();
    writer.finish()?;
    Ok(rows)
}
