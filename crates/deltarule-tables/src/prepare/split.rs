//! Which rows train, which watch the training, and which are left out for want of a target.

use super::fault::{Fault, find};
use super::outputs::Targets;
use crate::arrow::array::RecordBatch;
use crate::cells::{self, text_at};
use crate::error::{TableError, shown};
use crate::options::Validation;
use crate::select::Selection;
use crate::table::{Columns, Table};
use crate::targets::Target;
use deltarule::random::{Purpose, Random};

/// Keys held at once while the rows of a fraction are drawn, for each class.
const HELD: u64 = 1 << 16;

/// The rows of one batch, divided.
#[derive(Debug, Default)]
pub(crate) struct SplitRows {
    pub(crate) training: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    /// Number of rows without a target.
    pub(crate) left_out: u64,
}

/// Divides the rows of a table. Where a row falls depends on its number and the whole table, never on how
/// the table is cut into batches.
#[derive(Debug)]
pub(crate) struct Splitter<'p> {
    pub(crate) targets: Targets<'p>,
    rule: SplitRule,
    /// Where the column stands that marks the rows, if one does.
    marks: Option<usize>,
}

/// How rows that have a target are parted.
#[derive(Debug, Clone)]
pub(crate) enum SplitRule {
    AllTrain,
    /// A row watches if its random key is at most its class's greatest; `None` where no row of the class does.
    Drawn {
        random: Random,
        greatest: Vec<Option<u64>>,
    },
    Marked(String),
}

impl<'p> Splitter<'p> {
    /// Decides for every row of `source`; drawing a fraction takes a few passes over its target.
    pub(crate) fn new(
        source: &dyn Table,
        target: &'p Target,
        weight: Option<&str>,
        validation: &Validation,
        seed: u64,
    ) -> Result<Self, TableError> {
        let mut splitter = Self::by(SplitRule::AllTrain, source, target, weight)?;
        match validation {
            Validation::None => {}
            Validation::Column(name) => {
                splitter = Self::by(SplitRule::Marked(name.clone()), source, target, weight)?
            }
            Validation::Fraction(fraction) => {
                let columns = Columns::new(source, |name| target.columns().contains(&name));
                let drawing = Self::by(SplitRule::AllTrain, &columns, target, None)?;
                splitter.rule = drawing.draw(&columns, target, *fraction, seed)?;
            }
        }
        Ok(splitter)
    }

    /// Divides by a rule already known.
    pub(crate) fn by(
        rule: SplitRule,
        source: &dyn Table,
        target: &'p Target,
        weight: Option<&str>,
    ) -> Result<Self, TableError> {
        let schema = source.schema();
        let marks = if let SplitRule::Marked(name) = &rule { Some(find(&schema, name)?) } else { None };
        Ok(Self { targets: Targets::new(target, weight, &schema)?, rule, marks })
    }

    /// Whether parting the rows takes this column.
    pub(crate) fn takes(&self, column: &str) -> bool {
        self.targets.takes(column) || matches!(&self.rule, SplitRule::Marked(name) if name == column)
    }

    /// The rule that was found.
    pub(crate) fn into_rule(self) -> SplitRule {
        self.rule
    }

    fn draw(
        &self,
        source: &dyn Table,
        target: &Target,
        fraction: f64,
        seed: u64,
    ) -> Result<SplitRule, TableError> {
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(TableError::usage("a validation fraction between 0 and 1", fraction.to_string()));
        }
        let random = Random::new(seed, Purpose::Split, 0);
        let classes = if let Target::Classification { labels, .. } = target { labels.len() } else { 1 };
        let mut counts = vec![0u64; classes];
        self.each(source, target, |class, _| counts[class] += 1)?;
        let rows: u64 = counts.iter().sum();
        let watching = (rows as f64 * fraction).round() as u64;
        if watching == 0 || watching == rows {
            let found = format!("{fraction} of {rows} rows, which is {watching} of them");
            return Err(TableError::usage("a validation fraction that leaves rows on both sides", found));
        }
        // Going through the rows class by class, rows are taken at even distances: of every class its share, to
        // within one row.
        let taken_before = |row: u64| (u128::from(row) * u128::from(watching) / u128::from(rows)) as u64;
        let mut before = 0;
        let taken: Vec<u64> = counts
            .iter()
            .map(|&count| {
                let first = before;
                before += count;
                taken_before(before) - taken_before(first)
            })
            .collect();
        let last_ranks = |(&count, &taken): (&u64, &u64)| {
            let ranks = if taken == 0 { Vec::new() } else { vec![taken - 1] };
            Selection::new(ranks, count, 0, KEYS - 1, HELD)
        };
        let mut selections: Vec<Selection> = counts.iter().zip(&taken).map(last_ranks).collect();
        while selections.iter().any(Selection::is_open) {
            self.each(source, target, |class, row| selections[class].see(key(&random, row)))?;
            selections.iter_mut().for_each(Selection::end_pass);
        }
        let greatest =
            |(selection, &taken): (&Selection, &u64)| (taken > 0).then(|| selection.value(taken - 1));
        let greatest = selections.iter().zip(&taken).map(greatest).collect();
        Ok(SplitRule::Drawn { random, greatest })
    }

    /// Shows every row that has a target: its class (0 where there are none) and its number.
    fn each(
        &self,
        source: &dyn Table,
        target: &Target,
        mut see: impl FnMut(usize, u64),
    ) -> Result<(), TableError> {
        let mut first = 0;
        for batch in source.batches(None)? {
            let batch = batch?;
            let rows = self.with_target(&batch).map_err(|fault| fault.at(source, first))?;
            let classes = self.classes(target, &batch, &rows).map_err(|fault| fault.at(source, first))?;
            for (row, class) in rows.into_iter().zip(classes) {
                see(class, first + row as u64);
            }
            first += batch.num_rows() as u64;
        }
        Ok(())
    }

    fn with_target(&self, batch: &RecordBatch) -> Result<Vec<usize>, Fault> {
        let present = self.targets.present(batch)?;
        Ok((0..present.len()).filter(|&row| present[row]).collect())
    }

    fn classes(&self, target: &Target, batch: &RecordBatch, rows: &[usize]) -> Result<Vec<usize>, Fault> {
        match target {
            Target::Classification { .. } => self.targets.classes(batch, rows),
            _ => Ok(vec![0; rows.len()]),
        }
    }

    /// Divides the rows of a batch that begins at `first_row` of `source`.
    pub(crate) fn split(
        &self,
        source: &dyn Table,
        batch: &RecordBatch,
        first_row: u64,
    ) -> Result<SplitRows, TableError> {
        let rows = self.with_target(batch).map_err(|fault| fault.at(source, first_row))?;
        let mut split =
            SplitRows { left_out: (batch.num_rows() - rows.len()) as u64, ..SplitRows::default() };
        match &self.rule {
            SplitRule::AllTrain => split.training = rows,
            SplitRule::Drawn { random, greatest } => {
                let classes = if greatest.len() == 1 {
                    vec![0; rows.len()]
                } else {
                    self.targets.classes(batch, &rows).map_err(|fault| fault.at(source, first_row))?
                };
                for (row, class) in rows.into_iter().zip(classes) {
                    let key = key(random, first_row + row as u64);
                    let watches = greatest[class].is_some_and(|greatest| key <= greatest);
                    if watches { split.validation.push(row) } else { split.training.push(row) }
                }
            }
            SplitRule::Marked(_) => {
                let column = self.marks.unwrap_or_default();
                let marks = cells::texts(batch.column(column));
                for row in rows {
                    match watches(text_at(&marks, row)) {
                        Ok(true) => split.validation.push(row),
                        Ok(false) => split.training.push(row),
                        Err(found) => {
                            let row = first_row + row as u64;
                            return Err(source.cell_error(row, column, MARKS, &found));
                        }
                    }
                }
            }
        }
        Ok(split)
    }
}

/// What a column that parts the rows may hold.
const MARKS: &str = "true, 1, yes, validation, valid, val, test or dev, or false, 0, no, train or training";

/// Keys lie below this.
const KEYS: u64 = 1 << 53;

/// The random key of a row.
fn key(random: &Random, row: u64) -> u64 {
    (random.uniform(row) * KEYS as f64) as u64
}

/// Whether a mark says that its row watches the training.
fn watches(mark: Option<&str>) -> Result<bool, String> {
    match mark.map(str::to_lowercase).as_deref() {
        Some("true" | "1" | "yes" | "validation" | "valid" | "val" | "test" | "dev") => Ok(true),
        Some("false" | "0" | "no" | "train" | "training") => Ok(false),
        Some(_) => Err(shown(mark.unwrap_or(""))),
        None => Err("nothing".to_owned()),
    }
}
