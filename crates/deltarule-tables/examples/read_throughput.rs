//! How fast tables are read: writes seeded tables of a stated size as CSV and as Parquet, and reads one.
//!
//! ```text
//! cargo run --release -p deltarule-tables --example read_throughput -- write numbers|mixed FILE MIB
//! cargo run --release -p deltarule-tables --example read_throughput -- read FILE [TIMES]
//! ```
//!
//! `write` makes a table of numbers, or a mixed one (words and gaps, too), as a CSV or a Parquet file by its name.
//! `cargo xtask bench-reading` does both, with pandas and pyarrow beside.

use deltarule_tables::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use deltarule_tables::read::{ReadOptions, Source};
use parquet::arrow::ArrowWriter;
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows that are made at a time.
const ROWS: usize = 8192;
const WORDS: [&str; 8] =
    ["Private", "Self-employed", "Local-gov", "State-gov", "Never", "Husband", "Wife", "Own-child"];

/// Sebastiano Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A value, or with this probability none.
    fn maybe<T>(&mut self, missing: f64, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.unit() >= missing).then(|| value(self))
    }
}

/// What a column holds.
#[derive(Clone, Copy)]
enum Values {
    /// Whole numbers up to 2ⁿ.
    Whole(u32),
    /// All the digits an f64 has.
    Number,
    /// One digit behind the point.
    Short,
    Word,
}

const NUMBERS: &[(Values, f64)] = &[
    (Values::Whole(34), 0.0),
    (Values::Whole(24), 0.0),
    (Values::Whole(14), 0.0),
    (Values::Whole(4), 0.0),
    (Values::Short, 0.0),
    (Values::Short, 0.0),
    (Values::Number, 0.0),
    (Values::Number, 0.0),
    (Values::Number, 0.0),
    (Values::Number, 0.0),
];

const MIXED: &[(Values, f64)] = &[
    (Values::Whole(24), 0.0),
    (Values::Whole(14), 0.05),
    (Values::Whole(4), 0.0),
    (Values::Short, 0.1),
    (Values::Short, 0.0),
    (Values::Number, 0.05),
    (Values::Number, 0.0),
    (Values::Word, 0.0),
    (Values::Word, 0.1),
    (Values::Word, 0.0),
    (Values::Word, 0.02),
    (Values::Word, 0.0),
];

fn column(random: &mut Random, values: Values, missing: f64) -> ArrayRef {
    let mut each = |value: &dyn Fn(&mut Random) -> f64| {
        Arc::new(Float64Array::from_iter((0..ROWS).map(|_| random.maybe(missing, |r| value(r)))))
    };
    match values {
        Values::Number => each(&Random::unit),
        Values::Short => each(&|r| (r.unit() * 1000.0).round() / 10.0),
        Values::Whole(bits) => Arc::new(Int64Array::from_iter(
            (0..ROWS).map(|_| random.maybe(missing, |r| (r.next() >> (64 - bits)) as i64)),
        )),
        Values::Word => Arc::new(StringArray::from_iter(
            (0..ROWS).map(|_| random.maybe(missing, |r| WORDS[(r.next() % 8) as usize])),
        )),
    }
}

fn rows(
    random: &mut Random,
    columns: &[(Values, f64)],
) -> Result<RecordBatch, deltarule_tables::arrow::error::ArrowError> {
    let columns = columns.iter().enumerate();
    RecordBatch::try_from_iter_with_nullable(
        columns.map(|(i, &(values, missing))| (format!("c{i}"), column(random, values, missing), true)),
    )
}

fn write(columns: &[(Values, f64)], path: &Path, mib: u64) -> Result<(), Box<dyn Error>> {
    let is_enough = || std::fs::metadata(path).map(|file| file.len() >= mib << 20);
    let mut random = Random(1);
    let mut batch = rows(&mut random, columns)?;
    if path.extension().is_some_and(|ending| ending == "csv") {
        let mut csv = deltarule_tables::arrow::csv::Writer::new(BufWriter::new(File::create(path)?));
        while !is_enough()? {
            csv.write(&batch)?;
            batch = rows(&mut random, columns)?;
        }
        return Ok(());
    }
    let mut parquet = ArrowWriter::try_new(File::create(path)?, batch.schema(), None)?;
    while !is_enough()? {
        parquet.write(&batch)?;
        batch = rows(&mut random, columns)?;
    }
    parquet.close()?;
    Ok(())
}

/// Prints a line for each reading: seconds and rows.
fn read(path: &Path, times: usize) -> Result<(), Box<dyn Error>> {
    for _ in 0..times {
        let start = Instant::now();
        let source = Source::open(&[path], &ReadOptions::default())?;
        let opened = start.elapsed().as_secs_f64();
        // The table as a whole, as the others build it, too.
        let batches: Vec<RecordBatch> = source.batches(None)?.collect::<Result<_, _>>()?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        println!("{} {rows}", start.elapsed().as_secs_f64());
        eprintln!("opened after {opened:.3} s");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", "numbers", file, mib] => write(NUMBERS, Path::new(file), mib.parse()?),
        ["write", "mixed", file, mib] => write(MIXED, Path::new(file), mib.parse()?),
        ["read", file] => read(Path::new(file), 1),
        ["read", file, times] => read(Path::new(file), times.parse()?),
        _ => Err("expected `write numbers|mixed FILE MIB` or `read FILE [TIMES]`".into()),
    }
}
