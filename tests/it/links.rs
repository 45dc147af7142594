//! What the vault keeps beside a handle: found again on another node, and gone with
//! its handle.

use std::sync::Arc;
use std::time::Duration;

use cloakroom::clock::{Clock, ManualClock, SystemEntropy};
use cloakroom::domain::keyring::Keyring;
use cloakroom::domain::lease::Terms;
use cloakroom::domain::payload::Payload;
use cloakroom::domain::{KeyId, RootKey, TenantId, Timestamp, Uses};
use cloakroom::store::Store;
use cloakroom::store::memory::MemoryStore;
use cloakroom::vault::Vault;
use cloakroom::vault::beside::{LINKED_MAX, LearnFault};
use cloakroom::vault::issue::{Bait, Deposit};
use cloakroom::vault::link::{LINKS_MAX, Revelation};
use cloakroom::vault::redeem::Carrier;

mod crashed;
mod erased;
mod forgotten;
mod halted;
mod meanwhile;
mod newest;
mod renewed;
mod shared;
mod wrapped;

const DAY: Duration = Duration::from_secs(86_400);

struct Node {
    vault: Arc<Vault>,
    clock: Arc<ManualClock>,
    store: Arc<dyn Store>,
}

fn keyring(current: u8, previous: &[u8]) -> Keyring {
    let key = |id: u8| (KeyId::new(id).unwrap(), RootKey::from_bytes([id; 32]).unwrap());
    let previous = previous.iter().map(|id| key(*id)).collect();
    Keyring::new(key(current), previous).unwrap()
}

fn node() -> Node {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(100));
    let vault = second(&store, &clock, keyring(1, &[]));
    Node { vault, clock, store }
}

/// Another node over the same store.
fn second(store: &Arc<dyn Store>, clock: &Arc<ManualClock>, keyring: Keyring) -> Arc<Vault> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let entropy = Arc::new(SystemEntropy);
    Arc::new(Vault::new(Arc::clone(store), keyring, clock, entropy, Terms::default()))
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

async fn revelation(node: &Node, payload: &str, subject: Option<&str>) -> Revelation {
    let deposit = Deposit {
        payload: Payload::parse(payload.as_bytes(), 4096).unwrap(),
        uses: Uses::UntilExpiry,
        ttl: Duration::from_secs(60),
        subject: subject.map(str::to_owned),
        bait: Bait::No,
    };
    let issued = node.vault.issue(&acme(), vec![deposit]).await.unwrap().remove(0);
    let carrier = Carrier { request: &[], binding: None };
    let text = issued.handle.expose();
    let redeemed = node.vault.redeem(&acme(), &text, carrier).await.unwrap();
    Revelation { handle: redeemed.handle, payload: redeemed.payload }
}

async fn found(vault: &Vault, tenant: &TenantId, conversation: &str) -> Vec<String> {
    let all = vault.linked(tenant, conversation.as_bytes()).await.unwrap();
    all.iter().map(|one| one.payload.expose().to_owned()).collect()
}

#[tokio::test]
async fn another_conversation_and_another_tenant_find_nothing() {
    let node = node();
    let one = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    node.vault.link(&acme(), b"c-1", &[one], DAY).await.unwrap();
    assert!(found(&node.vault, &acme(), "c-2").await.is_empty());
    assert!(found(&node.vault, &TenantId::parse("other").unwrap(), "c-1").await.is_empty());
    assert!(found(&node.vault, &acme(), "").await.is_empty());
}

#[tokio::test]
async fn another_node_finds_what_was_revealed_also_after_the_handle_expired() {
    let node = node();
    let one = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    let handle = one.handle.expose();
    node.vault.link(&acme(), b"c-1", &[one], DAY).await.unwrap();
    node.clock.advance(Duration::from_secs(3600));
    let other = second(&node.store, &node.clock, keyring(2, &[1]));
    let all = other.linked(&acme(), b"c-1").await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].handle.expose(), handle);
    assert_eq!(found(&other, &acme(), "c-1").await, [r#"{"name":"Ann"}"#]);
    node.clock.advance(DAY);
    assert!(found(&other, &acme(), "c-1").await.is_empty(), "past its own life");
}

#[tokio::test]
async fn one_payload_too_many_is_refused_and_equal_ones_count_once() {
    let node = node();
    let mut all = Vec::new();
    for n in 0..LINKS_MAX {
        all.push(revelation(&node, &format!("{{\"n\":{n}}}"), None).await);
        node.vault.link(&acme(), b"c-1", &all[n..], DAY).await.unwrap();
    }
    let again = revelation(&node, r#"{"n":0}"#, None).await;
    node.vault.link(&acme(), b"c-1", &[again], DAY).await.unwrap();
    let more = revelation(&node, r#"{"n":"more"}"#, None).await;
    let full = node.vault.link(&acme(), b"c-1", &[more], DAY).await;
    assert_eq!(full, Err(LearnFault::Conversation));
    let mut known = found(&node.vault, &acme(), "c-1").await;
    known.sort();
    let wanted: Vec<String> = (0..LINKS_MAX).map(|n| format!("{{\"n\":{n}}}")).collect();
    assert_eq!(known, wanted);
}

#[tokio::test]
async fn a_later_handle_is_known_when_an_earlier_one_has_expired_or_is_revoked() {
    let node = node();
    let early = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    node.vault.link(&acme(), b"c-1", std::slice::from_ref(&early), DAY).await.unwrap();
    node.clock.advance(Duration::from_secs(61));
    let late = revelation(&node, r#"{"name":"Bob"}"#, None).await;
    node.vault.link(&acme(), b"c-1", &[late], DAY).await.unwrap();
    let mut known = found(&node.vault, &acme(), "c-1").await;
    known.sort();
    assert_eq!(known, [r#"{"name":"Ann"}"#, r#"{"name":"Bob"}"#]);
    node.vault.revoke(&acme(), early.handle.id()).await.unwrap();
    assert_eq!(found(&node.vault, &acme(), "c-1").await, [r#"{"name":"Bob"}"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_handles_that_are_linked_at_once_are_both_known() {
    for round in 0..50 {
        let node = node();
        let (one, two) = (
            revelation(&node, r#"{"name":"Ann"}"#, None).await,
            revelation(&node, r#"{"name":"Bob"}"#, None).await,
        );
        let link = |one: Revelation| {
            let vault = Arc::clone(&node.vault);
            tokio::spawn(async move { vault.link(&acme(), b"c-1", &[one], DAY).await })
        };
        let (first, second) = tokio::join!(link(one), link(two));
        first.unwrap().unwrap();
        second.unwrap().unwrap();
        assert_eq!(found(&node.vault, &acme(), "c-1").await.len(), 2, "round {round}");
    }
}

#[tokio::test]
async fn a_revoked_handle_and_an_erased_person_take_their_links_along() {
    let node = node();
    let revoked = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    let erased = revelation(&node, r#"{"name":"Bob"}"#, Some("bob")).await;
    node.vault.link(&acme(), b"c-1", std::slice::from_ref(&revoked), DAY).await.unwrap();
    node.vault.link(&acme(), b"c-2", &[erased], DAY).await.unwrap();
    assert!(node.vault.revoke(&acme(), revoked.handle.id()).await.unwrap());
    assert!(found(&node.vault, &acme(), "c-1").await.is_empty());
    // What is learnt for a handle that is gone is not kept.
    let linked = node.vault.link(&acme(), b"c-1", &[revoked], DAY).await;
    assert_eq!(linked, Err(LearnFault::Revoked));
    assert!(found(&node.vault, &acme(), "c-1").await.is_empty());
    node.clock.advance(Duration::from_secs(120));
    assert_eq!(node.vault.revoke_subject(&acme(), "bob").await.unwrap(), 0, "expired by now");
    assert!(found(&node.vault, &acme(), "c-2").await.is_empty());
    // What is left says that there were links, and nothing else.
    assert!(node.store.census().await.unwrap().entries <= 2);
}

#[tokio::test]
async fn a_handle_that_ends_while_the_vendor_answers_is_no_link_and_no_answer() {
    let node = node();
    let one = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    node.clock.advance(Duration::from_secs(61));
    let linked = node.vault.link(&acme(), b"c-1", &[one], DAY).await;
    assert!(matches!(linked, Err(LearnFault::Expired)), "{linked:?}");
}

#[tokio::test]
async fn a_vendors_own_key_is_remembered_for_its_handle_and_its_vendor_alone() {
    let node = node();
    let one = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    let other = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    let hour = Duration::from_secs(30);
    let (acme, answer) = (acme(), b"{\"key\":1}");
    node.vault.remember_relayed(&acme, &one.handle, "quiq", answer, hour).await.unwrap();
    let relayed = async |handle, vendor| {
        let answer = node.vault.relayed(&acme, handle, vendor).await.unwrap();
        answer.map(|answer| answer.to_vec())
    };
    assert_eq!(relayed(&one.handle, "quiq").await, Some(b"{\"key\":1}".to_vec()));
    assert_eq!(relayed(&one.handle, "halo").await, None);
    assert_eq!(relayed(&other.handle, "quiq").await, None);
    node.clock.advance(hour);
    assert_eq!(relayed(&one.handle, "quiq").await, None, "the vendor has forgotten it");
}
