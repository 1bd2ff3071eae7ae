//! `deltarule gradcheck`, as it is seen.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn deltarule(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deltarule"))
        .current_dir(folder)
        .args(words.split(' '))
        .args(["--color", "never"])
        .output()
        .unwrap()
}

fn page(folder: &Path, words: &str) -> String {
    let output = deltarule(folder, words);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_run_passes_layer_by_layer() {
    let folder = tempfile::tempdir().unwrap();
    page(folder.path(), "train xor --hidden 3 --activation tanh --epochs 5 --seed 1 --out xor-1 -q");
    insta::assert_snapshot!("gradcheck_run", page(folder.path(), "gradcheck xor-1"));
    let output = deltarule(folder.path(), "gradcheck xor-1 --hidden 5");
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("gradcheck_flags_of_a_run", String::from_utf8(output.stderr).unwrap());
}

#[test]
fn data_gets_a_fresh_network_of_the_flags() {
    let folder = tempfile::tempdir().unwrap();
    let words = "gradcheck digits --hidden 12 --activation relu --parameters 300 --samples 0..4 --seed 3";
    insta::assert_snapshot!("gradcheck_fresh", page(folder.path(), words));
    let report: Value = serde_json::from_str(&page(folder.path(), &format!("{words} --json"))).unwrap();
    assert_eq!(report["passed"], true);
    assert_eq!(report["widths"], serde_json::json!([64, 12, 10]));
    assert_eq!(report["report"]["checks"].as_array().unwrap().len(), 300);
    assert_eq!(report["race"], Value::Null);
}

#[test]
fn the_race_counts_the_passes_of_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let words = "gradcheck digits --hidden 12 --parameters 50 --samples 0..4 --cost-race";
    // P = 64·12 + 12 + 12·10 + 10 = 910
    let text = page(folder.path(), words);
    for said in ["1,820", "911", "P = 910", "4 samples", "times faster here"] {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    let race =
        &serde_json::from_str::<Value>(&page(folder.path(), &format!("{words} --json"))).unwrap()["race"];
    assert_eq!((race["central_passes"].as_u64(), race["one_sided_passes"].as_u64()), (Some(1820), Some(911)));
    let (slow, fast) = (race["numeric_seconds"].as_f64(), race["backpropagation_seconds"].as_f64());
    assert!(slow > fast, "{race}");
}

/// Single precision has about seven digits: asked for nine, the check fails, says where and ends with 4.
#[test]
fn a_check_that_fails_names_the_worst_and_ends_with_4() {
    let folder = tempfile::tempdir().unwrap();
    page(folder.path(), "train xor --hidden 3 --activation tanh --epochs 5 --seed 1 --out xor-1 -q");
    assert!(page(folder.path(), "gradcheck xor-1 --precision f32").contains("by backpropagation, in f32"));
    let output = deltarule(folder.path(), "gradcheck xor-1 --precision f32 --tolerance 1e-9");
    assert_eq!(output.status.code(), Some(4));
    let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    insta::assert_snapshot!("gradcheck_failed", shown);
    // The network itself is as right as f64 can tell.
    page(folder.path(), "gradcheck xor-1 --tolerance 1e-9");
}

/// Of a black image every z of the first layer is its bias, which is 0 before training: just where ReLU has its kink.
#[test]
fn a_kink_is_named_and_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let idx = |sizes: &[u32], elements: Vec<u8>| {
        let dimensions = sizes.len() as u8;
        let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
        [0, 0, 8, dimensions].into_iter().chain(sizes).chain(elements).collect::<Vec<u8>>()
    };
    let images = idx(&[20, 2, 2], (0..80).map(|i| if i / 4 % 2 == 0 { 0 } else { 60 + 2 * i }).collect());
    std::fs::write(folder.path().join("train-images-idx3-ubyte"), images).unwrap();
    let labels = idx(&[20], (0..20).map(|i| i % 2).collect());
    std::fs::write(folder.path().join("train-labels-idx1-ubyte"), labels).unwrap();
    let text = page(folder.path(), "gradcheck . --hidden 2 --samples 0..4");
    assert!(text.contains("kink: z²₁ = 0 of sample "), "{text}");
    assert!(text.contains("2 lie at a kink, where there is no difference to take"), "{text}");
    insta::assert_snapshot!("gradcheck_kink", text);
}

#[test]
fn impossible_demands_are_usage_errors() {
    let folder = tempfile::tempdir().unwrap();
    for words in
        ["gradcheck iris --samples 0", "gradcheck iris --tolerance -1e-6", "gradcheck iris --tolerance nan"]
    {
        let words = words.replace(" -1", "=-1");
        assert_eq!(deltarule(folder.path(), &words).status.code(), Some(2), "{words}");
    }
}
