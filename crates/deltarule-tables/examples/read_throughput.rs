//! How fast tables are read: writes a seeded table of a stated size as CSV and as Parquet, and reads each.
//!
//! ```text
//! cargo run --release -p deltarule-tables --example read_throughput -- [MIB [FOLDER]]
//! python3 xtask/python/read_throughput.py FOLDER/table.csv FOLDER/table.parquet
//! ```
//!
//! The size is that of the CSV file, 64 MiB unless said otherwise. Without a folder the files are temporary.

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use deltarule_tables::read::{ReadOptions, Source};
use parquet::arrow::ArrowWriter;
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

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
}

/// Four columns of whole numbers, six of numbers (two of them with few digits), two of words.
fn rows(random: &mut Random) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for i in 0..4 {
        let column = Int64Array::from_iter_values((0..ROWS).map(|_| (random.next() >> (20 + 10 * i)) as i64));
        columns.push((format!("whole{i}"), Arc::new(column)));
    }
    for i in 0..6 {
        let round = |x: f64| if i < 2 { (x * 1000.0).round() / 10.0 } else { x };
        let column = Float64Array::from_iter_values((0..ROWS).map(|_| round(random.unit())));
        columns.push((format!("number{i}"), Arc::new(column)));
    }
    for i in 0..2 {
        let column = StringArray::from_iter_values((0..ROWS).map(|_| WORDS[(random.next() % 8) as usize]));
        columns.push((format!("word{i}"), Arc::new(column)));
    }
    RecordBatch::try_from_iter(columns)
}

fn write(folder: &Path, mib: u64) -> Result<[PathBuf; 2], Box<dyn Error>> {
    let paths = [folder.join("table.csv"), folder.join("table.parquet")];
    let mut csv = arrow::csv::Writer::new(BufWriter::new(File::create(&paths[0])?));
    let mut random = Random(1);
    let first = rows(&mut random)?;
    let mut parquet = ArrowWriter::try_new(File::create(&paths[1])?, first.schema(), None)?;
    let mut batch = first;
    loop {
        csv.write(&batch)?;
        parquet.write(&batch)?;
        if std::fs::metadata(&paths[0])?.len() >= mib << 20 {
            break;
        }
        batch = rows(&mut random)?;
    }
    drop(csv);
    parquet.close()?;
    Ok(paths)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mib = arguments.next().map_or(Ok(64), |mib| mib.parse())?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.next().map_or(temporary.path().to_owned(), PathBuf::from);
    for path in write(&folder, mib)? {
        let megabytes = std::fs::metadata(&path)?.len() as f64 / 1e6;
        let (mut opened, mut read, mut rows) = (f64::INFINITY, f64::INFINITY, 0);
        for _ in 0..3 {
            let start = Instant::now();
            let source = Source::open(&[&path], &ReadOptions::default())?;
            let open = start.elapsed().as_secs_f64();
            // The table as a whole, as the others build it, too.
            let batches: Vec<RecordBatch> = source.batches(None)?.collect::<Result<_, _>>()?;
            rows = batches.iter().map(RecordBatch::num_rows).sum();
            (opened, read) = (opened.min(open), read.min(start.elapsed().as_secs_f64() - open));
        }
        let both = opened + read;
        println!(
            "{}: {megabytes:.0} MB, {rows} rows; opened in {opened:.3} s, read in {read:.3} s; together {:.0} MB/s, \
             {:.2} million rows/s; reading alone {:.0} MB/s",
            path.display(),
            megabytes / both,
            rows as f64 / both / 1e6,
            megabytes / read,
        );
    }
    Ok(())
}
