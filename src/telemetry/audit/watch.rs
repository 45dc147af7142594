//! Whether the writer is stuck in the system: a disk or a file server that does not answer
//! keeps a thread for ever and tells it nothing.
//!
//! Whoever asks looks; nothing here waits or runs by itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long one write may take: more than a busy disk's longest flush, and than the wait for
/// the lock. Also how long a call waits for its line, and a start for the first one.
pub(super) const STALL_MAX: Duration = Duration::from_secs(5);

/// Since when the writer has been in its write.
pub(super) struct Watch {
    begun: Instant,
    /// Milliseconds after `begun`, and one more; 0 while it is in none.
    entered: AtomicU64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), entered: AtomicU64::new(0) }
    }

    pub(super) fn enter(&self) {
        self.entered.store(self.elapsed_ms().saturating_add(1), Ordering::SeqCst);
    }

    pub(super) fn leave(&self) {
        self.entered.store(0, Ordering::SeqCst);
    }

    /// Whether it has been in it for too long.
    pub(super) fn is_stalled(&self) -> bool {
        let most = u64::try_from(STALL_MAX.as_millis()).unwrap_or(u64::MAX);
        let entered = self.entered.load(Ordering::SeqCst);
        entered != 0 && self.elapsed_ms().saturating_add(1).saturating_sub(entered) > most
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
