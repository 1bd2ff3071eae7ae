//! How many threads work.

use crate::error::{Error, Result};
use deltarule::ThreadPool;

/// A pool of so many threads; of as many as there are processors where none is said. It makes no difference to any result.
///
/// # Errors
/// For 0 threads.
pub fn thread_pool(threads: Option<usize>) -> Result<ThreadPool> {
    match threads {
        Some(0) => Err(Error::setting("threads", "1 or more", 0)),
        Some(threads) => Ok(ThreadPool::new(threads)),
        None => Ok(ThreadPool::new(std::thread::available_parallelism().map_or(1, usize::from))),
    }
}
