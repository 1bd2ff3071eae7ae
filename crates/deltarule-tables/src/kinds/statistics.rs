//! One pass over a table, in memory that does not grow with its rows.

use super::identifier::{Name, Numbering};
use super::{ColumnKind, ColumnProfile};
use crate::arrow::array::{Array, ArrayRef, StringArray};
use crate::cells::{self, Family};
use crate::error::TableError;
use crate::row_names::RowNames;
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Different values counted in a column of text, a target, a column named as categorical, or one whose name says that it
/// identifies.
const WIDE_CAP: usize = 10_000;
/// Different values counted in any other column of numbers: enough to tell classes from amounts.
const NARROW_CAP: usize = 64;
/// Bytes that the different values of one column may take.
const BYTES_CAP: usize = 1 << 20;
/// The first values that are shown.
const SHOWN: usize = 3;
/// Rows below which a column whose name says nothing is not taken for an identifier: three consecutive numbers prove
/// nothing.
const FEWEST_IDENTIFIED: u64 = 20;
/// Rows below which a first column called `X` or `no` is not taken for one that numbers the rows.
const FEWEST_NUMBERED: u64 = 4;
/// A text column of at most so many values is categorical however few rows there are.
const FEW_VALUES: usize = 20;

/// How many different values a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distinct {
    /// Exactly so many.
    Exactly(usize),
    /// More than were counted.
    MoreThan(usize),
}

impl Distinct {
    /// The number of different values, where it is known.
    pub fn exactly(self) -> Option<usize> {
        match self {
            Self::Exactly(count) => Some(count),
            Self::MoreThan(_) => None,
        }
    }
}

/// Profiles every column of `source` in one pass; those for which `wide` says so have all their values counted.
///
/// Text of up to `max_categories` different values is categorical. Those columns for which `used` says so are no
/// identifiers, whatever they look like.
///
/// # Errors
/// When the source cannot be read.
pub fn survey(
    source: &dyn Table,
    wide: impl Fn(&str) -> bool,
    used: impl Fn(&str) -> bool,
    max_categories: usize,
) -> Result<Vec<ColumnProfile>, TableError> {
    let schema = source.schema();
    let mut columns: Vec<Statistics> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(position, field)| {
            let (name, declared) = match used(field.name()) {
                true => (None, false),
                false => (Some(Name::of(field, position)), RowNames::of(field) == Some(RowNames::Declared)),
            };
            Statistics {
                name,
                declared,
                ..Statistics::new(Family::of(field.data_type()), name, wide(field.name()))
            }
        })
        .collect();
    for batch in source.batches(None)? {
        let batch = batch?;
        for (statistics, column) in columns.iter_mut().zip(batch.columns()) {
            statistics.add(column);
        }
    }
    let profile = |(statistics, name): (Statistics, &String)| statistics.profile(name, max_categories);
    Ok(columns.into_iter().zip(schema.fields().iter().map(|field| field.name())).map(profile).collect())
}

/// What has been seen of one column so far.
struct Statistics {
    family: Family,
    /// What its name says; nothing where the column is to be used all the same.
    name: Option<Name>,
    /// The file says that it names the rows.
    declared: bool,
    rows: u64,
    missing: u64,
    counts: HashMap<String, u64>,
    /// The text of the numbers that are counted, by their bits: few are written out more than once.
    written: HashMap<u64, String>,
    bytes: usize,
    cap: usize,
    full: bool,
    /// Every value so far was new, until counting stopped.
    all_new: bool,
    first: Vec<String>,
    all_numbers: bool,
    all_whole: bool,
    all_moments: bool,
    /// Each value is the one before plus one.
    consecutive: bool,
    last: Option<f64>,
    /// Of whole numbers.
    numbering: Numbering,
    range: Option<(f64, f64)>,
}

impl Statistics {
    fn new(family: Family, name: Option<Name>, wide: bool) -> Self {
        let may_identify = name.is_some_and(|name| name != Name::Describes);
        let cap = if wide || may_identify || family == Family::Text { WIDE_CAP } else { NARROW_CAP };
        Self {
            family,
            name,
            declared: false,
            rows: 0,
            missing: 0,
            counts: HashMap::new(),
            written: HashMap::new(),
            bytes: 0,
            cap,
            full: false,
            all_new: true,
            first: Vec::new(),
            all_numbers: matches!(family, Family::Number | Family::Text),
            all_whole: true,
            all_moments: family == Family::Text,
            consecutive: true,
            last: None,
            numbering: Numbering::default(),
            range: None,
        }
    }

    fn add(&mut self, column: &ArrayRef) {
        self.rows += column.len() as u64;
        match self.family {
            Family::Number => self.add_numbers(column),
            Family::Nested => self.missing += column.null_count() as u64,
            Family::Truth | Family::Moment | Family::Clock | Family::Text => {
                let texts = cells::texts(column);
                for row in 0..texts.len() {
                    self.add_text(&texts, row);
                }
            }
        }
    }

    fn add_numbers(&mut self, column: &ArrayRef) {
        let Ok(values) = cells::numbers(column) else {
            self.all_numbers = false;
            return;
        };
        for (row, &value) in values.iter().enumerate() {
            if value.is_nan() {
                self.missing += 1;
                continue;
            }
            self.see_number(value);
            if !self.full {
                self.count_number(column, row, value);
            }
        }
    }

    fn count_number(&mut self, column: &ArrayRef, row: usize, value: f64) {
        // From here on different whole numbers may be the same `f64`.
        const EXACT: f64 = (1_u64 << 53) as f64;
        let bits = (value + 0.0).to_bits();
        let text = self.written.remove(&bits).filter(|_| value.abs() < EXACT).unwrap_or_else(|| {
            let texts = cells::texts(&column.slice(row, 1));
            cells::text_at(&texts, 0).unwrap_or_default().to_owned()
        });
        self.count(&text);
        self.written.insert(bits, text);
    }

    fn add_text(&mut self, texts: &StringArray, row: usize) {
        let Some(text) = cells::text_at(texts, row) else {
            self.missing += 1;
            return;
        };
        if self.all_numbers {
            match cells::number(text).filter(|_| !is_code(text)) {
                Some(value) => self.see_number(value),
                None => self.all_numbers = false,
            }
        }
        self.all_moments = self.all_moments && cells::moment(text).is_some();
        self.count(text);
    }

    fn see_number(&mut self, value: f64) {
        self.all_whole &= value.fract() == 0.0;
        if self.all_whole {
            self.numbering.see(value);
        }
        self.consecutive &= self.last.is_none_or(|last| value == last + 1.0);
        self.last = Some(value);
        let (least, greatest) = self.range.unwrap_or((value, value));
        self.range = Some((least.min(value), greatest.max(value)));
    }

    fn count(&mut self, text: &str) {
        if let Some(count) = self.counts.get_mut(text) {
            *count += 1;
            self.all_new &= self.full;
        } else if !self.full {
            if self.first.len() < SHOWN {
                self.first.push(text.to_owned());
            }
            if self.counts.len() == self.cap || self.bytes + text.len() > BYTES_CAP {
                self.full = true;
                return;
            }
            self.bytes += text.len();
            self.counts.insert(text.to_owned(), 1);
        }
    }

    fn profile(self, name: &str, max_categories: usize) -> ColumnProfile {
        let kind = self.kind(max_categories);
        let numeric = self.all_numbers && self.range.is_some();
        let distinct = match self.counts.len() {
            seen if self.full => Distinct::MoreThan(seen),
            seen => Distinct::Exactly(seen),
        };
        let mut counts: Vec<_> = if self.full { Vec::new() } else { self.counts.into_iter().collect() };
        counts.sort_unstable();
        ColumnProfile {
            name: name.to_owned(),
            kind,
            rows: self.rows,
            missing: self.missing,
            distinct,
            first: self.first,
            whole: numeric && self.all_whole,
            numeric,
            range: self.range.filter(|_| numeric),
            counts,
        }
    }

    fn kind(&self, max_categories: usize) -> ColumnKind {
        let present = self.rows - self.missing;
        let seen = self.counts.len();
        let exactly = |count| !self.full && seen == count;
        if self.family == Family::Nested {
            ColumnKind::Nested
        } else if present == 0 {
            ColumnKind::Empty
        } else if self.identifies() {
            ColumnKind::Identifier
        } else if exactly(1) {
            // Whether the one value is there may still tell something.
            if self.missing == 0 { ColumnKind::Constant } else { ColumnKind::Categorical }
        } else if matches!(self.family, Family::Moment | Family::Clock) {
            ColumnKind::Date
        } else if self.all_numbers {
            if exactly(2) && self.all_whole { ColumnKind::Binary } else { ColumnKind::Numeric }
        } else if exactly(2) {
            ColumnKind::Binary
        } else if self.all_moments {
            ColumnKind::Date
        } else if self.full || seen > max_categories || (seen > FEW_VALUES && seen as u64 * 2 > present) {
            ColumnKind::Text
        } else {
            ColumnKind::Categorical
        }
    }

    /// Whether it names the rows: by name and content, or by content alone where that leaves no doubt.
    fn identifies(&self) -> bool {
        let Some(name) = self.name else { return false };
        if self.declared {
            return true;
        }
        let (present, complete) = (self.rows - self.missing, self.missing == 0);
        let unique = self.all_new && present > 1;
        if self.all_numbers {
            let numbered = self.consecutive && complete && self.rows >= FEWEST_IDENTIFIED;
            let is_range =
                || self.range.is_some_and(|(least, most)| self.numbering.is_range(present, least, most));
            return self.all_whole
                && match name {
                    Name::Identifies => unique || self.counts.len() >= NARROW_CAP || numbered,
                    Name::MayNumber => numbered || (complete && present >= FEWEST_NUMBERED && is_range()),
                    Name::Describes => numbered,
                };
        }
        let text = self.family == Family::Text && !self.all_moments;
        text && unique && (name == Name::Identifies || present >= FEWEST_IDENTIFIED)
    }
}

/// Digits that are a code, not an amount: `007`, the postcode `01234`.
fn is_code(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}
