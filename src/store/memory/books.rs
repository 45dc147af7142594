//! The memory store's books: counts, and who belongs to whom.
//!
//! It never holds a record, and what it counts is what moka was given and has not
//! yet let go.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lock;
use crate::domain::tenant::TenantId;
use crate::domain::{Fingerprint, HandleId};
use crate::store::{Census, LEARNT, Record, RecordKey};

/// Counts and the subject index: what moka does not keep for us.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) entries: AtomicU64,
    ledger: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    by_label: HashMap<u16, u64>,
    by_subject: HashMap<(TenantId, Fingerprint), Ids>,
    by_parent: HashMap<RecordKey, Ids>,
}

/// How often each id stands in an index: a record that takes another's place is
/// entered before the other is struck.
type Ids = HashMap<HandleId, u32>;

impl Books {
    /// Takes `count` places, or none.
    pub(super) fn admit(&self, count: u64, entries_max: u64) -> bool {
        let room = |held: u64| held.checked_add(count).filter(|sum| *sum <= entries_max);
        self.entries.fetch_update(Ordering::SeqCst, Ordering::SeqCst, room).is_ok()
    }

    pub(super) fn enter(&self, record: &Record) {
        let mut index = lock(&self.ledger);
        *index.by_label.entry(record.label()).or_default() += 1;
        if let Some(subject) = record.subject {
            let owner = (record.key.tenant.clone(), subject);
            *index.by_subject.entry(owner).or_default().entry(record.key.id).or_default() += 1;
        }
        if let Some(parent) = record.parent_key() {
            *index.by_parent.entry(parent).or_default().entry(record.key.id).or_default() += 1;
        }
    }

    /// moka calls this once for each record that leaves, whatever the cause.
    pub(super) fn strike(&self, record: &Record) {
        self.entries.fetch_sub(1, Ordering::SeqCst);
        let mut index = lock(&self.ledger);
        if let Some(count) = index.by_label.get_mut(&record.label()) {
            *count = count.saturating_sub(1);
        }
        if let Some(subject) = record.subject {
            let owner = (record.key.tenant.clone(), subject);
            strike(&mut index.by_subject, &owner, record.key.id);
        }
        if let Some(parent) = record.parent_key() {
            strike(&mut index.by_parent, &parent, record.key.id);
        }
    }

    /// Records that were learnt and not issued.
    pub(super) fn learnt(&self) -> u64 {
        let index = lock(&self.ledger);
        index.by_label.iter().filter(|(label, _)| **label >= LEARNT).map(|(_, count)| count).sum()
    }

    pub(super) fn count_of_children(&self, parent: &RecordKey) -> u64 {
        let index = lock(&self.ledger);
        let count = index.by_parent.get(parent).map_or(0, HashMap::len);
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    pub(super) fn children(&self, parent: &RecordKey) -> Vec<HandleId> {
        let index = lock(&self.ledger);
        index.by_parent.get(parent).map_or_else(Vec::new, |ids| ids.keys().copied().collect())
    }

    pub(super) fn of_subject(&self, tenant: &TenantId, subject: &[Fingerprint]) -> Vec<HandleId> {
        let index = lock(&self.ledger);
        let owners = subject.iter().map(|print| (tenant.clone(), *print));
        owners
            .filter_map(|owner| index.by_subject.get(&owner))
            .flat_map(|ids| ids.keys())
            .copied()
            .collect()
    }

    pub(super) fn census(&self) -> Census {
        let index = lock(&self.ledger);
        let counts = index.by_label.iter().map(|(label, count)| (*label, *count));
        let census = Census::of(counts).unwrap_or_default();
        Census { entries: self.entries.load(Ordering::SeqCst), ..census }
    }
}

/// Takes one mention of `id` out of an index.
fn strike<K: Eq + Hash>(index: &mut HashMap<K, Ids>, owner: &K, id: HandleId) {
    let Some(ids) = index.get_mut(owner) else { return };
    if let Some(count) = ids.get_mut(&id) {
        *count -= 1;
        if *count == 0 {
            ids.remove(&id);
        }
    }
    if ids.is_empty() {
        index.remove(owner);
    }
}
