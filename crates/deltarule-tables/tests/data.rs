//! Real tables: what their columns are taken for, and the shapes that come out.

mod common;

use deltarule::batches::{Batches, Shuffled};
use deltarule::dataset::Dataset;
use deltarule_tables::kinds::ColumnKind;
use deltarule_tables::prepare::TransformReport;
use deltarule_tables::read::{ReadOptions, Source};
use deltarule_tables::stream::Streamed;
use deltarule_tables::{Loaded, Style, TableOptions, TablePlan, Target, Validation, load};

fn options(target: &str) -> TableOptions {
    TableOptions { target: vec![target.to_owned()], ..TableOptions::default() }
}

#[test]
fn adult() {
    let (Some(train), Some(test)) = (common::data("adult-train.csv"), common::data("adult-test.csv")) else {
        return;
    };
    let train = common::csv(&train);
    let options = TableOptions { validation: Validation::Fraction(0.2), ..options("income") };
    let loaded: Loaded<f32> = load(&train, None, &options).unwrap();
    println!("{}{}", loaded.overview, common::lines(&loaded.notices));
    let kind = |name: &str| loaded.overview.columns.iter().find(|c| c.name == name).unwrap().kind;
    for name in ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"] {
        assert_eq!(kind(name), ColumnKind::Numeric, "{name}");
    }
    for name in
        ["workclass", "education", "marital-status", "occupation", "relationship", "race", "native-country"]
    {
        assert_eq!(kind(name), ColumnKind::Categorical, "{name}");
    }
    assert_eq!(kind("sex"), ColumnKind::Binary);
    // Missing: 1836 of workclass, 1843 of occupation, 583 of native-country, as the set's description says.
    let missing = |name: &str| {
        let column = loaded.overview.columns.iter().find(|c| c.name == name).unwrap();
        (column.missing * 32_561.0).round()
    };
    assert_eq!(
        (missing("workclass"), missing("occupation"), missing("native-country")),
        (1836.0, 1843.0, 583.0)
    );
    assert_eq!(
        loaded.preprocessor.target,
        Target::Classification { column: "income".into(), labels: vec!["<=50K".into(), ">50K".into()] }
    );
    let validation = loaded.validation.unwrap();
    assert_eq!((loaded.train.len(), validation.len()), (26_049, 6_512));
    // Of every class the same share, to within one row: 24720 · 0.2 and 7841 · 0.2.
    let ones = validation.classes().iter().filter(|&&class| class == 1).count();
    assert!((ones as f64 - 1568.2).abs() <= 1.0, "{ones}");
    // 6 numbers, sex, and 8 + 16 + 7 + 14 + 6 + 5 + 41 categories, rare ones perhaps only in the validation rows.
    let width = loaded.preprocessor.width();
    assert!((102..=104).contains(&width), "{width}");
    assert_eq!(loaded.preprocessor.feature_names().len(), width);

    let test = common::csv(&test);
    let mut report = TransformReport::default();
    let (data, left_out): (Dataset<f32>, u64) = loaded.preprocessor.dataset(&test, &mut report).unwrap();
    assert_eq!((data.len(), left_out), (16_281, 0));
    assert!(data.x().row(0).iter().all(|x| x.abs() <= 3.0));
}

#[test]
fn abalone() {
    let Some(path) = common::data("abalone.csv") else { return };
    let source = common::csv(&path);
    let loaded: Loaded<f32> = load(&source, None, &options("rings")).unwrap();
    println!("{}", loaded.overview);
    // F, I, M one-hot and seven numbers; 28 different numbers of rings are amounts.
    assert_eq!((loaded.train.len(), loaded.preprocessor.width()), (4177, 10));
    let Target::Regression { columns } = &loaded.preprocessor.target else { panic!("a regression") };
    // The set's description gives mean 9.934 and deviation 3.224 for the rings.
    assert!(
        (columns[0].mean - 9.934).abs() < 5e-4 && (columns[0].deviation - 3.224).abs() < 5e-4,
        "{columns:?}"
    );
    let mean: f64 = (0..4177).map(|i| f64::from(loaded.train.y().at(i, 0))).sum::<f64>() / 4177.0;
    assert!(mean.abs() < 1e-6, "{mean}");
}

#[test]
fn beijing() {
    let Some(path) = common::data("beijing-pm25.csv") else { return };
    let source = common::csv(&path);
    let options = TableOptions { style: Style::Plain, ..options("pm2.5") };
    let loaded: Loaded<f32> = load(&source, None, &options).unwrap();
    println!("{}{}", loaded.overview, common::lines(&loaded.notices));
    let kind = |name: &str| loaded.overview.columns.iter().find(|c| c.name == name).unwrap().kind;
    assert_eq!(kind("No"), ColumnKind::Identifier);
    assert_eq!(kind("cbwd"), ColumnKind::Categorical);
    // 43824 rows, of which the description says that 2067 have no measurement.
    assert_eq!(loaded.train.len(), 43_824 - 2067);
    assert!(
        loaded.notices.iter().any(|line| line.message().starts_with("2067 of 43824 rows")),
        "{:?}",
        loaded.notices
    );
    // year, month, day, hour, DEWP, TEMP, PRES, Iws, Is, Ir and four winds.
    assert_eq!(loaded.preprocessor.width(), 14);
}

#[test]
fn adult_streamed_is_adult_in_memory() {
    let Some(path) = common::data("adult-train.csv") else { return };
    let memory = common::csv(&path);
    let small = ReadOptions { block_bytes: 64 << 10, batch_rows: 500, ..ReadOptions::default() };
    let chunked = Source::open(&[&path], &small).unwrap();
    assert!(chunked.chunks().len() > 50, "{} chunks", chunked.chunks().len());
    let options = TableOptions { validation: Validation::Fraction(0.2), ..options("income") };
    let plan = TablePlan::new(&chunked, &options).unwrap();
    let loaded: Loaded<f32> = load(&memory, None, &options).unwrap();
    assert_eq!(plan.preprocessor, loaded.preprocessor);
    assert_eq!(plan.validation::<f32>(&chunked).unwrap(), loaded.validation);
    let mut whole = Streamed::<f32>::new(&chunked, &plan, 256, true, 3, usize::MAX).unwrap();
    let mut shuffled = Shuffled::new(&loaded.train, 256, true, 3);
    // Through a buffer of 1000 rows the samples are the same, in another order.
    let mut small = Streamed::<f32>::new(&chunked, &plan, 256, false, 3, 1000).unwrap();
    for epoch in 0..2 {
        whole.start(epoch).unwrap();
        shuffled.start(epoch).unwrap();
        let mut steps = 0;
        while let Some(expected) = shuffled.next().unwrap() {
            let batch = whole.next().unwrap().unwrap();
            assert!(batch.x.iter().eq(expected.x.iter()) && batch.y.iter().eq(expected.y.iter()));
            steps += 1;
        }
        assert_eq!(steps, 26_049 / 256);
        assert!(whole.next().unwrap().is_none());
        small.start(epoch).unwrap();
        let (mut rows, mut sum) = (0, 0.0);
        while let Some(batch) = small.next().unwrap() {
            rows += batch.x.len();
            sum += batch.x.iter().flatten().map(|&x| f64::from(x)).sum::<f64>();
        }
        let all = loaded.train.x();
        let expected: f64 = (0..all.rows()).flat_map(|i| all.row(i)).map(|&x| f64::from(x)).sum();
        assert_eq!(rows, all.rows());
        assert!((sum - expected).abs() < 1e-6 * expected.abs().max(1.0), "{sum} and {expected}");
    }
}
