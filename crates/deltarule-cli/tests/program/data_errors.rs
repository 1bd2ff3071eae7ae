//! Data that is not what it should be: exit 3, the place and what was expected, nothing half-written.

use crate::sandbox::{Ended, Sandbox, houses};
use crate::snapshot::assert_snapshot;

fn refused(sandbox: &Sandbox, line: &str, code: i32) -> Ended {
    let ended = sandbox.run(line);
    assert_eq!(ended.code, code, "{ended}");
    assert!(!sandbox.path("runs").exists(), "nothing was trained: {ended}");
    ended
}

#[test]
fn files_that_are_not_there_or_empty() {
    let sandbox = Sandbox::new();
    assert_snapshot("missing_file", refused(&sandbox, "train nowhere.csv --target y", 1));
    assert_snapshot("unknown_set", refused(&sandbox, "train digts", 2));
    sandbox.write("empty.csv", "");
    assert_snapshot("empty_file", refused(&sandbox, "train empty.csv --target y", 3));
    sandbox.write("header.csv", "x,y\n");
    assert_snapshot("header_only", refused(&sandbox, "train header.csv --target y", 3));
}

#[test]
fn cells_and_columns() {
    let sandbox = Sandbox::new();
    let mut rows: Vec<String> = houses().lines().map(str::to_owned).collect();
    rows[7] = "three,Ulm,no,99".to_owned();
    sandbox.write("text.csv", rows.join("\n"));
    assert_snapshot(
        "text_among_numbers",
        refused(&sandbox, "train text.csv --target price --numeric rooms", 3),
    );
    sandbox.done("train text.csv --target price --missing three --epochs 1 --out three -q");
    sandbox.write("houses.csv", houses());
    assert_snapshot("unknown_target", refused(&sandbox, "train houses.csv --target prize", 2));
    assert_snapshot("no_target", refused(&sandbox, "train houses.csv", 2));
    sandbox.write("infinite.csv", "x,y\n1,2.5\n2,3.5\n3,inf\n4,4.25\n5,1.125\n6,2.75\n");
    assert_snapshot("infinite_cell", refused(&sandbox, "train infinite.csv --target y --task regression", 3));
    sandbox.write("one.csv", "x,y\n1,a\n2,a\n3,a\n4,a\n");
    assert_snapshot("one_class", refused(&sandbox, "train one.csv --target y", 3));
    sandbox.write("quote.csv", "x,y\n1,\"a\n2,b\n");
    assert_snapshot("unclosed_quote", refused(&sandbox, "train quote.csv --target y", 3));
    let alone: String = (0..40)
        .map(|i| format!("{},{}\n", i * 7 % 11, if i == 5 { "c" } else { ["a", "b"][i % 2] }))
        .collect();
    sandbox.write("alone.csv", format!("x,y\n{alone}"));
    let noted = sandbox.done("cv alone.csv --target y --folds 2 --epochs 2 --out-of-fold alone-out.csv");
    assert!(noted.stderr.contains("note: there is one row of class `c`"), "{noted}");
    assert!(noted.stdout.contains("accuracy"), "{noted}");
}

/// The messages of both files hint at `--drop`, and one at `--categorical`.
#[test]
fn what_a_column_must_not_hold_is_no_error_where_it_is_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("stray.csv", "x,y,z\n1,a,1\n2,b,2\nx3,a,3\n4,b,4\n5,a,1\n6,b,2\n");
    let object =
        |i: usize| format!("{{\"x\": {i}, \"y\": \"{}\", \"z\": {{\"a\": 1}}}}\n", ["a", "b"][i % 2]);
    sandbox.write("nested.jsonl", (0..6).map(object).collect::<String>());
    refused(&sandbox, "train stray.csv --target y", 3);
    refused(&sandbox, "train nested.jsonl --target y", 3);
    refused(&sandbox, "train stray.csv --target y --drop x,w", 2);
    let train = |words: &str| sandbox.done(&format!("train {words} --target y --epochs 1 --preset plain -q"));
    train("stray.csv --drop x --out dropped");
    train("stray.csv --categorical x --out words");
    train("nested.jsonl --drop z --out nested");
    for (run, file) in [("dropped", "stray.csv"), ("words", "stray.csv"), ("nested", "nested.jsonl")] {
        let predicted = sandbox.done(&format!("predict {run} {file}")).stdout;
        assert_eq!(predicted.lines().count(), 7, "{predicted}");
    }
    // Kept columns are written as they are, or not at all.
    let kept = sandbox.done("predict dropped stray.csv --keep").stdout;
    assert!(kept.contains("\nx3,a,3,"), "{kept}");
    let ended = refused(&sandbox, "predict nested nested.jsonl --keep", 3);
    assert!(ended.stderr.contains("column \"z\": expected one value a cell, found an object"), "{ended}");
}

#[test]
fn missing_numbers_are_no_error() {
    let sandbox = Sandbox::new();
    let table = houses().replace("\n,", "\nNaN,");
    assert!(table.contains("NaN"));
    sandbox.write("nan.csv", table);
    sandbox.write("blank.csv", houses());
    for name in ["nan", "blank"] {
        sandbox.done(&format!("train {name}.csv --target price --epochs 1 --out {name} -q"));
    }
    let predicted = |name: &str| sandbox.done(&format!("predict {name} {name}.csv")).stdout;
    assert_eq!(predicted("nan"), predicted("blank"));
}

/// IDX: two zero bytes, the type (8 for bytes), the number of dimensions, their sizes, the elements.
fn idx(sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

#[test]
fn idx_images() {
    let sandbox = Sandbox::new();
    let pixels: Vec<u8> = (0..40 * 4).map(|i| (i * 37 % 256) as u8).collect();
    let labels: Vec<u8> = (0..40).map(|i| i % 2).collect();
    let (images, classes) = (idx(&[40, 2, 2], &pixels), idx(&[40], &labels));
    std::fs::create_dir(sandbox.path("set")).expect("a folder");
    let put = |images: &[u8], labels: &[u8]| {
        sandbox.write("set/train-images-idx3-ubyte", images);
        sandbox.write("set/train-labels-idx1-ubyte", labels);
    };
    put(&images, &idx(&[39], &labels[..39]));
    assert_snapshot("idx_lengths", refused(&sandbox, "train set", 3));
    let mut magic = images.clone();
    magic[2] = 7;
    put(&magic, &classes);
    assert_snapshot("idx_magic", refused(&sandbox, "train set", 3));
    put(&images[..100], &classes);
    assert_snapshot("idx_short", refused(&sandbox, "train set", 3));
    put(&idx(&[u32::MAX, u32::MAX, 2], &pixels), &classes);
    assert_snapshot("idx_claims", refused(&sandbox, "train set", 3));
    put(&images, &classes);
    assert_snapshot("idx_regression", refused(&sandbox, "train set --target y", 2));
    sandbox.done("train set --epochs 1 --out run -q");
    // Images need no labels to be predicted.
    std::fs::remove_file(sandbox.path("set/train-labels-idx1-ubyte")).expect("the labels");
    let predicted = sandbox.done("predict run set/train-images-idx3-ubyte").stdout;
    assert_eq!(predicted.lines().count(), 41);
    sandbox.write("houses.csv", houses());
    assert_snapshot("images_wanted", refused(&sandbox, "predict run houses.csv", 3));
}

/// Of a folder with both pairs, `train` takes the one for training and tests on the other, which is what `eval`,
/// `predict` and `explain` take when they are given the folder.
#[test]
fn a_folder_of_images_is_measured_by_its_test_pair() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("set")).expect("a folder");
    let put = |name: &str, count: u32, shift: u32| {
        let pixels: Vec<u8> = (0..count * 4).map(|i| ((i + shift) * 37 % 256) as u8).collect();
        let labels: Vec<u8> = (0..count).map(|i| (i % 2) as u8).collect();
        sandbox.write(&format!("set/{name}-images-idx3-ubyte"), idx(&[count, 2, 2], &pixels));
        sandbox.write(&format!("set/{name}-labels-idx1-ubyte"), idx(&[count], &labels));
    };
    put("train", 40, 0);
    put("t10k", 12, 5);
    sandbox.done("train set --epochs 3 --hidden 4 --out run -q");
    let evaluation = |line: &str| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&sandbox.done(line).stdout).expect("JSON")["evaluation"]
            .clone()
    };
    let test = evaluation("eval run --json");
    assert_eq!(test["samples"], 12);
    assert_eq!(evaluation("eval run set --json"), test);
    assert!(sandbox.done("eval run set").stdout.starts_with("the test images of set (12 samples)"));
    assert_eq!(evaluation("eval run set/train-images-idx3-ubyte --json")["samples"], 40);
    assert_eq!(sandbox.done("predict run set").stdout.lines().count(), 13);
    assert_eq!(sandbox.done("predict run set/train-images-idx3-ubyte").stdout.lines().count(), 41);
    assert_eq!(sandbox.run("explain run set --sample 12").code, 2);
    sandbox.done("explain run --sample 39");
    sandbox.done("gradcheck run");
    // The same pair where it is named for the test of another training.
    sandbox.done("train set/train-images-idx3-ubyte --test set --epochs 3 --hidden 4 --out other -q");
    assert_eq!(evaluation("eval other --json"), test);
}

#[test]
fn a_gzip_cut_short() {
    let sandbox = Sandbox::new();
    // An empty gzip file, ended in the middle of its header.
    sandbox.write("houses.csv.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b]);
    assert_snapshot("gzip_cut_short", refused(&sandbox, "train houses.csv.gz --target price", 3));
}
