//! The memory store's own rules: bounded work, the order of forgetting, and its books after anything that may happen.

mod books;
mod model;
mod threads;

use super::counts::Room;
use super::shard::lock;
use super::*;
use crate::domain::lease::Ledger;
use crate::domain::seal::Sealed;
use crate::domain::{Expiry, HandleId, KeyId, Uses};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const ENDS: u32 = 1_000_060;
const OVER: Timestamp = Timestamp::from_secs(ENDS as u64);
const ALONE: When = When::Absent { siblings_max: 1000 };

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// The first byte, by which a shard is chosen, takes every value.
fn id(n: u16) -> HandleId {
    let [high, low] = n.to_be_bytes();
    let mut bytes = [high; 16];
    bytes[0] = low;
    HandleId::from_random(bytes)
}

fn record(n: u16) -> Record {
    let mut sealed = vec![7; 64];
    sealed[0] = 1;
    Record {
        key: RecordKey { tenant: tenant("a"), id: id(n) },
        sealed: Sealed::from_bytes(&sealed).unwrap(),
        key_id: KeyId::new(7).unwrap(),
        uses: Uses::Once,
        issued: NOW,
        expires: Expiry::from_secs(ENDS),
        subject: None,
        parent: None,
        ledger: Ledger::new(),
    }
}

async fn holding(count: u16, entries_max: u64, of: impl Fn(u16) -> Record) -> MemoryStore {
    let store = MemoryStore::new(entries_max);
    store.put((0..count).map(of).collect()).await.unwrap();
    store
}

async fn entries(store: &MemoryStore) -> u64 {
    store.census().await.unwrap().entries
}

async fn is_there(store: &MemoryStore, n: u16, now: Timestamp) -> bool {
    store.fetch(&record(n).key, now).await.unwrap().is_some()
}

fn issued_at(n: u16, now: Timestamp) -> Record {
    Record { issued: now, expires: Expiry::from_secs(2_000_000), ..record(n) }
}

#[tokio::test]
async fn a_full_store_of_live_records_refuses_without_a_look_at_one() {
    let store = holding(500, 500, record).await;
    let just_before = Timestamp::from_millis(OVER.millis() - 1);
    // Whoever wanted one of these would wait for ever.
    let locked: Vec<_> = store.shards.iter().map(|shard| lock(&shard.inside)).collect();
    let refused = store.take_room(&[issued_at(600, just_before)], just_before);
    assert_eq!(refused.map(Room::used), Err(StoreFault::Full { entries_max: 500 }));
    assert_eq!(store.forget_ended(just_before, SWEEP_MAX), 0);
    drop(locked);
    assert_eq!(entries(&store).await, 500);
}

#[tokio::test]
async fn a_put_into_a_full_store_forgets_so_many_that_have_ended_and_no_more() {
    let store = holding(1000, 1000, record).await;
    store.put(vec![issued_at(2000, OVER)]).await.unwrap();
    let room_max = u64::from(ROOM_MAX);
    assert_eq!(entries(&store).await, 1000 - room_max + 1);
    // 744 that have ended, and one that has not: 600 want 345 places more than there are.
    store.put((3000..3600).map(|n| issued_at(n, OVER)).collect()).await.unwrap();
    assert_eq!(entries(&store).await, 144 + 1 + 600);
    let late = store.put((4000..5000).map(|n| issued_at(n, OVER)).collect()).await;
    assert_eq!(late, Err(StoreFault::Full { entries_max: 1000 }), "601 live ones stay");
    assert_eq!(entries(&store).await, 601);
}

#[tokio::test]
async fn one_that_has_ended_among_many_that_live_makes_room_for_one() {
    let lives = |n| Record {
        expires: Expiry::from_secs(if n == 321 { ENDS } else { 2_000_000 }),
        ..record(n)
    };
    let store = holding(600, 600, lives).await;
    let more = vec![issued_at(700, OVER), issued_at(701, OVER)];
    assert_eq!(store.put(more).await, Err(StoreFault::Full { entries_max: 600 }));
    store.put(vec![issued_at(700, OVER)]).await.unwrap();
    assert!(is_there(&store, 700, OVER).await && !is_there(&store, 321, NOW).await);
    assert_eq!(entries(&store).await, 600);
}

#[tokio::test]
async fn a_sweep_forgets_those_first_that_ended_first_and_no_more_than_its_most() {
    // In another order than that of their ids, and two of them in each second.
    let end = |n: u16| ENDS + u32::from(n.wrapping_mul(77) % 200) / 2;
    let store = holding(200, 200, |n| Record { expires: Expiry::from_secs(end(n)), ..record(n) });
    let store = store.await;
    assert_eq!(store.sweep(Timestamp::from_millis(OVER.millis() - 1)).await.unwrap(), 0);
    let late = Timestamp::from_secs(2_000_000);
    for left in [136, 72, 8, 0] {
        let gone = store.sweep(late).await.unwrap();
        assert!(gone <= SWEEP_MAX);
        assert_eq!(entries(&store).await, left);
        let mut ends = Vec::new();
        for n in 0..200 {
            if is_there(&store, n, NOW).await {
                ends.push(end(n));
            }
        }
        let first = ENDS + u32::try_from(200 - left).unwrap() / 2;
        assert!(ends.iter().all(|end| *end >= first), "{first}: {ends:?}");
    }
    assert_eq!(store.sweep(late).await.unwrap(), 0);
}

#[tokio::test]
async fn a_renewed_record_does_not_end_at_its_old_time() {
    let child =
        |ends| Record { parent: Some(id(9)), expires: Expiry::from_secs(ends), ..record(1) };
    let store = MemoryStore::new(10);
    assert_eq!(store.place(child(ENDS), ALONE).await.unwrap(), Placed::Kept);
    assert_eq!(store.place(child(ENDS + 60), When::Present).await.unwrap(), Placed::Kept);
    assert_eq!(store.sweep(OVER).await.unwrap(), 0);
    assert!(is_there(&store, 1, OVER).await);
    assert_eq!(store.room(&record(9).key, OVER, 1).await.unwrap(), Some(Crowd::Parent));
    assert_eq!(store.sweep(Timestamp::from_secs(1_000_120)).await.unwrap(), 1);
    assert_eq!(entries(&store).await, 0);
}

#[tokio::test]
async fn a_renewal_in_a_full_store_takes_no_place_and_a_refused_one_none() {
    let store = MemoryStore::new(2);
    let child = |n| Record { parent: Some(id(9)), ..record(n) };
    assert_eq!(store.place(child(1), ALONE).await.unwrap(), Placed::Kept);
    store.put(vec![record(2)]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.place(child(1), When::Present).await.unwrap(), Placed::Kept);
        assert_eq!(store.place(child(3), When::Present).await.unwrap(), Placed::Unmet);
        let crowded = store.place(child(3), ALONE).await.unwrap();
        assert_eq!(crowded, Placed::Crowded(Crowd::Share));
    }
    assert_eq!(entries(&store).await, 2);
    store.remove(&record(2).key, NOW).await.unwrap();
    store.put(vec![record(4)]).await.unwrap();
    assert_eq!(store.put(vec![record(5)]).await, Err(StoreFault::Full { entries_max: 2 }));
}

#[tokio::test]
async fn a_clock_that_steps_back_loses_nothing_and_brings_nothing_back() {
    let store = holding(100, 100, record).await;
    let before = Timestamp::from_secs(900_000);
    assert_eq!(store.sweep(before).await.unwrap(), 0);
    assert!(is_there(&store, 1, before).await);
    assert_eq!(store.sweep(OVER).await.unwrap(), SWEEP_MAX);
    assert_eq!(store.sweep(before).await.unwrap(), 0);
    let mut there = 0;
    for n in 0..100 {
        there += u64::from(is_there(&store, n, before).await);
    }
    assert_eq!(there, entries(&store).await);
    assert_eq!(there, 36);
}

#[tokio::test]
async fn a_full_familys_ended_children_make_room_for_new_ones_a_step_at_a_time() {
    let child = |n| Record { parent: Some(id(999)), ..record(n) };
    let store = holding(100, 1000, child).await;
    let late = |n| Record { parent: Some(id(999)), ..issued_at(n, OVER) };
    let few = When::Absent { siblings_max: 10 };
    assert_eq!(store.place(late(200), few).await.unwrap(), Placed::Kept);
    assert_eq!(entries(&store).await, 100 - u64::from(SWEEP_MAX) + 1);
    for n in 201..210 {
        assert_eq!(store.place(late(n), few).await.unwrap(), Placed::Kept);
    }
    assert_eq!(store.place(late(210), few).await.unwrap(), Placed::Crowded(Crowd::Parent));
    assert_eq!(entries(&store).await, 10);
}

#[tokio::test]
async fn an_id_is_no_id_of_another_tenants() {
    let of = |name: &str| Record {
        key: RecordKey { tenant: tenant(name), id: id(1) },
        subject: Some(Fingerprint::from_bytes([3; 16])),
        ..record(1)
    };
    let store = MemoryStore::new(10);
    store.put(vec![of("a"), of("b")]).await.unwrap();
    let learnt = |n, name: &str| Record {
        key: RecordKey { tenant: tenant(name), id: id(n) },
        parent: Some(id(1)),
        ..record(n)
    };
    store.put(vec![learnt(2, "a"), learnt(3, "b")]).await.unwrap();
    assert!(store.fetch(&of("c").key, NOW).await.unwrap().is_none());
    assert!(store.remove(&of("a").key, NOW).await.unwrap());
    assert!(store.fetch(&of("a").key, NOW).await.unwrap().is_none());
    assert!(store.fetch(&of("b").key, NOW).await.unwrap().is_some());
    assert!(store.fetch(&learnt(3, "b").key, NOW).await.unwrap().is_some());
    assert_eq!(entries(&store).await, 2);
    let subject = [Fingerprint::from_bytes([3; 16])];
    assert_eq!(store.remove_subject(&tenant("a"), &subject, NOW).await.unwrap(), 0);
    assert_eq!(store.remove_subject(&tenant("b"), &subject, NOW).await.unwrap(), 1);
    assert_eq!(entries(&store).await, 0);
}

#[tokio::test]
async fn debug_shows_no_record() {
    let store = holding(3, 10, record).await;
    assert_eq!(format!("{store:?}"), "MemoryStore(3 entries)");
}
