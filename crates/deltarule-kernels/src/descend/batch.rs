//! The samples that BP4 sums over, and the sums themselves.

use crate::lanes::vector::{Vector, prefetch_to_read};
use crate::matrix::{Matrix, Rows};
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{Lines, accumulate};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Samples whose errors at one strip stay in the first-level cache while all rows of the panels go past them.
pub(super) const AT_ONCE: usize = 256;

/// Pages of memory whose addresses the processor translates without delay, and the bytes of one.
const PAGES: usize = 96;
const PAGE: usize = 4096;

/// How many rows of the panels further on the values of `left` are fetched ahead: no one else foresees where they are.
const AHEAD: usize = 16;

/// The samples of a batch: a row of x and one of δ each.
#[derive(Clone, Copy)]
pub(crate) struct Samples<T> {
    /// What belongs to the rows of the panels, one value at a time in all lanes: x, or δ where the weights are narrow.
    pub(super) left: Lines<T>,
    /// What belongs to the lanes: δ, or x.
    pub(super) right: Lines<T>,
    pub(crate) count: usize,
}

impl<T: Real> Samples<T> {
    /// As many as there are rows of both.
    pub(crate) fn new(delta: &Matrix<T>, x: Rows<'_, T>, w: &Panels<T>) -> Self {
        assert_eq!(delta.rows(), x.len(), "rows of δ and of x");
        let (count, x, delta) = (x.len(), x.lines(), Rows::all(delta).lines());
        let (left, right) = if w.are_narrow() { (delta, x) } else { (x, delta) };
        // No rows are in order, whatever they were picked from.
        let right = if count == 0 { Lines::consecutive(right.base, right.stride) } else { right };
        Self { left, right, count }
    }

    /// Whether they are better copied side by side, a block at a time: where there are too many for one [`Table`], or too
    /// far apart on the left, or in no order on the right.
    pub(crate) fn need_copies(&self) -> bool {
        let row = self.left.stride * size_of::<T>();
        self.count > AT_ONCE || self.count * row.min(PAGE) > PAGES * PAGE || !self.right.are_consecutive()
    }

    /// The samples of `range`, at most [`AT_ONCE`], read where they lie; those on the right are consecutive.
    pub(super) fn batch<'a>(&self, range: Range<usize>, table: &'a mut Table<T>) -> Batch<'a, T> {
        // SAFETY: the rows exist.
        let left = table.fill(range.len(), |i| unsafe { self.left.row(range.start + i) });
        Batch::new(left, self.right.from(range.start))
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

/// Some samples, ready to be summed: a place each on the left, and on the right the first one's and how far the next is.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a, T> {
    left: &'a [*const T],
    right: *const T,
    stride: usize,
}

impl<'a, T: Real> Batch<'a, T> {
    pub(super) fn new(left: &'a [*const T], right: Lines<T>) -> Self {
        debug_assert!(right.are_consecutive());
        Self { left, right: right.base, stride: right.stride }
    }

    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    /// Adds the products of some of the samples to the sums of the rows from `row` and the lanes from `lane` on.
    ///
    /// # Safety
    /// The samples, rows and lanes exist, and the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn add<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        sums: &mut [[V; C]; R],
        (row, lane): (usize, usize),
        samples: Range<usize>,
    ) {
        let left = self.left.as_ptr();
        let mut right = self.right.wrapping_add(samples.start * self.stride + lane);
        // SAFETY: the caller's promise. A prefetch may point anywhere.
        unsafe {
            accumulate(sums, samples, |i| {
                let operands = ((*left.add(i)).wrapping_add(row), right);
                right = right.wrapping_add(self.stride);
                prefetch_to_read(operands.0.wrapping_add(AHEAD));
                (move |r| *operands.0.add(r), operands.1)
            });
        }
    }
}
