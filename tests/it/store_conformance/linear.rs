//! Every engine under concurrent callers, judged by what it answered: there must be an order of the calls, each between
//! its asking and its answer, in which the ledger itself would have answered so.
//!
//! A call whose answer never came may have been done at any time after it was asked, or never. Handles have nothing to
//! do with each other, so the calls of each are judged by themselves, and histories are short and many: finding an order
//! takes time that grows with every way in which calls overlap.

mod callers;
mod spec;

use std::sync::Arc;

use cloakroom::domain::Uses;
use cloakroom::domain::lease::{Ledger, Settled};
use cloakroom::store::Store;
use cloakroom::store::disk::{DiskOptions, DiskStore};
use cloakroom::store::memory::MemoryStore;
use cloakroom::store::redis::{RedisSettings, RedisStore};
use tokio::sync::Mutex;

use self::callers::{Answers, Lines, Tally, rounds};
use self::spec::{Call, Event, Handle, Said, is_explained};
use crate::redis_store::servers::Server;
use crate::redis_store::shared::{NOW, TERMS, ask, lease};

const USES: [Uses; 3] = [Uses::Once, Uses::Conversation, Uses::UntilExpiry];
const ROUNDS: u64 = 300;
const CUTS: u64 = 20;

async fn hold(name: &str, count: u64, stores: [Arc<dyn Store>; 2]) -> Tally {
    let mut tally = Tally::default();
    rounds(0..count, Lines::Hold, &stores, &mut tally).await;
    println!("{name}: {tally:?}");
    assert!(tally.unexplained.is_empty(), "{name}: no order explains\n{}", tally.unexplained[0]);
    // Or nothing was tried.
    assert!(tally.overlapping > 0 && tally.granted > ROUNDS, "{tally:?}");
    assert!(tally.replayed > 0 && tally.refused > 0 && tally.settled > 0, "{tally:?}");
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_explains_what_the_memory_store_answers() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(1_000_000));
    // It is asked and has answered before another caller comes, most of the time.
    hold("memory", 10 * ROUNDS, [Arc::clone(&store), store]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_explains_what_two_disk_stores_on_a_file_answer() {
    let folder = tempfile::tempdir().unwrap();
    let options = DiskOptions { entries_max: 1_000_000, bytes_max: 64 << 20 };
    let open = || -> Arc<dyn Store> {
        Arc::new(DiskStore::open(&folder.path().join("store"), options).unwrap())
    };
    let tally = hold("disk", ROUNDS, [open(), open()]).await;
    assert!(tally.overlapping > ROUNDS && tally.unanswered > 0, "{tally:?}");
}

fn redis(server: &Server) -> Arc<dyn Store> {
    let near_age_max = std::time::Duration::ZERO;
    Arc::new(RedisStore::new(&RedisSettings { near_age_max, ..server.settings() }).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_explains_what_two_redis_stores_on_a_server_answer() {
    let server = Server::start(&[]).await;
    let tally = hold("redis", ROUNDS, [redis(&server), redis(&server)]).await;
    assert!(tally.overlapping > ROUNDS && tally.unanswered > 0, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_explains_what_redis_answers_when_its_connections_are_cut() {
    let server = Arc::new(Server::start(&[]).await);
    let stores = [redis(&server), redis(&server)];
    let mut tally = Tally::default();
    for number in 0..CUTS {
        let server = Arc::clone(&server);
        let cut = tokio::task::spawn_blocking(move || {
            server.say(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
        });
        rounds(number..number + 1, Lines::Break, &stores, &mut tally).await;
        cut.await.unwrap();
    }
    println!("redis, cut {CUTS} times: {tally:?}");
    assert!(tally.unexplained.is_empty(), "no order explains\n{}", tally.unexplained[0]);
    assert!(tally.granted > 0, "{tally:?}");
}

/// What must not pass for a store: it looks, lets others have a turn, and writes.
#[derive(Default)]
struct LooksThenWrites(Mutex<Vec<(u64, Ledger)>>);

#[async_trait::async_trait]
impl Answers for LooksThenWrites {
    async fn begin(&self, first: u64) {
        *self.0.lock().await = (first..).map(|n| (n, Ledger::new())).take(USES.len()).collect();
    }

    async fn answer(&self, number: u64, uses: Uses, call: &Call) -> Option<Said> {
        let at = usize::try_from(number).unwrap() % USES.len();
        let mut handle = Handle { uses, ledger: self.0.lock().await[at].1.clone() };
        tokio::task::yield_now().await;
        let said = handle.does(call);
        self.0.lock().await[at].1 = handle.ledger;
        Some(said)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_looks_and_then_writes_is_found_out() {
    let store: Arc<dyn Answers> = Arc::new(LooksThenWrites::default());
    let (mut tally, answering) = (Tally::default(), [Arc::clone(&store), store]);
    callers::rounds_of(0..ROUNDS, Lines::Hold, &answering, &mut tally).await;
    println!(
        "a store that looks and then writes: {} histories unexplained",
        tally.unexplained.len()
    );
    assert!(!tally.unexplained.is_empty(), "{tally:?}");
}

#[test]
fn histories_that_no_order_explains_are_refused_and_one_that_waits_for_its_answer_is_not() {
    let reserve = |by: u64| Call::Reserve(ask(by), TERMS);
    let (leased, commit) = (|by| Said::Leased(lease(by)), |by| Call::Commit(lease(by), NOW));
    let done = Said::Settled(Settled::Done);
    let asked = |by, call: &Call| Event::Asked(by, call.clone());
    let once = || Handle { uses: Uses::Once, ledger: Ledger::new() };
    let one_after_the_other = [
        asked(1, &reserve(1)),
        Event::Answered(1, leased(1)),
        asked(2, &reserve(2)),
        Event::Answered(2, leased(2)),
    ];
    assert!(!is_explained(once(), &one_after_the_other), "two have it");
    let at_once = [
        asked(1, &reserve(1)),
        asked(2, &reserve(2)),
        Event::Answered(1, leased(1)),
        Event::Answered(2, leased(2)),
    ];
    assert!(!is_explained(once(), &at_once), "two have it at once");
    // Somebody else's release, whose answer never came, lets the second have it.
    let released = [
        asked(1, &reserve(1)),
        Event::Answered(1, leased(1)),
        asked(3, &Call::Release(lease(1), TERMS)),
        asked(2, &reserve(2)),
        Event::Answered(2, leased(2)),
    ];
    assert!(is_explained(once(), &released));
    // But not if it was asked only after the second had it.
    let too_late = [
        asked(1, &reserve(1)),
        Event::Answered(1, leased(1)),
        asked(2, &reserve(2)),
        Event::Answered(2, leased(2)),
        asked(3, &Call::Release(lease(1), TERMS)),
    ];
    assert!(!is_explained(once(), &too_late));
    let settled_twice = [
        asked(1, &reserve(1)),
        Event::Answered(1, leased(1)),
        asked(1, &commit(1)),
        Event::Answered(1, done.clone()),
        asked(1, &commit(1)),
        Event::Answered(1, done),
    ];
    assert!(!is_explained(once(), &settled_twice));
}
