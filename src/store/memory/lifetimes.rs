//! How long moka keeps a record, by its own clock: as long as the record says.
//!
//! Never keeps a record's old time for one that takes its place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;

use super::Entry;
use crate::store::RecordKey;

/// Each record lives for its own lifetime, from when it was written.
pub(super) struct ByRecord;

impl Expiry<RecordKey, Arc<Entry>> for ByRecord {
    fn expire_after_create(
        &self,
        _: &RecordKey,
        entry: &Arc<Entry>,
        _: Instant,
    ) -> Option<Duration> {
        Some(entry.lifetime)
    }

    /// A renewal: moka would else go on with what was left of the old time.
    fn expire_after_update(
        &self,
        _: &RecordKey,
        entry: &Arc<Entry>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.lifetime)
    }
}
