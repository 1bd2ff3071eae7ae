//! What each column is for.

use crate::error::{TableError, shown};
use crate::kinds::{ColumnKind, ColumnProfile, Overview, OverviewRow};
use crate::notice::Notice;
use crate::options::{TableOptions, Validation};
use crate::prepare::{Dropped, RowCounts, TablePreprocessor, Treatment, find};
use crate::suggest::{did_you_mean, listed};
use crate::table::Table;
use crate::targets::{ClassWeights, Target};
use deltarule::Hint;
use deltarule::error::nearest;

/// What a column is for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    Input(Treatment),
    Target,
    Weight,
    Parting,
    Dropped(String),
}

/// Every name must be a column, and no two may contradict each other.
pub(super) fn check_names(source: &dyn Table, options: &TableOptions) -> Result<(), TableError> {
    let schema = source.schema();
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    if options.target.is_empty() {
        let hint = listed(names());
        return Err(TableError::usage("the column to be predicted", "no target").hint(hint));
    }
    let parting = match &options.validation {
        Validation::Column(name) => Some(name),
        _ => None,
    };
    let lists = [
        ("a target", &options.target),
        ("categorical", &options.categorical),
        ("numeric", &options.numeric),
        ("used", &options.use_columns),
        ("left out", &options.drop),
    ];
    let single = [("the weight", options.weight.as_ref()), ("the validation column", parting)];
    let mut said: Vec<(&str, &str)> = Vec::new();
    let listed = lists.iter().flat_map(|(role, names)| names.iter().map(move |name| (*role, name.as_str())));
    let singles = single.iter().filter_map(|(role, name)| name.map(|name| (*role, name.as_str())));
    for (role, name) in listed.chain(singles) {
        find(&schema, name)?;
        if let Some((other, _)) = said.iter().find(|(_, seen)| *seen == name) {
            let found = if *other == role { format!("{role} twice") } else { format!("{other} and {role}") };
            return Err(TableError::usage("one use of a column", found).in_column(name));
        }
        said.push((role, name));
    }
    Ok(())
}

pub(super) fn check_class_weights(options: &TableOptions, target: &Target) -> Result<(), TableError> {
    let Some(weights) = &options.class_weights else { return Ok(()) };
    let Target::Classification { labels, .. } = target else {
        let found = format!("{}", target.task());
        return Err(TableError::usage("class weights for a classification alone", found));
    };
    let ClassWeights::Given(given) = weights else { return Ok(()) };
    for (label, weight) in given {
        if !labels.contains(label) {
            let error = TableError::usage("class weights by label", format!("{label:?}, which is no label"));
            let known: Vec<&str> = labels.iter().map(String::as_str).collect();
            let near = nearest(label, &known);
            return Err(match near {
                Some(near) => error.hint(did_you_mean(near)),
                None => error.hint(Hint::new("the labels are ").text(labels.join(", "))),
            });
        }
        if !weight.is_finite() || *weight < 0.0 {
            return Err(TableError::usage("finite class weights from 0", format!("{weight} for {label:?}")));
        }
    }
    Ok(())
}

pub(super) fn role(profile: &ColumnProfile, options: &TableOptions) -> Role {
    let named = |list: &[String]| list.contains(&profile.name);
    if named(&options.target) {
        return Role::Target;
    }
    if options.weight.as_ref() == Some(&profile.name) {
        return Role::Weight;
    }
    if options.validation == Validation::Column(profile.name.clone()) {
        return Role::Parting;
    }
    if named(&options.drop) {
        return Role::Dropped("as asked".to_owned());
    }
    let usable = !matches!(profile.kind, ColumnKind::Nested | ColumnKind::Empty);
    if usable && named(&options.numeric) {
        return Role::Input(Treatment::Number);
    }
    if usable && named(&options.categorical) {
        return Role::Input(Treatment::Category);
    }
    match profile.kind {
        ColumnKind::Numeric => Role::Input(Treatment::Number),
        ColumnKind::Binary | ColumnKind::Categorical => Role::Input(Treatment::Category),
        ColumnKind::Date => Role::Input(Treatment::Date),
        kind => Role::Dropped(kind.reason_to_drop().unwrap_or_default().to_owned()),
    }
}

/// Where nothing else is left to learn from, numbers that look like row numbers are learned from after all.
pub(super) fn keep_last_numbers(profiles: &[ColumnProfile], roles: &mut [Role], notices: &mut Vec<Notice>) {
    if roles.iter().any(|role| matches!(role, Role::Input(_))) {
        return;
    }
    for (profile, role) in profiles.iter().zip(roles) {
        let guessed = *role == Role::Dropped(profile.kind.reason_to_drop().unwrap_or_default().to_owned());
        if guessed && profile.kind == ColumnKind::Identifier && profile.numeric {
            *role = Role::Input(Treatment::Number);
            let name = &profile.name;
            let message = format!(
                "column `{name}` looks like row numbers and is used all the same, for want of another"
            );
            notices.push(Notice::new(message).in_column(name));
        }
    }
}

/// n / (k · n_c) for each of the k classes that occur; 0 for the others.
pub(super) fn balanced(counts: &[u64]) -> Vec<f64> {
    let rows: u64 = counts.iter().sum();
    let occurring = counts.iter().filter(|&&count| count > 0).count() as u64;
    let weight = |&count: &u64| if count == 0 { 0.0 } else { rows as f64 / (occurring * count) as f64 };
    counts.iter().map(weight).collect()
}

pub(super) fn row_notices(rows: RowCounts, validation: &Validation, target: &Target) -> Vec<Notice> {
    let mut lines = Vec::new();
    if rows.left_out > 0 {
        let total = rows.training + rows.validation + rows.left_out;
        let columns = target.columns().join("`, `");
        let message =
            format!("{} of {total} rows have no value of `{columns}` and are left out", rows.left_out);
        lines.push(Notice::new(message));
    }
    if let Validation::Column(name) = validation
        && rows.validation == 0
    {
        let message = format!("the column `{name}` marks no row for validation");
        lines.push(Notice::new(message).in_column(name));
    }
    lines
}

pub(super) fn unmet_notices(source: &dyn Table) -> Vec<Notice> {
    let notice = |marker: String| {
        let marker = shown(&marker);
        Notice::new(format!(
            "no cell of {} is {marker}, which was said to stand for a missing value",
            source.name()
        ))
    };
    source.unmet_markers().into_iter().map(notice).collect()
}

pub(super) fn dropped_notice(dropped: &[Dropped]) -> Option<Notice> {
    let guessed: Vec<_> = dropped
        .iter()
        .filter(|dropped| dropped.reason != "as asked")
        .map(|dropped| format!("`{}` ({})", dropped.column, dropped.reason))
        .collect();
    (!guessed.is_empty()).then(|| {
        let notice = Notice::new(format!("not used: {}", guessed.join(", ")));
        match dropped
            .iter()
            .any(|dropped| Some(dropped.reason.as_str()) == ColumnKind::Identifier.reason_to_drop())
        {
            true => notice.hint("{use-columns} uses such a column all the same"),
            false => notice,
        }
    })
}

pub(super) fn overview(
    profiles: &[ColumnProfile],
    roles: &[Role],
    preprocessor: &TablePreprocessor,
) -> Overview {
    let columns = profiles.iter().zip(roles).map(|(profile, role)| OverviewRow {
        name: profile.name.clone(),
        kind: profile.kind,
        missing: profile.missing_share(),
        distinct: profile.distinct,
        first: profile.first.clone(),
        used: used(profile, role, preprocessor),
    });
    Overview { columns: columns.collect() }
}

/// What is done with a column, in a few words.
fn used(profile: &ColumnProfile, role: &Role, preprocessor: &TablePreprocessor) -> String {
    match role {
        Role::Weight => "weight of the row".to_owned(),
        Role::Parting => "training or validation".to_owned(),
        Role::Dropped(reason) => format!("not used: {reason}"),
        Role::Target => match &preprocessor.target {
            Target::Classification { labels, .. } => format!("target: {} classes", labels.len()),
            Target::MultiLabel { .. } => "target: a label of its own".to_owned(),
            Target::Regression { .. } => "target: an amount".to_owned(),
            Target::Counts { .. } => "target: a count".to_owned(),
        },
        Role::Input(_) => {
            let input = preprocessor.inputs.iter().find(|input| input.column == profile.name);
            input.map(|input| input.encoding.to_string()).unwrap_or_default()
        }
    }
}
