//! Command lines and settings that ask for the impossible: exit 2, before anything is made.

use crate::sandbox::{Sandbox, houses};
use crate::snapshot::assert_snapshot;

#[test]
fn impossible_settings() {
    let sandbox = Sandbox::new();
    sandbox.write("houses.csv", houses());
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
