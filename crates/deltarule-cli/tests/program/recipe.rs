//! The recipe for tables with what a user may add to it, and figures worked out again from the files it writes.

use crate::sandbox::{Sandbox, houses};
use serde_json::Value;

/// The cells of a CSV file below its header, as numbers.
fn numbers(text: &str) -> Vec<Vec<f64>> {
    let cell = |cell: &str| cell.parse().unwrap_or(f64::NAN);
    text.lines().skip(1).map(|line| line.split(',').map(cell).collect()).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("one JSON value")
}

fn close(found: &Value, expected: f64, what: &str) {
    let found = found.as_f64().expect(what);
    assert!((found - expected).abs() <= 2e-6 * expected.abs().max(1.0), "{what}: {found} and {expected}");
}

/// 80 rows of two inputs, two labels and a weight.
fn labelled() -> String {
    let mut text = String::from("a,b,warm,large,weight\n");
    for i in 0..80_u32 {
        let (a, b) = (f64::from(i * 37 % 80) / 10.0, f64::from(i * 53 % 79) / 8.0);
        let warm = u32::from(a + 0.3 * b > 5.0) ^ u32::from(i % 11 == 0);
        let large = u32::from(b > a) ^ u32::from(i % 13 == 0);
        text += &format!("{a},{b},{warm},{large},{}\n", 0.5 + f64::from(i % 4));
    }
    text
}

#[test]
fn every_choice_of_the_recipe_can_be_made_otherwise() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    for optimizer in ["sgd", "momentum", "nesterov", "adamw"] {
        let line = format!(
            "train houses.csv --target garden --optimizer {optimizer} --epochs 2 --out {optimizer} -q"
        );
        sandbox.done(&line);
    }
    assert!(sandbox.text("sgd/config.toml").contains("\neta = 0.1\n"));
    let cost = |flags: &str| {
        sandbox.done(&format!("train houses.csv --target garden --epochs 1 --out run --force -q {flags}"));
        let config = sandbox.text("run/config.toml");
        config.lines().find(|line| line.starts_with("cost")).expect("a cost").to_owned()
    };
    assert_eq!(cost(""), "cost = \"softmax-cross-entropy:0.1\"");
    // For probabilities the authors leave the smoothing out.
    assert_eq!(cost("--metric log-loss"), "cost = \"softmax-cross-entropy\"");
    assert_eq!(cost("--metric log-loss --smoothing 0.2"), "cost = \"softmax-cross-entropy:0.2\"");
}

#[test]
fn figures_of_weighted_labels_follow_from_the_predictions() {
    let sandbox = Sandbox::new();
    sandbox.write("labelled.csv", labelled());
    sandbox.done("train labelled.csv --target warm,large --weights weight --epochs 12 --out run -q");
    let evaluated = json(&sandbox.done("eval run labelled.csv --json").stdout);
    let metrics = &evaluated["evaluation"]["metrics"];
    sandbox.done("predict run labelled.csv --probabilities -o predicted.csv -q");
    let (data, predicted) = (numbers(&sandbox.text("labelled.csv")), numbers(&sandbox.text("predicted.csv")));
    let total: f64 = data.iter().map(|row| row[4]).sum();
    let right = data.iter().zip(&predicted).filter(|(row, p)| row[2] == p[0] && row[3] == p[1]);
    let accuracy = right.map(|(row, _)| row[4]).sum::<f64>() / total;
    close(&metrics["accuracy"], accuracy, "accuracy");
    assert!(accuracy > 0.5 && accuracy < 1.0, "{accuracy}");
    let loss = |j: usize| {
        let of_row = |(row, p): (&Vec<f64>, &Vec<f64>)| {
            let p = p[2 + j];
            -row[4] * if row[2 + j] == 1.0 { p.ln() } else { (1.0 - p).ln() }
        };
        data.iter().zip(&predicted).map(of_row).sum::<f64>() / total
    };
    close(&metrics["log-loss"], (loss(0) + loss(1)) / 2.0, "log loss");
    let f1 = |j: usize| {
        let sum = |truth: f64, said: f64| {
            let of = data.iter().zip(&predicted).filter(|(row, p)| row[2 + j] == truth && p[j] == said);
            of.map(|(row, _)| row[4]).sum::<f64>()
        };
        2.0 * sum(1.0, 1.0) / (2.0 * sum(1.0, 1.0) + sum(0.0, 1.0) + sum(1.0, 0.0))
    };
    close(&metrics["f1"], (f1(0) + f1(1)) / 2.0, "F1");
}

#[test]
fn the_loss_of_a_quantile_is_told_in_the_units_of_the_target() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    sandbox.done("train houses.csv --target price --cost quantile:0.9 --epochs 10 --out run -q");
    let metrics = json(&sandbox.done("eval run houses.csv --json").stdout)["evaluation"]["metrics"].clone();
    let predicted = numbers(&sandbox.done("predict run houses.csv").stdout);
    let off = numbers(&houses()).into_iter().zip(predicted).map(|(row, p)| row[3] - p[0]);
    let loss = off.map(|off| (0.9 * off).max(-0.1 * off)).sum::<f64>() / 60.0;
    close(&metrics["quantile-loss:0.9"], loss, "quantile loss");
}

/// The threshold and the temperature are chosen on the validation rows, lie in the model, and rule what it says.
#[test]
fn threshold_and_temperature_go_with_the_model() {
    let sandbox = Sandbox::new();
    sandbox.write("labelled.csv", labelled());
    let train = "train labelled.csv --target warm --drop large,weight --epochs 12 --validation 0.3 -q --out";
    sandbox.done(&format!("{train} plain"));
    sandbox.done(&format!("{train} cut --tune-threshold f1"));
    sandbox.done(&format!("{train} cooled --temperature"));
    let kept = |run: &str, name: &str| {
        json(&sandbox.done(&format!("inspect {run} --json")).stdout)["preprocessing"][name].as_f64()
    };
    let predicted = |run: &str| {
        sandbox.done(&format!("predict {run} labelled.csv --probabilities -o {run}.csv -q"));
        numbers(&sandbox.text(&format!("{run}.csv")))
    };
    assert_eq!((kept("plain", "threshold"), kept("plain", "temperature")), (None, None));
    let threshold = kept("cut", "threshold").expect("a threshold");
    let (plain, cut) = (predicted("plain"), predicted("cut"));
    let mut moved = 0;
    for (plain, cut) in plain.iter().zip(&cut) {
        assert_eq!(plain[2], cut[2], "the probabilities are the same");
        assert_eq!(cut[0], f64::from(u8::from(cut[2] >= threshold)));
        moved += u32::from(plain[0] != cut[0]);
    }
    assert!(moved > 0, "a threshold of {threshold} changes nothing: take other data for this test");
    let evaluated = json(&sandbox.done("eval cut labelled.csv --json").stdout);
    let truth = numbers(&labelled());
    let right = truth.iter().zip(&cut).filter(|(row, cut)| row[2] == cut[0]).count();
    close(
        &evaluated["evaluation"]["metrics"]["accuracy"],
        right as f64 / 80.0,
        "accuracy with the threshold",
    );

    // ln(p / (1 − p)) is the difference of the two weighted inputs, which the temperature divides.
    let temperature = kept("cooled", "temperature").expect("a temperature");
    assert!((temperature - 1.0).abs() > 0.01, "{temperature}");
    for (plain, cooled) in plain.iter().zip(predicted("cooled")) {
        let logit = |p: f64| (p / (1.0 - p)).ln();
        let (expected, found) = (logit(plain[2]) / temperature, logit(cooled[2]));
        assert!((expected - found).abs() < 1e-3 * expected.abs().max(1.0), "{expected} and {found}");
    }
}
