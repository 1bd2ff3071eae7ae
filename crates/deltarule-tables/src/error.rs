//! What can be wrong with a table, and where.

pub use deltarule::ErrorKind;
use deltarule::Hint;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The one error of this crate: where, what was expected, what was found, and what to do about it.
///
/// Shown as `FILE:LINE:COLUMN: column "NAME": expected …, found …`; how the advice is worded and where it stands is the
/// caller's choice.
///
/// ```
/// use deltarule_tables::TableError;
/// let error = TableError::data("sales.csv", "a number", "\"n.a.\"")
///     .at_line(17, Some(5))
///     .in_column("price")
///     .hint("{missing=n.a.} takes it for a missing value");
/// assert_eq!(error.to_string(), "sales.csv:17:5: column \"price\": expected a number, found \"n.a.\"");
/// assert_eq!(error.expected(), "a number");
/// assert_eq!(error.advice().unwrap().to_string(), "missing = n.a. takes it for a missing value");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TableError(Box<Details>);

/// Behind a pointer, so that a `Result` stays small where nothing went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    kind: ErrorKind,
    file: Option<PathBuf>,
    place: Place,
    column: Option<String>,
    expected: String,
    found: String,
    /// Why the system refused.
    reason: Option<io::ErrorKind>,
    hint: Option<Hint>,
}

/// Where in a file; all counts start at one, but byte offsets at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// The file as a whole.
    #[default]
    Whole,
    /// A line of a text file, and the character in it where that is known.
    Line {
        /// Line, the first being 1.
        line: u64,
        /// Character in the line, the first being 1.
        column: Option<u64>,
    },
    /// A byte of a binary file, the first being 0.
    Byte(u64),
    /// A row of a table that has no lines, the first being 1.
    Row(u64),
}

impl TableError {
    fn new(kind: ErrorKind, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            file: None,
            place: Place::Whole,
            column: None,
            expected: expected.into(),
            found: found.into(),
            reason: None,
            hint: None,
        }))
    }

    /// Something in `file` is not as it should be.
    pub fn data(file: impl AsRef<Path>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, expected, found).in_file(file)
    }

    /// A setting is not as it should be.
    pub fn usage(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, expected, found)
    }

    /// The system refused to do something with `file`: `expected` says what, the found is the system's reason.
    pub fn system(file: impl AsRef<Path>, expected: impl Into<String>, reason: &io::Error) -> Self {
        let mut error = Self::new(ErrorKind::System, expected, reason.to_string()).in_file(file);
        error.0.reason = Some(reason.kind());
        error
    }

    /// The same error, in this file.
    #[must_use]
    pub fn in_file(mut self, file: impl AsRef<Path>) -> Self {
        self.0.file = Some(file.as_ref().to_owned());
        self
    }

    /// The same error, at this place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = place;
        self
    }

    /// The same error, at this line and character.
    #[must_use]
    pub fn at_line(self, line: u64, column: Option<u64>) -> Self {
        self.at(Place::Line { line, column })
    }

    /// The same error, at this byte.
    #[must_use]
    pub fn at_byte(self, offset: u64) -> Self {
        self.at(Place::Byte(offset))
    }

    /// The same error, in the column of this name.
    #[must_use]
    pub fn in_column(mut self, name: impl Into<String>) -> Self {
        self.0.column = Some(name.into());
        self
    }

    /// The same error, with advice that names settings between braces.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Why the system refused, where it did.
    pub fn reason(&self) -> Option<io::ErrorKind> {
        self.0.reason
    }

    /// The file it is in, where it is in one.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// Where in the file it is.
    pub fn place(&self) -> Place {
        self.0.place
    }

    /// The name of the column it is in, where it is in one.
    pub fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// What should have been there.
    pub fn expected(&self) -> &str {
        &self.0.expected
    }

    /// What was there.
    pub fn found(&self) -> &str {
        &self.0.found
    }

    /// What can be done about it, where something can.
    pub fn advice(&self) -> Option<&Hint> {
        self.0.hint.as_ref()
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.0.file {
            write!(f, "{}", file.display())?;
            match self.0.place {
                Place::Whole => {}
                Place::Line { line, column: None } => write!(f, ":{line}")?,
                Place::Line { line, column: Some(column) } => write!(f, ":{line}:{column}")?,
                Place::Byte(offset) => write!(f, ": byte {offset}")?,
                Place::Row(row) => write!(f, ": row {row}")?,
            }
            f.write_str(": ")?;
        }
        if let Some(column) = &self.0.column {
            write!(f, "column {column:?}: ")?;
        }
        write!(f, "expected {}, found {}", self.0.expected, self.0.found)
    }
}

/// A value as a message shows it: quoted, control characters escaped, and cut short when it is long.
///
/// ```
/// # use deltarule_tables::error::shown;
/// assert_eq!(shown("a\tb"), r#""a\tb""#);
/// assert_eq!(shown(&"x".repeat(100)).chars().count(), 43);
/// ```
pub fn shown(value: &str) -> String {
    const LONGEST: usize = 40;
    match value.char_indices().nth(LONGEST) {
        None => format!("{value:?}"),
        Some((end, _)) => format!("{:?}…", &value[..end]),
    }
}
