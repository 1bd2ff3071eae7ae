//! One setting: what it holds, in which range, and what there is to say of it.

use super::table::SettingsTable;
use super::value::Value;
use crate::error::{Error, Result};
use crate::interval::Interval;
use crate::variants::{Variant, Variants};
use std::ops::Bound;

/// One setting, as its line in the table says.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name: a key in files, a flag behind two dashes.
    pub name: &'static str,
    /// Other names that users of the field know it by.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
    /// The numbers that it can take.
    pub range: Option<Interval>,
    /// Its value where the user is silent, if it is the same for every task and preset.
    pub default: Option<fn() -> Value>,
    /// What happens without it where no value stands for that, in English and Korean.
    pub otherwise: Option<[&'static str; 2]>,
    /// What it counts or measures.
    pub unit: Option<&'static str>,
    /// How a value is written, for usage lines: `COLUMNS`.
    pub form: &'static str,
    /// Whether a value may begin with a dash though it is no number.
    pub dashes: bool,
    /// The choice without which it has no meaning.
    pub need: Option<Need>,
    /// What it is, in a line of English.
    pub en: &'static str,
    /// The same in Korean.
    pub ko: &'static str,
    /// What it belongs to.
    pub group: Group,
}

/// Settings that are listed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its heading in English.
    pub en: &'static str,
    /// Its heading in Korean.
    pub ko: &'static str,
}

/// A setting of the same table that must have one of some values.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// The other setting, which comes before.
    pub setting: &'static str,
    /// Its values, without their parameters.
    pub values: &'static [&'static str],
}

impl Need {
    /// The other setting's value, where it is not one of those that are needed.
    pub(super) fn missed(&self, table: &dyn SettingsTable) -> Option<String> {
        let value = table.get(self.setting).map_or(String::new(), |value| value.to_string());
        let name = value.split(':').next().unwrap_or_default();
        (!self.values.contains(&name)).then_some(value)
    }
}

impl Setting {
    /// A setting of which no more is known. The methods that follow add the rest.
    pub const fn new(
        name: &'static str,
        kind: Kind,
        group: Group,
        en: &'static str,
        ko: &'static str,
    ) -> Self {
        let form = match kind {
            Kind::Flag => "true|false",
            Kind::Whole => "N",
            Kind::Number => "NUMBER",
            Kind::Text => "TEXT",
            Kind::Names => "NAMES",
            Kind::Widths => "WIDTHS",
            Kind::Choice(_) => "NAME",
        };
        Self {
            name,
            aliases: &[],
            kind,
            range: None,
            default: None,
            otherwise: None,
            unit: None,
            form,
            dashes: false,
            need: None,
            en,
            ko,
            group,
        }
    }

    /// With other names.
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// With the numbers that it can take.
    pub const fn range(self, range: Interval) -> Self {
        Self { range: Some(range), ..self }
    }

    /// With the value that it has where the user is silent.
    pub const fn default(self, default: fn() -> Value) -> Self {
        Self { default: Some(default), ..self }
    }

    /// With what happens without it, in English and Korean.
    pub const fn otherwise(self, en: &'static str, ko: &'static str) -> Self {
        Self { otherwise: Some([en, ko]), ..self }
    }

    /// With what it counts or measures.
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// With how a value is written.
    pub const fn form(self, form: &'static str) -> Self {
        Self { form, ..self }
    }

    /// With values that may begin with a dash though they are no numbers.
    pub const fn dashes(self) -> Self {
        Self { dashes: true, ..self }
    }

    /// With the setting that must have one of these values.
    pub const fn need(self, setting: &'static str, values: &'static [&'static str]) -> Self {
        Self { need: Some(Need { setting, values }), ..self }
    }

    /// Its name and the others that it goes by.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name].into_iter().chain(self.aliases.iter().copied())
    }

    /// Whether it goes by this name.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Whether the value lies in the range.
    ///
    /// # Errors
    /// [`Error::Setting`] that names the range.
    pub fn check(&self, value: &Value) -> Result<()> {
        let Some(range) = self.range else { return Ok(()) };
        match value {
            Value::Number(number) if !range.contains(*number) => {
                Err(Error::setting(self.name, range, number))
            }
            Value::Whole(number) if !range.contains(*number as f64) => {
                Err(Error::setting(self.name, self.range_in_words(range), number))
            }
            Value::List(values) => {
                let outside = |value: &Value| matches!(value, Value::Whole(n) if !range.contains(*n as f64));
                match values.iter().position(outside) {
                    Some(i) => Err(Error::setting(
                        self.name,
                        format!("widths of {}", self.range_in_words(range)),
                        format!("{} for hidden layer {}", values[i], i + 1),
                    )),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// The range, of whole numbers in fewer words.
    fn range_in_words(&self, range: Interval) -> String {
        match (self.kind, range.low(), range.high()) {
            (Kind::Whole | Kind::Widths, Bound::Included(low), Bound::Unbounded) => format!("{low} or more"),
            (Kind::Whole, Bound::Included(low), Bound::Excluded(high)) => {
                format!("a whole number from {low} to below {}", high as i128)
            }
            _ => range.to_string(),
        }
    }
}

/// What kind of value a setting holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// Free text.
    Text,
    /// A list of texts.
    Names,
    /// A list of whole numbers.
    Widths,
    /// One of a list of names.
    Choice(Choice),
}

/// The names that a setting can take.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What they are names of: `activation`.
    pub what: &'static str,
    values: fn() -> Vec<Variant<()>>,
}

impl Choice {
    /// The variants of `V`.
    pub const fn of<V: Variants>() -> Self {
        Self { what: V::WHAT, values: variants_of::<V> }
    }

    /// What can be chosen, in the order in which it is listed.
    pub fn values(&self) -> Vec<Variant<()>> {
        (self.values)()
    }
}

fn variants_of<V: Variants>() -> Vec<Variant<()>> {
    let all = V::VARIANTS.iter();
    all.map(|&Variant { name, usual: _, parameter, en, ko }| Variant { name, usual: (), parameter, en, ko })
        .collect()
}

impl Kind {
    /// The word for it in the list of settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Whole => "whole number",
            Self::Number => "number",
            Self::Text => "text",
            Self::Names => "names",
            Self::Widths => "widths",
            Self::Choice(_) => "choice",
        }
    }

    /// What can be chosen, of a choice.
    pub fn values(self) -> Option<Vec<Variant<()>>> {
        match self {
            Self::Choice(choice) => Some(choice.values()),
            _ => None,
        }
    }

    /// What a word on a command line says: the value, or the text itself where it is none of this kind.
    pub fn read(self, text: &str) -> Value {
        let whole = |text: &str| text.trim().parse().ok().map(Value::Whole);
        let read = match self {
            Self::Flag => text.trim().parse().ok().map(Value::Flag),
            Self::Whole => whole(text),
            Self::Number => text.trim().parse().ok().map(Value::Number),
            Self::Names => {
                Some(Value::List(text.split(',').map(|name| Value::Text(name.to_owned())).collect()))
            }
            Self::Widths if text.trim() == "none" => Some(Value::List(Vec::new())),
            Self::Widths => text.split(',').map(whole).collect::<Option<_>>().map(Value::List),
            Self::Text | Self::Choice(_) => None,
        };
        read.unwrap_or_else(|| Value::Text(text.to_owned()))
    }
}
