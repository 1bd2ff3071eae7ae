//! Rows times panels: forward and BP2.

pub(crate) mod epilogue;
mod narrow;
mod tile;

use crate::elementwise::Elementwise;
use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::micro_panel::MicroPanel;
use crate::microkernel::even_tiles;
use crate::multiply::epilogue::Epilogue;
use crate::multiply::narrow::{Narrow, most_samples, sum_samples};
use crate::multiply::tile::{Tile, sum_tile};
use crate::panels::Panels;
use crate::prefetch::{prefetch_to_read, prefetch_to_write};
use crate::raw::{RawMatrix, RawRows};
use std::ops::Range;

/// Bytes of panels that stay in the second-level cache beside the rows, so that tiles are best taken row by row.
const PANELS_IN_CACHE: usize = 384 << 10;

/// Steps that are summed for all rows before the next ones begin, so that the part of a panel they read stays in the
/// first-level cache.
const DEPTH: usize = 512;

/// A product of rows and panels: all that its blocks have in common.
#[derive(Clone, Copy)]
pub(crate) struct Multiply<'a, T, F> {
    pub(crate) x: RawRows<T>,
    /// Storage of the panels.
    pub(crate) w: &'a [T],
    /// Whether the lanes of the panels run along the inputs.
    pub(crate) is_narrow: bool,
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    /// What the sums start at: one value an output, or nothing for 0.
    pub(crate) start: &'a [T],
    /// Whether the results are larger than the first-level cache, so that they are fetched ahead.
    pub(crate) is_large: bool,
    /// Where the sums go; holds them between one range of steps and the next.
    pub(crate) sums: RawMatrix<T>,
    pub(crate) epilogue: Epilogue<T, F>,
    pub(crate) tiles: TileKernels<T>,
}

/// The tiles on vectors of one instruction set. Behind pointers, they are compiled in this crate once, and not again with every
/// function of an epilogue.
#[derive(Clone, Copy)]
pub struct TileKernels<T> {
    /// [`sum_tile`]
    tile: unsafe fn(usize, usize, &Tile<T>),
    /// [`sum_samples`]
    narrow: unsafe fn(&Narrow<'_, T>, &Range<usize>),
}

/// Finds the [`TileKernels`] of an instruction set.
pub(crate) struct FindTileKernels;

impl<T: Real> Kernel<T> for FindTileKernels {
    type Output = TileKernels<T>;

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) -> TileKernels<T> {
        TileKernels { tile: sum_tile::<V>, narrow: sum_samples::<V> }
    }
}

/// Some panels of some rows of a product.
pub(crate) struct MultiplyBlock<'a, T, F> {
    pub(crate) product: &'a Multiply<'a, T, F>,
    pub(crate) panels: Range<usize>,
    pub(crate) rows: Range<usize>,
}

impl<T: Real, F: Elementwise<T>> Kernel<T> for MultiplyBlock<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { product, panels, rows } = self;
        // A copy, since calls through the pointers in `tiles` might change what is behind a reference.
        let product = **product;
        if product.is_narrow {
            // SAFETY: the rows are in the product, and `Kernel::run` is entered with the instructions of `V`.
            return unsafe { product.narrow::<V>(rows) };
        }
        let Multiply { outputs, inputs, .. } = product;
        let bytes = panels.len() * Panels::<T>::WIDTH * inputs * size_of::<T>();
        let micro_panels = MicroPanel::of_panels::<V>(panels.clone(), outputs);
        let tiles =
            || even_tiles(rows.len(), V::ROWS).map(|tile| rows.start + tile.start..rows.start + tile.end);
        // SAFETY: the rows, micro-panels and steps are in the product, and `Kernel::run` is entered with the instructions
        // of `V`.
        unsafe {
            if bytes <= PANELS_IN_CACHE {
                for tile in tiles() {
                    for n in micro_panels.clone() {
                        product.tile::<V>(MicroPanel::nth::<V>(n, outputs, inputs), tile.clone(), 0..inputs);
                    }
                }
            } else {
                for n in micro_panels {
                    let panel = MicroPanel::nth::<V>(n, outputs, inputs);
                    for done in (0..inputs).step_by(DEPTH) {
                        for tile in tiles() {
                            product.tile::<V>(panel, tile, done..inputs.min(done + DEPTH));
                        }
                    }
                }
            }
        }
    }
}

impl<T: Real, F: Elementwise<T>> Multiply<'_, T, F> {
    /// All of some rows, where the weights are narrow.
    ///
    /// # Safety
    /// The rows are in the product, and the instructions of `V` exist, whose tiles the product has.
    #[inline(always)]
    unsafe fn narrow<V: Vector<Real = T>>(&self, rows: &Range<usize>) {
        let Self { x, w, outputs, inputs, start, sums, epilogue, .. } = *self;
        let product = Narrow { x, w, outputs, inputs, start, sums };
        for samples in even_tiles(rows.len(), most_samples::<V>()) {
            let samples = rows.start + samples.start..rows.start + samples.end;
            // SAFETY: the caller's promise.
            unsafe {
                (self.tiles.narrow)(&product, &samples);
                for n in MicroPanel::of_panels::<V>(0..1, outputs) {
                    let panel = MicroPanel::nth::<V>(n, outputs, inputs);
                    epilogue.apply::<V>(sums, panel, samples.start, samples.len());
                }
            }
        }
    }

    /// One tile over some of the steps, and the epilogue after the last.
    ///
    /// # Safety
    /// The micro-panel, the rows and the steps are in the product, and the instructions of `V` exist, whose tiles the
    /// product has.
    #[inline(always)]
    unsafe fn tile<V: Vector<Real = T>>(&self, panel: MicroPanel, rows: Range<usize>, steps: Range<usize>) {
        let Self { x, w, inputs, start, sums, epilogue, .. } = *self;
        let first_sums;
        // SAFETY: the caller's promise; a prefetch may point anywhere.
        unsafe {
            let to = sums.at(rows.start, panel.first);
            let from = if steps.start > 0 {
                (to.cast_const(), sums.stride)
            } else if panel.first + panel.lanes::<V>() <= start.len() {
                (start.as_ptr().add(panel.first), 0)
            } else {
                first_sums = padded(start, panel);
                (first_sums.as_ptr(), 0)
            };
            for i in if self.is_large { rows.clone() } else { 0..0 } {
                let to = sums.at(i, panel.first);
                prefetch_to_write(to);
                prefetch_to_write(to.wrapping_add(T::PER_LINE));
                if steps.end == inputs {
                    let other = epilogue.other(i, panel.first);
                    prefetch_to_read(other);
                    prefetch_to_read(other.wrapping_add(T::PER_LINE));
                }
            }
            let w = w.as_ptr().wrapping_add(panel.start + steps.start * panel.pitch);
            let tile = Tile {
                x,
                first: rows.start,
                done: steps.start,
                steps: steps.len(),
                w,
                pitch: panel.pitch,
                from,
                to,
                stride: sums.stride,
            };
            (self.tiles.tile)(rows.len(), panel.vectors, &tile);
            if steps.end == inputs {
                epilogue.apply::<V>(sums, panel, rows.start, rows.len());
            }
        }
    }
}

/// The values of a micro-panel's outputs, with zeros for the padding lanes.
fn padded<T: Real>(values: &[T], panel: MicroPanel) -> [T; 32] {
    let mut lanes = [T::ZERO; 32];
    if !values.is_empty() {
        lanes[..panel.used].copy_from_slice(&values[panel.first..][..panel.used]);
    }
    lanes
}
