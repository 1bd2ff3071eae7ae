//! `deltarule explain`, as it is seen: whole pages in snapshots, and figures known from elsewhere.

use deltarule::model::{AnyModel, Model};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn deltarule(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deltarule"))
        .current_dir(folder)
        .args(words.split(' '))
        .args(["--color", "never"])
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn page(folder: &Path, words: &str) -> String {
    let output = deltarule(folder, words);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, words: &str) -> Value {
    serde_json::from_str(&page(folder, &format!("{words} --json"))).unwrap()
}

/// The message of a usage error.
fn refused(folder: &Path, words: &str) -> String {
    let output = deltarule(folder, words);
    assert_eq!(output.status.code(), Some(2), "{words}");
    String::from_utf8(output.stderr).unwrap()
}

/// Mazur's 2-2-2 network. Its table has columns of mean 0 and deviation 1, so that inputs and targets stay as they are.
fn mazur(folder: &Path) {
    std::fs::write(folder.join("unit.csv"), "x1,x2,t1,t2\n1,1,1,1\n-1,-1,-1,-1\n1,1,1,1\n-1,-1,-1,-1\n")
        .unwrap();
    std::fs::write(folder.join("mazur.csv"), "x1,x2,t1,t2\n0.05,0.10,0.01,0.99\n").unwrap();
    page(
        folder,
        "train unit.csv --target t1,t2 --task regression --preset plain --hidden 2 --activation sigmoid \
         --output-activation sigmoid --cost quadratic --optimizer sgd --eta 0.5 --schedule constant --precision f64 \
         --epochs 1 --validation 0 --numeric x1,x2 --out mazur -q",
    );
    let path = folder.join("mazur/model.safetensors");
    let mut model: Model<f64> = AnyModel::read(&path).unwrap().into_f64();
    let weights = [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]];
    for (layer, (w, b)) in model.network.layers.iter_mut().zip(weights.iter().zip([0.35, 0.60])) {
        for (j, row) in w.iter().enumerate() {
            layer.b[j] = b;
            row.iter().enumerate().for_each(|(k, &w)| layer.w.set(j, k, w));
        }
    }
    model.write(&path).unwrap();
}

fn xor(folder: &Path) {
    page(folder, "train xor --hidden 3 --activation tanh --epochs 20 --seed 1 --out xor-1 -q");
}

fn digits(folder: &Path) {
    page(folder, "train digits --hidden 30,20 --epochs 2 --seed 1 --out digits-1 -q");
}

#[test]
fn the_worked_example_has_its_published_numbers() {
    let folder = tempfile::tempdir().unwrap();
    mazur(folder.path());
    insta::assert_snapshot!("worked_example", page(folder.path(), "explain mazur mazur.csv"));
    let weight = page(folder.path(), "explain mazur mazur.csv --layer 2 --weight 1,1");
    // C = 0.29837; δ³ = (0.138499, −0.0380982); δ²₁ = 0.00877135; ∂C/∂w²₁₁ = 0.000438568, and half of it the step.
    for number in
        ["0.00877135", "0.000438568", "0.138499", "−0.0380982", "0.298371", "−0.000219284", "agrees"]
    {
        assert!(weight.contains(number), "{number} in\n{weight}");
    }
    insta::assert_snapshot!("worked_example_weight", weight);
    insta::assert_snapshot!(
        "worked_example_matrix",
        page(folder.path(), "explain mazur mazur.csv --form matrix")
    );
}

#[test]
fn a_small_network_is_shown_whole_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    xor(folder.path());
    insta::assert_snapshot!("xor", page(folder.path(), "explain xor-1 --sample 3"));
    insta::assert_snapshot!("xor_ko", page(folder.path(), "explain xor-1 --sample 3 --lang ko"));
    let by_locale = Command::new(env!("CARGO_BIN_EXE_deltarule"))
        .current_dir(folder.path())
        .args(["explain", "xor-1", "--sample", "3"])
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES")
        .env("LANG", "ko_KR.UTF-8")
        .output()
        .unwrap();
    assert_eq!(by_locale.stdout, deltarule(folder.path(), "explain xor-1 --sample 3 --lang ko").stdout);
    insta::assert_snapshot!("xor_batch", page(folder.path(), "explain xor-1 --samples 0..6"));
}

/// The recipe for tables has a factor for each input column, and rates of its own for each kind of parameter.
#[test]
fn the_learned_input_scale_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows: String =
        (0..60).map(|i| format!("{},{},{}\n", i % 7, i * 5 % 11, (i % 7) * 3 - i * 5 % 11)).collect();
    std::fs::write(folder.join("sums.csv"), format!("u,v,sum\n{rows}")).unwrap();
    page(
        folder,
        "train sums.csv --target sum --task regression --numeric u,v --hidden 3 --epochs 5 --out sums-1 -q",
    );
    insta::assert_snapshot!("scaled", page(folder, "explain sums-1 --sample 2"));
    insta::assert_snapshot!("scaled_ko", page(folder, "explain sums-1 --sample 2 --layer 1 --lang ko"));
    insta::assert_snapshot!(
        "scaled_matrix",
        page(folder, "explain sums-1 --samples 0..3 --layer 1 --form matrix")
    );
    let explanation = json(folder, "explain sums-1 --sample 2 --layer 1 --neuron 2");
    let last = explanation["component"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["cursor"]["equation"], &last["cursor"]["neuron"]), (&"input_scale".into(), &2.into()));
    assert_eq!(last["check"]["verdict"]["verdict"], "agrees");
    assert!(last["check"]["h"].as_f64().unwrap() > 0.0 && last["step"]["change"].is_number());
    assert_eq!(explanation["matrix"].as_array().unwrap().len(), 3);
    let refused = refused(folder, "explain sums-1 --layer 1 --weight 1,1");
    assert!(refused.contains("weight: expected none of layer 1"), "{refused}");
}

#[test]
fn a_large_network_has_a_way_in() {
    let folder = tempfile::tempdir().unwrap();
    digits(folder.path());
    let overview = page(folder.path(), "explain digits-1 --sample 3");
    assert!(overview.lines().all(|line| line.chars().count() <= 110), "{overview}");
    insta::assert_snapshot!("digits", overview);
    insta::assert_snapshot!(
        "digits_batch",
        page(folder.path(), "explain digits-1 --samples 0..40 --layer 3")
    );
    insta::assert_snapshot!(
        "digits_matrix",
        page(folder.path(), "explain digits-1 --layer 2 --form matrix --lang ko")
    );
}

/// Every sum anywhere in the JSON: each term is the product of its factors, and all of them in their order are the
/// total, to the last bit.
fn check_sums(value: &Value, found: &mut usize) {
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    if let (Some(products), Some(total)) = (value["products"].as_array(), value["total"].as_f64()) {
        let mut terms = 0.0;
        for product in products {
            let factors: Vec<Vec<f64>> = product["factors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|series| numbers(&series["values"]))
                .collect();
            for (n, value) in numbers(&product["values"]).into_iter().enumerate() {
                let product_of: f64 = factors.iter().map(|factor| factor[n]).product();
                assert_eq!(value, product["sign"].as_f64().unwrap() * product_of);
                terms += value;
            }
        }
        assert_eq!(terms, total);
        *found += 1;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| check_sums(item, found)),
        Value::Object(items) => items.values().for_each(|item| check_sums(item, found)),
        _ => {}
    }
}

#[test]
fn json_names_every_number_and_its_sums_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    digits(folder.path());
    for words in [
        "explain digits-1 --sample 3",
        "explain digits-1 --samples 0..16",
        "explain digits-1 --layer 2 --neuron 7",
    ] {
        let explanation = json(folder.path(), words);
        let mut sums = 0;
        check_sums(&explanation, &mut sums);
        assert!(sums >= 3, "{sums} sums in {words}");
        for row in explanation["component"].as_array().unwrap() {
            assert_eq!(row["cursor"]["run"], "digits-1");
            assert!(row["cursor"]["layer"].as_u64().unwrap() >= 2 && row["cursor"]["equation"].is_string());
        }
    }
}

/// What is printed adds up as printed: the figures beside the bars of a list are its last line, digit for digit.
#[test]
fn printed_terms_add_up_to_the_printed_sum() {
    let folder = tempfile::tempdir().unwrap();
    digits(folder.path());
    let text = page(folder.path(), "explain digits-1 --sample 5 --layer 3");
    let units = |figure: &str| figure.replace(['+', '.'], "").replace('−', "-").parse::<i64>().ok();
    let start = text.lines().position(|line| line.starts_with("BP2")).unwrap();
    let mut sum = 0;
    for line in text.lines().skip(start + 1) {
        let words: Vec<&str> =
            line.split_whitespace().filter(|word| !word.contains(['█', '▏', '▌'])).collect();
        let signed = |word: &&&str| word.starts_with(['+', '−']) && word.contains('.') && !word.contains('·');
        if words[0] == "sum" {
            assert_eq!(units(words[1]), Some(sum));
            return;
        }
        sum += words.iter().rev().find(signed).and_then(|word| units(word)).unwrap_or(0);
    }
    panic!("no sum in\n{text}");
}

/// Weights that exploded are what `explain` is for.
#[test]
fn weights_of_any_size_are_explained_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("data.csv"), "u,v,y\n1,2,3\n-1,0.5,1\n2,1,-1\n0,-2,4\n").unwrap();
    page(
        folder,
        "train data.csv --target y --task regression --preset plain --hidden 3 --numeric u,v --validation 0 \
         --epochs 1 --precision f64 --out run -q",
    );
    let path = folder.join("run/model.safetensors");
    let model: Model<f64> = AnyModel::read(&path).unwrap().into_f64();
    for (size, finite) in [(1e8, true), (1e90, false), (1e250, false)] {
        let mut model = model.clone();
        for layer in &mut model.network.layers {
            for j in 0..layer.outputs() {
                (0..layer.inputs()).for_each(|k| layer.w.set(j, k, size * layer.w.get(j, k)));
            }
        }
        model.write(&path).unwrap();
        for words in [
            "",
            " --samples 0..3",
            " --layer 2",
            " --form matrix",
            " --samples 0..3 --form matrix",
            " --json",
        ] {
            let text = page(folder, &format!("explain run{words}"));
            // Of an output that is itself infinite nothing more can be said.
            assert!(size > 1e200 || !text.contains("NaN"), "{words}\n{text}");
            assert_eq!(text.contains("agree"), finite && !words.contains("matrix"), "{size}{words}\n{text}");
        }
        let checked = deltarule(folder, "gradcheck run");
        assert_eq!(checked.status.code(), Some(if finite { 0 } else { 3 }));
        let said = String::from_utf8([checked.stdout, checked.stderr].concat()).unwrap();
        let told = if finite { "passed: of 13 gradients" } else { "cost: expected a finite number" };
        assert!(said.contains(told), "{said}");
    }
}

/// The gradient that each README opens is the one that its commands print.
#[test]
fn the_readmes_show_what_is_printed() {
    for name in ["README.md", "README.ko.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let block = text.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (mut printed, mut commands) = (String::new(), 0);
        for command in block.lines().filter_map(|line| line.strip_prefix("$ deltarule ")) {
            printed = page(folder.path(), command);
            commands += 1;
        }
        let shown: String =
            block.lines().filter(|line| !line.starts_with('$')).map(|line| format!("{line}\n")).collect();
        assert_eq!(commands, 2);
        assert_eq!(shown, printed, "{name}");
    }
}

#[test]
fn what_does_not_exist_is_refused_with_what_does() {
    let folder = tempfile::tempdir().unwrap();
    xor(folder.path());
    let folder = folder.path();
    let mut refusals = String::new();
    for words in [
        "--sample 100000",
        "--layer 1",
        "--layer 4",
        "--layer 2 --neuron 0",
        "--layer 2 --neuron 4",
        "--layer 3 --weight 1,4",
        "--layer 3 --weight 3,1",
        "--layer 3 --weight 2",
        "--samples 5..5",
        "--samples 0..100000",
        "--samples 3",
    ] {
        refusals += &format!("{words}\n{}\n", refused(folder, &format!("explain xor-1 {words}")));
    }
    insta::assert_snapshot!("refusals", refusals);
    assert_eq!(deltarule(folder, "explain nowhere").status.code(), Some(1));
}
