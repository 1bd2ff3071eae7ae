//! Whole runs through the crate, without the program.

use deltarule::metrics::Metric;
use deltarule::model::AnyModel;
use deltarule::train::{End, EpochReport, StepReport};
use deltarule::{Matrix, ThreadPool};
use deltarule_pipeline::settings::{Config, CvSettings, DataSettings, Held, Precision};
use deltarule_pipeline::{
    CrossValidation, DataSource, Error, ErrorKind, Fit, Fitted, Portion, Question, RunFolder, Trained, Watch,
};
use deltarule_tables::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use deltarule_tables::read::DecimalMark;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// 90 rows: two numbers and a town that decide the price.
fn rooms_areas_towns_prices() -> impl Iterator<Item = (f64, f64, &'static str, f64)> {
    (0..90).map(|i| {
        let (rooms, area, town) =
            (f64::from(i % 7), f64::from(i * 37 % 41), ["Bonn", "Kiel", "Ulm"][i as usize % 3]);
        (rooms, area, town, 20.0 * rooms + area + 30.0 * f64::from(i % 3))
    })
}

fn csv() -> String {
    rooms_areas_towns_prices().fold(
        "rooms,area,town,price\n".to_owned(),
        |mut text, (rooms, area, town, price)| {
            writeln!(text, "{rooms},{area},{town},{price}").expect("a string has room");
            text
        },
    )
}

/// The same rows in two batches.
fn frame() -> Vec<RecordBatch> {
    let rows: Vec<_> = rooms_areas_towns_prices().collect();
    let number = |of: fn(&(f64, f64, &'static str, f64)) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.iter().map(of)))
    };
    let towns: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.2)));
    let columns = [
        ("rooms", number(|row| row.0)),
        ("area", number(|row| row.1)),
        ("town", towns),
        ("price", number(|row| row.3)),
    ];
    let whole = RecordBatch::try_from_iter(columns).expect("columns of one length");
    vec![whole.slice(0, 40), whole.slice(40, 50)]
}

fn houses() -> Config {
    let mut settings = Config::default();
    settings.data.target = Some(vec!["price".to_owned()]);
    settings.data.test = Some(Held::Fraction(0.2));
    settings.training.epochs = Some(20);
    settings.training.hidden = Some(vec![16]);
    settings
}

fn fitted(source: &DataSource, settings: Config) -> (Fit, Fitted) {
    let mut fit = Fit::new(source, settings).expect("settings that fit");
    let fitted = fit.run(&ThreadPool::single(), &mut ()).expect("a training");
    (fit, fitted)
}

fn outputs(trained: &Trained, source: &DataSource) -> Matrix<f64> {
    let pool = ThreadPool::single();
    let unpredicted = trained.open(source, false).expect("data of the kind");
    let batches: Vec<_> = unpredicted
        .predict(&pool)
        .expect("the columns")
        .map(|batch| batch.expect("a batch").outputs)
        .collect();
    let rows: Vec<&[f64]> =
        batches.iter().flat_map(|batch| (0..batch.rows()).map(|i| batch.row(i))).collect();
    Matrix::from_rows(&rows)
}

#[test]
fn a_data_frame_is_the_same_as_the_file_of_its_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("houses.csv");
    std::fs::write(&path, csv()).expect("a file");
    let file = DataSource::parse(&[path.to_string_lossy()]).expect("a file");
    let frame = DataSource::frame("houses", frame()).expect("batches of one schema");
    assert_eq!((file.short_name(), frame.short_name()), ("houses".to_owned(), "houses".to_owned()));
    for precision in [Precision::F32, Precision::F64] {
        let mut settings = houses();
        settings.run.precision = Some(precision);
        let ((_, of_file), (fit, of_frame)) = (fitted(&file, settings.clone()), fitted(&frame, settings));
        assert_eq!(outputs(&of_file.trained, &file), outputs(&of_frame.trained, &frame));
        assert_eq!(outputs(&of_file.trained, &frame), outputs(&of_frame.trained, &file));
        assert_eq!(of_file.epochs, of_frame.epochs);

        let pool = ThreadPool::single();
        let (portion, report) = fit.report(&pool, &of_frame.trained).expect("a report").expect("a test");
        assert_eq!((portion, report.samples, fit.samples(Portion::Training)), (Portion::Test, 18, 58));
        assert!(report.value(Metric::R2).expect("prices that differ") > 0.5);
        let evaluated = of_frame.trained.evaluate(&pool, &file).expect("the same columns").report;
        assert_eq!(evaluated.samples, 90);
    }
}

#[test]
fn what_a_run_keeps_is_all_that_it_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run");
    let iris = DataSource::parse(&["iris"]).expect("a built-in set");
    let mut settings = Config::default();
    settings.training.epochs = Some(3);
    let (fit, fitted) = fitted(&iris, settings);

    let mut run = RunFolder::at(&path, false).expect("a new folder");
    run.write_settings(fit.settings()).expect("room");
    for report in &fitted.epochs {
        run.add_epoch(report, "cost", Some(report.cost), 0.5).expect("room");
    }
    run.write_model(&fitted.trained).expect("room");
    let again = Trained::read(&path).expect("the run");
    assert_eq!(outputs(&again, &iris), outputs(&fitted.trained, &iris));
    let pool = ThreadPool::single();
    let held_out = again.evaluate_held_out(&pool).expect("a fifth was held out");
    assert_eq!(held_out.report.samples, 30);
    assert_eq!(held_out.which.of(&again.preprocessor.test_source()), "the held-out 20 % of iris");
    let lines = std::fs::read_to_string(path.join("metrics.jsonl")).expect("the metrics");
    assert_eq!(lines.lines().count(), 3);
    assert!(lines.starts_with(r#"{"best":true,"cost":"#), "{lines}");

    let taken = RunFolder::at(&path, false).expect_err("a run is there");
    assert_eq!(taken.kind(), ErrorKind::Usage);
    RunFolder::at(&path, true).expect("the run is replaced");
    assert!(matches!(Trained::read(&path), Err(Error::NoModel(_))));
    assert!(matches!(Trained::read(&folder.path().join("none")), Err(Error::NoRun { .. })));
}

#[test]
fn errors_say_which_setting_in_the_words_of_the_caller() {
    let refused = |source: &DataSource, settings: Config| {
        Fit::new(source, settings).expect_err("settings that do not fit")
    };
    let as_keyword = |setting: &deltarule::hint::Advised| setting.name.replace('-', "_");
    let frame = DataSource::frame("houses", frame()).expect("batches");
    let mut settings = houses();
    settings.data.decimal = Some(DecimalMark::Comma);
    let error = refused(&frame, settings);
    assert_eq!(error.worded(as_keyword), "decimal is for files, and these data are in memory");

    let mut settings = houses();
    settings.data.shuffle_buffer = Some(3);
    let error = refused(&frame, settings);
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(error.worded(as_keyword), "shuffle_buffer is for stream: a table in memory is shuffled whole");

    let mut settings = houses();
    settings.run.temperature = Some(true);
    let error = refused(&frame, settings);
    assert_eq!(error.to_string(), "temperature is for classes, and this target has none");
    let mut settings = Config::default();
    settings.data.validation = Some(Held::Fraction(0.0));
    settings.run.tune_threshold = Some(Metric::F1);
    let xor = DataSource::parse(&["xor"]).expect("a built-in set");
    let error = refused(&xor, settings);
    assert_eq!(error.hint().expect("a hint").to_string(), "validation = 0.1 holds a tenth out");

    assert!(matches!(DataSource::parse::<&str>(&[]), Err(Error::NoData)));
    assert!(matches!(DataSource::frame("none", Vec::new()), Err(Error::NoData)));
    let mixed = frame_of_other_columns();
    assert_eq!(DataSource::frame("mixed", mixed).expect_err("two schemas").kind(), ErrorKind::BadData);
}

fn frame_of_other_columns() -> Vec<RecordBatch> {
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let other = RecordBatch::try_from_iter([("other", column)]).expect("a column");
    frame().into_iter().chain([other]).collect()
}

#[test]
fn data_that_lay_in_memory_are_gone() {
    let frame = DataSource::frame("houses", frame()).expect("batches");
    let (_, fitted) = fitted(&frame, houses());
    let error = fitted.trained.evaluate_held_out(&ThreadPool::single()).expect_err("no file");
    assert!(matches!(error, Error::DataGone { .. }), "{error}");
    // But a frame can be named again.
    let of = fitted.trained.samples_to_explain(Some(&frame)).expect("the same columns");
    let explained = fitted.trained.explain(&ThreadPool::single(), &of, &Question::sample(89)).expect("a row");
    assert_eq!(explained.explanation.samples, [89]);
    let error = fitted.trained.explain(&ThreadPool::single(), &of, &Question::sample(90));
    assert!(matches!(error, Err(Error::NoSuchSample { found: 90, samples: 90 })));
}

/// Stops after so many epochs.
struct StopAfter(u32);

impl Watch for StopAfter {
    fn on_step(&mut self, report: &StepReport) -> ControlFlow<()> {
        assert!(report.epoch <= self.0, "a step after the end");
        ControlFlow::Continue(())
    }

    fn on_epoch(&mut self, report: &EpochReport) -> ControlFlow<()> {
        if report.epoch == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_watch_stops_a_training_and_has_what_it_came_to() {
    let frame = DataSource::frame("houses", frame()).expect("batches");
    let mut fit = Fit::new(&frame, houses()).expect("settings that fit");
    let fitted = fit.run(&ThreadPool::single(), &mut StopAfter(4)).expect("a training");
    assert!(matches!(fitted.end, End::Stopped));
    assert_eq!((fitted.epochs.len(), fitted.trained.training().expect("known").epochs), (4, 4));
    assert!(matches!(fitted.trained.model, AnyModel::F32(_)));

    // It goes on from there, and comes to what it would have come to in one go.
    let rest = fit.run(&ThreadPool::single(), &mut ()).expect("the rest");
    let (_, whole) = self::fitted(&frame, houses());
    assert!(matches!(rest.end, End::Finished));
    assert_eq!((rest.epochs, rest.trained.model), (whole.epochs, whole.trained.model));
}

#[test]
fn folds_are_the_same_whatever_the_threads_and_may_be_stopped() {
    let frame = DataSource::frame("houses", frame()).expect("batches");
    let settings = || Config {
        data: DataSettings { test: None, ..houses().data },
        cv: CvSettings { folds: Some(3), repeats: Some(2), plain_folds: None },
        ..houses()
    };
    let validation = CrossValidation::new(&frame, settings()).expect("settings that fit");
    let one = validation.run(&ThreadPool::single(), &mut ()).expect("six folds");
    let three = validation.run(&ThreadPool::new(3), &mut ()).expect("six folds");
    assert_eq!((one.folds.len(), validation.epochs()), (6, 120));
    assert_eq!(one.predictions, three.predictions);
    let held_out: usize = one.folds.iter().map(|fold| fold.held_out.len()).sum();
    assert_eq!(held_out, 180);
    let stopped = validation.run(&ThreadPool::single(), &mut StopAfter(1));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let with_test = CrossValidation::new(&frame, houses()).map(drop).expect_err("a test beside the folds");
    assert_eq!(with_test.to_string(), "test has no meaning here: every fold is held out once");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("predicted.csv");
    validation.write(&path, false, &one.predictions).expect("room");
    let text = std::fs::read_to_string(&path).expect("what was written");
    assert!(text.starts_with("rooms,area,town,price,fold_1,fold_2,prediction\n"), "{text}");
    assert_eq!(text.lines().count(), 91);
    assert!(validation.check_output(Path::new(&path), false).is_err(), "it is there already");
}

/// A network whose weights are finite and whose outputs are not, of rows that are as large as its precision allows.
#[test]
fn a_prediction_that_is_no_number_is_an_error_and_no_figure() {
    let xor = DataSource::parse(&["xor:n=50"]).expect("a built-in set");
    let mut settings = Config::default();
    settings.training.epochs = Some(1);
    let (_, Fitted { mut trained, .. }) = fitted(&xor, settings);
    let AnyModel::F32(model) = &mut trained.model else { unreachable!("the usual precision") };
    let last = model.network.layers.len() - 1;
    (0..100).for_each(|k| model.network.layers[last].w.set(0, k, f32::MAX));
    let pool = ThreadPool::single();
    let opened = trained.open(&xor, false).expect("the same columns");
    let error = opened.predict(&pool).expect("the columns").find_map(Result::err).expect("an error");
    assert!(matches!(error, Error::NotFinite { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::BadData);
    let report = trained.evaluate(&pool, &xor).expect("rows").report;
    for figure in &report.figures {
        assert!(figure.value.as_ref().is_err_and(|why| why.contains("no finite number")), "{figure:?}");
    }
    let json = serde_json::to_value(&report).expect("plain values");
    assert_eq!(json["metrics"]["accuracy"], serde_json::Value::Null);
}

/// One half is the first of two classes, and no label, wherever a decision is made.
#[test]
fn one_half_is_the_same_decision_everywhere() {
    let xor = DataSource::parse(&["xor:n=50"]).expect("a built-in set");
    let mut settings = Config::default();
    settings.training.epochs = Some(1);
    let (_, Fitted { mut trained, .. }) = fitted(&xor, settings);
    let AnyModel::F32(model) = &mut trained.model else { unreachable!("the usual precision") };
    let last = model.network.layers.len() - 1;
    let layer = &mut model.network.layers[last];
    (0..2).for_each(|j| (0..100).for_each(|k| layer.w.set(j, k, 0.0)));
    layer.b.fill(0.0);
    let pool = ThreadPool::single();
    assert_eq!(outputs(&trained, &xor).row(0), [0.5, 0.5]);
    let report = trained.evaluate(&pool, &xor).expect("rows").report;
    let confusion = report.confusion.expect("classes");
    assert_eq!((confusion.count(0, 1), confusion.count(1, 1)), (0.0, 0.0));

    let opened = trained.open(&xor, false).expect("the same columns");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("predicted.csv");
    let options = deltarule_tables::write::OutputOptions::default();
    let inputs: [&Path; 0] = [];
    let mut writer = deltarule_tables::write::PredictionWriter::create::<f32>(
        &path,
        &inputs,
        opened.target(),
        &opened.schema(),
        &options,
    )
    .expect("a new file");
    for batch in opened.predict(&pool).expect("the columns") {
        let batch = batch.expect("numbers");
        writer.write(&batch.inputs, &batch.outputs).expect("room");
    }
    writer.finish().expect("room");
    let text = std::fs::read_to_string(&path).expect("what was written");
    assert!(text.lines().skip(1).all(|line| line == "0"), "{text}");
}

/// What a fold leaves out its own rows decide: a column that says something in a single row only is not known to the folds
/// that hold this row out, and a column that numbers the rows is left out of all.
#[test]
fn folds_learn_nothing_from_the_rows_held_out() {
    let column =
        |of: &dyn Fn(usize) -> f64| -> ArrayRef { Arc::new(Float64Array::from_iter_values((0..60).map(of))) };
    let with = |odd: f64| {
        let columns = [
            ("x", column(&|i| (i * 37 % 41) as f64)),
            ("odd", column(&|i| if i == 7 { odd } else { 1.0 })),
            ("y", column(&|i| (i * 37 % 41) as f64 * 2.0 + (i % 3) as f64)),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
        DataSource::frame("odd", vec![batch]).expect("a batch")
    };
    let mut settings = houses();
    settings.data.target = Some(vec!["y".to_owned()]);
    settings.data.test = None;
    settings.cv.folds = Some(4);
    let run = |odd| {
        let validation = CrossValidation::new(&with(odd), settings.clone()).expect("settings that fit");
        validation.run(&ThreadPool::single(), &mut ()).expect("four folds")
    };
    let (constant, odd) = (run(1.0), run(2.0));
    for (one, other) in constant.folds.iter().zip(&odd.folds) {
        let holds_it_out = one.held_out.contains(&7);
        let same = (0..one.held_out.len())
            .filter(|&i| one.held_out[i] != 7)
            .all(|i| one.predictions.row(i) == other.predictions.row(i));
        assert!(same || !holds_it_out, "fold {} knows what it has not seen", one.fold);
    }
}

/// Of the four rows of XOR none can be spared: nothing is held out unless it is asked for, and that is said.
#[test]
fn four_rows_all_train() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("xor.csv");
    std::fs::write(&path, "a,b,y\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n").expect("a file");
    let source = DataSource::parse(&[path.to_string_lossy()]).expect("a file");
    let mut settings = Config::default();
    settings.data.target = Some(vec!["y".to_owned()]);
    let (fit, fitted) = fitted(&source, settings.clone());
    assert_eq!((fit.samples(Portion::Training), fit.samples(Portion::Validation)), (4, 0));
    assert!(fit.notices().iter().any(|notice| notice.message().starts_with("4 rows are too few")));
    let (portion, report) = fit.report(&ThreadPool::single(), &fitted.trained).expect("rows").expect("rows");
    assert_eq!((portion, report.value(Metric::Accuracy)), (Portion::Training, Some(1.0)));
    settings.data.validation = Some(Held::Fraction(0.25));
    let asked = Fit::new(&source, settings).expect("what was asked for");
    assert_eq!(asked.samples(Portion::Validation), 1);
}
