//! The epilogue of forward and BP2: a function, or its derivative, on finished sums while they are in the cache.

use crate::elementwise::{Elementwise, MapTile, ScaleTile};
use crate::lanes::Real;
use crate::lanes::vector::Vector;
use crate::micro_panel::MicroPanel;
use crate::microkernel::clear_padding;
use crate::raw::{RawMatrix, RawRows};

/// What is done with the finished sums of a tile.
#[derive(Clone, Copy)]
pub(crate) enum Epilogue<T, F> {
    /// `a = σ(sums)`.
    Value(F, RawMatrix<T>),
    /// `sums ⊙= σ′(source)`.
    Derivative(F, RawRows<T>),
}

impl<T: Real, F> Epilogue<T, F> {
    /// Row `i` at column `j` of the other matrix, `a` or the source.
    ///
    /// # Safety
    /// That is inside the matrix.
    #[inline(always)]
    pub(super) unsafe fn other(&self, i: usize, j: usize) -> *const T {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Value(_, a) => a.at(i, j).cast_const(),
                Self::Derivative(_, source) => source.row(i).add(j),
            }
        }
    }
}

impl<T: Real, F: Elementwise<T>> Epilogue<T, F> {
    /// Applies the epilogue to `rows` rows of a tile, from row `first` on, and keeps the padding zero.
    ///
    /// # Safety
    /// The rows and the micro-panel exist in both matrices, and so do the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn apply<V: Vector<Real = T>>(
        self,
        sums: RawMatrix<T>,
        panel: MicroPanel,
        first: usize,
        rows: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let at = sums.at(first, panel.first);
            match self {
                Self::Value(f, a) => {
                    let to = a.at(first, panel.first);
                    f.value(MapTile::<V>::new(
                        (at.cast_const(), sums.stride),
                        (to, a.stride),
                        rows,
                        panel.vectors,
                    ));
                    clear_padding::<V>(to, a.stride, (rows, panel.vectors), panel.used);
                }
                Self::Derivative(f, source) => {
                    let source = (source.row(first).add(panel.first), source.stride);
                    f.derivative(ScaleTile::<V>::new(source, (at, sums.stride), rows, panel.vectors));
                }
            }
            clear_padding::<V>(at, sums.stride, (rows, panel.vectors), panel.used);
        }
    }
}
