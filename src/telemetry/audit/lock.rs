//! The lock on an audit's file, with an end to the waiting.
//!
//! Whoever may read a file can lock it, so nothing here waits for ever.

use std::fs::{File, TryLockError};
use std::io;
use std::time::{Duration, Instant};

/// How long a write waits for the lock: hundreds of writes of the process that a hand-over has
/// beside this one. Whoever holds it for longer is stuck, or is none of ours.
pub(super) const LOCK_MAX: Duration = Duration::from_secs(2);

/// Between two tries to get it, at most; the first ones come sooner.
const LOCK_PAUSE_MAX: Duration = Duration::from_millis(20);

/// Takes the file's lock, or fails after so long: [`io::ErrorKind::WouldBlock`].
pub(super) fn lock(file: &File, patience: Duration) -> io::Result<()> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(100);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(why)) => return Err(why),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= patience => {
                let why = "another process holds the lock on it";
                return Err(io::Error::new(io::ErrorKind::WouldBlock, why));
            }
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(pause),
        }
        pause = (pause * 2).min(LOCK_PAUSE_MAX);
    }
}
