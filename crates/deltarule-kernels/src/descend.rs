//! BP4, and what is done with the gradient of the weights: kept, or handed to the optimizer while it is hot.

use crate::isa::Task;
use crate::lanes::vector::{Vector, prefetch_to_read, prefetch_to_write};
use crate::mirror::{self, Mirror};
use crate::panels::Panels;
use crate::real::{Real, sealed::Sealed};
use crate::tile::{Lines, Strip, accumulate, read_row, reread, with_rows, write_row};
use crate::update::{Adam, Fate, Keep, Known, Momentum, Moving, Nesterov, Rule, Sgd, Step, Store};
use std::marker::PhantomData;
use std::ops::Range;

/// Where the sums over the batch come from.
#[derive(Clone, Copy)]
pub(crate) enum Sums<'a, T> {
    /// The products of rows: δ_ij x_ik summed over so many rows i.
    Rows { delta: Lines<T>, delta_cols: usize, x: Lines<T>, x_cols: usize, count: usize },
    /// The storage of a gradient computed before.
    Kept(&'a [T]),
}

/// Where weights and moments are: a null pointer for each that there is not.
#[derive(Clone, Copy)]
pub(crate) struct Places<T> {
    pub(crate) value: *mut T,
    pub(crate) moments: [*mut T; 2],
}

/// The weights of one layer, by pointer.
#[derive(Clone, Copy)]
pub(crate) struct Layer<T> {
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    pub(crate) w: Places<T>,
    /// Storage of the transposed weights, or null.
    pub(crate) w_t: *mut T,
}

impl<T: Real> Layer<T> {
    /// Weights and nothing else.
    pub(crate) fn new(w: &mut Panels<T>) -> Self {
        let (outputs, inputs) = (w.outputs(), w.inputs());
        let null = std::ptr::null_mut();
        let w = Places { value: w.storage_mut().as_mut_ptr(), moments: [null; 2] };
        Self { outputs, inputs, w, w_t: null }
    }
}

/// The inputs `rows` of some panels of the layer.
#[derive(Clone)]
pub struct Part<'a, T> {
    pub(crate) layer: Layer<T>,
    pub(crate) sums: Sums<'a, T>,
    pub(crate) fate: Fate<T>,
    pub(crate) panels: Range<usize>,
    /// Starts at a multiple of a cache line's values.
    pub(crate) rows: Range<usize>,
}

// SAFETY: each part writes the rows of its own panels and range, and the rows of w_t that mirror them.
unsafe impl<T: Real> Sync for Part<'_, T> {}
// SAFETY: as for `Sync`.
unsafe impl<T: Real> Send for Part<'_, T> {}

impl<T: Real> Task<T> for Part<'_, T> {
    type Output = ();

    /// One compiled store for each rule.
    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        match self.fate {
            Fate::Kept(scale) => self.descend::<V, _>(Keep(scale)),
            Fate::Applied(step) => match step.rule {
                Rule::Sgd => self.by::<V, _>(step, Sgd),
                Rule::Momentum { mu } => self.by::<V, _>(step, Momentum { mu }),
                Rule::Nesterov { mu } => self.by::<V, _>(step, Nesterov { mu }),
                Rule::Adam { beta1, beta2, epsilon } => {
                    self.by::<V, _>(step, Adam { beta1, beta2, epsilon });
                }
            },
        }
    }
}

impl<T: Real> Part<'_, T> {
    #[inline(always)]
    fn by<V: Vector<Real = T>, R: Moving<T>>(self, step: Step<T>, rule: R) {
        self.descend::<V, _>(Known::new(step, rule));
    }

    #[inline(always)]
    fn descend<V: Vector<Real = T>, S: Store<T>>(self, store: S) {
        let Self { layer, sums, panels, rows, .. } = self;
        let step = Descend { layer, sums, store };
        for n in Strip::of_panels::<V>(panels, layer.outputs) {
            let strip = Strip::nth::<V>(n, layer.outputs, layer.inputs);
            // SAFETY: the strip and the rows are in the layer, and `Task::run` is entered with the instructions of `V`.
            unsafe {
                if const { V::COUNT == V::Real::PER_LINE } && strip.vectors == 1 {
                    V::enter(OfStrip::<T, S, 1>(step, strip, rows.clone()));
                } else {
                    V::enter(OfStrip::<T, S, 2>(step, strip, rows.clone()));
                }
            }
        }
    }
}

/// A layer, the sums and their store.
#[derive(Clone, Copy)]
struct Descend<'a, T, S> {
    layer: Layer<T>,
    sums: Sums<'a, T>,
    store: S,
}

/// One strip of a layer, `C` vectors wide: a function of its own for each store, so that its constants stay in registers.
struct OfStrip<'a, T, S, const C: usize>(Descend<'a, T, S>, Strip, Range<usize>);

impl<T: Real, S: Store<T>, const C: usize> Task<T> for OfStrip<'_, T, S, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        let Self(step, strip, rows) = self;
        // SAFETY: the strip and the rows are in the layer, and `Task::run` is entered with the instructions of `V`.
        unsafe { step.descend::<V, C>(strip, rows) }
    }
}

/// Most rows of a tile, and most lanes of a strip.
const ROWS: usize = 14;
const LANES: usize = 32;

/// The sums of a finished tile, waiting in the first-level cache for the optimizer.
#[repr(align(64))]
struct Hot<T>([[T; LANES]; ROWS]);

/// # Safety
/// The instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
unsafe fn write_rows<V: Vector, const R: usize, const C: usize>(sums: &[[V; C]; R], hot: &mut Hot<V::Real>) {
    const { assert!(R <= ROWS) };
    for r in 0..R {
        // SAFETY: C vectors of a strip are LANES values at most; the caller's promise.
        unsafe { write_row(&sums[r], hot.0[r].as_mut_ptr()) };
    }
}

/// Rows of a batch from which on the optimizer works on one tile while the next is summed: square roots and quotients take the
/// divider ten times as long as a multiplication takes the multiplier, but both can be busy at once. Tiles of fewer
/// rows are stored at once; the processor overlaps those by itself.
const WORTH_OVERLAPPING: usize = 32;

/// How many inputs further on the values of x are fetched ahead: no one else foresees where they are.
const AHEAD: usize = 16;

impl<T: Real, S: Store<T>> Descend<'_, T, S> {
    /// # Safety
    /// The strip and the rows are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn descend<V: Vector<Real = T>, const C: usize>(&self, strip: Strip, rows: Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.sums {
                Sums::Kept(w) => {
                    for k in rows.clone() {
                        let sums = read_row::<V, C>(w.as_ptr().add(strip.start + k * strip.pitch));
                        self.store(strip, k, &sums);
                    }
                    self.mirror::<V>(strip, rows);
                }
                Sums::Rows { delta, x, count, .. } => {
                    let batch = Batch { delta, x, count, lanes: strip.first };
                    if const { V::UPDATE_ROWS == 6 } {
                        self.tiles::<V, 6, C>(strip, batch, rows);
                    } else {
                        self.tiles::<V, 8, C>(strip, batch, rows);
                    }
                }
            }
        }
    }

    /// # Safety
    /// The strip and the rows are in the layer, the batch fits it, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn tiles<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        strip: Strip,
        batch: Batch<T>,
        rows: Range<usize>,
    ) {
        let mut hot = Hot([[T::ZERO; LANES]; ROWS]);
        let mut pending = rows.start..rows.start;
        let mut mirrored = rows.start;
        let mut k = rows.start;
        // SAFETY: the caller's promise.
        unsafe {
            while k + R <= rows.end {
                self.prefetch::<R>(strip, k);
                let mut sums = [[V::zero(); C]; R];
                let stride = batch.count / (pending.len() + 1);
                let mut steps = 0..stride;
                for n in 0..pending.len() {
                    batch.add(&mut sums, k, steps.clone());
                    steps = steps.end..steps.end + stride;
                    self.store(strip, pending.start + n, &read_row::<V, C>(hot.0[n].as_ptr()));
                }
                batch.add(&mut sums, k, steps.start..batch.count);
                write_rows(&sums, &mut hot);
                pending = k..k + R;
                k += R;
                if batch.count < WORTH_OVERLAPPING {
                    self.store_rows::<V, C>(strip, &mut pending, &hot);
                }
                mirrored = self.mirror_ready::<V>(strip, mirrored, pending.start);
            }
            self.store_rows::<V, C>(strip, &mut pending, &hot);
            if k < rows.end {
                batch.remnant::<V, C>(k, rows.end - k, &mut hot);
                self.store_rows::<V, C>(strip, &mut (k..rows.end), &hot);
            }
            self.mirror::<V>(strip, mirrored..rows.end);
        }
    }
}

/// The rows whose products are summed, at the lanes of one strip.
#[derive(Clone, Copy)]
struct Batch<T> {
    delta: Lines<T>,
    x: Lines<T>,
    count: usize,
    lanes: usize,
}

impl<T: Real> Batch<T> {
    /// Adds the products of some of the rows to the sums of the inputs from `k` on.
    ///
    /// # Safety
    /// The inputs and lanes exist, and the instructions of `V`.
    #[inline(always)]
    unsafe fn add<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        sums: &mut [[V; C]; R],
        k: usize,
        steps: Range<usize>,
    ) {
        let Self { delta, x, lanes, .. } = *self;
        // SAFETY: the caller's promise. A prefetch may point anywhere.
        unsafe {
            accumulate(sums, steps, |i| {
                let x = x.row(i).add(k);
                prefetch_to_read(x.wrapping_add(AHEAD));
                (move |r| *x.add(r), delta.row(i).add(lanes))
            });
        }
    }

    /// The sums of the last inputs, too few for a full tile.
    ///
    /// # Safety
    /// The inputs and lanes exist, and the instructions of `V`.
    unsafe fn remnant<V: Vector<Real = T>, const C: usize>(&self, k: usize, rows: usize, hot: &mut Hot<T>) {
        // SAFETY: the caller's promise.
        unsafe { with_rows!(rows, R => V::enter(Remnant::<V, T, R, C>(*self, k, hot, PhantomData))) }
    }
}

/// A tile of any number of rows.
struct Remnant<'a, O, T, const R: usize, const C: usize>(Batch<T>, usize, &'a mut Hot<T>, PhantomData<O>);

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Task<T> for Remnant<'_, O, T, R, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        if const { R >= V::UPDATE_ROWS } {
            return; // Never asked for: no need of code for it.
        }
        let Self(batch, k, hot, _) = self;
        let mut sums = [[V::zero(); C]; R];
        // SAFETY: the tile is inside the layer.
        unsafe {
            batch.add(&mut sums, k, 0..batch.count);
            write_rows(&sums, hot);
        }
    }
}

impl<T: Real, S: Store<T>> Descend<'_, T, S> {
    /// Keeps the transposed weights, where there are any, equal to the inputs `rows` of the strip.
    ///
    /// # Safety
    /// The strip and the rows are in the layer, the first is a multiple of `V::COUNT`, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn mirror<V: Vector<Real = T>>(&self, strip: Strip, rows: Range<usize>) {
        if !self.layer.w_t.is_null() && !rows.is_empty() {
            // SAFETY: the caller's promise.
            unsafe { V::enter(Mirror { layer: self.layer, strip, rows }) };
        }
    }

    /// As [`Self::mirror`], but for whole blocks before `ready` only; returns where the next begins.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn mirror_ready<V: Vector<Real = T>>(&self, strip: Strip, mirrored: usize, ready: usize) -> usize {
        let ready = ready / V::COUNT * V::COUNT;
        // SAFETY: the caller's promise.
        unsafe { self.mirror::<V>(strip, mirrored..ready) };
        ready.max(mirrored)
    }

    /// Has the lines that the store of a tile will write fetched while its sums are computed.
    ///
    /// # Safety
    /// The tile is in the layer.
    #[inline(always)]
    unsafe fn prefetch<const R: usize>(&self, strip: Strip, k: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let line = k.next_multiple_of(T::PER_LINE);
            if !self.layer.w_t.is_null() && line < self.layer.inputs.min(k + R) {
                mirror::prefetch(&self.layer, strip, line);
            }
            for r in 0..R {
                let at = strip.start + (k + r) * strip.pitch;
                prefetch_row(self.layer.w.value.add(at));
                for m in 0..S::MOMENTS {
                    prefetch_row(self.layer.w.moments[m].add(at));
                }
            }
        }
    }

    /// Hands all that is pending to the store: the first of the hot rows belongs to the first of `rows`.
    ///
    /// # Safety
    /// The strip and the rows are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn store_rows<V: Vector<Real = T>, const C: usize>(
        &self,
        strip: Strip,
        rows: &mut Range<usize>,
        hot: &Hot<T>,
    ) {
        for n in 0..rows.len() {
            // SAFETY: the caller's promise.
            unsafe { self.store(strip, rows.start + n, &read_row::<V, C>(hot.0[n].as_ptr())) };
        }
        rows.start = rows.end;
    }

    /// Hands the sums of input `k` to the store.
    ///
    /// # Safety
    /// The strip and the input are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn store<V: Vector<Real = T>, const C: usize>(&self, strip: Strip, k: usize, sums: &[V; C]) {
        // SAFETY: the caller's promise.
        unsafe { apply(reread(&self.store), strip, self.layer.w, strip.start + k * strip.pitch, sums) }
    }
}

/// Applies the store to `C` vectors at `at`; lanes that are no outputs stay zero.
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
            let outputs = strip.outputs.saturating_sub(c * V::COUNT);
            if outputs < V::COUNT {
                new = first_lanes(new, outputs);
                kept = [first_lanes(kept[0], outputs), first_lanes(kept[1], outputs)];
            }
            new.write(places.value.add(at));
            for m in 0..S::MOMENTS {
                kept[m].write(places.moments[m].add(at));
            }
        }
    }
}

/// The first `count` lanes of the vector, and zeros after them.
#[inline(always)]
fn first_lanes<V: Vector>(value: V, count: usize) -> V {
    // SAFETY: 32 values, of which COUNT from 16 − count on are read: COUNT is 16 at most.
    let flags = unsafe { V::read(V::Real::ONES_THEN_ZEROS.as_ptr().add(16 - count)) };
    V::select(flags.equals(V::one()), value, V::zero())
}

/// Has the two lines of a panel's row fetched to be written.
#[inline(always)]
fn prefetch_row<T: Real>(at: *const T) {
    prefetch_to_write(at);
    prefetch_to_write(at.wrapping_add(T::PER_LINE));
}
