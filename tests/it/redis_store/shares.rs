//! The counts of a cluster: in parts, each beside the records that it counts.

use std::time::Duration;

use cloakroom::domain::Uses;
use cloakroom::store::place::{Placed, When};
use cloakroom::store::redis::{Durability, RedisSettings, RedisStore};
use cloakroom::store::{Record, Store, StoreFault};

use super::servers::{Cluster, Server, until};
use super::shared::{NOW, key, record};

/// Slots in a part.
const PART: u16 = 1024;
/// The smallest bound that is divided, and a part's share of it.
const WHOLE: u64 = 65_536;
const SHARE: u64 = WHOLE / 16;

fn slot(server: &Server, number: u64) -> u16 {
    let name = format!("acme/{}", key(number).id);
    let said = server.say(&["CLUSTER", "KEYSLOT", &name]);
    said.trim_start_matches("(integer) ").parse().unwrap()
}

/// A node that has a part's totals, their name, and the part's number.
fn parts(cluster: &Cluster) -> Vec<(usize, String, u16)> {
    let mut all = Vec::new();
    for at in cluster.primaries() {
        let said = cluster.nodes[at].say(&["KEYS", "*census*totals"]);
        for name in said.lines().filter(|line| line.contains("totals")) {
            let (_, after) = name.split_once("census-").unwrap();
            let (number, _) = after.split_once('.').unwrap();
            all.push((at, name.to_owned(), number.parse().unwrap()));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_is_full_refuses_whole_batches_and_no_record_of_another_part() {
    let cluster = Cluster::start(0).await;
    let settings = RedisSettings { entries_max: WHOLE, ..cluster.settings() };
    let store = RedisStore::new(&settings).unwrap();
    store.put((0..400).map(|number| record(number, Uses::Once)).collect()).await.unwrap();
    assert_eq!(store.census().await.unwrap().entries, 400);
    let parts = parts(&cluster);
    assert_eq!(parts.len(), 16, "{parts:?}");
    let (at, name, full) = &parts[3];
    let (node, share) = (&cluster.nodes[*at], SHARE.to_string());
    node.say(&["HSET", name, "7", &share]);

    let counted = store.census().await.unwrap().entries;
    let (mut refused, mut kept) = (Vec::new(), 0);
    for number in 1000..1200 {
        match store.put(vec![record(number, Uses::Once)]).await {
            Ok(()) => kept += 1,
            Err(fault) => {
                assert_eq!(fault, StoreFault::Full { entries_max: WHOLE });
                refused.push(number);
            }
        }
    }
    assert!(!refused.is_empty() && refused.len() < 40, "{refused:?}");
    let in_part = |number: &u64| slot(node, *number) / PART == *full;
    assert!(refused.iter().all(in_part), "{refused:?}");
    assert_eq!((1000..1200).filter(in_part).count(), refused.len());

    let fine = |number: u64| record(number, Uses::Once);
    let batch = (2000..2020).filter(|number| !in_part(number)).chain([refused[0]]).map(fine);
    let batch: Vec<Record> = batch.collect();
    let numbers: Vec<_> = batch.iter().map(|record| record.key.clone()).collect();
    assert!(matches!(store.put(batch).await, Err(StoreFault::Full { .. })));
    for key in numbers {
        assert!(store.fetch(&key, NOW).await.unwrap().is_none());
    }
    assert_eq!(store.census().await.unwrap().entries, counted + kept);
    // What goes is struck off where it was counted.
    assert_eq!(store.remove_tenant(&key(0).tenant, NOW).await.unwrap(), 400 + kept);
    let left = store.census().await.unwrap().entries;
    assert!(left > SHARE - 100 && left < SHARE, "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_without_a_replica_costs_the_writes_of_its_own_slots_and_of_no_others() {
    // As `redis-cli --cluster create` deals them out.
    for (turn, lost) in [(0, 0..=5460), (1, 5461..=10_922), (2, 10_923..=16_383)] {
        let mut cluster = Cluster::start(1).await;
        let settings = RedisSettings {
            durability: Durability::Replicas(1.try_into().unwrap()),
            response_timeout: Duration::from_millis(500),
            ..cluster.settings()
        };
        let store = RedisStore::new(&settings).unwrap();
        until("it is up", || async { store.put(vec![record(1, Uses::Once)]).await.is_ok() }).await;
        let before = cluster.primaries();
        cluster.nodes[before[turn]].kill();
        let node = &cluster.nodes[before[(turn + 1) % 3]];
        until("a replica has taken over", || async {
            cluster.primaries().iter().any(|at| !before.contains(at))
                && node.say(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
        })
        .await;
        // All slots are served, and none of the part's counts waits for a replica.
        until("all can be counted", || async { store.census().await.is_ok() }).await;
        store.probe().await.unwrap();
        let (mut went_on, mut refused) = (0, 0);
        for number in 100..160 {
            let kept = store.put(vec![record(number, Uses::Once)]).await;
            let own = lost.contains(&slot(node, number));
            assert_eq!(kept.is_err(), own, "{turn}: {kept:?}");
            (went_on, refused) = (went_on + u64::from(!own), refused + u64::from(own));
            if own {
                continue;
            }
            assert_eq!(store.room(&key(number), NOW, 10).await.unwrap(), None);
            let learnt =
                Record { parent: Some(key(number).id), ..record(number + 1000, Uses::UntilExpiry) };
            let placed = store.place(learnt, When::Absent { siblings_max: 10 }).await;
            let beyond = lost.contains(&slot(node, number + 1000));
            assert_eq!(placed.ok() == Some(Placed::Kept), !beyond, "{turn}");
        }
        println!("primary {turn} gone: {went_on} issued, {refused} refused");
        assert!(went_on > 25 && refused > 5, "{went_on} and {refused}");
    }
}
