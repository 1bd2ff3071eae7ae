//! What becomes of every column, decided before anything is loaded.

use super::{Filling, Loaded, refused};
use crate::error::TableError;
use crate::kinds::{ColumnProfile, Kind, Overview, OverviewRow, survey};
use crate::notice::Notice;
use crate::options::{TableOptions, Validation};
use crate::prepare::{
    Candidate, Dropped, FORMAT, Fitted, Preparation, RowCounts, Tally, Treatment, find, fit,
};
use crate::split::{Partition, Rule};
use crate::suggest::{did_you_mean, listed};
use crate::table::{Columns, Table};
use crate::targets::{ClassWeights, Target};
use deltarule::error::nearest;
use deltarule::{Hint, Real};

/// A table looked at and its statistics learned, ready to be loaded or streamed.
#[derive(Debug)]
pub struct Plan {
    /// How the table becomes matrices.
    pub preparation: Preparation,
    /// What was found in the columns and what is done with each.
    pub overview: Overview,
    /// What the user should know, one line each.
    pub notices: Vec<Notice>,
    /// The weight of each class, where classes are weighted.
    pub class_weights: Option<Vec<f64>>,
    pub(crate) rows: RowCounts,
    rule: Rule,
}

/// What a column is for.
#[derive(Debug, Clone, PartialEq)]
enum Role {
    Input(Treatment),
    Target,
    Weight,
    Parting,
    Dropped(String),
}

impl Plan {
    /// Looks at the columns of `source`, decides what becomes of each, and learns the statistics of its training rows.
    ///
    /// It reads the table once to see what its columns hold and once more for categories and means; the columns of
    /// numbers once for deviations and, in the tabular style, a few times for exact quartiles (once if they take less
    /// than 64 MiB); the target alone a few times to draw a fraction for validation.
    ///
    /// # Errors
    /// As [`load`](super::load()).
    pub fn new(source: &dyn Table, options: &TableOptions) -> Result<Self, TableError> {
        check_names(source, options)?;
        let wide = |name: &str| options.target.iter().chain(&options.categorical).any(|named| named == name);
        let profiles = survey(source, wide, options.max_categories)?;
        let mut notices = Vec::new();
        let targets: Vec<&ColumnProfile> = options
            .target
            .iter()
            .filter_map(|name| profiles.iter().find(|profile| profile.name == *name))
            .collect();
        let mut target = Target::infer(&targets, options.task, &source.name(), &mut notices)?;
        check_class_weights(options, &target)?;

        let mut roles: Vec<Role> = profiles.iter().map(|profile| role(profile, options)).collect();
        keep_last_numbers(&profiles, &mut roles, &mut notices);
        let candidates: Vec<Candidate> = profiles
            .iter()
            .zip(&roles)
            .filter_map(|(profile, role)| match role {
                Role::Input(treatment) => {
                    Some(Candidate { column: profile.name.clone(), treatment: *treatment })
                }
                _ => None,
            })
            .collect();

        let (weight, validation, seed) = (options.weight.as_deref(), &options.validation, options.seed);
        let rule = Partition::new(source, &target, weight, validation, seed)?.into_rule();
        let Fitted { inputs, dropped, rows, class_counts } =
            fit(source, &rule, &candidates, options.style, &mut target)?;

        let mut all_dropped = Vec::new();
        for (profile, role) in profiles.iter().zip(&mut roles) {
            if let Some(late) = dropped.iter().find(|dropped| dropped.column == profile.name) {
                *role = Role::Dropped(late.reason.clone());
            }
            if let Role::Dropped(reason) = role {
                all_dropped.push(Dropped { column: profile.name.clone(), reason: reason.clone() });
            }
        }
        if inputs.is_empty() {
            let reasons: Vec<_> =
                all_dropped.iter().map(|d| format!("`{}`: {}", d.column, d.reason)).collect();
            return Err(TableError::data(source.name(), "a column to learn from", "none")
                .hint(Hint::new("what was left out: ").text(reasons.join("; "))));
        }
        let class_weights = options.class_weights.as_ref().map(|wanted| match (wanted, &target) {
            (ClassWeights::Given(given), Target::Classification { labels, .. }) => {
                labels.iter().map(|label| given.get(label).copied().unwrap_or(1.0)).collect()
            }
            _ => balanced(&class_counts),
        });
        notices.extend(row_notices(rows, validation, &target));
        notices.extend(dropped_notice(&all_dropped));
        let preparation = Preparation {
            format: FORMAT,
            style: options.style,
            inputs,
            dropped: all_dropped,
            target,
            weight: options.weight.clone(),
        };
        preparation.check()?;
        let overview = overview(&profiles, &roles, &preparation);
        Ok(Self { preparation, overview, notices, class_weights, rows, rule })
    }

    /// Number of rows that train.
    pub fn training_rows(&self) -> u64 {
        self.rows.training
    }

    /// Number of rows of the table that watch the training.
    pub fn validation_rows(&self) -> u64 {
        self.rows.validation
    }

    /// Number of rows without a target, which are left out.
    pub fn rows_left_out(&self) -> u64 {
        self.rows.left_out
    }

    /// The columns that are needed beyond this plan.
    pub(crate) fn columns<'a>(&self, source: &'a dyn Table) -> Columns<'a> {
        let preparation = &self.preparation;
        let used = |name: &str| {
            preparation.inputs.iter().any(|input| input.column == name)
                || preparation.target.columns().contains(&name)
                || preparation.weight.as_deref() == Some(name)
                || matches!(&self.rule, Rule::Marked(marks) if marks == name)
        };
        Columns::new(source, used)
    }

    /// Which rows are which.
    pub(crate) fn partition(&self, source: &dyn Table) -> Result<Partition<'_>, TableError> {
        Partition::by(self.rule.clone(), source, &self.preparation.target, self.preparation.weight.as_deref())
    }

    /// Makes the data sets.
    ///
    /// # Errors
    /// When a cell cannot be read as its column should be, or when the matrices do not fit in memory.
    pub fn load<T: Real>(
        self,
        source: &dyn Table,
        validation: Option<&dyn Table>,
    ) -> Result<Loaded<T>, TableError> {
        let source = &self.columns(source);
        let partition = self.partition(source)?;
        let features = self.preparation.features(&source.schema())?;
        let mut train = Filling::new(&self.preparation, self.rows.training)?;
        let mut watching = Filling::new(&self.preparation, self.rows.validation)?;
        let (mut tally, mut watching_tally) = (Tally::default(), Tally::default());
        let mut first = 0;
        for batch in source.batches(None)? {
            let batch = batch?;
            let parts = partition.parts(source, &batch, first)?;
            let add = |filling: &mut Filling<T>, rows: &[usize], tally: &mut Tally| {
                filling
                    .add(&features, &partition.targets, &batch, rows, tally)
                    .map_err(|fault| fault.at(source, first))
            };
            add(&mut train, &parts.training, &mut tally)?;
            add(&mut watching, &parts.validation, &mut watching_tally)?;
            first += batch.num_rows() as u64;
        }
        let mut notices = self.notices.clone();
        notices.extend(watching_tally.warnings().into_iter().map(|notice| notice.of("validation")));
        let mut train = train.finish()?;
        if let Some(weights) = &self.class_weights {
            train = train.with_class_weights(weights).map_err(refused)?;
        }
        let validation = match validation {
            Some(table) => {
                let mut tally = Tally::default();
                let (data, left_out) = self.preparation.dataset(table, &mut tally)?;
                if left_out > 0 {
                    let message = format!("{left_out} rows have no target and are left out");
                    notices.push(Notice::new(message).of("validation"));
                }
                notices.extend(tally.warnings().into_iter().map(|notice| notice.of("validation")));
                Some(data)
            }
            None if self.rows.validation > 0 => Some(watching.finish()?),
            None => None,
        };
        drop(partition);
        Ok(Loaded { train, validation, preparation: self.preparation, overview: self.overview, notices })
    }
}

impl Preparation {
    /// A table with targets as a data set, for evaluation: the rows that have a target, in order, and the number of
    /// those left out because they have none.
    ///
    /// # Errors
    /// When a column is not there, a cell cannot be read as its column should be, or a label is unknown.
    pub fn dataset<T: Real>(
        &self,
        source: &dyn Table,
        tally: &mut Tally,
    ) -> Result<(deltarule::dataset::Dataset<T>, u64), TableError> {
        let schema = source.schema();
        let features = self.features(&schema)?;
        let partition = Partition::by(Rule::AllTrain, source, &self.target, self.weight.as_deref())?;
        let (mut rows, mut left_out) = (0, 0);
        let each = |see: &mut dyn FnMut(&arrow::array::RecordBatch, u64) -> Result<(), TableError>| {
            let mut first = 0;
            for batch in source.batches(None)? {
                let batch = batch?;
                see(&batch, first)?;
                first += batch.num_rows() as u64;
            }
            Ok::<(), TableError>(())
        };
        each(&mut |batch, first| {
            let parts = partition.parts(source, batch, first)?;
            rows += parts.training.len() as u64;
            left_out += parts.left_out;
            Ok(())
        })?;
        let mut filling = Filling::new(self, rows)?;
        each(&mut |batch, first| {
            let parts = partition.parts(source, batch, first)?;
            filling
                .add(&features, &partition.targets, batch, &parts.training, tally)
                .map_err(|fault| fault.at(source, first))
        })?;
        Ok((filling.finish()?, left_out))
    }

    /// The numbers of the rows of a table that have a target, rising: those that [`Preparation::dataset`] takes.
    ///
    /// # Errors
    /// As [`Preparation::dataset`]; also when there are 2³² rows or more.
    pub fn rows_with_target(&self, source: &dyn Table) -> Result<Vec<u32>, TableError> {
        let partition = Partition::by(Rule::AllTrain, source, &self.target, self.weight.as_deref())?;
        let (mut found, mut first) = (Vec::new(), 0);
        for batch in source.batches(None)? {
            let batch = batch?;
            for row in partition.parts(source, &batch, first)?.training {
                let row = first + row as u64;
                let row = u32::try_from(row);
                found.push(row.map_err(|_| TableError::usage("fewer than 2³² rows", "more of them"))?);
            }
            first += batch.num_rows() as u64;
        }
        Ok(found)
    }
}

/// Every name must be a column, and no two may contradict each other.
fn check_names(source: &dyn Table, options: &TableOptions) -> Result<(), TableError> {
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

fn check_class_weights(options: &TableOptions, target: &Target) -> Result<(), TableError> {
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

fn role(profile: &ColumnProfile, options: &TableOptions) -> Role {
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
    let usable = !matches!(profile.kind, Kind::Nested | Kind::Empty);
    if usable && named(&options.numeric) {
        return Role::Input(Treatment::Number);
    }
    if usable && named(&options.categorical) {
        return Role::Input(Treatment::Category);
    }
    match profile.kind {
        Kind::Numeric => Role::Input(Treatment::Number),
        Kind::Binary | Kind::Categorical => Role::Input(Treatment::Category),
        Kind::Date => Role::Input(Treatment::Date),
        kind => Role::Dropped(kind.reason_to_drop().unwrap_or_default().to_owned()),
    }
}

/// Where nothing else is left to learn from, numbers that look like row numbers are learned from after all.
fn keep_last_numbers(profiles: &[ColumnProfile], roles: &mut [Role], notices: &mut Vec<Notice>) {
    if roles.iter().any(|role| matches!(role, Role::Input(_))) {
        return;
    }
    for (profile, role) in profiles.iter().zip(roles) {
        let guessed = *role == Role::Dropped(profile.kind.reason_to_drop().unwrap_or_default().to_owned());
        if guessed && profile.kind == Kind::Identifier && profile.numeric {
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
fn balanced(counts: &[u64]) -> Vec<f64> {
    let rows: u64 = counts.iter().sum();
    let occurring = counts.iter().filter(|&&count| count > 0).count() as u64;
    let weight = |&count: &u64| if count == 0 { 0.0 } else { rows as f64 / (occurring * count) as f64 };
    counts.iter().map(weight).collect()
}

fn row_notices(rows: RowCounts, validation: &Validation, target: &Target) -> Vec<Notice> {
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

fn dropped_notice(dropped: &[Dropped]) -> Option<Notice> {
    let guessed: Vec<_> = dropped
        .iter()
        .filter(|dropped| dropped.reason != "as asked")
        .map(|dropped| format!("`{}` ({})", dropped.column, dropped.reason))
        .collect();
    (!guessed.is_empty()).then(|| Notice::new(format!("not used: {}", guessed.join(", "))))
}

fn overview(profiles: &[ColumnProfile], roles: &[Role], preparation: &Preparation) -> Overview {
    let columns = profiles.iter().zip(roles).map(|(profile, role)| OverviewRow {
        name: profile.name.clone(),
        kind: profile.kind,
        missing: profile.missing_share(),
        distinct: profile.distinct,
        first: profile.first.clone(),
        used: used(profile, role, preparation),
    });
    Overview { columns: columns.collect() }
}

/// What is done with a column, in a few words.
fn used(profile: &ColumnProfile, role: &Role, preparation: &Preparation) -> String {
    match role {
        Role::Weight => "weight of the row".to_owned(),
        Role::Parting => "training or validation".to_owned(),
        Role::Dropped(reason) => format!("not used: {reason}"),
        Role::Target => match &preparation.target {
            Target::Classification { labels, .. } => format!("target: {} classes", labels.len()),
            Target::MultiLabel { .. } => "target: a label of its own".to_owned(),
            Target::Regression { .. } => "target: an amount".to_owned(),
            Target::Counts { .. } => "target: a count".to_owned(),
        },
        Role::Input(_) => {
            let input = preparation.inputs.iter().find(|input| input.column == profile.name);
            input.map(|input| input.encoding.to_string()).unwrap_or_default()
        }
    }
}
