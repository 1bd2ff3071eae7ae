//! What was measured on, and with what.

use super::{command_line, commit};
use crate::shell::{output, program};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) compiler: String,
    pub(crate) commit: String,
    pub(crate) date: String,
    pub(crate) command: String,
}

impl Machine {
    pub(crate) fn read() -> Self {
        let said = |name: &str, arguments: &[&str]| {
            output(&mut program(name, arguments))
                .map_or_else(|_| "unknown".into(), |text| text.trim().to_owned())
        };
        Self {
            processor: processor().unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            compiler: said("rustc", &["--version"]),
            commit: commit().unwrap_or_else(|| "unknown".into()),
            date: said("date", &["-u", "+%Y-%m-%d"]),
            command: command_line(),
        }
    }
}

/// The processor's name with its family and model, which tell it apart where a virtual machine hides the name.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |key: &str| {
        let line = text.lines().find(|line| line.split(':').next().is_some_and(|name| name.trim() == key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let vectors = match field("flags")?.split(' ').collect::<Vec<_>>() {
        flags if flags.contains(&"avx512f") => "AVX-512",
        flags if flags.contains(&"avx2") => "AVX2",
        _ => "no AVX2",
    };
    Some(format!(
        "{} (family {}, model {}, {vectors})",
        field("model name")?,
        field("cpu family")?,
        field("model")?
    ))
}
