//! `deltarule gradcheck`

use crate::args::Gradcheck;
use crate::commands::explain;
use crate::config;
use crate::explain::{parameter, short, signed};
use crate::failure::{Failure, Outcome, in_flags};
use crate::text::{self, Align, Table, count, duration, number};
use crate::ui::{BOLD, DIM, GREEN, RED, Ui, YELLOW, paint};
use deltarule::explain::{Role, Symbol};
use deltarule::gradcheck::{Check, Counts, Kink, Race, Report, Settings, Verdict, check, race};
use deltarule::random::{Purpose, Random};
use deltarule::{Batch, Matrix, Network, Objective, Real, Rows, ThreadPool};
use deltarule_pipeline::run_folder::MODEL;
use deltarule_pipeline::settings::{Config, DataSettings, Precision};
use deltarule_pipeline::{DataSource, ErrorKind, Prepared, SampleSet, Subset, Trained, thread_pool};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Samples of the batch, where none are named.
const SAMPLES: usize = 8;

/// How long the numerical way may run in a race.
const BUDGET: Duration = Duration::from_secs(2);

pub(crate) fn run(ui: &Ui, args: Gradcheck) -> Outcome {
    if let Some(tolerance) = args.tolerance.filter(|tolerance| tolerance.is_nan() || *tolerance < 0.0) {
        return Err(Failure::usage(format_args!(
            "--tolerance: expected a number of 0 or more, found {tolerance}"
        )));
    }
    match args.running.said()?.precision.unwrap_or(Precision::F64) {
        Precision::F32 => checked::<f32>(ui, &args),
        Precision::F64 => checked::<f64>(ui, &args),
    }
}

fn checked<T: Real>(ui: &Ui, args: &Gradcheck) -> Outcome {
    let pool = thread_pool(args.running.said()?.threads)?;
    let subject = match &args.subject[..] {
        [word] if is_model(Path::new(word)) => trained::<T>(ui, args, word)?,
        _ => fresh::<T>(ui, args)?,
    };
    let seed = args.learning.said()?.seed.unwrap_or(0);
    let (rows, batch) = match &args.samples {
        Some(text) => subject.batch(explain::samples(text, subject.part.len(), &subject.name)?.collect()),
        None => subject.batch(subject.some(SAMPLES, seed)),
    };
    let batch = batch.as_batch();
    let settings = Settings {
        tolerance: args.tolerance,
        sample: (args.parameters > 0).then_some(args.parameters),
        seed,
    };
    let report = check(&pool, &subject.network, subject.objective, &batch, &settings)?;
    let race = match args.cost_race {
        true => Some(race(&pool, &subject.network, subject.objective, &batch, BUDGET)?),
        false => None,
    };
    if ui.json {
        ui.print_json(&json!({
            "subject": subject.name,
            "widths": subject.network.widths(),
            "parameters": subject.network.parameters(),
            "precision": T::NAME,
            "cost": subject.objective.cost,
            "samples": rows,
            "passed": report.passed(),
            "counts": report.counts(),
            "worst": report.worst(),
            "report": report,
            "race": race,
        }))?;
    } else {
        ui.print(&show(&subject, &rows, &report, race.as_ref(), &pool))?;
    }
    verdict_of(&report)
}

/// How the command ends.
fn verdict_of(report: &Report) -> Outcome {
    let (Counts { agree, wrong, .. }, checked) = (report.counts(), count(report.checks.len()));
    if wrong > 0 {
        let message =
            format_args!("{} of {checked} gradients disagree with their central differences", count(wrong));
        return Err(Failure::new(ErrorKind::Failed, message)
            .hint(format_args!("the worst is {}", report.checks[0].parameter)));
    }
    if agree == 0 {
        return Err(Failure::new(
            ErrorKind::Failed,
            format_args!("none of {checked} gradients can be checked"),
        )
        .hint("weights and inputs of a smaller scale leave differences more digits"));
    }
    Ok(())
}

/// A network with the samples to check it on.
struct Subject<T: Real> {
    name: String,
    network: Network<T>,
    objective: Objective,
    part: Subset<T>,
}

/// A batch of its own.
struct Picked<T: Real> {
    x: Matrix<T>,
    y: Matrix<T>,
    weights: Option<Vec<T>>,
}

impl<T: Real> Picked<T> {
    fn as_batch(&self) -> Batch<'_, T> {
        Batch { x: Rows::all(&self.x), y: Rows::all(&self.y), weights: self.weights.as_deref() }
    }
}

impl<T: Real> Subject<T> {
    /// Some samples, chosen by the seed: a table is often sorted, and its first rows all of one kind.
    fn some(&self, samples: usize, seed: u64) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.part.len()).collect();
        Random::new(seed, Purpose::Choice, 0).shuffle(&mut all);
        all.truncate(samples);
        all
    }

    /// These samples as a batch, and their rows in the data, in order.
    fn batch(&self, samples: Vec<usize>) -> (Vec<u32>, Picked<T>) {
        let mut rows: Vec<u32> = samples.into_iter().map(|i| self.part.row(i)).collect();
        rows.sort_unstable();
        let data = self.part.samples().dataset();
        let copied = |from: &Matrix<T>| {
            let picked: Vec<&[T]> = rows.iter().map(|&i| from.row(i as usize)).collect();
            Matrix::from_rows(&picked)
        };
        let weights = data.weights().map(|weights| rows.iter().map(|&i| weights[i as usize]).collect());
        let picked = Picked { x: copied(data.x()), y: copied(data.y()), weights };
        (rows, picked)
    }
}

/// Whether the word names a run or a model file rather than data.
fn is_model(path: &Path) -> bool {
    path.join(MODEL).is_file() || path.extension().is_some_and(|end| end == "safetensors")
}

/// The network of a run, on what it was trained on.
fn trained<T: Real>(ui: &Ui, args: &Gradcheck, word: &str) -> Outcome<Subject<T>> {
    let learning = deltarule::Settings { seed: None, ..args.learning.said()? };
    let fresh = learning != deltarule::Settings::default()
        || args.reading.said()? != DataSettings::default()
        || args.running.said()?.preset.is_some();
    if fresh || args.file.config.is_some() {
        return Err(Failure::usage(format_args!(
            "{word} is a trained network, which has its settings already"
        ))
        .hint(
            "flags of data and learning go with DATA, for a fresh network; --seed, --threads and --precision with both",
        ));
    }
    let trained = Trained::read(Path::new(word))?;
    let SampleSet { samples: part, notices, .. } = trained.preprocessor.training_source()?;
    notices.iter().for_each(|notice| ui.warn(in_flags(notice)));
    let n = trained.training().map_or(part.len(), |training| training.samples as usize).max(1);
    let plan = &trained.plan;
    let objective = Objective { cost: plan.cost(), regularisation: plan.regularisation(), n };
    Ok(Subject { name: word.to_owned(), network: trained.network_in_f64().cast(), objective, part })
}

/// A network with the initial weights of the flags, on its training samples.
fn fresh<T: Real>(ui: &Ui, args: &Gradcheck) -> Outcome<Subject<T>> {
    let said = Config {
        run: args.running.said()?,
        data: args.reading.said()?,
        training: args.learning.said()?,
        ..Config::default()
    };
    let mut settings = config::resolve(&args.subject, args.file.config.as_deref(), said)?;
    let prepared = Prepared::<T>::new(&DataSource::parse(&args.subject)?, &mut settings)?;
    let plan = prepared.plan(&mut settings)?;
    prepared.notices.iter().for_each(|notice| ui.note(format_args!("note: {}", in_flags(notice))));
    let network = plan.network(prepared.preprocessor.inputs(), prepared.preprocessor.labels().len())?;
    let part = prepared.training.learned().expect("streams are for training").clone();
    let objective =
        Objective { cost: plan.cost(), regularisation: plan.regularisation(), n: part.len().max(1) };
    Ok(Subject { name: format!("{}, fresh", args.subject.join(" ")), network, objective, part })
}

fn show<T: Real>(
    subject: &Subject<T>,
    rows: &[u32],
    report: &Report,
    race: Option<&Race>,
    pool: &ThreadPool,
) -> String {
    let network = &subject.network;
    let mut out = text::heading(&subject.name);
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut fact = |name: &str, what: String| facts.row([paint(DIM, name), what]);
    let widths = network.widths().iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    let activations =
        network.layers.iter().map(|layer| layer.activation.to_string()).collect::<Vec<_>>().join(", ");
    fact("network", format!("{widths} ({activations}), {}", text::plural(network.parameters(), "parameter")));
    fact("cost", subject.objective.cost.to_string());
    fact("batch", text::plural(rows.len(), "sample"));
    fact("gradient", format!("by backpropagation, in {}", T::NAME));
    fact("differences", format!("central, in f64; {} forward passes", count(report.forward_passes as usize)));
    out += &facts.render("  ");
    out.push('\n');
    out += &layers(report).render("  ");
    out.push('\n');
    out += &text::heading("worst first");
    out += &worst(report, rows).render("  ");
    if let Some(race) = race {
        out.push('\n');
        out += &text::heading("what the numerical way costs");
        out += &raced(race, pool, T::NAME);
    }
    let verdict = match report.passed() {
        true => paint(GREEN.bold(), "passed"),
        false => paint(RED.bold(), "FAILED"),
    };
    let Counts { agree, not_checkable, kinks, wrong } = report.counts();
    let beside = match kinks {
        0 => String::new(),
        1 => "; 1 lies at a kink, where there is no difference to take".to_owned(),
        n => format!("; {} lie at a kink, where there is no difference to take", count(n)),
    };
    out += &format!(
        "\n{verdict}: of {} {} agree, {} are not checkable, {} disagree{beside}\n",
        text::plural(report.checks.len(), "gradient"),
        count(agree),
        count(not_checkable),
        count(wrong),
    );
    out +=
        &format!("worst relative error {}, tolerance {}\n", short(report.worst()), short(report.tolerance));
    if not_checkable > 0 {
        let why = "not checkable: beyond the tolerance, and no further than rounding can make it";
        out += &format!("{}\n", paint(DIM, why));
    }
    out
}

fn layers(report: &Report) -> Table {
    let mut table = Table::new([
        ("layer", Align::Right),
        ("parameters", Align::Right),
        ("checked", Align::Right),
        ("worst relative error", Align::Right),
        ("agree", Align::Right),
        ("not checkable", Align::Right),
        ("at a kink", Align::Right),
        ("wrong", Align::Right),
    ]);
    for layer in &report.layers {
        let Counts { agree, not_checkable, kinks, wrong } = layer.counts;
        let wrong = match wrong {
            0 => paint(GREEN, "0"),
            n => paint(RED.bold(), count(n)),
        };
        table.row([
            layer.l.to_string(),
            count(layer.parameters),
            count(layer.checked),
            short(layer.worst),
            count(agree),
            count(not_checkable),
            count(kinks),
            wrong,
        ]);
    }
    table
}

fn worst(report: &Report, rows: &[u32]) -> Table {
    /// More of them where something is wrong.
    const SHOWN: usize = 5;
    const WRONG: usize = 20;
    let mut table = Table::new([
        ("parameter", Align::Left),
        ("value", Align::Right),
        ("backpropagation", Align::Right),
        ("central difference", Align::Right),
        ("relative error", Align::Right),
        ("h", Align::Right),
        ("", Align::Left),
    ]);
    let wrong = report.checks.iter().filter(|check| check.verdict == Verdict::Disagrees).count();
    for check in report.checks.iter().take(wrong.clamp(SHOWN, WRONG)) {
        table.row([
            parameter(check.parameter),
            number(check.value),
            signed(check.analytic),
            signed(check.numeric),
            short(check.relative_error),
            short(check.h),
            verdict(check, rows),
        ]);
    }
    table
}

fn verdict(check: &Check, rows: &[u32]) -> String {
    match check.verdict {
        Verdict::Agrees => paint(GREEN, "agrees"),
        Verdict::NotCheckable => paint(DIM, "not checkable"),
        Verdict::Kink(kink) => paint(YELLOW, format_args!("kink: {}", at(kink, rows))),
        Verdict::Disagrees => paint(RED.bold(), "DISAGREES"),
    }
}

/// Where the kink is that a difference would cross.
fn at(kink: Kink, rows: &[u32]) -> String {
    let of_sample = |sample: usize| rows.get(sample).map_or(String::new(), |row| format!(" of sample {row}"));
    match kink {
        Kink::Activation { l, j, sample } => {
            format!("{} = 0{}", Symbol::neuron(Role::WeightedInput, l, j), of_sample(sample))
        }
        Kink::Cost { j, sample } => format!("the cost of output {}{}", j + 1, of_sample(sample)),
        Kink::Regularisation => "w = 0".to_owned(),
    }
}

fn raced(race: &Race, pool: &ThreadPool, precision: &str) -> String {
    let mut table = Table::new([
        ("", Align::Left),
        ("forward passes", Align::Right),
        ("time", Align::Right),
        ("", Align::Left),
    ]);
    let note = |text: String| paint(DIM, text);
    let how = match race.extrapolated {
        true => format!(
            "extrapolated from {} passes, {} measured",
            count(race.measured_passes as usize),
            duration(race.measured_seconds)
        ),
        false => "measured".to_owned(),
    };
    table.row([
        "central differences".into(),
        count(race.central_passes as usize),
        paint(BOLD, duration(race.numeric_seconds)),
        note(format!("2P; {how}")),
    ]);
    table.row([
        "one-sided differences".into(),
        count(race.one_sided_passes as usize),
        duration(race.numeric_seconds * race.one_sided_passes as f64 / race.central_passes as f64),
        note("P + 1; extrapolated".into()),
    ]);
    table.row([
        "backpropagation".into(),
        format!("{:.1}", race.backpropagation_in_passes()),
        paint(BOLD, duration(race.backpropagation_seconds)),
        note("one forward and one backward pass, all P at once; measured".into()),
    ]);
    let threads = text::plural(pool.threads(), "thread");
    table.render("  ")
        + &format!(
            "  backpropagation is {} times faster here: P = {}, {}, {precision}, {threads}\n",
            paint(BOLD, times(race.speedup())),
            count(race.parameters),
            text::plural(race.samples, "sample")
        )
}

fn times(factor: f64) -> String {
    if factor < 100.0 { format!("{factor:.1}") } else { count(factor.round() as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deltarule::gradcheck::check_gradients;
    use deltarule::{Activation, Cost, Trace};

    /// A gradient that is wrong in one place is named, and ends the program with 4.
    #[test]
    fn a_wrong_gradient_fails() {
        let pool = ThreadPool::single();
        let mut network = Network::<f64>::zeros(&[2, 3, 1], Activation::Tanh, Activation::Sigmoid).unwrap();
        (0..3).for_each(|j| (0..2).for_each(|k| network.layers[0].w.set(j, k, 0.3 + 0.1 * (j + k) as f64)));
        (0..3).for_each(|j| network.layers[1].w.set(0, j, 0.5));
        let (x, y) = (Matrix::from_rows(&[[0.5, -1.0]]), Matrix::from_rows(&[[1.0]]));
        let trace =
            Trace::of(&pool, &network, Cost::Quadratic, &Batch::new((&x).into(), (&y).into())).unwrap();
        let mut gradients = trace.gradients.clone();
        let right = check_gradients(&pool, &network, &trace, &gradients, &Settings::default()).unwrap();
        assert!(verdict_of(&right).is_ok());
        let true_value = gradients.layers[0].w.get(2, 1);
        gradients.layers[0].w.set(2, 1, 1.01 * true_value);
        let wrong = check_gradients(&pool, &network, &trace, &gradients, &Settings::default()).unwrap();
        let failure = verdict_of(&wrong).unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Failed);
        assert_eq!(failure.message, "1 of 13 gradients disagree with their central differences");
        assert_eq!(failure.hint.as_deref(), Some("the worst is weight (3, 2) of layer 2"));
        assert!(worst(&wrong, &[0]).render("").contains("DISAGREES"));
    }
}
