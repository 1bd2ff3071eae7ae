//! A file larger than the memory that may be used trains, and takes no more than the documentation says.
#![cfg(target_os = "linux")]

use deltarule::train::{Trainer, TrainingState};
use deltarule::{Batches, ThreadPool};
use deltarule::{Settings, Task};
use deltarule_tables::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use deltarule_tables::read::{ReadOptions, Source};
use deltarule_tables::stream::Streamed;
use deltarule_tables::table::InMemory;
use deltarule_tables::{TableOptions, TablePlan, Validation};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const FILE: &str = "DELTARULE_TEST_TABLE";
/// Inputs of the table, all numbers, which are stored as they are: the file is as large as what is in it.
const WIDTH: usize = 24;
const FILE_BYTES: u64 = 256 << 20;
/// Of address space, in which the program itself, its threads and the C library's reserve have to fit, too.
const LIMIT_KIB: u64 = 192 << 10;
const BUFFER: usize = 20_000;
const BATCH: usize = 256;

fn write(path: &Path) {
    const ROWS: usize = 8192;
    let mut state = 1_u64;
    // Knuth's multiplicative generator.
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64
    };
    let mut batch = || {
        let numbers = |_| Arc::new(Float64Array::from_iter_values((0..ROWS).map(|_| random()))) as ArrayRef;
        let columns: Vec<ArrayRef> = (0..WIDTH).map(numbers).collect();
        let named = columns.into_iter().enumerate().map(|(i, column)| (format!("x{i}"), column));
        let class = Arc::new(Int64Array::from_iter_values((0..ROWS as i64).map(|i| i % 2)));
        RecordBatch::try_from_iter(named.chain([("y".to_owned(), class as ArrayRef)])).unwrap()
    };
    let plain = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(5 * ROWS))
        .build();
    let first = batch();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), first.schema(), Some(plain)).unwrap();
    writer.write(&first).unwrap();
    let row_bytes = 8 * (WIDTH as u64 + 1);
    for _ in 0..FILE_BYTES / (row_bytes * ROWS as u64) {
        writer.write(&batch()).unwrap();
    }
    writer.close().unwrap();
    assert!(std::fs::metadata(path).unwrap().len() >= FILE_BYTES);
}

/// A figure of this process that Linux keeps, in bytes.
fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

fn options() -> TableOptions {
    TableOptions {
        target: vec!["y".into()],
        validation: Validation::Fraction(0.01),
        ..TableOptions::default()
    }
}

fn table() -> (Source, ReadOptions) {
    let options = ReadOptions { threads: 2, ..ReadOptions::default() };
    (Source::open(&[std::env::var_os(FILE).unwrap()], &options).unwrap(), options)
}

/// What the documentation of `stream` and `read` says, in bytes.
fn promised(validation: usize, reading: &ReadOptions) -> usize {
    let rounded = |n: usize| match (4 * n).div_ceil(64) {
        lines @ ..4 => 64 * lines,
        lines => 64 * (lines | 1),
    };
    let (row, targets) = (rounded(WIDTH), rounded(2));
    let batch = reading.batch_rows * 8 * (WIDTH + 1);
    let pages = (WIDTH + 1) * (2 << 20);
    (BUFFER + BATCH) * (row + targets + 16)
        + validation * (row + targets)
        + (64 << 20)
        + (3 << 20)
        + 4 * reading.threads * batch
        + pages
}

/// Run by `a_file_larger_than_memory_trains` alone, in a process with little address space.
#[test]
#[ignore = "needs the table of another test"]
fn trains_as_a_stream() {
    let before = status("VmRSS:");
    let (source, reading) = table();
    let plan = TablePlan::new(&source, &options()).unwrap();
    let validation = plan.validation::<f32>(&source).unwrap().unwrap();
    let settings = Settings { hidden: Some(vec![8]), epochs: Some(1), ..Settings::default() };
    let training = settings.plan(Task::Classes).unwrap();
    let mut batches = Streamed::<f32>::new(&source, &plan, BATCH, false, 0, BUFFER).unwrap();
    let network = training.network(batches.inputs(), batches.outputs()).unwrap();
    let mut state = TrainingState::new(&training, network, &batches).unwrap();
    let mut trainer = Trainer::new(&training, &state, &batches).unwrap();
    let held_out = Some(validation.samples());
    trainer.run(&ThreadPool::single(), &mut state, &mut batches, held_out, &mut ()).unwrap();
    assert_eq!(state.reports().len(), 1);
    let (taken, most) = (status("VmHWM:") - before, promised(validation.len(), &reading));
    assert!(taken <= most, "{} MiB are taken, {} promised", taken >> 20, most >> 20);
    println!("{} MiB taken, {} promised", taken >> 20, most >> 20);
}

/// As above; it has to fail, or the limit proves nothing.
#[test]
#[ignore = "needs the table of another test"]
fn is_loaded_whole() {
    let (source, _) = table();
    assert!(InMemory::read("whole", &source).unwrap().rows() > 0);
}

#[test]
fn a_file_larger_than_memory_trains() {
    let limited = |limit: &str, test: &str, path: &Path| {
        Command::new("sh")
            .args(["-c", &format!("ulimit -v {limit} && exec \"$0\" --exact {test} --ignored --nocapture")])
            .arg(std::env::current_exe().unwrap())
            .env(FILE, path)
            .output()
            .unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    write(&path);
    let limit = LIMIT_KIB.to_string();
    let streamed = limited(&limit, "trains_as_a_stream", &path);
    let said = String::from_utf8_lossy(&streamed.stdout) + String::from_utf8_lossy(&streamed.stderr);
    assert!(streamed.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    println!("{said}");
    assert!(!limited(&limit, "is_loaded_whole", &path).status.success());
    assert!(limited("unlimited", "is_loaded_whole", &path).status.success());
}
