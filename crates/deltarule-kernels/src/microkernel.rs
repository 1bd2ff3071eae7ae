//! The one microkernel, and other operations on tiles of vectors.
//!
//! Loops over rows and vectors go by index in all hot paths. An iterator's adapters are functions without the vector's
//! instructions, and nothing guarantees that they are inlined; a call there costs ten times the arithmetic.

use crate::lanes::vector::Vector;
use std::ops::Range;

/// Sums of products in registers: `sums[r][c] += left(r) · right[c]` for every step in order, each rounded once. `operands`
/// gives a step's `left` and the address of its `right`. Forward, BP2 and BP4 are this loop, and differ in what they read.
///
/// # Safety
/// There are `C` whole vectors at every `right`, and the instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "by index, see the top of the file")]
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

/// Reads `C` vectors one after the other.
///
/// # Safety
/// They can be read, and the instructions of `V` exist.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "by index, see the top of the file")]
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
#[expect(clippy::needless_range_loop, reason = "by index, see the top of the file")]
pub(crate) unsafe fn write_row<V: Vector, const C: usize>(row: &[V; C], to: *mut V::Real) {
    for c in 0..C {
        // SAFETY: the caller's promise.
        unsafe { row[c].write(to.add(c * V::COUNT)) };
    }
}

/// Sets the lanes past the first `used` to zero, in `rows` rows of `vectors` vectors.
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
    // SAFETY: COUNT ≤ 16 of the 32 values are read, from 16 − count on.
    let flags = unsafe { V::read(V::ONES_THEN_ZEROS.as_ptr().add(16 - count)) };
    V::select(flags.equals(V::one()), value, V::zero())
}

/// Cuts `len` rows into the fewest tiles of at most `most` rows, whose sizes differ by one at most: the few sums of a short last
/// tile would wait for each other.
pub(crate) fn even_tiles(len: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let tiles = len.div_ceil(most);
    let size = len.checked_div(tiles).unwrap_or(0);
    let larger = len - size * tiles;
    (0..tiles).map(move |t| {
        let start = t * size + t.min(larger);
        start..start + size + usize::from(t < larger)
    })
}

/// The value at `place`, read from memory each time: constants kept in registers through a loop would push its sums out of
/// them.
#[inline(always)]
pub(crate) fn reread<T: Copy>(place: &T) -> T {
    let at = std::ptr::from_ref(place);
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    let at = {
        let mut address = at.addr();
        // SAFETY: an empty instruction.
        unsafe { std::arch::asm!("/* {0} */", inout(reg) address, options(nomem, nostack, preserves_flags)) };
        at.with_addr(address)
    };
    // SAFETY: still the address of the reference.
    unsafe { *at }
}

/// Evaluates `$call` with the constant `$R` equal to a number of rows known only at run time, from 1 to 14.
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
