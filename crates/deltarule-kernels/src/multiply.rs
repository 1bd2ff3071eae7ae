//! Rows times panels: forward and BP2.

use crate::elementwise::{Elementwise, MapTile, ScaleTile};
use crate::isa::Task;
use crate::lanes::vector::Vector;
use crate::real::Real;
use crate::tile::{Lines, Strip, Target, accumulate, even_tiles, read_row, with_rows, write_row};
use std::marker::PhantomData;
use std::ops::Range;

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

/// A product of rows and panels: all that its parts have in common.
#[derive(Clone, Copy)]
pub(crate) struct Multiply<'a, T, F> {
    pub(crate) x: Lines<T>,
    /// Storage of the panels.
    pub(crate) w: &'a [T],
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    /// What the sums start at: one value an output, or nothing for 0.
    pub(crate) start: &'a [T],
    /// Where the sums go; holds them between one block of steps and the next.
    pub(crate) sums: Target<T>,
    pub(crate) finish: Finish<T, F>,
}

/// Some panels of some rows of a product.
pub(crate) struct Part<'a, T, F> {
    pub(crate) product: Multiply<'a, T, F>,
    pub(crate) panels: Range<usize>,
    pub(crate) rows: Range<usize>,
}

impl<T: Real, F: Elementwise<T>> Task<T> for Part<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        let Multiply { x, w, outputs, inputs, start, sums, finish } = self.product;
        for n in Strip::of_panels::<V>(self.panels, outputs) {
            let strip = Strip::nth::<V>(n, outputs, inputs);
            let first_sums = padded(start, strip);
            // SAFETY: the strip is inside the panels.
            let w = unsafe { w.as_ptr().add(strip.start) };
            let mut done = 0;
            loop {
                let steps = (inputs - done).min(DEPTH);
                for tile in even_tiles(self.rows.len(), V::ROWS) {
                    let (first, rows) = (self.rows.start + tile.start, tile.len());
                    // SAFETY: the rows of `x` and of the sums exist, and so do the steps of the strip; `Task::run` is
                    // entered with the instructions of `V`.
                    unsafe {
                        let to = sums.at(first, strip.first);
                        let from =
                            if done == 0 { (first_sums.as_ptr(), 0) } else { (to.cast_const(), sums.stride) };
                        let task = Tile {
                            x,
                            first,
                            done,
                            steps,
                            w: w.add(done * strip.pitch),
                            pitch: strip.pitch,
                            from,
                            to,
                            stride: sums.stride,
                        };
                        V::tile(rows, strip.vectors, task);
                        if done + steps == inputs {
                            finish_tile::<V, F>(finish, sums, strip, first, rows);
                        }
                    }
                }
                done += steps;
                if done == inputs {
                    break;
                }
            }
        }
    }
}

/// The values of a strip's outputs, with zeros for the lanes past them.
pub(crate) fn padded<T: Real>(values: &[T], strip: Strip) -> [T; 32] {
    let mut lanes = [T::ZERO; 32];
    if !values.is_empty() {
        lanes[..strip.outputs].copy_from_slice(&values[strip.first..][..strip.outputs]);
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
pub(crate) unsafe fn tile_of<V: Vector>(rows: usize, vectors: usize, tile: Tile<V::Real>) {
    // SAFETY: the caller's promise.
    unsafe {
        if const { V::COUNT == V::Real::PER_LINE } && vectors == 1 {
            with_rows!(rows, R => V::enter(Shaped::<V, R, 1>(tile, PhantomData)));
        } else {
            with_rows!(rows, R => V::enter(Shaped::<V, R, 2>(tile, PhantomData)));
        }
    }
}

/// A tile of known shape.
struct Shaped<V: Vector, const R: usize, const C: usize>(Tile<V::Real>, PhantomData<V>);

impl<T: Real, O: Vector<Real = T>, const R: usize, const C: usize> Task<T> for Shaped<O, R, C> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(self) {
        if const { R > V::ROWS } {
            return; // Never asked for: no need of code for it.
        }
        let Tile { x, first, done, steps, w, pitch, from, to, stride } = self.0;
        // SAFETY: `tile_of` was promised that all of this exists.
        unsafe {
            let mut rows = [std::ptr::null::<T>(); R];
            let mut sums = [[V::zero(); C]; R];
            for r in 0..R {
                rows[r] = x.row(first + r).add(done);
                sums[r] = read_row(from.0.add(r * from.1));
            }
            accumulate(&mut sums, 0..steps, |r, p| *rows[r].add(p), |p| w.add(p * pitch));
            for (r, row) in sums.into_iter().enumerate() {
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
                clear_padding::<V>(to, a.stride, strip, rows);
            }
            Finish::Derivative(f, source) => {
                let source = (source.row(first).add(strip.first), source.stride);
                f.derivative(ScaleTile::<V>::new(source, (at, sums.stride), rows, strip.vectors));
            }
        }
        clear_padding::<V>(at, sums.stride, strip, rows);
    }
}

/// # Safety
/// The strip exists in these rows.
#[inline(always)]
unsafe fn clear_padding<V: Vector>(at: *mut V::Real, stride: usize, strip: Strip, rows: usize) {
    let padding = strip.lanes::<V>() - strip.outputs;
    if padding > 0 {
        for r in 0..rows {
            // SAFETY: the caller's promise; zero bytes are 0.0.
            unsafe { at.add(r * stride + strip.outputs).write_bytes(0, padding) };
        }
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
    fn run<V: Vector<Real = T>>(self) {
        let vectors = self.cols.div_ceil(V::COUNT);
        for i in self.rows {
            // SAFETY: the rows exist and are padded to whole vectors.
            unsafe {
                let to = self.to.at(i, 0);
                self.f.value(MapTile::<V>::new((self.from.row(i), 0), (to, 0), 1, vectors));
                to.add(self.cols).write_bytes(0, vectors * V::COUNT - self.cols);
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
    fn run<V: Vector<Real = T>>(self) {
        let vectors = self.cols.div_ceil(V::COUNT);
        for i in self.rows {
            // SAFETY: the rows exist and are padded to whole vectors.
            unsafe {
                let delta = self.delta.at(i, 0);
                self.f.derivative(ScaleTile::<V>::new((self.source.row(i), 0), (delta, 0), 1, vectors));
                delta.add(self.cols).write_bytes(0, vectors * V::COUNT - self.cols);
            }
        }
    }
}
