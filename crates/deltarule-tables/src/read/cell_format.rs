//! How the cells of a column are written, where they are neither plain numbers nor plain words.

use super::text::dates::DateFormat;
use super::text::numerals::NumeralFormat;
use crate::arrow::datatypes::{DataType, Field, TimeUnit};
use serde::{Deserialize, Serialize};

/// How the cells of a column are written, where they are neither plain numbers nor plain words: what was found when a
/// network was trained, and what later files are read by.
///
/// A table tells the format of a column in the metadata of its [`Field`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellFormat {
    /// Numbers, such as `1.234,50 €`.
    Numerals(NumeralFormat),
    /// Dates, times of day or durations, such as `13.01.2022`.
    Dates(DateFormat),
}

/// Moments of time, in UTC.
pub(crate) const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// Where the metadata of a field hold its format.
const KEY: &str = "deltarule:format";

impl CellFormat {
    /// The format that a column's cells were read by; none where they are plain.
    pub fn of(field: &Field) -> Option<Self> {
        field.metadata().get(KEY).and_then(|written| serde_json::from_str(written).ok())
    }

    /// The field of a column that is read by this format.
    pub(crate) fn mark(&self, field: Field) -> Field {
        let written = serde_json::to_string(self).expect("plain data has a JSON form");
        let mut metadata = field.metadata().clone();
        metadata.insert(KEY.to_owned(), written);
        field.with_metadata(metadata)
    }

    /// The field of a column whose cells are handed out as they are.
    pub(crate) fn unmark(field: &mut Field) {
        field.metadata_mut().remove(KEY);
    }

    /// The type of what its cells are read as.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Numerals(_) | Self::Dates(DateFormat::Time(_)) => DataType::Float64,
            Self::Dates(_) => TIMESTAMP,
        }
    }

    /// What a cell should have been.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Numerals(format) if !format.unit.is_empty() => {
                format!("a number with the unit {:?}", format.unit)
            }
            Self::Numerals(_) => "a number".to_owned(),
            Self::Dates(DateFormat::Time(_)) => "a time".to_owned(),
            Self::Dates(DateFormat::Said(format)) => format!("a date written {format}"),
            Self::Dates(_) => "a date".to_owned(),
        }
    }
}
