//! A handle that another node revokes while this one learns: nothing of it stays, though
//! this node read the handle a moment ago and remembers it.

use cloakroom::store::redis::{RedisSettings, RedisStore};
use cloakroom::vault::wrap::{WrapFault, WrapScene};

use super::*;
use crate::redis_store::servers::Server;

/// Two nodes over one Redis, the first of which remembers what it reads.
struct Nodes {
    here: Node,
    there: Arc<Vault>,
    _server: Server,
}

async fn nodes() -> Nodes {
    let server = Server::start(&[]).await;
    let near_age_max = Duration::from_secs(300);
    let store = |near_age_max| -> Arc<dyn Store> {
        let settings = RedisSettings { near_age_max, ..server.settings() };
        Arc::new(RedisStore::new(&settings).unwrap())
    };
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_000_000)));
    let (near, far) = (store(near_age_max), store(Duration::ZERO));
    let vault = second(&near, &clock, keyring(1, &[]));
    let there = second(&far, &clock, keyring(1, &[]));
    Nodes { here: Node { vault, clock, store: near }, there, _server: server }
}

impl Nodes {
    /// Revoked there, and still remembered here.
    async fn revoke_unseen(&self, one: &Revelation) {
        assert!(self.here.vault.inspect(&acme(), one.handle.id()).await.unwrap().is_some());
        assert!(self.there.revoke(&acme(), one.handle.id()).await.unwrap());
        let state = self.here.vault.inspect(&acme(), one.handle.id()).await.unwrap();
        assert!(state.is_some(), "it was not remembered at all");
    }

    async fn learnt(&self) -> u64 {
        self.here.store.census().await.unwrap().learnt
    }

    async fn wrap(
        &self,
        with: &[&Revelation],
        conversation: Option<&[u8]>,
    ) -> Result<Revelation, WrapFault> {
        let redeemed: Vec<_> = with.iter().map(|one| one.handle.id()).collect();
        let payload = || Payload::parse(b"{\"value\":\"v\"}", 4096).unwrap();
        let scene = WrapScene { redeemed: &redeemed, conversation };
        let issued = self.here.vault.wrap(&acme(), scene, payload(), DAY).await?;
        Ok(Revelation { handle: issued.handle, payload: Arc::new(payload()) })
    }
}

#[tokio::test]
async fn no_link_and_no_vendors_answer_of_a_handle_that_was_revoked_elsewhere_is_kept() {
    let nodes = nodes().await;
    let one = revelation(&nodes.here, r#"{"name":"Ann"}"#, Some("ann")).await;
    nodes.revoke_unseen(&one).await;
    let here = &nodes.here.vault;
    let linked = here.link(&acme(), b"c-1", std::slice::from_ref(&one), DAY).await;
    assert_eq!(linked, Err(LearnFault::Revoked));
    for vault in [here, &nodes.there] {
        assert!(found(vault, &acme(), "c-1").await.is_empty());
    }
    let other = revelation(&nodes.here, r#"{"name":"Bob"}"#, None).await;
    nodes.revoke_unseen(&other).await;
    here.remember_relayed(&acme(), &other.handle, "vendor", b"key", DAY).await.unwrap();
    for vault in [here, &nodes.there] {
        assert!(vault.relayed(&acme(), &other.handle, "vendor").await.unwrap().is_none());
    }
    assert_eq!(nodes.learnt().await, 0, "sealed copies of revoked payloads");
}

#[tokio::test]
async fn no_value_is_wrapped_for_a_handle_that_was_revoked_elsewhere() {
    let nodes = nodes().await;
    let one = revelation(&nodes.here, r#"{"name":"Ann"}"#, None).await;
    nodes.revoke_unseen(&one).await;
    assert_eq!(nodes.wrap(&[&one], None).await.unwrap_err(), WrapFault::Gone);
    assert_eq!(nodes.learnt().await, 0);

    // Nor for one that is only known by a value that was wrapped before, or by its link.
    let two = revelation(&nodes.here, r#"{"name":"Bob"}"#, None).await;
    let value = nodes.wrap(&[&two], None).await.unwrap();
    nodes.here.vault.link(&acme(), b"c-2", std::slice::from_ref(&two), DAY).await.unwrap();
    assert!(nodes.here.vault.inspect(&acme(), value.handle.id()).await.unwrap().is_some());
    assert_eq!(found(&nodes.here.vault, &acme(), "c-2").await.len(), 1);
    nodes.revoke_unseen(&two).await;
    assert_eq!(nodes.wrap(&[&value], None).await.unwrap_err(), WrapFault::Gone);
    assert_eq!(nodes.wrap(&[], Some(b"c-2")).await.unwrap_err(), WrapFault::Gone);
    assert_eq!(nodes.learnt().await, 1, "that the conversation had a link, and nothing else");
}

#[tokio::test]
async fn a_value_that_outlives_its_handle_still_passes_its_owner_on() {
    let nodes = nodes().await;
    let one = revelation(&nodes.here, r#"{"name":"Ann"}"#, None).await;
    let value = nodes.wrap(&[&one], None).await.unwrap();
    nodes.here.clock.advance(Duration::from_secs(61));
    let later = nodes.wrap(&[&value], None).await.unwrap();
    assert!(nodes.there.inspect(&acme(), later.handle.id()).await.unwrap().is_some());
    nodes.there.revoke(&acme(), one.handle.id()).await.unwrap();
    assert!(nodes.there.inspect(&acme(), later.handle.id()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_link_that_was_revoked_elsewhere_is_not_sealed_anew_and_hides_no_other() {
    let nodes = nodes().await;
    let one = revelation(&nodes.here, r#"{"name":"Ann"}"#, None).await;
    let two = revelation(&nodes.here, r#"{"name":"Ann"}"#, None).await;
    let here = &nodes.here.vault;
    here.link(&acme(), b"c-1", std::slice::from_ref(&one), DAY).await.unwrap();
    nodes.here.clock.advance(Duration::from_secs(59));
    assert_eq!(found(here, &acme(), "c-1").await.len(), 1);
    nodes.revoke_unseen(&one).await;
    // The same payload again, under a handle that lives: it has to be linked.
    here.link(&acme(), b"c-1", std::slice::from_ref(&two), DAY).await.unwrap();
    assert_eq!(found(&nodes.there, &acme(), "c-1").await.len(), 1);

    nodes.here.clock.advance(Duration::from_secs(13 * 3600));
    assert_eq!(found(here, &acme(), "c-1").await.len(), 1);
    nodes.there.revoke(&acme(), two.handle.id()).await.unwrap();
    let rotated = second(&nodes.here.store, &nodes.here.clock, keyring(2, &[1]));
    let recalled = rotated.recall(&acme(), b"c-1", DAY).await.unwrap();
    assert_eq!(recalled.revelations.len(), 1, "remembered here");
    let far = second(&nodes.here.store, &nodes.here.clock, keyring(2, &[]));
    assert!(far.linked(&acme(), b"c-1").await.unwrap().is_empty(), "sealed anew");
}
