//! What the modules of a crate import and define, read from their texts.

use super::tokens::{Token, tokens};
use std::collections::{BTreeMap, BTreeSet};

/// The names of modules from the crate's root on, or the names of a path in the text.
pub(super) type Path = Vec<String>;

/// A path in a module's text that may lead to another module.
#[derive(PartialEq, Debug)]
pub(super) struct Import {
    pub(super) path: Path,
    pub(super) line: usize,
}

/// One module of a crate: a file, or a block of one.
#[derive(Default)]
pub(super) struct Module {
    /// The file, below the crate's `src` folder.
    pub(super) file: String,
    pub(super) imports: Vec<Import>,
    /// Names that `use` brings into the module, with the paths that they stand for.
    names: BTreeMap<String, Path>,
    /// Paths all of whose names are brought in.
    globs: Vec<Path>,
    /// Names of what is defined here.
    items: BTreeSet<String>,
    /// Names of macros defined here, which the whole crate may have from its root.
    macros: BTreeSet<String>,
}

/// The modules of a crate by their paths, without those of tests.
#[derive(Default)]
pub(super) struct Source {
    pub(super) modules: BTreeMap<Path, Module>,
}

impl Source {
    /// Reads the files of a crate, each given with its path below the `src` folder and its text.
    pub(super) fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut source, mut tests) = (Self::default(), BTreeSet::new());
        for (file, text) in files {
            let tokens = tokens(text);
            let mut reader = Reader { tokens: &tokens, at: 0, file, source: &mut source, tests: &mut tests };
            reader.module(&module_of(file));
        }
        let of_tests = |path: &Path| (1..=path.len()).any(|length| tests.contains(&path[..length]));
        source.modules.retain(|path, _| !of_tests(path));
        source
    }

    /// The module in which what a path names is defined, or none where the path leads out of the crate. Names that a
    /// module only hands on are followed to where they come from.
    pub(super) fn resolve(&self, from: &[String], path: &[String]) -> Option<Path> {
        self.follow(from, path, 0)
    }

    fn follow(&self, from: &[String], path: &[String], depth: usize) -> Option<Path> {
        let (first, mut rest) = path.split_first()?;
        let mut here = match first.as_str() {
            "crate" => Path::new(),
            "self" => from.to_vec(),
            "super" => from.split_last()?.1.to_vec(),
            name => Some(child(from, name)).filter(|child| self.modules.contains_key(child))?,
        };
        while let Some((name, after)) = rest.split_first() {
            rest = after;
            if name == "super" {
                here.pop();
            } else if self.modules.contains_key(&child(&here, name)) {
                here.push(name.clone());
            } else {
                return match self.origin(&here, name, depth) {
                    Some(path) => {
                        let path: Path = path.into_iter().chain(rest.iter().cloned()).collect();
                        self.follow(&here, &path, depth + 1)
                    }
                    None if here.is_empty() => Some(self.home_of_macro(name).unwrap_or(here)),
                    None => Some(here),
                };
            }
        }
        Some(here)
    }

    fn home_of_macro(&self, name: &str) -> Option<Path> {
        self.modules.iter().find(|(_, module)| module.macros.contains(name)).map(|(path, _)| path.clone())
    }

    /// The path by which a module has a name that it does not define itself.
    fn origin(&self, module: &[String], name: &str, depth: usize) -> Option<Path> {
        /// Modules that hand a name on, one to the next.
        const DEEPEST: usize = 16;
        let known = self.modules.get(module)?;
        if depth == DEEPEST || known.items.contains(name) {
            return None;
        }
        if let Some(path) = known.names.get(name) {
            return Some(path.clone());
        }
        let glob = known.globs.iter().find(|glob| {
            let origin = self.follow(module, glob, depth + 1).unwrap_or_default();
            let Some(there) = self.modules.get(&origin) else { return false };
            let named = there.items.contains(name) || there.names.contains_key(name);
            origin != module && (named || self.modules.contains_key(&child(&origin, name)))
        })?;
        Some(child(glob, name))
    }
}

fn child(module: &[String], name: &str) -> Path {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// The module of a file below `src`: `a/b.rs` and `a/b/mod.rs` are a::b, `lib.rs` and `main.rs` the root.
fn module_of(file: &str) -> Path {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if matches!(stem, "lib" | "main") { Path::new() } else { stem.split('/').map(str::to_owned).collect() }
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    file: &'a str,
    source: &'a mut Source,
    /// Modules that only tests are built with.
    tests: &'a mut BTreeSet<Path>,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text)
    }

    fn word_at(&self, ahead: usize) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(Token::is_word)
    }

    /// Reads a module up to its closing brace or the end of its file.
    fn module(&mut self, path: &Path) {
        let mut module = Module { file: self.file.to_owned(), ..Module::default() };
        let mut depth = 0_usize;
        while let Some(&Token { text, line }) = self.tokens.get(self.at) {
            let before = self.at.checked_sub(1).map_or("", |at| self.tokens[at].text);
            match text {
                "#" if self.attribute() => self.pass_over_item(path),
                "{" => depth += 1,
                "}" if depth == 0 => break,
                "}" => depth -= 1,
                "mod" if self.peek(2) == "{" => {
                    let inner = child(path, self.peek(1));
                    self.at += 3;
                    self.module(&inner);
                }
                "use" => {
                    self.at += 1 + usize::from(self.peek(1) == "::");
                    self.use_tree(&mut module, &Path::new());
                }
                "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static"
                    if depth == 0 && self.word_at(1) =>
                {
                    module.items.insert(self.peek(1).to_owned());
                }
                "macro_rules" => {
                    module.macros.insert(self.peek(2).to_owned());
                }
                // A path behind `in` says who may see an item.
                _ if self.word_at(0) && self.peek(1) == "::" && !matches!(before, "::" | "in") => {
                    let path = self.path();
                    module.imports.push(Import { path, line });
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.source.modules.insert(path.clone(), module);
    }

    /// Passes over words between `::`.
    fn path(&mut self) -> Path {
        let mut path = vec![self.peek(0).to_owned()];
        self.at += 1;
        while self.peek(0) == "::" && self.word_at(1) {
            path.push(self.peek(1).to_owned());
            self.at += 2;
        }
        path
    }

    /// Passes over an attribute up to its closing bracket; whether it leaves what follows to tests.
    fn attribute(&mut self) -> bool {
        let inner = usize::from(self.peek(1) == "!");
        if self.peek(1 + inner) != "[" {
            return false;
        }
        let (start, mut depth) = (self.at, 0_usize);
        while self.at < self.tokens.len() {
            match self.peek(0) {
                "[" => depth += 1,
                "]" if depth == 1 => break,
                "]" => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let words = &self.tokens[start..self.at.min(self.tokens.len())];
        let has = |word: &str| words.iter().any(|token| token.text == word);
        inner == 0 && has("cfg") && has("test") && !has("not")
    }

    /// Passes over an item that only tests are built with, from its attribute's bracket to its last token.
    fn pass_over_item(&mut self, path: &Path) {
        let mut depth = 0_usize;
        while self.at + 1 < self.tokens.len() {
            match self.peek(1) {
                "{" | "(" | "[" => depth += 1,
                // The end of what the item is in.
                "}" | ")" | "]" if depth == 0 => return,
                "}" | ")" | "]" => depth -= 1,
                "mod" if depth == 0 => {
                    self.tests.insert(child(path, self.peek(2)));
                }
                _ => {}
            }
            self.at += 1;
            if depth == 0 && matches!(self.peek(0), ";" | "}") {
                return;
            }
        }
    }

    /// Reads what stands behind `use`, or one branch of it, up to the token behind it.
    fn use_tree(&mut self, module: &mut Module, before: &Path) {
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        let mut path = before.clone();
        loop {
            match self.peek(0) {
                "{" => {
                    self.at += 1;
                    while !matches!(self.peek(0), "}" | "") {
                        self.use_tree(module, &path);
                        self.at += usize::from(self.peek(0) == ",");
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    module.globs.push(path.clone());
                    module.imports.push(Import { path, line });
                    return;
                }
                "self" if !path.is_empty() => {}
                word => path.push(word.to_owned()),
            }
            self.at += 1;
            if self.peek(0) != "::" {
                break;
            }
            self.at += 1;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.peek(0) == "as" {
            name = self.peek(1).to_owned();
            self.at += 2;
        }
        module.names.insert(name, path.clone());
        module.imports.push(Import { path, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.split("::").map(str::to_owned).collect()
    }

    fn imports(text: &str) -> Vec<String> {
        let source = Source::read([("a.rs", text)]);
        source.modules[&path("a")].imports.iter().map(|import| import.path.join("::")).collect()
    }

    #[test]
    fn every_form_of_an_import_is_found() {
        assert_eq!(
            imports("use crate::{b::{self, C}, d::E as F};\nuse super::g::*;"),
            ["crate::b", "crate::b::C", "crate::d::E", "super::g"]
        );
        assert_eq!(
            imports("fn f() { super::b::g(crate::C); crate::d::E::<u8>::new() }"),
            ["super::b::g", "crate::C", "crate::d::E"]
        );
        assert_eq!(imports("pub(in crate::b) fn f() {}\n// use crate::c;\n"), [""; 0]);
    }

    #[test]
    fn what_is_of_tests_is_left_out() {
        assert_eq!(
            imports("#[cfg(test)]\nmod tests { use crate::b; fn f() {} }\nuse crate::c;"),
            ["crate::c"]
        );
        assert_eq!(imports("#[cfg(test)] fn f<A, B>() { crate::b::g() }\nuse crate::c;"), ["crate::c"]);
        assert_eq!(imports("#[cfg(not(test))] use crate::b;"), ["crate::b"]);
        assert_eq!(imports("enum E { #[cfg(test)] A(crate::b::B) }\nuse crate::c;"), ["crate::c"]);
        let source = Source::read([
            ("lib.rs", "mod a;"),
            ("a.rs", "#[cfg(test)] mod tests;"),
            ("a/tests.rs", ""),
            ("a/tests/b.rs", ""),
        ]);
        assert_eq!(source.modules.len(), 2);
    }

    #[test]
    fn a_name_is_followed_to_its_definition() {
        let source = Source::read([
            (
                "lib.rs",
                "pub use a::Thing; pub use other::Foreign; pub use b::*; pub struct Own; mod a; mod b;",
            ),
            ("a.rs", "mod deep; pub use deep::Thing as Renamed; pub use self::deep::Thing;"),
            ("a/deep.rs", "pub struct Thing;"),
            (
                "b/mod.rs",
                "pub fn work() {} pub mod inner { pub use super::super::a::Renamed; } macro_rules! made { () => {} }",
            ),
        ]);
        let resolved = |from: &str, to: &str| source.resolve(&path(from), &path(to)).map(|to| to.join("::"));
        assert_eq!(resolved("b", "crate::Thing").as_deref(), Some("a::deep"));
        assert_eq!(resolved("b", "crate::Thing::new").as_deref(), Some("a::deep"));
        assert_eq!(resolved("a", "crate::work").as_deref(), Some("b"));
        assert_eq!(resolved("a", "super::b::inner::Renamed").as_deref(), Some("a::deep"));
        assert_eq!(resolved("a::deep", "super::super::Own").as_deref(), Some(""));
        assert_eq!(resolved("a", "deep::Thing").as_deref(), Some("a::deep"));
        assert_eq!(resolved("a", "crate::made").as_deref(), Some("b"));
        assert_eq!(resolved("a", "crate::Foreign"), None);
        assert_eq!(resolved("a", "std::fmt"), None);
    }
}
