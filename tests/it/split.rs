//! Split knowledge: the store and the root keys together read nothing but the links of
//! conversations whose names can be guessed, and neither do the store and the handles. A
//! test holds all of one side and tries what there is to try.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloakroom::clock::{ManualClock, SystemEntropy};
use cloakroom::domain::lease::{Ask, LeaseId, Settled, Terms};
use cloakroom::domain::{
    Claims, Fingerprint, Handle, KeyId, Keyring, Payload, RootKey, Secret, TenantId, Timestamp,
    Uses,
};
use cloakroom::store::memory::MemoryStore;
use cloakroom::store::place::{Crowd, Placed, When};
use cloakroom::store::{Census, Record, RecordKey, Reserved, Store, StoreFault};
use cloakroom::vault::Vault;
use cloakroom::vault::issue::{Bait, Deposit};
use cloakroom::vault::link::Revelation;
use cloakroom::vault::redeem::{Carrier, RedeemFault, Unusable};

const MARK: &str = "Zerlinde-4711";
const CONVERSATION: &[u8] = b"chat-5c0ffee";
const NOW: Timestamp = Timestamp::from_secs(1_900_000_000);

/// A store whose whole content a thief has.
#[derive(Debug)]
struct Open {
    inner: MemoryStore,
    stolen: Mutex<Vec<Record>>,
}

#[async_trait]
impl Store for Open {
    async fn put(&self, records: Vec<Record>) -> Result<(), StoreFault> {
        self.stolen.lock().unwrap().extend(records.iter().cloned());
        self.inner.put(records).await
    }
    async fn place(&self, record: Record, when: When) -> Result<Placed, StoreFault> {
        self.stolen.lock().unwrap().push(record.clone());
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

struct Scene {
    store: Arc<Open>,
    vault: Arc<Vault>,
    handles: Vec<Handle>,
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn keyring(fill: u8) -> Keyring {
    let key = |id: u8, fill| (KeyId::new(id).unwrap(), RootKey::from_bytes([fill; 32]).unwrap());
    Keyring::new(key(2, fill), vec![key(1, fill + 1)]).unwrap()
}

fn vault(store: &Arc<Open>, keyring: Keyring) -> Arc<Vault> {
    let store = Arc::clone(store) as Arc<dyn Store>;
    let clock = Arc::new(ManualClock::new(NOW));
    Arc::new(Vault::new(store, keyring, clock, Arc::new(SystemEntropy), Terms::default()))
}

/// Payloads of every kind of use, a conversation's link, and a vendor's answer.
async fn scene() -> Scene {
    let store = Arc::new(Open { inner: MemoryStore::new(100), stolen: Mutex::default() });
    let vault = vault(&store, keyring(7));
    let mut handles = Vec::new();
    for uses in [Uses::UntilExpiry, Uses::Once, Uses::Conversation] {
        let text = format!("{{\"name\":\"{MARK}\"}}");
        let deposit = Deposit {
            payload: Payload::parse(text.as_bytes(), 4096).unwrap(),
            uses,
            ttl: Duration::from_secs(600),
            subject: Some(MARK.to_owned()),
            bait: Bait::No,
        };
        handles.push(vault.issue(&acme(), vec![deposit]).await.unwrap().remove(0).handle);
    }
    let carrier = Carrier { request: &[], binding: None };
    let text = handles[0].expose();
    let redeemed = vault.redeem(&acme(), &text, carrier).await.unwrap();
    let one = Revelation { handle: redeemed.handle, payload: redeemed.payload };
    let (day, answer) = (Duration::from_secs(86_400), format!("{{\"key\":\"{MARK}\"}}"));
    vault.link(&acme(), CONVERSATION, &[one], day).await.unwrap();
    vault.remember_relayed(&acme(), &handles[0], "vendor", answer.as_bytes(), day).await.unwrap();
    Scene { store, vault, handles }
}

fn stolen(scene: &Scene) -> Vec<Record> {
    scene.store.stolen.lock().unwrap().clone()
}

#[tokio::test]
async fn the_whole_store_and_every_root_key_without_a_handle_or_a_conversations_name_open_nothing()
{
    let scene = scene().await;
    let (keyring, records) = (keyring(7), stolen(&scene));
    assert_eq!(
        records.len(),
        6,
        "three payloads, a link, that there is one, and a vendor's answer"
    );
    // Every text that stands in the store, whole and in pieces of a secret's length, and
    // what a thief with the keys can make of them.
    let mut texts: Vec<Vec<u8>> = vec![Vec::new(), b"acme".to_vec(), vec![0; 16], vec![7; 32]];
    for record in &records {
        let subject = record.subject.map(|print| print.bytes().to_vec()).unwrap_or_default();
        let parent = record.parent.map(|id| id.to_string()).unwrap_or_default();
        texts.extend([record.key.id.bytes().to_vec(), record.key.id.to_string().into(), subject]);
        texts.extend([parent.into_bytes(), record.sealed.as_bytes().to_vec()]);
        texts.extend(record.sealed.as_bytes().windows(16).map(<[u8]>::to_vec));
    }
    assert!(!texts.iter().any(|text| text.windows(4).any(|word| word == &MARK.as_bytes()[..4])));
    let mut tries = 0_u32;
    for record in &records {
        for text in &texts {
            assert!(keyring.open_under(text, &acme(), &record.sealed).is_err());
            tries += 1;
            let Ok(secret) = <[u8; 16]>::try_from(text.as_slice()) else { continue };
            // A thief with the keys signs a handle of this id; its secret is not in the store.
            let claims = Claims {
                id: record.key.id,
                secret: Secret::from_random(secret),
                uses: record.uses,
                expires: record.expires,
            };
            let made = keyring.sign(claims, &acme());
            let verified = keyring.verify_at(&made, &acme(), NOW).unwrap();
            assert!(keyring.open(&verified, &record.sealed).is_err());
            tries += 1;
        }
    }
    assert!(tries > 3000, "{tries}");

    // With what is not in the store each of them opens.
    assert_eq!(scene.vault.linked(&acme(), CONVERSATION).await.unwrap().len(), 1);
    let relayed = scene.vault.relayed(&acme(), &scene.handles[0], "vendor").await.unwrap();
    assert!(relayed.is_some());
    for handle in &scene.handles[1..] {
        let carrier = Carrier { request: &[b"a"], binding: Some(b"c") };
        let redeemed = scene.vault.redeem(&acme(), &handle.expose(), carrier).await.unwrap();
        assert!(redeemed.payload.expose().contains(MARK));
    }
}

#[tokio::test]
async fn the_whole_store_and_every_handle_without_the_root_keys_open_nothing() {
    let scene = scene().await;
    let records = stolen(&scene);
    for fill in [1, 6, 8, 255 - 1] {
        // Keys of the same numbers, which are in every handle and record.
        let guessed = keyring(fill);
        let thief = vault(&scene.store, keyring(fill));
        for handle in &scene.handles {
            let carrier = Carrier { request: &[b"a"], binding: Some(b"c") };
            let fault = thief.redeem(&acme(), &handle.expose(), carrier).await.unwrap_err();
            assert_eq!(fault, RedeemFault::Unusable(Unusable::Forged));
            let salts =
                [CONVERSATION.to_vec(), handle.expose().into_bytes(), handle.expose_key().into()];
            for record in &records {
                for salt in &salts {
                    assert!(guessed.open_under(salt, &acme(), &record.sealed).is_err());
                }
            }
            assert!(thief.relayed(&acme(), handle, "vendor").await.unwrap().is_none());
        }
        assert!(thief.linked(&acme(), CONVERSATION).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn with_every_root_key_a_conversation_that_can_be_counted_opens_its_link_and_nothing_else() {
    let scene = scene().await;
    let (number, payload) = (48_213_u32, format!("{{\"name\":\"{MARK}\"}}"));
    let name = |number: u32| format!("halo\0{number}").into_bytes();
    let payload = Arc::new(Payload::parse(payload.as_bytes(), 4096).unwrap());
    let one = Revelation { handle: scene.handles[0].clone(), payload };
    let day = Duration::from_secs(86_400);
    scene.vault.link(&acme(), &name(number), &[one], day).await.unwrap();
    let (thief, records) = (vault(&scene.store, keyring(7)), stolen(&scene));
    let mut opened = Vec::new();
    for guess in 48_000..48_500 {
        let found = thief.linked(&acme(), &name(guess)).await.unwrap();
        opened.extend(found.iter().map(|one| (guess, one.payload.expose().contains(MARK))));
        for record in &records {
            // No payload of a handle, no vendor's answer, and no link of a name that was not guessed.
            let opens = keyring(7).open_under(&name(guess), &acme(), &record.sealed).is_ok();
            assert!(!opens || guess == number, "{guess}");
        }
    }
    assert_eq!(opened, [(number, true)], "as docs/stores.md says");
    let opens =
        |record: &&Record| keyring(7).open_under(&name(number), &acme(), &record.sealed).is_ok();
    assert_eq!(records.iter().filter(opens).count(), 2, "the link, and that there is one");
    // Without the keys the name is worth nothing.
    let keyless = vault(&scene.store, keyring(9));
    assert!(keyless.linked(&acme(), &name(number)).await.unwrap().is_empty());
}
