//! Images: pixels divided by white, classes as they are.

use super::{Prepared, TEST_SEED, TrainingSet, hold_out};
use crate::error::{Error, Result};
use crate::preprocessor::Preprocessor;
use crate::settings::{Config, Held};
use crate::source::DataSource;
use crate::subset::Subset;
use deltarule::Real;
use deltarule_tables::{Images, Labelled};
use std::sync::Arc;

/// Where the samples for the test come from.
enum Test {
    /// These of all samples.
    Rows(Vec<u32>),
    /// Other samples.
    Others(Labelled),
    None,
}

pub(super) fn prepare<T: Real>(
    settings: &Config,
    source: &DataSource,
    images: Images,
    samples: &Labelled,
) -> Result<Prepared<T>> {
    let all: Vec<u32> = (0..samples.len() as u32).collect();
    let (train, test) = match &settings.data.test {
        None => match source {
            DataSource::Images(_) => (all, source.test_images()?.map_or(Test::None, Test::Others)),
            _ => {
                let split = samples.split(TEST_SEED);
                (split.train, Test::Rows(split.held_out))
            }
        },
        Some(Held::Fraction(share)) => {
            let (train, test) = hold_out("test", &all, *share, &samples.labels, TEST_SEED)?;
            (train, Test::Rows(test))
        }
        Some(Held::File(path)) => {
            let (others, _) = DataSource::Images(path.clone()).test_images_or_all()?;
            (all, Test::Others(others))
        }
        Some(Held::Column(_)) => return Err(not_a_fraction("test")),
    };
    let seed = settings.training.seed.unwrap_or(0);
    let (train, validation) = match &settings.data.validation {
        None => (train, Vec::new()),
        Some(Held::Fraction(share)) => hold_out("validation", &train, *share, &samples.labels, seed)?,
        Some(Held::File(_) | Held::Column(_)) => return Err(not_a_fraction("validation")),
    };
    let data = Arc::new(images.dataset(samples)?);
    let picked = |rows: Vec<u32>| Subset::picked(&data, rows);
    let test = match test {
        Test::Rows(rows) => Some(picked(rows)),
        Test::Others(others) => Some(Subset::whole(images.dataset(&others)?)),
        Test::None => None,
    };
    Ok(Prepared {
        training: TrainingSet::of(picked(train)),
        validation: Some(picked(validation)).filter(|part| !part.is_empty()),
        test: test.filter(|part| !part.is_empty()),
        preprocessor: Preprocessor::of_images(settings.data.clone(), images),
        class_weights: None,
        overview: None,
        notices: Vec::new(),
    })
}

fn not_a_fraction(setting: &'static str) -> Error {
    Error::setting(setting, "a fraction for images", "something for tables")
}
