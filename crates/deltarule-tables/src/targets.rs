//! What is to be predicted: the task, found out from the target's values or said by the user.

use crate::error::{TableError, shown};
use crate::kinds::{ColumnKind, ColumnProfile, Distinct};
use crate::notice::Notice;
pub use deltarule::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whole numbers of up to so many different values are taken for classes.
const FEW_CLASSES: usize = 20;
/// How often each value must occur on average for whole numbers to be taken for classes.
const LEAST_REPEATED: u64 = 2;
/// The most classes there may be.
const MOST_CLASSES: usize = 10_000;

/// Weights of the classes in the cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// n / (k · n_c) for a class of n_c among n training rows and k classes: every class weighs the same.
    Balanced,
    /// These, by label; a label that is not named weighs 1.
    Given(BTreeMap<String, f64>),
}

/// What is predicted, as the model file keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Target {
    /// One output a label, the target one-hot.
    Classification {
        /// The column.
        column: String,
        /// The labels in the order of the outputs: numbers ascending, otherwise text ascending.
        labels: Vec<String>,
    },
    /// One output a column, 0 or 1.
    MultiLabel {
        /// The columns in the order of the outputs.
        columns: Vec<String>,
    },
    /// One output a column, standardised by the training rows.
    Regression {
        /// The columns in the order of the outputs.
        columns: Vec<StandardizedTarget>,
    },
    /// One output a column, the counts themselves.
    Counts {
        /// The columns in the order of the outputs.
        columns: Vec<String>,
    },
}

/// A target of a regression: the network predicts (value − mean) / deviation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardizedTarget {
    /// The column.
    pub column: String,
    /// Mean over the training rows.
    pub mean: f64,
    /// Standard deviation over the training rows, with their number as the divisor.
    pub deviation: f64,
}

impl Target {
    /// The task.
    pub fn task(&self) -> Task {
        match self {
            Self::Classification { .. } => Task::Classes,
            Self::MultiLabel { .. } => Task::MultiLabel,
            Self::Regression { .. } => Task::Regression,
            Self::Counts { .. } => Task::Counts,
        }
    }

    /// Number of outputs: columns of y.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classification { labels, .. } => labels.len(),
            Self::MultiLabel { columns } | Self::Counts { columns } => columns.len(),
            Self::Regression { columns } => columns.len(),
        }
    }

    /// The target columns of the table.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Classification { column, .. } => vec![column],
            Self::MultiLabel { columns } | Self::Counts { columns } => {
                columns.iter().map(String::as_str).collect()
            }
            Self::Regression { columns } => columns.iter().map(|amount| amount.column.as_str()).collect(),
        }
    }

    /// A name for every output: the labels, or the target columns.
    pub fn output_names(&self) -> Vec<&str> {
        match self {
            Self::Classification { labels, .. } => labels.iter().map(String::as_str).collect(),
            _ => self.columns(),
        }
    }

    /// A network's output as a value in the target's units, for output `j`: the amount of a regression, everything
    /// else as it is.
    pub fn restore(&self, j: usize, output: f64) -> f64 {
        match self {
            Self::Regression { columns } => output * columns[j].deviation + columns[j].mean,
            _ => output,
        }
    }

    /// What the values of these columns ask for. A regression's mean and deviation are left for the fit.
    ///
    /// # Errors
    /// When the values do not fit the task, or no task fits the values.
    pub(crate) fn infer(
        profiles: &[&ColumnProfile],
        task: Option<Task>,
        file: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Self, TableError> {
        for profile in profiles {
            if profile.kind == ColumnKind::Empty || profile.kind == ColumnKind::Nested {
                let found = if profile.rows == 0 {
                    "no rows".to_owned()
                } else {
                    format!("an {} column", profile.kind)
                };
                return Err(fault(file, profile, "values to be predicted", found));
            }
        }
        let task = match task {
            Some(task) => task,
            None => guess(profiles, file, notices)?,
        };
        let names = || profiles.iter().map(|profile| profile.name.clone()).collect();
        match task {
            Task::Classes => classes(profiles, file),
            Task::MultiLabel => match profiles.iter().find(|profile| !is_zero_one(profile)) {
                None => Ok(Self::MultiLabel { columns: names() }),
                Some(other) => Err(fault(file, other, "0 or 1 in every row for multi-label", seen(other))),
            },
            Task::Regression | Task::Counts => {
                for profile in profiles {
                    check_amounts(profile, task, file)?;
                }
                Ok(match task {
                    Task::Counts => Self::Counts { columns: names() },
                    _ => Self::Regression {
                        columns: profiles
                            .iter()
                            .map(|p| StandardizedTarget { column: p.name.clone(), mean: 0.0, deviation: 1.0 })
                            .collect(),
                    },
                })
            }
        }
    }
}

fn fault(file: &str, profile: &ColumnProfile, expected: &str, found: String) -> TableError {
    TableError::data(file, expected, found).in_column(&profile.name)
}

/// The first values, for a message.
fn seen(profile: &ColumnProfile) -> String {
    let values: Vec<_> = profile.first.iter().map(|value| shown(value)).collect();
    let more =
        if matches!(profile.distinct, Distinct::Exactly(n) if n <= values.len()) { "" } else { ", …" };
    format!("{}{more}", values.join(", "))
}

fn is_zero_one(profile: &ColumnProfile) -> bool {
    let allowed = |value: &str| matches!(value, "0" | "1" | "true" | "false");
    matches!(profile.distinct, Distinct::Exactly(1..=2)) && profile.first.iter().all(|value| allowed(value))
}

/// The task that the values of these columns ask for.
fn guess(profiles: &[&ColumnProfile], file: &str, notices: &mut Vec<Notice>) -> Result<Task, TableError> {
    let [profile] = profiles else {
        if profiles.iter().all(|profile| is_zero_one(profile)) {
            return Ok(Task::MultiLabel);
        }
        return match profiles.iter().find(|profile| !profile.numeric) {
            None => Ok(Task::Regression),
            Some(text) => Err(fault(
                file,
                text,
                "0 and 1 in all of several targets (multi-label) or numbers in all of them (regression)",
                seen(text),
            )),
        };
    };
    if !profile.numeric {
        return Ok(Task::Classes);
    }
    let present = profile.rows - profile.missing;
    match profile.distinct {
        Distinct::Exactly(count)
            if profile.whole && count <= FEW_CLASSES && count as u64 * LEAST_REPEATED <= present =>
        {
            let classes = if count == 1 { "1 class".to_owned() } else { format!("{count} classes") };
            notices.push(
                Notice::new(format!(
                    "the target `{}` has few different whole numbers and is taken for {classes}",
                    profile.name
                ))
                .in_column(&profile.name)
                .hint("{task=regression} takes it for an amount"),
            );
            Ok(Task::Classes)
        }
        _ => Ok(Task::Regression),
    }
}

fn classes(profiles: &[&ColumnProfile], file: &str) -> Result<Target, TableError> {
    let [profile] = profiles else {
        let names: Vec<_> = profiles.iter().map(|profile| format!("`{}`", profile.name)).collect();
        return Err(TableError::usage("one target column for classification", names.join(", "))
            .hint("{task=multi-label} takes several columns of 0 and 1"));
    };
    let mut labels: Vec<String> = match profile.distinct {
        Distinct::Exactly(count) if count <= MOST_CLASSES => {
            profile.counts.iter().map(|(label, _)| label.clone()).collect()
        }
        Distinct::Exactly(count) | Distinct::MoreThan(count) => {
            let found = format!("more than {} different values ({})", count.min(MOST_CLASSES), seen(profile));
            let error = fault(file, profile, "classes", found);
            let hint =
                if profile.numeric { "{task=regression} takes it for an amount" } else { "is it free text?" };
            return Err(error.hint(hint));
        }
    };
    if labels.len() < 2 {
        return Err(fault(
            file,
            profile,
            "two classes or more",
            format!("{} in every row", shown(&labels[0])),
        )
        .hint("a network can only tell apart what differs"));
    }
    let all_new = labels.len() as u64 == profile.rows - profile.missing && !profile.numeric;
    if all_new && labels.len() > FEW_CLASSES {
        return Err(fault(
            file,
            profile,
            "classes",
            format!("another value in every row ({})", seen(profile)),
        ));
    }
    sort_values(&mut labels);
    Ok(Target::Classification { column: profile.name.clone(), labels })
}

/// Numbers ascending where all are numbers, text ascending otherwise.
pub(crate) fn sort_values(values: &mut [String]) {
    let number = |value: &String| value.parse::<f64>().ok().filter(|v| v.is_finite());
    if values.iter().all(|value| number(value).is_some()) {
        values.sort_by(|a, b| {
            number(a).partial_cmp(&number(b)).unwrap_or_else(|| a.cmp(b)).then_with(|| a.cmp(b))
        });
    } else {
        values.sort();
    }
}

fn check_amounts(profile: &ColumnProfile, task: Task, file: &str) -> Result<(), TableError> {
    let truth = is_zero_one(profile);
    if !profile.numeric && !truth {
        return Err(fault(file, profile, &format!("numbers for {task}"), seen(profile))
            .hint("{task=classes} takes its values for classes"));
    }
    if matches!(profile.distinct, Distinct::Exactly(1)) {
        let found = format!("{} in every row", shown(&profile.first[0]));
        return Err(fault(file, profile, "values that differ", found));
    }
    if task == Task::Counts && !truth {
        let least = profile.range.map_or(0.0, |(least, _)| least);
        if !profile.whole || least < 0.0 {
            let found =
                if least < 0.0 { format!("{least}") } else { format!("fractions ({})", seen(profile)) };
            return Err(fault(file, profile, "whole numbers from 0 for counts", found)
                .hint("{task=regression} takes any number"));
        }
    }
    Ok(())
}
