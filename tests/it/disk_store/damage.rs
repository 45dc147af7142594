//! A damaged file: never a panic, never a wrong record, never a spent handle that works again.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use cloakroom::domain::lease::{Granted, Settled};
use cloakroom::store::disk::OpenFault;
use cloakroom::store::{Store as _, StoreFault};
use tempfile::TempDir;

use super::*;

const ENTRIES: u64 = 60;
const FLIPS: u64 = 300;

/// A closed file with [`ENTRIES`] records, the odd ones spent, and its bytes.
async fn written() -> (TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = open(&path);
    for n in 0..ENTRIES {
        store.put(vec![record(n)]).await.unwrap();
        if n % 2 == 1 {
            let Reserved::Granted(Granted::Leased(lease), _) = reserve(&store, n, n).await else {
                panic!("refused");
            };
            assert_eq!(store.commit(&key(n), &lease, NOW).await.unwrap(), Settled::Done);
        }
    }
    drop(store);
    let bytes = fs::read(&path).unwrap();
    (folder, path, bytes)
}

fn overwrite(path: &Path, bytes: &[u8]) {
    for end in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        // What an earlier, damaged file left.
        let _ = fs::remove_file(name);
    }
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn garbage_and_a_file_cut_off_are_refused_or_called_damaged() {
    let (_folder, path, bytes) = written().await;
    let noise: Vec<u8> =
        (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    overwrite(&path, &noise);
    assert!(matches!(DiskStore::open(&path, OPTIONS), Err(OpenFault::Foreign(_))));
    assert_eq!(fs::read(&path).unwrap(), noise, "left as it is");
    for cut in [1, 50, 100, 1000, 4096, 8192, bytes.len() / 2, bytes.len() - 4096, bytes.len() - 1]
    {
        overwrite(&path, &bytes[..cut]);
        match DiskStore::open(&path, OPTIONS) {
            Err(OpenFault::Foreign(_) | OpenFault::Damaged(_)) => {}
            Err(other) => panic!("{cut}: {other}"),
            Ok(store) => check(&store).await,
        }
    }
    overwrite(&path, &bytes);
    let store = open(&path);
    for n in 0..ENTRIES {
        assert!(holds(&store, n).await, "the file itself is sound");
    }
}

#[tokio::test]
async fn no_flipped_bit_makes_a_wrong_record_or_frees_a_spent_one() {
    let (_folder, path, bytes) = written().await;
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let mut refused = 0;
    for flip in 0..FLIPS {
        let mut damaged = bytes.clone();
        // The header is small and all of it matters: every fourth flip is in it.
        let span = if flip % 4 == 0 { 100 } else { bytes.len() as u64 };
        let at = usize::try_from(dice.below(span)).unwrap();
        damaged[at] ^= 1 << dice.below(8);
        overwrite(&path, &damaged);
        match DiskStore::open(&path, OPTIONS) {
            Ok(store) => check(&store).await,
            Err(_) => refused += 1,
        }
    }
    println!("{FLIPS} flips, {refused} refused at opening");
}

/// Whatever a store with damage says, it is not wrong.
async fn check(store: &DiskStore) {
    for n in 0..ENTRIES {
        match store.fetch(&key(n), NOW).await {
            Ok(Some(found)) => assert_eq!(found.sealed, record(n).sealed),
            Ok(None) | Err(StoreFault::Damaged(_)) => {}
            Err(other) => panic!("{n}: {other}"),
        }
        if n % 2 == 1 {
            match store.reserve(&key(n), &ask(u64::MAX), &Terms::default()).await {
                Ok(Reserved::Granted(..)) => panic!("{n} was spent"),
                Ok(Reserved::Refused(_) | Reserved::Missing) => {}
                Err(StoreFault::Damaged(_)) => {}
                Err(other) => panic!("{n}: {other}"),
            }
        }
    }
}
