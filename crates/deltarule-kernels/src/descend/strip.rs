//! One strip of a layer's gradient: its tiles, and the store that takes their sums.

use super::batch::Batch;
use super::rest::Rest;
use super::{Descend, Places};
use crate::isa::Task;
use crate::lanes::vector::{Vector, prefetch_to_write};
use crate::mirror::{self, Mirror};
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{Strip, first_lanes, read_row, reread, with_rows, write_row};
use crate::update::Store;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

/// The rows `rows` of one strip, `C` vectors wide.
pub(super) struct OfStrip<'a, T, S, const C: usize> {
    pub(super) step: &'a Descend<'a, T, S>,
    pub(super) strip: &'a Strip,
    pub(super) batch: &'a Batch<'a, T>,
    pub(super) rows: &'a Range<usize>,
    pub(super) rest: &'a Rest<T>,
}

impl<T: Real, S: Store<T>, const C: usize> Task<T> for OfStrip<'_, T, S, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { step, strip, batch, rows, rest } = self;
        let (strip, batch, rows, rest) = (**strip, **batch, rows.start..rows.end, **rest);
        // SAFETY: whoever made this promised that the strip and the rows are in the layer and that the batch fits it;
        // `Task::run` is entered with the instructions of `V`.
        unsafe {
            if const { V::UPDATE_ROWS == 6 } {
                step.tiles::<V, 6, C>(strip, batch, rows, rest);
            } else {
                step.tiles::<V, 10, C>(strip, batch, rows, rest);
            }
        }
    }
}

/// As [`OfStrip`], the sums being there already.
pub(super) struct KeptStrip<'a, T, S, const C: usize> {
    pub(super) step: &'a Descend<'a, T, S>,
    pub(super) strip: &'a Strip,
    pub(super) gradient: &'a [T],
    pub(super) rows: &'a Range<usize>,
}

impl<T: Real, S: Store<T>, const C: usize> Task<T> for KeptStrip<'_, T, S, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { step, strip, gradient, rows } = self;
        let (strip, rows) = (**strip, rows.start..rows.end);
        for k in rows.clone() {
            // SAFETY: as for `OfStrip`; the gradient has the layout of the layer.
            unsafe {
                let sums =
                    read_row::<V, C>(gradient.as_ptr().add(strip.start + k * strip.pitch_of::<V, C>()));
                step.store(strip, k, &sums);
            }
        }
        // SAFETY: as for `OfStrip`.
        unsafe { step.mirror::<V>(strip, rows) }
    }
}

/// Most rows of a tile, and most lanes of a strip.
const ROWS: usize = 10;
const LANES: usize = 32;

/// The sums of a finished tile, waiting in the first-level cache for the optimizer.
#[repr(align(64))]
struct Hot<T>([[MaybeUninit<T>; LANES]; ROWS]);

impl<T: Real> Hot<T> {
    #[inline(always)]
    fn new() -> Self {
        Self([const { [const { MaybeUninit::uninit() }; LANES] }; ROWS])
    }

    /// # Safety
    /// The row has been written, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn read<V: Vector<Real = T>, const C: usize>(&self, row: usize) -> [V; C] {
        // SAFETY: C vectors of a strip are LANES values at most; the caller's promise.
        unsafe { read_row(self.0[row].as_ptr().cast()) }
    }

    /// # Safety
    /// The instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
    unsafe fn write<V: Vector<Real = T>, const R: usize, const C: usize>(&mut self, sums: &[[V; C]; R]) {
        const { assert!(R <= ROWS) };
        for r in 0..R {
            // SAFETY: C vectors of a strip are LANES values at most; the caller's promise.
            unsafe { write_row(&sums[r], self.0[r].as_mut_ptr().cast()) };
        }
    }
}

/// Samples from which on the optimizer works on one tile while the next is summed.
const WORTH_OVERLAPPING: usize = 64;

/// Runs the same for each of the first `$R` of ten rows, written out: the sums of rows whose number is only known when the
/// program runs would not stay in registers.
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

impl<T: Real, S: Store<T>> Descend<'_, T, S> {
    /// # Safety
    /// The strip and the rows are in the layer, the batch fits it, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn tiles<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        strip: Strip,
        batch: Batch<'_, T>,
        rows: Range<usize>,
        rest: Rest<T>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if const { S::AT_ONCE } && rest.ends && batch.len() < WORTH_OVERLAPPING {
                self.store_at_once::<V, R, C>(strip, batch, rows, rest);
            } else if rest.ends {
                self.store_overlapping::<V, R, C>(strip, batch, rows, rest);
            } else {
                let mut k = rows.start;
                while k + R <= rows.end {
                    let mut sums = rest.read::<V, R, C>(k);
                    batch.add(&mut sums, (k, strip.first), 0..batch.len());
                    rest.write(k, &sums);
                    k += R;
                }
                if k < rows.end {
                    let to = rest.row(k);
                    remnant::<V, C>(batch, (k, strip.first), rows.end - k, rest, (to, Panels::<T>::WIDTH));
                }
            }
        }
    }

    /// The tiles that see the last of the batch, each handed to the store at once; the processor overlaps what it can.
    ///
    /// # Safety
    /// As for [`Self::tiles`].
    #[inline(always)]
    unsafe fn store_at_once<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        strip: Strip,
        batch: Batch<'_, T>,
        rows: Range<usize>,
        rest: Rest<T>,
    ) {
        let mut k = rows.start;
        // SAFETY: the caller's promise.
        unsafe {
            while k + R <= rows.end {
                self.prefetch::<V, R, C>(strip, k, rest);
                let mut sums = rest.read::<V, R, C>(k);
                batch.add(&mut sums, (k, strip.first), 0..batch.len());
                each_row!(R, r => self.store(strip, k + r, &sums[r]));
                k += R;
            }
            self.last_rows::<V, C>(strip, batch, k..rows.end, rest);
            self.mirror::<V>(strip, rows);
        }
    }

    /// The tiles that see the last of the batch, each handed to the store row by row while the next is summed: the
    /// optimizer's quotients and waits for memory go on beside the multiplications.
    ///
    /// # Safety
    /// As for [`Self::tiles`].
    #[inline(always)]
    unsafe fn store_overlapping<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        strip: Strip,
        batch: Batch<'_, T>,
        rows: Range<usize>,
        rest: Rest<T>,
    ) {
        let mut hot = Hot::new();
        let mut pending = rows.start..rows.start;
        let mut k = rows.start;
        // SAFETY: the caller's promise.
        unsafe {
            while k + R <= rows.end {
                self.prefetch::<V, R, C>(strip, k, rest);
                let mut sums = rest.read::<V, R, C>(k);
                let stretch = batch.len() / (pending.len() + 1);
                let mut samples = 0..stretch;
                for n in 0..pending.len() {
                    batch.add(&mut sums, (k, strip.first), samples.clone());
                    samples = samples.end..samples.end + stretch;
                    self.store(strip, pending.start + n, &hot.read::<V, C>(n));
                }
                batch.add(&mut sums, (k, strip.first), samples.start..batch.len());
                hot.write(&sums);
                pending = k..k + R;
                k += R;
            }
            self.store_rows::<V, C>(strip, pending, &hot);
            self.last_rows::<V, C>(strip, batch, k..rows.end, rest);
            self.mirror::<V>(strip, rows);
        }
    }

    /// The last rows, too few for a full tile.
    ///
    /// # Safety
    /// As for [`Self::tiles`].
    #[inline(always)]
    unsafe fn last_rows<V: Vector<Real = T>, const C: usize>(
        &self,
        strip: Strip,
        batch: Batch<'_, T>,
        rows: Range<usize>,
        rest: Rest<T>,
    ) {
        if rows.is_empty() {
            return;
        }
        let mut hot = Hot::new();
        let to = hot.0.as_mut_ptr().cast();
        // SAFETY: the caller's promise.
        unsafe {
            remnant::<V, C>(batch, (rows.start, strip.first), rows.len(), rest, (to, LANES));
            self.store_rows::<V, C>(strip, rows, &hot);
        }
    }
}

/// The sums of the last rows, too few for a full tile, written to rows this far apart.
///
/// # Safety
/// The rows and lanes exist, as many rows can be written, and the instructions of `V` exist.
#[inline(always)]
unsafe fn remnant<V: Vector, const C: usize>(
    batch: Batch<'_, V::Real>,
    place: (usize, usize),
    rows: usize,
    rest: Rest<V::Real>,
    to: (*mut V::Real, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        with_rows!(rows, R => V::enter(&mut Remnant::<V, V::Real, R, C> { batch: &batch, place, rest: &rest, to, vector: PhantomData }))
    }
}

/// A tile of any number of rows.
struct Remnant<'a, O, T, const R: usize, const C: usize> {
    batch: &'a Batch<'a, T>,
    place: (usize, usize),
    rest: &'a Rest<T>,
    to: (*mut T, usize),
    vector: PhantomData<O>,
}

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Task<T> for Remnant<'_, O, T, R, C> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
    fn run<V: Vector<Real = T>>(&mut self) {
        if const { R >= V::UPDATE_ROWS } {
            return; // Never asked for: no need of code for it.
        }
        let (batch, place, rest, (to, pitch)) = (*self.batch, self.place, *self.rest, self.to);
        // SAFETY: `remnant` was promised that all of this exists.
        unsafe {
            let mut sums = rest.read::<V, R, C>(place.0);
            batch.add(&mut sums, place, 0..batch.len());
            for r in 0..R {
                write_row(&sums[r], to.add(r * pitch));
            }
        }
    }
}

impl<T: Real, S: Store<T>> Descend<'_, T, S> {
    /// Keeps the transposed weights, where there are any, equal to the rows `rows` of the strip.
    ///
    /// # Safety
    /// The strip and the rows are in the layer, the first is a multiple of `V::COUNT`, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn mirror<V: Vector<Real = T>>(&self, strip: Strip, rows: Range<usize>) {
        if !self.layer.w_t.is_null() && !rows.is_empty() {
            // SAFETY: the caller's promise.
            unsafe { V::enter(&mut Mirror { layer: self.layer, strip: &strip, rows }) };
        }
    }

    /// Has the lines that the store of a tile will write fetched while its sums are computed.
    ///
    /// # Safety
    /// The tile is in the layer.
    #[inline(always)]
    unsafe fn prefetch<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        strip: Strip,
        k: usize,
        rest: Rest<T>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            // Weights of which a block is done at a time are far more than the second-level cache holds.
            let line = k.next_multiple_of(T::PER_LINE);
            if rest.is_of_a_block() && !self.layer.w_t.is_null() && line < self.layer.rows.min(k + R) {
                mirror::prefetch(self.layer, strip, line);
            }
            for r in 0..R {
                let at = strip.start + (k + r) * strip.pitch_of::<V, C>();
                prefetch_row(self.layer.w.value.add(at));
                for m in 0..S::MOMENTS {
                    prefetch_row(self.layer.w.moments[m].add(at));
                }
            }
        }
    }

    /// Hands the hot rows to the store: the first of them belongs to the first of `rows`.
    ///
    /// # Safety
    /// The strip and the rows are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn store_rows<V: Vector<Real = T>, const C: usize>(
        &self,
        strip: Strip,
        rows: Range<usize>,
        hot: &Hot<T>,
    ) {
        for n in 0..rows.len() {
            // SAFETY: the caller's promise.
            unsafe { self.store(strip, rows.start + n, &hot.read::<V, C>(n)) };
        }
    }

    /// Hands the sums of row `k` to the store.
    ///
    /// # Safety
    /// The strip and the row are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn store<V: Vector<Real = T>, const C: usize>(&self, strip: Strip, k: usize, sums: &[V; C]) {
        // SAFETY: the caller's promise.
        unsafe {
            let at = strip.start + k * strip.pitch_of::<V, C>();
            apply(reread(&self.store), strip, self.layer.w, at, sums);
        }
    }
}

/// Applies the store to `C` vectors at `at`; lanes that are padding stay zero.
///
/// # Safety
/// They can be read and written at every place, and the instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
unsafe fn apply<V: Vector, S: Store<V::Real>, const C: usize>(
    store: S,
    strip: Strip,
    places: Places<V::Real>,
    at: usize,
    sums: &[V; C],
) {
    for c in 0..C {
        // SAFETY: the caller's promise.
        unsafe {
            let at = at + c * V::COUNT;
            let mut old = [V::zero(); 2];
            for m in 0..S::MOMENTS {
                old[m] = V::read(places.moments[m].add(at));
            }
            let (mut new, mut kept) = store.apply(sums[c], V::read(places.value.add(at)), old);
            let used = strip.used.saturating_sub(c * V::COUNT);
            if used < V::COUNT {
                new = first_lanes(new, used);
                kept = [first_lanes(kept[0], used), first_lanes(kept[1], used)];
            }
            new.write(places.value.add(at));
            for m in 0..S::MOMENTS {
                kept[m].write(places.moments[m].add(at));
            }
        }
    }
}

/// Has the two lines of a panel's row fetched to be written.
#[inline(always)]
fn prefetch_row<T: Real>(at: *const T) {
    prefetch_to_write(at);
    prefetch_to_write(at.wrapping_add(T::PER_LINE));
}
