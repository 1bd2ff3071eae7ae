//! A trained network reads every later file as what its training rows were, whatever that file looks like by itself.

use deltarule::random::{Purpose, Random};
use deltarule::{Rows, ThreadPool};
use deltarule_pipeline::settings::{Config, Held};
use deltarule_pipeline::{DataSource, Fit, Prepared, Question, Trained};
use std::path::PathBuf;

/// Codes, of which most are numerals that a reader who knows nothing else takes for numbers.
const CODES: [&str; 8] = ["007", "042", "1.50", "2e3", "-0", "+5", "A13", "B20"];

/// Two files: all rows, and those of them whose codes are numerals. With the numbers of the latter in the former.
struct Files {
    _folder: tempfile::TempDir,
    all: PathBuf,
    numerals: PathBuf,
    places: Vec<usize>,
}

/// Rows of a code, a number, and a target made of them.
fn files(seed: u64, rows: u64, target: impl Fn(usize, f64) -> String) -> Files {
    let random = Random::new(seed, Purpose::Choice, 0);
    let (mut all, mut numerals, mut places) =
        (String::from("code,x,y\n"), String::from("code,x,y\n"), Vec::new());
    for i in 0..rows {
        let (which, x) = ((random.uniform(2 * i) * 8.0) as usize, random.uniform(2 * i + 1));
        let line = format!("{},{x:.3},{}\n", CODES[which], target(which, x));
        all += &line;
        if CODES[which].parse::<f64>().is_ok() {
            numerals += &line;
            places.push(i as usize);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    Files { all: put("all.csv", &all), numerals: put("numerals.csv", &numerals), places, _folder: folder }
}

fn source(path: &std::path::Path) -> DataSource {
    DataSource::parse(&[path.to_string_lossy()]).expect("a file")
}

fn settings() -> Config {
    let mut settings = Config::default();
    settings.data.target = Some(vec!["y".to_owned()]);
    settings.data.validation = Some(Held::Fraction(0.0));
    settings.training.epochs = Some(15);
    settings.training.hidden = Some(vec![12]);
    settings
}

fn trained(files: &Files) -> Trained {
    let mut fit = Fit::new(&source(&files.all), settings()).expect("settings that fit");
    fit.run(&ThreadPool::single(), &mut ()).expect("a training").trained
}

#[test]
fn codes_that_happen_to_be_numerals_are_the_same_codes_everywhere() {
    for seed in 0..8 {
        let files = files(seed, 300, |which, x| format!("{:.3}", 10.0 * which as f64 + x));
        let trained = trained(&files);
        let pool = ThreadPool::single();
        let all = trained.samples_to_explain(None).expect("what it was trained on");
        let few = trained.samples_to_explain(Some(&source(&files.numerals))).expect("the same columns");
        assert!(few.notices.is_empty(), "{:?}", few.notices);
        let expected = all.samples.pick(files.places.iter().copied());
        assert_eq!(rows(expected.samples().x()), rows(few.samples.samples().x()), "seed {seed}");
        assert_eq!(rows(expected.samples().y()), rows(few.samples.samples().y()));

        // What predict writes is what eval measures, with the columns kept or not.
        let evaluated = trained.evaluate(&pool, &source(&files.numerals)).expect("targets").report;
        for keep in [false, true] {
            let opened = trained.open(&source(&files.numerals), keep).expect("the same columns");
            let outputs =
                opened.predict(&pool).expect("the columns").next().expect("rows").expect("numbers").outputs;
            let restore = |value: f64| trained.preprocessor.restore(0, value);
            let y = few.samples.samples().y();
            let squares =
                (0..outputs.rows()).map(|i| (restore(outputs.at(i, 0)) - restore(y.row(i)[0])).powi(2));
            let rmse = (squares.sum::<f64>() / outputs.rows() as f64).sqrt();
            let said = evaluated.value(deltarule::metrics::Metric::Rmse).expect("rows");
            assert!((rmse - said).abs() < 1e-5 * said, "keep {keep}: {rmse} and {said}");
        }
        let explained = trained.explain(&pool, &few, &Question::sample(0)).expect("a row");
        assert_eq!(explained.x.row(0), expected.samples().x().row(0));

        // So are files for validation and for the test.
        let mut settings = settings();
        settings.data.validation = Some(Held::File(files.numerals.clone()));
        settings.data.test = Some(Held::File(files.numerals.clone()));
        let prepared = Prepared::<f64>::new(&source(&files.all), &mut settings).expect("settings that fit");
        for part in [prepared.validation, prepared.test] {
            let part = part.expect("a file");
            assert_eq!(rows(part.samples().x()), rows(expected.samples().x()));
        }
        settings.data.stream = Some(true);
        let streamed = Prepared::<f64>::new(&source(&files.all), &mut settings).expect("settings that fit");
        let part = streamed.validation.expect("a file");
        assert_eq!(rows(part.samples().x()), rows(expected.samples().x()));
    }
}

#[test]
fn labels_that_happen_to_be_numerals_are_the_same_labels() {
    let files = files(1, 300, |which, _| format!("0{}{}", which % 2, if which > 5 { "x" } else { "" }));
    let trained = trained(&files);
    assert_eq!(trained.preprocessor.labels(), ["00", "00x", "01", "01x"]);
    let all = trained.samples_to_explain(None).expect("what it was trained on");
    let few = trained.samples_to_explain(Some(&source(&files.numerals))).expect("known labels");
    let expected: Vec<u32> = files.places.iter().map(|&i| all.samples.samples().classes()[i]).collect();
    assert_eq!(few.samples.samples().classes().to_vec(), expected);
    assert!(trained.evaluate(&ThreadPool::single(), &source(&files.numerals)).is_ok());
}

/// Classes that were numbers are the same numbers in a file that writes them otherwise.
#[test]
fn classes_that_were_numbers_may_be_written_as_other_numerals() {
    let files = files(2, 200, |which, _| (which % 2).to_string());
    let trained = trained(&files);
    let text = std::fs::read_to_string(&files.all).expect("a file");
    let decimals: String =
        text.lines().map(|line| format!("{line}{}\n", if line.ends_with('y') { "" } else { ".0" })).collect();
    std::fs::write(&files.numerals, decimals).expect("a file");
    let pool = ThreadPool::single();
    let (one, other) = (source(&files.all), source(&files.numerals));
    let reports = [one, other].map(|source| trained.evaluate(&pool, &source).expect("known labels").report);
    assert_eq!(reports[0].cost, reports[1].cost);
}

fn rows(rows: Rows<'_, f64>) -> Vec<Vec<f64>> {
    rows.iter().map(<[f64]>::to_vec).collect()
}
