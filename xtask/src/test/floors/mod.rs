//! Who may import whom: crates and, within each crate, modules stand on floors, and nothing imports upwards.

mod plan;
mod source;
mod tokens;

use super::{Options, Outcome};
use crate::shell::root;
use anyhow::{Context, Result, bail};
use source::{Path, Source};
use std::collections::BTreeSet;

/// The floors of one crate.
struct House {
    /// Its folder.
    folder: &'static str,
    /// Its modules, lowest floor first. Those of one line stand side by side and do not know each other. A module
    /// stands for what lies below it, too, where that is not named itself; the crate's root is the roof.
    floors: &'static [&'static str],
    /// Imports upwards that are allowed.
    circles: &'static [Circle],
}

/// Two modules that know each other.
struct Circle {
    lower: &'static str,
    upper: &'static str,
    why: &'static str,
}

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let (mut faults, mut modules) = (Vec::new(), 0);
    for (floor, house) in plan::HOUSES.iter().enumerate() {
        let folder = root().join(house.folder);
        let files = rust_files(&folder).with_context(|| format!("cannot read {}", house.folder))?;
        let above: Vec<String> = plan::HOUSES[floor + 1..].iter().map(House::name).collect();
        for (file, text) in &files {
            faults.extend(crates_above(&format!("{}/{file}", house.folder), text, &above));
        }
        let sources =
            files.iter().filter_map(|(file, text)| Some((file.strip_prefix("src/")?, text.as_str())));
        let source = Source::read(sources);
        modules += source.modules.len();
        faults.extend(house.faults(&source));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(Outcome::Passed(format!("{modules} modules of {} crates", plan::HOUSES.len())))
}

/// The Rust files below a folder by their paths in it, with their texts.
fn rust_files(folder: &std::path::Path) -> Result<Vec<(String, String)>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(folder).expect("a path below the folder");
                let name = name.to_string_lossy().replace('\\', "/");
                files.push((name, std::fs::read_to_string(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Where a text names a crate that stands above its own. Tests, examples and benchmarks may not do that either.
fn crates_above(file: &str, text: &str, above: &[String]) -> Vec<String> {
    let tokens = tokens::tokens(text);
    let names = tokens.windows(2).filter(|pair| pair[1].text == "::" || pair[0].text == "use");
    let named = names.map(|pair| if pair[0].text == "use" { pair[1] } else { pair[0] });
    let found: BTreeSet<(usize, &str)> = named
        .filter(|name| above.iter().any(|known| known == name.text))
        .map(|name| (name.line, name.text))
        .collect();
    found
        .into_iter()
        .map(|(line, name)| format!("{file}:{line}: imports the crate {name}, which stands above its own"))
        .collect()
}

/// The floor of a module, counted from the lowest, and the line's name for it.
type Place = (usize, &'static str);

impl House {
    /// The crate as paths name it.
    fn name(&self) -> String {
        self.folder.rsplit('/').next().unwrap_or(self.folder).replace('-', "_")
    }

    /// The floor of a module: that of the longest name in the plan which leads to it.
    fn place(&self, module: &Path) -> Option<Place> {
        if module.is_empty() {
            return Some((self.floors.len(), ""));
        }
        let named = self
            .floors
            .iter()
            .enumerate()
            .flat_map(|(floor, line)| line.split_whitespace().map(move |name| (floor, name)));
        let leading = named.filter(|(_, name)| {
            let path: Vec<&str> = name.split("::").collect();
            path.len() <= module.len() && path.iter().zip(module).all(|(a, b)| a == b)
        });
        leading.max_by_key(|(_, name)| name.len())
    }

    fn faults(&self, source: &Source) -> Vec<String> {
        let mut faults = self.faults_of_the_plan(source);
        let mut used = BTreeSet::new();
        for (path, module) in &source.modules {
            let at = |line: usize| format!("{}/src/{}:{line}", self.folder, module.file);
            let Some((floor, name)) = self.place(path) else {
                faults.push(format!("{}: {} stands on no floor of the plan", at(1), path.join("::")));
                continue;
            };
            for import in &module.imports {
                let Some(target) = source.resolve(path, &import.path) else { continue };
                let Some((its_floor, its_name)) = self.place(&target) else { continue };
                if its_floor < floor || its_name == name {
                    continue;
                }
                let circle =
                    self.circles.iter().find(|circle| circle.lower == name && circle.upper == its_name);
                if let Some(circle) = circle {
                    used.insert((circle.lower, circle.upper));
                    continue;
                }
                let its_name = if its_name.is_empty() { "the crate's root" } else { its_name };
                let direction = if its_floor == floor { "beside it" } else { "above it" };
                faults.push(format!(
                    "{}: {name} imports {its_name}, which stands {direction}: {}",
                    at(import.line),
                    import.path.join("::")
                ));
            }
        }
        let unused = self.circles.iter().filter(|circle| !used.contains(&(circle.lower, circle.upper)));
        faults.extend(unused.map(|Circle { lower, upper, why }| {
            format!(
                "{}: {lower} imports nothing of {upper} any more: the plan need not allow it ({why})",
                self.folder
            )
        }));
        faults
    }

    /// What the plan names must be there, and once.
    fn faults_of_the_plan(&self, source: &Source) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let names = self.floors.iter().flat_map(|line| line.split_whitespace());
        names
            .filter_map(|name| {
                let path: Path = name.split("::").map(str::to_owned).collect();
                if !seen.insert(name) {
                    return Some(format!("{}: the plan names {name} twice", self.folder));
                }
                let missing = !source.modules.contains_key(&path);
                missing
                    .then(|| format!("{}: the plan names {name}, and there is no such module", self.folder))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: House = House {
        folder: "crates/house",
        floors: &["ground", "left right", "top top::hall", "attic"],
        circles: &[Circle { lower: "left", upper: "attic", why: "stairs" }],
    };

    fn faults(changed: &str, text: &str) -> Vec<String> {
        let mut files = vec![
            (
                "lib.rs",
                "mod ground; mod left; mod right; mod top; mod attic; pub use top::Top; pub struct Roof;",
            ),
            ("ground.rs", "pub struct Ground;"),
            ("left.rs", "use crate::ground::Ground; use crate::attic;"),
            ("right.rs", "use super::ground;"),
            ("top/mod.rs", "mod room; mod hall; pub struct Top; fn f() { room::g() }"),
            ("top/room.rs", "use super::Top; use crate::left;"),
            ("top/hall.rs", "pub struct Hall;"),
            ("attic.rs", "use crate::Top; pub fn f() {}"),
        ];
        if let Some(file) = files.iter_mut().find(|(name, _)| *name == changed) {
            file.1 = text;
        } else if !changed.is_empty() {
            files.push((changed, text));
        }
        HOUSE.faults(&Source::read(files))
    }

    #[test]
    fn imports_downwards_and_listed_circles_pass() {
        assert_eq!(faults("", ""), [""; 0]);
    }

    #[test]
    fn every_import_upwards_is_a_fault() {
        let found = faults("ground.rs", "\nuse crate::{left};");
        assert_eq!(
            found,
            ["crates/house/src/ground.rs:2: ground imports left, which stands above it: crate::left"]
        );
        for (file, text) in [
            ("ground.rs", "fn f() { crate::top::room::g() }"),
            ("ground.rs", "use crate::Top;"),
            ("ground.rs", "use super::Roof;"),
            ("ground.rs", "use crate::*;"),
            ("right.rs", "use crate::left;"),
            ("top/room.rs", "use super::hall::Hall; use crate::left;"),
        ] {
            assert_eq!(faults(file, text).len(), 1, "{file}: {text}");
        }
    }

    #[test]
    fn the_plan_is_complete_and_no_longer_than_needed() {
        assert_eq!(
            faults("cellar.rs", ""),
            ["crates/house/src/cellar.rs:1: cellar stands on no floor of the plan"]
        );
        assert_eq!(faults("left.rs", "").len(), 1);
        let source = Source::read([("lib.rs", "")]);
        assert_eq!(HOUSE.faults_of_the_plan(&source).len(), 6);
    }

    #[test]
    fn a_crate_above_is_found_in_any_text() {
        let above = ["upstairs".to_owned()];
        assert_eq!(crates_above("a.rs", "use std::fmt;\nuse upstairs::X;", &above).len(), 1);
        assert_eq!(crates_above("a.rs", "use upstairs as u;", &above).len(), 1);
        assert_eq!(crates_above("a.rs", "#[cfg(test)] mod t { fn f() { upstairs::g() } }", &above).len(), 1);
        assert_eq!(crates_above("a.rs", "// upstairs::g\nfn upstairs() {}", &above), [""; 0]);
    }
}
