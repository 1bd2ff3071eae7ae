//! Python environments of the project's own, made on request and never needed by the checks.

use crate::shell::{output, program, root, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The oldest Python that the scripts run on.
const OLDEST: (u32, u32) = (3, 11);

/// A virtual environment in the project's root, with the packages of a requirements file.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment of this name, which may not exist yet.
    pub(crate) fn named(name: &str) -> Self {
        Self { folder: root().join(name) }
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
    }

    /// Makes the environment where it is missing and installs what the requirements file names.
    pub(crate) fn install(&self, requirements: &Path) -> Result<()> {
        let folder = self.folder.to_str().context("the project's path is not UTF-8")?;
        let requirements = requirements.to_str().context("the project's path is not UTF-8")?;
        if !self.python().is_file() {
            check_version()?;
            run(&mut program("python3", &["-m", "venv", folder]))?;
        }
        run(&mut program(self.python(), &["-m", "pip", "install", "--quiet", "-r", requirements]))
    }
}

fn check_version() -> Result<()> {
    let said = output(&mut program("python3", &["-c", "import sys; print(*sys.version_info[:2])"]))
        .context("Python 3 is needed")?;
    let numbers: Vec<u32> = said.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    match numbers[..] {
        [major, minor] if (major, minor) >= OLDEST => Ok(()),
        _ => bail!("Python {}.{} or later is needed, python3 is {}", OLDEST.0, OLDEST.1, said.trim()),
    }
}
