//! Several nodes over one store, of every kind: what is linked at once, and how much.

use super::*;
use crate::store_conformance::{BOUND, Engine, stores};

fn nodes(store: &Arc<dyn Store>) -> (Node, Arc<Vault>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let vault = second(store, &clock, keyring(1, &[]));
    let other = second(store, &clock, keyring(1, &[]));
    (Node { vault, clock, store: Arc::clone(store) }, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_that_link_one_conversation_in_the_same_instant_lose_nothing() {
    for Engine { store, _servers } in stores().await {
        let (node, other) = nodes(&store);
        for round in 0..10 {
            let conversation = format!("c-{round}");
            let mut all = Vec::new();
            for n in 0..3 {
                all.push(revelation(&node, &format!("{{\"n\":\"{round}-{n}\"}}"), None).await);
            }
            let ids: Vec<_> = all.iter().map(|one| one.handle.id()).collect();
            let links =
                all.into_iter().zip([&node.vault, &other, &node.vault]).map(|(one, vault)| {
                    let (vault, conversation) = (Arc::clone(vault), conversation.clone());
                    tokio::spawn(async move {
                        vault.link(&acme(), conversation.as_bytes(), &[one], DAY).await
                    })
                });
            for link in links.collect::<Vec<_>>() {
                link.await.unwrap().unwrap();
            }
            for vault in [&node.vault, &other] {
                assert_eq!(found(vault, &acme(), &conversation).await.len(), 3, "round {round}");
            }
            for id in ids {
                node.vault.revoke(&acme(), id).await.unwrap();
            }
            assert!(found(&other, &acme(), &conversation).await.is_empty());
        }
    }
}

#[tokio::test]
async fn made_up_conversations_end_at_the_handles_bound_and_never_stop_issuing() {
    for Engine { store, _servers } in stores().await {
        let (node, other) = nodes(&store);
        let one = revelation(&node, r#"{"name":"Ann"}"#, None).await;
        let mut linked = 0;
        // Each with the note that there is one; the share is half of the store.
        let refused = loop {
            let (vault, name) = ([&node.vault, &other][linked % 2], format!("c-{linked}"));
            match vault.link(&acme(), name.as_bytes(), std::slice::from_ref(&one), DAY).await {
                Ok(()) => linked += 1,
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused, LearnFault::Share);
        assert_eq!(linked as u64, BOUND / 2 / 2);
        let refused = node.vault.may_link(&acme(), std::slice::from_ref(&one)).await;
        assert_eq!(refused, Err(LearnFault::Share));
        for n in 0..BOUND / 2 - 1 {
            revelation(&node, &format!("{{\"n\":{n}}}"), None).await;
        }
        // A conversation that goes on is no new one.
        node.vault.link(&acme(), b"c-0", std::slice::from_ref(&one), DAY).await.unwrap();
        // With the handle everything goes that it made the store keep.
        node.vault.revoke(&acme(), one.handle.id()).await.unwrap();
        assert!(found(&node.vault, &acme(), "c-0").await.is_empty());
    }
}

#[tokio::test]
async fn a_handle_is_linked_to_so_many_conversations_and_no_more() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(1000));
    let vault = second(&store, &clock, keyring(1, &[]));
    let node = Node { vault, clock, store };
    let one = [revelation(&node, r#"{"name":"Ann"}"#, None).await];
    let other = [revelation(&node, r#"{"name":"Bob"}"#, None).await];
    for n in 0..LINKED_MAX {
        node.vault.may_link(&acme(), &one).await.unwrap();
        node.vault.link(&acme(), format!("c-{n}").as_bytes(), &one, DAY).await.unwrap();
    }
    assert_eq!(node.vault.may_link(&acme(), &one).await, Err(LearnFault::Handle));
    let refused = node.vault.link(&acme(), b"c-more", &one, DAY).await;
    assert_eq!(refused, Err(LearnFault::Handle));
    assert!(found(&node.vault, &acme(), "c-more").await.is_empty());
    assert_eq!(node.store.census().await.unwrap().learnt, 2 * LINKED_MAX);
    node.vault.link(&acme(), b"c-0", &one, DAY).await.unwrap();
    node.vault.link(&acme(), b"c-0", &other, DAY).await.unwrap();
    assert_eq!(found(&node.vault, &acme(), "c-0").await.len(), 2, "another handle's room");
    node.clock.advance(DAY);
    let late = [revelation(&node, r#"{"name":"Cid"}"#, None).await];
    node.vault.link(&acme(), b"c-0", &late, DAY).await.unwrap();
}
