//! What is held out from training.

use deltarule::settings::{Kind, SettingValue, Value};
use deltarule::{Error, Result};
use std::path::PathBuf;

/// What is held out from training.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// A share of the rows, above 0 and below 1; 0 holds nothing out.
    Fraction(f64),
    /// The rows of a file of their own.
    File(PathBuf),
    /// The rows that a column marks.
    Column(String),
}

impl SettingValue for Held {
    const KIND: Kind = Kind::Text;

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        let refused = || Error::setting(name, "a share from 0 to below 1, a file, or column:NAME", value);
        let share = match value {
            Value::Number(share) => *share,
            Value::Whole(share) => *share as f64,
            Value::Text(text) => match (text.parse(), text.strip_prefix("column:")) {
                (Ok(share), _) => share,
                (_, Some(column)) => return Ok(Self::Column(column.to_owned())),
                _ => return Ok(Self::File(PathBuf::from(text))),
            },
            Value::Flag(_) | Value::List(_) => return Err(refused()),
        };
        if (0.0..1.0).contains(&share) { Ok(Self::Fraction(share)) } else { Err(refused()) }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Fraction(share) => Value::Number(*share),
            Self::File(path) => Value::Text(path.display().to_string()),
            Self::Column(name) => Value::Text(format!("column:{name}")),
        }
    }
}
