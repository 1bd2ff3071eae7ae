//! BP4 where the rows of x are scattered over memory, or too many: block by block, copied side by side first.

use crate::buffer::CacheLine;
use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::microkernel::even_tiles;
use crate::panels::Panels;
use crate::raw::RawRows;
use crate::update::CompiledEpilogue;
use crate::weight_gradient::batch::{CHUNK, Chunk, RowTable, Samples};
use crate::weight_gradient::fused::FusedGradient;
use crate::weight_gradient::partial_sums::PartialSums;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Micro-panels that use a block of the left side before it is copied again.
const MICRO_PANELS: usize = 8;

/// So many panels have as many micro-panels, or twice as many: a thread should not take fewer at a time.
pub(crate) const PANELS_A_COPY: usize = MICRO_PANELS;

/// The most rows of a block of [`CHUNK`] samples. Blocks of fewer samples have more rows, so that the cost of a block stays
/// small beside its work.
const ROWS: usize = 80;

/// Cache lines that so many values of a sample take in f64.
const LINES: usize = ROWS / 8;

/// Tiles of a block of so many samples: a multiple of eight, so that their rows fill whole cache lines.
fn tiles(samples: usize) -> usize {
    8 * (CHUNK / samples.max(1)).clamp(1, 4)
}

/// The rows `rows` of some micro-panels.
pub(super) struct InBlocks<'a, T, E> {
    pub(super) fused: &'a FusedGradient<'a, T, E>,
    pub(super) samples: Samples<T>,
    pub(super) micro_panels: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl<T: Real, E: CompiledEpilogue<T>> Kernel<T> for InBlocks<'_, T, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { fused, samples, micro_panels, rows } = self;
        let mut table = RowTable::new();
        let mut left = [const { MaybeUninit::<CacheLine>::uninit() }; CHUNK * LINES];
        let mut right = [const { MaybeUninit::<CacheLine>::uninit() }; CHUNK * 2];
        let mut sums = [const { MaybeUninit::<CacheLine>::uninit() }; MICRO_PANELS * ROWS * 2];
        let left: *mut T = left.as_mut_ptr().cast();
        let right: *mut T = right.as_mut_ptr().cast();
        let sums: *mut T = sums.as_mut_ptr().cast();
        let width = V::UPDATE_ROWS * tiles(samples.count);
        debug_assert!(samples.count.min(CHUNK) * width <= CHUNK * ROWS && width.is_multiple_of(V::COUNT));
        debug_assert!(width <= ROWS || samples.count <= CHUNK);
        for first in rows.clone().step_by(width) {
            let rows = first..rows.end.min(first + width);
            for group in micro_panels.clone().step_by(MICRO_PANELS) {
                let group = group..micro_panels.end.min(group + MICRO_PANELS);
                for range in even_tiles(samples.count, CHUNK) {
                    let (is_first, is_last) = (range.start == 0, range.end == samples.count);
                    // SAFETY: the samples and rows exist. There is room for a chunk's samples, of `width` values on the left
                    // and a panel's width on the right; and, where there are several chunks, for the sums of MICRO_PANELS
                    // micro-panels, of `width` rows of a panel's width. A sample has whole vectors. `Kernel::run` is entered
                    // with the instructions of `V`.
                    unsafe {
                        samples.left.copy(range.clone(), rows.clone(), left, width);
                        let copies =
                            table.fill(range.len(), |i| left.wrapping_add(i * width).wrapping_sub(first));
                        for n in group.clone() {
                            let panel = fused.nth_panel::<V>(n);
                            let lanes = panel.first..panel.first + panel.lanes::<V>();
                            let right = if samples.right.are_consecutive() {
                                samples.right.from(range.start)
                            } else {
                                samples.right.copy(range.clone(), lanes.clone(), right, Panels::<T>::WIDTH);
                                let first = right.wrapping_sub(lanes.start);
                                RawRows::consecutive(first, Panels::<T>::WIDTH)
                            };
                            let chunk = Chunk::new(copies, right);
                            let sums = sums.wrapping_add((n - group.start) * width * Panels::<T>::WIDTH);
                            let partial = PartialSums::new(sums, first, is_first, is_last);
                            fused.sum_panel::<V>(panel, &chunk, &rows, &partial);
                        }
                    }
                }
            }
        }
    }
}
