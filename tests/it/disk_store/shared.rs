//! Two processes on one file, as while a binary is upgraded.

use std::io::Write as _;

use cloakroom::store::{Reserved, Store as _};

use super::child::Player;
use super::*;

#[tokio::test]
async fn of_sixty_four_redeems_in_two_processes_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let store = open(&file);
    store.put((0..100).map(record).collect()).await.unwrap();
    let mut children = [10_000, 20_000].map(|first| Player::start("race", &file, first));
    for child in &mut children {
        assert_eq!(child.line().unwrap().0, "+ready");
    }
    let (mut won, mut winners, mut put) = ([0; 100], [0; 2], Vec::new());
    for _ in 0..100 {
        for child in &mut children {
            child.orders.write_all(b"go\n").unwrap();
        }
        for (child, wins) in children.iter_mut().zip(&mut winners) {
            loop {
                let (word, n) = child.line().unwrap();
                if word == "+put" {
                    put.push(n);
                    break;
                }
                won[usize::try_from(n).unwrap()] += 1;
                *wins += 1;
            }
        }
    }
    children.into_iter().for_each(Player::done);
    println!("won by the one and the other: {winners:?}");
    assert_eq!(won, [1; 100]);
    assert_eq!(put.len(), 200);
    for n in put {
        assert!(holds(&store, n).await, "{n}");
    }
    assert_eq!(store.census().await.unwrap().entries, 300);
    for n in 0..100 {
        let again = reserve(&store, n, u64::MAX).await;
        assert!(matches!(again, Reserved::Refused(_)), "{again:?}");
    }
}

#[test]
fn of_many_that_make_the_file_at_once_none_fails() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store");
        std::thread::scope(|scope| {
            let openers: Vec<_> = (0..6).map(|_| scope.spawn(|| open(&file))).collect();
            let stores: Vec<_> = openers.into_iter().map(|opener| opener.join().unwrap()).collect();
            assert_eq!(stores.len(), 6);
        });
    }
}

#[test]
fn a_store_that_closes_keeps_no_other_from_opening() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let file = &file;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                for n in 0..30 {
                    let store = open(file);
                    let put = store.put(vec![record(thread * 100 + n)]);
                    runtime.as_ref().unwrap().block_on(put).unwrap();
                }
            });
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(open(&file).census()).unwrap().entries, 90);
}

#[tokio::test]
async fn a_bound_counts_what_the_other_process_put() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let bounded = DiskOptions { entries_max: 3, ..OPTIONS };
    let (one, other) =
        (DiskStore::open(&file, bounded).unwrap(), DiskStore::open(&file, bounded).unwrap());
    one.put(vec![record(1), record(2)]).await.unwrap();
    assert!(other.put(vec![record(3), record(4)]).await.is_err());
    other.put(vec![record(3)]).await.unwrap();
    assert!(one.put(vec![record(4)]).await.is_err());
    drop(other);
    assert!(one.remove(&key(3), NOW).await.unwrap());
    one.put(vec![record(4)]).await.unwrap();
}
