//! What can go wrong with a run, as values: what was expected, what was found, and what can be done about it.

use deltarule::hint::{Advised, Hint};
use deltarule::metrics::Undefined;
use deltarule_tables::TableError;
use std::fmt;
use std::path::{Path, PathBuf};

/// `Result` with [`Error`].
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Everything that a run can be refused for or fail at.
///
/// Settings are named as in the table of settings. [`Display`](fmt::Display) writes them as a settings file has them;
/// [`Error::worded`] as the caller spells them.
///
/// ```
/// use deltarule_pipeline::{Error, ErrorKind};
///
/// let error = Error::setting("threads", "1 or more", 0);
/// assert_eq!(error.kind(), ErrorKind::Usage);
/// assert_eq!(error.to_string(), "threads: expected 1 or more, found 0");
/// assert_eq!(error.worded(|setting| format!("--{}", setting.name)), "--threads: expected 1 or more, found 0");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The library refused or failed.
    Library(deltarule::Error),
    /// Something is wrong with a table or another file of data.
    Table(TableError),
    /// A metric has no value on the samples that something was to be chosen by.
    Undefined(Undefined),
    /// A value that a setting cannot take.
    Setting {
        /// The setting.
        name: &'static str,
        /// The values that it can take.
        expected: String,
        /// The value given.
        found: String,
        /// What to do about it.
        hint: Option<Hint>,
    },
    /// A setting that nothing in this run makes use of.
    Unsuited {
        /// The setting.
        name: &'static str,
        /// Why not: what goes on the sentence that begins with the setting.
        why: Hint,
        /// What to do about it.
        hint: Option<Hint>,
    },
    /// No data were named.
    NoData,
    /// A word that names neither a file nor a built-in set.
    UnknownData {
        /// The word.
        word: String,
        /// Why it names no built-in set.
        error: TableError,
    },
    /// The data that a network was trained on cannot be read again.
    DataGone {
        /// Where they were.
        place: &'static str,
    },
    /// Nothing was held out for a test when the network was trained.
    NothingHeldOut,
    /// Data that hold no samples.
    NoSamples,
    /// Samples that are not there.
    NoSuchSample {
        /// The first sample asked for, counted from 0.
        found: usize,
        /// Number of samples.
        samples: usize,
    },
    /// A prediction that is no number, of inputs too large for the network's precision.
    NotFinite {
        /// The row, from 1.
        row: u64,
        /// What the network makes of it.
        found: f64,
    },
    /// The preprocessing in a model file is not what this crate writes.
    Preprocessing {
        /// What is wrong with it.
        why: String,
    },
    /// The network in a model file does not fit its preprocessing.
    Misfit {
        /// Inputs and outputs that the preprocessing asks for.
        expected: (usize, usize),
        /// Inputs and outputs of the network.
        found: (usize, usize),
    },
    /// A folder for a new run that is not empty.
    FolderTaken(PathBuf),
    /// A folder that holds no finished run.
    NoModel(PathBuf),
    /// A run or model file that is not there.
    NoRun {
        /// The path named.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
        /// Runs that there are, the latest first.
        latest: Vec<PathBuf>,
    },
    /// The system refused to do something with a file or folder.
    Io {
        /// What: a verb that the path follows.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The training of a fold left the finite numbers.
    FoldDiverged {
        /// The repeat, from 1.
        repeat: usize,
        /// The fold, from 1.
        fold: usize,
        /// At which step, and where.
        error: Box<deltarule::Error>,
    },
    /// Whoever watched stopped it before there was a result.
    Interrupted,
}

/// Whose matter an error is; a program turns it into its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Something went wrong while running: a full disk, a file that may not be read.
    RunTime,
    /// The settings say something impossible.
    Usage,
    /// A data or model file does not hold what it should.
    BadData,
    /// Training diverged, or a check found a difference.
    Failed,
    /// The user stopped it.
    Interrupted,
}

impl From<deltarule::ErrorKind> for ErrorKind {
    fn from(kind: deltarule::ErrorKind) -> Self {
        match kind {
            deltarule::ErrorKind::System => Self::RunTime,
            deltarule::ErrorKind::Usage => Self::Usage,
            deltarule::ErrorKind::Data => Self::BadData,
            deltarule::ErrorKind::Diverged => Self::Failed,
        }
    }
}

impl Error {
    /// A value that a setting cannot take.
    pub fn setting(name: &'static str, expected: impl ToString, found: impl ToString) -> Self {
        Self::Setting { name, expected: expected.to_string(), found: found.to_string(), hint: None }
    }

    /// A setting that nothing in this run makes use of: `why` goes on the sentence that begins with it.
    pub fn unsuited(name: &'static str, why: impl Into<Hint>) -> Self {
        Self::Unsuited { name, why: why.into(), hint: None }
    }

    /// A refusal of the system: `action` is a verb that the path follows.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// The same error with advice; one without room for it stays as it is.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<Hint>) -> Self {
        if let Self::Setting { hint, .. } | Self::Unsuited { hint, .. } = &mut self {
            *hint = Some(advice.into());
        }
        self
    }

    /// Whose matter it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Library(error) => error.kind().into(),
            Self::FoldDiverged { error, .. } => error.kind().into(),
            Self::Table(error) => error.kind().into(),
            Self::Setting { .. }
            | Self::Unsuited { .. }
            | Self::NoData
            | Self::UnknownData { .. }
            | Self::DataGone { .. }
            | Self::NothingHeldOut
            | Self::NoSuchSample { .. }
            | Self::FolderTaken(_) => ErrorKind::Usage,
            Self::NoSamples | Self::NotFinite { .. } | Self::Preprocessing { .. } | Self::Misfit { .. } => {
                ErrorKind::BadData
            }
            Self::Undefined(_) | Self::NoModel(_) | Self::NoRun { .. } | Self::Io { .. } => {
                ErrorKind::RunTime
            }
            Self::Interrupted => ErrorKind::Interrupted,
        }
    }

    /// Whether the reader of an output has gone away, who has read enough.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Table(error) if error.reason() == Some(std::io::ErrorKind::BrokenPipe))
    }

    /// What can be done about it, where something can.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Library(error) => error.hint().cloned(),
            Self::Table(error) | Self::UnknownData { error, .. } => error.advice().cloned(),
            Self::Setting { hint, .. } | Self::Unsuited { hint, .. } => hint.clone(),
            Self::NotFinite { .. } => {
                Some(Hint::new("{precision=f64} in training has room for larger numbers"))
            }
            Self::Preprocessing { .. } => {
                Some(Hint::new("was it trained by another program, or by a newer version?"))
            }
            Self::FolderTaken(_) => {
                Some(Hint::new("choose another folder with {out}, or replace the run in it with {force}"))
            }
            Self::NoModel(_) => Some(Hint::new("name the folder of a finished run, or a model file")),
            Self::FoldDiverged { repeat, fold, .. } => {
                let which = Hint::new("it was fold ").text(fold).and(" of repeat ").text(repeat);
                Some(which.and("; try a smaller {eta}, or {clip}"))
            }
            _ => None,
        }
    }

    /// What went wrong, without the hint, with every setting as `word` spells it.
    pub fn worded(&self, word: impl Fn(&Advised) -> String) -> String {
        let named = |name| word(&Advised { name, value: None });
        match self {
            Self::Library(error) => error.to_string(),
            Self::FoldDiverged { error, .. } => error.to_string(),
            Self::Table(error) => error.to_string(),
            Self::Undefined(error) => error.to_string(),
            Self::Setting { name, expected, found, .. } => {
                format!("{}: expected {expected}, found {found}", named(name))
            }
            Self::Unsuited { name, why, .. } => format!("{} {}", named(name), why.worded(word)),
            Self::NoData => "no data: expected a built-in set, a folder or a file".to_owned(),
            Self::UnknownData { word, error } => format!("no file `{word}`, and {error}"),
            Self::DataGone { place } => format!("the network was trained on {place}, which is gone"),
            Self::NothingHeldOut => {
                "nothing was held out for a test when this network was trained".to_owned()
            }
            Self::NoSamples => "the data have no samples".to_owned(),
            Self::NoSuchSample { found, samples } => {
                format!("expected a sample from 0 to {}, found {found}", samples.saturating_sub(1))
            }
            Self::NotFinite { row, found } => {
                format!("row {row}: expected a prediction that is a finite number, found {found}")
            }
            Self::Preprocessing { why } => {
                format!("the model's preprocessing is not what this program writes: {why}")
            }
            Self::Misfit { expected, found } => format!(
                "the model's network and its preprocessing do not fit: expected {} inputs and {} outputs, found {} and {}",
                expected.0, expected.1, found.0, found.1
            ),
            Self::FolderTaken(path) => format!("{} exists and is not empty", path.display()),
            Self::NoModel(path) => format!("{} holds no {}", path.display(), crate::run_folder::MODEL),
            Self::NoRun { path, source, .. } => format!("cannot open {}: {source}", path.display()),
            Self::Io { action, path, source } => format!("cannot {action} {}: {source}", path.display()),
            Self::Interrupted => "interrupted".to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.worded(|setting| setting.name.to_owned()))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Library(error) => Some(error),
            Self::FoldDiverged { error, .. } => Some(&**error),
            Self::Table(error) | Self::UnknownData { error, .. } => Some(error),
            Self::Undefined(error) => Some(error),
            Self::NoRun { source, .. } | Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<deltarule::Error> for Error {
    fn from(error: deltarule::Error) -> Self {
        use deltarule::Error as E;
        match error {
            // What a streamed table refused comes through the library.
            E::Source(source) => match source.downcast::<TableError>() {
                Ok(error) => Self::Table(*error),
                Err(source) => Self::Library(E::Source(source)),
            },
            error => Self::Library(error),
        }
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl From<Undefined> for Error {
    fn from(error: Undefined) -> Self {
        Self::Undefined(error)
    }
}
