//! What was revealed in a conversation and is revoked or erased is forgotten, and not
//! unknown: the vendor has it, and nobody can look for it.

use cloakroom::vault::renew::LINK_LIFE_MAX;

use super::*;
use crate::store_conformance::{Engine, stores};

const HOUR: Duration = Duration::from_secs(3600);

fn node_on(store: &Arc<dyn Store>) -> Node {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let vault = second(store, &clock, keyring(1, &[]));
    Node { vault, clock, store: Arc::clone(store) }
}

/// The payloads that are known, and the handles that are not.
async fn known(vault: &Vault) -> (Vec<String>, Vec<cloakroom::domain::HandleId>) {
    let recalled = vault.recall(&acme(), b"c-1", DAY).await.unwrap();
    let texts = recalled.revelations.iter().map(|one| one.payload.expose().to_owned());
    (texts.collect(), recalled.forgotten)
}

#[tokio::test]
async fn what_is_revoked_or_erased_is_told_by_its_handle_alone_and_on_every_node() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
        let bob = revelation(&node, r#"{"name":"Bob"}"#, Some("bob")).await;
        for one in [&ann, &bob] {
            node.vault.link(&acme(), b"c-1", std::slice::from_ref(one), DAY).await.unwrap();
        }
        assert_eq!(known(&node.vault).await.1, []);
        node.vault.revoke(&acme(), ann.handle.id()).await.unwrap();
        node.vault.revoke_subject(&acme(), "bob").await.unwrap();
        let nobody = (Vec::new(), vec![ann.handle.id(), bob.handle.id()]);
        let other = second(&store, &node.clock, keyring(2, &[1]));
        for vault in [&node.vault, &other] {
            assert_eq!(known(vault).await, nobody);
        }
        // Two notes, that belong to nobody and end in their time.
        let census = store.census().await.unwrap();
        assert_eq!((census.entries, census.learnt), (2, 2), "{store:?}");
        node.clock.advance(DAY);
        assert_eq!(known(&node.vault).await, (Vec::new(), Vec::new()));
    }
}

#[tokio::test]
async fn a_place_is_not_taken_twice_and_what_stands_behind_it_is_found_as_long_as_it_lives() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
        node.vault.link(&acme(), b"c-1", std::slice::from_ref(&ann), DAY).await.unwrap();
        node.vault.revoke(&acme(), ann.handle.id()).await.unwrap();
        node.clock.advance(20 * HOUR);
        let bob = revelation(&node, r#"{"name":"Bob"}"#, None).await;
        node.vault.link(&acme(), b"c-1", &[bob], DAY).await.unwrap();
        let both = (vec![r#"{"name":"Bob"}"#.to_owned()], vec![ann.handle.id()]);
        // A poll an hour: the note that stands before it must not end first.
        for hour in 1..=60 {
            assert_eq!(known(&node.vault).await, both, "hour {hour} in {store:?}");
            node.clock.advance(HOUR);
        }
    }
}

#[tokio::test]
async fn earlier_links_live_as_long_as_a_later_one() {
    let node = node();
    let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    node.vault.link(&acme(), b"c-1", &[ann], DAY).await.unwrap();
    node.clock.advance(10 * HOUR);
    let bob = revelation(&node, r#"{"name":"Bob"}"#, None).await;
    node.vault.link(&acme(), b"c-1", &[bob], DAY).await.unwrap();
    node.clock.advance(20 * HOUR);
    let (texts, forgotten) = known(&node.vault).await;
    assert_eq!((texts.len(), forgotten.len()), (2, 0));
}

#[tokio::test]
async fn one_that_is_asked_for_is_refused_for_as_long_as_it_goes_on_and_its_bound_is_not_over() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
        node.vault.link(&acme(), b"c-1", std::slice::from_ref(&ann), DAY).await.unwrap();
        node.vault.revoke(&acme(), ann.handle.id()).await.unwrap();
        let refused = (Vec::new(), vec![ann.handle.id()]);
        // A poll each six hours: each of them is refused, and the vendor has it all the same.
        for poll in 1..LINK_LIFE_MAX.as_secs() / 3600 / 6 {
            node.clock.advance(6 * HOUR);
            assert_eq!(known(&node.vault).await, refused, "poll {poll} in {store:?}");
        }
        node.clock.advance(6 * HOUR);
        assert_eq!(known(&node.vault).await, (Vec::new(), Vec::new()), "{store:?}");
    }
}

#[tokio::test]
async fn one_that_nobody_asks_for_is_unknown_when_its_time_is_over() {
    let node = node();
    let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    node.vault.link(&acme(), b"c-1", std::slice::from_ref(&ann), DAY).await.unwrap();
    node.vault.revoke(&acme(), ann.handle.id()).await.unwrap();
    node.clock.advance(11 * HOUR);
    assert_eq!(known(&node.vault).await.1, [ann.handle.id()], "too early to be prolonged");
    node.clock.advance(13 * HOUR);
    assert_eq!(known(&node.vault).await, (Vec::new(), Vec::new()));
}
