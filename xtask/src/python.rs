//! The Python environment of the project's own, made on request and never needed by the checks.

use crate::shell::{output, program, root, run};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// The oldest Python that the scripts run on.
const OLDEST: (u32, u32) = (3, 11);
/// Where the frameworks are, and where what learns from tables.
const PEERS: &str = ".venv-peers";
const TABULAR: &str = ".venv-tabular";

/// A virtual environment in the project's root with packages that the library is compared with.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment with all that `xtask/python/requirements.txt` names; made where it is missing. It takes about
    /// 6 GB, for PyTorch's package brings the libraries of a graphics card, used or not.
    pub(crate) fn install() -> Result<Self> {
        Self::with(PEERS, "xtask/python/requirements.txt")
    }

    /// A smaller one, of about 300 MB, with readers of tables alone.
    pub(crate) fn readers() -> Result<Self> {
        Self::with(".venv-readers", "xtask/python/readers.txt")
    }

    /// One with what learns from tables; with the package of the recipe's authors, which brings PyTorch, another 6 GB.
    pub(crate) fn tabular(authors: bool) -> Result<Self> {
        let requirements = if authors { "requirements-authors.txt" } else { "requirements.txt" };
        Self::with(TABULAR, &format!("xtask/python/tabular/{requirements}"))
    }

    fn with(folder: &str, requirements: &str) -> Result<Self> {
        let environment = Self { folder: root().join(folder) };
        if !environment.python().is_file() {
            check_version()?;
            let folder = environment.folder.to_str().context("the project's path is not UTF-8")?;
            run(&mut program("python3", &["-m", "venv", folder]))?;
        }
        let requirements = ["-m", "pip", "install", "--quiet", "-r", requirements];
        run(&mut program(environment.python(), &requirements))?;
        Ok(environment)
    }

    /// The environment with the frameworks, where it has been made.
    pub(crate) fn existing() -> Option<Self> {
        Self::made(PEERS)
    }

    /// The environment with what learns from tables, where it has been made.
    pub(crate) fn existing_tabular() -> Option<Self> {
        Self::made(TABULAR)
    }

    fn made(folder: &str) -> Option<Self> {
        let environment = Self { folder: root().join(folder) };
        environment.python().is_file().then_some(environment)
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
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
