//! Model files: written and read back to the last bit, and every way in which one can be broken.

mod safetensors;

use deltarule::model::Training;
use deltarule::progress::Progress;
use deltarule::{AnyModel, Model, Real};
use deltarule::{Settings, Task};
use safetensors::{parts, with_header};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn model<T: Real>() -> Model<T>
where
    AnyModel: From<Model<T>>,
{
    let settings = Settings {
        hidden: Some(vec![3]),
        input_scale: Some(true),
        eta: Some(0.1 + 0.2),
        init: Some("normal".parse().unwrap()),
        ..Settings::default()
    };
    let plan = settings.plan(Task::Classes).unwrap();
    let mut network = plan.network::<T>(4, 2).unwrap();
    network.layers[0].w.set(0, 0, T::from_f64(-0.0));
    network.layers[0].b[0] = T::from_f64(1e-44);
    Model {
        network,
        task: Task::Classes,
        labels: vec!["아니오".into(), "yes \"really\"\n".into()],
        preprocessing: json!({"means": [0.1, 1e-300, 123456789.12345679, 5e-324], "unit": "€"}),
        settings: plan.settings().clone(),
        training: Some(Training {
            samples: 1437,
            epochs: 7,
            best_epoch: Some(5),
            best_value: Some(0.975_308_641_975_308_6),
            kept: Progress { steps: 90, epoch_steps: 30 },
            class_weights: Some(vec![0.75, 1.5]),
        }),
    }
}

fn read(bytes: &[u8]) -> deltarule::Result<AnyModel> {
    AnyModel::from_bytes(Path::new("m.safetensors"), bytes)
}

/// What an error says, and its advice.
fn told(error: &deltarule::Error) -> String {
    error.hint().map_or(error.to_string(), |hint| format!("{error}; {hint}"))
}

/// Why the file is refused; and that nothing in it made the reader allocate more than a small multiple of its size.
fn message(bytes: &[u8]) -> String {
    let mut message = String::new();
    let allocated = allocation_counter::measure(|| message = told(&read(bytes).unwrap_err()));
    assert!(
        allocated.bytes_max < 20 * (bytes.len() as u64 + 1000),
        "{} of {}",
        allocated.bytes_max,
        bytes.len()
    );
    message
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("deltarule-model-{}-{name}", std::process::id()))
}

#[test]
fn a_model_comes_back_to_the_last_bit() {
    fn check<T: Real>()
    where
        AnyModel: From<Model<T>>,
    {
        let model = model::<T>();
        let path = temporary(T::NAME);
        model.write(&path).unwrap();
        let found = AnyModel::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(found.precision(), T::NAME);
        assert_eq!(found, AnyModel::from(model.clone()));
        let zero = found.into_f64().network.layers[0].w.get(0, 0);
        assert!(zero == 0.0 && zero.is_sign_negative());
        assert_eq!(model.to_bytes().unwrap(), model.to_bytes().unwrap());
    }
    check::<f32>();
    check::<f64>();
}

/// The file with the JSON in its metadata changed.
fn with_metadata(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    safetensors::with_metadata(bytes, "deltarule", change)
}

#[test]
fn tensors_have_the_documented_names_shapes_and_order() {
    let model = model::<f32>();
    let bytes = model.to_bytes().unwrap();
    let (header, numbers) = parts(&bytes);
    let shapes = [
        ("layers.2.weight", json!([3, 4])),
        ("layers.2.bias", json!([3])),
        ("layers.3.weight", json!([2, 3])),
        ("layers.3.bias", json!([2])),
        ("input.scale", json!([4])),
    ];
    assert_eq!(header.as_object().unwrap().len(), shapes.len() + 1);
    for (name, shape) in shapes {
        assert_eq!((&header[name]["shape"], &header[name]["dtype"]), (&shape, &json!("F32")), "{name}");
    }
    let start = header["layers.2.weight"]["data_offsets"][0].as_u64().unwrap() as usize;
    let at = |i: usize| f32::from_le_bytes(numbers[start + 4 * i..][..4].try_into().unwrap());
    assert_eq!(at(6), model.network.layers[0].w.get(1, 2));
    // The document in the library's own words: the same keys.
    let own: Value = serde_json::from_str(header["__metadata__"]["deltarule"].as_str().unwrap()).unwrap();
    let keys: Vec<&String> = own.as_object().unwrap().keys().collect();
    let mut expected = ["format", "architecture", "task", "labels", "preprocessing", "settings", "training"]
        .map(str::to_owned);
    expected.sort();
    let mut keys: Vec<String> = keys.into_iter().cloned().collect();
    keys.sort();
    assert_eq!(keys, expected);
}

#[test]
fn every_flipped_bit_gives_a_model_or_an_error() {
    let bytes = model::<f32>().to_bytes().unwrap();
    let (mut read_well, mut refused) = (0, 0);
    for i in 0..bytes.len() {
        for flip in (0..8).map(|bit| 1 << bit).chain([0xff]) {
            let mut broken = bytes.clone();
            broken[i] ^= flip;
            match read(&broken) {
                Ok(_) => read_well += 1,
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().starts_with("m.safetensors"), "{error}");
                }
            }
        }
    }
    // Bits of the numbers, of labels and of preprocessing may change; the rest must not.
    assert!(read_well > 500 && refused > 3 * read_well / 2, "{read_well} read, {refused} refused");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = model::<f64>().to_bytes().unwrap();
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "cut at {length}");
    }
    assert!(message(&bytes[..bytes.len() - 1]).contains("may be cut short"));
    assert!(message(&bytes[..100]).contains("may be cut short"));
    assert!(message(&[&bytes[..], &[0]].concat()).contains("nothing after them"));
}

#[test]
fn lengths_that_lie_allocate_nothing() {
    let bytes = model::<f32>().to_bytes().unwrap();
    for length in [u64::MAX, 1 << 62, 1 << 40, bytes.len() as u64 - 7] {
        let broken = [&length.to_le_bytes(), &bytes[8..]].concat();
        assert!(
            message(&broken).contains(&format!("found a header of {length} bytes")),
            "{}",
            message(&broken)
        );
    }
    assert!(message(&[&0_u64.to_le_bytes(), &bytes[8..]].concat()).contains("a safetensors file"));

    let huge = 1_u64 << 60;
    for shape in
        [json!([huge, 4]), json!([3, huge]), json!([huge, huge]), json!([0, huge]), json!([u64::MAX])]
    {
        let tensor = with_header(&bytes, |header| header["layers.2.weight"]["shape"] = shape.clone());
        assert!(!message(&tensor).is_empty(), "{shape}");
        let both = with_header(
            &with_metadata(&bytes, |own| own["architecture"]["inputs"] = huge.into()),
            |header| {
                header["layers.2.weight"]["shape"] = shape.clone();
            },
        );
        assert!(!message(&both).is_empty(), "{shape}");
    }
    let wide = with_metadata(&bytes, |own| own["architecture"]["layers"][0]["outputs"] = huge.into());
    assert!(message(&wide).contains("as the architecture has it, found [3, 4]"), "{}", message(&wide));
    let deep = format!("{{\"__metadata__\":{}", "[".repeat(100_000));
    assert!(message(&[&(deep.len() as u64).to_le_bytes(), deep.as_bytes()].concat()).contains("JSON"));
}

#[test]
fn tensors_that_overlap_leave_gaps_or_have_other_types_are_refused() {
    let bytes = model::<f32>().to_bytes().unwrap();
    let broken = [
        (
            "overlap",
            with_header(&bytes, |h| {
                h["layers.2.bias"]["data_offsets"] = h["layers.3.bias"]["data_offsets"].clone()
            }),
        ),
        ("backwards", with_header(&bytes, |h| h["layers.2.bias"]["data_offsets"] = json!([12, 0]))),
        (
            "past the end",
            with_header(&bytes, |h| {
                h["layers.2.bias"]["data_offsets"] = json!([1_u64 << 40, (1_u64 << 40) + 12])
            }),
        ),
        ("other type", with_header(&bytes, |h| h["layers.2.bias"]["dtype"] = json!("I32"))),
        ("unknown type", with_header(&bytes, |h| h["layers.2.bias"]["dtype"] = json!("F31"))),
        (
            "whole numbers",
            with_header(&bytes, |h| {
                h.as_object_mut()
                    .unwrap()
                    .iter_mut()
                    .filter(|(name, _)| *name != "__metadata__")
                    .for_each(|(_, t)| t["dtype"] = json!("I32"));
            }),
        ),
    ];
    for (what, broken) in broken {
        let message = message(&broken);
        assert!(message.starts_with("m.safetensors, byte "), "{what}: {message}");
    }
}

#[test]
fn metadata_is_checked_to_the_last_key() {
    let bytes = model::<f32>().to_bytes().unwrap();
    let with = |change: fn(&mut Value)| message(&with_metadata(&bytes, change));
    for (found, words) in [
        (with(|own| own["format"] = 2.into()), "expected format version 1, found version 2"),
        (with(|own| own["future"] = 1.into()), "unknown field `future`"),
        (with(|own| own["settings"]["etaa"] = 1.into()), "unknown field `etaa`"),
        (with(|own| own["settings"]["eta"] = (-1).into()), "eta: expected a finite number above 0, found -1"),
        (with(|own| own["architecture"]["depth"] = 1.into()), "unknown field `depth`"),
        (with(|own| own["architecture"]["layers"][0]["activation"] = "rilu".into()), "did you mean `relu`"),
        (with(|own| own["architecture"]["layers"][0]["activation"] = "softmax".into()), "elementwise"),
        (with(|own| own["architecture"]["layers"] = json!([])), "layers of the network"),
        (
            with(|own| own["architecture"]["layers"].as_array_mut().unwrap().truncate(1)),
            "only the tensors of the architecture, found the tensor layers.3.bias",
        ),
        (with(|own| own["architecture"]["input_scale"] = false.into()), "the tensor input.scale"),
        (
            with(|own| own["architecture"]["layers"][1]["outputs"] = 3.into()),
            "shape [3, 3] for tensor layers.3.weight",
        ),
        (
            with(|own| {
                own["architecture"]["layers"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"outputs": 1, "activation": "relu"}))
            }),
            "a tensor layers.4.weight, found none",
        ),
        (with(|own| own["labels"] = json!(["one"])), "labels of the model: expected 2 or none, found 1"),
        (with(|own| own["task"] = "guess".into()), "unknown task"),
        (
            with(|own| {
                own.as_object_mut().unwrap().remove("settings");
            }),
            "missing field `settings`",
        ),
        (
            message(&with_header(&bytes, |h| h["__metadata__"]["deltarule"] = "{".into())),
            "metadata with a format version",
        ),
        (
            message(&with_header(&bytes, |h| {
                h.as_object_mut().unwrap().remove("__metadata__");
            })),
            "written by another program",
        ),
        (message(&with_header(&bytes, |h| h["__metadata__"]["extra"] = "1".into())), "the key `extra`"),
    ] {
        assert!(found.contains(words), "{found}\nlacks: {words}");
    }
}

#[test]
fn a_number_that_is_not_finite_is_named_with_its_byte() {
    let bytes = model::<f32>().to_bytes().unwrap();
    let (header, _) = parts(&bytes);
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let offset = 8 + length + header["layers.3.weight"]["data_offsets"][0].as_u64().unwrap() as usize + 4;
    for value in [f32::NAN, f32::INFINITY] {
        let mut broken = bytes.clone();
        broken[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        let expected = format!(
            "m.safetensors, byte {offset}: expected finite numbers in tensor layers.3.weight, found {value}"
        );
        assert_eq!(message(&broken), expected);
    }
    let mut model = model::<f64>();
    model.network.layers[1].w.set(1, 2, f64::NAN);
    assert_eq!(
        model.to_bytes().unwrap_err().to_string(),
        "weight (2, 3) of layer 3: expected a finite number, found NaN"
    );
}

#[test]
fn other_files_are_called_by_their_names() {
    for (bytes, words) in [
        (&b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94."[..], "found a Python pickle"),
        (b"PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl", "found a ZIP archive"),
        (b"\x89HDF\r\n\x1a\n\x00\x00\x00\x00", "found an HDF5 file"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "found gzip-compressed data"),
        (b"\x08\x07\x12\x07pytorch\x1a\x05", "found an ONNX model"),
        (b"", "found an empty file"),
        (b"x,y\n1,2\n3,4\n", "found text"),
        (b"{\"weights\": [1, 2]}", "found JSON text"),
    ] {
        let message = message(bytes);
        assert!(message.starts_with("m.safetensors, byte 0: expected a safetensors file"), "{message}");
        assert!(message.contains(words), "{message}");
    }
    let folder = AnyModel::read(&std::env::temp_dir()).unwrap_err().to_string();
    assert!(folder.contains("a folder or a device"), "{folder}");
    assert!(AnyModel::read(&temporary("missing")).is_err());
}
