//! Means, standard errors, wins and losses, as Markdown.

use super::{Method, Set};
use crate::bench::Machine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The figures of one method on one division of one set.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Score {
    pub(super) set: String,
    pub(super) seed: u64,
    pub(super) method: String,
    /// From the first line read to the trained model.
    pub(super) seconds: f64,
    pub(super) figures: BTreeMap<String, f64>,
}

/// How a figure is shown, and which way it is better.
struct Figure {
    name: &'static str,
    title: &'static str,
    factor: f64,
    digits: usize,
    more_is_better: bool,
}

const FIGURES: [Figure; 3] = [
    Figure { name: "accuracy", title: "accuracy, %", factor: 100.0, digits: 2, more_is_better: true },
    Figure { name: "rmse", title: "RMSE", factor: 1.0, digits: 3, more_is_better: false },
    Figure { name: "log-loss", title: "log loss", factor: 1.0, digits: 4, more_is_better: false },
];
/// A difference of fewer standard errors than this is called level.
const SURE: f64 = 2.0;

/// What the first method is against another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Better,
    Level,
    Worse,
}

pub(super) fn markdown(machine: &Machine, sets: &[Set], methods: &[Method], scores: &[Score]) -> String {
    let mut out = String::new();
    let seeds = scores.iter().map(|score| score.seed + 1).max().unwrap_or(0);
    let Machine { command, date, processor, cores, commit, .. } = machine;
    let _ =
        writeln!(out, "`{command}`, {date}, {cores} cores of {processor}, commit {commit}, {seeds} seeds.\n");
    let names: Vec<&str> = methods.iter().map(|method| method.name()).collect();
    let _ = writeln!(out, "| set | columns | rows: training, test | | {} |", names.join(" | "));
    let _ = writeln!(out, "|---|---|---|---|{}", "---|".repeat(names.len()));
    for figure in &FIGURES {
        for set in sets {
            let cells = names.iter().map(|name| cell(&values(scores, &set.set, name, figure.name), figure));
            let cells: Vec<String> = cells.collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                let columns = match (set.categorical.len(), set.numeric.len()) {
                    (0, numeric) => format!("{numeric} numeric"),
                    (categorical, numeric) => format!("{numeric} numeric, {categorical} categorical"),
                };
                let Set { set, training, test, .. } = set;
                let title = figure.title;
                let _ = writeln!(
                    out,
                    "| {set} | {columns} | {training}, {test} | {title} | {} |",
                    cells.join(" | ")
                );
            }
        }
    }
    out += &verdicts(sets, &names, scores);
    out += &times(sets, &names, scores);
    out
}

/// By seed, where the method has the figure.
fn values(scores: &[Score], set: &str, method: &str, figure: &str) -> BTreeMap<u64, f64> {
    let of = |score: &&Score| score.set == set && score.method == method;
    let value = |score: &Score| Some((score.seed, *score.figures.get(figure)?));
    scores.iter().filter(of).filter_map(value).collect()
}

fn cell(values: &BTreeMap<u64, f64>, figure: &Figure) -> String {
    if values.is_empty() {
        return String::new();
    }
    let scaled: Vec<f64> = values.values().map(|value| value * figure.factor).collect();
    let (mean, error) = mean_and_error(&scaled);
    let digits = figure.digits;
    if scaled.len() == 1 {
        format!("{mean:.digits$}")
    } else {
        format!("{mean:.digits$} ± {error:.digits$}")
    }
}

/// The mean, and its standard error s/√n with s² = Σ(xᵢ − x̄)²/(n − 1).
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0) / n).sqrt())
}

/// What `ours` is against `other` by the differences of the seeds that both have: better or worse where their mean is
/// more than two of its standard errors away from 0.
fn verdict(ours: &BTreeMap<u64, f64>, other: &BTreeMap<u64, f64>, more_is_better: bool) -> Option<Verdict> {
    let sign = if more_is_better { 1.0 } else { -1.0 };
    let gains = ours.iter().filter_map(|(seed, value)| Some(sign * (value - other.get(seed)?)));
    let gains: Vec<f64> = gains.collect();
    if gains.len() < 2 {
        return None;
    }
    let (mean, error) = mean_and_error(&gains);
    Some(match mean {
        mean if mean > SURE * error => Verdict::Better,
        mean if mean < -SURE * error => Verdict::Worse,
        _ => Verdict::Level,
    })
}

/// The first method against each of the others, on the figure that each set is about.
fn verdicts(sets: &[Set], names: &[&str], scores: &[Score]) -> String {
    let mut out = String::new();
    let Some((first, others)) = names.split_first().filter(|(_, others)| !others.is_empty()) else {
        return out;
    };
    let _ = writeln!(out, "\n| {first} against | figure | better | level | worse |\n|---|---|---|---|---|");
    for other in others {
        for figure in &FIGURES {
            let mut lists = [Vec::new(), Vec::new(), Vec::new()];
            for Set { set, .. } in sets {
                let of = |method| values(scores, set, method, figure.name);
                if let Some(verdict) = verdict(&of(first), &of(other), figure.more_is_better) {
                    lists[verdict as usize].push(set.as_str());
                }
            }
            if lists.iter().any(|list| !list.is_empty()) {
                let lists = lists.map(|list| match list.len() {
                    0 => "none".to_owned(),
                    n => format!("{n}: {}", list.join(", ")),
                });
                let title = figure.title.trim_end_matches(", %");
                let _ = writeln!(out, "| {other} | {title} | {} |", lists.join(" | "));
            }
        }
    }
    out
}

fn times(sets: &[Set], names: &[&str], scores: &[Score]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "\n| seconds a training, median | {} |", names.join(" | "));
    let _ = writeln!(out, "|---|{}", "---|".repeat(names.len()));
    for Set { set, .. } in sets {
        let median = |name: &&str| {
            let of = |score: &&Score| score.set == *set && score.method == *name;
            let seconds: Vec<f64> = scores.iter().filter(of).map(|score| score.seconds).collect();
            if seconds.is_empty() { String::new() } else { format!("{:.2}", crate::bench::median(&seconds)) }
        };
        let _ = writeln!(out, "| {set} | {} |", names.iter().map(median).collect::<Vec<_>>().join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_seed(values: &[f64]) -> BTreeMap<u64, f64> {
        (0..).zip(values.iter().copied()).collect()
    }

    #[test]
    fn a_standard_error_by_hand() {
        // Deviations −1, 0, 1: s² = 2/2 = 1, so that the error is 1/√3.
        let (mean, error) = mean_and_error(&[4.0, 5.0, 6.0]);
        assert_eq!(mean, 5.0);
        assert!((error - 1.0 / 3f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn only_differences_beyond_two_errors_count() {
        let base = by_seed(&[0.5, 0.7, 0.9]);
        let of = |ours: &[f64], more| verdict(&by_seed(ours), &base, more);
        // The seeds differ much, the differences are 0.1 each.
        assert_eq!(of(&[0.6, 0.8, 1.0], true), Some(Verdict::Better));
        assert_eq!(of(&[0.6, 0.8, 1.0], false), Some(Verdict::Worse));
        // Differences 0.1, −0.1, 0.1: mean 0.033, error 0.067.
        assert_eq!(of(&[0.6, 0.6, 1.0], true), Some(Verdict::Level));
        assert_eq!(of(&[0.5, 0.7, 0.9], true), Some(Verdict::Level));
        assert_eq!(verdict(&by_seed(&[0.6]), &base, true), None);
    }

    #[test]
    fn the_tables_hold_what_was_measured() {
        let score = |method: &str, seed, rmse| Score {
            set: "s".into(),
            seed,
            method: method.into(),
            seconds: 1.0 + seed as f64,
            figures: [("rmse".to_owned(), rmse)].into(),
        };
        let scores = [
            score("deltarule", 0, 2.0),
            score("deltarule", 1, 2.2),
            score("mlp", 0, 3.0),
            score("mlp", 1, 3.3),
        ];
        let set = Set {
            set: "s".into(),
            target: "y".into(),
            classes: false,
            training: 8,
            test: 2,
            categorical: vec![],
            numeric: vec!["x".into()],
        };
        let text = markdown(&Machine::read(), &[set], &[Method::Deltarule, Method::Mlp], &scores);
        assert!(text.contains("| s | 1 numeric | 8, 2 | RMSE | 2.100 ± 0.100 | 3.150 ± 0.150 |"), "{text}");
        assert!(text.contains("| mlp | RMSE | 1: s | none | none |"), "{text}");
        assert!(text.contains("| s | 1.50 | 1.50 |"), "{text}");
    }
}
