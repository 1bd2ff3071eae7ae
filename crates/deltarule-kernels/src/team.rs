//! The threads that share a product.

use crate::flush::FlushToZero;
use crate::isa::Isa;
use std::any::Any;
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle, Thread};

/// Threads that share the parts of a product among themselves. The result never depends on how many there are.
///
/// The threads start with the first product worth sharing, wait in a short spin for the next one and then sleep, and end
/// with the team. A forked child process starts threads of its own. Products that several threads ask of one
/// team at the same time are computed by those threads alone, all but one.
pub struct Team {
    threads: usize,
    isa: Isa,
    crew: Mutex<Option<Crew>>,
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team").field("threads", &self.threads).field("isa", &self.isa).finish_non_exhaustive()
    }
}

impl Team {
    /// The caller's thread alone.
    ///
    /// # Panics
    /// As [`Team::new`].
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

    /// As [`Team::new`], with the instruction set to use.
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
    /// Odd while a job lies on the desk. Each job has its own number.
    round: AtomicUsize,
    /// Threads that may be looking at the job.
    present: AtomicUsize,
    /// One for each thread, the caller's first.
    piles: Vec<Pile>,
    /// The job: written only while `round` is even and `present` zero.
    job: UnsafeCell<Job>,
    /// Whether some thread sleeps.
    sleepers: Vec<AtomicBool>,
    closing: AtomicBool,
    /// What a thread panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// How many parts have been taken of those meant for one thread. On a cache line of its own, which other threads leave alone
/// as long as they have parts themselves.
#[repr(align(64))]
struct Pile(AtomicUsize);

#[derive(Clone, Copy)]
struct Job {
    parts: usize,
    work: *const (dyn Fn(usize) + Sync),
}

// SAFETY: `job` is the only field that is not `Sync` by itself; it is written while no thread can be reading it (see `Crew::share`),
// and what it points to is `Sync` and outlives every reader.
unsafe impl Sync for Desk {}
// SAFETY: as for `Sync`.
unsafe impl Send for Desk {}

impl Desk {
    /// Does parts until none are left: those of thread `number` first, which are the same from job to job, so that what they
    /// read and write is still in its cache; then those that others have not come to.
    fn work(&self, job: Job, number: usize) {
        // SAFETY: the closure lives until `Crew::share` has seen all threads leave.
        let work = unsafe { &*job.work };
        let threads = self.piles.len();
        for pile in (number..threads).chain(0..number) {
            let parts = job.parts * pile / threads..job.parts * (pile + 1) / threads;
            loop {
                let part = parts.start + self.piles[pile].0.fetch_add(1, Ordering::Relaxed);
                if part >= parts.end {
                    break;
                }
                work(part);
            }
        }
    }

    /// Leaves no parts to be taken.
    fn clear(&self, job: Job) {
        for pile in &self.piles {
            pile.0.store(job.parts, Ordering::Relaxed);
        }
    }

    /// The life of one thread.
    fn serve(&self, number: usize) {
        let _flush = FlushToZero::on();
        let mut seen = 0;
        loop {
            let round = self.await_round(seen, number);
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            seen = round;
            self.present.fetch_add(1, Ordering::SeqCst);
            // The job may have been closed in between. If it has not, its owner will see this thread present.
            if self.round.load(Ordering::SeqCst) == round {
                // SAFETY: the job's owner does not change it before this thread has left.
                let job = unsafe { *self.job.get() };
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work(job, number + 1))) {
                    self.clear(job);
                    *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
                }
            }
            self.present.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Waits for an odd round other than `seen`, or for the end.
    fn await_round(&self, seen: usize, number: usize) -> usize {
        let mut looks = 0;
        loop {
            let round = self.round.load(Ordering::SeqCst);
            let is_new = |round: usize| !round.is_multiple_of(2) && round != seen;
            if is_new(round) || self.closing.load(Ordering::SeqCst) {
                return round;
            }
            looks += 1;
            if looks < SPINS {
                std::hint::spin_loop();
                continue;
            }
            self.sleepers[number].store(true, Ordering::SeqCst);
            // Whoever opens a round after this line sees the flag and wakes this thread.
            let round = self.round.load(Ordering::SeqCst);
            if !is_new(round) && !self.closing.load(Ordering::SeqCst) {
                thread::park();
            }
            self.sleepers[number].store(false, Ordering::SeqCst);
            looks = 0;
        }
    }

    /// Wakes a thread if it sleeps.
    fn wake(&self, number: usize, thread: &Thread) {
        if self.sleepers[number].swap(false, Ordering::SeqCst) {
            thread.unpark();
        }
    }
}

impl Crew {
    fn start(count: usize, process: u32) -> Self {
        fn nothing(_: usize) {}
        let desk = Arc::new(Desk {
            round: AtomicUsize::new(0),
            present: AtomicUsize::new(0),
            piles: (0..=count).map(|_| Pile(AtomicUsize::new(0))).collect(),
            job: UnsafeCell::new(Job { parts: 0, work: &nothing }),
            sleepers: (0..count).map(|_| AtomicBool::new(false)).collect(),
            closing: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        // A thread that cannot be had is done without: the others take its parts.
        let hands = (0..count)
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
        // SAFETY: the closure's lifetime is forgotten here; `Close` below, which also runs when a part panics, waits
        // until no thread looks at the job any more.
        let work = unsafe {
            std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const (dyn Fn(usize) + Sync)>(work)
        };
        let job = Job { parts, work };
        // SAFETY: the round is even, so a thread that comes now does not touch the job; those of the round before were
        // waited for by its `Close`.
        unsafe { *desk.job.get() = job };
        // Where both the caller and a thread panicked, the caller's panic was the one to go on.
        desk.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        for pile in &desk.piles {
            pile.0.store(0, Ordering::Relaxed);
        }
        desk.round.fetch_add(1, Ordering::SeqCst);
        {
            let _close = Close(desk);
            for (number, hand) in self.hands.iter().enumerate() {
                desk.wake(number, hand.thread());
            }
            desk.work(job, 0);
        }
        let panic = desk.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Closes the round when dropped: takes the job from the desk and waits for the threads that are still at it.
struct Close<'a>(&'a Desk);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.round.fetch_add(1, Ordering::SeqCst);
        let mut looks = 0;
        while self.0.present.load(Ordering::SeqCst) > 0 {
            looks += 1;
            if looks < SPINS {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            return; // A forked child: the threads are the parent's.
        }
        self.desk.closing.store(true, Ordering::SeqCst);
        for (number, hand) in self.hands.drain(..).enumerate() {
            self.desk.wake(number, hand.thread());
            // A thread catches what its work panics with, so that it ends in order.
            let _ = hand.join();
        }
    }
}
