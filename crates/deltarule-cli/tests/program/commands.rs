use crate::sandbox::{Sandbox, houses};
use crate::snapshot::assert_snapshot;

#[test]
fn train_eval_inspect_predict_on_digits() {
    let sandbox = Sandbox::new();
    assert_snapshot("digits_train", sandbox.done("train digits --epochs 3 --hidden 16"));
    assert_snapshot("digits_eval", sandbox.done("eval runs/digits-1"));
    assert_snapshot("digits_inspect", sandbox.done("inspect runs/digits-1"));
    let predicted = sandbox.done("predict runs/digits-1 digits --probabilities").stdout;
    assert_eq!(predicted.lines().count(), 1 + 1797);
    assert_snapshot("digits_predict", predicted.lines().take(4).collect::<Vec<_>>().join("\n"));
    for name in ["model.safetensors", "config.toml", "metrics.jsonl", "log.txt"] {
        assert!(sandbox.path("runs/digits-1").join(name).is_file(), "{name}");
    }
    assert_eq!(sandbox.text("runs/digits-1/metrics.jsonl").lines().count(), 3);
    // The settings written out repeat the run.
    sandbox.done("train digits --config runs/digits-1/config.toml");
    assert!(
        sandbox.read("runs/digits-1/model.safetensors") == sandbox.read("runs/digits-2/model.safetensors")
    );
}

#[test]
fn a_table_from_training_to_predictions() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    assert_snapshot("houses_train", sandbox.done("train houses.csv --target price --epochs 4 --test 0.2"));
    assert_snapshot("houses_eval", sandbox.done("eval runs/houses-1"));
    assert_snapshot("houses_inspect", sandbox.done("inspect runs/houses-1"));
    // Columns in another order, one too many, a town and a garden that are new.
    let new = "garden,id,town,rooms\nyes,7,Kiel,4\nno,8,Rom,2\nmaybe,9,Ulm,\n";
    sandbox.write("new.csv", new);
    assert_snapshot("houses_predict", sandbox.done("predict runs/houses-1 new.csv"));
    assert_snapshot("houses_predict_keep", sandbox.run_with_input("predict runs/houses-1 - --keep", new));
}

#[test]
fn every_format_holds_the_same_predictions() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    sandbox.done("train houses.csv --target garden --epochs 2 --out run -q");
    assert_snapshot("predict_csv", sandbox.done("predict run houses.csv -o out.csv --probabilities"));
    let csv = sandbox.text("out.csv");
    assert_eq!(csv, sandbox.done("predict run houses.csv --probabilities").stdout);
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("prediction,probability_no,probability_yes"));
    sandbox.done("predict run houses.csv -o out.jsonl --probabilities");
    let jsonl = sandbox.text("out.jsonl");
    assert_eq!(jsonl.lines().count(), 60);
    for (csv, json) in lines.zip(jsonl.lines()) {
        let cells: Vec<&str> = csv.split(',').collect();
        let json: serde_json::Value = serde_json::from_str(json).expect("an object a line");
        assert_eq!(json["prediction"], cells[0]);
        let probability: f64 = cells[2].parse().expect("a number");
        assert!((json["probability_yes"].as_f64().expect("a number") - probability).abs() < 1e-6);
    }
    sandbox.done("predict run houses.csv -o out.parquet --keep");
    let parquet = sandbox.read("out.parquet");
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    sandbox.done("predict run houses.csv -o out.npy --probabilities");
    let npy = sandbox.read("out.npy");
    assert!(npy.starts_with(b"\x93NUMPY"));
    assert_eq!(npy.len(), 128 + 60 * 2 * 4);
}

#[test]
fn predictions_are_written_whole_and_over_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    sandbox.done("train houses.csv --target price --epochs 1 --out run -q");
    sandbox.write("there.csv", "mine\n");
    assert_snapshot("predict_exists", sandbox.run("predict run houses.csv -o there.csv"));
    assert_eq!(sandbox.text("there.csv"), "mine\n");
    assert_snapshot("predict_over_input", sandbox.run("predict run houses.csv -o houses.csv --force"));
    assert_eq!(sandbox.text("houses.csv"), houses());
    sandbox.done("predict run houses.csv -o there.csv --force");
    assert_eq!(sandbox.text("there.csv").lines().count(), 61);
    assert_snapshot("predict_unknown_ending", sandbox.run("predict run houses.csv -o out.xlsx"));
    // A cell that cannot be read, late in the file, leaves nothing behind.
    sandbox.write("late.csv", houses() + "six,Ulm,no,1\n");
    assert_snapshot("predict_bad_cell", sandbox.run("predict run late.csv -o late-out.csv"));
    sandbox.write("fewer.csv", "room,town,garden\n1,Ulm,no\n");
    assert_snapshot("predict_missing_column", sandbox.run("predict run fewer.csv -o fewer-out.csv"));
    let left: Vec<_> = std::fs::read_dir(sandbox.path("."))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.contains("out") || name.contains(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn cross_validation_tells_what_to_expect() {
    let sandbox = Sandbox::new();
    let folds = "cv iris --folds 3 --repeats 2 --epochs 20 --hidden 8";
    let shown = sandbox.done(&format!("{folds} -v --out-of-fold oof.csv"));
    assert_snapshot("cv_iris", shown);
    let oof = sandbox.text("oof.csv");
    assert_eq!(oof.lines().count(), 151);
    assert_eq!(
        oof.lines().next(),
        Some(
            "sepal_length,sepal_width,petal_length,petal_width,class,fold_1,fold_2,prediction,probability_setosa,\
             probability_versicolor,probability_virginica"
        )
    );
    // The accuracy of a fold is the share of its rows whose prediction is their class.
    let once = sandbox.done("cv iris --folds 3 --epochs 20 --hidden 8 --json --out-of-fold once.csv");
    let json: serde_json::Value = serde_json::from_str(&once.stdout).expect("one JSON value");
    let once = sandbox.text("once.csv");
    let rows: Vec<Vec<&str>> = once.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut sum = 0.0;
    for fold in 1..=3 {
        let of_fold: Vec<_> = rows.iter().filter(|cells| cells[5] == fold.to_string()).collect();
        let right = of_fold.iter().filter(|cells| cells[4] == cells[6]).count();
        let (share, each) = (right as f64 / of_fold.len() as f64, &json["each"][fold - 1]);
        assert_eq!(each["samples"], of_fold.len());
        assert!((each["metrics"]["accuracy"].as_f64().expect("a number") - share).abs() < 1e-12, "{fold}");
        sum += share;
    }
    let accuracy = sum / 3.0;
    assert!((json["metrics"]["accuracy"]["mean"].as_f64().expect("a number") - accuracy).abs() < 1e-12);
    assert_eq!(json["each"].as_array().map(Vec::len), Some(3));
    // Nor does the number of threads change anything.
    let mut command = sandbox.command(&format!("{folds} --threads 1 --out-of-fold one.csv"));
    let alone = sandbox.ended("", command.output().expect("the program ends"));
    assert_eq!(alone.code, 0);
    assert_eq!(sandbox.text("one.csv"), oof);
    assert_snapshot("cv_exists", sandbox.run("cv iris --out-of-fold oof.csv"));
}

#[test]
fn cross_validation_of_amounts_is_in_their_units() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses() + ",Ulm,no,\n");
    let line = "cv houses.csv --target price --preset plain --epochs 40 --folds 4 --out-of-fold oof.csv";
    assert_snapshot("cv_houses", sandbox.done(line));
    let oof = sandbox.text("oof.csv");
    assert_eq!(oof.lines().count(), 61, "the row without a price is left out");
    let squares: f64 = oof
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let [price, predicted] = [3, 5].map(|c| cells[c].parse::<f64>().expect("a number"));
            (price - predicted) * (price - predicted)
        })
        .sum();
    assert!((squares / 60.0).sqrt() < 40.0, "far from the prices themselves: {oof}");
}

#[test]
fn a_streamed_table_trains_the_same_network() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    sandbox.done("train houses.csv --target price --epochs 3 --batch-size 8 --out loaded -q");
    assert_snapshot(
        "stream",
        sandbox.done("train houses.csv --target price --epochs 3 --batch-size 8 --out streamed --stream"),
    );
    // All but the settings of the data, which say that it was streamed, is the same: so are the predictions.
    let predictions = |run: &str| sandbox.done(&format!("predict {run} houses.csv")).stdout;
    assert_eq!(predictions("loaded"), predictions("streamed"));
    let small =
        "train houses.csv --target price --epochs 3 --batch-size 8 --stream --shuffle-buffer 10 --out";
    sandbox.done(&format!("{small} small -q"));
    assert_ne!(predictions("loaded"), predictions("small"));
}

#[test]
fn threads_change_no_bit_of_a_model() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    for (data, flags) in [("digits", "--hidden 40,40"), ("houses.csv", "--target price")] {
        let model = |threads: u32| {
            let run = format!("{}-{threads}", data.replace('.', "-"));
            sandbox.done(&format!("train {data} {flags} --epochs 2 --threads {threads} --out {run} -q"));
            sandbox.read(&format!("{run}/model.safetensors"))
        };
        let one = model(1);
        assert!(one == model(2), "{data}: two threads");
        assert!(one == model(3), "{data}: three threads");
    }
}

#[test]
fn row_numbers_are_left_out_of_parts_of_a_table_too() {
    let sandbox = Sandbox::new();
    let rows = houses();
    let numbered = rows.lines().enumerate().map(|(i, line)| match i {
        0 => format!("No,{line}\n"),
        i => format!("{i},{line}\n"),
    });
    sandbox.write("plain.csv", &rows);
    sandbox.write("numbered.csv", numbered.collect::<String>());
    let figures = |line: &str| -> serde_json::Value {
        serde_json::from_str(&sandbox.done(line).stdout).expect("one JSON value")
    };
    for command in
        ["train DATA --target price --test 0.2 --epochs 2", "cv DATA --target price --epochs 2 --folds 3"]
    {
        let of = |data: &str| {
            let figures = figures(&(command.replace("DATA", data) + " --json"));
            [figures["evaluation"].clone(), figures["metrics"].clone()]
        };
        assert_eq!(of("plain.csv"), of("numbered.csv"), "{command}");
    }
}
