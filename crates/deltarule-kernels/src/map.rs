//! Functions and their derivatives on whole rows, without a product.

use crate::elementwise::{Elementwise, MapTile, ScaleTile};
use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::microkernel::clear_padding;
use crate::raw::{RawMatrix, RawRows};
use std::ops::Range;

/// `to = σ(from)` for some rows.
pub(crate) struct Map<T, F> {
    pub(crate) f: F,
    pub(crate) from: RawRows<T>,
    pub(crate) to: RawMatrix<T>,
    pub(crate) rows: Range<usize>,
    pub(crate) cols: usize,
}

impl<T: Real, F: Elementwise<T>> Kernel<T> for Map<T, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let vectors = self.cols.div_ceil(V::COUNT);
        for i in self.rows.clone() {
            // SAFETY: the rows exist and are padded to whole vectors.
            unsafe {
                let to = self.to.at(i, 0);
                self.f.value(MapTile::<V>::new((self.from.row(i), 0), (to, 0), 1, vectors));
                clear_padding::<V>(to, 0, (1, vectors), self.cols);
            }
        }
    }
}

/// `delta ⊙= σ′(source)` for some rows.
pub(crate) struct Scale<T, F> {
    pub(crate) f: F,
    pub(crate) source: RawRows<T>,
    pub(crate) delta: RawMatrix<T>,
    pub(crate) rows: Range<usize>,
    pub(crate) cols: usize,
}

impl<T: Real, F: Elementwise<T>> Kernel<T> for Scale<T, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let vectors = self.cols.div_ceil(V::COUNT);
        for i in self.rows.clone() {
            // SAFETY: the rows exist and are padded to whole vectors.
            unsafe {
                let delta = self.delta.at(i, 0);
                self.f.derivative(ScaleTile::<V>::new((self.source.row(i), 0), (delta, 0), 1, vectors));
                clear_padding::<V>(delta, 0, (1, vectors), self.cols);
            }
        }
    }
}
