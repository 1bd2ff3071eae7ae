//! The samples that BP4 sums over, and the sums themselves.

use crate::lanes::vector::{Vector, prefetch_to_read};
use crate::matrix::{Matrix, Rows};
use crate::real::Real;
use crate::tile::{Lines, accumulate};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Samples whose errors at one strip stay in the first-level cache while all inputs go past them.
pub(super) const AT_ONCE: usize = 256;

/// Pages of memory whose addresses the processor translates without delay, and the bytes of one.
const PAGES: usize = 96;
const PAGE: usize = 4096;

/// How many inputs further on the values of x are fetched ahead: no one else foresees where they are.
const AHEAD: usize = 16;

/// The samples of a batch: a row of δ and a row of x each.
#[derive(Clone, Copy)]
pub(crate) struct Samples<T> {
    delta: *const T,
    delta_stride: usize,
    x: Lines<T>,
    pub(crate) count: usize,
}

impl<T: Real> Samples<T> {
    /// As many as there are rows of both.
    pub(crate) fn new(delta: &Matrix<T>, x: Rows<'_, T>) -> Self {
        assert_eq!(delta.rows(), x.len(), "rows of δ and of x");
        Self { delta: delta.storage().as_ptr(), delta_stride: delta.stride(), x: x.lines(), count: x.len() }
    }

    /// Whether there are too many for one [`Table`], or their rows of x are so far apart that they are better copied side
    /// by side, a block of inputs at a time.
    pub(super) fn are_scattered(&self) -> bool {
        let row = self.x.stride * size_of::<T>();
        self.count > AT_ONCE || self.count * row.min(PAGE) > PAGES * PAGE
    }

    /// Where the rows of x are.
    ///
    /// # Safety
    /// There are such samples.
    pub(super) unsafe fn row(&self, i: usize) -> *const T {
        // SAFETY: the caller's promise.
        unsafe { self.x.row(i) }
    }

    /// The samples of `range`, at most [`AT_ONCE`], with the places of their rows of x.
    pub(super) fn batch<'a>(&self, range: Range<usize>, table: &'a mut Table<T>) -> Batch<'a, T> {
        // SAFETY: the rows exist.
        let x = table.fill(range.len(), |i| unsafe { self.row(range.start + i) });
        self.batch_at(range, x)
    }

    /// The samples of `range` with rows of x at these places.
    pub(super) fn batch_at<'a>(&self, range: Range<usize>, x: &'a [*const T]) -> Batch<'a, T> {
        let delta = self.delta.wrapping_add(range.start * self.delta_stride);
        Batch { x, delta, delta_stride: self.delta_stride }
    }
}

/// The places of up to [`AT_ONCE`] rows, looked up once and not again for every tile.
pub(super) struct Table<T>([MaybeUninit<*const T>; AT_ONCE]);

impl<T> Table<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; AT_ONCE])
    }

    #[inline(always)]
    pub(super) fn fill(&mut self, count: usize, place: impl Fn(usize) -> *const T) -> &[*const T] {
        let entries = &mut self.0[..count];
        for (i, entry) in entries.iter_mut().enumerate() {
            entry.write(place(i));
        }
        // SAFETY: all of these have just been written.
        unsafe { std::slice::from_raw_parts(entries.as_ptr().cast(), count) }
    }
}

/// Some samples, ready to be summed.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a, T> {
    x: &'a [*const T],
    delta: *const T,
    delta_stride: usize,
}

impl<T: Real> Batch<'_, T> {
    pub(super) fn len(&self) -> usize {
        self.x.len()
    }

    /// Adds the products of some of the samples to the sums of the inputs from `k` and the outputs from `j` on.
    ///
    /// # Safety
    /// The samples, inputs and outputs exist, and the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn add<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        sums: &mut [[V; C]; R],
        (k, j): (usize, usize),
        samples: Range<usize>,
    ) {
        let x = self.x.as_ptr();
        let stride = self.delta_stride;
        let mut delta = self.delta.wrapping_add(samples.start * stride + j);
        // SAFETY: the caller's promise. A prefetch may point anywhere.
        unsafe {
            accumulate(sums, samples, |i| {
                let (x, errors) = ((*x.add(i)).wrapping_add(k), delta);
                delta = delta.wrapping_add(stride);
                prefetch_to_read(x.wrapping_add(AHEAD));
                (move |r| *x.add(r), errors)
            });
        }
    }
}
