//! Text: CSV, JSON lines, LIBSVM. Their rows come in blocks, their cells are read by the same rules.

mod blocks;
mod cell;
mod cell_evidence;
mod cells;
mod column;
mod column_cache;
mod csv;
pub(crate) mod dates;
mod decimal;
mod dialect;
mod folded;
mod grid;
mod infer;
mod json_lines;
mod libsvm;
pub(crate) mod numerals;
mod row_format;
mod sampler;
mod stdin;
pub(crate) mod strays;
mod table;
mod verdict;

pub(super) use stdin::{Stdin, open_stdin};
pub(super) use table::TextTable;
