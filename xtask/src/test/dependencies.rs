//! Whose code is built in: how many crates the library needs, and under which licences all of them come.

use super::{Options, Outcome};
use crate::shell::{cargo, output};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The library with everything it needs stays under this many crates.
const LIBRARY_BUDGET: usize = 20;

/// Licences that ask for no more than attribution, so that what they cover can be part of a program under
/// MIT OR Apache-2.0.
const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
}

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let tree = output(&mut cargo(&[
        "tree",
        "--locked",
        "-p",
        "deltarule",
        "-e",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let library: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    if library.len() >= LIBRARY_BUDGET {
        bail!("the library needs {} crates, its limit is {LIBRARY_BUDGET}:\n{tree}", library.len());
    }

    let metadata: Metadata =
        serde_json::from_str(&output(&mut cargo(&["metadata", "--locked", "--format-version", "1"]))?)
            .context("cargo metadata")?;
    let refused: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| !compatible(package.license.as_deref()))
        .map(|Package { name, version, license }| {
            format!("{name} {version}: {}", license.as_deref().unwrap_or("no licence named"))
        })
        .collect();
    if !refused.is_empty() {
        bail!("not known to be compatible with MIT OR Apache-2.0:\n  {}", refused.join("\n  "));
    }
    Ok(Outcome::Passed(format!(
        "{} crates in the library's tree, {} in all",
        library.len(),
        metadata.packages.len()
    )))
}

fn compatible(license: Option<&str>) -> bool {
    let Some(license) = license else { return false };
    spdx::Expression::parse_mode(license, spdx::ParseMode::LAX).is_ok_and(|expression| {
        // An addition such as "WITH LLVM-exception" only gives further permissions.
        expression.evaluate(|required| required.license.id().is_some_and(|id| PERMISSIVE.contains(&id.name)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissive_licences_pass_and_others_do_not() {
        for license in [
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
        ] {
            assert!(compatible(Some(license)), "{license}");
        }
        for license in ["GPL-3.0-only", "MIT AND GPL-2.0-only", "LicenseRef-own", "nonsense("] {
            assert!(!compatible(Some(license)), "{license}");
        }
        assert!(!compatible(None));
    }
}
