//! Row-major matrices whose rows start on cache lines, and views of some of their rows.

use crate::huge_pages;
use crate::lanes::vector::prefetch_to_read;
use crate::real::Real;
use crate::tile::{Lines, Target};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// One cache line; gives buffers their alignment.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line([u8; 64]);

/// Zeroed memory for `len` values, rounded up to whole cache lines and aligned to them.
#[derive(Clone)]
pub(crate) struct Buffer<T> {
    lines: Vec<Line>,
    values: PhantomData<T>,
}

impl<T: Real> Buffer<T> {
    pub(crate) fn zeros(len: usize) -> Self {
        Self::try_zeros(len).unwrap_or_else(|| panic!("no memory for {len} values of {}", T::NAME))
    }

    pub(crate) fn try_zeros(len: usize) -> Option<Self> {
        let count = len.div_ceil(T::PER_LINE);
        let mut lines = Vec::new();
        lines.try_reserve_exact(count).ok()?;
        huge_pages::ask_for(lines.spare_capacity_mut());
        lines.resize(count, Line([0; 64]));
        Some(Self { lines, values: PhantomData })
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: the lines are initialised and contiguous, f32 and f64 (the only `Real`s) accept every bit
        // pattern, their alignment divides 64, and PER_LINE values take exactly the bytes of one line.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * T::PER_LINE) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as in `as_slice`; the exclusive borrow of `self` is passed on to the slice.
        unsafe {
            std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * T::PER_LINE)
        }
    }
}

impl<T: Real> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

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
    /// When it cannot be allocated; [`Matrix::try_zeros`] tells instead.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        let stride = stride_for::<T>(cols);
        let len = rows.checked_mul(stride).expect("a matrix larger than the address space");
        Self { values: Buffer::zeros(len), rows, cols, stride }
    }

    /// A matrix of zeros, or `None` where the memory cannot be had.
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
        let lines = rows * self.stride / T::PER_LINE;
        self.values.lines.resize(lines, Line([0; 64]));
        self.rows = rows;
    }

    /// The rows as the products write them.
    pub(crate) fn target(&mut self) -> Target<T> {
        Target { base: self.values.as_mut_slice().as_mut_ptr(), stride: self.stride }
    }

    /// The whole storage, padding included: row `i` starts at `i * stride()`.
    pub fn storage(&self) -> &[T] {
        self.values.as_slice()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.values.lines.len() * 64
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

/// Which rows of the matrix, in which order.
#[derive(Clone, Copy)]
enum Choice<'a> {
    From(usize),
    Picked(&'a [u32]),
}

/// Some rows of a [`Matrix`], read where they lie: a mini-batch of shuffled samples needs no copy.
#[derive(Clone, Copy)]
pub struct Rows<'a, T> {
    matrix: &'a Matrix<T>,
    choice: Choice<'a>,
    len: usize,
}

impl<'a, T: Real> Rows<'a, T> {
    /// All rows in order.
    pub fn all(matrix: &'a Matrix<T>) -> Self {
        Self { matrix, choice: Choice::From(0), len: matrix.rows }
    }

    /// The rows of `range` in order.
    ///
    /// # Panics
    /// When the range reaches outside the matrix.
    pub fn range(matrix: &'a Matrix<T>, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= matrix.rows, "rows {range:?} of {}", matrix.rows);
        Self { matrix, choice: Choice::From(range.start), len: range.len() }
    }

    /// The rows of these indices, in this order.
    ///
    /// # Panics
    /// When an index is not a row of the matrix.
    pub fn picked(matrix: &'a Matrix<T>, indices: &'a [u32]) -> Self {
        let rows = matrix.rows;
        assert!(indices.iter().all(|&i| (i as usize) < rows), "an index past the {rows} rows");
        Self { matrix, choice: Choice::Picked(indices), len: indices.len() }
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
    pub(crate) fn lines(&self) -> Lines<T> {
        let (base, stride) = (self.storage().as_ptr(), self.matrix.stride);
        match self.choice {
            Choice::From(first) => Lines::consecutive(base.wrapping_add(first * stride), stride),
            Choice::Picked(indices) => Lines::picked(base, indices, stride),
        }
    }

    /// Where row `i` of this view starts in the matrix's storage.
    #[inline]
    pub(crate) fn start(&self, i: usize) -> usize {
        debug_assert!(i < self.len);
        let row = match self.choice {
            Choice::From(first) => first + i,
            Choice::Picked(indices) => indices[i] as usize,
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

    /// Has the rows fetched for a product that comes to them soon, where the matrix is larger than the second-level cache and
    /// the rows are not: their beginnings, after which the processor foresees the rest. Changes nothing but the time that
    /// takes.
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

    /// The part of this view from row `range.start` to before row `range.end`.
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.len, "rows {range:?} of {}", self.len);
        let choice = match self.choice {
            Choice::From(first) => Choice::From(first + range.start),
            Choice::Picked(indices) => Choice::Picked(&indices[range.clone()]),
        };
        Self { matrix: self.matrix, choice, len: range.len() }
    }
}

impl<'a, T: Real> From<&'a Matrix<T>> for Rows<'a, T> {
    fn from(matrix: &'a Matrix<T>) -> Self {
        Self::all(matrix)
    }
}
