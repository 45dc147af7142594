//! Records in this process's memory; gone when it ends.
//!
//! A map in 256 parts, each under a lock of its own that a call holds for one record, and beside each the order in which
//! its records end. It was built on moka, which gives such a map and a timer: but when half a million records ended at
//! once, or a full store looked for some that had, one caller paid for all of them (2.2 s, 5.9 s), and what it keeps for
//! evicting, which a store may not do, was most of what a record took. Here whoever finds the store full forgets
//! 256 records and no more, and [`Store::sweep`] the rest, by the time that it is told: there is no clock in here.
//!
//! Never evicts: room is counted, and a full store refuses. Never asks for a second lock but from a parent's list
//! (`families`) to a record, and never waits for anything while it holds one.

mod counts;
mod entry;
mod families;
mod leaving;
mod names;
mod placing;
mod shard;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use self::counts::Counts;
use self::entry::Entry;
use self::families::Families;
use self::names::{Name, Tenants};
use self::shard::{Shard, Sharded};
use super::place::{Crowd, Placed, When};
use super::{Census, Record, RecordKey, Reserved, SWEEP_MAX, Store, StoreFault, Writers};
use crate::domain::Fingerprint;
use crate::domain::lease::{Ask, LeaseId, Settled, Terms};
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;

/// The most ended records that a caller forgets who finds the store full, if it does not itself want more places:
/// several at once, or a store that nobody sweeps would have each put look again.
const ROOM_MAX: u32 = 256;

/// The in-memory store.
pub struct MemoryStore {
    tenants: Tenants,
    shards: Sharded<Shard>,
    families: Families,
    counts: Counts,
}

impl MemoryStore {
    /// An empty store that holds at most `entries_max` records.
    #[must_use]
    pub fn new(entries_max: u64) -> Self {
        Self {
            tenants: Tenants::default(),
            shards: Sharded::default(),
            families: Families::default(),
            counts: Counts::new(entries_max),
        }
    }

    /// None where nothing can be, since the tenant never had a record.
    fn name(&self, key: &RecordKey) -> Option<Name> {
        self.tenants.find(&key.tenant).map(|tenant| Name { tenant, id: key.id })
    }

    fn new_name(&self, key: &RecordKey) -> Name {
        Name { tenant: self.tenants.number(&key.tenant), id: key.id }
    }

    /// A step of a record that need not be live.
    fn settled(&self, key: &RecordKey, step: impl FnOnce(&mut Entry) -> Settled) -> Settled {
        let done = |name: Name| self.shards.of(name.id).with(name, step);
        self.name(key).and_then(done).unwrap_or(Settled::Stale)
    }

    /// A live record, under the key by which it is asked for.
    fn read(&self, tenant: &TenantId, name: Name, now: Timestamp) -> Option<Arc<Record>> {
        let key = RecordKey { tenant: tenant.clone(), id: name.id };
        let record = self.shards.of(name.id).with_live(name, now, |entry| entry.record(key));
        record.map(Arc::new)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} entries)", self.counts.census().entries)
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn writers(&self) -> Writers {
        Writers::ThisProcess
    }

    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        let Some(now) = records.first().map(|record| record.issued) else {
            return Ok(());
        };
        let room = self.take_room(&records, now)?;
        records.iter().for_each(|record| self.enter(record));
        room.used();
        Ok(())
    }

    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        self.enter_if(&record, when)
    }

    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault> {
        Ok(self.crowd(parent, now, siblings_max))
    }

    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault> {
        Ok(self.name(key).and_then(|name| self.read(&key.tenant, name, now)))
    }

    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault> {
        let Some(name) = self.name(key) else { return Ok(Reserved::Missing) };
        let reserved = self.shards.of(name.id).with_live(name, ask.now, |entry| {
            match entry.step(|ledger, uses| ledger.reserve(uses, ask, terms)) {
                Ok(granted) => Reserved::Granted(granted, entry.sealed.clone()),
                Err(refused) => Reserved::Refused(refused),
            }
        });
        Ok(reserved.unwrap_or(Reserved::Missing))
    }

    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault> {
        // An expired record is still settled: its state must not go back to live.
        Ok(self.settled(key, |entry| entry.step(|ledger, uses| ledger.commit(uses, lease, now))))
    }

    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault> {
        Ok(self.settled(key, |entry| entry.step(|ledger, _| ledger.release(lease, terms))))
    }

    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        Ok(self.name(key).is_some_and(|name| self.forget_family(name, now)))
    }

    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault> {
        let Some(tenant) = self.tenants.find(tenant) else { return Ok(0) };
        let named = self.shards.iter().flat_map(|shard| shard.of_subject(tenant, subject));
        Ok(self.forget_families(named.collect(), now))
    }

    async fn remove_tenant(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreFault> {
        let Some(tenant) = self.tenants.find(tenant) else { return Ok(0) };
        let mut removed = 0;
        for shard in self.shards.iter() {
            removed += self.forget_families(shard.of_tenant(tenant), now);
            // A part may be some thousand records: others have their turn.
            tokio::task::yield_now().await;
        }
        Ok(removed)
    }

    async fn sweep(&self, now: Timestamp) -> Result<u32, StoreFault> {
        Ok(self.forget_ended(now, SWEEP_MAX))
    }

    async fn of_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        let Some(number) = self.tenants.find(tenant) else { return Ok(Vec::new()) };
        let names = self.shards.iter().flat_map(|shard| shard.of_subject(number, subject));
        let records = names.filter_map(|name| self.read(tenant, name, now));
        Ok(records.filter(|record| record.parent.is_none()).take(max).collect())
    }

    async fn census(&self) -> Result<Census, StoreFault> {
        Ok(self.counts.census())
    }

    async fn probe(&self) -> Result<(), StoreFault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
