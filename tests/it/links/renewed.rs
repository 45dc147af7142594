//! A conversation that goes on keeps its links, for a time that has an end.

use cloakroom::vault::renew::LINK_LIFE_MAX;

use super::*;
use crate::store_conformance::{Engine, stores};

async fn recalled(vault: &Vault, conversation: &str) -> usize {
    vault.recall(&acme(), conversation.as_bytes(), DAY).await.unwrap().revelations.len()
}

const HOUR: Duration = Duration::from_secs(3600);

fn node_on(store: &Arc<dyn Store>) -> Node {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let vault = second(store, &clock, keyring(1, &[]));
    Node { vault, clock, store: Arc::clone(store) }
}

#[tokio::test]
async fn one_that_nobody_asks_for_ends_in_its_time_and_one_that_goes_on_stays() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, Some("ann")).await;
        let bob = revelation(&node, r#"{"name":"Bob"}"#, None).await;
        node.vault.link(&acme(), b"c-1", &[ann], DAY).await.unwrap();
        node.vault.link(&acme(), b"c-2", &[bob], DAY).await.unwrap();
        // A poll an hour, for three days; the handles are long over.
        for hour in 1..=72 {
            node.clock.advance(HOUR);
            assert_eq!(recalled(&node.vault, "c-1").await, 1, "hour {hour}");
        }
        assert_eq!(recalled(&node.vault, "c-2").await, 0);
        let census = node.store.census().await.unwrap();
        assert!(census.learnt <= 4, "{census:?}");
        // It is hers all the same.
        node.vault.revoke_subject(&acme(), "ann").await.unwrap();
        assert_eq!(recalled(&node.vault, "c-1").await, 0);
    }
}

#[tokio::test]
async fn it_is_written_past_half_of_its_time_and_not_at_every_poll() {
    let node = node();
    let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    node.vault.link(&acme(), b"c-1", std::slice::from_ref(&ann), DAY).await.unwrap();
    for _ in 0..11 {
        node.clock.advance(HOUR);
        assert_eq!(recalled(&node.vault, "c-1").await, 1);
    }
    // Not renewed so far: it ends 13 hours from here.
    node.clock.advance(13 * HOUR);
    assert_eq!(recalled(&node.vault, "c-1").await, 0);
    node.vault
        .link(&acme(), b"c-2", &[revelation(&node, r#"{"n":1}"#, None).await], DAY)
        .await
        .unwrap();
    node.clock.advance(13 * HOUR);
    assert_eq!(recalled(&node.vault, "c-2").await, 1);
    node.clock.advance(23 * HOUR);
    assert_eq!(recalled(&node.vault, "c-2").await, 1, "it had a day from then");
}

#[tokio::test]
async fn it_lives_no_longer_than_its_bound_however_often_it_is_asked_for() {
    let node = node();
    let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    node.vault.link(&acme(), b"c-1", &[ann], DAY).await.unwrap();
    let hours = u32::try_from(LINK_LIFE_MAX.as_secs() / 3600).unwrap();
    for hour in 1..hours {
        node.clock.advance(HOUR);
        assert_eq!(recalled(&node.vault, "c-1").await, 1, "hour {hour} of {hours}");
    }
    node.clock.advance(HOUR);
    assert_eq!(recalled(&node.vault, "c-1").await, 0);
}

#[tokio::test]
async fn after_a_rotation_it_is_sealed_under_the_new_key_and_still_its_handles() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
        node.vault.link(&acme(), b"c-1", std::slice::from_ref(&ann), DAY).await.unwrap();
        let rotated = second(&store, &node.clock, keyring(2, &[1]));
        node.clock.advance(13 * HOUR);
        assert_eq!(recalled(&rotated, "c-1").await, 1);
        node.clock.advance(12 * HOUR);
        // The old key may go, and what it sealed has ended.
        let alone = second(&store, &node.clock, keyring(2, &[]));
        assert_eq!(recalled(&alone, "c-1").await, 1);
        alone.revoke(&acme(), ann.handle.id()).await.unwrap();
        assert_eq!(recalled(&alone, "c-1").await, 0);
        assert_eq!(recalled(&rotated, "c-1").await, 0);
    }
}

#[tokio::test]
async fn a_call_that_sends_its_handle_again_keeps_it_as_a_poll_does() {
    let node = node();
    let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    let all = [ann];
    let link = async || node.vault.link(&acme(), b"c-1", &all, DAY).await;
    link().await.unwrap();
    node.clock.advance(11 * HOUR);
    link().await.unwrap();
    node.clock.advance(2 * HOUR);
    link().await.unwrap();
    node.clock.advance(23 * HOUR);
    assert_eq!(found(&node.vault, &acme(), "c-1").await.len(), 1, "it had a day from then");
    node.clock.advance(HOUR);
    assert!(found(&node.vault, &acme(), "c-1").await.is_empty());
}
