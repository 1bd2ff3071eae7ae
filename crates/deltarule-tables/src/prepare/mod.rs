//! How a table becomes the matrices of a network: fitted on the training rows, kept in the model file.

mod batches;
mod dataset;
mod dates;
mod encoding;
mod fault;
mod fit;
mod outputs;
mod report;
mod running_stats;
mod scaling;
mod split;
mod transform;

pub use batches::TransformedBatches;
pub use dates::DatePart;
pub use encoding::{Category, Continuous, DatePartInput, Encoding, InputColumn};
pub use outputs::Targets;
pub use report::TransformReport;
pub use scaling::Scaling;
pub use transform::Features;

pub(crate) use dataset::{DatasetBuilder, refused};
pub(crate) use fault::{Fault, find};
pub(crate) use fit::{Candidate, Fitted, RowCounts, Treatment, fit};
pub(crate) use split::{SplitRule, Splitter};

use crate::error::TableError;
use crate::options::Style;
use crate::read::CellFormat;
use crate::targets::Target;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// The version of the form in which a [`TablePreprocessor`] is written.
pub const FORMAT: u32 = 1;

/// How a table becomes the matrices of a network, learned from the training rows alone.
///
/// It lives in the model file as JSON. [`TablePreprocessor::from_json`] checks what it reads; a value made otherwise can
/// be checked with [`TablePreprocessor::check`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePreprocessor {
    /// The version of this form, [`FORMAT`].
    pub format: u32,
    /// How values are scaled.
    pub style: Style,
    /// The columns used, in the order of the matrix's columns.
    pub inputs: Vec<InputColumn>,
    /// The columns not used, and why.
    pub dropped: Vec<Dropped>,
    /// What is predicted.
    pub target: Target,
    /// The column of sample weights.
    pub weight: Option<String>,
    /// How the cells of these columns are written, where they are neither plain numbers nor plain words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub formats: BTreeMap<String, CellFormat>,
}

/// A column that is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// The column's name.
    pub column: String,
    /// Why it is not used.
    pub reason: String,
}

impl TablePreprocessor {
    /// Number of columns of the matrix of inputs.
    pub fn width(&self) -> usize {
        self.inputs.iter().map(|input| input.encoding.width()).sum()
    }

    /// The names of the columns of the matrix of inputs, in order.
    pub fn feature_names(&self) -> Vec<String> {
        self.inputs.iter().flat_map(InputColumn::feature_names).collect()
    }

    /// Whether a column is an input, a target or the weight.
    pub(crate) fn uses(&self, column: &str) -> bool {
        self.inputs.iter().any(|input| input.column == column)
            || self.target.columns().contains(&column)
            || self.weight.as_deref() == Some(column)
    }

    /// As JSON, for the model file.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data of finite numbers has a JSON form")
    }

    /// From the JSON of a model file, strictly: no key unknown, every number finite, every length right.
    ///
    /// # Errors
    /// When it is not such a preprocessor; the message says which part.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, TableError> {
        let version = value.get("format").and_then(serde_json::Value::as_u64);
        if version != Some(u64::from(FORMAT)) {
            let found = version.map_or("none".to_owned(), |version| version.to_string());
            return Err(TableError::usage(
                format!("a preprocessor of format {FORMAT}"),
                format!("format {found}"),
            )
            .hint("a newer version of the program may have written the model"));
        }
        let preprocessor = Self::deserialize(value).map_err(|error| {
            TableError::usage("a preprocessor as this program writes it", error.to_string())
        })?;
        preprocessor.check()?;
        Ok(preprocessor)
    }

    /// Checks that the parts fit together and every number is finite.
    ///
    /// # Errors
    /// When they do not; the message says which part.
    pub fn check(&self) -> Result<(), TableError> {
        if self.format != FORMAT {
            return Err(TableError::usage(format!("format {FORMAT}"), format!("format {}", self.format)));
        }
        if self.inputs.is_empty() {
            return Err(TableError::usage("one input or more", "none"));
        }
        let mut names = HashSet::new();
        let weight = self.weight.as_deref();
        let columns = self.inputs.iter().map(|input| input.column.as_str());
        for name in columns.chain(self.target.columns()).chain(weight) {
            if !names.insert(name) {
                return Err(TableError::usage("every column once", "the same column twice").in_column(name));
            }
        }
        for input in &self.inputs {
            input.check().map_err(|error| error.in_column(&input.column))?;
        }
        self.target.check()
    }
}

/// Finite, and not negative.
fn check_scaling(scaling: &Scaling) -> Result<(), TableError> {
    if !(scaling.centre.is_finite() && scaling.scale.is_finite() && scaling.scale >= 0.0) {
        let found = format!("centre {} and scale {}", scaling.centre, scaling.scale);
        return Err(TableError::usage("a finite centre and a finite scale of at least 0", found));
    }
    Ok(())
}

fn check_values<'a>(values: impl ExactSizeIterator<Item = &'a str>, least: usize) -> Result<(), TableError> {
    if values.len() < least {
        return Err(TableError::usage(format!("at least {least} values"), values.len().to_string()));
    }
    let mut seen = HashSet::new();
    for value in values {
        if value.is_empty() || !seen.insert(value) {
            return Err(TableError::usage("values that differ and are not blank", format!("{value:?}")));
        }
    }
    Ok(())
}

impl InputColumn {
    fn check(&self) -> Result<(), TableError> {
        self.encoding.scalings().iter().try_for_each(check_scaling)?;
        let finite = |fill: f64| match fill.is_finite() {
            true => Ok(()),
            false => Err(TableError::usage("a finite stand-in for missing values", fill.to_string())),
        };
        match &self.encoding {
            Encoding::Numeric { value, .. } => finite(value.fill),
            Encoding::Binary { values, .. } => check_values(values.iter().map(String::as_str), 2),
            Encoding::OneHot { categories } => check_values(categories.iter().map(|c| c.name.as_str()), 1),
            Encoding::Date { parts, .. } => {
                let distinct: HashSet<_> = parts.iter().map(|part| part.part).collect();
                if parts.is_empty() || distinct.len() < parts.len() {
                    return Err(TableError::usage("one part of the date or more, each once", "others"));
                }
                parts.iter().try_for_each(|part| finite(part.value.fill))
            }
        }
    }
}

impl Target {
    fn check(&self) -> Result<(), TableError> {
        match self {
            Self::Classification { labels, .. } => check_values(labels.iter().map(String::as_str), 2),
            Self::MultiLabel { columns } | Self::Counts { columns } => {
                check_values(columns.iter().map(String::as_str), 1)
            }
            Self::Regression { columns } => {
                check_values(columns.iter().map(|amount| amount.column.as_str()), 1)?;
                for amount in columns {
                    if !(amount.mean.is_finite() && amount.deviation.is_finite() && amount.deviation > 0.0) {
                        let found = format!("{} and {}", amount.mean, amount.deviation);
                        return Err(TableError::usage(
                            "a finite mean and a positive finite deviation",
                            found,
                        )
                        .in_column(&amount.column));
                    }
                }
                Ok(())
            }
        }
    }
}
