//! The transposed copy of the weights, which BP2 reads: kept equal to them block by block, while a block is hot.

use crate::descend::Layer;
use crate::isa::Task;
use crate::lanes::vector::{Vector, prefetch_to_write};
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{Lines, Strip, Target};
use std::ops::Range;

/// The copying of the rows `rows` of a strip to the transposed weights; the first is a multiple of `V::COUNT`.
pub(crate) struct Mirror<'a, T> {
    pub(crate) layer: &'a Layer<T>,
    pub(crate) strip: &'a Strip,
    pub(crate) rows: Range<usize>,
}

impl<T: Real> Task<T> for Mirror<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { layer, strip, rows } = self;
        let (lanes, pitch) = (strip.lanes::<V>(), strip.pitch);
        // SAFETY: the strip and the rows are in the layer; a block of V::COUNT lanes never leaves a panel of w_t, whose rows
        // are the lanes of w.
        unsafe {
            if layer.w_t_lies_alike {
                let first = strip.start + rows.start * pitch;
                let copied = Lines::consecutive(layer.w.value.add(first).cast_const(), pitch);
                return copied.copy(0..rows.len(), 0..lanes, layer.w_t.add(first), pitch);
            }
            for first in rows.clone().step_by(V::COUNT) {
                for lane in (0..strip.used).step_by(V::COUNT) {
                    let rows = (rows.end - first).min(V::COUNT);
                    let lanes = (strip.used - lane).min(V::COUNT);
                    let from = layer.w.value.add(strip.start + first * pitch + lane);
                    let to = place(layer, strip.first + lane, first);
                    if rows == V::COUNT && lanes == V::COUNT {
                        V::transpose(from, pitch, to.base, to.stride);
                    } else {
                        mirror_edge::<V>(from, pitch, to, rows, lanes);
                    }
                }
            }
        }
    }
}

/// Where the transposed weights have the block that starts at this lane and row.
///
/// # Safety
/// There are transposed weights that do not lie alike, and the block is in the layer.
#[inline(always)]
unsafe fn place<T: Real>(layer: &Layer<T>, lane: usize, row: usize) -> Target<T> {
    let panel = Panels::<T>::panel_of(row / Panels::<T>::WIDTH, layer.rows, layer.lanes);
    let start = panel.start + lane * panel.width + (row - panel.first);
    // SAFETY: the caller's promise.
    Target { base: unsafe { layer.w_t.add(start) }, stride: panel.width }
}

/// Has the lines that mirror a cache line of rows fetched before they are written, as no one else foresees where.
///
/// # Safety
/// There are transposed weights, and the strip and the rows are in the layer.
#[inline(always)]
pub(crate) unsafe fn prefetch<T: Real>(layer: &Layer<T>, strip: Strip, row: usize) {
    if layer.w_t_lies_alike {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        let to = place(layer, strip.first, row);
        for j in 0..strip.used {
            prefetch_to_write(to.at(j, 0));
        }
    }
}

/// Transposes a block of fewer than `V::COUNT` rows or lanes.
///
/// # Safety
/// `rows` rows of one vector each can be read, and `lanes` written.
#[inline(always)]
unsafe fn mirror_edge<V: Vector>(
    from: *const V::Real,
    pitch: usize,
    to: Target<V::Real>,
    rows: usize,
    lanes: usize,
) {
    const SIDE: usize = 16;
    let zero = V::Real::ZERO;
    let (mut block, mut turned) = ([[zero; SIDE]; SIDE], [[zero; SIDE]; SIDE]);
    // SAFETY: the caller's promise; a vector has SIDE lanes at most.
    unsafe {
        for (k, row) in block.iter_mut().enumerate().take(rows) {
            V::read(from.add(k * pitch)).write(row.as_mut_ptr());
        }
        V::transpose(block.as_ptr().cast(), SIDE, turned.as_mut_ptr().cast(), SIDE);
        for (j, row) in turned.iter().enumerate().take(lanes) {
            V::read(row.as_ptr()).write(to.at(j, 0));
        }
    }
}
