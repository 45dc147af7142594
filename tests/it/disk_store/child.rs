//! The parts that a child process plays, and how a parent starts it and hears of its progress.
//!
//! A line is written only after the store has acknowledged what it says.

use std::io::{BufRead as _, BufReader, Write as _, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use cloakroom::domain::lease::{Granted, Settled};
use cloakroom::store::{Reserved, Store as _, StoreFault};

use super::*;

const PART: &str = "CLOAKROOM_DISK_PART";
const FILE: &str = "CLOAKROOM_DISK_FILE";
const FIRST: &str = "CLOAKROOM_DISK_FIRST";
const TEST: &str = "disk_store::child::a_child_plays_its_part";

/// A child, killed when it goes out of scope.
pub(super) struct Player {
    child: Child,
    pub(super) orders: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Player {
    /// Plays `part` on the store in `file`, with entries numbered from `first`.
    pub(super) fn start(part: &str, file: &Path, first: u64) -> Player {
        Player::start_through(Command::new(std::env::current_exe().unwrap()), part, file, first)
    }

    pub(super) fn start_through(
        mut command: Command,
        part: &str,
        file: &Path,
        first: u64,
    ) -> Player {
        command.args(["--exact", TEST, "--nocapture", "--test-threads=1"]);
        command.env(PART, part).env(FILE, file).env(FIRST, first.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let orders = child.stdin.take().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Player { child, orders, says }
    }

    /// The next whole line that is the part's and not the test runner's: a word and a number.
    pub(super) fn line(&mut self) -> Option<(String, u64)> {
        loop {
            let mut line = String::new();
            self.says.read_line(&mut line).unwrap();
            // Cut off by the kill: not said.
            let line = line.strip_suffix('\n')?;
            let Some((word, number)) = line.rsplit_once(' ') else { continue };
            // The runner writes its own words before our first on the same line.
            let word = word.rsplit(' ').next().unwrap();
            match number.parse() {
                Ok(number) if word.starts_with('+') => return Some((word.to_owned(), number)),
                Ok(_) | Err(_) => {}
            }
        }
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub(super) fn done(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(word: &str, number: u64) {
    let mut out = stdout().lock();
    writeln!(out, "{word} {number}").unwrap();
    out.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_plays_its_part() {
    // No part: the test run itself is going on.
    let Ok(part) = std::env::var(PART) else { return };
    let file = PathBuf::from(std::env::var(FILE).unwrap());
    let first = std::env::var(FIRST).unwrap().parse().unwrap();
    let store = Arc::new(open(&file));
    match part.as_str() {
        "load" => under_load(&store, first).await,
        "alone" => one_by_one(&store, first).await,
        "race" => racing(&store, first).await,
        "full" => until_full(&store, first).await,
        other => panic!("no such part: {other}"),
    }
}

/// Sixteen callers issue and redeem until someone kills them; every fourth handle is not redeemed.
async fn under_load(store: &Arc<DiskStore>, first: u64) {
    let callers = (0..16).map(|caller| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for n in (first + caller..).step_by(16) {
                store.put(vec![record(n)]).await.unwrap();
                say("+put", n);
                if n / 16 % 4 == 0 {
                    continue;
                }
                let Reserved::Granted(Granted::Leased(lease), _) = reserve(&store, n, n).await
                else {
                    panic!("a handle of my own was refused");
                };
                say("+reserved", n);
                if n / 16 % 4 == 1 {
                    continue;
                }
                let settled = store.commit(&key(n), &lease, NOW).await.unwrap();
                assert_eq!(settled, Settled::Done);
                say("+spent", n);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

/// One caller issues and redeems until someone kills it, and does nothing at the same time as another thing.
async fn one_by_one(store: &Arc<DiskStore>, first: u64) {
    for n in first.. {
        store.put(vec![record(n)]).await.unwrap();
        say("+put", n);
        let Reserved::Granted(Granted::Leased(lease), _) = reserve(store, n, n).await else {
            panic!("a handle of my own was refused");
        };
        say("+reserved", n);
        assert_eq!(store.commit(&key(n), &lease, NOW).await.unwrap(), Settled::Done);
        say("+spent", n);
    }
}

/// Thirty-two callers for each of a hundred handles, each at the word; says which were won here.
async fn racing(store: &Arc<DiskStore>, first: u64) {
    say("+ready", 0);
    for n in 0..100 {
        stdin().lock().read_line(&mut String::new()).unwrap();
        let racers = (0..32).map(|racer| {
            let store = Arc::clone(store);
            tokio::spawn(async move { reserve(&store, n, first + racer).await })
        });
        for racer in racers.collect::<Vec<_>>() {
            if let Reserved::Granted(..) = racer.await.unwrap() {
                say("+won", n);
            }
        }
        store.put(vec![record(first + n)]).await.unwrap();
        say("+put", first + n);
    }
}

/// Issues until the disk is full, and says what was acknowledged and that the store goes on.
async fn until_full(store: &Arc<DiskStore>, first: u64) {
    for n in first.. {
        match store.put(vec![record(n)]).await {
            Ok(()) => say("+put", n),
            Err(StoreFault::NoSpace) => {
                say("+full", n);
                break;
            }
            Err(_) => {
                say("+refused", n);
                break;
            }
        }
    }
    assert!(holds(store, first).await, "reading goes on");
    say("+read", first);
}
