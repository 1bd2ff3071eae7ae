//! Settings files: TOML whose keys are walked against the tables.

use super::Config;
use deltarule::settings::{SettingsTable, Value};
use deltarule::{Error, Hint};
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a settings file, and where.
#[derive(Debug)]
pub struct FileError {
    /// The line, counted from 1.
    pub line: usize,
    /// The character of the line, counted from 1.
    pub column: usize,
    /// What is wrong there: with a setting, or with the TOML.
    pub reason: Reason,
}

/// What is wrong at a place of a settings file.
#[derive(Debug)]
pub enum Reason {
    /// It is no TOML.
    Syntax(String),
    /// A key that there is none of, or a value that the setting cannot take.
    Setting(Box<Error>),
}

impl FileError {
    /// What can be done about it, where something can.
    pub fn hint(&self) -> Option<&Hint> {
        match &self.reason {
            Reason::Syntax(_) => None,
            Reason::Setting(error) => error.hint(),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Syntax(message) => f.write_str(message),
            Reason::Setting(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FileError {}

impl Config {
    /// The settings that a file says.
    ///
    /// # Errors
    /// Where it is no TOML, and for the first key that is no setting or whose value the setting cannot take.
    ///
    /// ```
    /// use deltarule_pipeline::settings::Config;
    ///
    /// let config = Config::from_toml("threads = 2\n[training]\neta = 0.1\n")?;
    /// assert_eq!((config.run.threads, config.training.eta), (Some(2), Some(0.1)));
    /// let error = Config::from_toml("[training]\netaa = 0.1\n").unwrap_err();
    /// assert_eq!((error.line, error.column), (2, 1));
    /// assert!(error.to_string().starts_with("unknown field `etaa`: did you mean `eta`?"));
    /// # Ok::<(), deltarule_pipeline::settings::FileError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, FileError> {
        let mut config = Self::default();
        read(text, &mut config.sections())?;
        Ok(config)
    }
}

/// Reads into each table what its section of the file says; the keys before any section are those of the table without
/// a name.
///
/// # Errors
/// As [`Config::from_toml`].
pub fn read(text: &str, sections: &mut [(&'static str, &mut dyn SettingsTable)]) -> Result<(), FileError> {
    let document = DeTable::parse(text).map_err(|error| {
        at(text, error.span().unwrap_or(0..0), Reason::Syntax(error.message().trim_end().to_owned()))
    })?;
    // The file's own order, so that the first mistake is the one that is named.
    for (key, value) in in_order(document.get_ref()) {
        let section = sections.iter().position(|(name, _)| !name.is_empty() && *name == key.get_ref());
        match (section, value.get_ref()) {
            (Some(section), DeValue::Table(table)) => {
                for (key, value) in in_order(table) {
                    set(text, sections, section, key, value)?;
                }
            }
            (Some(_), _) => {
                let refused = Error::setting(key.get_ref().as_ref(), "a section of settings", "a value");
                return Err(at(text, value.span(), Reason::Setting(Box::new(refused))));
            }
            (None, _) => {
                let top = sections.iter().position(|(name, _)| name.is_empty());
                set(text, sections, top.expect("a table without a section"), key, value)?;
            }
        }
    }
    Ok(())
}

type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;

fn in_order<'a, 'b>(table: &'a DeTable<'b>) -> Vec<(&'a Key<'b>, &'a Spanned<DeValue<'b>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn set(
    text: &str,
    sections: &mut [(&'static str, &mut dyn SettingsTable)],
    section: usize,
    key: &Key<'_>,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), FileError> {
    let name = key.get_ref().as_ref();
    let unknown = match sections[section].1.find(name) {
        Ok(setting) => {
            let refused = |error| at(text, value.span(), Reason::Setting(Box::new(error)));
            let value = plain(value.get_ref()).ok_or_else(|| {
                refused(Error::setting(name, "a value", format!("`{}`", &text[value.span()])))
            })?;
            setting.check(&value).map_err(refused)?;
            return sections[section].1.set(name, &value).map_err(refused);
        }
        Err(unknown) => unknown,
    };
    let bracketed = |name: &str| match name {
        "" => "before any section".to_owned(),
        name => format!("in section [{name}]"),
    };
    let elsewhere = sections.iter().find(|(_, table)| table.find(name).is_ok());
    let error = match elsewhere {
        Some((other, _)) => Error::setting(name, bracketed(other), bracketed(sections[section].0)),
        None => unknown,
    };
    Err(at(text, key.span(), Reason::Setting(Box::new(error))))
}

/// The value without its place; none for what no setting holds: dates and tables.
fn plain(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Whole(i128::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => Value::Number(number.as_str().parse().ok()?),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(values) => {
            Value::List(values.iter().map(|value| plain(value.get_ref())).collect::<Option<_>>()?)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

fn at(text: &str, span: Range<usize>, reason: Reason) -> FileError {
    let before = &text[..span.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    FileError { line, column, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Held;

    fn refused(text: &str) -> (usize, usize, String) {
        let error = Config::from_toml(text).expect_err("a mistake");
        (error.line, error.column, error.to_string())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let config = Config::from_toml(
            "preset = \"tabular\"\n[data]\nsource = [\"a.csv\"]\ntarget = \"y\"\nvalidation = 0.2\ntest = \"t.csv\"\n\
             [training]\nhidden = [8, 4]\nactivation = \"elu:2\"\neta = 1\nseed = 7\n[cv]\nfolds = 3\n",
        )
        .expect("settings");
        assert_eq!(config.data.target, Some(vec!["y".to_owned()]));
        assert_eq!(config.data.validation, Some(Held::Fraction(0.2)));
        assert_eq!(config.data.test, Some(Held::File("t.csv".into())));
        assert_eq!((config.training.eta, config.cv.folds), (Some(1.0), Some(3)));
        assert_eq!(Config::from_toml(&config.to_toml()).expect("what was written"), config);
        assert_eq!(Config::from_toml(&Config::default().to_toml()).expect("nothing said"), Config::default());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let (line, column, message) = refused("[training]\nepochs = 3\nhiden = [10]\n");
        assert_eq!((line, column), (3, 1));
        assert!(message.starts_with("unknown field `hiden`: did you mean `hidden`?"), "{message}");
        let (line, column, message) = refused("[training]\nactivation = \"sigmiod\"\n");
        assert_eq!((line, column), (2, 14));
        assert!(message.starts_with("unknown activation `sigmiod`: did you mean `sigmoid`?"), "{message}");
        for (text, place, expected) in [
            (
                "[training]\nepochs = \"many\"\n",
                (2, 10),
                "epochs: expected a whole number from 0 up, found `many`",
            ),
            ("[training]\neta = -1\n", (2, 7), "eta: expected a finite number above 0, found -1"),
            ("[training]\neta = nan\n", (2, 7), "eta: expected a finite number above 0, found NaN"),
            ("epochs = 3\n", (1, 1), "epochs: expected in section [training], found before any section"),
            (
                "[data]\nthreads = 3\n",
                (2, 1),
                "threads: expected before any section, found in section [data]",
            ),
            ("data = 3\n", (1, 8), "data: expected a section of settings, found a value"),
            ("[training]\neta = 1979-05-27\n", (2, 7), "eta: expected a value, found `1979-05-27`"),
        ] {
            let (line, column, message) = refused(text);
            assert_eq!((line, column, message.as_str()), (place.0, place.1, expected), "{text}");
        }
        let (line, _, message) = refused("[training]\neta = = 1\n");
        assert_eq!(line, 2);
        assert!(!message.is_empty());
    }
}
