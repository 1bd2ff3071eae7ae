//! The NPY files of the benchmark's driver, straight into a matrix.

use anyhow::{Context, Result, bail};
use deltarule::{Matrix, Real};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// What the 4 bytes of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    Class,
}

/// An open file: `rows` rows of `cols` values are to be read from it.
pub(crate) struct Npy {
    pub(crate) kind: Kind,
    file: BufReader<File>,
}

impl Npy {
    /// Opens a file of version 1.0 in row order, as the driver writes it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut file = BufReader::with_capacity(1 << 20, file);
        let mut start = [0; 10];
        file.read_exact(&mut start)?;
        if !start.starts_with(b"\x93NUMPY\x01\x00") {
            bail!("{} is no NPY file of version 1.0", path.display());
        }
        let mut header = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
        file.read_exact(&mut header)?;
        let header = String::from_utf8_lossy(&header).into_owned();
        let kind = match header.split('\'').nth(3) {
            Some("<f4") => Kind::Float,
            Some("<u4") => Kind::Class,
            other => bail!("{} holds {other:?}", path.display()),
        };
        Ok(Self { kind, file })
    }

    /// The next `rows` rows.
    pub(crate) fn floats<T: Real>(mut self, rows: usize, cols: usize) -> Result<Matrix<T>> {
        let mut matrix = Matrix::zeros(rows, cols);
        let mut value = [0; 4];
        for i in 0..rows {
            for cell in matrix.row_mut(i) {
                self.file.read_exact(&mut value)?;
                *cell = T::from_f64(f64::from(f32::from_le_bytes(value)));
            }
        }
        Ok(matrix)
    }

    /// The next `rows` classes of `classes`, one-hot.
    pub(crate) fn one_hot<T: Real>(mut self, rows: usize, classes: usize) -> Result<Matrix<T>> {
        let mut matrix = Matrix::zeros(rows, classes);
        let mut value = [0; 4];
        for i in 0..rows {
            self.file.read_exact(&mut value)?;
            let class = u32::from_le_bytes(value) as usize;
            *matrix.row_mut(i).get_mut(class).with_context(|| format!("class {class} of {classes}"))? =
                T::ONE;
        }
        Ok(matrix)
    }
}
