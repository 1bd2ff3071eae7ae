//! What can go wrong, each time with what was expected, what was found, and where there is one, a hint.

use std::fmt;
use std::path::{Path, PathBuf};

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that the library can refuse or fail at.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Two sizes that must agree do not: layers among themselves, or data and a network.
    Shape {
        /// What has the size.
        what: String,
        /// The size that would fit.
        expected: String,
        /// The size it has.
        found: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A value that a setting cannot take.
    Setting {
        /// The setting's name, as the user wrote it.
        field: String,
        /// The values that it can take.
        expected: String,
        /// The value given.
        found: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A name that means nothing here.
    UnknownName {
        /// What kind of thing the name should be of: `activation`, `cost` …
        what: &'static str,
        /// The name given.
        found: String,
        /// The known name that looks most like it.
        nearest: Option<String>,
        /// All known names.
        known: String,
    },
    /// A number in data that cannot be learnt from.
    Data {
        /// Which number: sample and column.
        what: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Training met a number that is not finite and stopped at that step.
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The step within the epoch, from 1.
        step: usize,
        /// The cost, or a weight with its layer.
        what: String,
        /// The number: NaN or an infinity.
        found: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A model file that cannot be what it says.
    Model {
        /// The file.
        path: PathBuf,
        /// Where in the file, in bytes from its start, where the place is known.
        offset: Option<u64>,
        /// What should have been there.
        expected: String,
        /// What was there.
        found: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The operating system refused to read or write.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { what, expected, found, hint }
            | Self::Setting { field: what, expected, found, hint }
            | Self::Data { what, expected, found, hint } => {
                write!(f, "{what}: expected {expected}, found {found}{}", shown(hint))
            }
            Self::UnknownName { what, found, nearest, known } => {
                write!(f, "unknown {what} `{found}`{} (known: {known})", did_you_mean(nearest))
            }
            Self::Diverged { epoch, step, what, found, hint } => {
                write!(f, "diverged at epoch {epoch}, step {step}: {what} is {found}{}", shown(hint))
            }
            Self::Model { path, offset, expected, found, hint } => {
                let (path, place) = (path.display(), at_byte(offset));
                write!(f, "{path}{place}: expected {expected}, found {found}{}", shown(hint))
            }
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Error {
    /// A size that does not fit.
    pub fn shape(what: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Shape {
            what: what.into(),
            expected: expected.to_string(),
            found: found.to_string(),
            hint: None,
        }
    }

    /// A value that a setting cannot take.
    pub fn setting(field: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Setting {
            field: field.into(),
            expected: expected.to_string(),
            found: found.to_string(),
            hint: None,
        }
    }

    /// A number in data that cannot be learnt from.
    pub fn data(what: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Data { what: what.into(), expected: expected.to_string(), found: found.to_string(), hint: None }
    }

    /// A model file that cannot be what it says.
    pub fn model(path: &Path, offset: Option<u64>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Model {
            path: path.to_owned(),
            offset,
            expected: expected.to_string(),
            found: found.to_string(),
            hint: None,
        }
    }

    /// A refusal of the operating system.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// A name that is not among `known`; the nearest of them is suggested.
    pub fn unknown(what: &'static str, found: &str, known: &[&str]) -> Self {
        Self::UnknownName {
            what,
            found: found.to_owned(),
            nearest: nearest(found, known).map(str::to_owned),
            known: known.join(", "),
        }
    }

    /// The same error with a hint; one without room for a hint stays as it is.
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Self::Shape { hint, .. }
            | Self::Setting { hint, .. }
            | Self::Data { hint, .. }
            | Self::Diverged { hint, .. }
            | Self::Model { hint, .. } => *hint = Some(text.into()),
            Self::UnknownName { .. } | Self::Io { .. } => {}
        }
        self
    }
}

/// The known name that looks most like `found`, where one looks enough like it to be meant.
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let found = found.to_lowercase();
    known
        .iter()
        .map(|&name| (strsim::damerau_levenshtein(&found, name), name))
        .filter(|&(distance, name)| distance <= name.len().max(3) / 3 || name.starts_with(&found))
        .min()
        .map(|(_, name)| name)
}

fn shown(hint: &Option<String>) -> String {
    hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"))
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or(String::new(), |name| format!(": did you mean `{name}`?"))
}

fn at_byte(offset: &Option<u64>) -> String {
    offset.map_or(String::new(), |offset| format!(", byte {offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_expected_what_was_found_and_what_to_do() {
        let error = Error::setting("eta", "a finite number above 0", "NaN").with_hint("0.1 is a good start");
        assert_eq!(
            error.to_string(),
            "eta: expected a finite number above 0, found NaN (0.1 is a good start)"
        );
        let error = Error::model(Path::new("m.safetensors"), Some(8), "a JSON header", "0x80");
        assert_eq!(error.to_string(), "m.safetensors, byte 8: expected a JSON header, found 0x80");
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest_one_or_none() {
        let known = ["relu", "sigmoid", "tanh"];
        let message = |found| Error::unknown("activation", found, &known).to_string();
        assert_eq!(
            message("sigmiod"),
            "unknown activation `sigmiod`: did you mean `sigmoid`? (known: relu, sigmoid, tanh)"
        );
        assert_eq!(
            message("Relu"),
            "unknown activation `Relu`: did you mean `relu`? (known: relu, sigmoid, tanh)"
        );
        assert_eq!(message("quux"), "unknown activation `quux` (known: relu, sigmoid, tanh)");
        assert_eq!(nearest("sig", &known), Some("sigmoid"));
    }
}
