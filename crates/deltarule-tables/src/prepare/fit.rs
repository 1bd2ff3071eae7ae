//! Learns a preprocessor from the training rows, in a few passes over the table.
//!
//! The first pass counts categories and sums numbers; the second sums squared deviations (plain) or counts the
//! numbers below the mean, which stands in for missing ones (tabular); further ones find the quartiles exactly.
//! Sums run over the rows in order, so that the result does not depend on how the table is cut into batches.

use super::Dropped;
use super::dates::DatePart;
use super::encoding::{Category, Continuous, DatePartInput, Encoding, InputColumn};
use super::fault::{Fault, finite_numbers, in_column};
use super::running_stats::RunningStats;
use super::scaling::of_counts;
use super::split::{SplitRows, SplitRule, Splitter};
use crate::arrow::array::{ArrayRef, RecordBatch};
use crate::cells::{self, text_at};
use crate::error::TableError;
use crate::options::Style;
use crate::table::{Columns, Table};
use crate::targets::{Target, sort_values};
use std::collections::HashMap;

/// Bytes of values that the search for quartiles holds at once, over all columns.
const HELD_BYTES: u64 = 64 << 20;
/// The most categories one column may have.
const MOST_CATEGORIES: usize = 100_000;

/// How a column is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    Number,
    Category,
    Date,
}

/// A column that is to become inputs.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) column: String,
    pub(crate) treatment: Treatment,
}

/// What the training rows taught.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) inputs: Vec<InputColumn>,
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) rows: RowCounts,
    /// Training rows of each class.
    pub(crate) class_counts: Vec<u64>,
}

/// How many rows fell into which part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RowCounts {
    pub(crate) training: u64,
    pub(crate) validation: u64,
    pub(crate) left_out: u64,
}

/// What is being learned of one column.
enum Learner {
    /// One number, or one for each part of a date.
    Numbers(Vec<RunningStats>),
    Categories {
        counts: HashMap<String, u64>,
        missing: u64,
    },
}

/// Fits the inputs, and the mean and deviation of the targets of a regression.
pub(crate) fn fit(
    source: &dyn Table,
    rule: &SplitRule,
    candidates: &[Candidate],
    style: Style,
    target: &mut Target,
) -> Result<Fitted, TableError> {
    let unfitted = target.clone();
    let mut learners: Vec<Learner> = candidates
        .iter()
        .map(|candidate| match candidate.treatment {
            Treatment::Number => Learner::Numbers(vec![RunningStats::default()]),
            Treatment::Date => Learner::Numbers(vec![RunningStats::default(); DatePart::ALL.len()]),
            Treatment::Category => Learner::Categories { counts: HashMap::new(), missing: 0 },
        })
        .collect();
    let regression = matches!(target, Target::Regression { .. });
    let mut amounts = vec![RunningStats::default(); if regression { target.outputs() } else { 0 }];
    let mut class_counts = match target {
        Target::Classification { labels, .. } => vec![0; labels.len()],
        _ => Vec::new(),
    };
    let mut rows = RowCounts::default();

    let all = Pass::new(source, rule, &unfitted, candidates, |_| true)?;
    all.run(|batch, parts| {
        rows.training += parts.training.len() as u64;
        rows.validation += parts.validation.len() as u64;
        rows.left_out += parts.left_out;
        for ((candidate, column), learner) in all.columns().zip(&mut learners) {
            let seen = learner.first_pass(candidate, batch.column(column), &parts.training);
            in_column(column, seen)?;
        }
        if !class_counts.is_empty() {
            all.splitter.targets.classes(batch, &parts.training)?.iter().for_each(|&c| class_counts[c] += 1);
        }
        if regression {
            for (number, values) in amounts.iter_mut().zip(all.splitter.targets.amounts(batch)?) {
                parts.training.iter().for_each(|&row| number.first_pass(values[row]));
            }
        }
        Ok(())
    })?;
    if rows.training == 0 {
        return Err(TableError::usage("rows to train on", "none with a target"));
    }
    for (candidate, learner) in candidates.iter().zip(&learners) {
        if matches!(learner, Learner::Categories { counts, .. } if counts.len() > MOST_CATEGORIES) {
            let found = format!("more than {MOST_CATEGORIES} different values");
            return Err(TableError::usage("a categorical column", found).in_column(&candidate.column));
        }
    }

    let columns = |learners: &[Learner]| learners.iter().map(|l| l.numbers().len()).sum::<usize>() as u64;
    let held = HELD_BYTES / 8 / (columns(&learners) * 6).max(1);
    let further =
        Pass::new(source, rule, &unfitted, candidates, |treatment| treatment != Treatment::Category)?;
    further.numbers(
        &mut learners,
        |number, value| number.second_pass(value),
        |batch, parts| {
            if regression {
                for (number, values) in amounts.iter_mut().zip(further.splitter.targets.amounts(batch)?) {
                    parts.training.iter().for_each(|&row| number.second_pass(values[row]));
                }
            }
            Ok(())
        },
    )?;
    if style == Style::Tabular {
        learners.iter_mut().flat_map(Learner::numbers_mut).for_each(|number| number.seek_quartiles(held));
        while learners.iter().flat_map(Learner::numbers).any(RunningStats::is_seeking) {
            further.numbers(&mut learners, RunningStats::further_pass, |_, _| Ok(()))?;
            learners.iter_mut().flat_map(Learner::numbers_mut).for_each(RunningStats::end_pass);
        }
    }

    let mut dropped = Vec::new();
    let mut inputs = Vec::new();
    for (candidate, learner) in candidates.iter().zip(learners) {
        let column = candidate.column.clone();
        match learner.encoding(style, candidate.treatment) {
            Ok(encoding) => inputs.push(InputColumn { column, encoding }),
            Err(reason) => dropped.push(Dropped { column, reason: reason.to_owned() }),
        }
    }
    if let Target::Regression { columns } = target {
        for (amount, number) in columns.iter_mut().zip(&amounts) {
            (amount.mean, amount.deviation) = (number.mean(), number.deviation());
            if amount.deviation == 0.0 || !amount.deviation.is_finite() {
                let found = format!("a standard deviation of {}", amount.deviation);
                return Err(
                    TableError::usage("training rows whose target differs", found).in_column(&amount.column)
                );
            }
        }
    }
    Ok(Fitted { inputs, dropped, rows, class_counts })
}

/// A reading of the training rows, of some of the candidates.
struct Pass<'a> {
    source: Columns<'a>,
    splitter: Splitter<'a>,
    /// The candidates, and where the columns of those that are read stand.
    candidates: Vec<(&'a Candidate, Option<usize>)>,
}

impl<'a> Pass<'a> {
    fn new(
        source: &'a dyn Table,
        rule: &SplitRule,
        target: &'a Target,
        candidates: &'a [Candidate],
        read: impl Fn(Treatment) -> bool,
    ) -> Result<Self, TableError> {
        let whole = Splitter::by(rule.clone(), source, target, None)?;
        let named = |name: &str| candidates.iter().find(|candidate| candidate.column == name);
        let source = Columns::new(source, |name| {
            whole.takes(name) || named(name).is_some_and(|candidate| read(candidate.treatment))
        });
        let splitter = Splitter::by(rule.clone(), &source, target, None)?;
        let schema = source.schema();
        let candidates =
            candidates.iter().map(|candidate| (candidate, schema.index_of(&candidate.column).ok()));
        Ok(Self { candidates: candidates.collect(), source, splitter })
    }

    /// The candidates that are read, with their columns. When all are, there is one for each learner.
    fn columns(&self) -> impl Iterator<Item = (&'a Candidate, usize)> {
        self.candidates.iter().filter_map(|&(candidate, column)| Some((candidate, column?)))
    }

    fn run(
        &self,
        mut see: impl FnMut(&RecordBatch, &SplitRows) -> Result<(), Fault>,
    ) -> Result<(), TableError> {
        let mut first = 0;
        for batch in self.source.batches(None)? {
            let batch = batch?;
            let parts = self.splitter.split(&self.source, &batch, first)?;
            see(&batch, &parts).map_err(|fault| fault.at(&self.source, first))?;
            first += batch.num_rows() as u64;
        }
        Ok(())
    }

    /// Shows every number of the training rows to its learner, and every batch to `besides`.
    fn numbers(
        &self,
        learners: &mut [Learner],
        see: impl Fn(&mut RunningStats, f64),
        mut besides: impl FnMut(&RecordBatch, &SplitRows) -> Result<(), Fault>,
    ) -> Result<(), TableError> {
        self.run(|batch, parts| {
            for (&(candidate, column), learner) in self.candidates.iter().zip(&mut *learners) {
                if let (Learner::Numbers(numbers), Some(column)) = (learner, column) {
                    let see = |part: usize, value| see(&mut numbers[part], value);
                    let seen = each_number(candidate.treatment, batch.column(column), &parts.training, see);
                    in_column(column, seen)?;
                }
            }
            besides(batch, parts)
        })
    }
}

/// Shows the numbers of these rows, NaN where missing, with the part of the date that each is.
fn each_number(
    treatment: Treatment,
    array: &ArrayRef,
    rows: &[usize],
    mut see: impl FnMut(usize, f64),
) -> Result<(), cells::BadCell> {
    if treatment == Treatment::Date {
        let moments = cells::moments(array)?;
        for &row in rows {
            for (at, part) in DatePart::ALL.into_iter().enumerate() {
                see(at, moments[row].map_or(f64::NAN, |micros| part.of(micros)));
            }
        }
    } else {
        let numbers = finite_numbers(array)?;
        rows.iter().for_each(|&row| see(0, numbers[row]));
    }
    Ok(())
}

impl Learner {
    fn numbers(&self) -> &[RunningStats] {
        if let Self::Numbers(numbers) = self { numbers } else { &[] }
    }

    fn numbers_mut(&mut self) -> &mut [RunningStats] {
        if let Self::Numbers(numbers) = self { numbers } else { &mut [] }
    }

    fn first_pass(
        &mut self,
        candidate: &Candidate,
        array: &ArrayRef,
        rows: &[usize],
    ) -> Result<(), cells::BadCell> {
        match self {
            Self::Numbers(numbers) => each_number(candidate.treatment, array, rows, |part, value| {
                numbers[part].first_pass(value);
            }),
            Self::Categories { counts, missing } => {
                let texts = cells::texts(array);
                for &row in rows {
                    let Some(text) = text_at(&texts, row) else {
                        *missing += 1;
                        continue;
                    };
                    if let Some(count) = counts.get_mut(text) {
                        *count += 1;
                    } else if counts.len() <= MOST_CATEGORIES {
                        // One more than allowed is enough to know.
                        counts.insert(text.to_owned(), 1);
                    }
                }
                Ok(())
            }
        }
    }

    /// What was learned, or why nothing could be.
    fn encoding(self, style: Style, treatment: Treatment) -> Result<Encoding, &'static str> {
        match self {
            Self::Categories { counts, missing } => categories(style, counts, missing),
            Self::Numbers(numbers) => {
                let first = &numbers[0];
                if first.present() == 0 {
                    return Err("no value in any training row");
                }
                let (present, missing) = (first.present(), first.missing());
                let indicator = (missing > 0).then(|| of_counts(style, &[(0.0, present), (1.0, missing)]));
                let learned = |number: &RunningStats| {
                    let value = Continuous { fill: number.mean(), scaling: number.scaling(style) };
                    let finite = value.fill.is_finite() && value.scaling.scale.is_finite();
                    if finite { Ok(value) } else { Err("its values are too large to be added up") }
                };
                if treatment == Treatment::Number {
                    return Ok(Encoding::Numeric { value: learned(first)?, missing: indicator });
                }
                let varying = DatePart::ALL.into_iter().zip(&numbers).filter(|(_, number)| number.varies());
                let parts = varying
                    .map(|(part, number)| Ok(DatePartInput { part, value: learned(number)? }))
                    .collect::<Result<Vec<_>, &str>>()?;
                if parts.is_empty() {
                    return Err("the same value in every training row");
                }
                Ok(Encoding::Date { parts, missing: indicator })
            }
        }
    }
}

fn categories(style: Style, counts: HashMap<String, u64>, missing: u64) -> Result<Encoding, &'static str> {
    let mut names: Vec<String> = counts.keys().cloned().collect();
    sort_values(&mut names);
    let total = counts.values().sum::<u64>() + missing;
    match <[String; 2]>::try_from(names) {
        Ok(values) => {
            let [minus, plus] = [&values[0], &values[1]].map(|value| counts[value]);
            let scaling = of_counts(style, &[(-1.0, minus), (0.0, missing), (1.0, plus)]);
            Ok(Encoding::Binary { values, scaling })
        }
        Err(names) if names.is_empty() => Err("no value in any training row"),
        Err(names) => {
            let category = |name: String| {
                let own = counts[&name];
                Category { scaling: of_counts(style, &[(0.0, total - own), (1.0, own)]), name }
            };
            Ok(Encoding::OneHot { categories: names.into_iter().map(category).collect() })
        }
    }
}
