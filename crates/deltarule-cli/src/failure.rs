//! How a command ends when it cannot do what was asked: a message, a hint, and an exit code that scripts can tell apart.

use deltarule::{ErrorKind, Hint};
use std::fmt::{self, Display};

/// Why a command failed, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something went wrong while running: a full disk, a file that may not be read.
    RunTime = 1,
    /// The command line or the settings say something impossible.
    Usage = 2,
    /// A data or model file does not hold what it should.
    BadData = 3,
    /// Training diverged, or a check found a difference.
    Failed = 4,
    /// The user stopped it.
    Interrupted = 130,
}

/// An error as the user reads it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Display) -> Self {
        Self { kind, message: message.to_string(), hint: None }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn bad_data(message: impl Display) -> Self {
        Self::new(Kind::BadData, message)
    }

    pub(crate) fn hint(self, hint: impl Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// An input or output error on `path`: what was tried, on what, and what the system said.
    pub(crate) fn io(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(Kind::RunTime, format_args!("cannot {action} {}: {}", path.display(), plain(error)))
    }

    /// An error of the library or of a table, its advice with settings as flags.
    fn of(kind: ErrorKind, error: impl Display, hint: Option<&Hint>) -> Self {
        let kind = match kind {
            ErrorKind::System => Kind::RunTime,
            ErrorKind::Usage => Kind::Usage,
            ErrorKind::Data => Kind::BadData,
            ErrorKind::Diverged => Kind::Failed,
        };
        let hint = hint.map(|hint| hint.worded(as_flag));
        Self { kind, message: without_code(&error.to_string()), hint }
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": {
            "code": self.kind as i32,
            "kind": format!("{:?}", self.kind),
            "message": self.message,
            "hint": self.hint,
        }})
    }
}

/// The system's words without "(os error 2)".
fn plain(error: &std::io::Error) -> String {
    without_code(&error.to_string()).to_lowercase()
}

fn without_code(text: &str) -> String {
    match text.split_once(" (os error ") {
        Some((before, rest)) => format!("{before}{}", rest.split_once(')').map_or("", |(_, after)| after)),
        None => text.to_owned(),
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl From<deltarule::Error> for Failure {
    fn from(error: deltarule::Error) -> Self {
        use deltarule::Error as E;
        let error = match error {
            E::Source(source) => match source.downcast::<deltarule_tables::TableError>() {
                Ok(error) => return Self::from(*error),
                Err(source) => E::Source(source),
            },
            error => error,
        };
        Self::of(error.kind(), &error, error.hint())
    }
}

impl From<deltarule_tables::TableError> for Failure {
    fn from(error: deltarule_tables::TableError) -> Self {
        Self::of(error.kind(), &error, error.advice())
    }
}

/// What a table has to say, with settings as flags.
pub(crate) fn in_flags(notice: &deltarule_tables::Notice) -> String {
    notice.worded(as_flag)
}

/// A setting as the flag that says it.
fn as_flag(setting: &deltarule::hint::Advised) -> String {
    match &setting.value {
        Some(value) => format!("--{} {value}", setting.name),
        None => format!("--{}", setting.name),
    }
}
