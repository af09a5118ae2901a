//! The threads of a run.

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Stack of a worker. syn and the extractors are bounded by depth, not by the default stack's size.
const STACK: usize = 64 << 20;

/// Threads that files are read and analysed on.
#[derive(Debug)]
pub struct Workers(Option<ThreadPool>);

impl Workers {
    /// So many; 0: as many as there are processors.
    pub fn new(threads: usize) -> Self {
        // Without threads of its own a run uses whatever there are.
        Self(ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build().ok())
    }

    /// Does work on them, and waits for its end.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}
