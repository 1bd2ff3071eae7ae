//! Files that are there whole or not at all.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Writes `contents` to `path` so that whoever reads it, also after a crash, finds the old file or the new one and nothing
/// between: a temporary file in the same folder, synced, then renamed over `path`, then the folder synced.
///
/// # Errors
/// [`Error::Io`] with the path; the temporary file is then removed.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<()> {
    let failed = |source| Error::io(path, source);
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
    let (temporary, mut file) = Temporary::create(folder, &name.to_string_lossy()).map_err(failed)?;
    file.write_all(contents).and_then(|()| file.sync_all()).map_err(failed)?;
    drop(file);
    fs::rename(&temporary.path, path).map_err(failed)?;
    temporary.renamed();
    sync_folder(folder).map_err(failed)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems cannot open a folder to sync it.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A temporary file, removed unless it has been renamed.
struct Temporary {
    path: PathBuf,
    keep: bool,
}

impl Temporary {
    fn create(folder: &Path, name: &str) -> io::Result<(Self, File)> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!(".{name}.{}-{number}.tmp", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path, keep: false }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn renamed(mut self) {
        self.keep = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.keep {
            // The first error is the one that is told; this file is only litter.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("deltarule-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.bin");
        write_whole(&path, b"first").unwrap();
        write_whole(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        // A folder in the way: the rename fails, and the temporary file goes.
        let blocked = folder.join("blocked");
        fs::create_dir_all(blocked.join("inside")).unwrap();
        assert!(write_whole(&blocked, b"x").unwrap_err().to_string().contains("blocked"));
        assert!(write_whole(&folder.join("missing").join("a"), b"x").is_err());
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.bin", "blocked"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
