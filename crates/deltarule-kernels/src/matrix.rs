//! Row-major matrices whose rows start on cache lines, and views of some of their rows.

use crate::buffer::Buffer;
use crate::lanes::Real;
use crate::prefetch::prefetch_to_read;
use crate::raw::{RawMatrix, RawRows};
use std::fmt;
use std::ops::Range;

/// A matrix stored row by row: a batch has one sample a row.
///
/// Every row starts on a cache line and is padded with zeros to whole lines, so that a vector load of the last
/// values of a row stays inside it. The distance between rows is an odd number of lines as soon as it is four
/// or more: rows a power of two apart would compete for the same few sets of the cache.
#[derive(Clone)]
pub struct Matrix<T> {
    values: Buffer<T>,
    rows: usize,
    cols: usize,
    stride: usize,
}

/// Values from the start of one row to the start of the next.
fn stride_for<T: Real>(cols: usize) -> usize {
    let lines = cols.div_ceil(T::PER_LINE);
    let lines = if lines >= 4 && lines.is_multiple_of(2) { lines + 1 } else { lines };
    lines * T::PER_LINE
}

impl<T: Real> Matrix<T> {
    /// A matrix of zeros.
    ///
    /// # Panics
    /// When it cannot be allocated; [`Matrix::try_zeros`] returns `None` instead.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        let stride = stride_for::<T>(cols);
        let len = rows.checked_mul(stride).expect("a matrix larger than the address space");
        Self { values: Buffer::zeros(len), rows, cols, stride }
    }

    /// A matrix of zeros, or `None` where it cannot be allocated.
    pub fn try_zeros(rows: usize, cols: usize) -> Option<Self> {
        let stride = stride_for::<T>(cols);
        Some(Self { values: Buffer::try_zeros(rows.checked_mul(stride)?)?, rows, cols, stride })
    }

    /// The matrix with `value(i, j)` in row `i` and column `j`.
    pub fn from_fn(rows: usize, cols: usize, mut value: impl FnMut(usize, usize) -> T) -> Self {
        let mut matrix = Self::zeros(rows, cols);
        for i in 0..rows {
            for (j, cell) in matrix.row_mut(i).iter_mut().enumerate() {
                *cell = value(i, j);
            }
        }
        matrix
    }

    /// The matrix with these rows, which must be of one length.
    ///
    /// # Panics
    /// When a row's length differs from the first one's.
    pub fn from_rows<R: AsRef<[T]>>(rows: &[R]) -> Self {
        let cols = rows.first().map_or(0, |row| row.as_ref().len());
        let mut matrix = Self::zeros(rows.len(), cols);
        for (i, row) in rows.iter().enumerate() {
            matrix.row_mut(i).copy_from_slice(row.as_ref());
        }
        matrix
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Values from the start of one row to the start of the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Row `i`, without its padding.
    pub fn row(&self, i: usize) -> &[T] {
        assert!(i < self.rows, "row {i} of a matrix of {} rows", self.rows);
        &self.values.as_slice()[i * self.stride..][..self.cols]
    }

    /// Row `i`, without its padding.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        assert!(i < self.rows, "row {i} of a matrix of {} rows", self.rows);
        let (start, cols) = (i * self.stride, self.cols);
        &mut self.values.as_mut_slice()[start..][..cols]
    }

    /// The value in row `i` and column `j`.
    pub fn at(&self, i: usize, j: usize) -> T {
        self.row(i)[j]
    }

    /// Sets the number of rows without touching the values of those that stay; added rows are zero. Shrinking and
    /// growing again within the largest size so far allocates nothing.
    pub fn resize_rows(&mut self, rows: usize) {
        self.values.resize(rows * self.stride);
        self.rows = rows;
    }

    /// The rows as the products write them.
    pub(crate) fn raw(&mut self) -> RawMatrix<T> {
        RawMatrix { base: self.values.as_mut_slice().as_mut_ptr(), stride: self.stride }
    }

    /// The whole storage, padding included: row `i` starts at `i * stride()`.
    pub fn storage(&self) -> &[T] {
        self.values.as_slice()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.values.bytes()
    }
}

impl<T: Real> PartialEq for Matrix<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
            && self.cols == other.cols
            && (0..self.rows).all(|i| self.row(i) == other.row(i))
    }
}

impl<T: Real> fmt::Debug for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..self.rows).map(|i| self.row(i))).finish()
    }
}

/// Which rows of the matrix, in which order: all from one on, or those with these indices.
#[derive(Clone, Copy)]
enum Selection<'a> {
    From(usize),
    Picked(&'a [u32]),
}

/// Some rows of a [`Matrix`], read where they lie: a mini-batch of shuffled samples needs no copy.
#[derive(Clone, Copy)]
pub struct Rows<'a, T> {
    matrix: &'a Matrix<T>,
    selection: Selection<'a>,
    len: usize,
}

impl<'a, T: Real> Rows<'a, T> {
    /// All rows in order.
    pub fn all(matrix: &'a Matrix<T>) -> Self {
        Self { matrix, selection: Selection::From(0), len: matrix.rows }
    }

    /// The rows of `range` in order.
    ///
    /// # Panics
    /// When the range reaches outside the matrix.
    pub fn range(matrix: &'a Matrix<T>, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= matrix.rows, "rows {range:?} of {}", matrix.rows);
        Self { matrix, selection: Selection::From(range.start), len: range.len() }
    }

    /// The rows of these indices, in this order.
    ///
    /// # Panics
    /// When an index is not a row of the matrix.
    pub fn picked(matrix: &'a Matrix<T>, indices: &'a [u32]) -> Self {
        let rows = matrix.rows;
        assert!(indices.iter().all(|&i| (i as usize) < rows), "an index past the {rows} rows");
        Self { matrix, selection: Selection::Picked(indices), len: indices.len() }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.matrix.cols
    }

    /// The rows as the products read them.
    pub(crate) fn raw(&self) -> RawRows<T> {
        let (base, stride) = (self.storage().as_ptr(), self.matrix.stride);
        match self.selection {
            Selection::From(first) => RawRows::consecutive(base.wrapping_add(first * stride), stride),
            Selection::Picked(indices) => RawRows::picked(base, indices, stride),
        }
    }

    /// Where row `i` of this view starts in the matrix's storage.
    #[inline]
    pub(crate) fn start(&self, i: usize) -> usize {
        debug_assert!(i < self.len);
        let row = match self.selection {
            Selection::From(first) => first + i,
            Selection::Picked(indices) => indices[i] as usize,
        };
        row * self.matrix.stride
    }

    /// The matrix's storage, for [`Rows::start`] to point into.
    pub(crate) fn storage(&self) -> &'a [T] {
        self.matrix.storage()
    }

    /// Row `i` of this view.
    pub fn row(&self, i: usize) -> &'a [T] {
        assert!(i < self.len, "row {i} of a view of {} rows", self.len);
        &self.storage()[self.start(i)..][..self.matrix.cols]
    }

    /// Fetches the rows into the cache for a product that reads them soon, where the matrix is larger than the second-level
    /// cache and the rows are not. Only their first lines: the processor foresees the rest. Changes nothing but time.
    pub fn fetch_ahead(&self) {
        const SECOND_LEVEL: usize = 1 << 20;
        const LINES: usize = 8;
        let bytes = self.len * self.matrix.stride * size_of::<T>();
        if self.matrix.bytes() <= SECOND_LEVEL || bytes > SECOND_LEVEL / 2 {
            return;
        }
        for row in self.iter() {
            for line in row.chunks(T::PER_LINE).take(LINES) {
                prefetch_to_read(line.as_ptr());
            }
        }
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [T]> + use<'a, T> {
        let rows = *self;
        (0..rows.len).map(move |i| rows.row(i))
    }

    /// The rows `range` of this view.
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.len, "rows {range:?} of {}", self.len);
        let selection = match self.selection {
            Selection::From(first) => Selection::From(first + range.start),
            Selection::Picked(indices) => Selection::Picked(&indices[range.clone()]),
        };
        Self { matrix: self.matrix, selection, len: range.len() }
    }
}

impl<'a, T: Real> From<&'a Matrix<T>> for Rows<'a, T> {
    fn from(matrix: &'a Matrix<T>) -> Self {
        Self::all(matrix)
    }
}
