//! Records in this process's memory, on moka; gone when it ends.
//!
//! moka gives the concurrent map and the timer wheel that forgets expired
//! records. It is never given a capacity: a cache may evict, a store may not, so
//! admission is counted here and a full store refuses.

mod books;
mod crowd;
mod lifetimes;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use moka::sync::Cache;

use self::books::Books;
use self::lifetimes::ByRecord;
use super::place::{Crowd, Placed, When};
use super::{Census, Record, RecordKey, Reserved, Store, StoreFault, Writers};
use crate::domain::Fingerprint;
use crate::domain::lease::{Ask, LeaseId, Ledger, Settled, Terms};
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;

/// A full store looks for expired records at most this often: a caller that
/// keeps knocking must not buy a walk over every record each time.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The in-memory store.
#[derive(Debug)]
pub struct MemoryStore {
    records: Cache<RecordKey, Arc<Entry>>,
    books: Arc<Books>,
    entries_max: u64,
    last_sweep: Mutex<Option<Instant>>,
    /// Held from the look at a condition to what is done about it, and while removing.
    turn: Mutex<()>,
}

/// A record whose ledger changes in place, under its own lock.
#[derive(Debug)]
struct Entry {
    record: Arc<Record>,
    ledger: Mutex<Ledger>,
    lifetime: Duration,
}

impl MemoryStore {
    /// An empty store that holds at most `entries_max` records.
    #[must_use]
    pub fn new(entries_max: u64) -> Self {
        let books = Arc::new(Books::default());
        let listener = Arc::clone(&books);
        let records = Cache::builder()
            .expire_after(ByRecord)
            .eviction_listener(move |_, entry: Arc<Entry>, _| listener.strike(&entry.record))
            .build();
        Self { records, books, entries_max, last_sweep: Mutex::new(None), turn: Mutex::new(()) }
    }

    /// A live entry. moka's clock runs on its own; ours decides.
    fn live(&self, key: &RecordKey, now: Timestamp) -> Option<Arc<Entry>> {
        self.records.get(key).filter(|entry| !entry.record.expires.passed_at(now))
    }

    fn admit(&self, count: u64, now: Timestamp) -> Result<(), StoreFault> {
        if self.books.admit(count, self.entries_max) {
            return Ok(());
        }
        self.make_room(now);
        if self.books.admit(count, self.entries_max) {
            return Ok(());
        }
        Err(StoreFault::Full { entries_max: self.entries_max })
    }

    fn enter(&self, record: Record) {
        self.books.enter(&record);
        let entry = Entry {
            ledger: Mutex::new(record.ledger.clone()),
            lifetime: record.expires.at().since(record.issued),
            record: Arc::new(record),
        };
        self.records.insert(entry.record.key.clone(), Arc::new(entry));
    }

    /// Forgets what has expired by our clock, at most once per interval.
    fn make_room(&self, now: Timestamp) {
        {
            let mut last = lock(&self.last_sweep);
            if last.is_some_and(|last| last.elapsed() < SWEEP_INTERVAL) {
                return;
            }
            *last = Some(Instant::now());
        }
        for (key, entry) in &self.records {
            if entry.record.expires.passed_at(now) {
                self.records.invalidate(&*key);
            }
        }
        self.records.run_pending_tasks();
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
        self.admit(u64::try_from(records.len()).unwrap_or(u64::MAX), now)?;
        records.into_iter().for_each(|record| self.enter(record));
        Ok(())
    }

    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        let now = record.issued;
        let _turn = lock(&self.turn);
        match (when, self.live(&record.key, now)) {
            (When::Present, None) | (When::Absent { .. }, Some(_)) => return Ok(Placed::Unmet),
            (When::Present, Some(_)) => {
                // It takes a place that is there.
                self.books.entries.fetch_add(1, Ordering::SeqCst);
            }
            (When::Absent { siblings_max }, None) => {
                if let Some(crowd) = self.crowd(record.parent_key().as_ref(), siblings_max, now) {
                    return Ok(Placed::Crowded(crowd));
                }
                self.admit(1, now)?;
            }
        }
        self.enter(record);
        Ok(Placed::Kept)
    }

    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault> {
        Ok(self.crowd(Some(parent), siblings_max, now))
    }

    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault> {
        Ok(self.live(key, now).map(|entry| {
            let ledger = lock(&entry.ledger).clone();
            if ledger == entry.record.ledger {
                return Arc::clone(&entry.record);
            }
            Arc::new(Record { ledger, ..Record::clone(&entry.record) })
        }))
    }

    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault> {
        let Some(entry) = self.live(key, ask.now) else {
            return Ok(Reserved::Missing);
        };
        let verdict = lock(&entry.ledger).reserve(entry.record.uses, ask, terms);
        Ok(match verdict {
            Ok(granted) => Reserved::Granted(granted, entry.record.sealed.clone()),
            Err(refused) => Reserved::Refused(refused),
        })
    }

    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault> {
        // An expired record is still settled: its state must not go back to live.
        let entry = self.records.get(key);
        Ok(entry.map_or(Settled::Stale, |entry| {
            lock(&entry.ledger).commit(entry.record.uses, lease, now)
        }))
    }

    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault> {
        let entry = self.records.get(key);
        Ok(entry.map_or(Settled::Stale, |entry| lock(&entry.ledger).release(lease, terms)))
    }

    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        let _turn = lock(&self.turn);
        let removed = self.records.remove(key);
        for id in self.books.children(key) {
            self.records.invalidate(&RecordKey { tenant: key.tenant.clone(), id });
        }
        let live = |entry: &Arc<Entry>| !entry.record.expires.passed_at(now);
        Ok(removed.is_some_and(|entry| live(&entry) && entry.record.parent.is_none()))
    }

    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault> {
        let mut removed = 0;
        for id in self.books.of_subject(tenant, subject) {
            let key = RecordKey { tenant: tenant.clone(), id };
            removed += u64::from(self.remove(&key, now).await?);
        }
        Ok(removed)
    }

    async fn remove_tenant(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreFault> {
        let all = self.records.iter().map(|(key, _)| key);
        let own: Vec<_> = all.filter(|key| key.tenant == *tenant).collect();
        let mut removed = 0;
        for key in own {
            removed += u64::from(self.remove(&key, now).await?);
        }
        Ok(removed)
    }

    async fn of_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        let mut found = Vec::new();
        for id in self.books.of_subject(tenant, subject) {
            let key = RecordKey { tenant: tenant.clone(), id };
            found.extend(self.fetch(&key, now).await?.filter(|record| record.parent.is_none()));
            if found.len() >= max {
                break;
            }
        }
        Ok(found)
    }

    async fn census(&self) -> Result<Census, StoreFault> {
        self.records.run_pending_tasks();
        Ok(self.books.census())
    }

    async fn probe(&self) -> Result<(), StoreFault> {
        Ok(())
    }
}

/// A poisoned lock means a panic between two plain assignments; the data is
/// still the data, and refusing every later redeem would be worse.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
