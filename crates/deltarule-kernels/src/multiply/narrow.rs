//! Rows times narrow weights: too few outputs to fill a vector, so that the lanes are samples.
//!
//! Rows of x are transposed block by block on the way, and a step then reads a vector of one input's values and
//! broadcasts one weight an output. One or two samples are multiplied by one lane each.

use super::Multiply;
use crate::isa::Task;
use crate::lanes::vector::Vector;
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{Lines, Target, accumulate, even_tiles, with_rows, write_row};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

/// So few samples take less time one by one than in a vector with empty lanes, which has to be transposed.
const ONE_BY_ONE: usize = 2;

/// Most vectors of samples side by side.
const SIDE_BY_SIDE: usize = 2;

/// Most lanes of a vector.
const LANES: usize = 16;

/// A product of rows and narrow weights, up to its sums.
#[derive(Clone, Copy)]
pub struct Narrow<'a, T> {
    x: Lines<T>,
    w: &'a [T],
    outputs: usize,
    inputs: usize,
    start: &'a [T],
    sums: Target<T>,
}

impl<'a, T: Real> Narrow<'a, T> {
    pub(super) fn new<F>(product: &Multiply<'a, T, F>) -> Self {
        let Multiply { x, w, outputs, inputs, start, sums, .. } = *product;
        Self { x, w, outputs, inputs, start, sums }
    }
}

/// The most samples that are summed at once.
pub(super) fn samples<V: Vector>() -> usize {
    SIDE_BY_SIDE * V::COUNT
}

/// The sums of some samples, at most [`samples`] of them.
///
/// # Safety
/// The samples are in the product, and the instructions of `V` exist.
#[inline(always)]
pub(crate) unsafe fn narrow_of<V: Vector>(product: &Narrow<'_, V::Real>, samples: &Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe {
        for outputs in even_tiles(product.outputs, V::ROWS) {
            if samples.len() <= ONE_BY_ONE {
                for i in samples.clone() {
                    sums::<V, V::Real, 1>(product, &outputs, &(i..i + 1));
                }
            } else if samples.len() <= V::COUNT {
                sums::<V, V, 1>(product, &outputs, samples);
            } else {
                sums::<V, V, SIDE_BY_SIDE>(product, &outputs, samples);
            }
        }
    }
}

/// # Safety
/// The outputs and samples are in the product, no more than `C` vectors `O` of samples, and the instructions of `V` and `O`
/// exist.
#[inline(always)]
unsafe fn sums<V: Vector, O: Vector<Real = V::Real>, const C: usize>(
    product: &Narrow<'_, V::Real>,
    outputs: &Range<usize>,
    samples: &Range<usize>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with_rows!(outputs.len(), R => V::enter(&mut Sums::<V::Real, O, R, C> { product, outputs, samples, lanes: PhantomData }));
    }
}

/// The sums of `R` outputs for up to `C` vectors of samples.
struct Sums<'a, T, O, const R: usize, const C: usize> {
    product: &'a Narrow<'a, T>,
    outputs: &'a Range<usize>,
    samples: &'a Range<usize>,
    lanes: PhantomData<O>,
}

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Task<T> for Sums<'_, T, O, R, C> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
    fn run<V: Vector<Real = T>>(&mut self) {
        if const { R > V::ROWS } {
            return; // Never asked for: no need of code for it.
        }
        let Self { product, outputs, samples, .. } = *self;
        let Narrow { x, w, outputs: count, inputs, start, sums: to } = *product;
        let mut sums = [[O::zero(); C]; R];
        for r in 0..R {
            if let Some(&start) = start.get(outputs.start + r) {
                sums[r] = [O::splat(start); C];
            }
        }
        let mut block = Block::<T, C>::new();
        // SAFETY: whoever made this promised that the outputs and samples exist, and the instructions of `O`.
        unsafe {
            for k in (0..inputs).step_by(T::PER_LINE) {
                let panel = Panels::<T>::panel_of(k / Panels::<T>::WIDTH, inputs, count);
                let w = w.as_ptr().add(panel.start + outputs.start * panel.width + (k - panel.first));
                let x = block.transposed::<O>(x, samples, k);
                accumulate(&mut sums, 0..T::PER_LINE.min(inputs - k), |p| {
                    (move |r: usize| *w.add(r * panel.width + p), x.add(p * C * O::COUNT))
                });
            }
            let mut finished = [[T::ZERO; SIDE_BY_SIDE * LANES]; R];
            for r in 0..R {
                write_row(&sums[r], finished[r].as_mut_ptr());
            }
            for (n, i) in samples.clone().enumerate() {
                for r in 0..R {
                    *to.at(i, outputs.start + r) = finished[r][n];
                }
            }
        }
    }
}

/// Room for a cache line's worth of inputs of `C` vectors of samples.
#[repr(align(64))]
struct Block<T, const C: usize> {
    turned: [[[MaybeUninit<T>; LANES]; C]; LANES],
    rows: [[MaybeUninit<T>; LANES]; LANES],
}

impl<T: Real, const C: usize> Block<T, C> {
    #[inline(always)]
    fn new() -> Self {
        let turned = [[[MaybeUninit::uninit(); LANES]; C]; LANES];
        Self { turned, rows: [[MaybeUninit::uninit(); LANES]; LANES] }
    }

    /// The inputs from `k` on, a cache line's worth: one after the other, each `C` vectors of samples wide. Lanes past the
    /// last sample are zero.
    ///
    /// # Safety
    /// The samples and inputs exist, and the instructions of `O`.
    #[inline(always)]
    unsafe fn transposed<O: Vector<Real = T>>(
        &mut self,
        x: Lines<T>,
        samples: &Range<usize>,
        k: usize,
    ) -> *const T {
        // SAFETY: the caller's promise; rows of x are whole lines.
        unsafe {
            if const { O::COUNT == 1 } {
                return x.row(samples.start).add(k);
            }
            let turned: *mut T = self.turned.as_mut_ptr().cast();
            for c in 0..C {
                let first = samples.start + c * O::COUNT;
                let group = first..samples.end.min(first + O::COUNT);
                let (rows, pitch) = if x.are_consecutive() && group.len() == O::COUNT {
                    (x.row(first).add(k), x.stride)
                } else {
                    let rows: *mut T = self.rows.as_mut_ptr().cast();
                    rows.add(group.len() * LANES).write_bytes(0, (O::COUNT - group.len()) * LANES);
                    x.copy(group, k..k + T::PER_LINE, rows, LANES);
                    (rows.cast_const(), LANES)
                };
                for p in (0..T::PER_LINE).step_by(O::COUNT) {
                    let to = turned.add((p * C + c) * O::COUNT);
                    O::transpose(rows.add(p), pitch, to, C * O::COUNT);
                }
            }
            turned
        }
    }
}
