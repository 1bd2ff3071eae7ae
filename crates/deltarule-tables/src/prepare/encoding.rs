//! How one column of the table becomes columns of the matrix.

use super::dates::DatePart;
use super::scaling::Scaling;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A column of the table and how it becomes inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputColumn {
    /// The column's name.
    pub column: String,
    /// What is made of it.
    pub encoding: Encoding,
}

/// What is made of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Encoding {
    /// One input; a second one says where the value is missing, if the training rows had such places.
    Numeric {
        /// The number.
        value: Continuous,
        /// 1 where the value is missing, 0 elsewhere.
        missing: Option<Scaling>,
    },
    /// One input: −1 for the first value, +1 for the second, 0 where it is missing or neither.
    Binary {
        /// The two values.
        values: [String; 2],
        /// Of the −1 and +1.
        scaling: Scaling,
    },
    /// One input a category: 1 for the row's own, 0 for the others; all 0 where it is missing or unknown.
    OneHot {
        /// The categories: numbers ascending, otherwise text ascending.
        categories: Vec<Category>,
    },
    /// One input a part; one more says where the date is missing, if the training rows had such places.
    Date {
        /// The parts that differ between the training rows.
        parts: Vec<DatePartInput>,
        /// 1 where the date is missing, 0 elsewhere.
        missing: Option<Scaling>,
    },
}

/// A number that takes any value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuous {
    /// Stands in for a missing value: the mean over the training rows that have one.
    pub fill: f64,
    /// Of the number, stand-ins included.
    pub scaling: Scaling,
}

/// A category of a one-hot encoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The value.
    pub name: String,
    /// Of the 0 and 1.
    pub scaling: Scaling,
}

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatePartInput {
    /// Which part.
    pub part: DatePart,
    /// The number it is.
    pub value: Continuous,
}

impl Encoding {
    /// Number of columns of the matrix.
    pub fn width(&self) -> usize {
        match self {
            Self::Numeric { missing, .. } => 1 + usize::from(missing.is_some()),
            Self::Binary { .. } => 1,
            Self::OneHot { categories } => categories.len(),
            Self::Date { parts, missing } => parts.len() + usize::from(missing.is_some()),
        }
    }

    /// Every scaling in the order of the matrix's columns.
    pub fn scalings(&self) -> Vec<Scaling> {
        match self {
            Self::Numeric { value, missing } => [value.scaling].into_iter().chain(*missing).collect(),
            Self::Binary { scaling, .. } => vec![*scaling],
            Self::OneHot { categories } => categories.iter().map(|category| category.scaling).collect(),
            Self::Date { parts, missing } => {
                parts.iter().map(|part| part.value.scaling).chain(*missing).collect()
            }
        }
    }
}

/// In a few words, for the overview of the columns.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indicator =
            |missing: &Option<Scaling>| if missing.is_some() { ", one more where missing" } else { "" };
        match self {
            Self::Numeric { missing, .. } => write!(f, "a number{}", indicator(missing)),
            Self::Binary { values: [minus, plus], .. } => write!(f, "−1 {minus}, +1 {plus}"),
            Self::OneHot { categories } => write!(f, "one-hot, {} categories", categories.len()),
            Self::Date { parts, missing } => {
                write!(f, "{} parts of the date{}", parts.len(), indicator(missing))
            }
        }
    }
}

impl InputColumn {
    /// What stands in for a missing value in each of the matrix's columns: nothing in those of categories, which are then
    /// all 0, and in those that say where a value is missing.
    pub fn fills(&self) -> Vec<Option<f64>> {
        let mut fills = match &self.encoding {
            Encoding::Numeric { value, .. } => vec![Some(value.fill)],
            Encoding::Binary { .. } | Encoding::OneHot { .. } => vec![],
            Encoding::Date { parts, .. } => parts.iter().map(|part| Some(part.value.fill)).collect(),
        };
        fills.resize(self.encoding.width(), None);
        fills
    }

    /// The names of the matrix's columns: `age`, `age missing`, `sex = Female`, `day year sin`; a binary column
    /// says which value is −1 and which is +1.
    pub fn feature_names(&self) -> Vec<String> {
        let column = &self.column;
        let missing = |present: &Option<Scaling>| present.map(|_| format!("{column} missing"));
        match &self.encoding {
            Encoding::Numeric { missing: indicator, .. } => {
                [column.clone()].into_iter().chain(missing(indicator)).collect()
            }
            Encoding::Binary { values: [minus, plus], .. } => vec![format!("{column} −{minus} +{plus}")],
            Encoding::OneHot { categories } => {
                categories.iter().map(|category| format!("{column} = {}", category.name)).collect()
            }
            Encoding::Date { parts, missing: indicator } => {
                let part = |part: &DatePartInput| format!("{column} {}", part.part.suffix());
                parts.iter().map(part).chain(missing(indicator)).collect()
            }
        }
    }
}
