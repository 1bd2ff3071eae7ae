//! Text: CSV, JSON lines, LIBSVM. Their rows come in blocks, their cells are read by the same rules.

mod blocks;
mod cell;
mod cells;
mod column_cache;
mod csv;
mod decimal;
mod dialect;
mod grid;
mod infer;
mod json_lines;
mod libsvm;
mod row_format;
mod stdin;
mod table;

pub(super) use stdin::{Stdin, open_stdin};
pub(super) use table::TextTable;
