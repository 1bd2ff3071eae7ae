//! Numbers too small to be normal count as zero inside the products.
//!
//! Subnormal numbers cost a hundred cycles an operation on many processors, and activations that fade away produce
//! them by the thousand. So every product runs with the processor's flush-to-zero mode on (results) and
//! denormals-are-zero mode (operands), on whichever thread, and puts the caller's mode back when it ends.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    /// Whether a guard of this thread has turned the mode on. Asking the processor instead would wait for all arithmetic
    /// under way, since what it answers includes their exceptions.
    static ON: Cell<bool> = const { Cell::new(false) };
}

/// As long as this lives, subnormal numbers are zero on this thread.
///
/// The products do this by themselves. Around many small ones it saves a few cycles each.
#[derive(Debug)]
pub struct FlushToZero {
    /// The mode to go back to; none where another guard turned it on.
    before: Option<u64>,
    /// The mode belongs to a thread: the guard must be dropped where it was made.
    thread: PhantomData<*const ()>,
}

impl FlushToZero {
    /// Turns the mode on.
    #[inline]
    pub fn on() -> Self {
        let before = (!ON.replace(true)).then(|| {
            let before = control::read();
            control::write(before | control::FLUSH);
            before
        });
        Self { before, thread: PhantomData }
    }
}

impl Drop for FlushToZero {
    #[inline]
    fn drop(&mut self) {
        if let Some(before) = self.before {
            control::write(before);
            ON.set(false);
        }
    }
}

/// MXCSR, which rules SSE, AVX and AVX-512.
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod control {
    use std::arch::asm;

    /// Flush to zero, and denormals are zero.
    pub(super) const FLUSH: u64 = 1 << 15 | 1 << 6;

    #[inline]
    pub(super) fn read() -> u64 {
        let mut mode = 0u32;
        // SAFETY: stores four bytes in `mode`.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut mode, options(nostack, preserves_flags)) };
        mode.into()
    }

    #[inline]
    pub(super) fn write(mode: u64) {
        let mode = mode as u32;
        // SAFETY: `mode` came from `stmxcsr`, with no bits added but the two of `FLUSH`: no reserved bit is set and no
        // exception unmasked. What the compiler does not know, that tiny results become zero, changes values only.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &mode, options(nostack, preserves_flags)) };
    }
}

/// FPCR.
#[cfg(all(target_arch = "aarch64", not(miri)))]
mod control {
    use std::arch::asm;

    /// Flush to zero: operands and results.
    pub(super) const FLUSH: u64 = 1 << 24;

    #[inline]
    pub(super) fn read() -> u64 {
        let mode;
        // SAFETY: reads a register that user code may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) mode, options(nomem, nostack, preserves_flags)) };
        mode
    }

    #[inline]
    pub(super) fn write(mode: u64) {
        // SAFETY: `mode` came from `mrs`, with no bits added but `FLUSH`; as on x86-64 this changes values only.
        unsafe { asm!("msr fpcr, {}", in(reg) mode, options(nostack, preserves_flags)) };
    }
}

/// Other processors keep their subnormal numbers, and so does Miri.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod control {
    pub(super) const FLUSH: u64 = 0;
    pub(super) fn read() -> u64 {
        0
    }
    pub(super) fn write(_: u64) {}
}
