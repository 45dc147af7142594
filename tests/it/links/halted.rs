//! A writer that halts between its claim of a turn and its writing: what another one writes
//! meanwhile, since it takes the claim for over, is not lost.

use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use cloakroom::domain::Fingerprint;
use cloakroom::domain::lease::{Ask, LeaseId, Settled};
use cloakroom::store::place::{Crowd, Placed, When};
use cloakroom::store::{Census, Record, RecordKey, Reserved, StoreFault};
use tokio::sync::Barrier;

use super::newest::{hand_out, newest, texts, wrap};
use super::*;

/// Longer than a claim lives, and shorter than anything else.
const SOON: Duration = Duration::from_secs(20);

type Halt = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What one node sees of a store: it halts once, when it has read what it is about to change.
struct Halting {
    inner: Arc<dyn Store>,
    claimed: AtomicBool,
    halt: Mutex<Option<Halt>>,
}

impl std::fmt::Debug for Halting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Halting")
    }
}

impl Halting {
    /// The next time that it has claimed a turn.
    fn next(&self, halt: impl Future<Output = ()> + Send + 'static) {
        self.claimed.store(false, Ordering::SeqCst);
        *self.halt.lock().unwrap() = Some(Box::pin(halt));
    }
}

#[async_trait]
impl Store for Halting {
    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        self.inner.put(records).await
    }
    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        let claims = record.expires.at() <= record.issued.plus(SOON);
        let placed = self.inner.place(record, when).await;
        self.claimed.fetch_or(claims, Ordering::SeqCst);
        placed
    }
    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault> {
        self.inner.room(parent, now, siblings_max).await
    }
    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault> {
        let found = self.inner.fetch(key, now).await;
        if self.claimed.load(Ordering::SeqCst) {
            let halt = self.halt.lock().unwrap().take();
            if let Some(halt) = halt {
                halt.await;
            }
        }
        found
    }
    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault> {
        self.inner.reserve(key, ask, terms).await
    }
    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault> {
        self.inner.commit(key, lease, now).await
    }
    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault> {
        self.inner.release(key, lease, terms).await
    }
    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        self.inner.remove(key, now).await
    }
    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault> {
        self.inner.remove_subject(tenant, subject, now).await
    }
    async fn census(&self) -> Result<Census, StoreFault> {
        self.inner.census().await
    }
    async fn probe(&self) -> Result<(), StoreFault> {
        self.inner.probe().await
    }
}

/// A node with a clock of its own over this store, that halts when it has claimed a turn.
fn halting(inner: &Arc<dyn Store>, ahead: Duration) -> (Node, Arc<Halting>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    clock.advance(ahead);
    let (inner, claimed, halt) = (Arc::clone(inner), AtomicBool::new(false), Mutex::new(None));
    let halting = Arc::new(Halting { inner, claimed, halt });
    let store = Arc::clone(&halting) as Arc<dyn Store>;
    let vault = second(&store, &clock, keyring(1, &[]));
    (Node { vault, clock, store }, halting)
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(100))
}

/// What is known then: both, and what was there before.
async fn all_are_known(node: &Node) {
    let (mut known, forgotten) = newest(&node.vault, "c-1").await;
    known.sort();
    assert_eq!((known, forgotten), (texts(0..3), 0));
}

#[tokio::test]
async fn one_that_stood_still_for_longer_than_its_claim_writes_over_nothing() {
    let store = store();
    let (slow, halting) = halting(&store, Duration::ZERO);
    let other = second(&store, &slow.clock, keyring(1, &[]));
    hand_out(&slow, None, "0").await;
    let (one, two) = (wrap(&slow, None, "1").await, wrap(&slow, None, "2").await);
    let (clock, vault) = (Arc::clone(&slow.clock), Arc::clone(&other));
    halting.next(async move {
        clock.advance(Duration::from_secs(6));
        vault.link_newest(&acme(), b"c-1", &two, DAY).await.unwrap();
    });
    slow.vault.link_newest(&acme(), b"c-1", &one, DAY).await.unwrap();
    all_are_known(&slow).await;
}

#[tokio::test]
async fn one_whose_clock_is_behind_writes_over_nothing_of_one_that_is_done() {
    let store = store();
    let (behind, halting_one) = halting(&store, Duration::ZERO);
    let (ahead, _) = halting(&store, SOON);
    hand_out(&behind, None, "0").await;
    let (one, two) = (wrap(&behind, None, "1").await, wrap(&behind, None, "2").await);
    let vault = Arc::clone(&ahead.vault);
    halting_one.next(async move {
        vault.link_newest(&acme(), b"c-1", &two, DAY).await.unwrap();
    });
    behind.vault.link_newest(&acme(), b"c-1", &one, DAY).await.unwrap();
    all_are_known(&ahead).await;
}

#[tokio::test]
async fn two_whose_clocks_differ_and_that_write_at_once_both_write() {
    let store = store();
    let (behind, first) = halting(&store, Duration::ZERO);
    let (ahead, second) = halting(&store, SOON);
    hand_out(&behind, None, "0").await;
    let (one, two) = (wrap(&behind, None, "1").await, wrap(&behind, None, "2").await);
    let barrier = Arc::new(Barrier::new(2));
    for halting in [first, second] {
        let barrier = Arc::clone(&barrier);
        halting.next(async move {
            barrier.wait().await;
        });
    }
    let acme = acme();
    let (a, b) = tokio::join!(
        behind.vault.link_newest(&acme, b"c-1", &one, DAY),
        ahead.vault.link_newest(&acme, b"c-1", &two, DAY),
    );
    assert_eq!((a, b), (Ok(()), Ok(())));
    all_are_known(&ahead).await;
}
