//! A random table, written in every format and read back.

use deltarule_tables::arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
    Int64Array, LargeStringArray, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use deltarule_tables::arrow::compute::concat_batches;
use deltarule_tables::arrow::datatypes::{Int32Type, Int64Type};
use deltarule_tables::arrow::ipc::CompressionType;
use deltarule_tables::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use deltarule_tables::read::{ReadOptions, Source};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Runs a property on cases that are the same in every run.
fn check<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    TestRunner::new_with_rng(config, rng).run(&strategy, property).unwrap();
}

/// The columns of a random table.
#[derive(Debug, Clone)]
struct Columns {
    integers: Vec<Option<i64>>,
    numbers: Vec<Option<f64>>,
    words: Vec<Option<String>>,
}

impl Columns {
    fn batch(&self) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([
            ("integers", Arc::new(Int64Array::from(self.integers.clone())) as ArrayRef, true),
            ("numbers", Arc::new(Float64Array::from(self.numbers.clone())), true),
            ("words", Arc::new(StringArray::from(self.words.clone())), true),
        ])
        .unwrap()
    }
}

/// Words that are no numbers and no missing values, without blanks around them, which text files do not keep.
fn word() -> impl Strategy<Value = String> {
    "[a-zé]([a-z0-9 ,;\"\t\n'\u{20ac}]{0,8}[a-zA-Z\"\u{20ac}])?"
        .prop_filter("a word for a missing value", |word| !["nan", "null"].contains(&word.as_str()))
}

fn columns(rows: std::ops::Range<usize>) -> impl Strategy<Value = Columns> {
    let number = prop_oneof![
        any::<f64>().prop_filter("finite", |x| x.is_finite()),
        (-1000..1000_i32).prop_map(|x| f64::from(x) / 8.0)
    ];
    rows.prop_flat_map(move |rows| {
        (
            prop::collection::vec(prop::option::of(any::<i64>()), rows),
            prop::collection::vec(prop::option::of(number.clone()), rows),
            prop::collection::vec(prop::option::of(word()), rows),
        )
    })
    .prop_map(|(mut integers, mut numbers, mut words)| {
        // One value of each kind, so that the types can be told.
        integers[0] = Some(i64::MAX);
        numbers[0] = Some(0.5);
        words[0] = Some("word".to_owned());
        Columns { integers, numbers, words }
    })
}

fn read(path: &Path, options: &ReadOptions) -> RecordBatch {
    let source = Source::open(&[path], options).unwrap_or_else(|e| panic!("{e}"));
    let batches: Vec<_> = source.batches(None).unwrap().map(Result::unwrap).collect();
    let all = concat_batches(source.schema(), &batches).unwrap();
    // Chunk by chunk, and the columns in another order, it is the same table.
    let width = source.schema().fields().len();
    let backwards: Vec<usize> = (0..width).rev().collect();
    let chunks: Vec<_> = (0..source.chunks().len())
        .flat_map(|chunk| source.chunk(chunk, Some(&backwards)).unwrap().map(Result::unwrap))
        .collect();
    let chunks = concat_batches(&chunks[0].schema(), &chunks).unwrap();
    assert_eq!(chunks, all.project(&backwards).unwrap());
    assert_eq!(source.rows(), all.num_rows() as u64);
    all
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

fn csv(columns: &Columns, delimiter: &str) -> String {
    let mut text = ["integers", "numbers", "words"].join(delimiter) + "\n";
    for i in 0..columns.integers.len() {
        let integer = columns.integers[i].map_or("NA".to_owned(), |x| x.to_string());
        let number = columns.numbers[i].map_or("?".to_owned(), |x| format!("{x:e}"));
        let word = columns.words[i].as_deref().map_or(String::new(), quoted);
        text += &[integer, number, word].join(delimiter);
        text += "\r\n";
    }
    text
}

#[test]
fn csv_with_any_delimiter_block_and_compression() {
    let case =
        (columns(1..40), prop::sample::select(vec![",", "\t", ";", "|", ", "]), 1..300_usize, 1..4_usize);
    check(60, case, |(columns, delimiter, block_bytes, threads)| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let options = ReadOptions { block_bytes, threads, ..Default::default() };
        let text = csv(&columns, delimiter);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let packed = [
            text.clone().into_bytes(),
            gzip.finish().unwrap(),
            zstd::encode_all(text.as_bytes(), 1).unwrap(),
        ];
        for bytes in packed {
            std::fs::write(file.path(), bytes).unwrap();
            prop_assert_eq!(read(file.path(), &options), columns.batch());
        }
        Ok(())
    });
}

#[test]
fn parquet_with_any_pages_and_groups() {
    let case = (columns(1..200), 1..100_usize, 1..50_usize, 0..4_usize, 1..4_usize, any::<bool>());
    check(40, case, |(columns, group, batch_rows, compression, threads, dictionary)| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let compression = [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::ZSTD(ZstdLevel::default()),
            Compression::LZ4_RAW,
        ][compression];
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(group))
            .set_data_page_row_count_limit(7)
            .set_write_batch_size(5)
            .set_compression(compression)
            .set_dictionary_enabled(dictionary)
            .build();
        let batch = columns.batch();
        let mut writer =
            ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let options = ReadOptions { batch_rows, threads, ..Default::default() };
        prop_assert_eq!(read(file.path(), &options), batch);
        Ok(())
    });
}

#[test]
fn arrow_files_and_streams_with_any_batches() {
    let case = (columns(1..100), 1..50_usize, 1..50_usize, 0..3_usize, any::<bool>());
    check(40, case, |(columns, piece, batch_rows, compression, stream)| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let batch = columns.batch();
        let compression = [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)][compression];
        let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
        let pieces = (0..batch.num_rows()).step_by(piece);
        let pieces = pieces.map(|from| batch.slice(from, piece.min(batch.num_rows() - from)));
        let out = file.reopen().unwrap();
        if stream {
            let mut writer = StreamWriter::try_new_with_options(out, &batch.schema(), options).unwrap();
            pieces.for_each(|piece| writer.write(&piece).unwrap());
            writer.finish().unwrap();
        } else {
            let mut writer = FileWriter::try_new_with_options(out, &batch.schema(), options).unwrap();
            pieces.for_each(|piece| writer.write(&piece).unwrap());
            writer.finish().unwrap();
        }
        prop_assert_eq!(read(file.path(), &ReadOptions { batch_rows, ..Default::default() }), batch);
        Ok(())
    });
}

#[test]
fn json_lines_with_any_block() {
    check(60, (columns(1..40), 1..300_usize, 1..3_usize), |(columns, block_bytes, threads)| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut text = String::new();
        for i in 0..columns.integers.len() {
            let word = serde_json::to_string(&columns.words[i]).unwrap();
            let number = columns.numbers[i].map_or("\"NA\"".to_owned(), |x| format!("{x:e}"));
            // An absent key is a missing value, and the order of the keys does not matter.
            text += &match columns.integers[i] {
                None if i % 2 == 0 => format!("{{\"numbers\": {number}, \"words\": {word}}}\n"),
                integer => {
                    let integer = integer.map_or("null".to_owned(), |x| x.to_string());
                    match i {
                        0 => {
                            format!("{{\"integers\": {integer}, \"numbers\": {number}, \"words\": {word}}}\n")
                        }
                        _ => format!("{{\"words\":{word},\"numbers\":{number},\"integers\":{integer}}}\n\n"),
                    }
                }
            };
        }
        std::fs::write(file.path(), text).unwrap();
        let options = ReadOptions { block_bytes, threads, ..Default::default() };
        prop_assert_eq!(read(file.path(), &options), columns.batch());
        Ok(())
    });
}

/// A matrix with labels.
fn matrix() -> impl Strategy<Value = (usize, Vec<f64>)> {
    let value = prop_oneof![Just(0.0), any::<f64>().prop_filter("finite", |x| x.is_finite())];
    (1..8_usize, 1..20_usize)
        .prop_flat_map(move |(width, rows)| (Just(width), prop::collection::vec(value.clone(), width * rows)))
}

fn numbers(names: Vec<String>, width: usize, values: &[f64]) -> RecordBatch {
    let column = |i: usize| {
        let column: Vec<f64> = values.iter().skip(i).step_by(width).copied().collect();
        Arc::new(Float64Array::from(column)) as ArrayRef
    };
    let columns = names.into_iter().enumerate().map(|(i, name)| (name, column(i), true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

#[test]
fn libsvm_with_any_block() {
    check(60, (matrix(), 1..200_usize), |((width, mut values), block_bytes)| {
        // The last column has to occur, the first is the label, and a zero that is not written has no sign.
        values.iter_mut().for_each(|x| *x += 0.0);
        values[width - 1] = 0.25;
        let width = width + 1;
        let values: Vec<f64> = values
            .chunks(width - 1)
            .flat_map(|row| [row.len() as f64 + 0.5].into_iter().chain(row.iter().copied()))
            .collect();
        let mut text = "# a comment\n".to_owned();
        for row in values.chunks(width) {
            text += &row[0].to_string();
            for (i, x) in row.iter().enumerate().skip(1).filter(|(_, x)| **x != 0.0) {
                text += &format!(" {i}:{x:e}");
            }
            text += " # nothing\n";
        }
        let file = tempfile::Builder::new().suffix(".libsvm").tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let names = ["label".to_owned()].into_iter().chain((1..width).map(|i| format!("x{i}"))).collect();
        let options = ReadOptions { block_bytes, ..Default::default() };
        prop_assert_eq!(read(file.path(), &options), numbers(names, width, &values));
        Ok(())
    });
}

/// An NPY file of version 1, as NumPy's format description lays it out.
fn npy(descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), values].concat()
}

#[test]
fn npy_and_npz_in_either_order_of_bytes_and_axes() {
    let case = (matrix(), any::<bool>(), any::<bool>(), 1..200_usize);
    check(60, case, |((width, values), fortran, big_endian, block_bytes)| {
        let rows = values.len() / width;
        let stored: Vec<f64> = match fortran {
            true => (0..width).flat_map(|i| values.iter().skip(i).step_by(width).copied()).collect(),
            false => values.clone(),
        };
        let bytes: Vec<u8> =
            stored.iter().flat_map(|x| if big_endian { x.to_be_bytes() } else { x.to_le_bytes() }).collect();
        let array =
            npy(if big_endian { ">f8" } else { "<f8" }, fortran, &format!("({rows}, {width})"), &bytes);
        let expected = numbers((0..width).map(|i| format!("x{i}")).collect(), width, &values);
        let options = ReadOptions { block_bytes, ..Default::default() };
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &array).unwrap();
        prop_assert_eq!(read(file.path(), &options), expected.clone());

        let mut archive = zip::ZipWriter::new(file.reopen().unwrap());
        for (name, array) in
            [("x", array), ("y", npy("|i1", false, &format!("({rows},)"), &vec![0xff; rows]))]
        {
            archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&array).unwrap();
        }
        archive.finish().unwrap();
        let both = read(file.path(), &options);
        prop_assert_eq!(both.project(&(0..width).collect::<Vec<_>>()).unwrap(), expected);
        let labels = both.column_by_name("y").unwrap();
        prop_assert_eq!(
            labels.as_ref(),
            &Int64Array::from(vec![-1; rows]) as &dyn deltarule_tables::arrow::array::Array
        );
        Ok(())
    });
}

/// Columns of many types, and what they are handed out as.
fn typed() -> (RecordBatch, RecordBatch) {
    let dictionary: DictionaryArray<Int32Type> = vec![Some("a"), None, Some("a")].into_iter().collect();
    let zoned = TimestampMicrosecondArray::from(vec![Some(1_700_000_000_000_000), None, Some(-1)]);
    let words = || Arc::new(StringArray::from(vec![Some("a"), None, Some("a")]));
    let typed = RecordBatch::try_from_iter_with_nullable([
        ("i32", Arc::new(Int32Array::from(vec![Some(-1), None, Some(2)])) as ArrayRef, true),
        ("u8", Arc::new(UInt8Array::from(vec![0, 7, 255])), false),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.1), None, Some(2.0)])), true),
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])), true),
        ("large", Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("a")])), true),
        ("dictionary", Arc::new(dictionary), true),
        ("date", Arc::new(Date32Array::from(vec![Some(0), None, Some(20_000)])), true),
        ("time", Arc::new(zoned.clone().with_timezone("Asia/Seoul")), true),
    ])
    .unwrap();
    let settled = RecordBatch::try_from_iter_with_nullable([
        ("i32", Arc::new(Int64Array::from(vec![Some(-1), None, Some(2)])) as ArrayRef, true),
        ("u8", Arc::new(Int64Array::from(vec![0, 7, 255])), true),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.1), None, Some(2.0)])), true),
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])), true),
        ("large", words(), true),
        ("dictionary", words(), true),
        ("date", Arc::new(Date32Array::from(vec![Some(0), None, Some(20_000)])), true),
        ("time", Arc::new(zoned), true),
    ])
    .unwrap();
    (typed, settled)
}

#[test]
fn every_type_settles_alike_in_parquet_and_arrow() {
    let (typed, settled) = typed();
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), typed.schema(), None).unwrap();
    writer.write(&typed).unwrap();
    writer.close().unwrap();
    assert_eq!(read(file.path(), &ReadOptions::default()), settled);
    let out = File::create(file.path()).unwrap();
    let mut writer = FileWriter::try_new(out, &typed.schema()).unwrap();
    writer.write(&typed).unwrap();
    writer.write(&typed).unwrap();
    writer.finish().unwrap();
    let twice = concat_batches(&settled.schema(), [&settled, &settled]).unwrap();
    assert_eq!(read(file.path(), &ReadOptions::default()), twice);
}

/// A table with a column of lists, in the three formats that can hold one.
#[test]
fn a_nested_column_that_nobody_needs_is_no_hindrance() {
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)]), None, Some([Some(3)])]);
    let plain = Int64Array::from(vec![4, 5, 6]);
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("lists", Arc::new(lists) as ArrayRef, true),
        ("plain", Arc::new(plain.clone()), true),
    ])
    .unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let unneeded = ReadOptions { unneeded: vec!["lists".to_owned()], ..Default::default() };
    let check = || {
        assert!(Source::open(&[file.path()], &ReadOptions::default()).is_err());
        let all = read(file.path(), &unneeded);
        assert_eq!(all.column(0).null_count(), 3);
        assert_eq!(all.column(1).as_ref(), &plain as &dyn Array);
        let source = Source::open(&[file.path()], &unneeded).unwrap();
        let alone = source.batches(Some(&[0])).unwrap().map(|batch| batch.unwrap().num_rows());
        assert_eq!(alone.sum::<usize>(), 3);
    };
    let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    check();
    let mut writer = FileWriter::try_new(File::create(file.path()).unwrap(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    check();
    let lines = "{\"lists\": [1], \"plain\": 4}\n{\"plain\": 5}\n{\"lists\": {\"a\": 3}, \"plain\": 6}\n";
    std::fs::write(file.path(), lines).unwrap();
    check();
}
