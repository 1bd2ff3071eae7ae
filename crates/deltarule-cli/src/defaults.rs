//! What a setting is where nothing is said, in a few words.

use crate::lang::Words;
use deltarule::Variants;
use deltarule::settings::{Setting, Value};
use deltarule_pipeline::settings::{Defaults, Listed, Usual, list};
use std::sync::LazyLock;

/// Every setting of a run.
pub(crate) static LISTED: LazyLock<Vec<Listed>> = LazyLock::new(list);

/// The default of a setting; nothing for what is simply not done.
pub(crate) fn in_words(setting: &Setting, words: &Words) -> Option<String> {
    let listed = LISTED.iter().find(|listed| std::ptr::eq(listed.setting, setting));
    let alone = || setting.default.map_or(Defaults::None, |default| Defaults::Same(default()));
    if let Some([en, ko]) = setting.otherwise {
        return Some(words.pick(en, ko).to_owned());
    }
    match listed.map_or_else(alone, |listed| listed.defaults.clone()) {
        Defaults::None => None,
        Defaults::Same(Value::Flag(false)) => None,
        Defaults::Same(value) => Some(value.to_string()),
        Defaults::Each(each) => {
            let mut presets: Vec<(&str, Vec<String>)> = Vec::new();
            for (preset, _, usual) in &each {
                if presets.last().is_none_or(|(name, _)| *name != preset.name()) {
                    presets.push((preset.name(), Vec::new()));
                }
                let (shown, all) = (shown(usual, words), &mut presets.last_mut().expect("just there").1);
                if !all.contains(&shown) {
                    all.push(shown);
                }
            }
            if presets.windows(2).all(|pair| pair[0].1 == pair[1].1) {
                return Some(words.either(&presets[0].1));
            }
            let each = presets.iter().map(|(name, all)| format!("{name} {}", words.either(all)));
            Some(each.collect::<Vec<_>>().join("; "))
        }
    }
}

/// The default of one preset and task.
pub(crate) fn shown(usual: &Usual, words: &Words) -> String {
    match usual {
        Usual::None => words.nothing.to_owned(),
        Usual::One(value) => value.to_string(),
        Usual::Between(low, high) => words.by_samples(&low.to_string(), &high.to_string()),
    }
}
