//! The weights of a layer, by pointer.

use crate::lanes::Real;
use crate::panels::Panels;

/// Parameters and their moments: a null pointer for moments that do not exist.
#[derive(Clone, Copy)]
pub(crate) struct ParamPtrs<T> {
    pub(crate) value: *mut T,
    pub(crate) moments: [*mut T; 2],
}

/// The weights of one layer. The lanes of their panels are its outputs and the rows its inputs; narrow weights have
/// it the other way round, here and in all of BP4, where x then takes the place of δ, and δ that of x.
#[derive(Clone, Copy)]
pub(crate) struct WeightPtrs<T> {
    pub(crate) lanes: usize,
    pub(crate) rows: usize,
    pub(crate) w: ParamPtrs<T>,
    /// Storage of the transposed copy, or null.
    pub(crate) w_t: *mut T,
    /// Whether `w` or its transposed copy is narrow, so that both have the same layout.
    pub(crate) same_layout: bool,
}

impl<T: Real> WeightPtrs<T> {
    /// Weights without moments or a transposed copy.
    pub(crate) fn new(w: &mut Panels<T>) -> Self {
        let (lanes, rows) = w.lanes_and_rows();
        let null = std::ptr::null_mut();
        let w = ParamPtrs { value: w.storage_mut().as_mut_ptr(), moments: [null; 2] };
        Self { lanes, rows, w, w_t: null, same_layout: false }
    }
}

// SAFETY: these are addresses; each block of BP4 writes panels and rows of its own there, and their transposed copy.
unsafe impl<T: Real> Sync for WeightPtrs<T> {}
