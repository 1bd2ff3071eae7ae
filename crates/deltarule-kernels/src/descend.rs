//! BP4, and what is done with the gradient of the weights: kept, or handed to the optimizer while it is hot.

mod batch;
mod blocks;
mod rest;
mod strip;

use crate::isa::Task;
use crate::lanes::vector::Vector;
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::Strip;
use crate::update::{
    Adam, Fate, Keep, Momentum, Moving, Nesterov, Penalised, Plain, Sgd, Step, Store, UpdateRule,
};
pub(crate) use batch::Samples;
use batch::{Batch, Table};
use blocks::InBlocks;
pub(crate) use blocks::PANELS_A_COPY;
use rest::Rest;
use std::ops::Range;
use strip::{KeptStrip, OfStrip};

/// Where the sums over the batch come from.
#[derive(Clone, Copy)]
pub(crate) enum Sums<'a, T> {
    /// The products of rows: δ_ij x_ik summed over the samples i.
    Rows(Samples<T>),
    /// The storage of a gradient computed before.
    Kept(&'a [T]),
}

/// Where weights and moments are: a null pointer for each that there is not.
#[derive(Clone, Copy)]
pub(crate) struct Places<T> {
    pub(crate) value: *mut T,
    pub(crate) moments: [*mut T; 2],
}

/// The weights of one layer, by pointer. The lanes of its panels are its outputs, and their rows its inputs; with narrow
/// weights it is the other way round, here and in all that follows: then x takes the place of δ, and δ that of x.
#[derive(Clone, Copy)]
pub(crate) struct Layer<T> {
    pub(crate) lanes: usize,
    pub(crate) rows: usize,
    pub(crate) w: Places<T>,
    /// Storage of the transposed weights, or null.
    pub(crate) w_t: *mut T,
    /// Whether one of the two is narrow, so that both lie alike.
    pub(crate) w_t_lies_alike: bool,
}

impl<T: Real> Layer<T> {
    /// Weights and nothing else.
    pub(crate) fn new(w: &mut Panels<T>) -> Self {
        let (lanes, rows) = w.lanes_and_rows();
        let null = std::ptr::null_mut();
        let w = Places { value: w.storage_mut().as_mut_ptr(), moments: [null; 2] };
        Self { lanes, rows, w, w_t: null, w_t_lies_alike: false }
    }
}

/// The rows `rows` of some panels of the layer.
pub struct Part<'a, T> {
    pub(crate) layer: &'a Layer<T>,
    pub(crate) sums: &'a Sums<'a, T>,
    pub(crate) fate: &'a Fate<T>,
    pub(crate) panels: Range<usize>,
    /// Starts at a multiple of a cache line's values.
    pub(crate) rows: Range<usize>,
}

// SAFETY: a layer and its samples are places; what is at them is written by parts that each have panels and rows of their
// own, and the rows of w_t that mirror them.
unsafe impl<T: Real> Sync for Layer<T> {}
// SAFETY: the samples are only read.
unsafe impl<T: Real> Sync for Sums<'_, T> {}

impl<T: Real> Task<T> for Part<'_, T> {
    type Output = ();

    /// One compiled store for each rule, with penalties and without.
    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        match *self.fate {
            Fate::Kept(scale) => self.descend::<V, _>(Keep(scale)),
            Fate::Applied(step) => match step.rule {
                UpdateRule::Sgd => self.by::<V, _>(step, Sgd),
                UpdateRule::Momentum { mu } => self.by::<V, _>(step, Momentum { mu }),
                UpdateRule::Nesterov { mu } => self.by::<V, _>(step, Nesterov { mu }),
                UpdateRule::Adam { beta1, beta2, epsilon } => {
                    self.by::<V, _>(step, Adam::new(beta1, beta2, epsilon));
                }
            },
        }
    }
}

impl<T: Real> Part<'_, T> {
    #[inline(always)]
    fn by<V: Vector<Real = T>, R: Moving<T>>(&self, step: Step<T>, rule: R) {
        if step.is_plain() {
            self.descend::<V, _>(Plain::new(step, rule));
        } else {
            self.descend::<V, _>(Penalised::new(step, rule));
        }
    }

    #[inline(always)]
    fn descend<V: Vector<Real = T>, S: Store<T>>(&self, store: S) {
        let Self { layer, sums, panels, rows, .. } = self;
        let step = Descend { layer, store };
        let strips = Strip::of_panels::<V>(panels.clone(), layer.lanes);
        // SAFETY: the strips and the rows are in the layer, the samples fit it, and `Task::run` is entered with the
        // instructions of `V`.
        unsafe {
            match sums {
                Sums::Kept(gradient) => {
                    for n in strips {
                        step.kept_strip::<V>(gradient, step.nth_strip::<V>(n), rows);
                    }
                }
                Sums::Rows(samples) if samples.need_copies() => {
                    V::enter(&mut InBlocks { step: &step, samples: *samples, strips, rows: rows.clone() });
                }
                Sums::Rows(samples) => {
                    let mut table = Table::new();
                    let batch = samples.batch(0..samples.count, &mut table);
                    for n in strips {
                        step.strip::<V>(step.nth_strip::<V>(n), &batch, rows, &Rest::none());
                    }
                }
            }
        }
    }
}

/// A layer and what becomes of its gradient.
#[derive(Clone, Copy)]
struct Descend<'a, T, S> {
    layer: &'a Layer<T>,
    store: S,
}

impl<T: Real, S: Store<T>> Descend<'_, T, S> {
    fn nth_strip<V: Vector<Real = T>>(&self, n: usize) -> Strip {
        Strip::nth::<V>(n, self.layer.lanes, self.layer.rows)
    }

    /// The rows `rows` of a strip, in a function of its own for each store and width, so that its constants stay in
    /// registers.
    ///
    /// # Safety
    /// The strip and the rows are in the layer, the batch fits it, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn strip<V: Vector<Real = T>>(
        &self,
        strip: Strip,
        batch: &Batch<'_, T>,
        rows: &Range<usize>,
        rest: &Rest<T>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if const { V::COUNT == V::Real::PER_LINE } && strip.vectors == 1 {
                V::enter(&mut OfStrip::<T, S, 1> { step: self, strip: &strip, batch, rows, rest });
            } else {
                V::enter(&mut OfStrip::<T, S, 2> { step: self, strip: &strip, batch, rows, rest });
            }
        }
    }

    /// The same with a gradient that was computed before.
    ///
    /// # Safety
    /// As there; the gradient is in the layout of the layer.
    #[inline(always)]
    unsafe fn kept_strip<V: Vector<Real = T>>(&self, gradient: &[T], strip: Strip, rows: &Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe {
            if const { V::COUNT == V::Real::PER_LINE } && strip.vectors == 1 {
                V::enter(&mut KeptStrip::<T, S, 1> { step: self, strip: &strip, gradient, rows });
            } else {
                V::enter(&mut KeptStrip::<T, S, 2> { step: self, strip: &strip, gradient, rows });
            }
        }
    }
}
