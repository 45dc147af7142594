//! Moments as numbers: an instant in milliseconds, and the second at which a handle ends.
//!
//! Never reads a clock: every `now` is an argument. Never wraps: all arithmetic saturates.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

/// The second, since the Unix epoch, from which a handle no longer works. Ends with the year 2106.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expiry(u32);

impl Timestamp {
    /// The instant `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Timestamp {
        Timestamp(millis)
    }

    /// The instant `secs` seconds after the epoch; saturates.
    pub const fn from_secs(secs: u64) -> Timestamp {
        Timestamp(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// This instant moved later by whole milliseconds of `span`; saturates.
    #[must_use]
    pub fn plus(self, span: Duration) -> Timestamp {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_add(millis))
    }

    /// How long after `earlier` this is; zero when it isn't after.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The expiry of what is issued now with this `ttl`. Rounded down to the second: a handle may end
    /// up to a second early, never late. Saturates in 2106.
    pub fn expiry(self, ttl: Duration) -> Expiry {
        Expiry(u32::try_from(self.plus(ttl).secs()).unwrap_or(u32::MAX))
    }
}

impl Expiry {
    /// The expiry at `secs` seconds since the epoch.
    pub const fn from_secs(secs: u32) -> Expiry {
        Expiry(secs)
    }

    /// The first instant at which the handle no longer works.
    pub fn at(self) -> Timestamp {
        Timestamp::from_secs(u64::from(self.0))
    }

    /// Seconds since the epoch.
    pub const fn secs(self) -> u32 {
        self.0
    }

    /// Whether `now` is at or after the expiry.
    pub fn passed_at(self, now: Timestamp) -> bool {
        now >= self.at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_has_passed_at_its_own_instant_and_not_a_millisecond_before() {
        let expiry = Expiry::from_secs(100);
        assert!(!expiry.passed_at(Timestamp::from_millis(99_999)));
        assert!(expiry.passed_at(Timestamp::from_millis(100_000)));
        assert!(expiry.passed_at(Timestamp::from_millis(u64::MAX)));
    }

    #[test]
    fn nothing_wraps() {
        let last = Timestamp::from_millis(u64::MAX);
        assert_eq!(last.plus(Duration::MAX), last);
        assert_eq!(Timestamp::from_secs(u64::MAX), last);
        assert_eq!(Timestamp::from_secs(1).since(last), Duration::ZERO);
        assert_eq!(last.expiry(Duration::MAX), Expiry::from_secs(u32::MAX));
        assert_eq!(Expiry::from_secs(u32::MAX).at().secs(), u64::from(u32::MAX));
    }

    #[test]
    fn an_expiry_is_never_later_than_the_ttl_promised() {
        let now = Timestamp::from_millis(1_700);
        assert_eq!(now.expiry(Duration::from_millis(1_250)), Expiry::from_secs(2));
        assert_eq!(now.expiry(Duration::from_millis(1_300)), Expiry::from_secs(3));
    }
}
