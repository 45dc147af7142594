//! What was last handed out in a conversation: the newest few are known on every node, and
//! however many there are, they take no payload's place.

use cloakroom::store::redis::{RedisSettings, RedisStore};
use cloakroom::vault::newest::NEWEST_MAX;
use cloakroom::vault::renew::LINK_LIFE_MAX;
use cloakroom::vault::wrap::WrapScene;

use super::*;
use crate::redis_store::servers::Server;
use crate::store_conformance::{Engine, stores};

const HOUR: Duration = Duration::from_secs(3600);

fn node_on(store: &Arc<dyn Store>) -> Node {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let vault = second(store, &clock, keyring(1, &[]));
    Node { vault, clock, store: Arc::clone(store) }
}

pub(super) async fn wrap(node: &Node, with: Option<&Revelation>, value: &str) -> Revelation {
    let redeemed: Vec<_> = with.iter().map(|one| one.handle.id()).collect();
    let text = format!("{{\"value\":\"{value}\"}}");
    let payload = || Payload::parse(text.as_bytes(), 4096).unwrap();
    let scene = WrapScene { redeemed: &redeemed, conversation: None };
    let issued = node.vault.wrap(&acme(), scene, payload(), DAY).await.unwrap();
    Revelation { handle: issued.handle, payload: Arc::new(payload()) }
}

pub(super) async fn hand_out(node: &Node, with: Option<&Revelation>, value: &str) -> Revelation {
    let one = wrap(node, with, value).await;
    // No clock stands still, and what is written twice in one instant may count twice.
    node.clock.advance(Duration::from_millis(1));
    node.vault.link_newest(&acme(), b"c-1", &one, DAY).await.unwrap();
    one
}

/// The values that are known, and how many handles are not.
pub(super) async fn newest(vault: &Vault, conversation: &str) -> (Vec<String>, usize) {
    let recalled = vault.recall_newest(&acme(), conversation.as_bytes(), DAY).await.unwrap();
    let texts = recalled.revelations.iter().map(|one| one.payload.expose().to_owned());
    (texts.collect(), recalled.forgotten.len())
}

pub(super) fn texts(values: impl IntoIterator<Item = usize>) -> Vec<String> {
    values.into_iter().map(|n| format!("{{\"value\":\"{n}\"}}")).collect()
}

#[tokio::test]
async fn another_conversation_and_another_tenant_know_nothing_of_it() {
    let node = node();
    hand_out(&node, None, "0").await;
    assert_eq!(newest(&node.vault, "c-2").await, (vec![], 0));
    let other = TenantId::parse("other").unwrap();
    let recalled = node.vault.recall_newest(&other, b"c-1", DAY).await.unwrap();
    assert!(recalled.revelations.is_empty());
}

#[tokio::test]
async fn one_of_a_handle_that_is_gone_is_not_kept() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
        let one = wrap(&node, Some(&ann), "0").await;
        node.vault.revoke(&acme(), ann.handle.id()).await.unwrap();
        let linked = node.vault.link_newest(&acme(), b"c-1", &one, DAY).await;
        assert_eq!(linked, Err(LearnFault::Revoked), "{store:?}");
        assert_eq!(newest(&node.vault, "c-1").await, (vec![], 0));
        assert_eq!(store.census().await.unwrap().entries, 0, "{store:?}");
    }
}

#[tokio::test]
async fn what_is_revoked_or_erased_is_forgotten_and_not_unknown() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, Some("ann")).await;
        hand_out(&node, Some(&ann), "0").await;
        let of_nobody = hand_out(&node, None, "1").await;
        let other = second(&store, &node.clock, keyring(2, &[1]));
        for vault in [&node.vault, &other] {
            assert_eq!(newest(vault, "c-1").await, (texts(0..2), 0), "{store:?}");
        }
        node.vault.revoke_subject(&acme(), "ann").await.unwrap();
        assert_eq!(newest(&other, "c-1").await, (texts([1]), 1), "{store:?}");
        node.vault.revoke(&acme(), of_nobody.handle.id()).await.unwrap();
        assert_eq!(newest(&other, "c-1").await, (vec![], 2), "{store:?}");
        // One note, which is nobody's and ends in its time.
        assert_eq!(store.census().await.unwrap().entries, 1, "{store:?}");
        node.clock.advance(DAY);
        assert_eq!(newest(&other, "c-1").await, (vec![], 0), "{store:?}");
    }
}

#[tokio::test]
async fn a_vendor_that_hands_out_another_each_time_fills_nothing() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let mut last = None;
        for n in 0..20 {
            let one = hand_out(&node, None, &n.to_string()).await;
            // The browser sends it back, so the call reveals it.
            assert!(node.vault.link_handed_out(&acme(), b"c-1", &one, DAY).await.unwrap());
            let from = (n + 1_usize).saturating_sub(NEWEST_MAX);
            assert_eq!(newest(&node.vault, "c-1").await, (texts(from..=n), 0), "{store:?}");
            last = Some(one);
        }
        // Each wrapped value, the newest links and their note.
        let census = store.census().await.unwrap();
        assert_eq!(census.learnt, 20 + NEWEST_MAX as u64 + 1, "{store:?}");
        assert!(found(&node.vault, &acme(), "c-1").await.is_empty(), "no payload's place");
        // One that is said again is not written again, nor once its own handle has ended.
        let last = last.unwrap();
        node.vault.link_newest(&acme(), b"c-1", &last, DAY).await.unwrap();
        node.vault.recall_newest(&acme(), b"c-1", 3 * DAY).await.unwrap();
        node.clock.advance(DAY);
        assert!(node.vault.link_handed_out(&acme(), b"c-1", &last, DAY).await.unwrap());
        assert_eq!(newest(&node.vault, "c-1").await, (texts(16..20), 0), "{store:?}");
    }
}

#[tokio::test]
async fn payloads_have_all_their_places_beside_them() {
    let node = node();
    for n in 0..NEWEST_MAX {
        hand_out(&node, None, &n.to_string()).await;
    }
    for n in 0..LINKS_MAX {
        let one = revelation(&node, &format!("{{\"n\":{n}}}"), None).await;
        assert!(!node.vault.link_handed_out(&acme(), b"c-1", &one, DAY).await.unwrap());
        node.vault.link(&acme(), b"c-1", &[one], DAY).await.unwrap();
    }
    assert_eq!(found(&node.vault, &acme(), "c-1").await.len(), LINKS_MAX);
    assert_eq!(newest(&node.vault, "c-1").await.0.len(), NEWEST_MAX);
}

#[tokio::test]
async fn a_token_that_was_signed_with_a_handle_is_known_beside_its_payload() {
    let node = node();
    let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    let payload = Payload::parse(br#"{"value":"token"}"#, 4096).unwrap();
    let token = Revelation { handle: ann.handle.clone(), payload: Arc::new(payload) };
    node.vault.link(&acme(), b"c-1", &[ann], DAY).await.unwrap();
    node.vault.link_newest(&acme(), b"c-1", &token, DAY).await.unwrap();
    assert_eq!(found(&node.vault, &acme(), "c-1").await, [r#"{"name":"Ann"}"#]);
    assert_eq!(newest(&node.vault, "c-1").await, (vec![r#"{"value":"token"}"#.to_owned()], 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn those_that_are_handed_out_at_once_through_nodes_of_two_keys_are_all_known() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ahead = second(&store, &node.clock, keyring(2, &[1]));
        let behind = second(&store, &node.clock, keyring(1, &[2]));
        for round in 0..5 {
            let mut tasks = Vec::new();
            for n in 0..NEWEST_MAX {
                let one = wrap(&node, None, &n.to_string()).await;
                let vault = Arc::clone([&ahead, &behind][n % 2]);
                let name = format!("c-{round}");
                tasks.push(tokio::spawn(async move {
                    let linked = vault.link_newest(&acme(), name.as_bytes(), &one, DAY).await;
                    vault.revoke(&acme(), one.handle.id()).await.map(|_| one).unwrap();
                    linked
                }));
            }
            for task in tasks {
                task.await.unwrap().unwrap();
            }
            for vault in [&ahead, &behind] {
                let (texts, forgotten) = newest(vault, &format!("c-{round}")).await;
                assert_eq!(texts.len() + forgotten, NEWEST_MAX, "{round} in {store:?}");
            }
        }
    }
}

#[tokio::test]
async fn they_are_known_as_long_as_their_conversation_goes_on_and_no_longer_than_their_bound() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        hand_out(&node, None, "0").await;
        hand_out(&node, None, "1").await;
        for hour in 1..LINK_LIFE_MAX.as_secs() / 3600 / 6 {
            node.clock.advance(6 * HOUR);
            assert_eq!(newest(&node.vault, "c-1").await, (texts(0..2), 0), "{hour} in {store:?}");
        }
        node.clock.advance(6 * HOUR);
        assert_eq!(newest(&node.vault, "c-1").await, (vec![], 0), "{store:?}");
        hand_out(&node, None, "2").await;
        node.clock.advance(DAY);
        assert_eq!(newest(&node.vault, "c-1").await, (vec![], 0), "nobody asked: {store:?}");
    }
}

#[tokio::test]
async fn a_newer_one_of_another_node_is_seen_past_what_this_one_remembers() {
    let server = Server::start(&[]).await;
    let near_age_max = Duration::from_secs(300);
    let settings = RedisSettings { near_age_max, ..server.settings() };
    let store = || Arc::new(RedisStore::new(&settings).unwrap()) as Arc<dyn Store>;
    let here = node_on(&store());
    let there = node_on(&store());
    for n in 0..2 * NEWEST_MAX {
        hand_out(&there, None, &n.to_string()).await;
        let from = (n + 1).saturating_sub(NEWEST_MAX);
        assert_eq!(newest(&here.vault, "c-1").await, (texts(from..=n), 0));
    }
}
