//! Time and chance, as arguments: the two things a pure floor may not reach for.
//!
//! Everything above asks a [`Clock`] and an [`Entropy`]; tests turn the one by
//! hand and seed the other. Nothing here sleeps, caches or rounds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time. May step back: callers must err towards refusing.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        // Before 1970 everything is unexpired and nothing verifies as fresh;
        // zero makes every lease look held, which is the refusing side.
        Timestamp::from_millis(since_epoch.map_or(0, millis))
    }
}

/// A clock that moves when it is told to: for tests, and for replaying a log.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Starts at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicU64::new(start.millis()))
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis(by), Ordering::SeqCst);
    }

    /// Moves back, as a machine's clock does when it is corrected.
    pub fn step_back(&self, by: Duration) {
        let by = millis(by);
        // The closure always returns a value, so the update cannot fail.
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_sub(by)));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Where unguessable bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `into` with unpredictable bytes.
    ///
    /// # Errors
    /// [`NoEntropy`] when the source has none: the caller must refuse, never
    /// fall back to something weaker.
    fn fill(&self, into: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The source of randomness could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's source of randomness could not be read")]
pub struct NoEntropy;

/// The kernel's generator (`getrandom(2)` on Linux).
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, into: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(into).map_err(|_| NoEntropy)
    }
}

/// `N` unpredictable bytes.
///
/// # Errors
/// As [`Entropy::fill`].
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(Timestamp::from_secs(10));
        assert_eq!(clock.now(), Timestamp::from_secs(10));
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), Timestamp::from_secs(15));
        clock.step_back(Duration::from_secs(100));
        assert_eq!(clock.now(), Timestamp::from_millis(0));
    }

    #[test]
    fn two_draws_from_the_kernel_differ() {
        let draw = || random::<16>(&SystemEntropy).unwrap();
        assert_ne!(draw(), draw());
    }
}
