//! The settings as data: what Python keywords, forms and search spaces are made from.

use super::{Config, Preset};
use crate::preset;
use deltarule::settings::{Setting, SettingsTable, Value};
use deltarule::variants::{Parameter, Variant};
use deltarule::{Settings, Task, Variants};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};
use std::ops::Bound;

/// One setting with the section it stands in and what it is where the user is silent.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The section of a settings file; empty for what comes before any section.
    pub section: &'static str,
    /// Its line in the table.
    pub setting: &'static Setting,
    /// What it is where the user is silent.
    pub defaults: Defaults,
}

/// What a setting is where the user is silent.
#[derive(Clone, Debug, PartialEq)]
pub enum Defaults {
    /// Nothing: without it, something is simply not done.
    None,
    /// One value, whatever the preset and the task.
    Same(Value),
    /// A value for each preset and task.
    Each(Vec<(Preset, Task, Usual)>),
}

/// A default of one preset and task.
#[derive(Clone, Debug, PartialEq)]
pub enum Usual {
    /// None.
    None,
    /// A value.
    One(Value),
    /// A number of this range, by the number of samples.
    Between(Value, Value),
}

/// Every setting of a run, section by section.
pub fn list() -> Vec<Listed> {
    let recipes = Recipes::new();
    list_of(&mut Config::default().sections(), |section, setting| recipes.defaults(section, setting))
}

/// The settings of these sections, with their defaults as `defaults` has them.
pub fn list_of(
    sections: &mut [(&'static str, &mut dyn SettingsTable)],
    defaults: impl Fn(&str, &Setting) -> Defaults,
) -> Vec<Listed> {
    let of = |(section, table): &(&'static str, &mut dyn SettingsTable)| {
        let (section, table) = (*section, table.table());
        let listed = |setting| Listed { section, setting, defaults: defaults(section, setting) };
        table.iter().map(listed).collect::<Vec<_>>()
    };
    sections.iter().flat_map(of).collect()
}

/// What the presets fill in for every task, for few samples and for many.
struct Recipes(Vec<(Preset, Task, [Settings; 2])>);

impl Recipes {
    fn new() -> Self {
        let complete = |preset, task, samples| {
            let recipe = preset::recipe(Settings::default(), preset, task, samples);
            recipe.plan(task).expect("the defaults can be").settings().clone()
        };
        let both = |preset, task| [1, usize::MAX].map(|samples| complete(preset, task, samples));
        let tasks = |preset| Task::all().map(move |task| (preset, task, both(preset, task)));
        Self(Preset::all().flat_map(tasks).collect())
    }

    /// The defaults of a setting: what the code that fills it in says, asked for every preset and task.
    fn defaults(&self, section: &str, setting: &Setting) -> Defaults {
        let always = setting.default.map(|default| default());
        let usual = |preset: Preset, settings: &[Settings; 2]| {
            if (section, setting.name) == ("data", "validation") {
                return Usual::One(Value::Number(preset::validation(preset)));
            }
            if section != "training" {
                return always.clone().map_or(Usual::None, Usual::One);
            }
            let [few, many] = settings.each_ref().map(|settings| settings.get(setting.name));
            match (few.or(always.clone()), many.or(always.clone())) {
                (Some(few), Some(many)) if few != many => Usual::Between(many, few),
                (Some(one), _) => Usual::One(one),
                (None, _) => Usual::None,
            }
        };
        let each: Vec<_> = self
            .0
            .iter()
            .map(|(preset, task, settings)| (*preset, *task, usual(*preset, settings)))
            .collect();
        match &each[0].2 {
            first @ (Usual::None | Usual::One(_)) if each.iter().all(|(.., usual)| usual == first) => {
                match first {
                    Usual::One(value) => Defaults::Same(value.clone()),
                    Usual::None | Usual::Between(..) => Defaults::None,
                }
            }
            _ => Defaults::Each(each),
        }
    }
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { section, setting, defaults } = self;
        let words = |en: &str, ko: &str| json!({ "en": en, "ko": ko });
        let mut entry = json!({
            "name": setting.name,
            "aliases": setting.aliases,
            "section": section,
            "group": words(setting.group.en, setting.group.ko),
            "documentation": words(setting.en, setting.ko),
            "kind": setting.kind.name(),
        });
        let fields = entry.as_object_mut().expect("an object");
        let mut add = |name: &str, value: Option<Json>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        add("unit", setting.unit.map(Json::from));
        add("range", setting.range.map(range));
        add("values", setting.kind.values().map(|values| values.iter().map(variant).collect()));
        add("needs", setting.need.map(|need| json!({ "setting": need.setting, "values": need.values })));
        add(
            "default",
            match defaults {
                Defaults::None => None,
                Defaults::Same(value) => Some(json!(value)),
                Defaults::Each(each) => Some(by_preset(each)),
            },
        );
        add("otherwise", setting.otherwise.map(|[en, ko]| words(en, ko)));
        entry.serialize(serializer)
    }
}

fn by_preset(each: &[(Preset, Task, Usual)]) -> Json {
    let mut presets = Map::new();
    for (preset, task, usual) in each {
        let value = match usual {
            Usual::None => Json::Null,
            Usual::One(value) => json!(value),
            Usual::Between(low, high) => json!({ "from": low, "to": high }),
        };
        presets.entry(preset.name()).or_insert_with(|| json!({}))[task.name()] = value;
    }
    json!({ "by-preset-and-task": presets })
}

fn range(range: deltarule::Interval) -> Json {
    let mut bounds = Map::new();
    let mut bound = |bound: Bound<f64>, included: &str, excluded: &str| {
        match bound {
            Bound::Included(value) => bounds.insert(included.to_owned(), json!(value)),
            Bound::Excluded(value) => bounds.insert(excluded.to_owned(), json!(value)),
            Bound::Unbounded => None,
        };
    };
    bound(range.low(), "from", "above");
    bound(range.high(), "to", "below");
    bounds.into()
}

fn variant(&Variant { name, parameter, en, ko, .. }: &Variant<()>) -> Json {
    let documentation = json!({ "en": en, "ko": ko });
    match parameter {
        None => json!({ "name": name, "documentation": documentation }),
        Some(Parameter { name: parameter, usual, range: interval }) => json!({
            "name": name,
            "documentation": documentation,
            "parameter": { "name": parameter, "default": usual, "range": range(interval) },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults_of(name: &str) -> Defaults {
        list().into_iter().find(|listed| listed.setting.name == name).expect(name).defaults
    }

    fn of(name: &str, preset: Preset, task: Task) -> Usual {
        let Defaults::Each(each) = defaults_of(name) else { panic!("{name} has one default") };
        each.into_iter().find(|entry| (entry.0, entry.1) == (preset, task)).expect("all presets and tasks").2
    }

    #[test]
    fn defaults_are_those_of_the_code_that_fills_them_in() {
        let number = |value| Usual::One(Value::Number(value));
        assert_eq!(defaults_of("seed"), Defaults::Same(Value::Whole(0)));
        assert_eq!(defaults_of("clip"), Defaults::None);
        assert_eq!(defaults_of("momentum"), Defaults::Same(Value::Number(0.9)));
        assert_eq!(of("eta", Preset::Plain, Task::Classes), number(0.005));
        assert_eq!(of("eta", Preset::Tabular, Task::Classes), number(0.04));
        assert_eq!(of("eta", Preset::Tabular, Task::Counts), number(0.07));
        assert_eq!(of("beta2", Preset::Plain, Task::Classes), number(0.999));
        assert_eq!(of("beta2", Preset::Tabular, Task::Regression), number(0.95));
        assert_eq!(of("validation", Preset::Tabular, Task::Classes), number(0.2));
        let epochs = of("epochs", Preset::Plain, Task::Counts);
        assert_eq!(epochs, Usual::Between(Value::Whole(30), Value::Whole(200)));
    }

    #[test]
    fn the_list_has_every_setting_with_all_there_is_to_know() {
        let json = serde_json::to_value(list()).expect("JSON");
        let all = json.as_array().expect("a list");
        let count: usize = Config::default().sections().iter().map(|(_, table)| table.table().len()).sum();
        assert_eq!(all.len(), count);
        let find = |name: &str| all.iter().find(|entry| entry["name"] == name).expect("a setting");
        assert_eq!(find("batch-size")["aliases"], json!(["batch"]));
        assert_eq!(find("dropout")["range"], json!({ "from": 0.0, "below": 1.0 }));
        assert_eq!(find("beta1")["needs"], json!({ "setting": "optimizer", "values": ["adam", "adamw"] }));
        let elu =
            find("activation")["values"].as_array().and_then(|all| all.iter().find(|v| v["name"] == "elu"));
        assert_eq!(elu.expect("elu")["parameter"]["default"], json!(1.0));
        let in_korean = |entry: &&Json| {
            let words = entry["documentation"]["ko"].as_str().unwrap_or_default();
            words.chars().any(|c| ('가'..='힣').contains(&c))
        };
        assert_eq!(all.iter().filter(in_korean).count(), count);
    }
}
