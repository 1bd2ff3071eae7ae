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
        Self::read_on(folder, 2)
    }

    /// As [`Mnist::read`], the training and the test files one after the other where there is one thread only.
    pub(crate) fn read_on(folder: &Path, threads: usize) -> Result<Self> {
        let found = find(folder).with_context(|| format!("no MNIST in {}", folder.display()))?;
        let test = found.test.with_context(|| format!("no test images in {}", folder.display()))?;
        let (train, test) = if threads == 1 {
            (read(&found.train), read(&test))
        } else {
            std::thread::scope(|scope| {
                let test = scope.spawn(|| read(&test));
                (read(&found.train), test.join().expect("a reader ends"))
            })
        };
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

    /// All 60,000 images to train on, and the test images.
    pub(crate) fn into_all(self) -> Result<(Dataset<f32>, Dataset<f32>)> {
        Ok((whole(self.train)?, whole(self.test)?))
    }

    /// The test images.
    pub(crate) fn testing(&self) -> Result<Dataset<f32>> {
        part(&self.test, 0, self.test.len())
    }
}

fn read(files: &Files) -> Result<Labelled> {
    Ok(Pair::read(files)?.labelled(255.0))
}

fn whole(labelled: Labelled) -> Result<Dataset<f32>> {
    let y = one_hot(&labelled, 0, labelled.len());
    Ok(Dataset::new(labelled.x, y, None)?)
}

fn part(labelled: &Labelled, from: usize, to: usize) -> Result<Dataset<f32>> {
    let x = Matrix::from_rows(&(from..to).map(|i| labelled.x.row(i)).collect::<Vec<_>>());
    Ok(Dataset::new(x, one_hot(labelled, from, to), None)?)
}

fn one_hot(labelled: &Labelled, from: usize, to: usize) -> Matrix<f32> {
    let mut y = Matrix::zeros(to - from, labelled.classes.len());
    for i in from..to {
        y.row_mut(i - from)[labelled.labels[i] as usize] = 1.0;
    }
    y
}
