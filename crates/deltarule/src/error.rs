//! What can go wrong, each time with what was expected, what was found, and where there is one, a hint.

use crate::hint::Hint;
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
        field: String,
        /// The size that would fit.
        expected: String,
        /// The size it has.
        found: String,
        /// What to do about it.
        hint: Option<Hint>,
    },
    /// A value that a setting cannot take.
    Setting {
        /// The setting's name.
        field: String,
        /// The values that it can take.
        expected: String,
        /// The value given.
        found: String,
        /// What to do about it.
        hint: Option<Hint>,
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
        field: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
        /// What to do about it.
        hint: Option<Hint>,
    },
    /// Training met a number that is not finite and stopped at that step.
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The step within the epoch, from 1.
        step: usize,
        /// The cost, or a weight with its layer.
        field: String,
        /// The number: NaN or an infinity.
        found: String,
        /// What to do about it.
        hint: Option<Hint>,
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
        hint: Option<Hint>,
    },
    /// The operating system refused to read or write.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// A source of samples outside of the library refused to go on, for a reason of its own.
    Source(Box<dyn std::error::Error + Send + Sync>),
}

/// Whose fault an error is; a program turns it into its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The system refused: a file that cannot be opened, a disk that is full.
    System,
    /// A setting says something impossible.
    Usage,
    /// What a file or a matrix holds is wrong.
    Data,
    /// Training left the finite numbers.
    Diverged,
}

/// What is wrong; the advice stands apart, in [`Error::hint`].
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { field, expected, found, .. }
            | Self::Setting { field, expected, found, .. }
            | Self::Data { field, expected, found, .. } => {
                write!(f, "{field}: expected {expected}, found {found}")
            }
            Self::UnknownName { what, found, nearest, known } => {
                write!(f, "unknown {what} `{found}`{} (known: {known})", did_you_mean(nearest))
            }
            Self::Diverged { epoch, step, field, found, .. } => {
                write!(f, "diverged at epoch {epoch}, step {step}: {field} is {found}")
            }
            Self::Model { path, offset, expected, found, .. } => {
                let (path, place) = (path.display(), at_byte(offset));
                write!(f, "{path}{place}: expected {expected}, found {found}")
            }
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Source(source) => source.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Source(source) => source.source(),
            _ => None,
        }
    }
}

/// Its parts, whichever of them it has.
impl Error {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. } | Self::UnknownName { .. } => ErrorKind::Usage,
            Self::Shape { .. } | Self::Data { .. } | Self::Model { .. } | Self::Source(_) => ErrorKind::Data,
            Self::Diverged { .. } => ErrorKind::Diverged,
            Self::Io { .. } => ErrorKind::System,
        }
    }

    /// What it is about: the name of a setting, a number of the data, a size.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Shape { field, .. }
            | Self::Setting { field, .. }
            | Self::Data { field, .. }
            | Self::Diverged { field, .. } => Some(field),
            Self::UnknownName { what, .. } => Some(what),
            Self::Model { .. } | Self::Io { .. } | Self::Source(_) => None,
        }
    }

    /// What should have been there.
    pub fn expected(&self) -> Option<&str> {
        match self {
            Self::Shape { expected, .. }
            | Self::Setting { expected, .. }
            | Self::Data { expected, .. }
            | Self::Model { expected, .. } => Some(expected),
            Self::UnknownName { known, .. } => Some(known),
            Self::Diverged { .. } | Self::Io { .. } | Self::Source(_) => None,
        }
    }

    /// What was there.
    pub fn found(&self) -> Option<&str> {
        match self {
            Self::Shape { found, .. }
            | Self::Setting { found, .. }
            | Self::UnknownName { found, .. }
            | Self::Data { found, .. }
            | Self::Diverged { found, .. }
            | Self::Model { found, .. } => Some(found),
            Self::Io { .. } | Self::Source(_) => None,
        }
    }

    /// What can be done about it, where something can.
    pub fn hint(&self) -> Option<&Hint> {
        match self {
            Self::Shape { hint, .. }
            | Self::Setting { hint, .. }
            | Self::Data { hint, .. }
            | Self::Diverged { hint, .. }
            | Self::Model { hint, .. } => hint.as_ref(),
            Self::UnknownName { .. } | Self::Io { .. } | Self::Source(_) => None,
        }
    }

    /// The file that it is in.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Model { path, .. } | Self::Io { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Where in the file, in bytes from its start.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Model { offset, .. } => *offset,
            _ => None,
        }
    }
}

impl Error {
    /// A size that does not fit.
    pub fn shape(field: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Shape {
            field: field.into(),
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
    pub fn data(field: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Data {
            field: field.into(),
            expected: expected.to_string(),
            found: found.to_string(),
            hint: None,
        }
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

    /// What a source of samples outside of the library refused.
    pub fn source(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Source(source.into())
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

    /// The same error with advice that names settings between braces; one without room for a hint stays as it is.
    #[must_use]
    pub fn with_hint(mut self, advice: impl Into<Hint>) -> Self {
        match &mut self {
            Self::Shape { hint, .. }
            | Self::Setting { hint, .. }
            | Self::Data { hint, .. }
            | Self::Diverged { hint, .. }
            | Self::Model { hint, .. } => *hint = Some(advice.into()),
            Self::UnknownName { .. } | Self::Io { .. } | Self::Source(_) => {}
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
        let error =
            Error::setting("eta", "a finite number above 0", "NaN").with_hint("{eta=0.1} is a good start");
        assert_eq!(error.to_string(), "eta: expected a finite number above 0, found NaN");
        assert_eq!(error.hint().unwrap().to_string(), "eta = 0.1 is a good start");
        assert_eq!((error.field(), error.found()), (Some("eta"), Some("NaN")));
        assert_eq!(error.expected(), Some("a finite number above 0"));
        assert_eq!((error.kind(), error.path(), error.offset()), (ErrorKind::Usage, None, None));

        let error = Error::model(Path::new("m.safetensors"), Some(8), "a JSON header", "0x80");
        assert_eq!(error.to_string(), "m.safetensors, byte 8: expected a JSON header, found 0x80");
        assert_eq!((error.path(), error.offset()), (Some(Path::new("m.safetensors")), Some(8)));
        assert_eq!((error.kind(), error.hint()), (ErrorKind::Data, None));
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
