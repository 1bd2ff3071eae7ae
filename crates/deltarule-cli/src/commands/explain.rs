//! `deltarule explain`

use super::train::pool;
use crate::args::{Explain, Form};
use crate::explain::Page;
use crate::failure::{Failure, Outcome};
use crate::lang::Words;
use crate::model::{self, Opened};
use crate::pipeline::{Kind, Pipeline, name_of};
use crate::text::{count, number};
use crate::ui::{BOLD, Ui, paint};
use deltarule::explain::{Equation, Explanation, Request, explain};
use deltarule::gradcheck::Parameter;
use deltarule::model::Training;
use deltarule::optimizer::{Optimizer, Parametrisation};
use deltarule::selection::Keep;
use deltarule::{Batch, Objective, Plan, Rows, Task, Trace};
use std::ops::Range;
use std::path::Path;

pub(crate) fn run(ui: &Ui, args: Explain) -> Outcome {
    let Opened { model, pipeline, plan } = Opened::<f64>::new(model::open(&args.run)?.into_f64())?;
    let words = Words::of(args.lang);
    let (part, name) = samples(ui, &args, &pipeline)?;
    let range = range(&args, part.len(), &name)?;
    let pool = pool(None)?;
    let data = &part.data;
    let batch = Batch {
        x: Rows::range(data.x(), range.clone()),
        y: Rows::range(data.y(), range.clone()),
        weights: data.weights().map(|weights| &weights[range.clone()]),
    };
    let objective = Objective {
        cost: plan.cost(),
        regularisation: plan.regularisation(),
        n: model.training.as_ref().map_or(part.len(), |training| training.samples as usize).max(1),
    };
    let trace = Trace::of(&pool, &model.network, objective, &batch)?;
    let request = Request {
        run: run_name(&args.run),
        step: model.training.as_ref().and_then(|training| step(&plan, &pipeline, training)),
        samples: range.clone().collect(),
        shown: 0,
        layer: args.layer,
        neuron: args.neuron,
        weight: args.weight.as_deref().map(weight).transpose()?,
        plan: Some(plan.clone()),
    };
    let explanation = explain(&pool, &model.network, &trace, &request)?;
    if ui.json {
        return ui.print_json(&explanation);
    }
    let alone = range.len() == 1;
    let mut facts = Vec::new();
    if alone {
        facts.extend(answers(words, &plan, &pipeline, &trace));
    }
    facts.push((words.optimizer, update(words, &plan)));
    let page = Page {
        words,
        explanation: &explanation,
        labels: &pipeline.labels(),
        facts: &facts,
        picture: picture(&pipeline, data.x().row(range.start)).filter(|_| alone && args.layer.is_none()),
        weighted: data.weights().is_some(),
        focused: args.layer.is_some(),
        chosen: args.neuron.is_some() || args.weight.is_some(),
        matrix: args.form == Form::Matrix,
        next: &next(words, &args, &explanation, &range),
    };
    ui.print(&page.render())
}

/// The samples to choose from, and what to call them.
fn samples(ui: &Ui, args: &Explain, pipeline: &Pipeline) -> Outcome<(crate::data::Part<f64>, String)> {
    let own = args.data.is_empty();
    if own && pipeline.data.source.iter().any(|word| word == "-") {
        return Err(Failure::usage("the network was trained on standard input, which is gone")
            .hint("name the data: deltarule explain RUN DATA"));
    }
    let mut warnings = Vec::new();
    let found = match own {
        true => (pipeline.own_samples::<f64>(&mut warnings)?, pipeline.data.source.join(" ")),
        false => (pipeline.samples::<f64>(&args.data, &mut warnings)?, name_of(&args.data)?),
    };
    warnings.iter().for_each(|warning| ui.warn(warning));
    Ok(found)
}

/// The samples asked for; the first where none was.
fn range(args: &Explain, len: usize, name: &str) -> Outcome<Range<usize>> {
    let last = len.saturating_sub(1);
    if len == 0 {
        return Err(Failure::bad_data(format_args!("{name} has no samples")));
    }
    let Some(text) = &args.batch else {
        let sample = args.sample.unwrap_or(0);
        if sample > last {
            return Err(Failure::usage(format_args!(
                "--sample: expected a sample of {name} from 0 to {last}, found {sample}"
            )));
        }
        return Ok(sample..sample + 1);
    };
    let ends =
        text.split_once("..").and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
    match ends {
        Some((from, to)) if from < to && to <= len => Ok(from..to),
        _ => Err(Failure::usage(format_args!(
            "--batch: expected A..B with A below B and B at most {len}, the samples of {name}; found {text}"
        ))
        .hint("0..32 are the samples from 0 to 31")),
    }
}

/// `J,K`
fn weight(text: &str) -> Outcome<(usize, usize)> {
    let parts =
        text.split_once(',').and_then(|(j, k)| Some((j.trim().parse().ok()?, k.trim().parse().ok()?)));
    parts.ok_or_else(|| {
        Failure::usage(format_args!("--weight: expected two numbers J,K, found {text}"))
            .hint("1,3 is the weight from neuron 3 of the layer before to neuron 1 of --layer")
    })
}

fn run_name(path: &Path) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    name(path).unwrap_or_else(|| path.display().to_string())
}

/// The step of training whose weights these are, where the file tells.
fn step(plan: &Plan, pipeline: &Pipeline, training: &Training) -> Option<u64> {
    // A temperature changed the weights after the last step.
    if pipeline.temperature.is_some() {
        return None;
    }
    let (samples, batch) = (training.samples, plan.batch() as u64);
    let in_an_epoch = if plan.drop_last() { samples / batch } else { samples.div_ceil(batch) };
    let best = training.best_epoch.filter(|_| plan.settings().keep == Some(Keep::Best));
    let epochs = match best {
        Some(epoch) => epoch,
        // Interrupted within an epoch, it would be further than its epochs tell.
        None if training.epochs == plan.epochs() => training.epochs,
        None => return None,
    };
    Some(in_an_epoch * u64::from(epochs))
}

/// Which optimizer, with what.
fn update(words: &Words, plan: &Plan) -> String {
    let settings = plan.settings();
    let name = settings.optimizer.map_or(String::new(), |name| name.to_string());
    let mut with = Vec::new();
    if settings.parametrisation == Some(Parametrisation::Ntk) {
        let by = if matches!(plan.optimizer(), Optimizer::Adam { .. }) { "√n" } else { "n" };
        with.push(words.rate_of_weights.replace("{}", by));
    }
    let own = |words: &str, factor: Option<f64>| {
        factor.filter(|&factor| factor != 1.0).map(|factor| words.replace("{}", &number(factor)))
    };
    with.extend(own(words.rate_of_biases, settings.eta_biases));
    with.extend(own(words.rate_of_scale, settings.eta_input_scale));
    with.extend(own(words.clipped, settings.clip));
    let with = if with.is_empty() { String::new() } else { format!(" ({})", with.join("; ")) };
    let eta = number(settings.eta.unwrap_or(f64::NAN));
    words.first_step.replace("{}", &format!("{name}, η = {eta}{with}"))
}

/// What the sample should give, and what it gives.
fn answers(
    words: &Words,
    plan: &Plan,
    pipeline: &Pipeline,
    trace: &Trace<f64>,
) -> Vec<(&'static str, String)> {
    const SHOWN: usize = 4;
    let (labels, outputs, targets) = (pipeline.labels(), trace.pass.output().a.row(0), trace.y.row(0));
    let classes = plan.task() == Task::Classes && outputs.len() > 1;
    let shown = |values: &[f64]| {
        if classes {
            let best = (0..values.len()).max_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap_or(0);
            let name = labels.get(best).map_or(String::new(), |label| paint(BOLD, label));
            let sure =
                if values[best] == 1.0 { String::new() } else { format!(" ({})", number(values[best])) };
            return name + &sure;
        }
        let each = values.iter().enumerate().take(SHOWN);
        let named = each.map(|(j, &value)| {
            let name = labels.get(j).filter(|label| !label.is_empty());
            format!("{}{}", name.map_or(String::new(), |name| format!("{name} ")), number(value))
        });
        let more = values.len().saturating_sub(SHOWN);
        let tail = if more > 0 { format!(", {}", words.more(more)) } else { String::new() };
        named.collect::<Vec<_>>().join(", ") + &tail
    };
    vec![(words.target, shown(targets)), (words.prediction, shown(outputs))]
}

/// An image in grey.
fn picture(pipeline: &Pipeline, pixels: &[f64]) -> Option<String> {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    let Kind::Images(images) = pipeline.kind() else { return None };
    let (height, width) = (images.height, images.width);
    if width > 48 || height > 48 || pixels.len() != width * height {
        return None;
    }
    let white = pixels.iter().fold(f64::MIN_POSITIVE, |most, &pixel| most.max(pixel));
    let shade = |value: f64| SHADES[(value.max(0.0) / white * 4.0).round().min(4.0) as usize];
    let at = |i: usize, j: usize| if i < height { pixels[i * width + j] } else { 0.0 };
    let mut text = String::new();
    // A character is about twice as high as wide: two a pixel, or one for two pixels of a larger image.
    let rows = if width <= 16 { 1 } else { 2 };
    for i in (0..height).step_by(rows) {
        let line: String = match rows {
            1 => (0..width).flat_map(|j| [shade(at(i, j)); 2]).collect(),
            _ => (0..width).map(|j| shade(f64::midpoint(at(i, j), at(i + 1, j)))).collect(),
        };
        text += &format!("  {}\n", line.trim_end());
    }
    Some(text)
}

/// What to type to see more.
fn next(
    words: &Words,
    args: &Explain,
    explanation: &Explanation,
    range: &Range<usize>,
) -> Vec<(String, String)> {
    let mut base = format!("deltarule explain {}", args.run.display());
    args.data.iter().for_each(|word| base += &format!(" {word}"));
    let chosen = if args.batch.is_some() {
        format!("{base} --batch {}..{}", range.start, range.end)
    } else {
        format!("{base} --sample {}", range.start)
    };
    let mut commands = Vec::new();
    if args.layer.is_none() {
        if let Some(output) = explanation.most_wrong.first() {
            let (layer, j) = (output.a.symbol.layer, output.a.symbol.j.unwrap_or(1));
            commands.push((format!("{chosen} --layer {layer} --neuron {j}"), words.next_neuron.to_owned()));
        }
        if explanation.widths.len() > 2 {
            commands.push((format!("{chosen} --layer 2"), words.next_layer.replace("{}", &count(2))));
        }
    }
    let scaled = explanation.component.iter().any(|row| row.cursor.equation == Equation::InputScale);
    if args.layer.is_none() && scaled {
        commands.push((format!("{chosen} --layer 1"), words.next_scale.to_owned()));
    }
    if args.weight.is_none() {
        let of_layer = |parameter: &Parameter| args.layer.is_none_or(|layer| layer == parameter.layer());
        let found = explanation.largest_gradients.iter().find(|weight| of_layer(&weight.parameter));
        if let Some(Parameter::Weight { l, j, k }) = found.map(|weight| weight.parameter) {
            let command = format!("{chosen} --layer {l} --weight {},{}", j + 1, k + 1);
            commands.push((command, words.next_weight.to_owned()));
        }
    }
    if args.form == Form::Component {
        let layer = args.layer.map_or(String::new(), |layer| format!(" --layer {layer}"));
        commands.push((format!("{chosen}{layer} --form matrix"), words.next_matrix.to_owned()));
    }
    if args.layer.is_none() {
        if args.batch.is_none() {
            commands.push((format!("{base} --batch 0..8"), words.next_batch.to_owned()));
        }
        commands.push((format!("deltarule gradcheck {}", args.run.display()), words.next_check.to_owned()));
    }
    commands
}
