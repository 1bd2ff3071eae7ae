//! Rows times panels: forward and BP2.

pub(crate) mod narrow;

use crate::elementwise::{Elementwise, MapTile, ScaleTile};
use crate::isa::Task;
use crate::lanes::vector::{Vector, prefetch_to_read, prefetch_to_write};
use crate::panels::Panels;
use crate::real::Real;
use crate::tile::{
    Lines, Strip, Target, accumulate, clear_padding, even_tiles, read_row, with_rows, write_row,
};
use narrow::Narrow;
use std::marker::PhantomData;
use std::ops::Range;

/// Panels of at most so many bytes stay in the second-level cache beside the rows, which are then best taken one tile after
/// the other.
const STAYS: usize = 384 << 10;

/// Steps of the sum that are done for all rows before the next ones begin, so that the part of a panel they read
/// stays in the first-level cache.
const DEPTH: usize = 512;

/// What is done to finished sums while they are hot.
#[derive(Clone, Copy)]
pub(crate) enum Finish<T, F> {
    /// `a = σ(sums)`.
    Value(F, Target<T>),
    /// `sums ⊙= σ′(source)`.
    Derivative(F, Lines<T>),
}

impl<T: Real, F> Finish<T, F> {
    /// Where row `i` at column `j` of the other matrix is.
    ///
    /// # Safety
    /// There is such a place.
    #[inline(always)]
    unsafe fn place(&self, i: usize, j: usize) -> *const T {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Value(_, a) => a.at(i, j).cast_const(),
                Self::Derivative(_, source) => source.row(i).add(j),
            }
        }
    }
}

/// A product of rows and panels: all that its parts have in common.
#[derive(Clone, Copy)]
pub(crate) struct Multiply<'a, T, F> {
    pub(crate) x: Lines<T>,
    /// Storage of the panels.
    pub(crate) w: &'a [T],
    /// Whether the lanes of the panels run along the inputs.
    pub(crate) is_narrow: bool,
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    /// What the sums start at: one value an output, or nothing for 0.
    pub(crate) start: &'a [T],
    /// Whether the results are more than the first-level cache can be thought to hold, so that they are fetched ahead.
    pub(crate) is_large: bool,
    /// Where the sums go; holds them between one block of steps and the next.
    pub(crate) sums: Target<T>,
    pub(crate) finish: Finish<T, F>,
}

/// Some panels of some rows of a product.
pub(crate) struct Part<'a, T, F> {
    pub(crate) product: &'a Multiply<'a, T, F>,
    pub(crate) panels: Range<usize>,
    pub(crate) rows: Range<usize>,
}

impl<T: Real, F: Elementwise<T>> Task<T> for Part<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let Self { product, panels, rows } = self;
        if product.is_narrow {
            // SAFETY: the rows are in the product, and `Task::run` is entered with the instructions of `V`.
            return unsafe { product.narrow::<V>(rows) };
        }
        let Multiply { outputs, inputs, .. } = **product;
        let bytes = panels.len() * Panels::<T>::WIDTH * inputs * size_of::<T>();
        let strips = Strip::of_panels::<V>(panels.clone(), outputs);
        let tiles =
            || even_tiles(rows.len(), V::ROWS).map(|tile| rows.start + tile.start..rows.start + tile.end);
        // SAFETY: the rows, strips and steps are in the product, and `Task::run` is entered with the instructions of `V`.
        unsafe {
            if bytes <= STAYS {
                for tile in tiles() {
                    for n in strips.clone() {
                        product.tile::<V>(Strip::nth::<V>(n, outputs, inputs), tile.clone(), 0..inputs);
                    }
                }
            } else {
                for n in strips {
                    let strip = Strip::nth::<V>(n, outputs, inputs);
                    for done in (0..inputs).step_by(DEPTH) {
                        for tile in tiles() {
                            product.tile::<V>(strip, tile, done..inputs.min(done + DEPTH));
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
    /// The rows are in the product, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn narrow<V: Vector<Real = T>>(&self, rows: &Range<usize>) {
        let product = Narrow::new(self);
        for samples in even_tiles(rows.len(), narrow::samples::<V>()) {
            let samples = rows.start + samples.start..rows.start + samples.end;
            // SAFETY: the caller's promise.
            unsafe {
                V::narrow(&product, &samples);
                for n in Strip::of_panels::<V>(0..1, self.outputs) {
                    let strip = Strip::nth::<V>(n, self.outputs, self.inputs);
                    finish_tile::<V, F>(self.finish, self.sums, strip, samples.start, samples.len());
                }
            }
        }
    }

    /// One tile over some of the steps, and the epilogue after the last.
    ///
    /// # Safety
    /// The strip, the rows and the steps are in the product, and the instructions of `V` exist.
    #[inline(always)]
    unsafe fn tile<V: Vector<Real = T>>(&self, strip: Strip, rows: Range<usize>, steps: Range<usize>) {
        let Self { x, w, inputs, start, sums, finish, .. } = *self;
        let first_sums;
        // SAFETY: the caller's promise; a prefetch may point anywhere.
        unsafe {
            let to = sums.at(rows.start, strip.first);
            let from = if steps.start > 0 {
                (to.cast_const(), sums.stride)
            } else if strip.first + strip.lanes::<V>() <= start.len() {
                (start.as_ptr().add(strip.first), 0)
            } else {
                first_sums = padded(start, strip);
                (first_sums.as_ptr(), 0)
            };
            for i in if self.is_large { rows.clone() } else { 0..0 } {
                let to = sums.at(i, strip.first);
                prefetch_to_write(to);
                prefetch_to_write(to.wrapping_add(T::PER_LINE));
                if steps.end == inputs {
                    let place = finish.place(i, strip.first);
                    prefetch_to_read(place);
                    prefetch_to_read(place.wrapping_add(T::PER_LINE));
                }
            }
            let w = w.as_ptr().wrapping_add(strip.start + steps.start * strip.pitch);
            let tile = Tile {
                x,
                first: rows.start,
                done: steps.start,
                steps: steps.len(),
                w,
                pitch: strip.pitch,
                from,
                to,
                stride: sums.stride,
            };
            V::tile(rows.len(), strip.vectors, &tile);
            if steps.end == inputs {
                finish_tile::<V, F>(finish, sums, strip, rows.start, rows.len());
            }
        }
    }
}

/// The values of a strip's outputs, with zeros for the lanes past them.
pub(crate) fn padded<T: Real>(values: &[T], strip: Strip) -> [T; 32] {
    let mut lanes = [T::ZERO; 32];
    if !values.is_empty() {
        lanes[..strip.used].copy_from_slice(&values[strip.first..][..strip.used]);
    }
    lanes
}

/// A tile of sums over some of the steps.
#[derive(Clone, Copy)]
pub struct Tile<T> {
    x: Lines<T>,
    first: usize,
    done: usize,
    steps: usize,
    w: *const T,
    pitch: usize,
    /// What the sums start at, and the distance from one row's to the next's.
    from: (*const T, usize),
    to: *mut T,
    stride: usize,
}

/// Runs the microkernel of this shape.
///
/// # Safety
/// The tile's rows, steps and lanes exist, and so do the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn tile_of<V: Vector>(rows: usize, vectors: usize, tile: &Tile<V::Real>) {
    // SAFETY: the caller's promise.
    unsafe {
        if const { V::COUNT == V::Real::PER_LINE } && vectors == 1 {
            with_rows!(rows, R => V::enter(&mut Shaped::<V, R, 1>(tile, PhantomData)));
        } else {
            with_rows!(rows, R => V::enter(&mut Shaped::<V, R, 2>(tile, PhantomData)));
        }
    }
}

/// A tile of known shape.
struct Shaped<'a, V: Vector, const R: usize, const C: usize>(&'a Tile<V::Real>, PhantomData<V>);

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Task<T> for Shaped<'_, O, R, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        if const { R > V::ROWS } {
            return; // Never asked for: no need of code for it.
        }
        let Tile { x, first, done, steps, w, pitch, from, to, stride } = *self.0;
        // SAFETY: `tile_of` was promised that all of this exists.
        unsafe {
            let mut rows = [std::ptr::null::<T>(); R];
            let mut sums = [[V::zero(); C]; R];
            for r in 0..R {
                rows[r] = x.row(first + r).add(done);
                sums[r] = read_row(from.0.add(r * from.1));
            }
            let rows = &rows;
            accumulate(&mut sums, 0..steps, |p| (move |r: usize| *rows[r].add(p), w.add(p * pitch)));
            for (r, row) in sums.iter().enumerate() {
                write_row(row, to.add(r * stride));
            }
        }
    }
}

/// Runs the epilogue on a tile whose sums are complete, and keeps the padding zero.
///
/// # Safety
/// The rows and the strip exist in all targets, and so do the instructions of `V`.
#[inline(always)]
unsafe fn finish_tile<V: Vector, F: Elementwise<V::Real>>(
    finish: Finish<V::Real, F>,
    sums: Target<V::Real>,
    strip: Strip,
    first: usize,
    rows: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let at = sums.at(first, strip.first);
        match finish {
            Finish::Value(f, a) => {
                let to = a.at(first, strip.first);
                f.value(MapTile::<V>::new(
                    (at.cast_const(), sums.stride),
                    (to, a.stride),
                    rows,
                    strip.vectors,
                ));
                clear_padding::<V>(to, a.stride, (rows, strip.vectors), strip.used);
            }
            Finish::Derivative(f, source) => {
                let source = (source.row(first).add(strip.first), source.stride);
                f.derivative(ScaleTile::<V>::new(source, (at, sums.stride), rows, strip.vectors));
            }
        }
        clear_padding::<V>(at, sums.stride, (rows, strip.vectors), strip.used);
    }
}

/// Rows of values to be mapped whole, and where they go.
pub(crate) struct Map<T, F> {
    pub(crate) f: F,
    pub(crate) from: Lines<T>,
    pub(crate) to: Target<T>,
    pub(crate) rows: Range<usize>,
    pub(crate) cols: usize,
}

impl<T: Real, F: Elementwise<T>> Task<T> for Map<T, F> {
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

/// Rows of errors to be scaled whole.
pub(crate) struct Scale<T, F> {
    pub(crate) f: F,
    pub(crate) source: Lines<T>,
    pub(crate) delta: Target<T>,
    pub(crate) rows: Range<usize>,
    pub(crate) cols: usize,
}

impl<T: Real, F: Elementwise<T>> Task<T> for Scale<T, F> {
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
