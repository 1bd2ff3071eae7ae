//! Rows times narrow weights: too few outputs to fill a vector, so the lanes are samples.
//!
//! Rows of x are transposed block by block; a step then reads a vector of one input's values and broadcasts one weight for
//! each output. One or two samples are multiplied one lane at a time.

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::microkernel::{accumulate, even_tiles, with_rows, write_row};
use crate::panels::Panels;
use crate::raw::{RawMatrix, RawRows};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

/// As few samples as this take less time one by one than transposed into a vector with empty lanes.
const ONE_BY_ONE: usize = 2;

/// The most vectors of samples side by side.
const SIDE_BY_SIDE: usize = 2;

/// The most lanes of a vector.
const LANES: usize = 16;

/// A product of rows and narrow weights, up to its sums.
#[derive(Clone, Copy)]
pub(super) struct Narrow<'a, T> {
    pub(super) x: RawRows<T>,
    pub(super) w: &'a [T],
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) start: &'a [T],
    pub(super) sums: RawMatrix<T>,
}

/// The most samples that are summed at once.
pub(super) fn most_samples<V: Vector>() -> usize {
    SIDE_BY_SIDE * V::COUNT
}

/// The sums of some samples, at most [`most_samples`] of them.
///
/// # Safety
/// The samples are in the product, and the instructions of `V` exist.
pub(super) unsafe fn sum_samples<V: Vector>(product: &Narrow<'_, V::Real>, samples: &Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe {
        for outputs in even_tiles(product.outputs, V::ROWS) {
            if samples.len() <= ONE_BY_ONE {
                for i in samples.clone() {
                    sum_outputs::<V, V::Real, 1>(product, &outputs, &(i..i + 1));
                }
            } else if samples.len() <= V::COUNT {
                sum_outputs::<V, V, 1>(product, &outputs, samples);
            } else {
                sum_outputs::<V, V, SIDE_BY_SIDE>(product, &outputs, samples);
            }
        }
    }
}

/// The sums of some outputs for some samples.
///
/// # Safety
/// The outputs and samples are in the product, the samples fill no more than `C` vectors `O`, and the instructions of `V`
/// and `O` exist.
#[inline(always)]
unsafe fn sum_outputs<V: Vector, O: Vector<Real = V::Real>, const C: usize>(
    product: &Narrow<'_, V::Real>,
    outputs: &Range<usize>,
    samples: &Range<usize>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with_rows!(outputs.len(), R => V::enter(&mut NarrowSums::<V::Real, O, R, C> { product, outputs, samples, lanes: PhantomData }));
    }
}

/// The sums of `R` outputs for up to `C` vectors of samples.
struct NarrowSums<'a, T, O, const R: usize, const C: usize> {
    product: &'a Narrow<'a, T>,
    outputs: &'a Range<usize>,
    samples: &'a Range<usize>,
    lanes: PhantomData<O>,
}

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Kernel<T> for NarrowSums<'_, T, O, R, C> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `microkernel`")]
    fn run<V: Vector<Real = T>>(&mut self) {
        if const { R > V::ROWS } {
            return; // Never called: no need to compile the rest.
        }
        let Self { product, outputs, samples, .. } = *self;
        let Narrow { x, w, outputs: count, inputs, start, sums: to } = *product;
        let mut sums = [[O::zero(); C]; R];
        for r in 0..R {
            if let Some(&start) = start.get(outputs.start + r) {
                sums[r] = [O::splat(start); C];
            }
        }
        let mut block = TransposedBlock::<T, C>::new();
        // SAFETY: `sum_outputs` was promised that the outputs and samples exist, and the instructions of `O`.
        unsafe {
            for k in (0..inputs).step_by(T::PER_LINE) {
                let panel = Panels::<T>::panel_of(k / Panels::<T>::WIDTH, inputs, count);
                let w = w.as_ptr().add(panel.start + outputs.start * panel.width + (k - panel.first));
                let x = block.transpose::<O>(x, samples, k);
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

/// Space for a cache line's worth of inputs of `C` vectors of samples.
#[repr(align(64))]
struct TransposedBlock<T, const C: usize> {
    transposed: [[[MaybeUninit<T>; LANES]; C]; LANES],
    rows: [[MaybeUninit<T>; LANES]; LANES],
}

impl<T: Real, const C: usize> TransposedBlock<T, C> {
    #[inline(always)]
    fn new() -> Self {
        let transposed = [[[MaybeUninit::uninit(); LANES]; C]; LANES];
        Self { transposed, rows: [[MaybeUninit::uninit(); LANES]; LANES] }
    }

    /// A cache line's worth of inputs from `k` on, one after the other, each `C` vectors of samples wide. Lanes past the last
    /// sample are zero.
    ///
    /// # Safety
    /// The samples and inputs exist, and the instructions of `O`.
    #[inline(always)]
    unsafe fn transpose<O: Vector<Real = T>>(
        &mut self,
        x: RawRows<T>,
        samples: &Range<usize>,
        k: usize,
    ) -> *const T {
        // SAFETY: the caller's promise; rows of x are whole lines.
        unsafe {
            if const { O::COUNT == 1 } {
                return x.row(samples.start).add(k);
            }
            let transposed: *mut T = self.transposed.as_mut_ptr().cast();
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
                    let to = transposed.add((p * C + c) * O::COUNT);
                    O::transpose(rows.add(p), pitch, to, C * O::COUNT);
                }
            }
            transposed
        }
    }
}
