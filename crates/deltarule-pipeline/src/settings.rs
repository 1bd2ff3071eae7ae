//! All that a user may set for a run, whatever the door: what `config.toml` and a model file keep of it.

use deltarule::Settings;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// All that a user may set, as it stands in `config.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Which recipe fills in what is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// Numbers of the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Threads; makes no difference to any result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Which data, and how to read it.
    pub data: DataSettings,
    /// The network and its training.
    pub training: Settings,
}

/// Which data, and how to read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DataSettings {
    /// A built-in set, files of images, or tables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<String>,
    /// Columns to predict.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<String>,
    /// What to make of the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Columns to take as numbers, whatever they look like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numeric: Vec<String>,
    /// Columns to take as categories, whatever they look like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categorical: Vec<String>,
    /// Columns to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Column with the weight of each row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// Weights of the classes: `balanced`, or `name=weight,…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<String>,
    /// Held out to choose the best epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Held>,
    /// Held out for the final figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Held>,
    /// Character between the cells of a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Whether the first line of a CSV file is data.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_header: bool,
    /// Whether the first line of a CSV file holds names, even where they are numbers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub header: bool,
    /// Most columns that a table may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_columns: Option<usize>,
    /// Whether numbers are written with a decimal comma.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub decimal_comma: bool,
    /// Cells that stand for a missing value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Whether the table is read in passes instead of loaded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// Rows that a streamed epoch keeps in memory to shuffle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle_buffer: Option<usize>,
}

/// What is held out from training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Held {
    /// A share of the rows, above 0 and below 1; 0 holds nothing out.
    Fraction(f64),
    /// The rows of a file of their own.
    File(PathBuf),
    /// The rows that a column marks.
    Column(String),
}

/// [`Held`] as a TOML value.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

impl TryFrom<Written> for Held {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(share) => Self::fraction(share),
            Written::Text(text) => text.parse(),
        }
    }
}

impl From<Held> for Written {
    fn from(held: Held) -> Self {
        match held {
            Held::Fraction(share) => Self::Number(share),
            Held::File(path) => Self::Text(path.display().to_string()),
            Held::Column(name) => Self::Text(format!("column:{name}")),
        }
    }
}

impl Held {
    fn fraction(share: f64) -> Result<Self, String> {
        if (0.0..1.0).contains(&share) {
            Ok(Self::Fraction(share))
        } else {
            Err(format!("expected a share from 0 to below 1, a file, or column:NAME, found {share}"))
        }
    }
}

impl std::str::FromStr for Held {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text.parse(), text.strip_prefix("column:")) {
            (Ok(share), _) => Self::fraction(share),
            (_, Some(name)) => Ok(Self::Column(name.to_owned())),
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

/// Names of an enumeration, for settings and messages alike.
macro_rules! named {
    ($type:ident, $what:literal, $($name:literal => $variant:ident),+) => {
        impl $type {
            /// The name, as it is written.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl std::str::FromStr for $type {
            type Err = deltarule::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(deltarule::Error::unknown($what, text, &[$($name),+])),
                }
            }
        }
        impl TryFrom<String> for $type {
            type Error = deltarule::Error;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.name().to_owned()
            }
        }
    };
}

/// Which recipe fills in what is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Preset {
    /// The ordinary network of the flags.
    Plain,
    /// The strong recipe for tables.
    Tabular,
}
named!(Preset, "preset", "plain" => Plain, "tabular" => Tabular);

/// Numbers of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Double precision.
    F64,
}
named!(Precision, "precision", "f32" => F32, "f64" => F64);

impl Config {
    /// These settings, and those of `base` where these are silent.
    pub fn or(self, base: Self) -> Self {
        let list = |mine: Vec<String>, base: Vec<String>| if mine.is_empty() { base } else { mine };
        let (data, under) = (self.data, base.data);
        Self {
            preset: self.preset.or(base.preset),
            precision: self.precision.or(base.precision),
            threads: self.threads.or(base.threads),
            data: DataSettings {
                source: list(data.source, under.source),
                target: list(data.target, under.target),
                task: data.task.or(under.task),
                numeric: list(data.numeric, under.numeric),
                categorical: list(data.categorical, under.categorical),
                drop: list(data.drop, under.drop),
                weights: data.weights.or(under.weights),
                class_weights: data.class_weights.or(under.class_weights),
                validation: data.validation.or(under.validation),
                test: data.test.or(under.test),
                delimiter: data.delimiter.or(under.delimiter),
                no_header: data.no_header || under.no_header,
                header: data.header || under.header,
                max_columns: data.max_columns.or(under.max_columns),
                decimal_comma: data.decimal_comma || under.decimal_comma,
                missing: list(data.missing, under.missing),
                stream: data.stream || under.stream,
                shuffle_buffer: data.shuffle_buffer.or(under.shuffle_buffer),
            },
            training: self.training.or(base.training),
        }
    }

    /// The settings as TOML, complete enough to repeat the run.
    pub fn to_toml(&self) -> String {
        let body = toml::to_string(self).expect("settings are plain values");
        format!(
            "# The settings of this run, complete. `deltarule train --config FILE` repeats it.\n# deltarule {}\n\n{body}",
            env!("CARGO_PKG_VERSION")
        )
    }
}
