//! The transposed copy of the weights, which BP2 reads: kept equal to them block by block, while a block is hot.

use crate::descend::Layer;
use crate::isa::Task;
use crate::lanes::vector::{Vector, prefetch_to_write};
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{Strip, Target};
use std::ops::Range;

/// The copying of the inputs `rows` of a strip to the transposed weights; the first is a multiple of `V::COUNT`.
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
        for first in rows.clone().step_by(V::COUNT) {
            for lane in (0..strip.outputs).step_by(V::COUNT) {
                let inputs = (rows.end - first).min(V::COUNT);
                let outputs = (strip.outputs - lane).min(V::COUNT);
                // SAFETY: the strip and the rows are in the layer; a block of V::COUNT lanes never leaves a panel of
                // w_t, whose rows are the outputs.
                unsafe {
                    let from = layer.w.value.add(strip.start + first * strip.pitch + lane);
                    let to = place(layer, strip.first + lane, first);
                    if inputs == V::COUNT && outputs == V::COUNT {
                        V::transpose(from, strip.pitch, to.base, to.stride);
                    } else {
                        mirror_edge::<V>(from, strip.pitch, to, inputs, outputs);
                    }
                }
            }
        }
    }
}

/// Where the transposed weights have the block that starts at this output and input.
///
/// # Safety
/// There are transposed weights, and the block is in the layer.
#[inline(always)]
unsafe fn place<T: Real>(layer: &Layer<T>, output: usize, input: usize) -> Target<T> {
    let panel = Panels::<T>::panel_of(input / Panels::<T>::WIDTH, layer.inputs, layer.outputs);
    let start = panel.start + output * panel.width + (input - panel.first);
    // SAFETY: the caller's promise.
    Target { base: unsafe { layer.w_t.add(start) }, stride: panel.width }
}

/// Has the lines that mirror a cache line of inputs fetched before they are written, as no one else foresees where.
///
/// # Safety
/// There are transposed weights, and the strip and the inputs are in the layer.
#[inline(always)]
pub(crate) unsafe fn prefetch<T: Real>(layer: &Layer<T>, strip: Strip, input: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let to = place(layer, strip.first, input);
        for j in 0..strip.outputs {
            prefetch_to_write(to.at(j, 0));
        }
    }
}

/// Transposes a block of fewer than `V::COUNT` inputs or outputs.
///
/// # Safety
/// `inputs` rows of one vector each can be read, and `outputs` written.
#[inline(always)]
unsafe fn mirror_edge<V: Vector>(
    from: *const V::Real,
    pitch: usize,
    to: Target<V::Real>,
    inputs: usize,
    outputs: usize,
) {
    const SIDE: usize = 16;
    let zero = V::Real::ZERO;
    let (mut block, mut turned) = ([[zero; SIDE]; SIDE], [[zero; SIDE]; SIDE]);
    // SAFETY: the caller's promise; a vector has SIDE lanes at most.
    unsafe {
        for (k, row) in block.iter_mut().enumerate().take(inputs) {
            V::read(from.add(k * pitch)).write(row.as_mut_ptr());
        }
        V::transpose(block.as_ptr().cast(), SIDE, turned.as_mut_ptr().cast(), SIDE);
        for (j, row) in turned.iter().enumerate().take(outputs) {
            V::read(row.as_ptr()).write(to.at(j, 0));
        }
    }
}
