//! Cache lines fetched ahead, where the processor does not foresee that they are needed.

/// Fetches the cache line at `at`, which is soon read. Any pointer will do.
#[inline(always)]
pub(crate) fn prefetch_to_read<T>(at: *const T) {
    // SAFETY: a prefetch of whatever address changes nothing but the cache.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    unsafe {
        std::arch::asm!("prefetcht0 [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = at;
}

/// Fetches the cache line at `at`, which is soon written. Any pointer will do.
#[inline(always)]
pub(crate) fn prefetch_to_write<T>(at: *const T) {
    // SAFETY: a prefetch of whatever address changes nothing but the cache; processors without this one ignore it.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{}]", in(reg) at, options(nostack, readonly, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = at;
}
