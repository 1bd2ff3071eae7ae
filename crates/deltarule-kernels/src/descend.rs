//! BP3 and BP4, and what is done with the gradient: kept, or handed to the optimizer while it is hot.

use crate::isa::Task;
use crate::lanes::vector::Vector;
use crate::multiply::padded;
use crate::panels::Panels;
use crate::real::{Real, sealed::Sealed};
use crate::tile::{Lines, Strip, Target, accumulate, with_rows, write_row};
use crate::update::{Adam, Keep, Known, Momentum, Moving, Nesterov, Rule, Sgd, Step, Store};
use std::marker::PhantomData;
use std::ops::Range;

/// Where the sums over the batch come from.
#[derive(Clone, Copy)]
pub(crate) enum Sums<'a, T> {
    /// The products of rows: δ_ij x_ik summed over so many rows i.
    Rows { delta: Lines<T>, delta_cols: usize, x: Lines<T>, x_cols: usize, count: usize },
    /// A gradient computed before: storage of its weights, and its biases.
    Kept { w: &'a [T], b: &'a [T] },
}

/// Where parameters and moments are: a null pointer for each that there is not.
#[derive(Clone, Copy)]
pub(crate) struct Places<T> {
    pub(crate) value: *mut T,
    pub(crate) moments: [*mut T; 2],
}

/// One layer, by pointer.
#[derive(Clone, Copy)]
pub(crate) struct Layer<T> {
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    pub(crate) w: Places<T>,
    /// Storage of the transposed weights, or null.
    pub(crate) w_t: *mut T,
    pub(crate) b: Places<T>,
}

impl<T: Real> Layer<T> {
    /// Weights and biases, and nothing else.
    pub(crate) fn new(w: &mut Panels<T>, b: &mut [T]) -> Self {
        let (outputs, inputs) = (w.outputs(), w.inputs());
        let null = std::ptr::null_mut();
        let w = Places { value: w.storage_mut().as_mut_ptr(), moments: [null; 2] };
        Self { outputs, inputs, w, w_t: null, b: Places { value: b.as_mut_ptr(), moments: [null; 2] } }
    }
}

/// What becomes of the gradient.
#[derive(Clone, Copy)]
pub(crate) enum Fate<T> {
    /// Kept in place of the parameters, times this factor.
    Kept(T),
    /// Handed to the optimizer; the learning rate of the biases.
    Applied(Step<T>, T),
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
            Fate::Kept(scale) => self.descend::<V, _, _>(Keep(scale), Keep(scale)),
            Fate::Applied(step, eta_b) => match step.rule {
                Rule::Sgd => self.by::<V, _>(step, eta_b, Sgd),
                Rule::Momentum { mu } => self.by::<V, _>(step, eta_b, Momentum { mu }),
                Rule::Nesterov { mu } => self.by::<V, _>(step, eta_b, Nesterov { mu }),
                Rule::Adam { beta1, beta2, epsilon } => {
                    self.by::<V, _>(step, eta_b, Adam { beta1, beta2, epsilon });
                }
            },
        }
    }
}

impl<T: Real> Part<'_, T> {
    #[inline(always)]
    fn by<V: Vector<Real = T>, R: Moving<T>>(self, step: Step<T>, eta_b: T, rule: R) {
        let biases = Known { step: step.for_biases(eta_b), rule };
        self.descend::<V, _, _>(Known { step, rule }, biases);
    }

    #[inline(always)]
    fn descend<V: Vector<Real = T>, W: Store<T>, B: Store<T>>(self, w_store: W, b_store: B) {
        let Self { layer, sums, panels, rows, .. } = self;
        let step = Descend { layer, sums, w_store, b_store };
        for n in Strip::of_panels::<V>(panels, layer.outputs) {
            let strip = Strip::nth::<V>(n, layer.outputs, layer.inputs);
            // SAFETY: the strip and the rows are in the layer, and `Task::run` is entered with the instructions of `V`.
            unsafe {
                if const { V::COUNT == V::Real::PER_LINE } && strip.vectors == 1 {
                    step.descend::<V, 1>(strip, rows.clone());
                } else {
                    step.descend::<V, 2>(strip, rows.clone());
                }
            }
        }
    }
}

/// A layer, the sums and their stores.
#[derive(Clone, Copy)]
struct Descend<'a, T, W, B> {
    layer: Layer<T>,
    sums: Sums<'a, T>,
    w_store: W,
    b_store: B,
}

/// Most rows of a tile, and most lanes of a strip.
const ROWS: usize = 14;
const LANES: usize = 32;

/// The sums of a finished tile, waiting in the first-level cache for the optimizer.
#[repr(align(64))]
struct Pending<T> {
    sums: [[T; LANES]; ROWS],
    /// The inputs they belong to: those before `rows.start` are done.
    rows: Range<usize>,
    /// The input of `sums[0]`.
    first: usize,
}

impl<T: Real, W: Store<T>, B: Store<T>> Descend<'_, T, W, B> {
    /// # Safety
    /// The strip and the rows are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn descend<V: Vector<Real = T>, const C: usize>(&self, strip: Strip, rows: Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe {
            if rows.start == 0 {
                self.biases::<V, C>(strip);
            }
            match self.sums {
                Sums::Kept { w, .. } => {
                    for k in rows.clone() {
                        self.store::<V, C>(strip, k, w.as_ptr().add(strip.start + k * strip.pitch));
                    }
                    self.mirror::<V>(strip, rows);
                }
                Sums::Rows { delta, x, count, .. } => {
                    let mut pending = Pending {
                        sums: [[T::ZERO; LANES]; ROWS],
                        rows: rows.start..rows.start,
                        first: rows.start,
                    };
                    let mut mirrored = rows.start;
                    let mut k = rows.start;
                    while k < rows.end {
                        let tile = Tile { delta, x, count, lanes: strip.first, k };
                        let size = (rows.end - k).min(V::UPDATE_ROWS);
                        if size == V::UPDATE_ROWS {
                            V::enter(Overlapped::<V, T, W, B, C> {
                                tile,
                                strip,
                                step: self,
                                pending: &mut pending,
                                vector: PhantomData,
                            });
                        } else {
                            self.store_pending::<V, C>(strip, &mut pending);
                            plain::<V, C>(size, tile, &mut pending);
                        }
                        // All rows before this tile have been stored by now.
                        let ready = k / V::COUNT * V::COUNT;
                        self.mirror::<V>(strip, mirrored..ready);
                        mirrored = ready.max(mirrored);
                        k += size;
                    }
                    self.store_pending::<V, C>(strip, &mut pending);
                    self.mirror::<V>(strip, mirrored..rows.end);
                }
            }
        }
    }
}

/// The products of one tile: `R` inputs from `k` on by the lanes of a strip.
#[derive(Clone, Copy)]
struct Tile<T> {
    delta: Lines<T>,
    x: Lines<T>,
    count: usize,
    lanes: usize,
    k: usize,
}

impl<T: Real> Tile<T> {
    /// Adds the products of some of the rows of the batch to the sums.
    ///
    /// # Safety
    /// The inputs and lanes of the tile exist, and the instructions of `V`.
    #[inline(always)]
    unsafe fn add<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        sums: &mut [[V; C]; R],
        batch: Range<usize>,
    ) {
        let Self { delta, x, lanes, k, .. } = *self;
        // SAFETY: the caller's promise.
        unsafe { accumulate(sums, batch, |r, i| *x.row(i).add(k + r), |i| delta.row(i).add(lanes)) }
    }

    /// Leaves the sums for the optimizer.
    ///
    /// # Safety
    /// The instructions of `V` exist.
    #[inline(always)]
    unsafe fn leave<V: Vector<Real = T>, const R: usize, const C: usize>(
        &self,
        sums: [[V; C]; R],
        pending: &mut Pending<T>,
    ) {
        const { assert!(R <= ROWS) };
        for (row, to) in sums.into_iter().zip(&mut pending.sums) {
            // SAFETY: C vectors of a strip are LANES values at most; the caller's promise.
            unsafe { write_row(row, to.as_mut_ptr()) };
        }
        pending.first = self.k;
        pending.rows = self.k..self.k + R;
    }
}

/// A tile of any number of rows.
///
/// # Safety
/// The inputs and lanes of the tile exist, and the instructions of `V`.
unsafe fn plain<V: Vector, const C: usize>(rows: usize, tile: Tile<V::Real>, pending: &mut Pending<V::Real>) {
    // SAFETY: the caller's promise.
    unsafe { with_rows!(rows, R => V::enter(Plain::<V, V::Real, R, C>(tile, pending, PhantomData))) }
}

/// A tile on its own.
struct Plain<'a, O, T, const R: usize, const C: usize>(Tile<T>, &'a mut Pending<T>, PhantomData<O>);

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Task<T> for Plain<'_, O, T, R, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        if const { R >= V::UPDATE_ROWS } {
            return; // Never asked for: no need of code for it.
        }
        let Self(tile, pending, _) = self;
        let mut sums = [[V::zero(); C]; R];
        // SAFETY: the tile was made inside the layer.
        unsafe {
            tile.add(&mut sums, 0..tile.count);
            tile.leave(sums, pending);
        }
    }
}

/// A full tile, with the optimizer at work on the tile before it: square roots and quotients take the divider ten times as
/// long as a multiplication takes the multiplier, but both can be busy at once.
struct Overlapped<'a, O, T, W, B, const C: usize> {
    tile: Tile<T>,
    strip: Strip,
    step: &'a Descend<'a, T, W, B>,
    pending: &'a mut Pending<T>,
    vector: PhantomData<O>,
}

impl<T: Real, W: Store<T>, B: Store<T>, O: Vector<Real = T>, const C: usize> Task<T>
    for Overlapped<'_, O, T, W, B, C>
{
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        // SAFETY: the tile was made inside the layer.
        unsafe {
            if const { V::UPDATE_ROWS == 6 } {
                self.rows::<V, 6>();
            } else {
                self.rows::<V, 8>();
            }
        }
    }
}

impl<T: Real, W: Store<T>, B: Store<T>, O: Vector<Real = T>, const C: usize> Overlapped<'_, O, T, W, B, C> {
    /// # Safety
    /// The instructions of `V` exist.
    #[inline(always)]
    unsafe fn rows<V: Vector<Real = T>, const R: usize>(self) {
        let Self { tile, strip, step, pending, .. } = self;
        let mut sums = [[V::zero(); C]; R];
        let mut batch = 0..tile.count / (pending.rows.len() + 1);
        let stride = batch.len();
        // SAFETY: the tile was made inside the layer.
        unsafe {
            for k in pending.rows.clone() {
                tile.add(&mut sums, batch.clone());
                batch = batch.end..batch.end + stride;
                step.store::<V, C>(strip, k, pending.sums[k - pending.first].as_ptr());
            }
            tile.add(&mut sums, batch.start..tile.count);
            tile.leave(sums, pending);
        }
    }
}

impl<T: Real, W: Store<T>, B: Store<T>> Descend<'_, T, W, B> {
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

    /// Stores what is pending.
    ///
    /// # Safety
    /// The pending rows are in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn store_pending<V: Vector<Real = T>, const C: usize>(
        &self,
        strip: Strip,
        pending: &mut Pending<T>,
    ) {
        for k in pending.rows.clone() {
            // SAFETY: the caller's promise.
            unsafe { self.store::<V, C>(strip, k, pending.sums[k - pending.first].as_ptr()) };
        }
        pending.rows.start = pending.rows.end;
    }

    /// Hands the sums of input `k` to the store.
    ///
    /// # Safety
    /// The strip and the input are in the layer, `C` vectors of sums can be read, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn store<V: Vector<Real = T>, const C: usize>(&self, strip: Strip, k: usize, sums: *const T) {
        // SAFETY: the caller's promise.
        unsafe { apply::<V, W, C>(self.w_store, strip, self.layer.w, strip.start + k * strip.pitch, sums) }
    }

    /// BP3 and its store: δ summed over the batch, for the outputs of the strip.
    ///
    /// # Safety
    /// The strip is in the layer, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn biases<V: Vector<Real = T>, const C: usize>(&self, strip: Strip) {
        // SAFETY: the caller's promise; strips have at most LANES lanes, and as many outputs as `strip.outputs` says.
        unsafe {
            let sums = match self.sums {
                Sums::Kept { b, .. } => padded(b, strip),
                Sums::Rows { delta, count, .. } => {
                    let mut sums = [V::zero(); C];
                    for i in 0..count {
                        let delta = delta.row(i).add(strip.first);
                        for (c, sum) in sums.iter_mut().enumerate() {
                            *sum = *sum + V::read(delta.add(c * V::COUNT));
                        }
                    }
                    let mut lanes = [T::ZERO; LANES];
                    for (c, sum) in sums.into_iter().enumerate() {
                        sum.write(lanes.as_mut_ptr().add(c * V::COUNT));
                    }
                    lanes
                }
            };
            let Places { value, moments } = self.layer.b;
            let mut lanes = [[T::ZERO; LANES]; 3];
            let places = [value, moments[0], moments[1]];
            for (lanes, place) in lanes.iter_mut().zip(places).filter(|(_, place)| !place.is_null()) {
                lanes.as_mut_ptr().copy_from_nonoverlapping(place.add(strip.first), strip.outputs);
            }
            let [value, m, v] = &mut lanes;
            let hot = Places { value: value.as_mut_ptr(), moments: [m.as_mut_ptr(), v.as_mut_ptr()] };
            apply::<V, B, C>(self.b_store, strip, hot, 0, sums.as_ptr());
            for (lanes, place) in lanes.iter().zip(places).filter(|(_, place)| !place.is_null()) {
                place.add(strip.first).copy_from_nonoverlapping(lanes.as_ptr(), strip.outputs);
            }
        }
    }
}

/// The copying of the inputs `rows` of a strip to the transposed weights; the first is a multiple of `V::COUNT`.
struct Mirror<T> {
    layer: Layer<T>,
    strip: Strip,
    rows: Range<usize>,
}

impl<T: Real> Task<T> for Mirror<T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        let Self { layer, strip, rows } = self;
        for first in rows.clone().step_by(V::COUNT) {
            for lane in (0..strip.outputs).step_by(V::COUNT) {
                let inputs = (rows.end - first).min(V::COUNT);
                let outputs = (strip.outputs - lane).min(V::COUNT);
                let panel = Panels::<T>::panel_of(first / Panels::<T>::WIDTH, layer.inputs, layer.outputs);
                // SAFETY: the strip and the rows are in the layer; a block of V::COUNT lanes never leaves a panel of
                // w_t, whose rows are the outputs.
                unsafe {
                    let from = layer.w.value.add(strip.start + first * strip.pitch + lane);
                    let start = panel.start + (strip.first + lane) * panel.width + (first - panel.first);
                    let to = Target { base: layer.w_t.add(start), stride: panel.width };
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

/// Applies the store to `C` vectors at `at`; lanes that are no outputs stay zero.
///
/// # Safety
/// They can be read and written at every place, and the instructions of `V` exist.
#[inline(always)]
unsafe fn apply<V: Vector, S: Store<V::Real>, const C: usize>(
    store: S,
    strip: Strip,
    places: Places<V::Real>,
    at: usize,
    sums: *const V::Real,
) {
    for c in 0..C {
        // SAFETY: the caller's promise.
        unsafe {
            let at = at + c * V::COUNT;
            let sum = V::read(sums.add(c * V::COUNT));
            let mut old = [V::zero(); 2];
            for (old, place) in old.iter_mut().zip(places.moments).take(S::MOMENTS) {
                *old = V::read(place.add(at));
            }
            let (mut new, mut kept) = store.apply(sum, V::read(places.value.add(at)), old);
            let outputs = strip.outputs.saturating_sub(c * V::COUNT);
            if outputs < V::COUNT {
                new = first_lanes(new, outputs);
                kept = [first_lanes(kept[0], outputs), first_lanes(kept[1], outputs)];
            }
            new.write(places.value.add(at));
            for (kept, place) in kept.into_iter().zip(places.moments).take(S::MOMENTS) {
                kept.write(place.add(at));
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
