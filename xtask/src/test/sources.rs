//! What the project's own files must look like: no unsafe code outside the kernels, files one can read in one go,
//! and text that means the same on every machine.

use super::{Options, Outcome};
use crate::shell::{cargo, output, program, root};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::Path;

/// The one package that may contain unsafe code.
const UNSAFE: &str = "deltarule-kernels";
/// Lines of a source file.
const LONGEST: usize = 600;
const SOURCES: &[&str] = &["rs", "py", "sh", "html", "css", "js", "ts"];
pub(super) const TEXTS: &[&str] = &["rs", "py", "sh", "html", "css", "js", "ts", "md", "toml", "yml", "yaml"];

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let mut faults = crates_without_the_rule()?;
    let Some(files) = tracked_files() else {
        report(&faults)?;
        return Ok(Outcome::Passed("text not looked at: not a git checkout".into()));
    };
    let forbidden = forbidden();
    let mut count = 0;
    for name in files.iter().filter(|name| *name != "Cargo.lock") {
        // What is listed but gone is a removal not yet committed; what is not UTF-8 is data.
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        count += 1;
        faults.extend(faults_of(name, &text, &forbidden));
    }
    report(&faults)?;
    Ok(Outcome::Passed(format!("{count} text files")))
}

/// The project's files by their paths from its root, new ones too, where it is a git checkout.
pub(super) fn tracked_files() -> Option<Vec<String>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let names = output(&mut program("git", &arguments)).ok()?;
    Some(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn report(faults: &[String]) -> Result<()> {
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: String,
}

/// Libraries and programs whose root lacks `#![forbid(unsafe_code)]`.
fn crates_without_the_rule() -> Result<Vec<String>> {
    let arguments = ["metadata", "--no-deps", "--locked", "--format-version", "1"];
    let metadata: Metadata =
        serde_json::from_str(&output(&mut cargo(&arguments))?).context("cargo metadata")?;
    let mut faults = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.name != UNSAFE) {
        let shipped = |target: &&Target| target.kind.iter().any(|kind| kind == "bin" || kind.contains("lib"));
        for target in package.targets.iter().filter(shipped) {
            let text = std::fs::read_to_string(&target.src_path)
                .with_context(|| format!("cannot read {}", target.src_path))?;
            if !text.lines().any(|line| line.trim() == "#![forbid(unsafe_code)]") {
                let path = Path::new(&target.src_path);
                let path = path.strip_prefix(root()).unwrap_or(path);
                faults.push(format!("{}: no #![forbid(unsafe_code)]", path.display()));
            }
        }
    }
    Ok(faults)
}

/// Words that must not appear, each with what is wrong about it. They are put together here so that this file
/// does not contain them itself.
fn forbidden() -> Vec<(String, &'static str)> {
    let host = "the host of a registry";
    let path = "a path of one machine";
    let mut words = vec![
        (["crates", "io/api"].join("."), host),
        (["index", "crates", "io"].join("."), host),
        (["static", "crates", "io"].join("."), host),
        (["pypi", "org"].join("."), host),
        (["files", "pythonhosted"].join("."), host),
        (["registry", "npmjs"].join("."), host),
        (["deb", "debian", "org"].join("."), host),
        (["/ro", "ot/"].concat(), path),
        (["/Us", "ers/"].concat(), path),
        (["TO", "DO"].concat(), "unfinished"),
        (["FIX", "ME"].concat(), "unfinished"),
    ];
    words.push((root().display().to_string(), path));
    words
}

fn faults_of(name: &str, text: &str, forbidden: &[(String, &'static str)]) -> Vec<String> {
    let extension = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default();
    let mut faults = Vec::new();
    let length = text.lines().count();
    if SOURCES.contains(&extension) && length > LONGEST {
        faults.push(format!("{name}: {length} lines, at most {LONGEST}"));
    }
    let prose = TEXTS.contains(&extension);
    if prose && !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{name}: no line end after the last line"));
    }
    for (number, line) in text.split('\n').enumerate() {
        let at = format!("{name}:{}", number + 1);
        if prose && line.ends_with(char::is_whitespace) {
            faults.push(format!("{at}: blanks at the end of the line"));
        }
        if prose || extension.is_empty() {
            let found = forbidden.iter().filter(|(word, _)| line.contains(word.as_str()));
            faults.extend(found.map(|(word, why)| format!("{at}: {why}: {word}")));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, text: &str) -> usize {
        faults_of(name, text, &[("forbidden".into(), "a word")]).len()
    }

    #[test]
    fn every_rule_finds_its_fault() {
        assert_eq!(faults("a.rs", "fn main() {}\n"), 0);
        assert_eq!(faults("a.rs", "fn main() {} \n"), 1);
        assert_eq!(faults("a.rs", "fn main() {}\r\n"), 1);
        assert_eq!(faults("a.rs", "fn main() {}"), 1);
        assert_eq!(faults("a.md", "a forbidden word\n"), 1);
        assert_eq!(faults("run", "a forbidden word\n"), 1);
        assert_eq!(faults("a.rs", &"//\n".repeat(LONGEST)), 0);
        assert_eq!(faults("a.rs", &"//\n".repeat(LONGEST + 1)), 1);
    }

    #[test]
    fn data_may_look_as_it_likes() {
        assert_eq!(faults("a.csv", "1, 2 \n3, 4"), 0);
        assert_eq!(faults("a.csv", &"1\n".repeat(LONGEST + 1)), 0);
    }
}
