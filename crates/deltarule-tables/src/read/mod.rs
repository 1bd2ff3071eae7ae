//! Any file, or several of one kind, as a stream of Arrow record batches.
//!
//! ```no_run
//! use deltarule_tables::read::{ReadOptions, Source};
//! # fn main() -> Result<(), deltarule_tables::TableError> {
//! let source = Source::open(&["sales-2024.csv", "sales-2025.csv.gz"], &ReadOptions::default())?;
//! for batch in source.batches(None)? {
//!     println!("{} rows", batch?.num_rows());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Types
//! Whatever the format, a column has one of seven types: `Boolean`, `Int64`, `Float32`, `Float64`, `Utf8`, `Date32`
//! or `Timestamp(Microsecond, None)`. Text formats yield `Int64`, `Float64` and `Utf8`, and `Timestamp` for dates in other forms
//! than that of ISO 8601; a column without any value is `Float64`. Any column may hold nulls, which are missing values.
//!
//! # Numbers and dates as people write them
//! A column whose cells are no plain numbers is looked at once more: `1.234,50 €`, `(12 %)` and `13.01.2022` are read by the
//! format that its cells and those of the other columns tell. [`Table::notices`](crate::table::Table::notices) says what was read as what, and
//! [`CellFormat::of`] a column's field by which format. Where most cells of a column are numbers and a few are not, it is
//! refused: it would be taken for words in silence otherwise.
//!
//! # Memory
//! Reading holds at most 2·t batches (t threads) beside those that the threads work on and the one handed out. A batch
//! has at most [`ReadOptions::batch_rows`] rows or, of a text file, the rows of [`ReadOptions::block_bytes`] bytes, which
//! lie in memory as text, too, while they are parsed; one line may take [`ReadOptions::max_line_bytes`]. What was parsed
//! of CSV files when they were opened is kept, up to [`ReadOptions::keep_bytes`]. Parquet holds a page of each column
//! beside that, packed and unpacked, Arrow IPC the batches as they were written. Compressed files and standard input are unpacked to a temporary file, on disk;
//! CSV from standard input is not where [`Inference::Declared`] says what its columns are.

mod binary;
mod cell_format;
pub(crate) mod input;
mod missing;
mod options;
mod parallel;
mod source;
mod table_file;
mod text;
mod types;

pub use cell_format::CellFormat;
pub use input::detect::detect;
pub use input::format::Format;
pub use options::{CellType, Header, Inference, ReadOptions, USUAL_MISSING};
pub use source::{Chunk, Source, SourceBatches};
pub use text::dates::{DateFormat, Order, TimeOrder};
pub use text::numerals::{DecimalMark, NumeralFormat};
