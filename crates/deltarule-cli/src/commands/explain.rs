//! `deltarule explain`

use crate::args::{Explain, Form};
use crate::explain::Page;
use crate::failure::{Failure, Outcome, in_flags};
use crate::lang::Words;
use crate::text::{count, number};
use crate::ui::{BOLD, Ui, paint};
use deltarule::Plan;
use deltarule::explain::{Equation, Explanation};
use deltarule::gradcheck::Parameter;
use deltarule::metrics::predicted_class;
use deltarule::optimizer::{Optimizer, Parametrisation};
use deltarule_pipeline::{DataSource, Explained, Preprocessor, Question, Trained, Transform, thread_pool};
use serde::Serialize;
use std::ops::Range;
use std::path::Path;

pub(crate) fn run(ui: &Ui, args: Explain) -> Outcome {
    let trained = Trained::read(&args.run)?;
    let words = Words::of(args.lang);
    let source = (!args.data.is_empty()).then(|| DataSource::parse(&args.data)).transpose()?;
    let of = trained.samples_to_explain(source.as_ref())?;
    of.notices.iter().for_each(|notice| ui.warn(in_flags(notice)));
    let named = if source.is_some() {
        &args.data[..]
    } else {
        trained.preprocessor.data.source.as_deref().unwrap_or_default()
    };
    let range = range(&args, of.samples.len(), &of.which.of(&named.join(" ")))?;
    let question = Question {
        run: run_name(&args.run),
        samples: range.clone(),
        layer: args.layer,
        neuron: args.neuron,
        weight: args.weight.as_deref().map(weight).transpose()?,
    };
    let explained = trained.explain(&thread_pool(None)?, &of, &question)?;
    let explanation = &explained.explanation;
    let preprocessor = &trained.preprocessor;
    if ui.json {
        let labels = preprocessor.labels();
        let label = |&class: &u32| labels[class as usize].clone();
        return ui.print_json(&WithAnswers {
            explanation,
            predicted: explained.classes.as_ref().map(|classes| classes.iter().map(label).collect()),
            threshold: preprocessor.threshold,
            temperature: preprocessor.temperature,
        });
    }
    let alone = range.len() == 1;
    let mut facts = Vec::new();
    if alone {
        facts.extend(answers(words, &trained, &explained));
    }
    if let Some(temperature) = preprocessor.temperature {
        facts.push((words.temperature, words.cooled.replace("{}", &number(temperature))));
    }
    facts.push((words.optimizer, update(words, &trained.plan)));
    let page = Page {
        words,
        explanation,
        labels: &preprocessor.labels(),
        facts: &facts,
        picture: picture(&preprocessor.transform, explained.x.row(0))
            .filter(|_| alone && args.layer.is_none()),
        focused: args.layer.is_some(),
        chosen: args.neuron.is_some() || args.weight.is_some(),
        matrix: args.form == Form::Matrix,
        next: &next(words, &args, explanation, &range),
    };
    ui.print(&page.render())
}

/// An explanation with what [`predict`](super::predict) says of its samples.
#[derive(Serialize)]
struct WithAnswers<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    /// The label of each sample, where the targets are classes.
    predicted: Option<Vec<String>>,
    /// From which probability on the second of two classes is predicted.
    threshold: Option<f64>,
    /// By what the weighted inputs of the output layer were divided after training.
    temperature: Option<f64>,
}

/// The samples asked for; the first where none was.
fn range(args: &Explain, len: usize, name: &str) -> Outcome<Range<usize>> {
    let last = len.saturating_sub(1);
    if len == 0 {
        return Err(Failure::bad_data(format_args!("{name} has no samples")));
    }
    let Some(text) = &args.samples else {
        let sample = args.sample.unwrap_or(0);
        if sample > last {
            return Err(Failure::usage(format_args!(
                "--sample: expected a sample of {name} from 0 to {last}, found {sample}"
            )));
        }
        return Ok(sample..sample + 1);
    };
    samples(text, len, name)
}

/// `A..B`, samples of `name`, which has `len` of them.
pub(crate) fn samples(text: &str, len: usize, name: &str) -> Outcome<Range<usize>> {
    let ends =
        text.split_once("..").and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
    match ends {
        Some((from, to)) if from < to && to <= len => Ok(from..to),
        _ => Err(Failure::usage(format_args!(
            "--samples: expected A..B with A below B and B at most {len}, the samples of {name}; found {text}"
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
fn answers(words: &Words, trained: &Trained, explained: &Explained) -> Vec<(&'static str, String)> {
    const SHOWN: usize = 4;
    let Preprocessor { threshold, .. } = trained.preprocessor;
    let labels = trained.preprocessor.labels();
    let (outputs, targets) = (explained.outputs.row(0), explained.y.row(0));
    if let Some(&[class, ..]) = explained.classes.as_deref() {
        let label = |class: u32| labels.get(class as usize).map_or("", String::as_str);
        let truth = predicted_class(targets, None);
        let p = number(outputs[(class as usize).min(outputs.len() - 1)]);
        let by = threshold
            .map_or(String::new(), |from| format!("; {}", words.threshold_rule(label(1), &number(from))));
        let predicted = format!("{} ({p}{by})", paint(BOLD, label(class)));
        return vec![(words.target, paint(BOLD, label(truth))), (words.prediction, predicted)];
    }
    let shown = |values: &[f64]| {
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
fn picture(transform: &Transform, pixels: &[f64]) -> Option<String> {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    let Transform::Images(images) = transform else { return None };
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
    let chosen = if args.samples.is_some() {
        format!("{base} --samples {}..{}", range.start, range.end)
    } else {
        format!("{base} --sample {}", range.start)
    };
    let mut commands = Vec::new();
    if args.layer.is_none() {
        if let Some(output) = explanation.most_wrong.first() {
            let (layer, j) = (output.a.symbol.layer, output.a.symbol.neuron_number().unwrap_or(1));
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
        if args.samples.is_none() {
            commands.push((format!("{base} --samples 0..8"), words.next_batch.to_owned()));
        }
        commands.push((format!("deltarule gradcheck {}", args.run.display()), words.next_check.to_owned()));
    }
    commands
}
