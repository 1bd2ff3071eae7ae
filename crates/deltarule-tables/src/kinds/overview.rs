//! The short table shown before training.

use super::{ColumnKind, Distinct};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was found in the columns of a table and what is done with each.
///
/// Its `Display` form is the table shown before training: plain text, one line a column, no line over 100
/// characters wide unless a use needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// One row a column, in the order of the table.
    pub columns: Vec<OverviewRow>,
}

/// One line of the [`Overview`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewRow {
    /// The column's name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// The share of rows without a value, in 0..=1.
    pub missing: f64,
    /// How many different values it has.
    pub distinct: Distinct,
    /// The first few different values.
    pub first: Vec<String>,
    /// What is done with it.
    pub used: String,
}

/// The widest a name and the first values are shown.
const NAME_WIDTH: usize = 24;
const FIRST_WIDTH: usize = 32;

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["column", "kind", "missing", "first values", "used as"].map(str::to_owned);
        let mut lines = vec![head];
        lines.extend(self.columns.iter().map(OverviewRow::cells));
        let width = |cell: usize| lines.iter().map(|line| line[cell].chars().count()).max().unwrap_or(0);
        let (name, kind, missing, first) = (width(0), width(1), width(2), width(3));
        for line in &lines {
            let [a, b, c, d, e] = line;
            writeln!(f, "{a:name$}  {b:kind$}  {c:>missing$}  {d:first$}  {e}")?;
        }
        Ok(())
    }
}

impl OverviewRow {
    fn cells(&self) -> [String; 5] {
        let first = self.first.join(", ");
        let more = match self.distinct {
            Distinct::Exactly(count) => count > self.first.len(),
            Distinct::MoreThan(_) => true,
        };
        let first = if more { format!("{first}, …") } else { first };
        [
            shortened(&self.name, NAME_WIDTH),
            self.kind.to_string(),
            percentage(self.missing),
            shortened(&first, FIRST_WIDTH),
            self.used.clone(),
        ]
    }
}

/// A share as a percentage in which "none" and "all" are never the result of rounding.
fn percentage(share: f64) -> String {
    match share {
        0.0 => "none".to_owned(),
        1.0 => "all".to_owned(),
        _ if share < 0.0005 => "<0.1%".to_owned(),
        _ if share > 0.9995 => ">99.9%".to_owned(),
        _ => format!("{:.1}%", share * 100.0),
    }
}

/// The text, cut to `width` characters and without control characters.
fn shortened(text: &str, width: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { '�' } else { c }).collect();
    match clean.char_indices().nth(width) {
        None => clean,
        Some(_) => clean.chars().take(width - 1).chain(['…']).collect(),
    }
}
