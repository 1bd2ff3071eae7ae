//! What the columns of a table are: guessed from their values, shown before training, open to correction.

mod identifier;
mod overview;
mod statistics;

pub use overview::{Overview, OverviewRow};
pub use statistics::{Distinct, survey};

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// Numbers that mean amounts.
    Numeric,
    /// Two values: yes and no, 0 and 1, red and green.
    Binary,
    /// One of a few names.
    Categorical,
    /// A date, with or without a time of day, or a time of day alone.
    Date,
    /// Text of too many different values to be names of categories.
    Text,
    /// Row numbers, keys: a value of its own for every row.
    Identifier,
    /// The same value in every row.
    Constant,
    /// No value in any row.
    Empty,
    /// Lists, structures or raw bytes.
    Nested,
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Numeric => "numeric",
            Self::Binary => "binary",
            Self::Categorical => "categorical",
            Self::Date => "date",
            Self::Text => "text",
            Self::Identifier => "identifier",
            Self::Constant => "constant",
            Self::Empty => "empty",
            Self::Nested => "nested",
        })
    }
}

impl ColumnKind {
    /// Why a column of this kind is not given to the network, where it is not.
    pub fn reason_to_drop(self) -> Option<&'static str> {
        match self {
            Self::Numeric | Self::Binary | Self::Categorical | Self::Date => None,
            Self::Text => Some("text of many different values"),
            Self::Identifier => Some("identifies the row"),
            Self::Constant => Some("the same value everywhere"),
            Self::Empty => Some("no value anywhere"),
            Self::Nested => Some("nested or raw bytes"),
        }
    }
}

/// What one pass over a table tells of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The column's name.
    pub name: String,
    /// What it was guessed to be.
    pub kind: ColumnKind,
    /// Number of rows.
    pub rows: u64,
    /// Number of rows without a value.
    pub missing: u64,
    /// How many different values there are.
    pub distinct: Distinct,
    /// The first few different values.
    pub first: Vec<String>,
    /// Whether every value is a whole number.
    pub whole: bool,
    /// Whether every value is a number.
    pub numeric: bool,
    /// Least and greatest value of a column of numbers.
    pub range: Option<(f64, f64)>,
    /// The different values and how often each occurs, where they were counted.
    #[serde(skip)]
    pub(crate) counts: Vec<(String, u64)>,
}

impl ColumnProfile {
    /// The share of rows without a value, in 0..=1.
    pub fn missing_share(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { self.missing as f64 / self.rows as f64 }
    }
}
