//! Every product once more with every allocation ending where a page begins that must not be touched: a read or a write
//! behind the end of a matrix, a panel or a bias ends the test at once, on every instruction set.
#![cfg(unix)]

#[path = "products.rs"]
mod products;

use std::alloc::{GlobalAlloc, Layout};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

#[global_allocator]
static GUARDED: Guarded = Guarded;

/// Gives each allocation pages of its own between two that fault, and puts it at their end.
struct Guarded;

impl Guarded {
    /// Bytes of the pages that hold an allocation, and of all that is mapped for it.
    fn sizes(layout: Layout) -> (usize, usize) {
        let page = page();
        let held = layout.size().max(1).next_multiple_of(page);
        (held, held + 2 * page)
    }

    /// How far behind the first guard page the allocation begins: as near to the second as its alignment allows.
    fn offset(layout: Layout) -> usize {
        let (held, _) = Self::sizes(layout);
        (held - layout.size()) / layout.align() * layout.align()
    }
}

// SAFETY: `alloc` returns memory that nothing else maps, of the size and the alignment asked for (a page is aligned to its
// own size, and no alignment here is larger), and `dealloc` unmaps exactly what `alloc` mapped for the same layout.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > page() {
            return std::ptr::null_mut();
        }
        let (held, mapped) = Self::sizes(layout);
        // SAFETY: new pages, at an address that the system chooses; those between the guards become usable.
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let start = libc::mmap(std::ptr::null_mut(), mapped, libc::PROT_NONE, flags, -1, 0);
            if start == libc::MAP_FAILED {
                return std::ptr::null_mut();
            }
            let start = start.cast::<u8>().add(page());
            if libc::mprotect(start.cast(), held, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return std::ptr::null_mut();
            }
            start.add(Self::offset(layout))
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let (_, mapped) = Self::sizes(layout);
        // SAFETY: this is where `alloc` began to map for this layout.
        unsafe {
            libc::munmap(pointer.sub(Self::offset(layout) + page()).cast(), mapped);
        }
    }
}

/// Bytes of a page.
fn page() -> usize {
    static PAGE: AtomicUsize = AtomicUsize::new(0);
    match PAGE.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: asks for a number.
            let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
            PAGE.store(page, Ordering::Relaxed);
            page
        }
        page => page,
    }
}

/// The guard is there: a child process that reads one value behind a vector is ended by the system.
#[test]
fn reading_behind_the_end_faults() {
    static VALUES: OnceLock<Vec<f32>> = OnceLock::new();
    let values = VALUES.get_or_init(|| vec![1.0; 100]).as_ptr();
    let status = |distance: usize| {
        // SAFETY: the child only reads, and ends without running anything of the parent's; the read behind the end
        // (distance 100) is what the guard page is to catch.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                std::ptr::read_volatile(values.wrapping_add(distance));
                libc::_exit(0);
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            status
        }
    };
    assert!(libc::WIFEXITED(status(99)));
    assert!(libc::WIFSIGNALED(status(100)));
}
