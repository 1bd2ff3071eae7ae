//! Work shared among threads, its results in the order of the jobs.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// An iterator over `work(job)` for each job, in order, worked out by a few threads ahead of the reader.
///
/// At most two jobs a thread are under way or waiting, so that memory stays bounded however slow the reader is.
/// With one thread the work is done when it is asked for. Dropping the iterator ends the threads.
pub(crate) struct ParallelMap<J: Iterator, R> {
    jobs: J,
    work: Arc<dyn Fn(J::Item) -> R + Send + Sync>,
    workers: Option<Workers<J::Item, R>>,
}

/// The threads: where jobs are sent to them, and the answers that are still to come, in order.
struct Workers<I, R> {
    sender: Sender<(I, SyncSender<R>)>,
    waiting: VecDeque<Receiver<R>>,
    most: usize,
}

impl<J, R> ParallelMap<J, R>
where
    J: Iterator,
    J::Item: Send + 'static,
    R: Send + 'static,
{
    pub(crate) fn new(threads: usize, jobs: J, work: impl Fn(J::Item) -> R + Send + Sync + 'static) -> Self {
        let work: Arc<dyn Fn(J::Item) -> R + Send + Sync> = Arc::new(work);
        let workers = (threads > 1).then(|| {
            let (sender, queue) = channel::<(J::Item, SyncSender<R>)>();
            let queue = Arc::new(Mutex::new(queue));
            for _ in 0..threads {
                let (queue, work) = (Arc::clone(&queue), Arc::clone(&work));
                thread::spawn(move || {
                    loop {
                        let job = queue.lock().map(|queue| queue.recv());
                        let Ok(Ok((job, answer))) = job else { break };
                        // The reader may be gone; then nobody misses the answer.
                        let _ = answer.send(work(job));
                    }
                });
            }
            Workers { sender, waiting: VecDeque::new(), most: 2 * threads }
        });
        Self { jobs, work, workers }
    }
}

impl<J, R> Iterator for ParallelMap<J, R>
where
    J: Iterator,
    J::Item: Send + 'static,
    R: Send + 'static,
{
    type Item = R;

    fn next(&mut self) -> Option<R> {
        let Some(workers) = &mut self.workers else { return self.jobs.next().map(|job| (self.work)(job)) };
        while workers.waiting.len() < workers.most
            && let Some(job) = self.jobs.next()
        {
            let (answer, receiver) = sync_channel(1);
            workers.sender.send((job, answer)).ok()?;
            workers.waiting.push_back(receiver);
        }
        let receiver = workers.waiting.pop_front()?;
        // A worker sends no answer only when it panicked: the panic goes on here, where somebody sees it.
        Some(receiver.recv().expect("a reading thread panicked"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for threads in [1, 2, 5] {
            let squares = ParallelMap::new(threads, 0..100_u64, |job| {
                thread::sleep(Duration::from_micros((job * 37) % 100));
                job * job
            });
            assert!(squares.eq((0..100).map(|job| job * job)), "{threads} threads");
        }
    }

    #[test]
    fn a_reader_that_leaves_early_leaves_nothing_hanging() {
        assert_eq!(ParallelMap::new(3, 0..1000, |job| job).take(2).collect::<Vec<_>>(), [0, 1]);
    }
}
