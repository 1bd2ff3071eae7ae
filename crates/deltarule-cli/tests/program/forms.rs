//! Data in forms other than a plain CSV file, through training, evaluation and prediction.

use crate::sandbox::Sandbox;

/// Classes and categories that are numbers are the same words with either comma.
#[test]
fn numbers_with_a_decimal_comma_are_those_with_a_point() {
    let sandbox = Sandbox::new();
    let row =
        |i: usize| format!("{}.5;{};{}\n", i % 7, ["1.5", "2.5", "3"][i % 3], ["0.5", "2"][(i / 2) % 2]);
    let points = format!("x;size;class\n{}", (0..48).map(row).collect::<String>());
    sandbox.write("points.csv", &points);
    sandbox.write("commas.csv", points.replace('.', ","));
    let results: Vec<String> = [("points", ""), ("commas", " --decimal comma")]
        .map(|(name, flag)| {
            sandbox.done(&format!(
                "train {name}.csv{flag} --target class --task classes --categorical size --epochs 3 --out {name} -q"
            ));
            let predicted = sandbox.done(&format!("predict {name} {name}.csv --keep --probabilities")).stdout;
            let evaluated = sandbox.done(&format!("eval {name} {name}.csv --json")).stdout;
            let evaluated: serde_json::Value = serde_json::from_str(&evaluated).expect("one JSON value");
            format!("{predicted}{}", evaluated["evaluation"]["metrics"])
        })
        .into();
    assert!(results[0].starts_with("x,size,class,"), "{}", results[0]);
    assert_eq!(results[0], results[1]);
}

/// An IDX file: its type is that of bytes, its sizes stand before its values.
fn idx(sizes: &[u32], values: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// Images of 4 × 4 of which one half is bright, and which.
fn halves(count: u32) -> (Vec<u8>, Vec<u8>) {
    let pixels =
        (0..count * 16).map(|i| if (i % 16 < 8) == (i / 16 % 2 == 0) { 200 + (i % 50) as u8 } else { 3 });
    (idx(&[count, 4, 4], pixels), idx(&[count], (0..count).map(|i| (i % 2) as u8)))
}

#[test]
fn images_in_idx_files_are_trained_evaluated_validated_and_predicted() {
    let sandbox = Sandbox::new();
    let (images, labels) = halves(200);
    sandbox.write("half-images-idx3-ubyte", images);
    sandbox.write("half-labels-idx1-ubyte", labels);
    let file = "half-images-idx3-ubyte";
    sandbox.done(&format!("train {file} --epochs 20 --hidden 8 --out run -q"));
    sandbox.done(&format!("predict run {file} -o predicted.csv"));
    let expected: String = (0..200).map(|i| format!("{}\n", i % 2)).collect();
    assert_eq!(sandbox.text("predicted.csv"), format!("prediction\n{expected}"));
    let evaluated = sandbox.done(&format!("eval run {file} --json")).stdout;
    let evaluated: serde_json::Value = serde_json::from_str(&evaluated).expect("one JSON value");
    assert_eq!(evaluated["evaluation"]["samples"], 200);
    assert_eq!(evaluated["evaluation"]["metrics"]["accuracy"], 1.0);
    sandbox.done(&format!("cv {file} --folds 3 --epochs 2 --hidden 4"));
}

#[test]
fn images_without_as_many_labels_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("half-images-idx3-ubyte", halves(20).0);
    let refused = |expected: &str| {
        let ended = sandbox.run("train half-images-idx3-ubyte --epochs 1");
        assert_eq!(ended.code, 3, "{ended}");
        assert!(ended.stderr.contains(expected), "{ended}");
    };
    refused("expected half-labels-idx1-ubyte beside it, plain or .gz, found no such file");
    sandbox.write("half-labels-idx1-ubyte", halves(18).1);
    refused("expected 20 labels, one for each image of half-images-idx3-ubyte, found 18 labels");
}
