//! Whose a wrapped value is, and how many there may be; over stores of every kind.

use cloakroom::vault::beside::LEARNT_MAX;
use cloakroom::vault::redeem::{RedeemFault, Unusable};
use cloakroom::vault::wrap::{WrapFault, WrapScene};

use super::*;
use crate::store_conformance::{Engine, stores};

fn node_on(store: &Arc<dyn Store>) -> Node {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let vault = second(store, &clock, keyring(1, &[]));
    Node { vault, clock, store: Arc::clone(store) }
}

async fn wrap(
    node: &Node,
    with: &[&Revelation],
    conversation: Option<&[u8]>,
    value: &str,
) -> Result<Revelation, WrapFault> {
    let redeemed: Vec<_> = with.iter().map(|one| one.handle.id()).collect();
    let text = format!("{{\"value\":\"{value}\"}}");
    let payload = || Payload::parse(text.as_bytes(), 4096).unwrap();
    let scene = WrapScene { redeemed: &redeemed, conversation };
    let issued = node.vault.wrap(&acme(), scene, payload(), DAY).await?;
    Ok(Revelation { handle: issued.handle, payload: Arc::new(payload()) })
}

async fn redeems(node: &Node, one: &Revelation) -> bool {
    let carrier = Carrier { request: &[], binding: None };
    match node.vault.redeem(&acme(), &one.handle.expose(), carrier).await {
        Ok(redeemed) => redeemed.payload.expose() == one.payload.expose(),
        Err(fault) => {
            assert_eq!(fault, RedeemFault::Unusable(Unusable::Missing));
            false
        }
    }
}

#[tokio::test]
async fn a_wrapped_value_goes_with_the_handle_and_the_person_it_was_learnt_with() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, Some("ann")).await;
        let bob = revelation(&node, r#"{"name":"Bob"}"#, None).await;
        let of_ann = wrap(&node, &[&ann], None, "a-1").await.unwrap();
        let of_bob = wrap(&node, &[&bob], None, "b-1").await.unwrap();
        let of_both = wrap(&node, &[&bob, &ann], None, "ab").await.unwrap();
        let of_nobody = wrap(&node, &[], None, "n-1").await.unwrap();
        // What a wrapped value was sent with belongs to whom that belongs to.
        let later_of_ann = wrap(&node, &[&of_ann], None, "a-2").await.unwrap();
        let later_of_nobody = wrap(&node, &[&of_nobody], None, "n-2").await.unwrap();
        let all = [&of_ann, &of_bob, &of_both, &of_nobody, &later_of_ann, &later_of_nobody];
        for one in all {
            assert!(redeems(&node, one).await);
        }
        // None of them is a handle that was issued about her.
        assert_eq!(node.vault.revoke_subject(&acme(), "ann").await.unwrap(), 1);
        for (one, there) in all.into_iter().zip([false, true, false, true, false, true]) {
            assert_eq!(redeems(&node, one).await, there, "{:?}", one.payload);
        }
        assert!(node.vault.revoke(&acme(), bob.handle.id()).await.unwrap());
        assert!(!redeems(&node, &of_bob).await);
        assert_eq!(wrap(&node, &[&bob], None, "b-2").await.unwrap_err(), WrapFault::Gone);
        node.vault.revoke(&acme(), of_nobody.handle.id()).await.unwrap();
        assert!(!redeems(&node, &later_of_nobody).await, "the first of a session ends it");
        assert_eq!(node.store.census().await.unwrap().entries, 0);
    }
}

#[tokio::test]
async fn a_value_of_a_later_call_belongs_to_its_conversations_person() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        let ann = revelation(&node, r#"{"name":"Ann"}"#, Some("ann")).await;
        node.vault.link(&acme(), b"c-1", &[ann], DAY).await.unwrap();
        // Her handle has expired by then, and is swept.
        node.clock.advance(Duration::from_secs(61));
        node.vault.sweep().await.unwrap();
        let value = wrap(&node, &[], Some(b"c-1"), "v").await.unwrap();
        let other = wrap(&node, &[], Some(b"c-2"), "w").await.unwrap();
        assert!(redeems(&node, &value).await);
        node.vault.revoke_subject(&acme(), "ann").await.unwrap();
        assert!(!redeems(&node, &value).await);
        assert!(redeems(&node, &other).await);
    }
}

#[tokio::test]
async fn so_many_values_are_wrapped_with_one_handle_and_no_more() {
    let node = node_on(&(Arc::new(MemoryStore::new(10_000)) as Arc<dyn Store>));
    let ann = revelation(&node, r#"{"name":"Ann"}"#, None).await;
    let first = wrap(&node, &[&ann], None, "0").await.unwrap();
    for n in 1..LEARNT_MAX {
        wrap(&node, &[&first], None, &n.to_string()).await.unwrap();
    }
    let more = wrap(&node, &[&first], None, "more").await.unwrap_err();
    assert_eq!(more, WrapFault::Learn(LearnFault::Handle));
    assert_eq!(node.store.census().await.unwrap().learnt, LEARNT_MAX);
    // A session that began with no handle is bounded by its first value.
    let begun = wrap(&node, &[], None, "s-0").await.unwrap();
    let mut last = begun;
    for n in 1..LEARNT_MAX {
        last = wrap(&node, &[&last], None, &format!("s-{n}")).await.unwrap();
    }
    assert!(wrap(&node, &[&last], None, "more").await.is_err());
}

#[tokio::test]
async fn wrapped_values_of_nobody_end_at_their_share_and_issuing_goes_on() {
    for Engine { store, _servers } in stores().await {
        let node = node_on(&store);
        for n in 0..50 {
            wrap(&node, &[], None, &n.to_string()).await.unwrap();
        }
        let more = wrap(&node, &[], None, "more").await.unwrap_err();
        assert_eq!(more, WrapFault::Learn(LearnFault::Share));
        for n in 0..50 {
            revelation(&node, &format!("{{\"n\":{n}}}"), None).await;
        }
    }
}
