//! `kill -9` at any point: what was acknowledged is there, and what was redeemed stays redeemed.

use std::collections::BTreeSet;

use cloakroom::domain::lease::Refused;
use cloakroom::store::Reserved;

use super::child::Player;
use super::*;

const KILLS: u64 = 50;

/// What all children have said so far.
#[derive(Default)]
struct Said {
    put: BTreeSet<u64>,
    reserved: BTreeSet<u64>,
    spent: BTreeSet<u64>,
}

impl Said {
    fn take(&mut self, (word, n): (String, u64)) {
        let list = match word.as_str() {
            "+put" => &mut self.put,
            "+reserved" => &mut self.reserved,
            "+spent" => &mut self.spent,
            other => panic!("{other}"),
        };
        list.insert(n);
    }

    /// From the entry `from` on: nothing acknowledged is lost, nothing redeemed is given out again. Redeems what
    /// nobody has.
    async fn check(&mut self, store: &DiskStore, from: u64) {
        for n in self.put.range(from..) {
            assert!(holds(store, *n).await, "{n} was acknowledged and is lost");
        }
        for n in self.spent.range(from..) {
            let again = reserve(store, *n, u64::MAX).await;
            assert!(matches!(again, Reserved::Refused(Refused::Spent)), "{n}: {again:?}");
        }
        for n in self.reserved.range(from..) {
            let again = reserve(store, *n, u64::MAX).await;
            assert!(matches!(again, Reserved::Refused(_)), "{n}: {again:?}");
        }
        let unused: Vec<u64> = self.put.range(from..).copied().collect();
        for n in unused {
            // A lease that was on disk before its caller heard of it is held all the same.
            if let Reserved::Granted(..) = reserve(store, n, u64::MAX - 1).await {
                assert!(self.reserved.insert(n), "{n} was redeemed twice");
            }
        }
    }
}

#[tokio::test]
async fn opens_after_kill_9_at_any_point() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let mut said = Said::default();
    for kill in 0..KILLS {
        let from = kill * 1_000_000;
        // Every second time, another process (this one) has the file open too, as during an upgrade.
        let other = (kill % 2 == 1).then(|| open(&file));
        let mut child = Player::start("load", &file, from);
        for _ in 0..=dice.below(400) {
            said.take(child.line().unwrap());
        }
        child.kill();
        while let Some(line) = child.line() {
            said.take(line);
        }
        let store = other.unwrap_or_else(|| open(&file));
        said.check(&store, from).await;
        // Those of all the kills before, now and then and at the end.
        if kill % 10 == 9 {
            said.check(&store, 0).await;
        }
    }
    let (put, spent) = (said.put.len(), said.spent.len());
    println!(
        "{KILLS} kills, {put} acknowledged records found, {} redeemed ({spent} committed), none twice",
        said.reserved.len()
    );
    assert!(put > 1000 && spent > 100, "{put} put, {spent} spent: too little happened");
}
