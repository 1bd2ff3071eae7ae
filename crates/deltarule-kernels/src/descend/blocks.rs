//! BP4 where the rows of x are scattered over memory, or too many: block by block, each copied side by side first.

use super::Descend;
use super::batch::{AT_ONCE, Batch, Samples, Table};
use super::rest::Rest;
use crate::isa::Task;
use crate::lanes::vector::Vector;
use crate::matrix::Line;
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{Lines, even_tiles};
use crate::update::Store;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Strips that a block of the left side serves before it is copied anew.
const STRIPS: usize = 8;

/// As many panels, or twice as many, have so many strips: a thread should not take fewer at a time.
pub(crate) const PANELS_A_COPY: usize = STRIPS;

/// Rows of a block of [`AT_ONCE`] samples, at most; fewer samples have more of them, so that what is done once a block does not
/// weigh more.
const ROWS: usize = 80;

/// Cache lines that so many values of a sample take in f64.
const LINES: usize = ROWS / 8;

/// Tiles of a block of so many samples: eight or a multiple, so that their rows fill whole cache lines.
fn tiles(samples: usize) -> usize {
    8 * (AT_ONCE / samples.max(1)).clamp(1, 4)
}

/// The rows `rows` of some strips.
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
        let mut left = [const { MaybeUninit::<Line>::uninit() }; AT_ONCE * LINES];
        let mut right = [const { MaybeUninit::<Line>::uninit() }; AT_ONCE * 2];
        let mut sums = [const { MaybeUninit::<Line>::uninit() }; STRIPS * ROWS * 2];
        let left: *mut T = left.as_mut_ptr().cast();
        let right: *mut T = right.as_mut_ptr().cast();
        let sums: *mut T = sums.as_mut_ptr().cast();
        let width = V::UPDATE_ROWS * tiles(samples.count);
        debug_assert!(samples.count.min(AT_ONCE) * width <= AT_ONCE * ROWS && width.is_multiple_of(V::COUNT));
        debug_assert!(width <= ROWS || samples.count <= AT_ONCE);
        for first in rows.clone().step_by(width) {
            let rows = first..rows.end.min(first + width);
            for group in strips.clone().step_by(STRIPS) {
                let group = group..strips.end.min(group + STRIPS);
                for range in even_tiles(samples.count, AT_ONCE) {
                    let (begins, ends) = (range.start == 0, range.end == samples.count);
                    // SAFETY: the samples and rows exist; there is room for so many samples of `width` values on the left and
                    // of a panel's width on the right, and for the sums of STRIPS strips of `width` rows of a panel's
                    // width where the samples are not summed all at once; a sample has whole vectors; `Task::run` is entered
                    // with the instructions of `V`.
                    unsafe {
                        samples.left.copy(range.clone(), rows.clone(), left, width);
                        let places =
                            table.fill(range.len(), |i| left.wrapping_add(i * width).wrapping_sub(first));
                        for n in group.clone() {
                            let strip = step.nth_strip::<V>(n);
                            let lanes = strip.first..strip.first + strip.lanes::<V>();
                            let lines = if samples.right.are_consecutive() {
                                samples.right.from(range.start)
                            } else {
                                samples.right.copy(range.clone(), lanes.clone(), right, Panels::<T>::WIDTH);
                                let first = right.wrapping_sub(lanes.start);
                                Lines::consecutive(first, Panels::<T>::WIDTH)
                            };
                            let batch = Batch::new(places, lines);
                            let sums = sums.wrapping_add((n - group.start) * width * Panels::<T>::WIDTH);
                            let rest = Rest::new(sums, first, begins, ends);
                            step.strip::<V>(strip, &batch, &rows, &rest);
                        }
                    }
                }
            }
        }
    }
}
