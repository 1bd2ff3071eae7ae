//! What is written and shown of a network is what it does.

use crate::sandbox::Sandbox;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("one JSON value")
}

/// A number that follows from two others, far from zero: seconds of a year, days of Julius.
fn offset(by: f64, spread: f64) -> String {
    let mut text = String::from("a,b,y\n");
    for i in 0..240_u32 {
        let (a, b) = (f64::from(i * 37 % 101) / 50.0 - 1.0, f64::from(i * 53 % 97) / 48.0 - 1.0);
        text += &format!("{a},{b},{}\n", by + spread * (2.0 * a - b));
    }
    text
}

fn column(text: &str, name: &str) -> Vec<f64> {
    let mut lines = text.lines();
    let at = lines.next().expect("a header").split(',').position(|found| found == name).expect("the column");
    lines.map(|line| line.split(',').nth(at).expect("a cell").parse().expect("a number")).collect()
}

/// Whatever the target's offset, and whatever the precision, what `predict` writes is as good as `eval` says.
#[test]
fn predictions_are_scaled_back_in_f64() {
    let sandbox = Sandbox::new();
    for (name, by, spread) in [("seconds", 1.7e9, 60.0), ("days", 2_460_000.5, 1e-3), ("far", 1e40, 1e39)] {
        sandbox.write(&format!("{name}.csv"), offset(by, spread));
        for precision in ["f32", "f64"] {
            sandbox.done(&format!(
                "train {name}.csv --target y --precision {precision} --epochs 40 --hidden 16 --out run --force -q"
            ));
            let evaluated = json(&sandbox.done(&format!("eval run {name}.csv --json")).stdout);
            let said = evaluated["evaluation"]["metrics"]["rmse"].as_f64().expect("an rmse");
            let truth = column(&sandbox.text(&format!("{name}.csv")), "y");
            sandbox.done(&format!("predict run {name}.csv -o p.csv --force -q"));
            let predicted = column(&sandbox.text("p.csv"), "prediction");
            let squares = truth.iter().zip(&predicted).map(|(y, p)| (y - p) * (y - p)).sum::<f64>();
            let rmse = (squares / truth.len() as f64).sqrt();
            assert!((rmse - said).abs() < 1e-3 * said, "{name} {precision}: {rmse} written, {said} said");
            assert!(said < spread, "{name} {precision}: {said}");
        }
    }
}

/// The best epoch's value is the one that `eval` finds on the same rows, in the units of the target.
#[test]
fn the_kept_epoch_has_the_value_that_eval_finds() {
    let sandbox = Sandbox::new();
    sandbox.write("all.csv", offset(5000.0, 300.0));
    for metric in ["rmse", "mae", "mse", "r2"] {
        let trained = json(
            &sandbox
                .done(&format!(
                    "train all.csv --target y --validation all.csv --metric {metric} --epochs 12 --hidden 8 --out run \
                     --force -q --json"
                ))
                .stdout,
        );
        let evaluated = json(&sandbox.done("eval run all.csv --json").stdout);
        assert_eq!(trained["evaluated_on"], "validation");
        assert_eq!(trained["evaluation"], evaluated["evaluation"]);
        let best = trained["best_value"].as_f64().expect("a value");
        let found = evaluated["evaluation"]["metrics"][metric].as_f64();
        if let Some(found) = found {
            assert!((best - found).abs() < 1e-5 * found.abs(), "{metric}: {best} kept, {found} evaluated");
        }
        let epoch = trained["best_epoch"].as_u64().expect("an epoch") as usize;
        let line = json(sandbox.text("run/metrics.jsonl").lines().nth(epoch - 1).expect("its line"));
        assert_eq!(line["validation"][metric].as_f64(), Some(best));
    }
}

/// Without rows held out the figures are those of the rows that train, and of no other weights than `eval` gives them.
#[test]
fn class_weights_weigh_the_cost_and_no_figure() {
    let sandbox = Sandbox::new();
    let mut text = String::from("a,b,kind\n");
    for i in 0..120_u32 {
        let (a, b) = (i * 37 % 41, i * 29 % 43);
        text += &format!("{a},{b},{}\n", if a + b / 2 > 45 { "rare" } else { "common" });
    }
    sandbox.write("kinds.csv", text);
    for weights in ["balanced", "rare=7"] {
        let line = format!(
            "train kinds.csv --target kind --class-weights {weights} --validation 0 --epochs 6 --hidden 8"
        );
        let trained = json(&sandbox.done(&format!("{line} --out run --force -q --json")).stdout);
        assert_eq!(trained["evaluated_on"], "training");
        let evaluated = json(&sandbox.done("eval run kinds.csv --json").stdout);
        assert_eq!(trained["evaluation"], evaluated["evaluation"], "{weights}");
    }
}

/// A temperature is that of the outputs that the network has: it never makes the cost of the validation rows larger.
#[test]
fn a_temperature_fits_sigmoid_outputs_too() {
    let sandbox = Sandbox::new();
    let train = "train moons:n=400,noise=0.4 --epochs 40 --hidden 32 --eta 0.03 --output-activation";
    for (output, cost) in [("sigmoid", "binary-cross-entropy"), ("softmax", "softmax-cross-entropy")] {
        sandbox.done(&format!("{train} {output} --cost {cost} --out plain --force -q"));
        sandbox.done(&format!("{train} {output} --cost {cost} --temperature --out cooled --force -q"));
        let cooled = json(&sandbox.done("inspect cooled --json").stdout);
        let temperature = cooled["preprocessing"]["temperature"].as_f64().expect("a temperature");
        let log = sandbox.text("cooled/log.txt");
        let said = log.lines().find(|line| line.starts_with("temperature")).expect("what was chosen");
        let numbers: Vec<f64> =
            said.split([' ', ':']).filter_map(|word| word.replace('−', "-").parse().ok()).collect();
        assert!((numbers[0] - temperature).abs() < 1e-4 * temperature, "{said}");
        assert!(numbers[2] <= numbers[1], "{said}");
        let probabilities = |run: &str| {
            sandbox.done(&format!("predict {run} moons:n=400,noise=0.4 --probabilities -o p.csv --force -q"));
            column(&sandbox.text("p.csv"), "probability_1")
        };
        // Sigmoids are divided each by itself; of two softmax columns the difference is.
        let logit = |p: f64| (p / (1.0 - p)).ln();
        for (plain, cooled) in probabilities("plain").into_iter().zip(probabilities("cooled")) {
            let (expected, found) = (logit(plain) / temperature, logit(cooled));
            assert!(
                (expected - found).abs() < 1e-2 * expected.abs().max(1.0),
                "{output}: {expected}, {found}"
            );
        }
    }
    let refused = sandbox
        .run("train moons --output-activation identity --cost quadratic --temperature --epochs 1 --out none");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(
        refused.stderr.contains("--temperature is for softmax and sigmoid outputs, and these are identity"),
        "{refused}"
    );
}
