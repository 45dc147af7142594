//! What can go wrong with one server, and that it costs a refusal and nothing else.

use std::time::Duration;

use cloakroom::domain::lease::{Granted, Settled};
use cloakroom::domain::{Expiry, Fingerprint, HandleId, Uses};
use cloakroom::store::redis::{
    Durability, Finding, Gravity, RedisSettings, RedisStore, StartFault, Topology,
};
use cloakroom::store::{Record, Reserved, Store, StoreFault};

use super::servers::{Server, until};
use super::shared::{NOW, TERMS, ask, key, lease, record};

fn unreachable<T: std::fmt::Debug>(outcome: Result<T, StoreFault>) {
    assert!(matches!(outcome, Err(StoreFault::Unreachable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_refused_and_found_when_it_comes() {
    let mut server = Server::start(&[]).await;
    server.kill();
    let settings = server.settings();
    let store = RedisStore::new(&settings).unwrap();
    assert!(matches!(store.check(&settings).await, Err(StartFault::Unreachable(_))));
    unreachable(store.put(vec![record(1, Uses::Once)]).await);
    server.restart().await;
    until("the store finds it", || async { store.probe().await.is_ok() }).await;
    store.put(vec![record(1, Uses::Once)]).await.unwrap();
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers_is_unreachable_in_time_and_used_again_after() {
    let server = Server::start(&[]).await;
    let defaults = RedisSettings::new(Topology::Standalone, vec![server.url()]);
    let store = RedisStore::new(&defaults).unwrap();
    until("it is up", || async { store.probe().await.is_ok() }).await;
    store.put(vec![record(1, Uses::Once), record(2, Uses::UntilExpiry)]).await.unwrap();
    server.signal("STOP");
    // The bound on the whole is far above ours and far below for ever.
    let all = tokio::time::timeout(Duration::from_secs(30), async {
        for _ in 0..3 {
            unreachable(store.reserve(&key(1), &ask(1), &TERMS).await);
            unreachable(store.fetch(&key(2), NOW).await);
            unreachable(store.put(vec![record(3, Uses::Once)]).await);
            unreachable(store.remove(&key(1), NOW).await);
            unreachable(store.probe().await);
            unreachable(store.census().await);
        }
    });
    all.await.expect("it hung");
    server.signal("CONT");
    until("the store comes back", || async { store.probe().await.is_ok() }).await;
    assert!(store.fetch(&key(2), NOW).await.unwrap().is_some());
}

#[tokio::test]
async fn a_restarted_server_is_found_again_and_what_it_had_kept_is_there() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let store = server.store();
    store.put(vec![record(1, Uses::Once)]).await.unwrap();
    let first = store.reserve(&key(1), &ask(1), &TERMS).await.unwrap();
    assert!(matches!(first, Reserved::Granted(..)));
    for _ in 0..3 {
        server.restart().await;
        until("the store comes back", || async { store.probe().await.is_ok() }).await;
        let again = store.reserve(&key(1), &ask(2), &TERMS).await.unwrap();
        assert!(matches!(again, Reserved::Refused(_)), "{again:?}");
    }
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_scripts_is_told_them_again() {
    let server = Server::start(&[]).await;
    let store = server.store();
    for number in 0..3 {
        store.put(vec![record(number, Uses::Once)]).await.unwrap();
        assert_eq!(server.say(&["SCRIPT", "FLUSH"]), "OK");
        let reserved = store.reserve(&key(number), &ask(1), &TERMS).await.unwrap();
        assert!(matches!(reserved, Reserved::Granted(..)), "{reserved:?}");
        server.say(&["SCRIPT", "FLUSH"]);
        assert!(store.remove(&key(number), NOW).await.unwrap());
    }
}

#[tokio::test]
async fn a_server_without_memory_is_full_and_drops_nothing() {
    let server = Server::start(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]).await;
    let store = server.store();
    let mut kept = Vec::new();
    let full = loop {
        let from = kept.len() as u64;
        let batch: Vec<_> = (from..from + 100).map(|number| record(number, Uses::Once)).collect();
        match store.put(batch).await {
            Ok(()) => kept.extend(from..from + 100),
            Err(fault) => break fault,
        }
    };
    assert!(matches!(full, StoreFault::Full { .. }), "{full:?}");
    // What the batch itself took of the memory is free again: fill that too.
    let (mut next, store) = (1_000_000, &store);
    until("there is no room for one more", || {
        next += 1;
        let one = record(next, Uses::Once);
        async move { matches!(store.put(vec![one]).await, Err(StoreFault::Full { .. })) }
    })
    .await;
    assert!(kept.len() > 1000, "{}", kept.len());
    for number in &kept {
        assert!(store.fetch(&key(*number), NOW).await.unwrap().is_some(), "{number} was dropped");
    }
    // A full server still settles, and still forgets.
    store.probe().await.unwrap();
    settles_as_ever(&server, store).await;
    assert!(store.remove(&key(0), NOW).await.unwrap());
}

/// Every step of a lease, of two `once` handles that the store holds.
async fn settles_as_ever(server: &Server, store: &RedisStore) {
    let name = format!("cloakroom:{{acme/{}}}:record", key(2).id);
    let left = || server.say(&["PTTL", &name]).trim().parse::<i64>().unwrap();
    let before = left();
    for (number, by) in [(1, 1), (2, 2), (1, 3)] {
        let reserved = store.reserve(&key(number), &ask(by), &TERMS).await.unwrap();
        assert!(matches!(reserved, Reserved::Granted(Granted::Leased(_), _)), "{reserved:?}");
        let settled = match number {
            1 => store.release(&key(1), &lease(by), &TERMS).await,
            _ => store.commit(&key(2), &lease(by), NOW).await,
        };
        assert_eq!(settled.unwrap(), Settled::Done);
    }
    let again = store.reserve(&key(2), &ask(2), &TERMS).await.unwrap();
    assert!(matches!(again, Reserved::Granted(Granted::Replay, _)), "{again:?}");
    let another = store.reserve(&key(2), &ask(4), &TERMS).await.unwrap();
    assert!(matches!(another, Reserved::Refused(_)), "{another:?}");
    // Its life is neither longer nor over.
    assert!((1..=before).contains(&left()), "{} of {before}", left());
}

#[tokio::test]
async fn a_batch_that_fails_halfway_is_taken_back() {
    let server = Server::start(&[]).await;
    let store = server.store();
    let poisoned = format!("cloakroom:{{acme/{}}}:record", key(50).id);
    server.say(&["HSET", &poisoned, "not", "ours"]);
    let batch = (0..100).map(|number| record(number, Uses::Once)).collect();
    assert!(matches!(store.put(batch).await, Err(StoreFault::Damaged(_))));
    for number in (0..100).filter(|&number| number != 50) {
        assert!(store.fetch(&key(number), NOW).await.unwrap().is_none(), "{number} was left");
    }
    assert!(matches!(
        store.fetch(&key(50), NOW).await,
        Err(StoreFault::Damaged(_)) | Err(StoreFault::Unreachable(_))
    ));
    assert_eq!(store.census().await.unwrap().entries, 0);
}

#[tokio::test]
async fn a_damaged_record_is_neither_read_nor_reserved() {
    let server = Server::start(&[]).await;
    let store = server.store();
    for (number, text) in [(1, "x"), (2, &*"\u{2}".repeat(300))] {
        server.say(&["SET", &format!("cloakroom:{{acme/{}}}:record", key(number).id), text]);
        let damaged = |fault: &StoreFault| matches!(fault, StoreFault::Damaged(_));
        assert!(store.fetch(&key(number), NOW).await.as_ref().is_err_and(damaged));
        assert!(store.reserve(&key(number), &ask(1), &TERMS).await.as_ref().is_err_and(damaged));
    }
}

#[tokio::test]
async fn a_replica_takes_no_handles() {
    let primary = Server::start(&[]).await;
    let replica = Server::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]).await;
    until("it follows", || async { replica.say(&["ROLE"]).contains("connected") }).await;
    primary.store().put(vec![record(1, Uses::Once)]).await.unwrap();
    let store = replica.store();
    until("it has the record", || async { replica.say(&["DBSIZE"]) != "0" }).await;
    unreachable(store.put(vec![record(2, Uses::Once)]).await);
    unreachable(store.reserve(&key(1), &ask(1), &TERMS).await);
    unreachable(store.probe().await);
}

#[tokio::test]
async fn a_write_that_too_few_replicas_have_is_not_acknowledged() {
    let primary = Server::start(&[]).await;
    let two = Durability::Replicas(1.try_into().unwrap());
    let settings = RedisSettings { durability: two, ..primary.settings() };
    let store = RedisStore::new(&settings).unwrap();
    let findings = store.check(&settings).await.unwrap();
    assert!(findings.contains(&Finding::FewReplicas { connected: 0 }));
    // The server knows the scripts: one that does not has the batch's time run out on it.
    primary.store().put(vec![record(50, Uses::Once)]).await.unwrap();
    unreachable(store.put(vec![record(1, Uses::Once)]).await);
    // What was refused is not left there to fill it, and is not counted.
    assert_eq!(store.census().await.unwrap().entries, 1);
    assert!(store.fetch(&key(1), NOW).await.unwrap().is_none());
    let replica = Server::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]).await;
    until("it follows", || async { replica.say(&["ROLE"]).contains("connected") }).await;
    until("writes are acknowledged", || async {
        store.put(vec![record(9, Uses::Once)]).await.is_ok()
    })
    .await;
    store.put(vec![record(2, Uses::Once), record(3, Uses::Once)]).await.unwrap();
    let reserved = store.reserve(&key(2), &ask(1), &TERMS).await.unwrap();
    assert!(matches!(reserved, Reserved::Granted(..)), "{reserved:?}");
    replica.signal("STOP");
    // One that is granted: a refusal writes nothing that a replica could lack.
    unreachable(store.reserve(&key(3), &ask(2), &TERMS).await);
}

#[tokio::test]
async fn a_policy_that_may_drop_live_keys_is_warned_of_and_a_cluster_node_is_no_standalone() {
    let server =
        Server::start(&["--maxmemory", "50mb", "--maxmemory-policy", "volatile-lru"]).await;
    let store = server.store();
    let findings = store.check(&server.settings()).await.unwrap();
    let evicts = Finding::MayEvict { policy: "volatile-lru".to_owned() };
    assert!(findings.contains(&evicts), "{findings:?}");
    assert_eq!(evicts.gravity(), Gravity::Warning);
    let node = Server::start(&["--cluster-enabled", "yes"]).await;
    let checked = node.store().check(&node.settings()).await;
    assert!(matches!(checked, Err(StartFault::Topology { .. })), "{checked:?}");
}

#[tokio::test]
async fn a_revocation_elsewhere_is_seen_at_once_by_reserve_and_within_the_bound_by_fetch() {
    let server = Server::start(&[]).await;
    let here = server.store();
    let bounded = RedisSettings { near_age_max: Duration::from_secs(3), ..server.settings() };
    let there = RedisStore::new(&bounded).unwrap();
    here.put(vec![record(1, Uses::UntilExpiry), record(2, Uses::Once)]).await.unwrap();
    for number in [1, 2] {
        assert!(there.fetch(&key(number), NOW).await.unwrap().is_some());
        assert!(here.remove(&key(number), NOW).await.unwrap());
        // On the node that revoked it is gone at once.
        assert!(here.fetch(&key(number), NOW).await.unwrap().is_none());
    }
    assert!(there.fetch(&key(2), NOW).await.unwrap().is_none(), "a once handle was cached");
    assert!(there.fetch(&key(1), NOW).await.unwrap().is_some(), "nothing was cached at all");
    until("the bound passes", || async { there.fetch(&key(1), NOW).await.unwrap().is_none() })
        .await;
    here.put(vec![record(3, Uses::UntilExpiry)]).await.unwrap();
    there.fetch(&key(3), NOW).await.unwrap();
    here.remove(&key(3), NOW).await.unwrap();
    let reserved = there.reserve(&key(3), &ask(1), &TERMS).await.unwrap();
    assert!(matches!(reserved, Reserved::Missing), "{reserved:?}");
}

#[tokio::test]
async fn an_erasure_finds_more_than_one_page_and_its_children() {
    let server = Server::start(&[]).await;
    let settings = RedisSettings { response_timeout: Duration::from_secs(5), ..server.settings() };
    let store = RedisStore::new(&settings).unwrap();
    let ann = Fingerprint::from_bytes([9; 16]);
    for from in (0..1200).step_by(100) {
        let batch = (from..from + 100)
            .map(|number| Record { subject: Some(ann), ..record(number, Uses::Once) });
        store.put(batch.collect()).await.unwrap();
    }
    let parent: Option<HandleId> = Some(key(7).id);
    let child = Record { parent, ..record(5000, Uses::UntilExpiry) };
    store.put(vec![child, record(6000, Uses::Once)]).await.unwrap();
    assert_eq!(store.census().await.unwrap().entries, 1202);
    let tenant = key(0).tenant;
    assert_eq!(store.remove_subject(&tenant, &[ann], NOW).await.unwrap(), 1200);
    assert!(store.fetch(&key(5000), NOW).await.unwrap().is_none());
    assert_eq!(store.census().await.unwrap().entries, 1);
}

#[tokio::test]
async fn an_export_finds_a_handle_behind_a_thousand_records_that_are_none() {
    let server = Server::start(&[]).await;
    let settings = RedisSettings { response_timeout: Duration::from_secs(5), ..server.settings() };
    let store = RedisStore::new(&settings).unwrap();
    let ann = Fingerprint::from_bytes([9; 16]);
    let about = |record| Record { subject: Some(ann), ..record };
    store.put(vec![about(record(1, Uses::Once)), about(record(2, Uses::Once))]).await.unwrap();
    // They end after it, and so stand before it in the index; every other one is gone by then.
    for from in (10_000..11_200).step_by(100) {
        let learnt = |number| Record {
            parent: Some(key(1).id),
            expires: Expiry::from_secs(1_007_200),
            ..about(record(number, Uses::UntilExpiry))
        };
        store.put((from..from + 100).map(learnt).collect()).await.unwrap();
    }
    for number in (10_000..10_400).step_by(2) {
        store.remove(&key(number), NOW).await.unwrap();
    }
    let tenant = key(0).tenant;
    for (max, wanted) in [(1000, 2), (2, 2), (1, 1)] {
        let found = store.of_subject(&tenant, &[ann], NOW, max).await.unwrap();
        assert_eq!(found.len(), wanted, "of at most {max}");
        assert!(found.iter().all(|record| record.parent.is_none()));
    }
}
