//! The threads that share a product.

mod pile;

use crate::flush::FlushToZero;
use crate::isa::Isa;
use pile::{Pile, Work};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle, Thread};

/// Threads that share the parts of a product among themselves. The result never depends on how many there are.
///
/// The threads start with the first product worth sharing, wait in a short spin for the next one and then sleep, and end
/// with the pool. A forked child process starts threads of its own. Products that several threads ask of one
/// pool at the same time are computed by those threads alone, all but one.
pub struct ThreadPool {
    threads: usize,
    isa: Isa,
    crew: Mutex<Option<Crew>>,
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool")
            .field("threads", &self.threads)
            .field("isa", &self.isa)
            .finish_non_exhaustive()
    }
}

impl ThreadPool {
    /// The caller's thread alone.
    ///
    /// # Panics
    /// As [`ThreadPool::new`].
    pub fn single() -> Self {
        Self::new(1)
    }

    /// The caller's thread and `threads − 1` more; at least the caller's.
    ///
    /// # Panics
    /// When `DELTARULE_ISA` names no instruction set of this processor: ask [`Isa::selected`] before.
    pub fn new(threads: usize) -> Self {
        Self::with_isa(threads, Isa::selected().unwrap_or_else(|error| panic!("DELTARULE_ISA: {error}")))
    }

    /// As [`ThreadPool::new`], with the instruction set to use.
    pub fn with_isa(threads: usize, isa: Isa) -> Self {
        Self { threads: threads.max(1), isa, crew: Mutex::new(None) }
    }

    /// Number of threads, the caller's included.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The instruction set of the products.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Calls `work` with each number below `parts`, on whichever thread is free, and returns when all are done.
    pub(crate) fn share(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let _flush = FlushToZero::on();
        if self.threads > 1 && parts > 1 {
            let crew = match self.crew.try_lock() {
                Ok(crew) => Some(crew),
                Err(TryLockError::Poisoned(crew)) => Some(crew.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(mut crew) = crew {
                return self.present(&mut crew).share(parts, work);
            }
        }
        (0..parts).for_each(work);
    }

    /// The crew of this process, started if need be.
    fn present<'a>(&self, crew: &'a mut MutexGuard<'_, Option<Crew>>) -> &'a Crew {
        let process = std::process::id();
        if crew.as_ref().is_some_and(|crew| crew.process != process) {
            // Its threads stayed in the parent process: there is nothing to join, nor anyone to wake.
            std::mem::forget(crew.take());
        }
        crew.get_or_insert_with(|| Crew::start(self.threads - 1, process))
    }
}

/// How often a waiting thread looks before it sleeps: some 50 µs.
const SPINS: usize = 2000;

/// The threads beside the caller's.
struct Crew {
    desk: Arc<Desk>,
    hands: Vec<JoinHandle<()>>,
    process: u32,
}

/// What the threads of a crew share.
struct Desk {
    /// One for each thread, the caller's first. Which parts are in which is the same from job to job, so that what they read
    /// and write is still in their thread's cache.
    piles: Vec<Pile>,
    /// Whether a thread sleeps.
    sleepers: Vec<AtomicBool>,
    closing: AtomicBool,
    /// What a thread panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Desk {
    /// Does the parts of thread `number`, and then those that others have not come to.
    fn work(&self, number: usize) {
        for pile in self.piles[number..].iter().chain(&self.piles[..number]) {
            pile.work();
        }
    }

    /// The life of one thread.
    fn serve(&self, number: usize) {
        let _flush = FlushToZero::on();
        while self.await_parts(number) {
            self.work(number);
        }
    }

    /// Waits for parts of its own, or for the end: then it says no.
    fn await_parts(&self, number: usize) -> bool {
        let is_due = || !self.piles[number].is_empty() || self.closing.load(Ordering::Relaxed);
        let mut looks = 0;
        while !is_due() {
            looks += 1;
            if looks < SPINS {
                std::hint::spin_loop();
                continue;
            }
            let sleeps = &self.sleepers[number];
            sleeps.store(true, Ordering::SeqCst);
            if !is_due() {
                thread::park();
            }
            sleeps.store(false, Ordering::SeqCst);
            looks = 0;
        }
        !self.closing.load(Ordering::Relaxed)
    }

    /// Wakes a thread if it sleeps. One that is about to fall asleep may be missed, and is woken for the next job; the others
    /// do its parts meanwhile.
    fn wake(&self, number: usize, thread: &Thread) {
        let sleeps = &self.sleepers[number];
        if sleeps.load(Ordering::Relaxed) && sleeps.swap(false, Ordering::SeqCst) {
            thread.unpark();
        }
    }
}

impl Crew {
    fn start(count: usize, process: u32) -> Self {
        let desk = Arc::new(Desk {
            piles: (0..=count).map(|_| Pile::new()).collect(),
            sleepers: (0..=count).map(|_| AtomicBool::new(false)).collect(),
            closing: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        // A thread that cannot be had is done without: the others take its parts.
        let hands = (1..=count)
            .map_while(|number| {
                let desk = Arc::clone(&desk);
                thread::Builder::new()
                    .name(format!("deltarule-{number}"))
                    .spawn(move || desk.serve(number))
                    .ok()
            })
            .collect();
        Self { desk, hands, process }
    }

    /// Shares the parts with whichever threads are there in time. The caller holds the crew's lock, so there is one
    /// job at a time.
    fn share(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let desk = &*self.desk;
        let threads = desk.piles.len();
        let begin =
            |pile: usize| u32::try_from(parts * pile / threads).expect("parts by the thousand million");
        // What a part panicked with is laid down before the part counts as done, so that it is there when all are.
        let work: &(dyn Fn(usize) + Sync) = &|part| {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(part))) {
                *desk.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
        };
        // SAFETY: the closure's lifetime is forgotten here; `Finish` below, which also runs when a part panics, waits
        // until all parts that were taken are done.
        let work = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const Work>(work) };
        {
            let _finish = Finish(desk);
            for (n, pile) in desk.piles.iter().enumerate().rev() {
                // SAFETY: `Finish` has finished it after the job before, and will again.
                unsafe { pile.lay(begin(n)..begin(n + 1), work) };
            }
            for (number, hand) in (1..).zip(&self.hands).filter(|(n, _)| begin(*n) < begin(n + 1)) {
                desk.wake(number, hand.thread());
            }
            desk.work(0);
        }
        let panic = desk.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Ends a job when dropped: no part is taken any more, and those that were are waited for.
struct Finish<'a>(&'a Desk);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.piles.iter().for_each(Pile::finish);
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            return; // A forked child: the threads are the parent's.
        }
        self.desk.closing.store(true, Ordering::SeqCst);
        for hand in self.hands.drain(..) {
            hand.thread().unpark();
            // A thread catches what its work panics with, so that it ends in order.
            let _ = hand.join();
        }
    }
}
