//! Settings as flags: made from their tables, and read back into them.

use crate::args::Lang;
use crate::defaults::{self, LISTED};
use crate::failure::{Failure, Outcome};
use crate::lang::Words;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};
use deltarule::hint::Advised;
use deltarule::settings::{Kind, Setting, SettingsTable};
use deltarule::variants::Variant;
use deltarule_pipeline::settings::{COLUMNS, Config, FILES, HELD_OUT, RUN, SOURCE, STREAMING};
use std::ffi::OsStr;
use std::marker::PhantomData;

/// How a command takes a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// With a line in its help.
    Listed,
    /// To be refused with a reason, and therefore not listed.
    Hidden,
    Not,
}

/// Which settings of a table a command takes.
pub(crate) trait Takes {
    fn takes(setting: &Setting) -> Taken;
}

fn listed(listed: bool) -> Taken {
    if listed { Taken::Listed } else { Taken::Not }
}

/// All but the source of the data, which is no flag.
#[derive(Debug)]
pub(crate) struct All;

impl Takes for All {
    fn takes(setting: &Setting) -> Taken {
        listed(setting.group != SOURCE)
    }
}

/// How the data are read, and nothing of what is held out.
#[derive(Debug)]
pub(crate) struct Reading;

impl Takes for Reading {
    fn takes(setting: &Setting) -> Taken {
        listed([COLUMNS, FILES].contains(&setting.group))
    }
}

/// What of the data has a meaning where folds are held out.
#[derive(Debug)]
pub(crate) struct Folded;

impl Takes for Folded {
    fn takes(setting: &Setting) -> Taken {
        match setting.group {
            group if group == COLUMNS || group == FILES => Taken::Listed,
            group if group == HELD_OUT && setting.name == "validation" => Taken::Listed,
            group if group == HELD_OUT || group == STREAMING => Taken::Hidden,
            _ => Taken::Not,
        }
    }
}

/// What every run has, and nothing of what comes after training.
#[derive(Debug)]
pub(crate) struct Running;

impl Takes for Running {
    fn takes(setting: &Setting) -> Taken {
        listed(setting.group == RUN)
    }
}

/// The threads alone.
#[derive(Debug)]
pub(crate) struct Threads;

impl Takes for Threads {
    fn takes(setting: &Setting) -> Taken {
        listed(setting.name == "threads")
    }
}

/// The settings of table `S` that a command takes, as they were said.
#[derive(Debug)]
pub(crate) struct Flags<S, T = All> {
    said: Result<S, Failure>,
    taken: PhantomData<T>,
}

impl<S: SettingsTable + Clone, T> Flags<S, T> {
    /// What was said.
    pub(crate) fn said(&self) -> Outcome<S> {
        self.said.clone()
    }
}

/// The settings that a command takes.
fn taken<S: SettingsTable + Default, T: Takes>() -> impl Iterator<Item = (&'static Setting, Taken)> {
    let all = S::default().table().iter();
    all.map(|setting| (setting, T::takes(setting))).filter(|(_, taken)| *taken != Taken::Not)
}

impl<S: SettingsTable + Default, T: Takes> clap::Args for Flags<S, T> {
    fn augment_args(command: Command) -> Command {
        let arg = |(setting, taken)| arg(setting).hide(taken == Taken::Hidden);
        command.args(self::taken::<S, T>().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: SettingsTable + Default, T: Takes> clap::FromArgMatches for Flags<S, T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut said = S::default();
        let read = taken::<S, T>().try_for_each(|(setting, _)| {
            let Some(words) = matches.get_many::<String>(setting.name) else { return Ok(()) };
            let text = words.map(String::as_str).collect::<Vec<_>>().join(",");
            said.set(setting.name, &setting.kind.read(&text)).map_err(refused)
        });
        Ok(Self { said: read.map(|()| said), taken: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A value of a flag that the setting cannot take.
pub(crate) fn refused(error: deltarule::Error) -> Failure {
    let of_setting = matches!(error, deltarule::Error::Setting { .. });
    let failure = Failure::from(error);
    if of_setting { Failure { message: format!("--{}", failure.message), ..failure } } else { failure }
}

/// How a setting that a hint names is typed: `--eta`, `--validation 0.1`, `--stream`.
pub(crate) fn flag(advised: &Advised) -> String {
    typed(advised, find(advised.name))
}

fn typed(advised: &Advised, setting: Option<&Setting>) -> String {
    let name = advised.name;
    match (advised.value.as_deref(), setting.map(|setting| setting.kind)) {
        (None, _) | (Some("true"), Some(Kind::Flag)) => format!("--{name}"),
        (Some(value), Some(Kind::Flag)) => format!("--{name}={value}"),
        (Some(value), _) if value.contains(char::is_whitespace) => format!("--{name} '{value}'"),
        (Some(value), _) => format!("--{name} {value}"),
    }
}

/// The setting of this name, in whichever table it is.
fn find(name: &str) -> Option<&'static Setting> {
    Config::default().sections().iter().find_map(|(_, table)| table.find(name).ok())
}

fn arg(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.name)
        .long(setting.name)
        .visible_aliases(setting.aliases)
        .help(help(setting))
        .help_heading(setting.group.en)
        .value_name(setting.form)
        .value_parser(Word(setting))
        .hide_possible_values(true)
        .allow_hyphen_values(setting.dashes);
    match setting.kind {
        Kind::Flag => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Kind::Names => arg.action(ArgAction::Append),
        Kind::Whole | Kind::Number | Kind::Widths => arg.allow_negative_numbers(true),
        Kind::Text | Kind::Choice(_) => arg,
    }
}

/// More names than these are not listed in the help of a command.
const MOST_NAMES: usize = 16;

fn help(setting: &Setting) -> String {
    let (words, mut help) = (Words::of(Some(Lang::En)), setting.en.to_owned());
    match setting.kind.values() {
        Some(values) if values.len() > MOST_NAMES => {
            help += &format!("; `deltarule settings {}` lists them", setting.name);
        }
        Some(values) => {
            let name = |variant: &Variant<()>| match variant.parameter {
                Some(parameter) => format!("{}(:{})", variant.name, parameter.name.to_uppercase()),
                None => variant.name.to_owned(),
            };
            help += &format!(": {}", words.either(&values.iter().map(name).collect::<Vec<_>>()));
        }
        None => {}
    }
    match defaults::in_words(setting, words) {
        Some(usual) => format!("{help} [default: {usual}]"),
        None => help,
    }
}

/// A word that the table understands; shells complete the names that it can be.
#[derive(Clone, Copy)]
struct Word(&'static Setting);

impl TypedValueParser for Word {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        if matches!(self.0.kind, Kind::Flag) {
            return Some(Box::new(["true", "false"].into_iter().map(PossibleValue::new)));
        }
        let values = self.0.kind.values()?.into_iter();
        Some(Box::new(values.map(|value| PossibleValue::new(value.name).help(value.en))))
    }
}

/// The name of a setting, which shells complete.
#[derive(Clone)]
pub(crate) struct SettingName;

impl TypedValueParser for SettingName {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let all = LISTED.iter().map(|listed| listed.setting);
        Some(Box::new(all.map(|setting| PossibleValue::new(setting.name).help(setting.en))))
    }
}

#[cfg(test)]
mod tests;
