//! Where bytes go: a file that appears whole or not at all, or standard output.

use crate::error::TableError;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::NamedTempFile;

/// A file being written, or standard output.
#[derive(Debug)]
pub(super) struct Sink {
    path: PathBuf,
    destination: Option<Destination>,
    refused: Refused,
}

/// Why the system refused to write. An encoder between the sink and its user hands on no more than a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Refused(Arc<OnceLock<io::ErrorKind>>);

impl Refused {
    /// The error with this text.
    pub(super) fn error(&self, text: String) -> io::Error {
        io::Error::new(self.0.get().copied().unwrap_or(io::ErrorKind::Other), text)
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.0.get_or_init(|| error.kind());
        }
        result
    }
}

#[derive(Debug)]
enum Destination {
    /// Renamed when complete.
    Whole { file: BufWriter<NamedTempFile>, overwrite: bool },
    /// Written as it comes: standard output, a pipe, a device.
    Passing(Box<dyn Passing>),
    /// A format that is completed at its beginning, for standard output or a pipe: copied when complete.
    Held { file: BufWriter<NamedTempFile>, to: Box<dyn Passing> },
}

trait Passing: Write + Send + std::fmt::Debug {}

impl<W: Write + Send + std::fmt::Debug> Passing for W {}

impl Sink {
    /// Opens `path`, `-` for standard output. A format that `rewinds` may seek in it.
    pub(super) fn create(
        path: &Path,
        inputs: &[impl AsRef<Path>],
        overwrite: bool,
        rewinds: bool,
    ) -> Result<Self, TableError> {
        let cannot = |error: &io::Error| TableError::system(path, "a file that can be written", error);
        let held = |to: Box<dyn Passing>| -> Result<Destination, TableError> {
            Ok(match rewinds {
                false => Destination::Passing(to),
                true => {
                    let file = NamedTempFile::new().map_err(|error| cannot(&error))?;
                    Destination::Held { file: BufWriter::new(file), to }
                }
            })
        };
        let destination = if path == Path::new("-") {
            held(Box::new(io::stdout()))?
        } else {
            match std::fs::metadata(path) {
                Ok(found) if found.is_dir() => {
                    return Err(TableError::usage(
                        "a file to write to",
                        format!("the directory {}", path.display()),
                    ));
                }
                Ok(found) if found.is_file() => {
                    let own = path.canonicalize().map_err(|error| cannot(&error))?;
                    let same = |input: &Path| input.canonicalize().is_ok_and(|input| input == own);
                    if inputs.iter().any(|input| same(input.as_ref())) {
                        return Err(TableError::usage(
                            "an output file other than the input",
                            path.display().to_string(),
                        ));
                    }
                    if !overwrite {
                        return Err(TableError::usage(
                            "a file that does not exist yet",
                            path.display().to_string(),
                        )
                        .hint("{force} replaces it"));
                    }
                    whole(path, overwrite).map_err(|error| cannot(&error))?
                }
                // A pipe or a device keeps its place.
                Ok(_) => {
                    held(Box::new(File::options().write(true).open(path).map_err(|error| cannot(&error))?))?
                }
                Err(_) => whole(path, overwrite).map_err(|error| cannot(&error))?,
            }
        };
        Ok(Self { path: path.to_owned(), destination: Some(destination), refused: Refused::default() })
    }

    /// Will know why the system refused to write.
    pub(super) fn refused(&self) -> Refused {
        self.refused.clone()
    }

    /// Completes the file and gives it its name.
    pub(super) fn finish(mut self) -> Result<(), TableError> {
        let cannot = |error: &io::Error| TableError::system(&self.path, "a file that can be written", error);
        let finished = match self.destination.take() {
            None => Ok(()),
            Some(Destination::Passing(mut to)) => to.flush(),
            Some(Destination::Held { file, mut to }) => {
                file.into_inner().map_err(io::Error::from).and_then(|file| {
                    let mut file = file.into_file();
                    file.seek(SeekFrom::Start(0))?;
                    io::copy(&mut file, &mut to)?;
                    to.flush()
                })
            }
            Some(Destination::Whole { file, overwrite }) => {
                file.into_inner().map_err(io::Error::from).and_then(|file| {
                    file.as_file().sync_all()?;
                    let named =
                        if overwrite { file.persist(&self.path) } else { file.persist_noclobber(&self.path) };
                    named.map(drop).map_err(|error| error.error)
                })
            }
        };
        finished.map_err(|error| cannot(&error))
    }

    fn open(&mut self) -> io::Result<&mut Destination> {
        self.destination.as_mut().ok_or_else(|| io::Error::other("the file is already complete"))
    }
}

/// A file beside its destination, with the permissions of any new file.
fn whole(path: &Path, overwrite: bool) -> io::Result<Destination> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".deltarule-").suffix(".part");
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    Ok(Destination::Whole { file: BufWriter::new(builder.tempfile_in(folder)?), overwrite })
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.open()? {
            Destination::Whole { file, .. } | Destination::Held { file, .. } => file.write(bytes),
            Destination::Passing(to) => to.write(bytes),
        };
        self.refused.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match self.open()? {
            Destination::Whole { file, .. } | Destination::Held { file, .. } => file.flush(),
            Destination::Passing(to) => to.flush(),
        };
        self.refused.note(flushed)
    }
}

impl Seek for Sink {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self.open()? {
            Destination::Whole { file, .. } | Destination::Held { file, .. } => file.seek(to),
            Destination::Passing(_) => Err(io::Error::other("a stream cannot be rewound")),
        }
    }
}
