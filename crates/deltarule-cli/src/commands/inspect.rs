//! `deltarule inspect`

use crate::args::Inspect;
use crate::failure::{Failure, Outcome};
use crate::report;
use crate::text::{self, Align, Table};
use crate::ui::{DIM, Ui, paint};
use deltarule::model::{AnyModel, Model};
use deltarule::{Network, Real};
use deltarule_pipeline::run_folder::model_path;
use deltarule_pipeline::{Preprocessor, Transform};
use deltarule_tables::TablePreprocessor;
use deltarule_tables::targets::{StandardizedTarget, Target};
use serde_json::{Value, json};

pub(crate) fn run(ui: &Ui, args: Inspect) -> Outcome {
    let path = model_path(&args.run)?;
    let bytes = std::fs::metadata(&path).map_err(|e| Failure::io("read", &path, &e))?.len();
    let opened = AnyModel::read(&path)?;
    let precision = opened.precision();
    let place = path.display().to_string();
    match opened {
        AnyModel::F32(model) => inspect(ui, &model, &place, bytes, precision),
        AnyModel::F64(model) => inspect(ui, &model, &place, bytes, precision),
    }
}

fn inspect<T: Real>(ui: &Ui, model: &Model<T>, place: &str, bytes: u64, precision: &str) -> Outcome {
    // A model of another program has a network to show all the same.
    let preprocessor = Preprocessor::from_json(&model.preprocessing).ok();
    if ui.json {
        return ui.print_json(&to_json(model, place, bytes, precision));
    }
    let mut out = text::heading(place);
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut fact = |name: &str, what: String| facts.row([paint(DIM, name), what]);
    fact("file", format!("{} bytes, {precision}", text::count(bytes as usize)));
    fact("parameters", text::count(model.network.parameters()));
    fact("task", model.task.to_string());
    if let Some(preprocessor) = &preprocessor {
        fact("trained on", preprocessor.data.source.as_deref().unwrap_or_default().join(" "));
    }
    if let Some(training) = &model.training {
        let best = training.best_epoch.zip(training.best_value).map_or(String::new(), |(epoch, value)| {
            let shown = match (model.settings.metric, &preprocessor) {
                (Some(metric), Some(own)) => format!("{metric} {}", report::validation(metric, own, value)),
                _ => format!("metric {}", text::number(value)),
            };
            let found = format!("epoch {epoch}: validation {shown}");
            match training.kept.epoch() {
                kept if kept == f64::from(epoch) => format!(", kept {found}"),
                kept => format!(", kept epoch {}, best {found}", text::number(kept)),
            }
        });
        let samples = text::count(training.samples as usize);
        fact("training", format!("{samples} samples, {} epochs{best}", training.epochs));
    }
    fact(if model.task == deltarule::Task::Classes { "classes" } else { "outputs" }, model.labels.join(", "));
    if let Some(preprocessor) = &preprocessor {
        if let Some(threshold) = preprocessor.threshold {
            fact("threshold", format!("{} for {}", text::number(threshold), model.labels[1]));
        }
        if let Some(temperature) = preprocessor.temperature {
            fact("temperature", format!("{} (in the last layer)", text::number(temperature)));
        }
    }
    out += &facts.render("  ");
    out.push('\n');
    out += &layers(&model.network).render("  ");
    if let Some(preprocessor) = &preprocessor {
        out.push('\n');
        out += &inputs(preprocessor);
    }
    out.push('\n');
    out += &text::heading("settings");
    let settings = toml::to_string(&model.settings).unwrap_or_default();
    settings.lines().for_each(|line| out += &format!("  {line}\n"));
    ui.print(&out)
}

fn layers<T: Real>(network: &Network<T>) -> Table {
    let mut table = Table::new([
        ("layer", Align::Right),
        ("neurons", Align::Right),
        ("activation", Align::Left),
        ("parameters", Align::Right),
        ("weights: mean", Align::Right),
        ("deviation", Align::Right),
        ("largest", Align::Right),
        ("biases: mean", Align::Right),
    ]);
    let scale = if network.input_scale.is_some() { "input × a learned factor" } else { "input" };
    let blank = String::new;
    let factors = network.input_scale.as_ref().map_or(blank(), |s| text::count(s.len()));
    let inputs = text::count(network.inputs());
    table.row(["1".into(), inputs, scale.into(), factors, blank(), blank(), blank(), blank()]);
    for (i, layer) in network.layers.iter().enumerate() {
        let (mean, deviation, largest) = spread(&layer.w.iter().map(T::to_f64).collect::<Vec<_>>());
        let (bias, ..) = spread(&layer.b.iter().map(|b| b.to_f64()).collect::<Vec<_>>());
        table.row([
            (i + 2).to_string(),
            text::count(layer.outputs()),
            layer.activation.to_string(),
            text::count(layer.parameters()),
            text::number(mean),
            text::number(deviation),
            text::number(largest),
            text::number(bias),
        ]);
    }
    table
}

/// Mean, standard deviation and largest magnitude.
fn spread(values: &[f64]) -> (f64, f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    (mean, variance.sqrt(), values.iter().fold(0.0, |most, v| v.abs().max(most)))
}

fn inputs(preprocessor: &Preprocessor) -> String {
    match &preprocessor.transform {
        Transform::Images(images) => {
            format!("  inputs: images of {} × {}, divided by {}\n", images.height, images.width, images.white)
        }
        Transform::Table(table) => {
            let mut text = text::heading("inputs");
            text += &statistics(table).render("  ");
            if table.width() > SHOWN {
                text += &format!("  and {} more; --json shows all\n", text::count(table.width() - SHOWN));
            }
            for dropped in &table.dropped {
                text += &format!("  left out: {} ({})\n", dropped.column, dropped.reason);
            }
            match units(&table.target) {
                none if none.is_empty() => text,
                units => format!("{text}\n{units}"),
            }
        }
    }
}

/// Columns of the matrix that are shown.
const SHOWN: usize = 24;

/// What each column of the matrix is made of: (value − centre) / scale, in the tabular recipe bent into (−3, 3).
fn statistics(preparation: &TablePreprocessor) -> Table {
    let mut table = Table::new([
        ("input", Align::Left),
        ("made of", Align::Left),
        ("centre", Align::Right),
        ("scale", Align::Right),
        ("where missing", Align::Right),
    ]);
    let rows = preparation.inputs.iter().flat_map(|input| {
        let made_of = input.encoding.to_string();
        let columns = input.feature_names().into_iter().zip(input.encoding.scalings()).zip(input.fills());
        columns.map(move |((name, scaling), fill)| (name, made_of.clone(), scaling, fill))
    });
    for (name, made_of, scaling, fill) in rows.take(SHOWN) {
        let fill = fill.map_or_else(String::new, text::number);
        table.row([name, made_of, text::number(scaling.centre), text::number(scaling.scale), fill]);
    }
    table
}

/// The units of the outputs, where they are amounts.
fn units(target: &Target) -> String {
    let Target::Regression { columns } = target else { return String::new() };
    let line = |amount: &StandardizedTarget| {
        let (mean, deviation) = (text::number(amount.mean), text::number(amount.deviation));
        format!("  {} = {mean} + {deviation} × its output\n", amount.column)
    };
    text::heading("target") + &columns.iter().map(line).collect::<String>()
}

fn to_json<T: Real>(model: &Model<T>, place: &str, bytes: u64, precision: &str) -> Value {
    let layer = |(i, layer): (usize, &deltarule::Layer<T>)| {
        json!({
            "layer": i + 2,
            "inputs": layer.inputs(),
            "neurons": layer.outputs(),
            "activation": layer.activation,
            "parameters": layer.parameters(),
        })
    };
    json!({
        "file": place,
        "bytes": bytes,
        "precision": precision,
        "task": model.task,
        "labels": model.labels,
        "parameters": model.network.parameters(),
        "input_scale": model.network.input_scale.is_some(),
        "layers": model.network.layers.iter().enumerate().map(layer).collect::<Vec<_>>(),
        "settings": model.settings,
        "training": model.training,
        "preprocessing": model.preprocessing,
    })
}
