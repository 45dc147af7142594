//! What this node has just read, kept for seconds, so that a conversation's polls don't each ask the database.
//!
//! Never holds a `once` or `conversation` record, never answers a reserve, never outlives its age bound: the longest
//! that another node's revocation can go unnoticed here. A revocation on this node is noticed at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;

use super::settings::RedisSettings;
use crate::domain::{Timestamp, Uses};
use crate::store::{Record, RecordKey};

/// What a cached record takes besides its payload: its own fields, its key twice, the cache's books.
const ENTRY_OVERHEAD: usize = 512;

/// The near cache of one node.
#[derive(Debug)]
pub(super) struct Near {
    records: Option<Cache<RecordKey, Arc<Record>>>,
    /// Each moves when one of its records is forgotten, so that a read that began before does not bring back what is
    /// gone. By the first byte of the id, which is random.
    forgettings: Vec<AtomicU64>,
}

/// When a read began.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Begun(u64);

impl Near {
    pub(super) fn new(settings: &RedisSettings) -> Self {
        let records = (!settings.near_age_max.is_zero()).then(|| {
            Cache::builder()
                .time_to_live(settings.near_age_max)
                .max_capacity(settings.near_bytes_max)
                .weigher(|_, record: &Arc<Record>| weight(record))
                .build()
        });
        let forgettings = (0..=u8::MAX).map(|_| AtomicU64::new(0)).collect();
        Self { records, forgettings }
    }

    /// What was read of late, unless it has expired at `now`.
    pub(super) fn find(&self, key: &RecordKey, now: Timestamp) -> Option<Arc<Record>> {
        let record = self.records.as_ref()?.get(key)?;
        (!record.expires.passed_at(now)).then_some(record)
    }

    /// To be called before a read that [`Near::keep`] may get.
    pub(super) fn begin(&self, key: &RecordKey) -> Begun {
        Begun(self.forgettings_of(key).map_or(0, |count| count.load(Ordering::SeqCst)))
    }

    /// Keeps what was read, if it may be kept and nothing was forgotten meanwhile.
    pub(super) fn keep(&self, begun: Begun, record: &Arc<Record>) {
        let Some(records) = &self.records else { return };
        if record.uses != Uses::UntilExpiry || self.begin(&record.key) != begun {
            return;
        }
        records.insert(record.key.clone(), Arc::clone(record));
        // Between the look and the insert somebody may have forgotten it.
        if self.begin(&record.key) != begun {
            records.invalidate(&record.key);
        }
    }

    /// Forgets one record: it was changed or removed.
    pub(super) fn forget(&self, key: &RecordKey) {
        let Some(records) = &self.records else { return };
        if let Some(count) = self.forgettings_of(key) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        records.invalidate(key);
    }

    fn forgettings_of(&self, key: &RecordKey) -> Option<&AtomicU64> {
        let [first, ..] = key.id.bytes();
        self.forgettings.get(usize::from(*first))
    }
}

fn weight(record: &Record) -> u32 {
    u32::try_from(record.sealed.as_bytes().len().saturating_add(ENTRY_OVERHEAD)).unwrap_or(u32::MAX)
}
