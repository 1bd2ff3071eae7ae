//! Memory that starts on cache lines.

use crate::huge_pages;
use crate::lanes::Real;
use std::marker::PhantomData;

/// One cache line, which gives a buffer its alignment.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct CacheLine([u8; 64]);

/// Zeroed memory for `len` values, rounded up to whole cache lines and aligned to them.
#[derive(Clone)]
pub(crate) struct Buffer<T> {
    lines: Vec<CacheLine>,
    values: PhantomData<T>,
}

impl<T: Real> Buffer<T> {
    pub(crate) fn zeros(len: usize) -> Self {
        Self::try_zeros(len).unwrap_or_else(|| panic!("no memory for {len} values of {}", T::NAME))
    }

    pub(crate) fn try_zeros(len: usize) -> Option<Self> {
        let count = len.div_ceil(T::PER_LINE);
        let mut lines = Vec::new();
        lines.try_reserve_exact(count).ok()?;
        huge_pages::ask_for(lines.spare_capacity_mut());
        lines.resize(count, CacheLine([0; 64]));
        Some(Self { lines, values: PhantomData })
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: the lines are initialised and contiguous, f32 and f64 (the only `Real`s) accept every bit
        // pattern, their alignment divides 64, and PER_LINE values take exactly the bytes of one line.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * T::PER_LINE) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as in `as_slice`; the exclusive borrow of `self` is passed on to the slice.
        unsafe {
            std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * T::PER_LINE)
        }
    }

    /// Grows or shrinks to `len` values, rounded up to whole cache lines; those added are zero.
    pub(crate) fn resize(&mut self, len: usize) {
        self.lines.resize(len.div_ceil(T::PER_LINE), CacheLine([0; 64]));
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lines.len() * size_of::<CacheLine>()
    }
}

impl<T: Real> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}
