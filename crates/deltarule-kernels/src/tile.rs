//! The one microkernel, and the tiles it is run on.

use crate::lanes::vector::Vector;
use crate::panels::Panels;
use crate::real::{Real, sealed::Sealed};
use std::ops::Range;

// Loops over rows and vectors go by index in the hot paths: whether the adapters of iterators are inlined into a function
// with other instructions is up to the optimiser's mood, and a call there costs ten times the arithmetic.

/// Sums of products kept in registers: `sums[r][c] += left(r) · right[c]` for every step in order, each rounded once, where
/// `operands` gives a step's `left` and the place of its `right`. All three products are this loop, and differ in where
/// they look.
///
/// # Safety
/// There are `C` whole vectors at every `right`, and the instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "see above")]
pub(crate) unsafe fn accumulate<V: Vector, L: Fn(usize) -> V::Real, const R: usize, const C: usize>(
    sums: &mut [[V; C]; R],
    steps: Range<usize>,
    mut operands: impl FnMut(usize) -> (L, *const V::Real),
) {
    let mut p = steps.start;
    while p < steps.end {
        let (left, right) = operands(p);
        // SAFETY: the caller's promise.
        let right: [V; C] = unsafe { read_row(right) };
        for r in 0..R {
            let left = V::splat(left(r));
            for c in 0..C {
                sums[r][c] = left.fma(right[c], sums[r][c]);
            }
        }
        p += 1;
    }
}

/// `C` vectors one after the other.
///
/// # Safety
/// They can be read, and the instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "see above")]
pub(crate) unsafe fn read_row<V: Vector, const C: usize>(from: *const V::Real) -> [V; C] {
    let mut row = [V::zero(); C];
    for c in 0..C {
        // SAFETY: the caller's promise.
        row[c] = unsafe { V::read(from.add(c * V::COUNT)) };
    }
    row
}

/// Writes `C` vectors one after the other.
///
/// # Safety
/// They can be written, and the instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "see above")]
pub(crate) unsafe fn write_row<V: Vector, const C: usize>(row: &[V; C], to: *mut V::Real) {
    for c in 0..C {
        // SAFETY: the caller's promise.
        unsafe { row[c].write(to.add(c * V::COUNT)) };
    }
}

/// Sets the lanes past the first `used` of so many vectors to zero, in so many rows.
///
/// # Safety
/// The vectors can be read and written, and the instructions of `V` exist.
#[inline(always)]
pub(crate) unsafe fn clear_padding<V: Vector>(
    at: *mut V::Real,
    stride: usize,
    (rows, vectors): (usize, usize),
    used: usize,
) {
    for c in used / V::COUNT..vectors {
        for r in 0..rows {
            // SAFETY: the caller's promise.
            unsafe {
                let at = at.add(r * stride + c * V::COUNT);
                first_lanes(V::read(at), used.saturating_sub(c * V::COUNT)).write(at);
            }
        }
    }
}

/// The first `count` lanes of the vector, and zeros after them.
#[inline(always)]
pub(crate) fn first_lanes<V: Vector>(value: V, count: usize) -> V {
    // SAFETY: 32 values, of which COUNT from 16 − count on are read: COUNT is 16 at most.
    let flags = unsafe { V::read(V::Real::ONES_THEN_ZEROS.as_ptr().add(16 - count)) };
    V::select(flags.equals(V::one()), value, V::zero())
}

/// One or two vectors' width of a panel, from its first row to its last: the columns a tile runs along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strip {
    /// Index in the panels' storage of its first value.
    pub(crate) start: usize,
    /// Values from one row of the panel to the next.
    pub(crate) pitch: usize,
    /// Which of all lanes is its first.
    pub(crate) first: usize,
    /// How many of its lanes are in use; the others are padding.
    pub(crate) used: usize,
    /// One or two.
    pub(crate) vectors: usize,
}

impl Strip {
    /// The numbers of the strips that these panels have on vectors `V`.
    pub(crate) fn of_panels<V: Vector>(panels: Range<usize>, lanes: usize) -> Range<usize> {
        let each = Panels::<V::Real>::WIDTH / (2 * V::COUNT);
        panels.start * each..(panels.end * each).min(lanes.div_ceil(2 * V::COUNT))
    }

    /// Strip `n` of panels that have so many lanes together and so many rows each.
    pub(crate) fn nth<V: Vector>(n: usize, lanes: usize, rows: usize) -> Self {
        let first = n * 2 * V::COUNT;
        let panel = Panels::<V::Real>::panel_of(first / Panels::<V::Real>::WIDTH, lanes, rows);
        let used = (lanes - first).min(2 * V::COUNT);
        Self {
            start: panel.start + (first - panel.first),
            pitch: panel.width,
            first,
            used,
            // Vectors shorter than a cache line always come in pairs: a line has room for them.
            vectors: if V::COUNT == V::Real::PER_LINE { used.div_ceil(V::COUNT) } else { 2 },
        }
    }

    /// The pitch of a strip of `C` vectors: known beforehand where one strip is a whole panel.
    #[inline(always)]
    pub(crate) fn pitch_of<V: Vector, const C: usize>(self) -> usize {
        if const { V::COUNT == V::Real::PER_LINE } { C * V::COUNT } else { self.pitch }
    }

    /// Lanes of the strip, padding included.
    pub(crate) fn lanes<V: Vector>(self) -> usize {
        self.vectors * V::COUNT
    }
}

/// The ranges that cut `len` rows into as few tiles of at most `most` rows as will do, of sizes that differ by one at most:
/// a last tile of one row would leave the adders waiting for each other.
pub(crate) fn even_tiles(len: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let tiles = len.div_ceil(most);
    let size = len.checked_div(tiles).unwrap_or(0);
    let larger = len - size * tiles;
    (0..tiles).map(move |t| {
        let start = t * size + t.min(larger);
        start..start + size + usize::from(t < larger)
    })
}

/// A matrix that several threads write, each its own part.
#[derive(Clone, Copy)]
pub(crate) struct Target<T> {
    pub(crate) base: *mut T,
    pub(crate) stride: usize,
}

// SAFETY: a pointer may be sent; the parts that the products hand out never overlap.
unsafe impl<T: Real> Send for Target<T> {}
// SAFETY: as for `Send`.
unsafe impl<T: Real> Sync for Target<T> {}

impl<T> Target<T> {
    /// Row `i` at column `j`.
    ///
    /// # Safety
    /// The place is inside the matrix or at its end.
    #[inline(always)]
    pub(crate) unsafe fn at(self, i: usize, j: usize) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.base.add(i * self.stride + j) }
    }
}

/// Rows that a product reads, by pointer: row i is number `indices[i & mask] + (i & !mask)` of those at `base`, which is
/// `indices[i]` or i itself without a branch.
#[derive(Clone, Copy)]
pub(crate) struct Lines<T> {
    pub(crate) base: *const T,
    indices: *const u32,
    mask: usize,
    pub(crate) stride: usize,
}

// SAFETY: the rows are only read.
unsafe impl<T: Real> Send for Lines<T> {}
// SAFETY: as for `Send`.
unsafe impl<T: Real> Sync for Lines<T> {}

impl<T: Copy> Lines<T> {
    /// Consecutive rows.
    pub(crate) fn consecutive(base: *const T, stride: usize) -> Self {
        static ZERO: u32 = 0;
        Self { base, indices: &ZERO, mask: 0, stride }
    }

    /// The rows of these numbers.
    pub(crate) fn picked(base: *const T, indices: &[u32], stride: usize) -> Self {
        Self { base, indices: indices.as_ptr(), mask: usize::MAX, stride }
    }

    /// Consecutive rows from row `i` on.
    pub(crate) fn from(self, i: usize) -> Self {
        debug_assert!(self.are_consecutive());
        Self { base: self.base.wrapping_add(i * self.stride), ..self }
    }

    /// Whether they lie one after the other.
    pub(crate) fn are_consecutive(self) -> bool {
        self.mask == 0
    }

    /// The first value of row `i`.
    ///
    /// # Safety
    /// There is such a row.
    #[inline(always)]
    pub(crate) unsafe fn row(self, i: usize) -> *const T {
        // SAFETY: the caller's promise; indices were checked when they were picked.
        unsafe {
            let number = *self.indices.add(i & self.mask) as usize + (i & !self.mask);
            self.base.add(scalar(number) * self.stride)
        }
    }

    /// Copies the values `columns` of some rows side by side, to rows this far apart.
    ///
    /// # Safety
    /// They exist, and there is room for them.
    #[inline(always)]
    pub(crate) unsafe fn copy(self, rows: Range<usize>, columns: Range<usize>, to: *mut T, pitch: usize) {
        for (n, i) in rows.enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let row = self.row(i).add(columns.start);
                std::ptr::copy_nonoverlapping(row, to.add(n * pitch), columns.len());
            }
        }
    }
}

/// The same number. Compilers would compute the places of several rows at once in vectors, which takes many times as long as
/// one after the other.
#[inline(always)]
fn scalar(number: usize) -> usize {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    let number = {
        let mut number = number;
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) number, options(pure, nomem, nostack, preserves_flags));
        }
        number
    };
    number
}

/// What lies at the place, read anew each time: constants that are kept in registers through a loop push its sums out of
/// them.
#[inline(always)]
pub(crate) fn reread<T: Copy>(place: &T) -> T {
    let at = std::ptr::from_ref(place);
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    let at = {
        let mut address = at.addr();
        // SAFETY: no instruction at all.
        unsafe { std::arch::asm!("/* {0} */", inout(reg) address, options(nomem, nostack, preserves_flags)) };
        at.with_addr(address)
    };
    // SAFETY: still the place of the reference.
    unsafe { *at }
}

/// Calls a function whose first constant is a number of rows known only at run time, from 1 to 14.
macro_rules! with_rows {
    ($rows:expr, $R:ident => $call:expr) => {
        match $rows {
            1 => {
                const $R: usize = 1;
                $call
            }
            2 => {
                const $R: usize = 2;
                $call
            }
            3 => {
                const $R: usize = 3;
                $call
            }
            4 => {
                const $R: usize = 4;
                $call
            }
            5 => {
                const $R: usize = 5;
                $call
            }
            6 => {
                const $R: usize = 6;
                $call
            }
            7 => {
                const $R: usize = 7;
                $call
            }
            8 => {
                const $R: usize = 8;
                $call
            }
            9 => {
                const $R: usize = 9;
                $call
            }
            10 => {
                const $R: usize = 10;
                $call
            }
            11 => {
                const $R: usize = 11;
                $call
            }
            12 => {
                const $R: usize = 12;
                $call
            }
            13 => {
                const $R: usize = 13;
                $call
            }
            14 => {
                const $R: usize = 14;
                $call
            }
            rows => unreachable!("a tile of {rows} rows"),
        }
    };
}
pub(crate) use with_rows;
