//! Records in one SQLite file: they outlive the process, and two processes may share them.
//!
//! That two may is what chose the engine: while a binary is upgraded the old and the new one both issue and
//! redeem. Every write is on disk before it is acknowledged; those that wait at the same time share one fsync.
//! Never reads a clock: what has expired goes when [`Store::sweep`] says when it is, or when a full store is
//! put to. The file belongs on a local disk: the log's shared memory does not reach over a network.

mod body;
mod ending;
mod fault;
mod file;
mod keys;
mod log;
mod readers;
mod room;
mod rows;
mod space;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;

use self::ending::Walk;
pub use self::file::OpenFault;
use self::readers::Readers;
use self::rows::Rows;
use self::writer::{Step, Unwanted, Writer};
use super::place::{Crowd, Placed, When};
use super::{Census, Record, RecordKey, Reserved, SWEEP_MAX, Store, StoreFault};
use crate::domain::keyring::KeyCheck;
use crate::domain::lease::{Ask, LeaseId, Ledger, Settled, Terms};
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;
use crate::domain::{Fingerprint, KeyId};

/// What an operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskOptions {
    /// The most records, those of other processes on the same file included.
    pub entries_max: u64,
    /// The most bytes of the file, rounded down to pages of 4 KiB. The log beside it comes on top: some
    /// 64 MiB, more only while a single larger transaction is in it.
    pub bytes_max: u64,
}

/// How much one fsync carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Transactions since the store was opened.
    pub groups: u64,
    /// Writes in them.
    pub writes: u64,
}

/// The store on disk. Dropping it waits for the write that is under way, and closes the file.
#[derive(Debug)]
pub struct DiskStore {
    // In this order: the writer closes last, and moves the log into the file as it does.
    readers: Readers,
    writer: Writer,
    entries_max: u64,
}

impl DiskStore {
    /// Opens the file, or makes it, with mode 0600. Blocks; to be called at start, after any fork.
    ///
    /// # Errors
    /// [`OpenFault`]: whatever would keep it from holding what it is given.
    pub fn open(path: &Path, options: DiskOptions) -> Result<DiskStore, OpenFault> {
        let connection = file::writer(path, &options)?;
        let readers = Readers::open(path)?;
        let writer = Writer::start(connection, file::mover(path)?).map_err(|error| {
            OpenFault::Other { path: path.to_owned(), cause: error.to_string() }
        })?;
        Ok(DiskStore { readers, writer, entries_max: options.entries_max })
    }

    /// Whether it could be opened, as far as name and rights tell. Opens and makes nothing.
    ///
    /// # Errors
    /// [`OpenFault`].
    pub fn look(path: &Path) -> Result<(), OpenFault> {
        file::look(path)
    }

    /// How much one fsync has carried so far.
    #[must_use]
    pub fn pace(&self) -> Pace {
        let strokes = &self.writer.strokes;
        Pace {
            groups: strokes.groups.load(Ordering::Relaxed),
            writes: strokes.jobs.load(Ordering::Relaxed),
        }
    }

    /// Settles a lease, of an expired record too: its state must not go back to live.
    async fn settle(
        &self,
        key: &RecordKey,
        step: impl Fn(&Record, &mut Ledger) -> Settled + Send + 'static,
    ) -> Result<Settled, StoreFault> {
        let key = key.clone();
        let work = move |rows: &Rows<'_>, _: Option<&Settled>| {
            let Some(mut found) = rows.find(&key)? else { return Ok(Step::Done(Settled::Stale)) };
            let mut ledger = found.record.ledger.clone();
            let settled = step(&found.record, &mut ledger);
            if ledger != found.record.ledger {
                found.record.ledger = ledger;
                rows.rewrite(&found)?;
            }
            Ok(Step::Done(settled))
        };
        self.writer.ask(Unwanted::Finish, work).await
    }
}

#[async_trait]
impl Store for DiskStore {
    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        let Some(now) = records.first().map(|record| record.issued) else { return Ok(()) };
        let max = self.entries_max;
        let work = move |rows: &Rows<'_>, _: Option<&()>| {
            room::take(rows, &records, max, now)?;
            records.iter().try_for_each(|record| rows.put(record))?;
            Ok(Step::Done(()))
        };
        self.writer.ask(Unwanted::Drop, work).await
    }

    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        let max = self.entries_max;
        let work = move |rows: &Rows<'_>, _: Option<&Placed>| room::place(rows, &record, when, max);
        self.writer.ask(Unwanted::Drop, work).await
    }

    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault> {
        let (entries_max, parent) = (self.entries_max, parent.clone());
        let crowd =
            move |rows: &Rows<'_>| room::crowd(rows, Some(&parent), siblings_max, entries_max, now);
        self.readers.read(crowd).await
    }

    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault> {
        let key = key.clone();
        let found = self.readers.read(move |rows| rows.find(&key)).await?;
        let live = found.filter(|found| !found.record.expires.passed_at(now));
        Ok(live.map(|found| Arc::new(found.record)))
    }

    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault> {
        let (key, ask, terms) = (key.clone(), ask.clone(), *terms);
        let work = move |rows: &Rows<'_>, _: Option<&Reserved>| {
            let Some(mut found) = rows.find(&key)? else {
                return Ok(Step::Done(Reserved::Missing));
            };
            if found.record.expires.passed_at(ask.now) {
                return Ok(Step::Done(Reserved::Missing));
            }
            let before = found.record.ledger.clone();
            let verdict = found.record.ledger.reserve(found.record.uses, &ask, &terms);
            // A refusal may change it too; a replay does not, and costs no write.
            if found.record.ledger != before {
                rows.rewrite(&found)?;
            }
            Ok(Step::Done(match verdict {
                Ok(granted) => Reserved::Granted(granted, found.record.sealed),
                Err(refused) => Reserved::Refused(refused),
            }))
        };
        self.writer.ask(Unwanted::Drop, work).await
    }

    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault> {
        let lease = *lease;
        self.settle(key, move |record, ledger| ledger.commit(record.uses, &lease, now)).await
    }

    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault> {
        let (lease, terms) = (*lease, *terms);
        self.settle(key, move |_, ledger| ledger.release(&lease, &terms)).await
    }

    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        let key = key.clone();
        let work = move |rows: &Rows<'_>, sofar: Option<&bool>| ending::one(rows, &key, sofar, now);
        self.writer.ask(Unwanted::Finish, work).await
    }

    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault> {
        let (tenant, subject) = (tenant.clone(), subject.to_vec());
        let work = move |rows: &Rows<'_>, sofar: Option<&u64>| {
            ending::subject(rows, &tenant, &subject, sofar, now)
        };
        self.writer.ask(Unwanted::Finish, work).await
    }

    async fn remove_tenant(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreFault> {
        let tenant = tenant.clone();
        let work =
            move |rows: &Rows<'_>, sofar: Option<&Walk>| ending::tenant(rows, &tenant, sofar, now);
        self.writer.ask(Unwanted::Finish, work).await.map(|walk| walk.live)
    }

    async fn of_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        let (owner, prints) = (tenant.clone(), subject.to_vec());
        let listed = move |rows: &Rows<'_>| {
            let mut ids = Vec::new();
            for print in &prints {
                ids.extend(rows.ids_of_subject(&owner, *print, now, max)?);
            }
            Ok(ids)
        };
        let mut found = Vec::new();
        for id in self.readers.read(listed).await? {
            let key = RecordKey { tenant: tenant.clone(), id };
            found.extend(self.fetch(&key, now).await?);
        }
        found.truncate(max);
        Ok(found)
    }

    async fn sweep(&self, now: Timestamp) -> Result<u32, StoreFault> {
        let work = move |rows: &Rows<'_>, _: Option<&u32>| {
            rows.delete_expired(now, SWEEP_MAX).map(Step::Done)
        };
        self.writer.ask(Unwanted::Drop, work).await
    }

    async fn known_key(&self, id: KeyId) -> Result<Option<KeyCheck>, StoreFault> {
        self.readers.read(move |rows| rows.known_key(id)).await
    }

    async fn know_key(&self, id: KeyId, check: KeyCheck) -> Result<KeyCheck, StoreFault> {
        let work =
            move |rows: &Rows<'_>, _: Option<&KeyCheck>| rows.know_key(id, check).map(Step::Done);
        self.writer.ask(Unwanted::Finish, work).await
    }

    async fn census(&self) -> Result<Census, StoreFault> {
        self.readers.read(|rows| rows.census()).await
    }

    async fn probe(&self) -> Result<(), StoreFault> {
        self.writer.stands()?;
        self.readers.read(|rows| rows.census()).await.map(drop)
    }
}
