//! What is left after many threads is counted and listed as what it is, and at no moment was there too much.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::books::{SIBLINGS_MAX, Sort, agree, key, made, print};
use super::model::{ENTRIES_MAX, Model};
use super::*;
use crate::domain::lease::Granted;

/// What one thread does: it puts, learns, renews, redeems and removes what others do too.
async fn hammer(store: &MemoryStore, seed: u64) {
    let mut state = seed;
    for round in 0..3000_u64 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [a, b, c, d, e, ..] = (state >> 20).to_le_bytes();
        let now = NOW.plus(std::time::Duration::from_millis(round));
        let sort = Sort {
            tenant: a % 2,
            id: b % 10,
            subject: Some(c % 3),
            parent: (d % 2 == 0).then_some(d / 2 % 4),
            ttl: 1 + c % 3,
            key: 1,
        };
        let record = made(&sort, now);
        let (own, parent) = (record.key.clone(), key(sort.tenant, d / 2 % 4));
        let ask =
            Ask { now, lease: LeaseId::from_random([1; 16]), request: print(1), binding: None };
        match e % 8 {
            0 => drop(store.put(vec![record]).await),
            1 | 2 => drop(store.place(record, When::Absent { siblings_max: SIBLINGS_MAX }).await),
            3 => drop(store.place(record, When::Present).await),
            4 => drop(store.remove(&parent, now).await),
            5 => drop(store.sweep(now).await),
            6 => drop(store.remove_subject(&own.tenant, &[print(c % 3)], now).await),
            _ => {
                let granted = store.reserve(&own, &ask, &Terms::default()).await;
                if let Ok(Reserved::Granted(Granted::Leased(lease), _)) = granted {
                    drop(store.commit(&own, &lease, now).await);
                }
            }
        }
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn after_many_threads_every_count_and_list_is_that_of_what_is_there() {
    let (store, done) = (MemoryStore::new(ENTRIES_MAX), AtomicBool::new(false));
    let store = &store;
    let at_most = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut at_most = 0;
            while !done.load(Ordering::Relaxed) {
                at_most = at_most.max(wait(entries(store)));
                thread::yield_now();
            }
            at_most
        });
        let all: Vec<_> =
            (1..5).map(|seed| scope.spawn(move || wait(hammer(store, seed)))).collect();
        let ended: Vec<_> = all.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
        watcher.join().unwrap()
    });
    assert!((1..=ENTRIES_MAX).contains(&at_most), "{at_most}");
    wait(async {
        let mut model = Model::default();
        // All that is there is live at the time before the first step.
        for (owner, n) in (0..2).flat_map(|owner| (0..10).map(move |n| (owner, n))) {
            if let Some(record) = store.fetch(&key(owner, n), NOW).await.unwrap() {
                model.0.insert(record.key.clone(), Record::clone(&record));
            }
        }
        agree(store, &model, NOW).await;
        while store.sweep(OVER).await.unwrap() > 0 {}
        agree(store, &Model::default(), NOW).await;
    });
}
