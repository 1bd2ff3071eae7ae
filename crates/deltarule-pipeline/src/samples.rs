//! The samples that a trained network is measured on and explained with, prepared as they were for its training.

use crate::error::{Error, Result};
use crate::prepare::{TEST_SEED, train_test_split};
use crate::preprocessor::{Preprocessor, Transform};
use crate::reading::read_options_for_model;
use crate::settings::Held;
use crate::source::DataSource;
use crate::subset::Subset;
use deltarule::Real;
use deltarule_tables::prepare::TransformReport;
use deltarule_tables::table::Table;
use deltarule_tables::{Notice, TablePreprocessor};
use std::fmt;
use std::sync::Arc;

/// Samples with their targets, read from a source.
#[derive(Clone, Debug)]
pub struct SampleSet<T: Real> {
    /// The samples, in the order of the source.
    pub samples: Subset<T>,
    /// Which of the source's samples they are.
    pub which: Which,
    /// What the user should know of them.
    pub notices: Vec<Notice>,
}

/// Which samples of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Which {
    /// All that have a target.
    All,
    /// Its test images.
    TestImages,
    /// The fifth of a built-in set of images that is held out for the test.
    Fifth,
    /// The share of a table that was held out for the test.
    Share(f64),
}

impl Which {
    /// What to call these samples of `source`.
    pub fn of(self, source: &str) -> String {
        match self {
            Self::All => source.to_owned(),
            Self::TestImages => format!("the test images of {source}"),
            Self::Fifth => format!("the held-out fifth of {source}"),
            Self::Share(share) => format!("the held-out {} of {source}", Percent(share)),
        }
    }
}

/// A share in percent, without the noise of its last bits.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", (1e6 * self.0).round() / 1e4)
    }
}

impl<T: Real> SampleSet<T> {
    fn whole(data: deltarule::Dataset<T>, which: Which) -> Self {
        Self { samples: Subset::whole(data), which, notices: Vec::new() }
    }

    /// The rows of a table that have a target.
    pub(crate) fn of_table(
        preprocessor: &TablePreprocessor,
        table: &dyn Table,
        which: Which,
    ) -> Result<Self> {
        let mut report = TransformReport::default();
        let (data, left_out) = preprocessor.dataset(table, &mut report)?;
        let mut notices = report.warnings();
        if left_out > 0 {
            notices.push(Notice::new(format!("{left_out} rows have no target and are left out")));
        }
        Ok(Self { samples: Subset::whole(data), which, notices })
    }
}

impl Preprocessor {
    /// All samples that the network was trained on, with what was held out of them.
    ///
    /// # Errors
    /// [`Error::DataGone`] when they came through a pipe or lay in memory; as [`Preprocessor::samples`].
    pub fn training_source<T: Real>(&self) -> Result<SampleSet<T>> {
        let source = self.source()?;
        match &self.transform {
            Transform::Images(images) => {
                Ok(SampleSet::whole(images.dataset(&source.labelled()?)?, Which::All))
            }
            Transform::Table(table) => SampleSet::of_table(table, &*self.table(&source, table)?, Which::All),
        }
    }

    /// The samples of this source; of a folder of images with a test pair, its test images.
    ///
    /// # Errors
    /// When the source cannot be read, or holds other data than the network was trained on.
    pub fn samples<T: Real>(&self, source: &DataSource) -> Result<SampleSet<T>> {
        match &self.transform {
            Transform::Images(images) => {
                let (samples, which) = source.test_images_or_all()?;
                Ok(SampleSet::whole(images.dataset(&samples)?, which))
            }
            Transform::Table(table) => SampleSet::of_table(table, &*self.table(source, table)?, Which::All),
        }
    }

    /// What was held out for the final figures when the network was trained: samples of
    /// [`Preprocessor::test_source`].
    ///
    /// # Errors
    /// [`Error::NothingHeldOut`]; as [`Preprocessor::training_source`].
    pub fn test_samples<T: Real>(&self) -> Result<SampleSet<T>> {
        if let Some(Held::File(path)) = &self.data.test {
            return self.samples(&DataSource::parse(&[path.to_string_lossy()])?);
        }
        let source = self.source()?;
        match (&self.data.test, &source, &self.transform) {
            (None, DataSource::Images(_), Transform::Images(images)) => {
                let test = source.test_images()?.ok_or(Error::NothingHeldOut)?;
                Ok(SampleSet::whole(images.dataset(&test)?, Which::TestImages))
            }
            (None, DataSource::Builtin(set), Transform::Images(images)) => {
                let samples = set.load();
                let rows = samples.split(TEST_SEED).held_out;
                let samples = Subset::picked(&Arc::new(images.dataset(&samples)?), rows);
                Ok(SampleSet { samples, which: Which::Fifth, notices: Vec::new() })
            }
            (Some(Held::Fraction(share)), _, Transform::Table(table)) if *share > 0.0 => {
                let (_, test) = train_test_split(&*self.table(&source, table)?, *share)?;
                SampleSet::of_table(table, &test, Which::Share(*share))
            }
            _ => Err(Error::NothingHeldOut),
        }
    }

    /// The words that name where [`Preprocessor::test_samples`] lie.
    pub fn test_source(&self) -> String {
        match &self.data.test {
            Some(Held::File(path)) => path.display().to_string(),
            _ => self.data.source.as_deref().unwrap_or_default().join(" "),
        }
    }

    /// A source as the table that the network was trained on would have been read.
    fn table(&self, source: &DataSource, preprocessor: &TablePreprocessor) -> Result<Box<dyn Table>> {
        source.table(&read_options_for_model(&self.data, preprocessor))
    }

    /// Where the training data came from.
    fn source(&self) -> Result<DataSource> {
        match self.data.source.as_deref().unwrap_or_default() {
            [] => Err(Error::DataGone { place: "a data frame in memory" }),
            words if words.iter().any(|word| word == "-") => Err(Error::DataGone { place: "standard input" }),
            words => DataSource::parse(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_called_by_what_they_are() {
        assert_eq!(Which::Share(0.07).of("houses.csv"), "the held-out 7 % of houses.csv");
        assert_eq!(Which::Fifth.of("digits"), "the held-out fifth of digits");
        assert_eq!(Which::All.of("a.csv b.csv"), "a.csv b.csv");
    }
}
