//! What an explanation of a run says of the run: when its weights were as they are shown, what a sample counts in a step,
//! and what is predicted.

use deltarule::explain::{Equation, Explanation, Role};
use deltarule::metrics::Metric;
use deltarule::model::AnyModel;
use deltarule::selection::Keep;
use deltarule::train::{EpochReport, StepReport};
use deltarule::{Network, OptimizerName, Rows, ScheduleName, ThreadPool, Variants};
use deltarule_pipeline::settings::{Config, Held, Precision};
use deltarule_pipeline::{DataSource, Explained, Fit, Question, Trained, Watch};
use std::ops::ControlFlow;

/// A rate that does not depend on how many epochs there will be, and samples in batches of 20.
fn settings(epochs: u32) -> Config {
    let mut settings = Config::default();
    settings.data.validation = Some(Held::Fraction(0.2));
    settings.run.precision = Some(Precision::F64);
    settings.training.hidden = Some(vec![5]);
    settings.training.optimizer = Some(OptimizerName::Adam);
    settings.training.schedule = Some(ScheduleName::Constant);
    settings.training.eta = Some(0.05);
    settings.training.batch_size = Some(20);
    settings.training.epochs = Some(epochs);
    settings
}

fn source(words: &str) -> DataSource {
    DataSource::parse(&[words]).expect("a source")
}

fn trained(source: &DataSource, settings: Config, watch: &mut dyn Watch) -> Trained {
    let mut fit = Fit::new(source, settings).expect("settings that fit");
    fit.run(&ThreadPool::single(), watch).expect("a training").trained
}

fn network(trained: &Trained) -> &Network<f64> {
    match &trained.model {
        AnyModel::F64(model) => &model.network,
        AnyModel::F32(_) => panic!("double precision was asked for"),
    }
}

fn explained(trained: &Trained, source: &DataSource, question: &Question) -> Explained {
    let samples = trained.samples_to_explain(Some(source)).expect("samples");
    trained.explain(&ThreadPool::single(), &samples, question).expect("an explanation")
}

fn of_first(trained: &Trained, source: &DataSource) -> Explanation {
    explained(trained, source, &Question::sample(0)).explanation
}

/// The epoch that is said is the one after which a training that just ends there has the very same weights.
#[test]
fn the_epoch_is_that_of_the_weights_for_every_way_of_keeping_them() {
    // So small a validation set that its accuracy has ties.
    let moons = source("moons:n=60,noise=0.3,seed=2");
    let mut epochs = Vec::new();
    for keep in Keep::all() {
        let mut of_run = settings(12);
        of_run.training.keep = Some(keep);
        of_run.training.metric = Some(Metric::Accuracy);
        let run = trained(&moons, of_run, &mut ());
        let explanation = of_first(&run, &moons);
        let (epoch, step) = (explanation.epoch.expect("an epoch"), explanation.step.expect("a step"));
        assert_eq!(epoch.fract(), 0.0, "{keep}");
        let mut short = settings(epoch as u32);
        short.training.keep = Some(Keep::Final);
        short.training.metric = Some(Metric::Accuracy);
        let again = trained(&moons, short, &mut ());
        assert!(network(&run) == network(&again), "{keep}: not the weights of epoch {epoch}");
        let training = run.training().expect("a training");
        assert_eq!(step, epoch as u64 * training.kept.epoch_steps, "{keep}");
        epochs.push(epoch);
    }
    let [best, last_best, last] = epochs[..] else { panic!("three ways") };
    assert!(best < last_best && last_best <= last && last == 12.0, "{epochs:?}");
}

/// Stops at a step.
struct Until(u64, u64);

impl Watch for Until {
    fn on_step(&mut self, _: &StepReport) -> ControlFlow<()> {
        self.1 += 1;
        if self.1 < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn on_epoch(&mut self, _: &EpochReport) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

#[test]
fn a_training_that_was_stopped_says_at_which_step() {
    let moons = source("moons:n=200,noise=0.3,seed=2");
    let mut of_run = settings(12);
    of_run.training.keep = Some(Keep::Final);
    let run = trained(&moons, of_run, &mut Until(9, 0));
    // 200 rows, a fifth for the test and a fifth of the rest for validation: 128 rows, 7 batches.
    let explanation = of_first(&run, &moons);
    assert_eq!((explanation.step, explanation.epoch), (Some(9), Some(9.0 / 7.0)));
    assert!(explanation.component.iter().all(|row| row.cursor.step == Some(9)));
}

const SHARES: [f64; 3] = [2.0, 0.5, 1.5];

/// Rows of two classes, three of `no` to one of `yes`, with a weight of their own.
fn weighted(folder: &std::path::Path) -> DataSource {
    let rows: String = (0..80)
        .map(|i| {
            let class = if i % 4 == 0 { "yes" } else { "no" };
            format!("{},{},{},{class}\n", i * 7 % 11, i * 5 % 13, SHARES[i % 3])
        })
        .collect();
    let path = folder.join("weighted.csv");
    std::fs::write(&path, format!("u,v,share,class\n{rows}")).expect("a file");
    source(&path.to_string_lossy())
}

/// u of each sample is its weight times that of its class, as in the step of training.
#[test]
fn weights_of_samples_and_classes_belong_to_the_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = weighted(folder.path());
    let mut of_run = settings(2);
    of_run.data.validation = Some(Held::Fraction(0.0));
    of_run.data.weights = Some("share".to_owned());
    of_run.data.class_weights = Some("no=0.5,yes=3".to_owned());
    of_run.data.target = Some(vec!["class".to_owned()]);
    of_run.data.numeric = Some(vec!["u".to_owned(), "v".to_owned()]);
    let run = trained(&table, of_run.clone(), &mut ());
    let question = Question { samples: 0..5, neuron: Some(1), ..Question::sample(0) };
    let explanation = explained(&run, &table, &question).explanation;
    let u: Vec<f64> = (0..5).map(|i| SHARES[i % 3] * if i % 4 == 0 { 3.0 } else { 0.5 }).collect();
    let view =
        &explanation.matrix.iter().find(|row| row.cursor.equation == Equation::Bp1).expect("BP1").operands;
    let weights = view.iter().find(|view| view.symbol.role == Role::SampleWeight).expect("weights");
    assert_eq!(weights.entries[0], u);
    let bp3 = explanation.component.iter().find(|row| row.cursor.equation == Equation::Bp3).expect("BP3");
    let deltas = explanation.batch[0].each.iter().sum::<f64>();
    assert!((bp3.value - deltas / u.iter().sum::<f64>()).abs() < 1e-15);

    // Balanced: 80 / (2 · 20) and 80 / (2 · 60) of the training rows.
    of_run.data.class_weights = Some("balanced".to_owned());
    let run = trained(&table, of_run, &mut ());
    assert_eq!(run.training().expect("a training").class_weights, Some(vec![80.0 / 120.0, 2.0]));
}

/// The class is the one that predictions have: by the threshold, from outputs that have the temperature.
#[test]
fn the_class_is_the_one_that_is_predicted() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = weighted(folder.path());
    let mut of_run = settings(3);
    of_run.data.validation = Some(Held::Fraction(0.3));
    of_run.data.drop = Some(vec!["share".to_owned()]);
    of_run.data.target = Some(vec!["class".to_owned()]);
    of_run.data.numeric = Some(vec!["u".to_owned(), "v".to_owned()]);
    of_run.run.tune_threshold = Some(Metric::F1);
    of_run.run.temperature = Some(true);
    let run = trained(&table, of_run, &mut ());
    let threshold = run.preprocessor.threshold.expect("a threshold");
    assert!((threshold - 0.5).abs() > 0.05 && run.preprocessor.temperature.is_some());

    let question = Question { samples: 0..80, ..Question::sample(0) };
    let explained = explained(&run, &table, &question);
    let classes = explained.classes.expect("classes");
    let pool = ThreadPool::single();
    let unpredicted = run.open(&table, false).expect("the same columns");
    let mut i = 0;
    let (mut likeliest, mut by_threshold) = (0, 0);
    for batch in unpredicted.predict(&pool).expect("predictions") {
        let outputs = batch.expect("a batch").outputs;
        for row in Rows::all(&outputs).iter() {
            assert!((row[1] - explained.outputs.at(i, 1)).abs() < 1e-12);
            assert_eq!(classes[i], u32::from(row[1] >= threshold));
            likeliest += u32::from(row[1] > 0.5);
            by_threshold += classes[i];
            i += 1;
        }
    }
    assert_eq!(i, 80);
    assert_ne!(likeliest, by_threshold);
}
