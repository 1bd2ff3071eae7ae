//! Memory in pages of 2 MiB, where the system has them: the rows of a large matrix then lie in few enough pages for the
//! processor to translate their addresses without delay, and far fewer faults bring them in.

use std::mem::MaybeUninit;

/// Asks for such pages under the part of this memory that fills whole ones. Only a hint: nothing depends on it.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn ask_for<T>(memory: &mut [MaybeUninit<T>]) {
    use std::ffi::{c_int, c_void};
    unsafe extern "C" {
        fn madvise(start: *mut c_void, bytes: usize, advice: c_int) -> c_int;
    }
    const ADVISE_HUGE_PAGES: c_int = 14;
    const HUGE: usize = 2 << 20;
    let bytes = size_of_val(memory);
    let start = memory.as_mut_ptr();
    let skipped = start.align_offset(HUGE).saturating_mul(size_of::<T>());
    let whole = bytes.saturating_sub(skipped) / HUGE * HUGE;
    if whole > 0 {
        // SAFETY: the range is inside memory that the caller owns, and the advice does not change its contents. The result
        // does not matter: without huge pages the memory is as good.
        unsafe { madvise(start.byte_add(skipped).cast(), whole, ADVISE_HUGE_PAGES) };
    }
}

/// Other systems are not asked.
#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) fn ask_for<T>(_: &mut [MaybeUninit<T>]) {}
