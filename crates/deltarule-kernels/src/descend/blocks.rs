//! BP4 where the rows of x are scattered over memory, or too many: block by block, each copied side by side first.

use super::Descend;
use super::batch::{AT_ONCE, Samples, Table};
use super::rest::Rest;
use crate::isa::Task;
use crate::lanes::vector::Vector;
use crate::matrix::Line;
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::even_tiles;
use crate::update::Store;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Strips that a block of x serves before it is copied anew.
const STRIPS: usize = 8;

/// Cache lines of one sample in a block, at most: an odd number, so that the rows spread over the cache.
const LINES: usize = 5;

/// Rows of a strip's sums in a block, at most.
const INPUTS: usize = LINES * 16;

/// Tiles of a block: their inputs fill whole cache lines.
const fn tiles<T: Real>() -> usize {
    T::PER_LINE / 2
}

/// The inputs `rows` of some strips.
pub(super) struct InBlocks<'a, T, S> {
    pub(super) step: &'a Descend<'a, T, S>,
    pub(super) samples: Samples<T>,
    pub(super) strips: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl<T: Real, S: Store<T>> Task<T> for InBlocks<'_, T, S> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { step, samples, strips, rows } = self;
        let mut table = Table::new();
        let mut x = [const { MaybeUninit::<Line>::uninit() }; AT_ONCE * LINES];
        let mut sums = [const { MaybeUninit::<Line>::uninit() }; STRIPS * INPUTS * 2];
        let (x, sums): (*mut T, *mut T) = (x.as_mut_ptr().cast(), sums.as_mut_ptr().cast());
        let width = V::UPDATE_ROWS * const { tiles::<T>() };
        debug_assert!(width * size_of::<T>() <= LINES * 64 && width.is_multiple_of(V::COUNT));
        for first in rows.clone().step_by(width) {
            let rows = first..rows.end.min(first + width);
            for group in strips.clone().step_by(STRIPS) {
                let group = group..strips.end.min(group + STRIPS);
                for range in even_tiles(samples.count, AT_ONCE) {
                    let (begins, ends) = (range.start == 0, range.end == samples.count);
                    // SAFETY: the samples and inputs exist; a block has room for AT_ONCE rows of `width` values, and for the
                    // sums of STRIPS strips of `width` rows of a panel's width; `Task::run` is entered with the
                    // instructions of `V`.
                    unsafe {
                        for i in 0..range.len() {
                            let row = samples.row(range.start + i).add(first);
                            std::ptr::copy_nonoverlapping(row, x.add(i * width), rows.len());
                        }
                        let places =
                            table.fill(range.len(), |i| x.wrapping_add(i * width).wrapping_sub(first));
                        let batch = samples.batch_at(range, places);
                        for n in group.clone() {
                            let sums = sums.add((n - group.start) * width * Panels::<T>::WIDTH);
                            let rest = Rest::new(sums, first, begins, ends);
                            step.strip::<V>(n, &batch, &rows, &rest);
                        }
                    }
                }
            }
        }
    }
}
