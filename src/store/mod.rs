//! Where sealed records are kept: the trait every engine implements.
//!
//! A store sees ciphertext, ids, expiry and the [`Ledger`]; it never sees a
//! payload, a handle's secret or a key. Each engine lives in a file of its own
//! and is the only one to name its library; all of them run the conformance
//! suite in `tests/it/store_conformance.rs`.

pub mod disk;
pub mod memory;
pub mod place;
pub mod redis;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use self::place::{Crowd, Placed, When};
use crate::domain::keyring::KeyCheck;
use crate::domain::lease::{Ask, Granted, LeaseId, Ledger, Refused, Settled, Terms};
use crate::domain::seal::Sealed;
use crate::domain::tenant::TenantId;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::uses::Uses;
use crate::domain::{Fingerprint, HandleId, KeyId};

/// What a record is found by. The tenant is part of it, so that one tenant
/// cannot even name another's record.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RecordKey {
    /// The owner.
    pub tenant: TenantId,
    /// The handle's public id.
    pub id: HandleId,
}

/// One stored payload and the life of its handle.
#[derive(Clone, Debug)]
pub struct Record {
    /// What it is found by.
    pub key: RecordKey,
    /// The payload, readable only with a root key *and* the handle's secret.
    pub sealed: Sealed,
    /// The root key that it was sealed under.
    pub key_id: KeyId,
    /// How often the handle works.
    pub uses: Uses,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends; the store may forget it from then on, and never before.
    pub expires: Expiry,
    /// The person it is about, as a keyed fingerprint, for erasure on request.
    pub subject: Option<Fingerprint>,
    /// The handle that this was learnt with, for what is kept beside a handle (the
    /// link of a conversation, a wrapped value, a vendor's own key): forgotten with it.
    /// Its own id where it was learnt with none. Nothing that was issued has one.
    pub parent: Option<HandleId>,
    /// Leases, commits and refusals so far.
    pub ledger: Ledger,
}

impl Record {
    /// What the handle that this was learnt with is found by.
    #[must_use]
    pub fn parent_key(&self) -> Option<RecordKey> {
        let tenant = self.key.tenant.clone();
        self.parent.map(|id| RecordKey { tenant, id })
    }

    /// What it is counted under by an engine that counts by number: its key's id, or that
    /// and [`LEARNT`].
    fn label(&self) -> u16 {
        label(self.key_id, self.parent)
    }
}

/// Set apart in counts: what was learnt and not issued.
const LEARNT: u16 = 256;

fn label(key_id: KeyId, parent: Option<HandleId>) -> u16 {
    u16::from(key_id.byte()) + if parent.is_some() { LEARNT } else { 0 }
}

/// What [`Store::reserve`] found.
#[derive(Clone, Debug)]
pub enum Reserved {
    /// No live record: never issued, expired or revoked.
    Missing,
    /// A record, but not for this redeem.
    Refused(Refused),
    /// Go ahead with this ciphertext.
    Granted(Granted, Sealed),
}

/// A store that could not do what was asked. Nothing was changed, or (for
/// [`StoreFault::Unreachable`] on a write) it is unknown whether it was; callers
/// answer 503 and never assume success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// At its bound. Live records are never evicted to make room.
    #[error("the store is full ({entries_max} entries)")]
    Full {
        /// The configured bound.
        entries_max: u64,
    },
    /// The disk, or the file's own bound, has no room for it. It may be tried again.
    #[error("the store has no space left: the disk is full, or the file is at bytes_max")]
    NoSpace,
    /// No answer in time, or a broken connection.
    #[error("the store cannot be reached: {0}")]
    Unreachable(&'static str),
    /// The engine holds something that is not ours or is damaged.
    #[error("the store holds a damaged record: {0}")]
    Damaged(&'static str),
}

/// How full a store is, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Records held, expired ones that were not yet swept included.
    pub entries: u64,
    /// Those of them that were learnt and not issued; see [`place::learnt_max`].
    pub learnt: u64,
    /// Records by the root key they were sealed under.
    pub by_key: Vec<(KeyId, u64)>,
}

impl Census {
    /// Sums up counts by label.
    fn of(counts: impl IntoIterator<Item = (u16, u64)>) -> Option<Self> {
        let (mut census, mut by_key) = (Self::default(), BTreeMap::<KeyId, u64>::new());
        for (label, count) in counts {
            let key_id = KeyId::new(u8::try_from(label % LEARNT).ok()?)?;
            census.entries = census.entries.saturating_add(count);
            if label >= LEARNT {
                census.learnt = census.learnt.saturating_add(count);
            }
            let sum = by_key.entry(key_id).or_default();
            *sum = sum.saturating_add(count);
        }
        census.by_key = by_key.into_iter().collect();
        Some(census)
    }
}

/// Who writes to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// This process alone: what it has not written is not there.
    ThisProcess,
    /// Others too, at any moment.
    Others,
}

/// The most records that one [`Store::sweep`] forgets: bounds how long other writes
/// wait for it.
pub const SWEEP_MAX: u32 = 64;

/// A persistence engine. When in doubt it errs towards refusing: a lost handle
/// costs a chat its context, a revived one costs a person their privacy.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Who writes to it. Unless it is known to be this process alone: others.
    fn writers(&self) -> Writers {
        Writers::Others
    }

    /// Keeps all of `records`, or none. A record takes the place of one with the
    /// same key, and at no moment is there neither.
    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault>;

    /// Keeps a learnt record, or replaces one, if its condition holds: of any number of
    /// concurrent callers that want one absent key, one has it kept.
    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault>;

    /// Where there would be no room for one more record that is learnt with `parent`, if
    /// that has no more than `siblings_max`. It may have changed when the answer is read.
    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault>;

    /// The record, unless it is missing or has expired at `now`.
    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault>;

    /// Whether there is such a record that has not expired at `now`, as the engine has it
    /// at this moment: an engine that may answer [`Store::fetch`] from what it read before
    /// looks anew, so that a revocation through another node is seen.
    async fn has(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        Ok(self.fetch(key, now).await?.is_some())
    }

    /// One atomic step of [`Ledger::reserve`] on the stored ledger: of any
    /// number of concurrent callers, one gets the lease.
    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault>;

    /// The upstream accepted the revealed request.
    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault>;

    /// The upstream did not accept it: the handle may be used again.
    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault>;

    /// Forgets one record and every record whose parent it is, even if it is gone
    /// itself; whether it was there, live, and had no parent.
    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault>;

    /// Forgets every record of a subject, given as its fingerprint under each
    /// key that may have issued it, and their children; how many live ones without
    /// a parent there were.
    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault>;

    /// Forgets every record of a tenant that was there when this began, those that were
    /// learnt too; how many live ones without a parent there were. It may take as long as
    /// a look at every record; after a fault it is to be asked again. A store that cannot
    /// tell whose its records are answers so.
    async fn remove_tenant(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreFault> {
        let _ = (tenant, now);
        Err(StoreFault::Unreachable("it cannot forget by tenant"))
    }

    /// Forgets up to [`SWEEP_MAX`] records that have expired at `now`; how many. To be
    /// called every second or so, and again soon while it returns its most. An engine
    /// that forgets by itself has nothing to do.
    async fn sweep(&self, _now: Timestamp) -> Result<u32, StoreFault> {
        Ok(0)
    }

    /// The live records of a subject that have no parent, given as its fingerprint under
    /// each key that may have issued them: at most `max`, in no order. A store that keeps
    /// no index by subject answers that it cannot.
    async fn of_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        let _ = (tenant, subject, now, max);
        Err(StoreFault::Unreachable("it keeps no index by subject"))
    }

    /// What the key of this number is known by, if the store was told. One that ends with this
    /// process remembers nothing.
    async fn known_key(&self, id: KeyId) -> Result<Option<KeyCheck>, StoreFault> {
        let _ = id;
        Ok(None)
    }

    /// Has it remember what the key of this number is known by, for good, unless it knows one; which
    /// it knows then.
    async fn know_key(&self, id: KeyId, check: KeyCheck) -> Result<KeyCheck, StoreFault> {
        let _ = id;
        Ok(check)
    }

    /// How full it is.
    async fn census(&self) -> Result<Census, StoreFault>;

    /// Whether handles in use can be redeemed now, for readiness: of an engine that is spread over servers, those of any
    /// of them. A full one can; it says so to who puts. Writes nothing, since anybody may ask at any moment.
    async fn probe(&self) -> Result<(), StoreFault>;
}
