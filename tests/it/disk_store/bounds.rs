//! Time, size and space: sweeps, a full disk, a clock that steps back, many at once.

use std::process::Command;
use std::sync::Arc;

use cloakroom::store::{SWEEP_MAX, Store as _, StoreFault};

use super::child::Player;
use super::*;
use crate::support::mount::Mount;

const LATER: Timestamp = Timestamp::from_secs(1_000_060);

#[tokio::test]
async fn a_sweep_takes_no_more_than_its_step_and_nothing_that_lives() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    store.put((0..150).map(record).collect()).await.unwrap();
    let late = |n| Record { expires: Expiry::from_secs(1_000_061), ..record(n) };
    store.put((150..200).map(late).collect()).await.unwrap();
    let just_before = Timestamp::from_millis(LATER.millis() - 1);
    assert_eq!(store.sweep(just_before).await.unwrap(), 0);
    let mut steps = Vec::new();
    loop {
        steps.push(store.sweep(LATER).await.unwrap());
        if steps.last() < Some(&SWEEP_MAX) {
            break;
        }
    }
    assert_eq!(steps, [64, 64, 22]);
    assert_eq!(store.census().await.unwrap().entries, 50);
    for n in 150..200 {
        assert!(store.fetch(&key(n), LATER).await.unwrap().is_some(), "{n}");
    }
}

#[tokio::test]
async fn a_clock_that_steps_back_frees_no_lease_and_loses_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    store.put(vec![record(1)]).await.unwrap();
    assert!(matches!(reserve(&store, 1, 1).await, Reserved::Granted(..)));
    let before = Timestamp::from_secs(900_000);
    assert!(store.fetch(&key(1), before).await.unwrap().is_some());
    assert_eq!(store.sweep(before).await.unwrap(), 0);
    let early = Ask { now: before, ..ask(2) };
    let again = store.reserve(&key(1), &early, &Terms::default()).await.unwrap();
    assert!(matches!(again, Reserved::Refused(_)), "{again:?}");
}

#[tokio::test]
async fn a_large_erasure_is_whole_when_it_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    let of = |n| Record { subject: Some(Fingerprint::from_bytes([9; 16])), ..record(n) };
    store.put((0..300).map(of).collect()).await.unwrap();
    let learnt = |n| Record { parent: Some(key(7).id), subject: None, ..record(n) };
    store.put((300..500).map(learnt).collect()).await.unwrap();
    let learnt = |n| Record { parent: Some(key(999).id), ..record(n) };
    store.put((500..700).map(learnt).collect()).await.unwrap();
    let tenant = TenantId::parse("acme").unwrap();
    let subject = [Fingerprint::from_bytes([9; 16])];
    assert_eq!(store.remove_subject(&tenant, &subject, NOW).await.unwrap(), 300);
    assert_eq!(store.census().await.unwrap().entries, 200);
    assert!(!store.remove(&key(999), NOW).await.unwrap());
    assert_eq!(store.census().await.unwrap().entries, 0);
}

#[tokio::test]
async fn a_replacement_needs_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let bounded = DiskOptions { entries_max: 2, ..OPTIONS };
    let store = DiskStore::open(&folder.path().join("store"), bounded).unwrap();
    store.put(vec![record(1), record(2)]).await.unwrap();
    store.put(vec![record(2), record(1), record(2)]).await.unwrap();
    let full = store.put(vec![record(2), record(3)]).await;
    assert_eq!(full, Err(StoreFault::Full { entries_max: 2 }));
    assert_eq!(store.census().await.unwrap().entries, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_together_share_an_fsync() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder.path().join("store")));
    let callers = (0..64).map(|caller| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 0..20 {
                store.put(vec![record(caller * 100 + n)]).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let pace = store.pace();
    assert_eq!(pace.writes, 64 * 20);
    assert!(pace.groups < pace.writes / 2, "{pace:?}");
}

#[tokio::test]
async fn a_file_at_its_bound_refuses_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let small = DiskOptions { bytes_max: 200 << 10, ..OPTIONS };
    let path = folder.path().join("store");
    let store = DiskStore::open(&path, small).unwrap();
    let mut held = 0;
    while store.put(vec![record(held)]).await.is_ok() {
        held += 1;
    }
    assert!(held > 50, "{held}");
    assert_eq!(store.put(vec![record(held)]).await, Err(StoreFault::NoSpace));
    goes_on(&store, held).await;
    drop(store);
    assert!(std::fs::metadata(&path).unwrap().len() <= 200 << 10);
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let test = "disk_store::bounds::a_full_disk_refuses_and_loses_nothing";
    let Some(mount) = Mount::on(folder.path(), "2m", test) else { return };
    let path = mount.0.join("store");
    let ballast = mount.0.join("ballast");
    std::fs::write(&ballast, vec![0; 512 << 10]).unwrap();
    let store = open(&path);
    let mut held = 0;
    while store.put(vec![record(held)]).await.is_ok() {
        held += 1;
    }
    assert_eq!(store.put(vec![record(held)]).await, Err(StoreFault::NoSpace));
    println!("{held} entries on 2 MiB");
    assert!(held > 50, "{held}");
    for n in 0..held {
        assert!(holds(&store, n).await, "{n} was acknowledged");
    }
    assert!(!holds(&store, held).await, "nothing that was refused is there");
    drop(store);
    let store = open(&path);
    for n in 0..held {
        assert!(holds(&store, n).await, "{n} was acknowledged");
    }
    std::fs::remove_file(ballast).unwrap();
    goes_on(&store, held).await;
}

/// Everything is there, a removal succeeds, and what it frees is taken.
async fn goes_on(store: &DiskStore, held: u64) {
    for n in 0..held {
        assert!(holds(store, n).await, "{n} was acknowledged");
    }
    for n in 0..20 {
        assert!(store.remove(&key(n), NOW).await.unwrap(), "{n}");
    }
    store.put(vec![record(1_000_000)]).await.unwrap();
    assert_eq!(store.census().await.unwrap().entries, held - 19);
}

/// A child that issues into this file through `command` until it is refused: how, and what it had acknowledged is there.
async fn until_refused(command: Command, path: &Path) -> String {
    let mut child = Player::start_through(command, "full", path, 0);
    let mut said = Vec::new();
    while let Some(line) = child.line() {
        said.push(line);
    }
    child.done();
    let held = said.iter().filter(|(word, _)| word == "+put").count() as u64;
    assert!(held > 20, "{said:?}");
    let [.., (how, at), read] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((*at, read), (held, &("+read".to_owned(), 0)));
    let store = open(path);
    for n in 0..held {
        assert!(holds(&store, n).await, "{n} was acknowledged");
    }
    store.put(vec![record(held + 1)]).await.unwrap();
    how.clone()
}

#[tokio::test]
async fn a_file_that_may_not_grow_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(open(&path));
    let mut shell = Command::new("sh");
    let limited = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\"";
    shell.args(["-c", limited]).arg(std::env::current_exe().unwrap());
    assert_eq!(until_refused(shell, &path).await, "+refused");
}

/// The system's calls that write, as on a full disk or under a quota: by a library that is loaded before its own. So
/// this needs no right to mount.
#[tokio::test]
async fn an_exhausted_quota_is_a_lack_of_space_as_a_full_disk_is() {
    let folder = tempfile::tempdir().unwrap();
    let library = crate::support::preload::built("disk_store/quota.c", folder.path());
    for (errno, how) in [("ENOSPC", "+full"), ("EDQUOT", "+full"), ("EIO", "+refused")] {
        let path = folder.path().join(errno);
        drop(open(&path));
        let mut limited = Command::new(std::env::current_exe().unwrap());
        limited.env("LD_PRELOAD", &library).env("QUOTA_BYTES", "1000000").env("QUOTA_ERRNO", errno);
        assert_eq!(until_refused(limited, &path).await, how, "{errno}");
        let tried = folder.path().join(format!("{errno}-room"));
        assert!(!tried.exists(), "what was tried is gone");
    }
}
