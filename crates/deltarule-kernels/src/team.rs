//! The threads that share a product.

/// Threads that share the tiles of a product among themselves. The result never depends on how many there are.
#[derive(Debug)]
pub struct Team {
    threads: usize,
}

impl Team {
    /// The caller's thread alone.
    pub fn single() -> Self {
        Self::new(1)
    }

    /// The caller's thread and `threads − 1` more; at least the caller's.
    pub fn new(threads: usize) -> Self {
        Self { threads: threads.max(1) }
    }

    /// Number of threads, the caller's included.
    pub fn threads(&self) -> usize {
        self.threads
    }
}
