//! The oldest Rust that the project builds with: one version in the manifests, in the documents, and on this machine.

use super::{Options, Outcome};
use crate::shell::{cargo, output, program, root};
use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// Documents that tell a reader which Rust to install.
const DOCUMENTS: &[&str] = &["README.md", "README.ko.md", "CONTRIBUTING.md"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    rust_version: Option<String>,
}

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let arguments = ["metadata", "--no-deps", "--locked", "--format-version", "1"];
    let metadata: Metadata =
        serde_json::from_str(&output(&mut cargo(&arguments))?).context("cargo metadata")?;
    let first = metadata.packages.first().and_then(|package| package.rust_version.clone());
    let oldest = first.context("the manifests name no rust-version")?;
    let mut faults: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| package.rust_version.as_deref() != Some(&oldest))
        .map(|package| format!("{}: rust-version is not {oldest}, as elsewhere", package.name))
        .collect();
    for &document in DOCUMENTS {
        let text = std::fs::read_to_string(root().join(document)).with_context(|| document.to_owned())?;
        faults.extend(fault(document, &text, &oldest));
    }
    let rustc = output(&mut program("rustc", &["--version"]))?;
    let present = rustc.split_whitespace().nth(1).context("rustc names no version")?;
    if numbers(present) < numbers(&oldest) {
        faults.push(format!("this machine has Rust {present}, older than {oldest}"));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(Outcome::Passed(format!("{oldest}, and this is {present}")))
}

/// What is wrong with the versions that a document names.
fn fault(document: &str, text: &str, oldest: &str) -> Option<String> {
    let named = named(text);
    match named.iter().find(|version| **version != oldest) {
        Some(other) => Some(format!("{document}: names Rust {other}, the manifests {oldest}")),
        None if named.is_empty() => Some(format!("{document}: does not say that Rust {oldest} is needed")),
        None => None,
    }
}

/// The versions in words such as "Rust 1.95" or, with a link, "[Rust](…) 1.95".
fn named(text: &str) -> Vec<&str> {
    let after = text.split("Rust").skip(1).map(|after| match after.strip_prefix("](") {
        Some(link) => link.split_once(')').map_or("", |(_, after)| after),
        None => after,
    });
    after
        .filter_map(|after| {
            let after = after.strip_prefix(' ')?;
            let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
            let version = after[..end].trim_end_matches('.');
            version.contains('.').then_some(version)
        })
        .collect()
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_with_and_without_a_link() {
        assert_eq!(named("Rust 1.95 or later. Rust is fast; Rust 2024"), ["1.95"]);
        assert_eq!(named("With [Rust](https://rust.example) 1.95.1."), ["1.95.1"]);
    }

    #[test]
    fn another_version_and_none_are_faults() {
        assert_eq!(fault("a.md", "You need Rust 1.95.", "1.95"), None);
        assert!(fault("a.md", "You need Rust 1.94.", "1.95").is_some());
        assert!(fault("a.md", "You need Rust.", "1.95").is_some());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("1.100.0") > numbers("1.95"));
        assert!(numbers("1.95.0-nightly") >= numbers("1.95"));
        assert!(numbers("1.94.9") < numbers("1.95"));
    }
}
