//! A setting that is written once is everywhere, and hints name nothing that does not exist.

use super::*;
use crate::args::Cli;
use clap::{Args, CommandFactory, FromArgMatches};
use deltarule::hint::Hint;
use deltarule::settings::Group;
use deltarule::{Interval, variants};
use deltarule_pipeline::settings::{Defaults, list_of, read};
use std::path::Path;

const TEA: Group = Group { en: "Tea", ko: "차" };

variants! {
    /// What is put into the water.
    #[derive(Eq)]
    pub(crate) enum Leaf: "leaf" {
        /// Dried in a pan
        Green = "green", "녹차";
        /// Withered and rolled
        Black = "black", "홍차";
    }
}

deltarule::settings! {
    /// A table that nothing but this test knows.
    pub(crate) struct Tea {
        TEA {
            /// Time in the water
            steep_for: f64 = 180.0, "우리는 시간",
                aliases(&["steep"]), range(Interval::above(0.0)), unit("seconds"), form("SECONDS");
            /// What is put into the water
            leaf: Leaf, "찻잎";
            /// Whether a slice of lemon goes with it
            lemon: bool = false, "레몬을 곁들일지", need("leaf", &["black"]);
        }
    }
}

fn command() -> Command {
    Flags::<Tea>::augment_args(Command::new("tea"))
}

fn said(line: &str) -> Outcome<Tea> {
    let matches = command().try_get_matches_from(line.split_whitespace()).expect("a command line");
    Flags::<Tea>::from_arg_matches(&matches).expect("any value").said()
}

fn message(line: &str) -> String {
    said(line).expect_err("a value that cannot be").message
}

#[test]
fn a_setting_is_a_field_that_merges_and_is_checked() {
    let over = Tea { steep_for: Some(60.0), ..Tea::default() };
    let under = Tea { steep_for: Some(90.0), leaf: Some(Leaf::Green), ..Tea::default() };
    let mut merged = over.or(under);
    merged.complete(&Tea::defaults()).expect("a tea");
    assert_eq!(merged, Tea { steep_for: Some(60.0), leaf: Some(Leaf::Green), lemon: None });
    let cold = Tea { steep_for: Some(0.0), ..Tea::default() };
    let refused = cold.check().expect_err("no time").to_string();
    assert_eq!(refused, "steep-for: expected a finite number above 0, found 0");
    merged.lemon = Some(true);
    let refused = merged.complete(&Tea::defaults()).expect_err("lemon in green tea").to_string();
    assert_eq!(refused, "lemon: expected nothing with leaf green, found true");
}

#[test]
fn a_setting_is_a_flag_with_help_and_completions() {
    let tea = said("tea --steep-for 60 --leaf black --lemon").expect("a tea");
    assert_eq!(tea, Tea { steep_for: Some(60.0), leaf: Some(Leaf::Black), lemon: Some(true) });
    assert_eq!(said("tea --steep 60 --lemon=false").expect("a tea").lemon, Some(false));
    assert_eq!(message("tea --steep-for long"), "--steep-for: expected a number, found `long`");
    assert!(message("tea --leaf gren").starts_with("unknown leaf `gren`: did you mean `green`?"));

    let help = command().render_help().to_string();
    assert!(help.contains("Tea:\n"), "{help}");
    assert!(help.contains("--steep-for <SECONDS>"), "{help}");
    assert!(help.contains("Time in the water [default: 180]"), "{help}");
    assert!(help.contains("What is put into the water: green or black"), "{help}");

    for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command(), "tea", &mut script);
        let script = String::from_utf8(script).expect("text");
        for word in ["steep-for", "steep", "green", "black", "lemon"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn a_setting_is_a_key_and_a_line_of_the_list() {
    let mut tea = Tea::default();
    read("[tea]\nsteep-for = 60\nleaf = \"black\"\n", &mut [("tea", &mut tea)]).expect("settings");
    assert_eq!((tea.steep_for, tea.leaf), (Some(60.0), Some(Leaf::Black)));
    let error = read("[tea]\nsteep-fro = 60\n", &mut [("tea", &mut tea)]).expect_err("no such key");
    assert_eq!((error.line, error.column), (2, 1));
    assert!(error.to_string().contains("did you mean `steep-for`?"));

    let always = |_: &str, setting: &Setting| {
        setting.default.map_or(Defaults::None, |default| Defaults::Same(default()))
    };
    let list = serde_json::to_value(list_of(&mut [("tea", &mut tea)], always)).expect("JSON");
    let expected = serde_json::json!({
        "name": "steep-for",
        "aliases": ["steep"],
        "section": "tea",
        "group": { "en": "Tea", "ko": "차" },
        "documentation": { "en": "Time in the water", "ko": "우리는 시간" },
        "kind": "number",
        "unit": "seconds",
        "range": { "above": 0.0 },
        "default": 180.0,
    });
    assert_eq!(list[0], expected);
    assert_eq!(list[1]["values"][1]["name"], "black");
    assert_eq!(list[2]["needs"]["setting"], "leaf");
}

#[test]
fn a_hint_words_a_setting_as_it_is_typed() {
    let worded = |hint: Hint| hint.worded(|advised| typed(advised, Tea::default().find(advised.name).ok()));
    assert_eq!(worded(Hint::new("try {steep-for=60}, {lemon=true}")), "try --steep-for 60, --lemon");
    assert_eq!(worded(Hint::new("{lemon=false} or {leaf}")), "--lemon=false or --leaf");
    assert_eq!(
        Hint::new("{validation=0.1} holds a tenth out").worded(flag),
        "--validation 0.1 holds a tenth out"
    );
    assert_eq!(Hint::new("{no-header=true}").worded(flag), "--no-header");
    assert_eq!(Hint::new("see ").setting("drop", "a b").worded(flag), "see --drop 'a b'");
}

/// The literal that `text` begins with, spaces left out.
fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"')?.split('"').next()
}

/// The templates of hints in a source file, and the names that hints are given by themselves.
fn templates(source: &str) -> (Vec<&str>, Vec<&str>) {
    const CALLS: [&str; 6] = ["Hint::new(", ".and(", "with_hint(", ".advise(", "Hint::from(", ".hint("];
    let after =
        |call: &'static str| source.match_indices(call).map(move |(at, _)| &source[at + call.len()..]);
    let alone = CALLS.into_iter().flat_map(after).filter_map(literal);
    // Here the setting that it is about comes first.
    let second = after("unsuited(").filter_map(|rest| literal(rest.split_once(',')?.1));
    (alone.chain(second).collect(), after(".setting(").filter_map(literal).collect())
}

fn sources(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            all.push(path);
        }
    }
}

#[test]
fn every_hint_names_what_can_be_typed() {
    let mut flags: Vec<String> = Vec::new();
    for command in Cli::command().get_subcommands() {
        flags.extend(command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned)));
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = Vec::new();
    for name in ["deltarule", "deltarule-tables", "deltarule-pipeline", "deltarule-cli"] {
        sources(&crates.join(name).join("src"), &mut all);
    }
    let mut named = 0;
    for path in all {
        let source = std::fs::read_to_string(&path).expect("a source file");
        // What a test makes up is no hint of the program.
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let known = |name: &str| find(name).is_some() || flags.iter().any(|flag| flag == name);
        let (templates, names) = templates(source);
        for template in templates {
            for advised in Hint::new(template.to_owned().leak()).settings() {
                named += 1;
                assert!(known(advised.name), "{}: {} in \"{template}\"", path.display(), advised.name);
            }
        }
        for name in names {
            named += 1;
            assert!(known(name), "{}: {name}", path.display());
        }
    }
    assert!(named >= 20, "{named} settings named in hints: are they still found?");
}

#[test]
fn every_setting_has_one_name_and_one_flag() {
    let mut names: Vec<&str> = Vec::new();
    for (_, table) in Config::default().sections() {
        for setting in table.table() {
            names.push(setting.name);
            names.extend(setting.aliases);
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two settings share a name");
    let train = Cli::command();
    let train = train.find_subcommand("train").expect("train");
    let flag = |name: &&str| train.get_arguments().any(|arg| arg.get_long() == Some(name));
    for (section, table) in Config::default().sections() {
        let flags =
            table.table().iter().filter(|setting| setting.group != SOURCE).map(|setting| setting.name);
        assert!(section == "cv" || flags.into_iter().all(|name| flag(&name)), "{section}");
    }
}
