//! A writer that ends between a link and its note: what it linked is never taken for nothing
//! by the next one.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use cloakroom::domain::Fingerprint;
use cloakroom::domain::lease::{Ask, LeaseId, Settled};
use cloakroom::store::place::{Crowd, Placed, When};
use cloakroom::store::{Census, Record, RecordKey, Reserved, StoreFault};
use cloakroom::vault::wrap::WrapScene;

use super::*;

/// A store that takes no notes while its writer is ending: nothing that is nobody's, and nothing
/// is taken away.
#[derive(Debug)]
struct Ending {
    inner: MemoryStore,
    ending: AtomicBool,
    /// Whether it comes so far as to claim its turn.
    claims: AtomicBool,
}

const GONE: StoreFault = StoreFault::Unreachable("the process has ended");

impl Ending {
    fn is_on(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Store for Ending {
    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        self.inner.put(records).await
    }
    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        let is_note = record.parent == Some(record.key.id);
        if self.is_on() && is_note && !self.claims.swap(false, Ordering::SeqCst) {
            return Err(GONE);
        }
        self.inner.place(record, when).await
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
        self.inner.fetch(key, now).await
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
        if self.is_on() { Err(GONE) } else { self.inner.remove(key, now).await }
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

/// A node whose writer can end, and another one over the same store.
fn nodes() -> (Node, Arc<Vault>, Arc<Ending>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let (ending, claims) = (AtomicBool::new(false), AtomicBool::new(false));
    let ending = Arc::new(Ending { inner: MemoryStore::new(100), ending, claims });
    let store = Arc::clone(&ending) as Arc<dyn Store>;
    let vault = second(&store, &clock, keyring(1, &[]));
    let other = second(&store, &clock, keyring(1, &[]));
    (Node { vault, clock, store }, other, ending)
}

/// Ann's payload, linked and not noted.
async fn half_linked(node: &Node, ending: &Ending) -> Revelation {
    let ann = revelation(node, r#"{"name":"Ann"}"#, None).await;
    ending.ending.store(true, Ordering::SeqCst);
    let linked = node.vault.link(&acme(), b"c-1", std::slice::from_ref(&ann), DAY).await;
    assert_eq!(linked, Err(LearnFault::Store(GONE)), "the call does not pass");
    ending.ending.store(false, Ordering::SeqCst);
    ann
}

#[tokio::test]
async fn the_next_call_of_the_same_handle_and_of_another_finds_what_was_linked() {
    for bob_comes_first in [false, true] {
        let (node, other, ending) = nodes();
        let ann = half_linked(&node, &ending).await;
        let bob = revelation(&node, r#"{"name":"Bob"}"#, None).await;
        let calls = if bob_comes_first { [&bob, &ann] } else { [&ann, &bob] };
        for one in calls {
            other.link(&acme(), b"c-1", std::slice::from_ref(one), DAY).await.unwrap();
            for vault in [&node.vault, &other] {
                // Whoever comes first notes what stands in the place that it wants.
                let known = found(vault, &acme(), "c-1").await;
                assert!(known.contains(&one.payload.expose().to_owned()), "{known:?}");
                assert!(known.contains(&r#"{"name":"Ann"}"#.to_owned()), "{known:?}");
            }
        }
        assert_eq!(found(&other, &acme(), "c-1").await.len(), 2, "each once");
    }
}

#[tokio::test]
async fn one_that_was_revoked_since_leaves_its_place_to_the_next() {
    let (node, other, ending) = nodes();
    let ann = half_linked(&node, &ending).await;
    other.revoke(&acme(), ann.handle.id()).await.unwrap();
    // No vendor ever got it, so its conversation misses nothing.
    let recalled = other.recall(&acme(), b"c-1", DAY).await.unwrap();
    assert!(recalled.revelations.is_empty() && recalled.forgotten.is_empty());
    let bob = revelation(&node, r#"{"name":"Bob"}"#, None).await;
    other.link(&acme(), b"c-1", &[bob], DAY).await.unwrap();
    assert_eq!(found(&node.vault, &acme(), "c-1").await, [r#"{"name":"Bob"}"#]);
}

#[tokio::test]
async fn a_claim_whose_writer_ended_keeps_others_waiting_for_seconds_and_loses_nothing() {
    let (node, other, ending) = nodes();
    let mut all = Vec::new();
    for value in ["first", "second"] {
        let text = format!("{{\"value\":\"{value}\"}}");
        let payload = || Payload::parse(text.as_bytes(), 4096).unwrap();
        let scene = WrapScene { redeemed: &[], conversation: None };
        let issued = node.vault.wrap(&acme(), scene, payload(), DAY).await.unwrap();
        all.push(Revelation { handle: issued.handle, payload: Arc::new(payload()) });
    }
    let known = async || {
        let recalled = other.recall_newest(&acme(), b"c-1", DAY).await.unwrap();
        let texts = recalled.revelations.iter().map(|one| one.payload.expose().to_owned());
        (texts.collect::<Vec<_>>(), recalled.forgotten.len())
    };
    ending.ending.store(true, Ordering::SeqCst);
    ending.claims.store(true, Ordering::SeqCst);
    let linked = node.vault.link_newest(&acme(), b"c-1", &all[0], DAY).await;
    assert_eq!(linked, Err(LearnFault::Store(GONE)));
    ending.ending.store(false, Ordering::SeqCst);
    assert_eq!(known().await, (vec![], 0), "it was not passed");
    let waits = other.link_newest(&acme(), b"c-1", &all[1], DAY).await;
    assert!(matches!(waits, Err(LearnFault::Store(_))), "{waits:?}: refused, not passed");
    node.clock.advance(Duration::from_secs(5));
    for one in &all {
        other.link_newest(&acme(), b"c-1", one, DAY).await.unwrap();
    }
    let both = [r#"{"value":"first"}"#.to_owned(), r#"{"value":"second"}"#.to_owned()];
    assert_eq!(known().await, (both.to_vec(), 0));
}
