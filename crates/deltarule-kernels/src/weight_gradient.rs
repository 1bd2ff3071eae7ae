//! BP4 and its epilogue: the gradient of the weights is kept, or handed to the optimizer while it is in registers.

mod batch;
mod blocks;
mod fused;
mod last_rows;
mod partial_sums;
mod pointers;
mod tile_buffer;
mod transposed_copy;

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::micro_panel::MicroPanel;
use crate::update::{
    Adam, CompiledEpilogue, CompiledRule, GradientEpilogue, Keep, Momentum, Nesterov, PenalisedStep,
    PlainStep, Sgd, Step, UpdateRule,
};
use crate::weight_gradient::batch::RowTable;
pub(crate) use crate::weight_gradient::batch::Samples;
use crate::weight_gradient::blocks::InBlocks;
pub(crate) use crate::weight_gradient::blocks::PANELS_A_COPY;
use crate::weight_gradient::fused::FusedGradient;
use crate::weight_gradient::partial_sums::PartialSums;
pub(crate) use crate::weight_gradient::pointers::WeightPtrs;
use std::ops::Range;

/// Where the sums over the batch come from.
#[derive(Clone, Copy)]
pub(crate) enum WeightSums<'a, T> {
    /// δ_ij x_ik summed over the samples i.
    OfBatch(Samples<T>),
    /// The storage of a gradient computed before.
    Kept(&'a [T]),
}

// SAFETY: the samples are only read.
unsafe impl<T: Real> Sync for WeightSums<'_, T> {}

/// BP4 of the rows `rows` of some panels of a layer, with its epilogue.
pub struct WeightGradientBlock<'a, T> {
    pub(crate) weights: &'a WeightPtrs<T>,
    pub(crate) sums: &'a WeightSums<'a, T>,
    pub(crate) epilogue: &'a GradientEpilogue<T>,
    pub(crate) panels: Range<usize>,
    /// Starts at a multiple of a cache line's values.
    pub(crate) rows: Range<usize>,
}

impl<T: Real> Kernel<T> for WeightGradientBlock<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        match *self.epilogue {
            GradientEpilogue::Keep(scale) => self.fused::<V, _>(Keep(scale)),
            GradientEpilogue::Update(step) => match step.rule {
                UpdateRule::Sgd => self.update::<V, _>(step, Sgd),
                UpdateRule::Momentum { mu } => self.update::<V, _>(step, Momentum { mu }),
                UpdateRule::Nesterov { mu } => self.update::<V, _>(step, Nesterov { mu }),
                UpdateRule::Adam { beta1, beta2, epsilon } => {
                    self.update::<V, _>(step, Adam::new(beta1, beta2, epsilon));
                }
            },
        }
    }
}

impl<T: Real> WeightGradientBlock<'_, T> {
    #[inline(always)]
    fn update<V: Vector<Real = T>, R: CompiledRule<T>>(&self, step: Step<T>, rule: R) {
        if step.is_plain() {
            self.fused::<V, _>(PlainStep::new(step, rule));
        } else {
            self.fused::<V, _>(PenalisedStep::new(step, rule));
        }
    }

    #[inline(always)]
    fn fused<V: Vector<Real = T>, E: CompiledEpilogue<T>>(&self, epilogue: E) {
        let Self { weights, sums, panels, rows, .. } = self;
        let fused = FusedGradient { weights, epilogue };
        let micro_panels = MicroPanel::of_panels::<V>(panels.clone(), weights.lanes);
        // SAFETY: the micro-panels and the rows are in the layer, the samples fit it, and `Kernel::run` is entered with the
        // instructions of `V`.
        unsafe {
            match sums {
                WeightSums::Kept(gradient) => {
                    for n in micro_panels {
                        fused.kept_panel::<V>(gradient, fused.nth_panel::<V>(n), rows);
                    }
                }
                WeightSums::OfBatch(samples) if samples.need_copies() => {
                    let (samples, rows) = (*samples, rows.clone());
                    V::enter(&mut InBlocks { fused: &fused, samples, micro_panels, rows });
                }
                WeightSums::OfBatch(samples) => {
                    let mut table = RowTable::new();
                    let chunk = samples.chunk(&mut table);
                    for n in micro_panels {
                        let panel = fused.nth_panel::<V>(n);
                        fused.sum_panel::<V>(panel, &chunk, rows, &PartialSums::none());
                    }
                }
            }
        }
    }
}
