//! The samples that BP4 sums over, and the sums themselves.

use crate::lanes::Real;
use crate::lanes::vector::Vector;
use crate::matrix::{Matrix, Rows};
use crate::microkernel::accumulate;
use crate::panels::Panels;
use crate::prefetch::prefetch_to_read;
use crate::raw::RawRows;
use std::mem::MaybeUninit;
use std::ops::Range;

/// The most samples of a [`Chunk`]: their errors at one micro-panel stay in the first-level cache while all its rows are
/// summed.
pub(super) const CHUNK: usize = 256;

/// How many pages of memory the processor translates the addresses of without delay, and the bytes of a page.
const PAGES: usize = 96;
const PAGE: usize = 4096;

/// How many rows ahead the values of `left` are fetched: the processor does not foresee where they are.
const AHEAD: usize = 16;

/// The samples of a batch, each a row of x and one of δ.
#[derive(Clone, Copy)]
pub(crate) struct Samples<T> {
    /// What the rows of the panels stand for, broadcast value by value: x, or δ where the weights are narrow.
    pub(super) left: RawRows<T>,
    /// What the lanes stand for: δ, or x.
    pub(super) right: RawRows<T>,
    pub(crate) count: usize,
}

impl<T: Real> Samples<T> {
    /// The rows of both, which are equally many.
    pub(crate) fn new(delta: &Matrix<T>, x: Rows<'_, T>, w: &Panels<T>) -> Self {
        assert_eq!(delta.rows(), x.len(), "rows of δ and of x");
        let (count, x, delta) = (x.len(), x.raw(), Rows::all(delta).raw());
        let (left, right) = if w.are_narrow() { (delta, x) } else { (x, delta) };
        // No rows at all count as consecutive.
        let right = if count == 0 { RawRows::consecutive(right.base, right.stride) } else { right };
        Self { left, right, count }
    }

    /// Whether they are better copied side by side, a block at a time: where they are too many for one [`Chunk`], too far apart
    /// on the left, or not consecutive on the right.
    pub(crate) fn need_copies(&self) -> bool {
        let row = self.left.stride * size_of::<T>();
        self.count > CHUNK || self.count * row.min(PAGE) > PAGES * PAGE || !self.right.are_consecutive()
    }

    /// The samples as one chunk, read where they lie: they must be ones that need no copies.
    pub(super) fn chunk<'a>(&self, table: &'a mut RowTable<T>) -> Chunk<'a, T> {
        // SAFETY: the rows exist.
        let left = table.fill(self.count, |i| unsafe { self.left.row(i) });
        Chunk::new(left, self.right)
    }
}

/// The addresses of up to [`CHUNK`] rows, looked up once and not again for every tile.
pub(super) struct RowTable<T>([MaybeUninit<*const T>; CHUNK]);

impl<T> RowTable<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; CHUNK])
    }

    #[inline(always)]
    pub(super) fn fill(&mut self, count: usize, address: impl Fn(usize) -> *const T) -> &[*const T] {
        let entries = &mut self.0[..count];
        for (i, entry) in entries.iter_mut().enumerate() {
            entry.write(address(i));
        }
        // SAFETY: all of these have just been written.
        unsafe { std::slice::from_raw_parts(entries.as_ptr().cast(), count) }
    }
}

/// Some samples, ready to be summed: the address of each on the left, and on the right that of the first and the distance
/// to the next.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a, T> {
    left: &'a [*const T],
    right: *const T,
    stride: usize,
}

impl<'a, T: Real> Chunk<'a, T> {
    pub(super) fn new(left: &'a [*const T], right: RawRows<T>) -> Self {
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
