//! What the disk store owes beyond the contract: its file, its disk, its neighbours and its crashes.
//!
//! A child process is this test binary again, told by its environment to play a part (`child`).

mod bounds;
mod child;
mod crash;
mod damage;
mod opening;
mod shared;
mod synced;

use std::path::Path;

use cloakroom::domain::lease::{Ask, LeaseId, Ledger, Terms};
use cloakroom::domain::seal::Sealed;
use cloakroom::domain::{Expiry, Fingerprint, HandleId, KeyId, TenantId, Timestamp, Uses};
use cloakroom::store::disk::{DiskOptions, DiskStore};
use cloakroom::store::{Record, RecordKey, Reserved, Store};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const OPTIONS: DiskOptions = DiskOptions { entries_max: 1_000_000, bytes_max: 1 << 30 };

fn open(path: &Path) -> DiskStore {
    DiskStore::open(path, OPTIONS).unwrap()
}

fn key(n: u64) -> RecordKey {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&n.to_be_bytes());
    RecordKey { tenant: TenantId::parse("acme").unwrap(), id: HandleId::from_random(id) }
}

/// A `once` record with 500 B that say which it is.
fn record(n: u64) -> Record {
    let mut sealed = n.to_be_bytes().repeat(64);
    sealed[..2].copy_from_slice(&[1, 1]);
    Record {
        key: key(n),
        sealed: Sealed::from_bytes(&sealed).unwrap(),
        key_id: KeyId::new(1).unwrap(),
        uses: Uses::Once,
        issued: NOW,
        expires: Expiry::from_secs(1_000_060),
        subject: Some(Fingerprint::from_bytes([u8::try_from(n % 8).unwrap(); 16])),
        parent: None,
        ledger: Ledger::new(),
    }
}

/// A request of its own for each `who`.
fn ask(who: u64) -> Ask {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&who.to_be_bytes());
    Ask {
        now: NOW,
        lease: LeaseId::from_random(name),
        request: Fingerprint::from_bytes(name),
        binding: None,
    }
}

async fn reserve(store: &DiskStore, n: u64, who: u64) -> Reserved {
    store.reserve(&key(n), &ask(who), &Terms::default()).await.unwrap()
}

async fn holds(store: &DiskStore, n: u64) -> bool {
    let found = store.fetch(&key(n), NOW).await.unwrap();
    found.inspect(|found| assert_eq!(found.sealed, record(n).sealed)).is_some()
}

/// Reproducible chance (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (n ^ n >> 31) % bound
    }
}
