//! How a command ends when it cannot do what was asked: a message, a hint, and an exit code that scripts can tell apart.

use crate::flags;
use deltarule_pipeline::{Error, ErrorKind, Notice};
use deltarule_tables::TableError;
use std::fmt::{self, Display};
use std::path::PathBuf;

/// An error as the user reads it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Display) -> Self {
        Self { kind, message: message.to_string(), hint: None }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    pub(crate) fn bad_data(message: impl Display) -> Self {
        Self::new(ErrorKind::BadData, message)
    }

    pub(crate) fn hint(self, hint: impl Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// An input or output error on `path`: what was tried, on what, and what the system said.
    pub(crate) fn io(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(ErrorKind::RunTime, format_args!("cannot {action} {}: {}", path.display(), plain(error)))
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        exit_code(self.kind)
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": {
            "code": self.code(),
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

/// The one place where an error becomes words.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = match &error {
            Error::Io { action, path, source } => return Self::io(action, path, source),
            Error::NoRun { path, source, latest } => {
                return Self::io("open", path, source).hint(runs_there_are(latest));
            }
            Error::Table(_) | Error::Library(_) => without_code(&error.worded(flags::flag)),
            _ => error.worded(flags::flag),
        };
        let hint = match &error {
            Error::NoData => Some("`deltarule train digits` needs no file".to_owned()),
            Error::NothingHeldOut => Some("name the data: deltarule eval RUN DATA".to_owned()),
            Error::DataGone { .. } => Some("name the data: deltarule explain RUN DATA".to_owned()),
            error => error.hint().map(|hint| hint.worded(flags::flag)),
        };
        Self { kind: error.kind(), message, hint }
    }
}

impl From<deltarule::Error> for Failure {
    fn from(error: deltarule::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Error::from(error).into()
    }
}

/// What scripts tell the ways of failing apart by.
pub(crate) fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::RunTime => 1,
        ErrorKind::Usage => 2,
        ErrorKind::BadData => 3,
        ErrorKind::Failed => 4,
        ErrorKind::Interrupted => 130,
    }
}

fn runs_there_are(latest: &[PathBuf]) -> String {
    let latest: Vec<_> = latest.iter().map(|path| path.display().to_string()).collect();
    if latest.is_empty() {
        "there are no runs here yet; `deltarule train digits` makes one".to_owned()
    } else {
        format!("the latest runs here: {}", latest.join(", "))
    }
}

/// Something worth knowing, with settings as flags.
pub(crate) fn in_flags(notice: &Notice) -> String {
    notice.worded(flags::flag)
}
