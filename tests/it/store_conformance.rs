//! What every store must do, run against each. A new engine adds one line to `stores`.

mod linear;
mod owners;
mod place;

use std::sync::Arc;
use std::time::Duration;

use cloakroom::domain::lease::{Ask, Granted, LeaseId, Ledger, Refused, Settled, Standing, Terms};
use cloakroom::domain::seal::Sealed;
use cloakroom::domain::{Expiry, Fingerprint, HandleId, KeyId, TenantId, Timestamp, Uses};
use cloakroom::store::disk::{DiskOptions, DiskStore};
use cloakroom::store::memory::MemoryStore;
use cloakroom::store::redis::{RedisSettings, RedisStore};
use cloakroom::store::{Record, RecordKey, Reserved, Store, StoreFault};

use crate::redis_store::servers::{Cluster, Server};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
pub(crate) const BOUND: u64 = 100;

/// Every engine, empty, with room for [`BOUND`] records, and what has to live as long as it.
pub(crate) async fn stores() -> Vec<Engine> {
    let server = Server::start(&[]).await;
    let cluster = Cluster::start(0).await;
    let redis = |settings: RedisSettings| {
        // The suite writes records anew and looks at them from outside of their node.
        let settings = RedisSettings {
            entries_max: BOUND,
            response_timeout: Duration::from_secs(5),
            ..settings
        };
        Arc::new(RedisStore::new(&settings).unwrap())
    };
    vec![
        Engine { store: Arc::new(MemoryStore::new(BOUND)), _servers: Vec::new() },
        Engine { store: Arc::new(disk()), _servers: Vec::new() },
        Engine { store: redis(server.settings()), _servers: vec![server] },
        Engine { store: redis(cluster.settings()), _servers: cluster.nodes },
    ]
}

/// On a file that is unlinked at once and goes with its last descriptor.
fn disk() -> DiskStore {
    let folder = tempfile::tempdir().unwrap();
    let options = DiskOptions { entries_max: BOUND, bytes_max: 64 << 20 };
    DiskStore::open(&folder.path().join("store"), options).unwrap()
}

pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) _servers: Vec<Server>,
}

fn key(tenant: &str, id: u8) -> RecordKey {
    RecordKey { tenant: TenantId::parse(tenant).unwrap(), id: HandleId::from_random([id; 16]) }
}

fn sealed() -> Sealed {
    let mut bytes = vec![7; 64];
    bytes[0] = 1;
    Sealed::from_bytes(&bytes).unwrap()
}

fn record(key: RecordKey, uses: Uses) -> Record {
    Record {
        key,
        sealed: sealed(),
        key_id: KeyId::new(7).unwrap(),
        uses,
        issued: NOW,
        expires: Expiry::from_secs(1_000_060),
        subject: None,
        parent: None,
        ledger: Ledger::new(),
    }
}

fn ask(n: u8, now: Timestamp) -> Ask {
    Ask {
        now,
        lease: LeaseId::from_random([n; 16]),
        request: Fingerprint::from_bytes([n; 16]),
        binding: None,
    }
}

async fn reserve(store: &dyn Store, key: &RecordKey, n: u8, now: Timestamp) -> Reserved {
    store.reserve(key, &ask(n, now), &Terms::default()).await.unwrap()
}

#[tokio::test]
async fn another_tenants_key_an_unknown_id_and_an_expired_record_are_missing() {
    for Engine { store, _servers } in stores().await {
        store.put(vec![record(key("a", 1), Uses::Once)]).await.unwrap();
        for (wanted, now) in
            [(key("b", 1), NOW), (key("a", 2), NOW), (key("a", 1), Timestamp::from_secs(1_000_060))]
        {
            assert!(store.fetch(&wanted, now).await.unwrap().is_none());
            let reserved = reserve(&*store, &wanted, 1, now).await;
            assert!(matches!(reserved, Reserved::Missing), "{reserved:?}");
            assert!(!store.remove(&wanted, now).await.unwrap() || now != NOW);
        }
    }
}

#[tokio::test]
async fn a_full_store_refuses_the_whole_batch_and_evicts_nothing() {
    for Engine { store, _servers } in stores().await {
        let batch =
            |from: u8, to: u8| (from..to).map(|n| record(key("a", n), Uses::Once)).collect();
        store.put(batch(0, 99)).await.unwrap();
        let full = store.put(batch(99, 101)).await;
        assert_eq!(full, Err(StoreFault::Full { entries_max: BOUND }));
        for n in 0..99 {
            assert!(store.fetch(&key("a", n), NOW).await.unwrap().is_some(), "{n} was evicted");
        }
        assert!(store.fetch(&key("a", 99), NOW).await.unwrap().is_none());
        store.put(batch(99, 100)).await.unwrap();
        assert_eq!(store.census().await.unwrap().entries, BOUND);
        // Whoever sends traffic by readiness is not to send it elsewhere: what is there is redeemed.
        store.probe().await.unwrap();
        let reserved = reserve(&*store, &key("a", 7), 1, NOW).await;
        assert!(matches!(reserved, Reserved::Granted(..)), "{reserved:?}");
    }
}

#[tokio::test]
async fn a_removed_and_an_expired_record_make_room() {
    for Engine { store, _servers } in stores().await {
        let batch =
            |from: u8, to: u8| (from..to).map(|n| record(key("a", n), Uses::Once)).collect();
        store.put(batch(0, 100)).await.unwrap();
        assert!(store.remove(&key("a", 5), NOW).await.unwrap());
        store.put(batch(100, 101)).await.unwrap();
        let mut late = record(key("b", 1), Uses::Once);
        late.issued = Timestamp::from_secs(1_000_060);
        late.expires = Expiry::from_secs(1_000_120);
        store.put(vec![late]).await.unwrap();
        let census = store.census().await.unwrap();
        assert_eq!(census.entries, 1);
        assert_eq!(census.by_key, [(KeyId::new(7).unwrap(), 1)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_redeems_at_once_one_wins() {
    for Engine { store, _servers } in stores().await {
        for round in 0..20 {
            store.put(vec![record(key("a", round), Uses::Once)]).await.unwrap();
            let racers = (0..64).map(|n| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { reserve(&*store, &key("a", round), n, NOW).await })
            });
            let mut won = Vec::new();
            for racer in racers.collect::<Vec<_>>() {
                match racer.await.unwrap() {
                    Reserved::Granted(Granted::Leased(lease), _) => won.push(lease),
                    Reserved::Refused(refused) => assert_eq!(refused, Refused::InFlight),
                    Reserved::Granted(granted, _) => panic!("{granted:?}"),
                    Reserved::Missing => panic!("missing"),
                }
            }
            assert_eq!(won.len(), 1);
            let settled = store.commit(&key("a", round), &won[0], NOW).await.unwrap();
            assert_eq!(settled, Settled::Done);
            let again = reserve(&*store, &key("a", round), 200, NOW).await;
            assert!(matches!(again, Reserved::Refused(Refused::Spent)), "{again:?}");
        }
    }
}

#[tokio::test]
async fn a_released_lease_works_again_and_a_stale_one_changes_nothing() {
    for Engine { store, _servers } in stores().await {
        store.put(vec![record(key("a", 1), Uses::Once)]).await.unwrap();
        assert!(matches!(reserve(&*store, &key("a", 1), 1, NOW).await, Reserved::Granted(..)));
        let (mine, other) = (LeaseId::from_random([1; 16]), LeaseId::from_random([2; 16]));
        let terms = Terms::default();
        let stale = store.release(&key("a", 1), &other, &terms).await.unwrap();
        assert_eq!(stale, Settled::Stale);
        assert_eq!(store.release(&key("a", 1), &mine, &terms).await.unwrap(), Settled::Done);
        assert_eq!(store.commit(&key("a", 1), &mine, NOW).await.unwrap(), Settled::Stale);
        let granted = reserve(&*store, &key("a", 1), 3, NOW).await;
        assert!(matches!(granted, Reserved::Granted(Granted::Leased(_), _)), "{granted:?}");
        let record = store.fetch(&key("a", 1), NOW).await.unwrap().unwrap();
        assert_eq!(record.ledger.releases, 1);
        assert_eq!(record.ledger.state_at(NOW, &terms), Standing::Leased);
    }
}

#[tokio::test]
async fn a_crashed_holders_lease_frees_itself() {
    for Engine { store, _servers } in stores().await {
        store.put(vec![record(key("a", 1), Uses::Once)]).await.unwrap();
        assert!(matches!(reserve(&*store, &key("a", 1), 1, NOW).await, Reserved::Granted(..)));
        // The record lives 60 s like the lease, so give it a shorter lease.
        let terms = Terms { lease_max: Duration::from_secs(10), ..Terms::default() };
        store.put(vec![record(key("a", 2), Uses::Once)]).await.unwrap();
        store.reserve(&key("a", 2), &ask(1, NOW), &terms).await.unwrap();
        let later = Timestamp::from_secs(1_000_010);
        let granted = store.reserve(&key("a", 2), &ask(2, later), &terms).await.unwrap();
        assert!(matches!(granted, Reserved::Granted(Granted::Leased(_), _)), "{granted:?}");
    }
}

#[tokio::test]
async fn a_subjects_records_go_together_and_nobody_elses() {
    for Engine { store, _servers } in stores().await {
        let ann = [Fingerprint::from_bytes([1; 16]), Fingerprint::from_bytes([2; 16])];
        let of = |n: u8, tenant: &str, subject| Record {
            subject,
            ..record(key(tenant, n), Uses::UntilExpiry)
        };
        store
            .put(vec![of(1, "a", Some(ann[0])), of(2, "a", Some(ann[1])), of(3, "a", None)])
            .await
            .unwrap();
        store.put(vec![of(1, "b", Some(ann[0]))]).await.unwrap();
        let tenant = TenantId::parse("a").unwrap();
        assert_eq!(store.remove_subject(&tenant, &ann, NOW).await.unwrap(), 2);
        assert_eq!(store.remove_subject(&tenant, &ann, NOW).await.unwrap(), 0);
        assert!(store.fetch(&key("a", 3), NOW).await.unwrap().is_some());
        assert!(store.fetch(&key("b", 1), NOW).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn what_was_learnt_with_a_handle_goes_with_it() {
    for Engine { store, _servers } in stores().await {
        let child = |id: u8, parent: u8, subject: Option<u8>| Record {
            parent: Some(HandleId::from_random([parent; 16])),
            subject: subject.map(|n| Fingerprint::from_bytes([n; 16])),
            ..record(key("a", id), Uses::UntilExpiry)
        };
        let issued = Record {
            subject: Some(Fingerprint::from_bytes([9; 16])),
            ..record(key("a", 1), Uses::UntilExpiry)
        };
        let all = vec![issued, child(2, 1, Some(9)), child(3, 1, None), child(4, 7, Some(9))];
        store.put(all.clone()).await.unwrap();
        assert!(store.remove(&key("a", 1), NOW).await.unwrap());
        for (id, there) in [(1, false), (2, false), (3, false), (4, true)] {
            let found = store.fetch(&key("a", id), NOW).await.unwrap();
            assert_eq!(found.is_some(), there, "{id}");
        }
        // The handle of 4 was never here, or is long gone; its child still goes.
        assert!(!store.remove(&key("a", 7), NOW).await.unwrap());
        assert!(store.fetch(&key("a", 4), NOW).await.unwrap().is_none());
        store.put(all).await.unwrap();
        let subject = [Fingerprint::from_bytes([9; 16])];
        let tenant = TenantId::parse("a").unwrap();
        assert_eq!(store.remove_subject(&tenant, &subject, NOW).await.unwrap(), 1, "children");
        assert_eq!(store.census().await.unwrap().entries, 0);
    }
}

#[tokio::test]
async fn a_record_takes_the_place_of_one_with_its_key() {
    for Engine { store, _servers } in stores().await {
        let with = |subject: u8, expires| Record {
            subject: Some(Fingerprint::from_bytes([subject; 16])),
            expires: Expiry::from_secs(expires),
            ..record(key("a", 1), Uses::UntilExpiry)
        };
        store.put(vec![with(1, 1_000_060)]).await.unwrap();
        store.put(vec![with(2, 1_000_090)]).await.unwrap();
        let later = Timestamp::from_secs(1_000_080);
        assert!(store.fetch(&key("a", 1), later).await.unwrap().is_some());
        let census = store.census().await.unwrap();
        assert_eq!((census.entries, census.by_key[0].1), (1, 1));
        let tenant = TenantId::parse("a").unwrap();
        let of = |n: u8| [Fingerprint::from_bytes([n; 16])];
        assert_eq!(store.remove_subject(&tenant, &of(1), NOW).await.unwrap(), 0, "the old subject");
        assert_eq!(store.remove_subject(&tenant, &of(2), NOW).await.unwrap(), 1);
    }
}
