//! Files as the readers see them: on disk, unpacked, and readable from any byte on.

pub(crate) mod detect;
pub(crate) mod format;
mod globs;
pub(crate) mod signature;

pub(super) use globs::matching;

use crate::error::TableError;
use crate::read::options::ReadOptions;
use deltarule::Hint;
use detect::BOM;
use signature::Compression;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{NamedTempFile, TempPath};

/// A file that can be read from any byte on, as often as need be. Compressed files and standard input are first
/// unpacked to a temporary file, which is removed with the last reader.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// What messages call the file.
    name: PathBuf,
    path: PathBuf,
    len: u64,
    spooled: Option<Arc<TempPath>>,
}

/// What messages call standard input.
pub(crate) const STDIN: &str = "<stdin>";

/// Bytes that a compressed file may always unpack to, whatever its size.
const FREE_EXPANSION: u64 = 64 << 20;

impl Input {
    /// Opens the file of this path; `-` is standard input.
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Self, TableError> {
        if path == Path::new("-") {
            return Self::spool(Path::new(STDIN), io::stdin().lock(), options);
        }
        let cannot = |e: &io::Error| TableError::system(path, "a file that can be read", e);
        let metadata = std::fs::metadata(path).map_err(|e| cannot(&e))?;
        if metadata.is_dir() {
            return Err(TableError::data(path, "a file", "a directory")
                .hint(Hint::new("name its files: '").text(path.join("*").display()).and("'")));
        }
        if !metadata.is_file() && !already_open(path) {
            return Err(TableError::data(path, "a file", special(&metadata))
                .hint("standard input is read by the name -, so that `… | deltarule … -` does it"));
        }
        let mut file = File::open(path).map_err(|e| cannot(&e))?;
        if !metadata.is_file() {
            return Self::spool(path, file, options);
        }
        let mut magic = [0; 4];
        let read = read_up_to(&mut file, &mut magic).map_err(|e| cannot(&e))?;
        if Compression::of(&magic[..read]).is_some() {
            file.rewind().map_err(|e| cannot(&e))?;
            return Self::spool(path, file, options);
        }
        Ok(Self { name: path.to_owned(), path: path.to_owned(), len: metadata.len(), spooled: None })
    }

    /// Copies what comes out of `reader`, unpacked if it is packed, to a temporary file.
    pub(crate) fn spool(
        name: &Path,
        mut reader: impl Read,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let failed = |e: &io::Error| TableError::system(name, "data that can be read", e);
        let mut head = [0; 4];
        let read = read_up_to(&mut reader, &mut head).map_err(|e| failed(&e))?;
        let mut packed = Counted { inner: io::Cursor::new(head[..read].to_vec()).chain(reader), count: 0 };
        let mut spool = temporary(name)?;
        let len = match Compression::of(&head[..read]) {
            None => copy(name, &mut packed, spool.as_file_mut(), |_, _| Ok(()))?,
            Some(compression) => {
                unpack(name, compression, packed, spool.as_file_mut(), options.max_expansion)?
            }
        };
        Ok(Self::of_temporary(name, spool, len))
    }

    /// Copies what comes out of `reader`, which unpacks so many bytes, to a temporary file.
    pub(crate) fn unpacked(
        name: &Path,
        mut reader: impl Read,
        packed: u64,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let mut spool = temporary(name)?;
        let len = copy(name, &mut reader, spool.as_file_mut(), |_, written| {
            check_expansion(name, packed, written, options.max_expansion)
        })?;
        Ok(Self::of_temporary(name, spool, len))
    }

    fn of_temporary(name: &Path, spool: NamedTempFile, len: u64) -> Self {
        let spooled = Arc::new(spool.into_temp_path());
        Self { name: name.to_owned(), path: spooled.to_path_buf(), len, spooled: Some(spooled) }
    }

    /// What messages call the file.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// Bytes of the file, unpacked.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The file from its first byte on.
    pub(crate) fn file(&self) -> Result<File, TableError> {
        File::open(&self.path).map_err(|e| TableError::system(&self.name, "a file that can be read", &e))
    }

    /// The file from this byte on.
    pub(crate) fn reader_at(&self, offset: u64) -> Result<InputReader, TableError> {
        let mut file = self.file()?;
        file.seek(SeekFrom::Start(offset)).map_err(|e| self.failed(&e))?;
        Ok(InputReader { file, _spooled: self.spooled.clone() })
    }

    /// The first bytes, at most `len`, without the mark of UTF-8.
    pub(crate) fn head(&self, len: usize) -> Result<Vec<u8>, TableError> {
        let mut head = self.bytes(0, len.min(usize::try_from(self.len).unwrap_or(usize::MAX)))?;
        if head.starts_with(BOM) {
            head.drain(..BOM.len());
        }
        Ok(head)
    }

    /// `len` bytes from `offset` on, which must lie in the file.
    pub(crate) fn bytes(&self, offset: u64, len: usize) -> Result<Vec<u8>, TableError> {
        if offset.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(TableError::data(&self.name, format!("{len} bytes here"), "the end of the file")
                .at_byte(offset)
                .hint("the file was cut short or is damaged"));
        }
        let mut bytes = vec![0; len];
        self.reader_at(offset)?.read_exact(&mut bytes).map_err(|e| self.failed(&e))?;
        Ok(bytes)
    }

    pub(crate) fn failed(&self, reason: &io::Error) -> TableError {
        TableError::system(&self.name, "data that can be read", reason)
    }
}

/// A reader of an [`Input`]; a temporary file lives at least as long as it.
#[derive(Debug)]
pub(crate) struct InputReader {
    file: File,
    _spooled: Option<Arc<TempPath>>,
}

impl Read for InputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for InputReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn temporary(name: &Path) -> Result<NamedTempFile, TableError> {
    NamedTempFile::new().map_err(|e| TableError::system(name, "a temporary file to unpack to", &e))
}

/// Refuses data that grows beyond all measure while it is unpacked.
fn check_expansion(name: &Path, read: u64, written: u64, most: u64) -> Result<(), TableError> {
    if written <= FREE_EXPANSION || written <= read.saturating_mul(most) {
        return Ok(());
    }
    let found = format!("{read} bytes that grow to {written} and more");
    Err(TableError::data(name, format!("compressed data that grows at most {most} times"), found)
        .hint("if this is meant, unpack the file first"))
}

/// Unpacks `packed`, and refuses data that grows beyond all measure.
fn unpack(
    name: &Path,
    compression: Compression,
    packed: Counted<impl Read>,
    to: &mut File,
    max_expansion: u64,
) -> Result<u64, TableError> {
    let check = |read, written| check_expansion(name, read, written, max_expansion);
    match compression {
        Compression::Gzip => {
            let mut decoder = flate2::read::MultiGzDecoder::new(packed);
            copy(name, &mut decoder, to, |from, written| check(from.get_ref().count, written))
        }
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(packed)
                .map_err(|e| TableError::system(name, "memory to unpack zstd data", &e))?;
            copy(name, &mut decoder, to, |from, written| check(from.get_ref().get_ref().count, written))
        }
    }
}

/// Copies all of `from`, with a look at both sizes after each block.
fn copy<R: Read>(
    name: &Path,
    from: &mut R,
    to: &mut File,
    check: impl Fn(&R, u64) -> Result<(), TableError>,
) -> Result<u64, TableError> {
    let mut buffer = vec![0; 256 << 10];
    let mut written = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(written),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => {
                let found = match e.kind() {
                    io::ErrorKind::UnexpectedEof => "the end of the file within them".to_owned(),
                    _ => e.to_string(),
                };
                return Err(TableError::data(name, "whole compressed data", found)
                    .hint("the file was cut short or is damaged; fetch or write it again"));
            }
        };
        to.write_all(&buffer[..read])
            .map_err(|e| TableError::system(name, "room to unpack it in the temporary folder", &e))?;
        written += read as u64;
        check(from, written)?;
    }
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

/// Fills as much of the buffer as there is data for.
pub(crate) fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Paths such as `/dev/fd/63`, which a shell hands over for `<(…)`: their pipe has a writer, so that opening does
/// not wait for ever, as it would on a pipe that lies in a folder.
fn already_open(path: &Path) -> bool {
    ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|open| path.starts_with(open))
}

#[cfg(unix)]
fn special(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> &'static str {
    "something else"
}
