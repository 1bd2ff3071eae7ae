//! Numbers too small to be normal count as zero inside the products.
//!
//! An operation on subnormal numbers takes a hundred cycles on many processors, and activations that fade away produce
//! them by the thousand. So every product turns on the processor's flush-to-zero mode (results) and denormals-are-zero mode
//! (operands), on every thread, and restores the caller's mode when it ends.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    /// Whether a guard of this thread has turned the mode on. Reading the processor's register instead would wait for all
    /// arithmetic under way, whose exceptions are in it.
    static ON: Cell<bool> = const { Cell::new(false) };
}

/// As long as this lives, subnormal numbers are zero on this thread.
///
/// The products do this by themselves. Around many small ones it saves a few cycles each.
#[derive(Debug)]
pub struct FlushToZero {
    /// The mode to restore; none where another guard turned the mode on.
    before: Option<u64>,
    /// The mode belongs to a thread, where the guard must be dropped again.
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

/// The register MXCSR, which controls SSE, AVX and AVX-512.
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
        // exception unmasked. That tiny results become zero, which the compiler does not know, changes values only.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &mode, options(nostack, preserves_flags)) };
    }
}

/// The register FPCR.
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

/// Other processors, and Miri, keep subnormal numbers.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod control {
    pub(super) const FLUSH: u64 = 0;
    pub(super) fn read() -> u64 {
        0
    }
    pub(super) fn write(_: u64) {}
}
