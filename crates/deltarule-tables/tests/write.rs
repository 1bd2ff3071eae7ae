//! Predictions out, and read back.

mod common;

use common::{numbers, table, texts};
use deltarule::Matrix;
use deltarule_tables::arrow::array::{Array, AsArray, RecordBatch};
use deltarule_tables::arrow::datatypes::{Float32Type, Float64Type, Int64Type};
use deltarule_tables::targets::StandardizedTarget;
use deltarule_tables::write::{OutputFormat, OutputOptions, PredictionWriter};
use deltarule_tables::{Table, Target};
use std::fs;
use std::path::{Path, PathBuf};

const NONE: [&Path; 0] = [];

fn input() -> RecordBatch {
    let table = table(&[("id", texts(["p", "q,\"r\"", ""])), ("prediction", numbers([1.5, 2.0, f64::NAN]))]);
    table.batches(None).unwrap().next().unwrap().unwrap()
}

fn classes() -> Target {
    Target::Classification { column: "y".into(), labels: vec!["no".into(), "yés".into()] }
}

fn amounts() -> Target {
    let amount =
        |column: &str, mean, deviation| StandardizedTarget { column: column.into(), mean, deviation };
    Target::Regression { columns: vec![amount("a", 100.0, 10.0), amount("b", 0.0, 1.0)] }
}

/// Writes the input in two batches.
fn write(path: &Path, target: &Target, outputs: &Matrix<f64>, options: &OutputOptions) {
    let input = input();
    let mut writer = PredictionWriter::create::<f64>(path, &NONE, target, &input.schema(), options).unwrap();
    assert!(!path.exists(), "nothing is to be seen before the end");
    for (first, rows) in [(0, 2), (2, 1)] {
        let part = Matrix::from_fn(rows, outputs.cols(), |i, j| outputs.at(first + i, j));
        writer.write(&input.slice(first, rows), &part).unwrap();
    }
    assert_eq!(writer.rows(), 3);
    writer.finish().unwrap();
    let folder = fs::read_dir(path.parent().unwrap()).unwrap();
    assert_eq!(
        folder.filter(|entry| entry.as_ref().unwrap().path().extension().unwrap() == "part").count(),
        0
    );
}

fn outputs() -> Matrix<f64> {
    Matrix::from_rows(&[[0.75, 0.25], [0.5, 0.5], [0.125, 0.875]])
}

fn place(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[test]
fn csv() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "out.csv");
    let options = OutputOptions { probabilities: true, keep_inputs: true, ..OutputOptions::default() };
    write(&path, &classes(), &outputs(), &options);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "id,prediction,prediction_,probability_no,probability_yés\n\
         p,1.5,no,0.75,0.25\n\
         \"q,\"\"r\"\"\",2.0,no,0.5,0.5\n\
         ,,yés,0.125,0.875\n"
    );
}

#[test]
fn json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "out.jsonl");
    write(&path, &amounts(), &outputs(), &OutputOptions::default());
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\"prediction_a\":107.5,\"prediction_b\":0.25}\n\
         {\"prediction_a\":105.0,\"prediction_b\":0.5}\n\
         {\"prediction_a\":101.25,\"prediction_b\":0.875}\n"
    );
}

#[test]
fn parquet() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "out.parquet");
    let options = OutputOptions { keep_inputs: true, threshold: Some(0.25), ..OutputOptions::default() };
    write(&path, &classes(), &outputs(), &options);
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(fs::File::open(&path).unwrap(), 10);
    let batches: Vec<RecordBatch> = reader.unwrap().map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
    let batch = &batches[0];
    assert_eq!(batch.column(0).as_string::<i32>().value(1), "q,\"r\"");
    assert!(batch.column(1).as_primitive::<Float64Type>().is_null(2));
    // From the threshold on it is the second class.
    let labels: Vec<_> = batch.column(2).as_string::<i32>().iter().flatten().collect();
    assert_eq!(labels, ["yés", "yés", "yés"]);
}

#[test]
fn numbers_have_the_type_of_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "out.parquet");
    let input = input();
    let counts = Target::Counts { columns: vec!["n".into()] };
    let options = OutputOptions::default();
    let mut writer =
        PredictionWriter::create::<f32>(&path, &NONE, &counts, &input.schema(), &options).unwrap();
    writer.write(&input, &Matrix::<f32>::from_rows(&[[0.5], [1.5], [2.5]])).unwrap();
    writer.finish().unwrap();
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(fs::File::open(&path).unwrap(), 10);
    let batch = reader.unwrap().next().unwrap().unwrap();
    assert_eq!(batch.column(0).as_primitive::<Float32Type>().values().to_vec(), [0.5, 1.5, 2.5]);
}

#[test]
fn labels_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "out.parquet");
    let target = Target::MultiLabel { columns: vec!["a".into(), "b".into()] };
    write(&path, &target, &outputs(), &OutputOptions::default());
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(fs::File::open(&path).unwrap(), 10);
    let batch = reader.unwrap().next().unwrap().unwrap();
    let column = |j: usize| batch.column(j).as_primitive::<Int64Type>().values().to_vec();
    // A label is said above one half: one half itself is no more than doubt.
    assert_eq!((column(0), column(1)), (vec![1, 0, 0], vec![0, 0, 1]));
}

/// The header's dictionary and the values of an NPY file.
fn npy(path: &Path) -> (String, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    // The values begin at a multiple of 64 bytes, behind a line end.
    assert_eq!(((10 + length) % 64, bytes[9 + length]), (0, b'\n'));
    let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
    (header.trim_end().to_owned(), bytes[10 + length..].to_vec())
}

#[test]
fn npy_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "amounts.npy");
    write(&path, &amounts(), &outputs(), &OutputOptions::default());
    let (header, values) = npy(&path);
    assert_eq!(header, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }");
    let values: Vec<f64> = values.chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
    assert_eq!(values, [107.5, 0.25, 105.0, 0.5, 101.25, 0.875]);

    let path = place(&folder, "labels.npy");
    write(&path, &classes(), &outputs(), &OutputOptions::default());
    let (header, values) = npy(&path);
    assert_eq!(header, "{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }");
    let characters: Vec<u32> = values.chunks(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect();
    let text: String = characters.iter().filter_map(|&c| char::from_u32(c)).collect();
    assert_eq!(text, "no\0no\0yés");

    let path = place(&folder, "digits.npy");
    let target = Target::Classification { column: "y".into(), labels: vec!["3".into(), "10".into()] };
    write(&path, &target, &outputs(), &OutputOptions::default());
    let (header, values) = npy(&path);
    assert_eq!(header, "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }");
    let values: Vec<i64> = values.chunks(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect();
    assert_eq!(values, [3, 3, 10]);

    let path = place(&folder, "probabilities.npy");
    write(&path, &target, &outputs(), &OutputOptions { probabilities: true, ..OutputOptions::default() });
    assert!(npy(&path).0.contains("'shape': (3, 2)"));
}

#[test]
fn an_empty_input_gives_an_empty_file_with_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    for (name, expected) in [("out.csv", "prediction\n"), ("out.jsonl", "")] {
        let path = place(&folder, name);
        let options = OutputOptions::default();
        let writer =
            PredictionWriter::create::<f32>(&path, &NONE, &classes(), &input().schema(), &options).unwrap();
        writer.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out.csv", "out.parquet", "out.jsonl", "out.npy"] {
        let path = place(&folder, name);
        let options = OutputOptions::default();
        let mut writer =
            PredictionWriter::create::<f64>(&path, &NONE, &classes(), &input().schema(), &options).unwrap();
        writer.write(&input(), &outputs()).unwrap();
        drop(writer);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "in.csv");
    fs::write(&path, "x\n1\n").unwrap();
    let refused = |path: &Path, inputs: &[&Path], target: &Target, options: OutputOptions| {
        let made = PredictionWriter::create::<f32>(path, inputs, target, &input().schema(), &options);
        common::told(&made.unwrap_err())
    };
    let options = OutputOptions::default;
    let force = || OutputOptions { overwrite: true, ..options() };
    assert!(refused(&path, &NONE, &classes(), options()).contains("--force replaces it"));
    let other = folder.path().join(".").join("in.csv");
    let message = refused(&path, &[&other], &classes(), force());
    assert!(message.contains("expected an output file other than the input"), "{message}");
    assert!(
        refused(
            folder.path(),
            &NONE,
            &classes(),
            OutputOptions { format: Some(OutputFormat::Csv), ..force() }
        )
        .contains("the directory")
    );
    assert!(
        refused(&place(&folder, "out.xls"), &NONE, &classes(), options())
            .contains(".csv, .parquet, .jsonl or .npy")
    );
    let nowhere = folder.path().join("no").join("out.csv");
    assert!(refused(&nowhere, &NONE, &classes(), options()).contains("a file that can be written"));
    let kept = OutputOptions { keep_inputs: true, ..options() };
    assert!(refused(&place(&folder, "out.npy"), &NONE, &classes(), kept).contains("one array of one type"));
    let probable = OutputOptions { probabilities: true, ..options() };
    assert!(
        refused(&place(&folder, "out.csv"), &NONE, &amounts(), probable).contains("to have probabilities")
    );
    let cut = |threshold| OutputOptions { threshold: Some(threshold), ..options() };
    assert!(refused(&place(&folder, "out.csv"), &NONE, &amounts(), cut(0.5)).contains("to have a threshold"));
    assert!(refused(&place(&folder, "out.csv"), &NONE, &classes(), cut(f64::NAN)).contains("from 0 to 1"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "x\n1\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_is_replaced_only_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder, "out.csv");
    fs::write(&path, "old").unwrap();
    let options = OutputOptions { overwrite: true, ..OutputOptions::default() };
    let mut writer =
        PredictionWriter::create::<f64>(&path, &NONE, &classes(), &input().schema(), &options).unwrap();
    writer.write(&input(), &outputs()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    writer.finish().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "prediction\nno\nno\nyés\n");
}
