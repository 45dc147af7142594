//! Records in Redis or Valkey, for more than one node: one server, a primary that Sentinels watch, or a cluster.
//!
//! A lease is one server-side script on one key, so any number of nodes agree on who has a handle. Never reads from a
//! replica, never answers a reserve from memory, never waits past its time: a server that does not answer costs
//! [`StoreFault::Unreachable`] after `response_timeout`, and one that is known to be gone costs it at once.
//!
//! What is promised of a `put`: counts first, then the indexes by subject and by parent, then the records. A crash
//! between leaves at most an index entry without a record and a count too high, until their time is over: no record can
//! be stored that an erasure would not find. If one record of a batch fails, those that were stored are removed again
//! and the batch is refused; what could not be removed has a handle that nobody was given, and expires.

mod bare;
mod batch;
mod books;
mod check;
mod codec;
mod dial;
mod fault;
mod keys;
mod known_keys;
mod lane;
mod leasing;
mod near;
mod placing;
mod removal;
mod script;
mod settings;
mod shares;
mod tenancy;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use redis::Value;

pub use self::check::{Finding, Gravity, StartFault};
pub use self::settings::{Durability, Login, RedisSettings, SettingFault, Topology, check_url};

use self::books::Books;
use self::fault::Fault;
use self::keys::Keys;
use self::near::Near;
use self::removal::Meant;
use self::shares::Shares;
use self::wire::Wire;
use super::place::{Crowd, Placed, When};
use super::{Census, Record, RecordKey, Reserved, Store, StoreFault};
use crate::domain::keyring::KeyCheck;
use crate::domain::lease::{Ask, LeaseId, Settled, Terms};
use crate::domain::{Fingerprint, KeyId, TenantId, Timestamp};

/// The store in Redis or Valkey.
#[derive(Debug)]
pub struct RedisStore {
    wire: Wire,
    keys: Keys,
    near: Near,
    books: Books,
}

impl RedisStore {
    /// A store on these servers. Nothing is connected yet: the first operation, or [`RedisStore::check`], does that.
    ///
    /// # Errors
    /// A setting that cannot work.
    pub fn new(settings: &RedisSettings) -> Result<Self, SettingFault> {
        let keys = Keys::new(&settings.prefix);
        Ok(Self {
            wire: Wire::new(settings)?,
            near: Near::new(settings),
            books: Books::new(Shares::new(&keys, settings), settings.entries_max),
            keys,
        })
    }

    fn told(&self) -> impl Fn(Fault) -> StoreFault {
        let entries_max = self.books.entries_max;
        move |fault| fault.tell(entries_max)
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        self.put_all(&records).await.map_err(self.told())
    }

    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        self.place_one(&record, when).await.map_err(self.told())
    }

    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault> {
        self.crowd(parent, now, siblings_max).await.map_err(self.told())
    }

    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault> {
        self.books.tell(now);
        if let Some(record) = self.near.find(key, now) {
            return Ok(Some(record));
        }
        let begun = self.near.begin(key);
        let name = self.keys.record(key);
        let mut cmd = redis::cmd("GET");
        cmd.arg(name.as_slice());
        let answer = self.wire.read(&name, cmd, self.wire.deadline()).await;
        let Value::BulkString(bytes) = answer.map_err(self.told())? else { return Ok(None) };
        let record = codec::decode(key, &Bytes::from(bytes)).map_err(self.told())?;
        if record.expires.passed_at(now) {
            return Ok(None);
        }
        let record = Arc::new(record);
        self.near.keep(begun, &record);
        Ok(Some(record))
    }

    async fn has(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        self.books.tell(now);
        let name = self.keys.record(key);
        let mut cmd = redis::cmd("GETRANGE");
        cmd.arg(name.as_slice()).arg(0).arg(codec::HEAD_LEN - 1);
        let answer = self.wire.read(&name, cmd, self.wire.deadline()).await;
        let Value::BulkString(bytes) = answer.map_err(self.told())? else { return Ok(false) };
        let there = codec::decode_head(&bytes).is_some_and(|head| !head.expires.passed_at(now));
        if !there {
            self.near.forget(key);
        }
        Ok(there)
    }

    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault> {
        self.books.tell(ask.now);
        let call = leasing::reserve(self.keys.record(key), ask, terms);
        let answer = self.wire.write(&call, self.wire.deadline()).await;
        // Its count of uses has changed.
        self.near.forget(key);
        answer.and_then(|answer| leasing::reserved(answer, ask)).map_err(self.told())
    }

    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault> {
        self.books.tell(now);
        let call = leasing::commit(self.keys.record(key), lease, now);
        let answer = self.wire.write(&call, self.wire.deadline()).await;
        answer.and_then(leasing::settled).map_err(self.told())
    }

    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault> {
        let call = leasing::release(self.keys.record(key), lease, terms);
        let answer = self.wire.write(&call, self.wire.deadline()).await;
        answer.and_then(leasing::settled).map_err(self.told())
    }

    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        self.books.tell(now);
        let removed = self.take_all(&key.tenant, &[key.id], Meant::Any, now).await;
        removed.map(|count| count > 0).map_err(self.told())
    }

    async fn known_key(&self, id: KeyId) -> Result<Option<KeyCheck>, StoreFault> {
        self.look_up_key(id).await.map_err(self.told())
    }

    async fn know_key(&self, id: KeyId, check: KeyCheck) -> Result<KeyCheck, StoreFault> {
        self.remember_key(id, check).await.map_err(self.told())
    }

    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault> {
        self.books.tell(now);
        self.take_subject(tenant, subject, now).await.map_err(self.told())
    }

    async fn remove_tenant(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreFault> {
        self.books.tell(now);
        self.take_tenant(tenant, now).await.map_err(self.told())
    }

    async fn of_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.books.tell(now);
        self.live_of_subject(tenant, subject, now, max).await
    }

    async fn census(&self) -> Result<Census, StoreFault> {
        self.books.census(&self.wire).await.map_err(self.told())
    }

    async fn probe(&self) -> Result<(), StoreFault> {
        self.would_lease().await.map_err(self.told())
    }
}
