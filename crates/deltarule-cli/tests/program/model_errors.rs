//! Files that are no models, or no longer: exit 3, and what was found.

use crate::sandbox::Sandbox;
use crate::snapshot::assert_snapshot;

#[test]
fn broken_models_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.done("train xor --epochs 1 --hidden 3 --out run -q");
    let whole = sandbox.read("run/model.safetensors");
    let refused = |name: &str, bytes: &[u8]| {
        sandbox.write("m.safetensors", bytes);
        let ended = sandbox.run("eval m.safetensors");
        assert_eq!(ended.code, 3, "{name}: {ended}");
        assert_snapshot(format!("model_{name}"), ended);
    };
    // A byte of the JSON in the header: "format" becomes "gormat".
    let mut changed = whole.clone();
    let at = whole.windows(6).position(|six| six == b"format").expect("the key");
    changed[at] = b'g';
    refused("one_byte", &changed);
    refused("cut_short", &whole[..whole.len() - 5]);
    refused("cut_in_header", &whole[..100]);
    let mut claims = whole.clone();
    claims[..8].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    refused("claims", &claims);
    let header =
        br#"{"w":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}"#;
    let mut shape = (header.len() as u64).to_le_bytes().to_vec();
    shape.extend(header);
    refused("claims_shape", &shape);
    refused("pickle", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x06weight\x94K\x01s.");
    refused("empty", b"");
}

#[test]
fn models_that_are_not_there() {
    let sandbox = Sandbox::new();
    for (name, line) in [("missing_run", "eval runs/digits-9"), ("empty_folder", "inspect .")] {
        let ended = sandbox.run(line);
        assert_eq!(ended.code, 1, "{ended}");
        assert_snapshot(name, ended);
    }
}

#[test]
fn a_weight_that_is_not_finite_is_named() {
    let sandbox = Sandbox::new();
    sandbox.done("train xor --epochs 1 --hidden 3 --out run -q");
    let mut bytes = sandbox.read("run/model.safetensors");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    sandbox.write("m.safetensors", bytes);
    let ended = sandbox.run("inspect m.safetensors");
    assert_eq!(ended.code, 3, "{ended}");
    assert_snapshot("model_nan", ended);
}
