//! Command lines and settings that ask for the impossible: exit 2, before anything is made.

use crate::sandbox::{Sandbox, houses};
use crate::snapshot::assert_snapshot;

#[test]
fn impossible_settings() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    sandbox.write("tuned.toml", "temperature = true\n");
    for (name, line) in [
        ("hidden_0", "train digits --hidden 0"),
        ("hidden_words", "train digits --hidden ten"),
        ("eta_nan", "train digits --eta nan"),
        ("epochs_0", "train digits --epochs 0"),
        ("threads_0", "train digits --threads 0"),
        ("activation", "train digits --activation sigmiod"),
        ("validation", "train digits --validation 1.5"),
        ("flag", "train digits --epoch 3"),
        ("command", "tran digits"),
        ("probabilities", "predict run houses.csv --probabilities"),
        ("keep_npy", "predict run houses.csv --keep -o out.npy"),
        ("folds_1", "cv digits --folds 1"),
        ("repeats_0", "cv digits --repeats 0"),
        ("cv_test", "cv digits --test 0.2"),
        ("stream_builtin", "train digits --stream"),
        ("cv_validation", "cv houses.csv --target price --validation houses.csv"),
        ("cv_stream", "cv houses.csv --target price --stream"),
        ("eta_negative", "train digits --eta -1"),
        ("epochs_many", "train digits --epochs 99999999999"),
        ("no_memory", "train digits --hidden 4000000000,4000000000"),
        ("builtin_target", "train iris --target species"),
        ("builtin_reading", "train iris --delimiter ;"),
        ("header_twice", "train houses.csv --target price --header --no-header"),
        ("switch", "train digits --drop-last=yes"),
        ("cv_tuned", "cv digits --config tuned.toml"),
        ("images_weights", "train digits --class-weights balanced"),
        ("test_all", "train digits --test 0.9999"),
        ("validation_all", "train digits --validation 0.9999"),
        ("buffer_alone", "train houses.csv --target price --shuffle-buffer 8"),
        ("shuffle_buffer_0", "train houses.csv --target price --stream --shuffle-buffer 0"),
    ] {
        if name == "probabilities" {
            sandbox.done("train houses.csv --target price --epochs 1 --out run -q");
        }
        let ended = sandbox.run(line);
        assert_eq!(ended.code, 2, "{ended}");
        assert_snapshot(format!("setting_{name}"), ended);
    }
    assert!(!sandbox.path("runs").exists(), "nothing was trained");
}

#[test]
fn settings_files() {
    let sandbox = Sandbox::new();
    sandbox.write("c.toml", "[training]\nepochs = 2\nhiden = [10]\n");
    let ended = sandbox.run("train digits --config c.toml");
    assert_eq!(ended.code, 2);
    assert_snapshot("config_unknown_key", ended);
}

/// What a run wrote down repeats it, as its first line promises, the data included.
#[test]
fn the_settings_of_a_run_repeat_it() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    for data in ["iris", "digits", "houses.csv --target price --test 0"] {
        sandbox.done(&format!("train {data} --epochs 2 --hidden 5 --seed 3 --out first --force -q"));
        let promised = sandbox.text("first/config.toml");
        assert!(promised.contains("`deltarule train --config FILE` repeats it"), "{promised}");
        sandbox.done("train --config first/config.toml --out again --force -q");
        assert!(sandbox.read("first/model.safetensors") == sandbox.read("again/model.safetensors"), "{data}");
    }
}

#[test]
fn runs_are_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.done("train xor --epochs 1 --out run -q");
    let before = sandbox.read("run/model.safetensors");
    let ended = sandbox.run("train xor --epochs 2 --out run -q");
    assert_eq!(ended.code, 2);
    assert_snapshot("out_exists", ended);
    assert!(before == sandbox.read("run/model.safetensors"));
    sandbox.done("train xor --epochs 2 --out run -q --force");
    assert!(before != sandbox.read("run/model.safetensors"));
}

#[test]
fn divergence_ends_with_4_and_keeps_finite_weights() {
    let sandbox = Sandbox::new();
    let line = "train digits --optimizer sgd --eta 1e30 --activation relu --epochs 3 --out run";
    let ended = sandbox.run(line);
    assert_eq!(ended.code, 4, "{ended}");
    assert_snapshot("diverged", ended);
    sandbox.done("eval run");
}

/// Cells such as -999 are common marks of a missing value.
#[test]
fn a_value_may_begin_with_a_dash() {
    let sandbox = Sandbox::new();
    let text = houses().replace("\n,", "\n-999,");
    sandbox.write("houses.csv", &text);
    sandbox.done("train houses.csv --target price --missing -999 --epochs 1 --out run -q");
    assert!(sandbox.text("run/config.toml").contains("missing = [\"-999\"]"));
    sandbox.write("dashes.csv", houses().replace(',', "-"));
    let dashed = sandbox.run("train dashes.csv --delimiter - --target price --epochs 1 --out dashed -q");
    assert_eq!(dashed.code, 0, "{dashed}");
}

/// Switches that a recipe turns on can be turned off, and a flag goes before the file.
#[test]
fn switches_can_be_turned_off() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
    sandbox.write("c.toml", "[training]\nzero-last = true\nlearning-rate = 0.1\nbatch = 8\n");
    sandbox.done(
        "train houses.csv --target price --config c.toml --input-scale=false --zero-last=false --drop-last=false \
         --epochs 1 --out run -q",
    );
    let config = sandbox.text("run/config.toml");
    for line in
        ["input-scale = false", "zero-last = false", "drop-last = false", "eta = 0.1", "batch-size = 8"]
    {
        assert!(config.contains(line), "{line}: {config}");
    }
}
