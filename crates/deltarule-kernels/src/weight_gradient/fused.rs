//! BP4 fused with its epilogue: the tiles of a micro-panel, and what takes their sums.

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::micro_panel::MicroPanel;
use crate::microkernel::{first_lanes, read_row, reread};
use crate::panels::Panels;
use crate::prefetch::prefetch_to_write;
use crate::update::CompiledEpilogue;
use crate::weight_gradient::batch::Chunk;
use crate::weight_gradient::last_rows::sum_last_rows;
use crate::weight_gradient::partial_sums::PartialSums;
use crate::weight_gradient::pointers::{ParamPtrs, WeightPtrs};
use crate::weight_gradient::tile_buffer::{LANES, TileBuffer};
use crate::weight_gradient::transposed_copy::{self, TransposedCopy};
use std::ops::Range;

/// The gradient of a layer and its epilogue.
#[derive(Clone, Copy)]
pub(super) struct FusedGradient<'a, T, E> {
    pub(super) weights: &'a WeightPtrs<T>,
    pub(super) epilogue: E,
}

impl<T: Real, E: CompiledEpilogue<T>> FusedGradient<'_, T, E> {
    pub(super) fn nth_panel<V: Vector<Real = T>>(&self, n: usize) -> MicroPanel {
        MicroPanel::nth::<V>(n, self.weights.lanes, self.weights.rows)
    }

    /// The rows `rows` of a micro-panel, summed over a chunk of the batch. A function of its own for each epilogue and
    /// width, so that its constants stay in registers.
    ///
    /// # Safety
    /// The micro-panel and the rows are in the layer, the chunk fits it, and the instructions of `V` exist.
    #[inline(always)]
    pub(super) unsafe fn sum_panel<V: Vector<Real = T>>(
        &self,
        panel: MicroPanel,
        chunk: &Chunk<'_, T>,
        rows: &Range<usize>,
        partial: &PartialSums<T>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if const { V::COUNT == V::Real::PER_LINE } && panel.vectors == 1 {
                V::enter(&mut SummedPanel::<T, E, 1> { fused: self, panel: &panel, chunk, rows, partial });
            } else {
                V::enter(&mut SummedPanel::<T, E, 2> { fused: self, panel: &panel, chunk, rows, partial });
            }
        }
    }

    /// The same with a gradient that was kept.
    ///
    /// # Safety
    /// The micro-panel and the rows are in the layer, whose layout the gradient has, and the instructions of `V` exist.
    #[inline(always)]
    pub(super) unsafe fn kept_panel<V: Vector<Real = T>>(
        &self,
        gradient: &[T],
        panel: MicroPanel,
        rows: &Range<usize>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if const { V::COUNT == V::Real::PER_LINE } && panel.vectors == 1 {
                V::enter(&mut KeptPanel::<T, E, 1> { fused: self, panel: &panel, gradient, rows });
            } else {
                V::enter(&mut KeptPanel::<T, E, 2> { fused: self, panel: &panel, gradient, rows });
            }
        }
    }
}

/// The rows `rows` of one micro-panel, `C` vectors wide.
struct SummedPanel<'a, T, E, const C: usize> {
    fused: &'a FusedGradient<'a, T, E>,
    panel: &'a MicroPanel,
    chunk: &'a Chunk<'a, T>,
    rows: &'a Range<usize>,
    partial: &'a PartialSums<T>,
}

impl<T: Real, E: CompiledEpilogue<T>, const C: usize> Kernel<T> for SummedPanel<'_, T, E, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { fused, panel, chunk, rows, partial } = self;
        let (panel, chunk, rows, partial) = (**panel, **chunk, rows.start..rows.end, **partial);
        // SAFETY: `sum_panel` was promised that the micro-panel and the rows are in the layer and that the chunk fits it;
        // `Kernel::run` is entered with the instructions of `V`.
        unsafe {
            if const { V::UPDATE_ROWS == 6 } {
                fused.tiles::<V, 6, C>(panel, chunk, rows, partial);
            } else {
                fused.tiles::<V, 10, C>(panel, chunk, rows, partial);
            }
        }
    }
}

/// As [`SummedPanel`], with a gradient that was kept.
struct KeptPanel<'a, T, E, const C: usize> {
    fused: &'a FusedGradient<'a, T, E>,
    panel: &'a MicroPanel,
    gradient: &'a [T],
    rows: &'a Range<usize>,
}

impl<T: Real, E: CompiledEpilogue<T>, const C: usize> Kernel<T> for KeptPanel<'_, T, E, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { fused, panel, gradient, rows } = self;
        let (panel, rows) = (**panel, rows.start..rows.end);
        for k in rows.clone() {
            // SAFETY: as in `SummedPanel`; the gradient has the layout of the layer.
            unsafe {
                let sums =
                    read_row::<V, C>(gradient.as_ptr().add(panel.start + k * panel.pitch_of::<V, C>()));
                fused.apply(panel, k, &sums);
            }
        }
        // SAFETY: as in `SummedPanel`.
        unsafe { fused.copy_transposed::<V>(panel, rows) }
    }
}

/// Samples from which on the epilogue of one tile overlaps the sums of the next.
const WORTH_OVERLAPPING: usize = 64;

/// Runs the same for each of the first `$R` of ten rows, written out: sums indexed by a variable would not stay in
/// registers.
macro_rules! each_row {
    ($R:ident, $row:ident => $run:expr) => {
        each_row!($R, $row => $run, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    };
    ($R:ident, $row:ident => $run:expr, $($number:literal),*) => {
        const { assert!($R <= 10) };
        $(if const { $number < $R } {
            let $row = const { if $number < $R { $number } else { 0 } };
            $run;
        })*
    };
}

impl<T: Real, E: CompiledEpilogue<T>> FusedGradient<'_, T, E> {
    /// # Safety
    /// The micro-panel and the rows are in the layer, the chunk fits it, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn tiles<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        panel: MicroPanel,
        chunk: Chunk<'_, T>,
        rows: Range<usize>,
        partial: PartialSums<T>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if const { E::SMALL_BATCHES } && partial.is_last_chunk && chunk.len() < WORTH_OVERLAPPING {
                self.apply_at_once::<V, R, C>(panel, chunk, rows, partial);
            } else if partial.is_last_chunk {
                self.apply_overlapping::<V, R, C>(panel, chunk, rows, partial);
            } else {
                let mut k = rows.start;
                while k + R <= rows.end {
                    let mut sums = partial.read::<V, R, C>(k);
                    chunk.add(&mut sums, (k, panel.first), 0..chunk.len());
                    partial.write(k, &sums);
                    k += R;
                }
                if k < rows.end {
                    let to = (partial.row(k), Panels::<T>::WIDTH);
                    sum_last_rows::<V, C>(chunk, (k, panel.first), rows.end - k, partial, to);
                }
            }
        }
    }

    /// The tiles after the last chunk, the epilogue of each at once; the processor overlaps what it can.
    ///
    /// # Safety
    /// As for [`Self::tiles`].
    #[inline(always)]
    unsafe fn apply_at_once<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        panel: MicroPanel,
        chunk: Chunk<'_, T>,
        rows: Range<usize>,
        partial: PartialSums<T>,
    ) {
        let mut k = rows.start;
        // SAFETY: the caller's promise.
        unsafe {
            while k + R <= rows.end {
                self.prefetch::<V, R, C>(panel, k, partial);
                let mut sums = partial.read::<V, R, C>(k);
                chunk.add(&mut sums, (k, panel.first), 0..chunk.len());
                each_row!(R, r => self.apply(panel, k + r, &sums[r]));
                k += R;
            }
            self.last_rows::<V, C>(panel, chunk, k..rows.end, partial);
            self.copy_transposed::<V>(panel, rows);
        }
    }

    /// The tiles after the last chunk, the epilogue of each row by row while the next tile is summed: the optimizer's
    /// divisions and waits for memory go on beside the multiplications.
    ///
    /// # Safety
    /// As for [`Self::tiles`].
    #[inline(always)]
    unsafe fn apply_overlapping<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        panel: MicroPanel,
        chunk: Chunk<'_, T>,
        rows: Range<usize>,
        partial: PartialSums<T>,
    ) {
        let mut buffer = TileBuffer::new();
        let mut pending = rows.start..rows.start;
        let mut k = rows.start;
        // SAFETY: the caller's promise.
        unsafe {
            while k + R <= rows.end {
                self.prefetch::<V, R, C>(panel, k, partial);
                let mut sums = partial.read::<V, R, C>(k);
                let share = chunk.len() / (pending.len() + 1);
                let mut samples = 0..share;
                for n in 0..pending.len() {
                    chunk.add(&mut sums, (k, panel.first), samples.clone());
                    samples = samples.end..samples.end + share;
                    self.apply(panel, pending.start + n, &buffer.read::<V, C>(n));
                }
                chunk.add(&mut sums, (k, panel.first), samples.start..chunk.len());
                buffer.write(&sums);
                pending = k..k + R;
                k += R;
            }
            self.apply_rows::<V, C>(panel, pending, &buffer);
            self.last_rows::<V, C>(panel, chunk, k..rows.end, partial);
            self.copy_transposed::<V>(panel, rows);
        }
    }

    /// The last rows, too few for a full tile.
    ///
    /// # Safety
    /// As for [`Self::tiles`].
    #[inline(always)]
    unsafe fn last_rows<V: Vector<Real = T>, const C: usize>(
        &self,
        panel: MicroPanel,
        chunk: Chunk<'_, T>,
        rows: Range<usize>,
        partial: PartialSums<T>,
    ) {
        if rows.is_empty() {
            return;
        }
        let mut buffer = TileBuffer::new();
        let to = (buffer.as_mut_ptr(), LANES);
        // SAFETY: the caller's promise.
        unsafe {
            sum_last_rows::<V, C>(chunk, (rows.start, panel.first), rows.len(), partial, to);
            self.apply_rows::<V, C>(panel, rows, &buffer);
        }
    }

    /// Applies the epilogue to buffered rows: the first in the buffer is the first of `rows`.
    ///
    /// # Safety
    /// The micro-panel and the rows are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn apply_rows<V: Vector<Real = T>, const C: usize>(
        &self,
        panel: MicroPanel,
        rows: Range<usize>,
        buffer: &TileBuffer<T>,
    ) {
        for n in 0..rows.len() {
            // SAFETY: the caller's promise.
            unsafe { self.apply(panel, rows.start + n, &buffer.read::<V, C>(n)) };
        }
    }

    /// Applies the epilogue to the sums of row `k`.
    ///
    /// # Safety
    /// The micro-panel and the row are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn apply<V: Vector<Real = T>, const C: usize>(&self, panel: MicroPanel, k: usize, sums: &[V; C]) {
        // SAFETY: the caller's promise.
        unsafe {
            let at = panel.start + k * panel.pitch_of::<V, C>();
            apply_at(reread(&self.epilogue), panel, self.weights.w, at, sums);
        }
    }

    /// Copies the rows `rows` of the micro-panel to the transposed copy, where there is one.
    ///
    /// # Safety
    /// The micro-panel and the rows are in the layer, the first is a multiple of `V::COUNT`, and the instructions of `V`
    /// exist.
    #[inline(always)]
    unsafe fn copy_transposed<V: Vector<Real = T>>(&self, panel: MicroPanel, rows: Range<usize>) {
        if !self.weights.w_t.is_null() && !rows.is_empty() {
            // SAFETY: the caller's promise.
            unsafe { V::enter(&mut TransposedCopy { weights: self.weights, panel: &panel, rows }) };
        }
    }

    /// Fetches the lines that the epilogue of a tile will write, while its sums are computed.
    ///
    /// # Safety
    /// The tile is in the layer.
    #[inline(always)]
    unsafe fn prefetch<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        panel: MicroPanel,
        k: usize,
        partial: PartialSums<T>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            // Only where the gradient is computed block by block are the weights larger than the second-level cache.
            let line = k.next_multiple_of(T::PER_LINE);
            if partial.are_of_a_block() && !self.weights.w_t.is_null() && line < self.weights.rows.min(k + R)
            {
                transposed_copy::prefetch(self.weights, panel, line);
            }
            for r in 0..R {
                let at = panel.start + (k + r) * panel.pitch_of::<V, C>();
                prefetch_row(self.weights.w.value.add(at));
                for m in 0..E::MOMENTS {
                    prefetch_row(self.weights.w.moments[m].add(at));
                }
            }
        }
    }
}

/// Applies the epilogue to `C` vectors at `at`; padding lanes stay zero.
///
/// # Safety
/// They can be read and written in all parameters, and the instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "by index, as in `microkernel`")]
unsafe fn apply_at<V: Vector, E: CompiledEpilogue<V::Real>, const C: usize>(
    epilogue: E,
    panel: MicroPanel,
    params: ParamPtrs<V::Real>,
    at: usize,
    sums: &[V; C],
) {
    for c in 0..C {
        // SAFETY: the caller's promise.
        unsafe {
            let at = at + c * V::COUNT;
            let mut old = [V::zero(); 2];
            for m in 0..E::MOMENTS {
                old[m] = V::read(params.moments[m].add(at));
            }
            let (mut new, mut kept) = epilogue.apply(sums[c], V::read(params.value.add(at)), old);
            let used = panel.used.saturating_sub(c * V::COUNT);
            if used < V::COUNT {
                new = first_lanes(new, used);
                kept = [first_lanes(kept[0], used), first_lanes(kept[1], used)];
            }
            new.write(params.value.add(at));
            for m in 0..E::MOMENTS {
                kept[m].write(params.moments[m].add(at));
            }
        }
    }
}

/// Fetches the two lines of a panel's row to be written.
#[inline(always)]
fn prefetch_row<T: Real>(at: *const T) {
    prefetch_to_write(at);
    prefetch_to_write(at.wrapping_add(T::PER_LINE));
}
