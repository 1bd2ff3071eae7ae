//! What becomes of every column, decided before anything is loaded.

use super::Loaded;
use super::roles::{
    Role, balanced, check_class_weights, check_names, dropped_notice, keep_last_numbers, overview, role,
    row_notices, unmet_notices,
};
use crate::arrow::datatypes::Field;
use crate::error::TableError;
use crate::kinds::{ColumnProfile, Overview, survey};
use crate::notice::Notice;
use crate::options::TableOptions;
use crate::prepare::{
    Candidate, DatasetBuilder, Dropped, FORMAT, Fitted, RowCounts, SplitRule, Splitter, TablePreprocessor,
    TransformReport, fit, refused,
};
use crate::read::CellFormat;
use crate::table::{Columns, Table};
use crate::targets::{ClassWeights, Target};
use deltarule::{Hint, Real};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table looked at and its statistics learned, ready to be loaded or streamed.
#[derive(Debug)]
pub struct TablePlan {
    /// How the table becomes matrices.
    pub preprocessor: TablePreprocessor,
    /// What was found in the columns and what is done with each.
    pub overview: Overview,
    /// What the user should know, one line each.
    pub notices: Vec<Notice>,
    /// The weight of each class, where classes are weighted.
    pub class_weights: Option<Vec<f64>>,
    pub(crate) rows: RowCounts,
    rule: SplitRule,
}

impl TablePlan {
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
        let named = [&options.use_columns, &options.numeric, &options.categorical];
        let used = |name: &str| named.iter().any(|list| list.iter().any(|named| named == name));
        let profiles = survey(source, wide, used, options.max_categories)?;
        let mut notices = source.notices();
        notices.extend(unmet_notices(source));
        let targets: Vec<&ColumnProfile> = options
            .target
            .iter()
            .filter_map(|name| profiles.iter().find(|profile| profile.name == *name))
            .collect();
        let mut target = match (&options.labels, &options.target[..]) {
            (Some(labels), [column]) => {
                Target::Classification { column: column.clone(), labels: labels.clone() }
            }
            _ => Target::infer(&targets, options.task, &source.name(), &mut notices)?,
        };
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
        let rule = Splitter::new(source, &target, weight, validation, seed)?.into_rule();
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
        let mut preprocessor = TablePreprocessor {
            format: FORMAT,
            style: options.style,
            inputs,
            dropped: all_dropped,
            target,
            weight: options.weight.clone(),
            formats: BTreeMap::new(),
        };
        let used = |field: &&Arc<Field>| preprocessor.uses(field.name());
        preprocessor.formats = source
            .schema()
            .fields()
            .iter()
            .filter(used)
            .filter_map(|field| Some((field.name().clone(), CellFormat::of(field)?)))
            .collect();
        preprocessor.check()?;
        let overview = overview(&profiles, &roles, &preprocessor);
        Ok(Self { preprocessor, overview, notices, class_weights, rows, rule })
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
        let preprocessor = &self.preprocessor;
        let used = |name: &str| {
            preprocessor.uses(name) || matches!(&self.rule, SplitRule::Marked(marks) if marks == name)
        };
        Columns::new(source, used)
    }

    /// Which rows are which.
    pub(crate) fn splitter(&self, source: &dyn Table) -> Result<Splitter<'_>, TableError> {
        Splitter::by(
            self.rule.clone(),
            source,
            &self.preprocessor.target,
            self.preprocessor.weight.as_deref(),
        )
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
        let splitter = self.splitter(source)?;
        let features = self.preprocessor.features(&source.schema())?;
        let mut train = DatasetBuilder::new(&self.preprocessor, self.rows.training)?;
        let mut watching = DatasetBuilder::new(&self.preprocessor, self.rows.validation)?;
        let (mut report, mut watching_report) = (TransformReport::default(), TransformReport::default());
        let mut first = 0;
        for batch in source.batches(None)? {
            let batch = batch?;
            let parts = splitter.split(source, &batch, first)?;
            let add = |builder: &mut DatasetBuilder<T>, rows: &[usize], report: &mut TransformReport| {
                builder
                    .add(&features, &splitter.targets, &batch, rows, report)
                    .map_err(|fault| fault.at(source, first))
            };
            add(&mut train, &parts.training, &mut report)?;
            add(&mut watching, &parts.validation, &mut watching_report)?;
            first += batch.num_rows() as u64;
        }
        let mut notices = self.notices.clone();
        notices.extend(watching_report.warnings().into_iter().map(|notice| notice.of("validation")));
        let mut train = train.finish()?;
        if let Some(weights) = &self.class_weights {
            train = train.with_class_weights(weights).map_err(refused)?;
        }
        let validation = match validation {
            Some(table) => {
                let mut report = TransformReport::default();
                let (data, left_out) = self.preprocessor.dataset(table, &mut report)?;
                if left_out > 0 {
                    let message = format!("{left_out} rows have no target and are left out");
                    notices.push(Notice::new(message).of("validation"));
                }
                notices.extend(report.warnings().into_iter().map(|notice| notice.of("validation")));
                Some(data)
            }
            None if self.rows.validation > 0 => Some(watching.finish()?),
            None => None,
        };
        drop(splitter);
        Ok(Loaded { train, validation, preprocessor: self.preprocessor, overview: self.overview, notices })
    }
}
