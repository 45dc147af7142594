//! What is learnt is kept only under its condition and within its bounds.

use cloakroom::store::place::{Crowd, Placed, When, learnt_max};

use super::*;
use crate::redis_store::servers::until;

const ALONE: When = When::Absent { siblings_max: 1000 };

fn child(id: u8, parent: u8) -> Record {
    Record {
        parent: Some(HandleId::from_random([parent; 16])),
        ..record(key("a", id), Uses::UntilExpiry)
    }
}

/// Told from others by what it says.
fn saying(id: u8, what: u8) -> Record {
    let mut bytes = vec![what + 1; 64];
    bytes[0] = 1;
    Record { sealed: Sealed::from_bytes(&bytes).unwrap(), ..child(id, 200) }
}

#[tokio::test]
async fn what_is_there_is_not_replaced_and_what_is_not_is_not_renewed() {
    for Engine { store, _servers } in stores().await {
        assert_eq!(store.place(saying(1, 9), When::Present).await.unwrap(), Placed::Unmet);
        assert!(store.fetch(&key("a", 1), NOW).await.unwrap().is_none());
        assert_eq!(store.census().await.unwrap().entries, 0);
        assert_eq!(store.place(saying(1, 1), ALONE).await.unwrap(), Placed::Kept);
        assert_eq!(store.place(saying(1, 2), ALONE).await.unwrap(), Placed::Unmet);
        let kept = store.fetch(&key("a", 1), NOW).await.unwrap().unwrap();
        assert_eq!(kept.sealed.as_bytes(), saying(1, 1).sealed.as_bytes());
        // A renewal takes the place of what is there, under the same parent.
        let longer = Record { expires: Expiry::from_secs(1_000_120), ..saying(1, 1) };
        assert_eq!(store.place(longer, When::Present).await.unwrap(), Placed::Kept);
        let later = Timestamp::from_secs(1_000_090);
        assert!(store.fetch(&key("a", 1), later).await.unwrap().is_some());
        let census = store.census().await.unwrap();
        assert_eq!((census.entries, census.learnt), (1, 1));
        // What has expired is not there.
        let over = Timestamp::from_secs(1_000_120);
        let anew = |what| Record {
            issued: over,
            expires: Expiry::from_secs(1_000_180),
            ..saying(1, what)
        };
        assert_eq!(store.place(anew(3), When::Present).await.unwrap(), Placed::Unmet);
        assert_eq!(store.place(anew(3), ALONE).await.unwrap(), Placed::Kept);
        let parent = RecordKey { id: HandleId::from_random([200; 16]), ..key("a", 0) };
        store.remove(&parent, over).await.unwrap();
        assert!(store.fetch(&key("a", 1), over).await.unwrap().is_none());
        assert_eq!(store.place(anew(4), When::Present).await.unwrap(), Placed::Unmet, "revived");
    }
}

#[tokio::test]
async fn what_was_renewed_lives_on_by_the_clock_that_an_engine_has_of_its_own() {
    let server = Server::start(&[]).await;
    let store = server.store();
    // Both have nine tenths of a second.
    let issued = Timestamp::from_millis(1_000_059_100);
    let short = |id| Record { issued, ..saying(id, 1) };
    for id in [1, 2] {
        assert_eq!(store.place(short(id), ALONE).await.unwrap(), Placed::Kept);
    }
    let longer = Record { expires: Expiry::from_secs(1_000_120), ..short(1) };
    assert_eq!(store.place(longer, When::Present).await.unwrap(), Placed::Kept);
    let there = async |id| store.fetch(&key("a", id), issued).await.unwrap().is_some();
    until("the engine forgets the other", async || !there(2).await).await;
    assert!(there(1).await, "{store:?} forgot what was renewed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_writers_of_one_absent_key_one_is_kept() {
    for Engine { store, _servers } in stores().await {
        for round in 0..20 {
            let racers = (0..64).map(|n| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.place(saying(round, n), ALONE).await.unwrap() })
            });
            let mut kept = Vec::new();
            for (n, racer) in (0_u8..).zip(racers.collect::<Vec<_>>()) {
                match racer.await.unwrap() {
                    Placed::Kept => kept.push(n),
                    Placed::Unmet => {}
                    // Counted before it is kept: 64 at once may seem too many for half of 100.
                    Placed::Crowded(crowd) => assert_eq!(crowd, Crowd::Share),
                }
            }
            assert_eq!(kept.len(), 1, "round {round} of {store:?}");
            let held = store.fetch(&key("a", round), NOW).await.unwrap().unwrap();
            assert_eq!(held.sealed.as_bytes(), saying(round, kept[0]).sealed.as_bytes());
        }
        assert_eq!(store.census().await.unwrap().entries, 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_forty_children_at_once_as_many_are_kept_as_their_parent_may_have() {
    const MAX: When = When::Absent { siblings_max: 10 };
    for Engine { store, _servers } in stores().await {
        let racers = (0..40).map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.place(child(n, 200), MAX).await.unwrap() })
        });
        let mut kept = 0;
        for racer in racers.collect::<Vec<_>>() {
            let placed = racer.await.unwrap();
            if placed == Placed::Kept {
                kept += 1;
            } else {
                assert_eq!(placed, Placed::Crowded(Crowd::Parent));
            }
        }
        assert_eq!(kept, 10, "{store:?}");
        let parent = |n: u8| RecordKey { id: HandleId::from_random([n; 16]), ..key("a", 0) };
        let room = async |n, now, max| store.room(&parent(n), now, max).await.unwrap();
        assert_eq!(room(200, NOW, 10).await, Some(Crowd::Parent));
        assert_eq!(room(200, NOW, 11).await, None);
        assert_eq!(room(201, NOW, 10).await, None);
        assert_eq!(store.place(child(80, 201), MAX).await.unwrap(), Placed::Kept, "another's");
        let over = Timestamp::from_secs(1_000_060);
        assert_eq!(room(200, over, 10).await, None, "they have expired");
        let late = Record { issued: over, expires: Expiry::from_secs(1_000_120), ..child(81, 200) };
        assert_eq!(store.place(late, MAX).await.unwrap(), Placed::Kept);
    }
}

#[tokio::test]
async fn what_is_learnt_never_takes_the_room_for_issuing() {
    for Engine { store, _servers } in stores().await {
        let share = u8::try_from(learnt_max(BOUND)).unwrap();
        for n in 0..share {
            assert_eq!(store.place(child(n, n), ALONE).await.unwrap(), Placed::Kept, "{n}");
        }
        let parent = RecordKey { id: HandleId::from_random([210; 16]), ..key("a", 0) };
        for n in share..share + 5 {
            let crowded = store.place(child(n, 210), ALONE).await.unwrap();
            assert_eq!(crowded, Placed::Crowded(Crowd::Share));
        }
        assert_eq!(store.room(&parent, NOW, 10).await.unwrap(), Some(Crowd::Share));
        let census = store.census().await.unwrap();
        assert_eq!((census.entries, census.learnt), (50, 50));
        assert_eq!(census.by_key, [(KeyId::new(7).unwrap(), 50)]);
        let issued = (100..150).map(|n| record(key("a", n), Uses::Once)).collect();
        store.put(issued).await.unwrap();
        assert_eq!(store.census().await.unwrap().entries, BOUND);
        // What makes room among the issued makes none for the learnt.
        store.remove(&key("a", 100), NOW).await.unwrap();
        let crowded = store.place(child(60, 210), ALONE).await.unwrap();
        assert_eq!(crowded, Placed::Crowded(Crowd::Share));
        store
            .remove(&RecordKey { id: HandleId::from_random([0; 16]), ..key("a", 0) }, NOW)
            .await
            .unwrap();
        assert_eq!(store.place(child(60, 210), ALONE).await.unwrap(), Placed::Kept);
    }
}
