//! CONTRIBUTING's lists of the places at which something new is added, held complete.
//!
//! Each list follows one thing that is there. The files that name it, other than tests and histories, are the files that
//! the list must name, so neither can a place be forgotten nor a file go on to be listed that need not be touched.

use super::sources::{TEXTS, tracked_files};
use super::{Options, Outcome};
use crate::shell::root;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::Path;

const DOCUMENT: &str = "CONTRIBUTING.md";
/// The headings of the lists that must be there.
const KINDS: &[&str] =
    &["An activation", "A cost", "An optimizer", "A metric", "A file format", "A setting", "A language"];
/// What names things without having to change with them: histories, and the lists themselves.
const HISTORIES: &[&str] = &["CHANGELOG.md", "BENCHMARKS.md", DOCUMENT];
/// Folders and files that use what is there as they like: tests, examples, and what others are measured with.
const USES: &[&str] = &["tests", "tests.rs", "benches", "examples", "peers"];

/// One list: what it follows, under which names, and the files it sends the reader to.
struct List<'a> {
    kind: &'a str,
    names: Vec<&'a str>,
    files: BTreeSet<&'a str>,
}

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let document = std::fs::read_to_string(root().join(DOCUMENT)).with_context(|| DOCUMENT.to_owned())?;
    let lists = lists(&document);
    let missing = KINDS.iter().filter(|kind| !lists.iter().any(|list| list.kind == **kind));
    let mut faults: Vec<String> = missing.map(|kind| format!("{DOCUMENT}: no list under `{kind}`")).collect();
    let Some(files) = tracked_files() else {
        return Ok(Outcome::Passed("lists not looked at: not a git checkout".into()));
    };
    let mut texts = Vec::new();
    for file in files.iter().filter(|file| counts(file)) {
        // What is listed but gone is a removal not yet committed.
        let Ok(text) = std::fs::read_to_string(root().join(file)) else { continue };
        texts.push((file.as_str(), text));
    }
    for list in &lists {
        faults.extend(list.faults(texts.iter().map(|(file, text)| (*file, text.as_str()))));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let counted: Vec<String> =
        lists.iter().map(|list| format!("{} {}", list.kind.to_lowercase(), list.files.len())).collect();
    Ok(Outcome::Passed(counted.join(", ")))
}

/// Whether a file that names something has to change when something like it is added.
fn counts(file: &str) -> bool {
    let text = Path::new(file).extension().is_some_and(|e| TEXTS.iter().any(|known| e == *known));
    text && !HISTORIES.contains(&file) && !file.split('/').any(|part| USES.contains(&part))
}

/// The lists of a document. Below a heading of the third order, the first paragraph names in code what is followed, and
/// each item of the list begins with a file.
fn lists(document: &str) -> Vec<List<'_>> {
    let sections =
        document.split("\n### ").skip(1).map(|section| section.split("\n## ").next().unwrap_or(section));
    sections
        .filter_map(|section| {
            let (kind, rest) = section.split_once('\n')?;
            let (before, items) = rest.split_once("\n- ")?;
            let names = before.split('`').skip(1).step_by(2).collect();
            let files =
                items.split("\n- ").filter_map(|item| item.strip_prefix('`')?.split('`').next()).collect();
            Some(List { kind: kind.trim(), names, files })
        })
        .collect()
}

impl List<'_> {
    fn faults<'t>(&self, texts: impl Iterator<Item = (&'t str, &'t str)>) -> Vec<String> {
        let Self { kind, names, files } = self;
        if names.is_empty() {
            return vec![format!("{DOCUMENT}: `{kind}` follows nothing that is there")];
        }
        let naming: BTreeSet<&str> = texts
            .filter(|(file, text)| {
                let text = if file.ends_with(".rs") { without_tests(text) } else { text };
                names.iter().any(|name| has_word(text, name))
            })
            .map(|(file, _)| file)
            .collect();
        let names = names.join("` or `");
        let forgotten = naming.iter().filter(|file| !files.contains(*file));
        let forgotten =
            forgotten.map(|file| format!("{DOCUMENT}: `{kind}` does not list {file}, which names `{names}`"));
        let idle = files.iter().filter(|file| !naming.contains(*file));
        let idle =
            idle.map(|file| format!("{DOCUMENT}: `{kind}` lists {file}, where nothing names `{names}`"));
        forgotten.chain(idle).collect()
    }
}

/// A Rust file up to its module of tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// Whether a text has a word; `α-ω` stands for any character from the one to the other.
fn has_word(text: &str, word: &str) -> bool {
    if let [first, '-', last] = Vec::from_iter(word.chars())[..] {
        return text.contains(|c| (first..=last).contains(&c));
    }
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(inside) && !text[at + word.len()..].starts_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# C\n\n## Adding\n\n### A thing\n\nAs `Old` (`old`) is there:\n\n- `a.rs`: its formula\n  in two lines with `code`\n- `b.md`\n\n## More\n\n- `c.rs`\n";

    #[test]
    fn a_list_is_read() {
        let lists = lists(DOCUMENT);
        assert_eq!(lists.len(), 1);
        assert_eq!(lists[0].kind, "A thing");
        assert_eq!(lists[0].names, ["Old", "old"]);
        assert_eq!(Vec::from_iter(&lists[0].files), [&"a.rs", &"b.md"]);
    }

    #[test]
    fn forgotten_places_and_idle_ones_are_faults() {
        let faults = |texts: &[(&str, &str)]| lists(DOCUMENT)[0].faults(texts.iter().copied());
        assert_eq!(faults(&[("a.rs", "Old,"), ("b.md", "`old`"), ("c.rs", "Older, bold")]), [""; 0]);
        assert_eq!(faults(&[("a.rs", "Old"), ("b.md", "old"), ("c.rs", "\"old\"")]).len(), 1);
        assert_eq!(faults(&[("a.rs", "Old"), ("b.md", "")]).len(), 1);
        assert_eq!(faults(&[("a.rs", "#[cfg(test)]\nmod tests { Old }"), ("b.md", "old")]).len(), 1);
    }

    #[test]
    fn words_are_whole_and_characters_may_be_of_a_range() {
        assert!(has_word("an old-fashioned one", "old") && !has_word("older, bold, old_", "old"));
        assert!(has_word("\"클래스\"", "가-힣") && !has_word("a-z", "가-힣"));
    }

    #[test]
    fn tests_and_histories_do_not_count() {
        assert!(counts("crates/a/src/b.rs") && counts("README.md"));
        assert!(
            !counts("crates/a/tests/b.rs") && !counts("CHANGELOG.md") && !counts("crates/a/src/b/tests.rs")
        );
        assert!(!counts("crates/a/src/iris.csv"));
    }
}
