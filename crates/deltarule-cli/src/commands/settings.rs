//! `deltarule settings`

use crate::args::ListedSettings;
use crate::defaults::{self, LISTED};
use crate::failure::Outcome;
use crate::lang::Words;
use crate::text::{self, Align, Table};
use crate::ui::{BOLD, DIM, Ui, paint};
use deltarule::settings::Kind;
use deltarule::{Error, Interval, Variants};
use deltarule_pipeline::settings::{Defaults, Listed, Preset, SOURCE};
use std::ops::Bound;

pub(crate) fn run(ui: &Ui, args: ListedSettings) -> Outcome {
    let words = Words::of(args.lang);
    let Some(name) = &args.name else {
        return if ui.json { ui.print_json(&*LISTED) } else { ui.print(&all(words)) };
    };
    let names: Vec<&str> = LISTED.iter().flat_map(|listed| listed.setting.names()).collect();
    let found = LISTED.iter().find(|listed| listed.setting.is_called(name));
    let listed = found.ok_or_else(|| Error::unknown("setting", name, &names))?;
    if ui.json { ui.print_json(listed) } else { ui.print(&whole(listed, words)) }
}

/// Every setting in a line, by group.
fn all(words: &Words) -> String {
    let mut groups: Vec<Vec<&Listed>> = Vec::new();
    for listed in LISTED.iter() {
        match groups.last_mut() {
            Some(group) if group[0].setting.group == listed.setting.group => group.push(listed),
            _ => groups.push(vec![listed]),
        }
    }
    let mut out = Vec::new();
    for group in groups {
        let first = group[0];
        let mut table = Table::new([("", Align::Left), (words.default, Align::Left), ("", Align::Left)]);
        for Listed { setting, .. } in &group {
            let default = defaults::in_words(setting, words).unwrap_or_default();
            table.row([paint(BOLD, setting.name), default, paint(DIM, words.pick(setting.en, setting.ko))]);
        }
        let section = match first.section {
            "" => String::new(),
            section => paint(DIM, format_args!("  [{section}]")),
        };
        let name = words.pick(first.setting.group.en, first.setting.group.ko);
        out.push(format!("{}{section}\n{}", paint(BOLD, name), table.render("  ")));
    }
    out.join("\n")
}

/// All that is known of one setting.
fn whole(listed: &Listed, words: &Words) -> String {
    let Listed { section, setting, defaults } = listed;
    let mut out = text::heading(setting.name);
    out += &format!("{}\n\n", words.pick(setting.en, setting.ko));
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]);
    let mut fact = |name: &str, what: String| facts.row([paint(DIM, name), what]);
    let flags: Vec<String> = setting.names().map(|name| format!("--{name}")).collect();
    let value = match setting.kind {
        Kind::Flag => format!("[=<{}>]", setting.form),
        _ => format!(" <{}>", setting.form),
    };
    if setting.group != SOURCE {
        fact(words.flag, flags.join(", ") + &value);
    }
    let key =
        if section.is_empty() { setting.name.to_owned() } else { words.in_section(setting.name, section) };
    fact(words.key, key);
    if let Some(range) = setting.range {
        fact(words.range, bounds(range));
    }
    if let Some(unit) = setting.unit {
        fact(words.unit, unit.to_owned());
    }
    if let Some(need) = setting.need {
        let values: Vec<String> = need.values.iter().map(|&value| value.to_owned()).collect();
        fact(words.needs, format!("{} {}", need.setting, words.either(&values)));
    }
    fact(words.default, defaults::in_words(setting, words).unwrap_or_else(|| words.nothing.to_owned()));
    out += &facts.render("  ");
    if let Defaults::Each(each) = defaults {
        let tasks = each.iter().filter(|(preset, ..)| *preset == each[0].0);
        let columns = tasks.map(|(_, task, _)| (task.name().to_owned(), Align::Left));
        let mut table =
            Table::of([(words.default.to_owned(), Align::Left)].into_iter().chain(columns).collect());
        for preset in Preset::all() {
            let row = each.iter().filter(|(of, ..)| *of == preset);
            let cells = row.map(|(.., usual)| defaults::shown(usual, words));
            table.row([preset.name().to_owned()].into_iter().chain(cells));
        }
        out += &format!("\n{}", table.render("  "));
    }
    if let Some(values) = setting.kind.values() {
        let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]);
        for value in values {
            let (name, parameter) = match value.parameter {
                Some(it) => (
                    format!("{}:{}", value.name, it.name.to_uppercase()),
                    paint(
                        DIM,
                        format_args!("{} {}, {} {}", it.name, bounds(it.range), words.default, it.usual),
                    ),
                ),
                None => (value.name.to_owned(), String::new()),
            };
            table.row([paint(BOLD, name), words.pick(value.en, value.ko).to_owned(), parameter]);
        }
        out += &format!("\n{}{}", text::heading(words.values), table.render("  "));
    }
    out
}

/// An interval as it is written in every language: `≥ 0, < 1`.
fn bounds(interval: Interval) -> String {
    let low = match interval.low() {
        Bound::Included(low) => Some(format!("≥ {low}")),
        Bound::Excluded(low) => Some(format!("> {low}")),
        Bound::Unbounded => None,
    };
    let high = match interval.high() {
        Bound::Included(high) => Some(format!("≤ {high}")),
        Bound::Excluded(high) => Some(format!("< {high}")),
        Bound::Unbounded => None,
    };
    low.into_iter().chain(high).collect::<Vec<_>>().join(", ")
}
