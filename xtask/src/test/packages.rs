//! What goes to the registry: every package says what it is, and carries its README and its licences.

use super::{Options, Outcome};
use crate::shell::{cargo, output};
use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// Files in every package.
const FILES: &[&str] = &["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// The most that the registry takes, of keywords and of categories.
const MOST: usize = 5;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    description: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    readme: Option<String>,
    keywords: Vec<String>,
    categories: Vec<String>,
    /// The registries that the package may go to; none named are all.
    publish: Option<Vec<String>>,
}

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let arguments = ["metadata", "--no-deps", "--locked", "--format-version", "1"];
    let metadata: Metadata =
        serde_json::from_str(&output(&mut cargo(&arguments))?).context("cargo metadata")?;
    let (mut faults, mut names) = (Vec::new(), Vec::new());
    for package in metadata.packages.iter().filter(|package| package.publish.is_none()) {
        let list = output(&mut cargo(&["package", "--list", "--allow-dirty", "-p", &package.name]))?;
        faults.extend(package.faults(&list));
        names.push(package.name.as_str());
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(Outcome::Passed(names.join(", ")))
}

impl Package {
    fn faults(&self, list: &str) -> Vec<String> {
        let named = [
            ("description", self.description.is_some()),
            ("license", self.license.is_some()),
            ("repository", self.repository.is_some()),
            ("readme", self.readme.is_some()),
            ("keywords", (1..=MOST).contains(&self.keywords.len())),
            ("categories", (1..=MOST).contains(&self.categories.len())),
        ];
        let missing = named.iter().filter(|(_, said)| !said);
        let fields = missing.map(|(field, _)| format!("{}: `{field}` is not as it must be", self.name));
        let absent = FILES.iter().filter(|file| !list.lines().any(|line| line == **file));
        fields.chain(absent.map(|file| format!("{}: {file} is not in the package", self.name))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_omission_is_a_fault() {
        let package = Package {
            name: "a".into(),
            description: Some("A".into()),
            license: Some("MIT".into()),
            repository: Some("somewhere".into()),
            readme: Some("README.md".into()),
            keywords: vec!["a".into()],
            categories: vec!["science".into()],
            publish: None,
        };
        let list = FILES.join("\n");
        assert_eq!(package.faults(&list), [""; 0]);
        assert_eq!(package.faults("").len(), FILES.len());
        let dumb = Package { description: None, keywords: vec![String::new(); MOST + 1], ..package };
        assert_eq!(dumb.faults(&list).len(), 2);
    }
}
