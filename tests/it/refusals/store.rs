//! What a bad handle costs: no store call unless the keyring vouches for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom::clock::{ManualClock, SystemEntropy};
use cloakroom::domain::lease::{Ask, LeaseId, Settled, Terms};
use cloakroom::domain::{Fingerprint, KeyId, Keyring, Payload, RootKey, TenantId, Timestamp, Uses};
use cloakroom::store::memory::MemoryStore;
use cloakroom::store::place::{Crowd, Placed, When};
use cloakroom::store::{Census, Record, RecordKey, Reserved, Store, StoreFault};
use cloakroom::vault::Vault;
use cloakroom::vault::issue::{Bait, Deposit};
use cloakroom::vault::redeem::{Carrier, RedeemFault, Unusable};

use super::{with_byte, with_character};

/// A store that counts every call.
#[derive(Debug)]
struct Counting {
    inner: MemoryStore,
    calls: AtomicUsize,
}

impl Counting {
    fn inner(&self) -> &MemoryStore {
        self.calls.fetch_add(1, Ordering::SeqCst);
        &self.inner
    }
}

#[async_trait]
impl Store for Counting {
    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        self.inner().put(records).await
    }
    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        self.inner().place(record, when).await
    }
    async fn room(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, StoreFault> {
        self.inner().room(parent, now, siblings_max).await
    }
    async fn fetch(
        &self,
        key: &RecordKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Record>>, StoreFault> {
        self.inner().fetch(key, now).await
    }
    async fn reserve(
        &self,
        key: &RecordKey,
        ask: &Ask,
        terms: &Terms,
    ) -> Result<Reserved, StoreFault> {
        self.inner().reserve(key, ask, terms).await
    }
    async fn commit(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        now: Timestamp,
    ) -> Result<Settled, StoreFault> {
        self.inner().commit(key, lease, now).await
    }
    async fn release(
        &self,
        key: &RecordKey,
        lease: &LeaseId,
        terms: &Terms,
    ) -> Result<Settled, StoreFault> {
        self.inner().release(key, lease, terms).await
    }
    async fn remove(&self, key: &RecordKey, now: Timestamp) -> Result<bool, StoreFault> {
        self.inner().remove(key, now).await
    }
    async fn remove_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, StoreFault> {
        self.inner().remove_subject(tenant, subject, now).await
    }
    async fn census(&self) -> Result<Census, StoreFault> {
        self.inner().census().await
    }
    async fn probe(&self) -> Result<(), StoreFault> {
        self.inner().probe().await
    }
}

#[tokio::test]
async fn a_handle_that_the_keyring_does_not_vouch_for_costs_no_store_call() {
    let store = Arc::new(Counting { inner: MemoryStore::new(10), calls: AtomicUsize::new(0) });
    let root = RootKey::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let keyring = Keyring::new((KeyId::new(1).unwrap(), root), Vec::new()).unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_900_000_000)));
    let kept: Arc<dyn Store> = store.clone();
    let entropy = Arc::new(SystemEntropy);
    let vault = Arc::new(Vault::new(kept, keyring, clock.clone(), entropy, Terms::default()));
    let acme = TenantId::parse("acme").unwrap();
    let other = TenantId::parse("other").unwrap();
    let deposit = Deposit {
        payload: Payload::parse(b"{\"name\":\"Ann\"}", 64).unwrap(),
        uses: Uses::Once,
        ttl: Duration::from_secs(60),
        subject: None,
        bait: Bait::No,
    };
    let good = vault.issue(&acme, vec![deposit]).await.unwrap()[0].handle.expose();
    store.calls.store(0, Ordering::SeqCst);

    let carrier = Carrier { request: &[b"POST", b"/"], binding: None };
    let random = format!("klk1_{}", URL_SAFE_NO_PAD.encode([7; 54]));
    let unknown = with_byte(&good, 0, |_| 9);
    let mut tries = vec![
        (&other, good.clone(), Unusable::Forged),
        (&acme, with_character(&good, good.len() - 1), Unusable::Forged),
        (&acme, with_byte(&good, 37, |byte| byte ^ 1), Unusable::Forged),
        (&acme, unknown, Unusable::KeyUnknown),
        (&acme, random, Unusable::Malformed),
    ];
    tries.extend((0..good.len()).map(|end| (&acme, good[..end].to_owned(), Unusable::Malformed)));
    for (tenant, handle, why) in &tries {
        let fault = vault.redeem(tenant, handle, carrier).await.unwrap_err();
        assert_eq!(fault, RedeemFault::Unusable(*why));
    }
    clock.advance(Duration::from_secs(60));
    let fault = vault.redeem(&acme, &good, carrier).await.unwrap_err();
    assert_eq!(fault, RedeemFault::Unusable(Unusable::Expired));
    assert_eq!(store.calls.load(Ordering::SeqCst), 0);

    clock.step_back(Duration::from_secs(1));
    let redeemed = vault.redeem(&acme, &good, carrier).await.unwrap();
    assert_eq!(redeemed.payload.expose(), "{\"name\":\"Ann\"}");
    assert_eq!(store.calls.load(Ordering::SeqCst), 1);
}
