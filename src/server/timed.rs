//! Times every operation of a store, so that a store need not know of metrics, says when it
//! is full and when it is not any more, and refuses all unless the store was found fit.
//!
//! It passes everything else through and decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use async_trait::async_trait;

use super::fitness::Gate;
use crate::domain::lease::{Ask, LeaseId, Settled, Terms};
use crate::domain::{Fingerprint, TenantId, Timestamp};
use crate::store::place::{Crowd, Placed, When};
use crate::store::{Census, Record, RecordKey, Reserved, Store, StoreFault, Writers};
use crate::telemetry::metrics::Metrics;

/// A store with a clock beside it.
#[derive(Debug)]
pub(super) struct Timed {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    gate: Arc<Gate>,
    /// Whether the last issue found no room.
    full: AtomicBool,
}

impl Timed {
    pub(super) fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>, gate: Arc<Gate>) -> Self {
        Self { store, metrics, gate, full: AtomicBool::new(false) }
    }

    async fn time<T>(
        &self,
        op: &'static str,
        work: impl Future<Output = Result<T, StoreFault>>,
    ) -> Result<T, StoreFault> {
        self.gate.pass().await?;
        let begun = Instant::now();
        let done = work.await;
        self.metrics.store(op, begun.elapsed().as_secs_f64());
        done
    }

    /// Full is no reason to get no traffic: what is there is redeemed. So an operator is told
    /// otherwise, once.
    fn tell_fullness(&self, put: &Result<(), StoreFault>) {
        let full = match put {
            Ok(()) => false,
            Err(StoreFault::Full { .. }) => true,
            Err(StoreFault::NoSpace | StoreFault::Unreachable(_) | StoreFault::Damaged(_)) => {
                return;
            }
        };
        if self.full.swap(full, Ordering::Relaxed) == full {
            return;
        }
        self.metrics.store_full(full.into());
        match put {
            Err(fault) => tracing::error!(%fault, "new handles are refused until there is room"),
            Ok(()) => tracing::info!("the store has room again"),
        }
    }
}

#[async_trait]
impl Store for Timed {
    fn writers(&self) -> Writers {
        self.store.writers()
    }

    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        let put = self.time("put", self.store.put(records)).await;
        self.tell_fullness(&put);
        put
    }

    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        self.time("place", self.store.place(record, when)).await
    }

    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault> {
        self.time("room", self.store.room(parent, now, siblings_max)).await
    }

    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault> {
        self.time("fetch", self.store.fetch(key, now)).await
    }

    async fn has(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        self.time("has", self.store.has(key, now)).await
    }

    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault> {
        self.time("reserve", self.store.reserve(key, ask, terms)).await
    }

    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault> {
        self.time("commit", self.store.commit(key, lease, now)).await
    }

    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault> {
        self.time("release", self.store.release(key, lease, terms)).await
    }

    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        self.time("remove", self.store.remove(key, now)).await
    }

    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault> {
        self.time("remove_subject", self.store.remove_subject(tenant, subject, now)).await
    }

    async fn remove_tenant(&self, tenant: &TenantId, now: Timestamp) -> Result<u64, StoreFault> {
        self.time("remove_tenant", self.store.remove_tenant(tenant, now)).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u32, StoreFault> {
        self.time("sweep", self.store.sweep(now)).await
    }

    async fn of_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.time("of_subject", self.store.of_subject(tenant, subject, now, max)).await
    }

    async fn census(&self) -> Result<Census, StoreFault> {
        self.time("census", self.store.census()).await
    }

    async fn probe(&self) -> Result<(), StoreFault> {
        self.time("probe", self.store.probe()).await
    }
}
