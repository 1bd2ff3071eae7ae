//! What a user may say about a table.

use crate::targets::{ClassWeights, Task};
use serde::{Deserialize, Serialize};

/// What a user may say about a table; everything left alone is found out from the values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TableOptions {
    /// The columns to be predicted.
    pub target: Vec<String>,
    /// What kind of prediction, where the guess is not wanted.
    pub task: Option<Task>,
    /// The classes of the one target, where the rows at hand need not have all of them.
    pub labels: Option<Vec<String>>,
    /// Columns that hold names of categories, whatever they look like.
    pub categorical: Vec<String>,
    /// Columns that hold amounts, whatever they look like.
    pub numeric: Vec<String>,
    /// Columns to learn from although they look as if they only named the rows.
    pub use_columns: Vec<String>,
    /// Columns to leave out.
    pub drop: Vec<String>,
    /// The column that holds each row's weight in the cost.
    pub weight: Option<String>,
    /// Weights of the classes in the cost.
    pub class_weights: Option<ClassWeights>,
    /// Which rows are kept apart from training.
    pub validation: Validation,
    /// How values become inputs.
    pub style: Style,
    /// Decides which rows a fraction takes.
    pub seed: u64,
    /// The most values a text column may have to be categorical without being named so.
    pub max_categories: usize,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            target: Vec::new(),
            task: None,
            labels: None,
            categorical: Vec::new(),
            numeric: Vec::new(),
            use_columns: Vec::new(),
            drop: Vec::new(),
            weight: None,
            class_weights: None,
            validation: Validation::None,
            style: Style::Tabular,
            seed: 0,
            max_categories: 255,
        }
    }
}

/// Which rows are kept apart from training to watch it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validation {
    /// None, or those of a file of their own.
    #[default]
    None,
    /// This share of the rows, drawn by the seed; of every class the same share.
    Fraction(f64),
    /// Those that this column marks: true, 1, `validation`, `valid`, `val`, `test` or `dev`, against false, 0 or
    /// `train`.
    Column(String),
}

/// How values become inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Numbers less their mean, divided by their standard deviation; 0 and 1 for categories.
    Plain,
    /// The recipe for tables: everything less its median, divided by the distance between its quartiles, and
    /// bent smoothly into (−3, 3).
    #[default]
    Tabular,
}

impl std::str::FromStr for Style {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "plain" => Ok(Self::Plain),
            "tabular" => Ok(Self::Tabular),
            _ => Err(format!("`{text}` is no style: plain or tabular")),
        }
    }
}

impl std::fmt::Display for Style {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Plain => "plain",
            Self::Tabular => "tabular",
        })
    }
}
