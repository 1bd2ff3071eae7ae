//! The metrics against scikit-learn's values, made by `reference/metrics.py`; and by hand.

use deltarule::Variants;
use deltarule::metrics::*;
use deltarule::{Matrix, Rows};
use serde::Deserialize;
use std::collections::BTreeMap;

type Table = Vec<Vec<f64>>;
type Values = BTreeMap<String, Option<f64>>;

#[derive(Deserialize)]
struct Reference {
    classes: Vec<Classes>,
    values: Vec<Numbers>,
    thresholds: Vec<Thresholds>,
    temperatures: Vec<Temperatures>,
}

#[derive(Deserialize)]
struct Classes {
    name: String,
    labels: Vec<u32>,
    probabilities: Table,
    weights: Option<Vec<f64>>,
    metrics: Values,
    confusion: Table,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
}

#[derive(Deserialize)]
struct Numbers {
    name: String,
    targets: Table,
    predictions: Table,
    weights: Option<Vec<f64>>,
    metrics: Values,
}

#[derive(Deserialize)]
struct Thresholds {
    name: String,
    labels: Vec<u32>,
    probabilities: Vec<f64>,
    weights: Option<Vec<f64>>,
    best: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Temperatures {
    name: String,
    labels: Vec<u32>,
    logits: Table,
    weights: Option<Vec<f64>>,
    temperature: f64,
    before: f64,
    after: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/metrics.json")).unwrap()
}

/// Equal to 1e-12, relative to the value where it is above 1.
fn assert_close(found: f64, expected: f64, what: &str) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    assert!(error <= 1e-12, "{what}: {found} instead of {expected}, off by {error:e}");
}

fn assert_same(found: Result<f64, Undefined>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (Ok(found), Some(expected)) => assert_close(found, expected, what),
        (Err(_), None) => {}
        (found, expected) => panic!("{what}: {found:?} instead of {expected:?}"),
    }
}

#[test]
fn metrics_of_classes_are_those_of_scikit_learn() {
    for case in reference().classes {
        let (p, weights) = (Matrix::from_rows(&case.probabilities), case.weights.as_deref());
        for (name, expected) in case.metrics {
            let metric: Metric = name.parse().unwrap();
            let what = format!("{}: {name}", case.name);
            assert_same(metric.of_classes(&case.labels, Rows::all(&p), weights), expected, &what);
            if p.cols() == 2 {
                let one = Matrix::from_fn(p.rows(), 1, |i, _| p.at(i, 1));
                // A column that is rounded to 1 − p can part ties; where sums are exact, nothing may differ.
                if (0..p.rows()).all(|i| 1.0 - p.at(i, 1) == p.at(i, 0)) {
                    assert_same(metric.of_classes(&case.labels, Rows::all(&one), weights), expected, &what);
                }
            }
        }
        let predicted = predicted_classes(Rows::all(&p), None);
        let confusion = Confusion::new(&case.labels, &predicted, p.cols(), weights);
        for k in 0..p.cols() {
            for j in 0..p.cols() {
                assert_close(confusion.count(k, j), case.confusion[k][j], &case.name);
            }
            assert_close(confusion.precision(k), case.precision[k], &case.name);
            assert_close(confusion.recall(k), case.recall[k], &case.name);
            assert_close(confusion.f1(k), case.f1[k], &case.name);
        }
    }
}

#[test]
fn metrics_of_numbers_are_those_of_scikit_learn() {
    for case in reference().values {
        let (y, p) = (Matrix::from_rows(&case.targets), Matrix::from_rows(&case.predictions));
        for (name, expected) in case.metrics {
            let metric: Metric = name.parse().unwrap();
            let found = metric.of_numbers(Rows::all(&y), Rows::all(&p), case.weights.as_deref());
            assert_same(found, expected, &format!("{}: {name}", case.name));
        }
    }
}

#[test]
fn no_threshold_is_better_than_the_one_chosen() {
    for case in reference().thresholds {
        let weights = case.weights.as_deref();
        for (name, expected) in case.best {
            let metric: Metric = name.parse().unwrap();
            let best = threshold(metric, &case.labels, &case.probabilities, weights).unwrap();
            let what = format!("{}: {name}", case.name);
            assert_close(best.value, expected, &what);
            let taken: Vec<u32> =
                case.probabilities.iter().map(|&p| u32::from(p >= best.threshold)).collect();
            let value = metric.of_confusion(&Confusion::new(&case.labels, &taken, 2, weights)).unwrap();
            assert_close(value, best.value, &what);
        }
    }
}

#[test]
fn temperatures_are_those_of_an_independent_minimisation() {
    for case in reference().temperatures {
        let z = Matrix::from_rows(&case.logits);
        let link = if z.cols() == 1 { Link::Sigmoid } else { Link::Softmax };
        let found = temperature(&case.labels, Rows::all(&z), link, case.weights.as_deref()).unwrap();
        assert_close(found.temperature, case.temperature, &case.name);
        assert_close(found.before, case.before, &case.name);
        assert_close(found.after, case.after, &case.name);
    }
}

/// Scores 0.9 (+), 0.8 (−), 0.7 (+), 0.6 (+), 0.5 (−): of the 3·2 pairs 4 stand in the right order.
/// Precision at each positive: 1/1, 2/3, 3/4, so that AP = (1 + 2/3 + 3/4)/3.
#[test]
fn ranking_by_hand() {
    let (positive, scores) = ([true, false, true, true, false], [0.9, 0.8, 0.7, 0.6, 0.5]);
    assert_close(roc_auc(&positive, &scores, None).unwrap(), 4.0 / 6.0, "area");
    assert_close(average_precision(&positive, &scores, None).unwrap(), (1.0 + 2.0 / 3.0 + 0.75) / 3.0, "AP");
    // A tie of the second and the third counts half: 4½ pairs; there recall goes from 1/3 to 2/3 at precision 2/3.
    let tied = [0.9, 0.7, 0.7, 0.6, 0.5];
    assert_close(roc_auc(&positive, &tied, None).unwrap(), 4.5 / 6.0, "area with a tie");
    // A sample of weight 2 is two samples.
    let twice = [0.9, 0.8, 0.7, 0.7, 0.6, 0.5];
    let weighted = roc_auc(&positive, &scores, Some(&[1.0, 1.0, 2.0, 1.0, 1.0])).unwrap();
    assert_close(weighted, roc_auc(&[true, false, true, true, true, false], &twice, None).unwrap(), "weight");
}

/// Confidences 0.6 (right), 0.6 (wrong), 0.9 (right): bins 9 and 14 of 15, gaps |1/2 − 0.6| and |1 − 0.9|, so that the
/// error is 2/3·0.1 + 1/3·0.1 = 0.1.
#[test]
fn calibration_by_hand() {
    let p = Matrix::from_rows(&[[0.6, 0.4], [0.4, 0.6], [0.1, 0.9]]);
    assert_close(calibration_error(&[0, 0, 1], Rows::all(&p), None, 15).unwrap(), 0.1, "calibration");
    // A confidence of 9/15 ends bin 9, and 0.62 lies in bin 10: (|1 − 0.6| + |0 − 0.62|)/2; in one bin they would
    // cancel to 0.11.
    let edge = Matrix::from_rows(&[[0.6, 0.4], [0.62, 0.38]]);
    assert_close(calibration_error(&[0, 1], Rows::all(&edge), None, 15).unwrap(), 0.51, "edge");
    // In one bin the mean confidence is 0.7 and the accuracy 2/3.
    assert_close(calibration_error(&[0, 0, 1], Rows::all(&p), None, 1).unwrap(), 0.7 - 2.0 / 3.0, "one bin");
}

#[test]
fn what_is_undefined_says_why() {
    let none = Matrix::<f32>::zeros(0, 2);
    for metric in Metric::all() {
        let of_none = metric.of_classes(&[], Rows::all(&none), None);
        assert!(of_none.is_err(), "{metric}");
        assert!(metric.of_numbers(Rows::all(&none), Rows::all(&none), None).is_err(), "{metric}");
    }
    let p = Matrix::from_rows(&[[0.5_f32, 0.5], [0.2, 0.8]]);
    let message = |metric: Metric, weights: Option<&[f64]>| {
        metric.of_classes(&[1, 1], Rows::all(&p), weights).unwrap_err().to_string()
    };
    assert_eq!(message(Metric::RocAuc, None), "roc-auc is undefined: there are no negative samples");
    assert_eq!(message(Metric::RocAucOvo, None), "roc-auc-ovo is undefined: fewer than two classes occur");
    assert_eq!(message(Metric::LogLoss, Some(&[0.0, 0.0])), "log-loss is undefined: all weights are zero");
    assert_eq!(message(Metric::Mae, None), "mae is undefined: the target is a class, not a number");
    let three = Confusion::new(&[0, 1, 2], &[0, 1, 2], 3, None);
    assert_eq!(
        three.f1_binary().unwrap_err().to_string(),
        "f1 is undefined: there are 3 classes, not two; f1-macro and f1-weighted take them"
    );
}
