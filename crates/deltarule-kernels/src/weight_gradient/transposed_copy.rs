//! The transposed copy of the weights, which BP2 reads. It is updated block by block, while a block of weights is in the
//! cache.

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::micro_panel::MicroPanel;
use crate::panels::Panels;
use crate::prefetch::prefetch_to_write;
use crate::raw::{RawMatrix, RawRows};
use crate::weight_gradient::pointers::WeightPtrs;
use std::ops::Range;

/// Copies the rows `rows` of a micro-panel to the transposed copy; the first is a multiple of `V::COUNT`.
pub(super) struct TransposedCopy<'a, T> {
    pub(super) weights: &'a WeightPtrs<T>,
    pub(super) panel: &'a MicroPanel,
    pub(super) rows: Range<usize>,
}

impl<T: Real> Kernel<T> for TransposedCopy<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { weights, panel, rows } = self;
        let (lanes, pitch) = (panel.lanes::<V>(), panel.pitch);
        // SAFETY: the micro-panel and the rows are in the layer; a block of V::COUNT lanes never leaves a panel of w_t,
        // whose rows are the lanes of w.
        unsafe {
            if weights.same_layout {
                let first = panel.start + rows.start * pitch;
                let copied = RawRows::consecutive(weights.w.value.add(first).cast_const(), pitch);
                return copied.copy(0..rows.len(), 0..lanes, weights.w_t.add(first), pitch);
            }
            for first in rows.clone().step_by(V::COUNT) {
                for lane in (0..panel.used).step_by(V::COUNT) {
                    let rows = (rows.end - first).min(V::COUNT);
                    let lanes = (panel.used - lane).min(V::COUNT);
                    let from = weights.w.value.add(panel.start + first * pitch + lane);
                    let to = block_at(weights, panel.first + lane, first);
                    if rows == V::COUNT && lanes == V::COUNT {
                        V::transpose(from, pitch, to.base, to.stride);
                    } else {
                        transpose_edge::<V>(from, pitch, to, rows, lanes);
                    }
                }
            }
        }
    }
}

/// Where the transposed copy has the block that starts at this lane and row of the weights.
///
/// # Safety
/// There is a transposed copy, in another layout than the weights, and the block is in the layer.
#[inline(always)]
unsafe fn block_at<T: Real>(weights: &WeightPtrs<T>, lane: usize, row: usize) -> RawMatrix<T> {
    let panel = Panels::<T>::panel_of(row / Panels::<T>::WIDTH, weights.rows, weights.lanes);
    let start = panel.start + lane * panel.width + (row - panel.first);
    // SAFETY: the caller's promise.
    RawMatrix { base: unsafe { weights.w_t.add(start) }, stride: panel.width }
}

/// Fetches the lines that the copy of a cache line of rows will be written to: the processor does not foresee them.
///
/// # Safety
/// There is a transposed copy, and the micro-panel and the rows are in the layer.
#[inline(always)]
pub(super) unsafe fn prefetch<T: Real>(weights: &WeightPtrs<T>, panel: MicroPanel, row: usize) {
    if weights.same_layout {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        let to = block_at(weights, panel.first, row);
        for j in 0..panel.used {
            prefetch_to_write(to.at(j, 0));
        }
    }
}

/// Transposes a block of fewer than `V::COUNT` rows or lanes.
///
/// # Safety
/// `rows` rows of one vector each can be read, and `lanes` written.
#[inline(always)]
unsafe fn transpose_edge<V: Vector>(
    from: *const V::Real,
    pitch: usize,
    to: RawMatrix<V::Real>,
    rows: usize,
    lanes: usize,
) {
    const SIDE: usize = 16;
    let zero = V::Real::ZERO;
    let (mut block, mut transposed) = ([[zero; SIDE]; SIDE], [[zero; SIDE]; SIDE]);
    // SAFETY: the caller's promise; a vector has SIDE lanes at most.
    unsafe {
        for (k, row) in block.iter_mut().enumerate().take(rows) {
            V::read(from.add(k * pitch)).write(row.as_mut_ptr());
        }
        V::transpose(block.as_ptr().cast(), SIDE, transposed.as_mut_ptr().cast(), SIDE);
        for (j, row) in transposed.iter().enumerate().take(lanes) {
            V::read(row.as_ptr()).write(to.at(j, 0));
        }
    }
}
