//! Erasing a person over a change of keys: the old key counts as needed for as long as
//! something of hers can be found by it alone.

use cloakroom::vault::renew::LINK_LIFE_MAX;
use cloakroom::vault::wrap::WrapScene;

use super::*;
use crate::store_conformance::{Engine, stores};

const HOUR: Duration = Duration::from_secs(3600);

fn node_on(store: &Arc<dyn Store>) -> Node {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let vault = second(store, &clock, keyring(1, &[]));
    Node { vault, clock, store: Arc::clone(store) }
}

/// Live records that count as needing a key.
async fn needing(node: &Node, key_id: u8) -> u64 {
    let mut swept = 1;
    while swept > 0 {
        swept = node.vault.sweep().await.unwrap();
    }
    let census = node.store.census().await.unwrap();
    census.by_key.iter().filter(|(key, _)| key.byte() == key_id).map(|(_, count)| count).sum()
}

async fn wrap(
    vault: &Arc<Vault>,
    with: &[cloakroom::domain::HandleId],
    from: Option<&[u8]>,
) -> String {
    let value = Payload::parse(br#"{"value":"v"}"#, 4096).unwrap();
    let scene = WrapScene { redeemed: with, conversation: from };
    vault.wrap(&acme(), scene, value, DAY).await.unwrap().handle.expose()
}

async fn redeems(vault: &Arc<Vault>, handle: &str) -> bool {
    vault.redeem(&acme(), handle, Carrier { request: &[], binding: None }).await.is_ok()
}

#[tokio::test]
async fn what_is_learnt_after_a_rotation_counts_as_needing_the_key_that_a_person_is_erased_by() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, Some("ann")).await;
        let rotated = second(&store, &node.clock, keyring(2, &[1]));
        rotated.link(&acme(), b"c-1", std::slice::from_ref(&ann), DAY).await.unwrap();
        let early = wrap(&rotated, &[ann.handle.id()], None).await;
        node.clock.advance(Duration::from_secs(61));
        // Her handle has ended. Her conversation goes on, and the vendor hands out more.
        let late = wrap(&rotated, &[], Some(b"c-1")).await;
        for hour in 0..48 {
            node.clock.advance(HOUR);
            let recalled = rotated.recall(&acme(), b"c-1", DAY).await.unwrap();
            assert_eq!(recalled.revelations.len(), 1, "hour {hour}: {store:?}");
            assert!(needing(&node, 1).await > 0, "hour {hour}: {store:?}");
            if hour < 12 {
                assert!(redeems(&rotated, &early).await && redeems(&rotated, &late).await);
            }
        }
        let later = wrap(&rotated, &[], Some(b"c-1")).await;
        rotated.revoke_subject(&acme(), "ann").await.unwrap();
        let recalled = rotated.recall(&acme(), b"c-1", DAY).await.unwrap();
        assert!(recalled.revelations.is_empty(), "{store:?}");
        assert_eq!(recalled.forgotten, [ann.handle.id()]);
        assert!(!redeems(&rotated, &later).await, "{store:?}");
        assert_eq!(needing(&node, 1).await, 0, "now the key may go: {store:?}");
    }
}

#[tokio::test]
async fn the_old_key_may_go_at_last_however_long_the_conversation() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, Some("ann")).await;
        let rotated = second(&store, &node.clock, keyring(2, &[1]));
        rotated.link(&acme(), b"c-1", &[ann], DAY).await.unwrap();
        for hours in 0..LINK_LIFE_MAX.as_secs() / 3600 / 6 {
            assert!(needing(&node, 1).await > 0, "{} hours: {store:?}", hours * 6);
            rotated.recall(&acme(), b"c-1", DAY).await.unwrap();
            node.clock.advance(6 * HOUR);
        }
        let ended = rotated.recall(&acme(), b"c-1", DAY).await.unwrap();
        assert!(ended.revelations.is_empty());
        assert_eq!(needing(&node, 1).await, 0, "{store:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handles_of_two_keys_that_are_linked_at_once_are_both_known() {
    for round in 0..200 {
        let node = node();
        let old = revelation(&node, r#"{"name":"Ann"}"#, Some("ann")).await;
        let rotated = second(&node.store, &node.clock, keyring(2, &[1]));
        let node = Node { vault: rotated, ..node };
        let new = revelation(&node, r#"{"name":"Bob"}"#, Some("bob")).await;
        let link = |one: Revelation| {
            let vault = Arc::clone(&node.vault);
            tokio::spawn(async move { vault.link(&acme(), b"c-1", &[one], DAY).await })
        };
        let (first, second) = tokio::join!(link(old), link(new));
        let linked = [first.unwrap(), second.unwrap()].into_iter().filter(Result::is_ok).count();
        // Whoever could not be remembered was not revealed.
        let known = found(&node.vault, &acme(), "c-1").await;
        assert!(known.len() >= linked, "round {round}: {known:?}");
        assert!(linked > 0, "round {round}");
    }
}
