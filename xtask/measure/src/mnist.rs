//! MNIST as the book divides it: 50,000 images to train on, 10,000 for validation, 10,000 to test on.

use anyhow::{Context, Result, bail};
use deltarule::{Dataset, Matrix};
use deltarule_tables::Labelled;
use deltarule_tables::idx::{Files, Pair, find};
use std::path::Path;

const TRAINING: usize = 50_000;

/// The 60,000 images in their original order, and the test images.
pub(crate) struct Mnist {
    pub(crate) train: Labelled,
    pub(crate) test: Labelled,
}

impl Mnist {
    /// Reads the four files from a folder.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let found = find(folder).with_context(|| format!("no MNIST in {}", folder.display()))?;
        let test = found.test.with_context(|| format!("no test images in {}", folder.display()))?;
        let (train, test) = std::thread::scope(|scope| {
            let test = scope.spawn(|| read(&test));
            (read(&found.train), test.join().expect("a reader ends"))
        });
        let (train, test) = (train?, test?);
        for (labelled, images) in [(&train, 60_000), (&test, 10_000)] {
            if labelled.len() != images || labelled.x.cols() != 784 || labelled.classes.len() != 10 {
                bail!("{} holds another data set than MNIST", folder.display());
            }
        }
        Ok(Self { train, test })
    }

    /// The first 50,000 images.
    pub(crate) fn training(&self) -> Result<Dataset<f32>> {
        part(&self.train, 0, TRAINING)
    }

    /// The 10,000 after them.
    pub(crate) fn validation(&self) -> Result<Dataset<f32>> {
        part(&self.train, TRAINING, self.train.len())
    }

    /// All 60,000.
    pub(crate) fn all_training(&self) -> Result<Dataset<f32>> {
        part(&self.train, 0, self.train.len())
    }

    /// The test images.
    pub(crate) fn testing(&self) -> Result<Dataset<f32>> {
        part(&self.test, 0, self.test.len())
    }
}

fn read(files: &Files) -> Result<Labelled> {
    Ok(Pair::read(files)?.labelled(255.0))
}

fn part(labelled: &Labelled, from: usize, to: usize) -> Result<Dataset<f32>> {
    let x = Matrix::from_rows(&(from..to).map(|i| labelled.x.row(i)).collect::<Vec<_>>());
    let y = Matrix::from_fn(to - from, labelled.classes.len(), |i, j| {
        f32::from(u8::from(labelled.labels[from + i] as usize == j))
    });
    Ok(Dataset::new(x, y, None)?)
}
