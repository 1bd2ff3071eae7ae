//! Tables as they are found in the world.

use crate::sandbox::{Sandbox, shared};

#[test]
fn adult_is_trained_evaluated_and_predicted() {
    let (Some(train), Some(test)) = (shared("tables/adult-train.csv"), shared("tables/adult-test.csv"))
    else {
        return;
    };
    let (sandbox, test) = (Sandbox::new(), test.display());
    sandbox.done(&format!("train {} --target income --epochs 2 --hidden 32 --out run -q", train.display()));
    let evaluated = sandbox.done(&format!("eval run {test} --json")).stdout;
    let evaluated: serde_json::Value = serde_json::from_str(&evaluated).expect("one JSON value");
    let accuracy = evaluated["evaluation"]["metrics"]["accuracy"].as_f64().expect("a number");
    assert!(accuracy > 0.83, "{accuracy}");
    sandbox.done(&format!("predict run {test} -o predicted.csv --keep"));
    let predicted = sandbox.text("predicted.csv");
    assert_eq!(
        predicted.lines().count() as u64,
        1 + evaluated["evaluation"]["samples"].as_u64().expect("a count")
    );
    let right = predicted.lines().skip(1).filter(|line| {
        let cells: Vec<&str> = line.rsplitn(3, ',').collect();
        cells[0] == cells[1]
    });
    let share = right.count() as f64 / (predicted.lines().count() - 1) as f64;
    assert!((share - accuracy).abs() < 1e-12, "{share} of the rows are right, {accuracy} by eval");
}
