//! Two programs before three primaries with a replica each, under load; a primary is killed, or cut off, and comes
//! back.
//!
//! Judged by what the vendor was told: it counts, for each person, the calls that it accepted.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::program::Serving;
use crate::redis_store::servers::{Cluster, until};
use crate::support::calls::chat_of;
use crate::support::process::Process;
use crate::support::{Answer, Reply, SECRET, Seen, Vendor, request};

const WORKERS: u64 = 8;
/// Longer than a replica takes to take over, and above all that one call may take.
const LEASE: Duration = Duration::from_secs(20);
/// What the vendor does not accept, so that the handle works again.
const BUSY: &str = "busy";

/// What happened, over all workers.
#[derive(Default)]
struct Tally {
    next: AtomicU64,
    done: AtomicU64,
    over: AtomicBool,
    /// By number: the handle that a 201 gave out.
    issued: Mutex<BTreeMap<u64, String>>,
    /// By plane, status and code.
    answers: Mutex<BTreeMap<String, u64>>,
}

/// By person's number: how many calls with their address the vendor accepted.
type Accepted = Arc<Mutex<HashMap<u64, u64>>>;

struct Fleet {
    programs: [Serving; 2],
    _running: [Process; 2],
    _folders: [TempDir; 2],
    _vendor: Vendor,
    accepted: Accepted,
    tally: Tally,
}

/// Whose address a call holds.
fn person(seen: &Seen) -> Option<u64> {
    let (_, after) = seen.text().split_once("\"person-")?;
    after.split_once('@')?.0.parse().ok()
}

async fn counting(accepted: &Accepted) -> Vendor {
    let accepted = Arc::clone(accepted);
    Vendor::answering(move |seen| {
        let (Some(person), false) = (person(seen), seen.text().contains(BUSY)) else {
            return Reply::json(503, "{}");
        };
        *accepted.lock().unwrap().entry(person).or_default() += 1;
        Reply::json(200, &format!(r#"{{"id":"c-{person}","statusCode":0}}"#))
    })
    .await
}

impl Fleet {
    async fn before(cluster: &Cluster) -> Arc<Fleet> {
        let accepted = Accepted::default();
        let vendor = counting(&accepted).await;
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let urls = cluster.settings().urls;
        let store = format!(
            "kind = \"redis\"\ntopology = \"cluster\"\nurls = {urls:?}\nreplicas_min = 1\n\
             [limits]\nlease_max = \"{}s\"",
            LEASE.as_secs()
        );
        let more = ", connect_timeout = \"500ms\", connect_total_timeout = \"500ms\", \
                    write_timeout = \"2s\", read_timeout = \"5s\"";
        let programs =
            [0, 1].map(|at: usize| Serving::through(&store, folders[at].path(), &vendor, more));
        let running = [programs[0].start().await, programs[1].start().await];
        let fleet = Self {
            programs,
            _running: running,
            _folders: folders,
            _vendor: vendor,
            accepted,
            tally: Tally::default(),
        };
        until("both are ready", || async { fleet.is_ready(0).await && fleet.is_ready(1).await })
            .await;
        Arc::new(fleet)
    }

    async fn is_ready(&self, at: usize) -> bool {
        let program = &self.programs[at];
        program.to(program.control, &request("GET", "/readyz", &[], b"")).await.status == 200
    }

    fn note(&self, what: &str, answer: &Answer) {
        let code = answer.rejection().unwrap_or_else(|| "-".to_owned());
        let name = format!("{what} {} {code}", answer.status);
        *self.tally.answers.lock().unwrap().entry(name).or_default() += 1;
    }

    /// Issues for a person; whether that was acknowledged.
    async fn issue(&self, at: usize, person: u64) -> Option<String> {
        let bearer = format!("Bearer {SECRET}");
        let body = format!(
            r#"{{"payload":{{"EmailAddress":"person-{person}@example.com"}},"uses":"once"}}"#
        );
        let call = request("POST", "/v1/handles", &[("Authorization", &bearer)], body.as_bytes());
        let answer = self.programs[at].to(self.programs[at].control, &call).await;
        self.note("issue", &answer);
        if answer.status != 201 {
            return None;
        }
        let handle = answer.json()["handle"].as_str().unwrap().to_owned();
        self.tally.issued.lock().unwrap().insert(person, handle.clone());
        Some(handle)
    }

    /// A request like no other, so that none is another's repetition.
    async fn redeem(&self, at: usize, what: &str, handle: &str) -> Answer {
        let number = self.tally.next.fetch_add(1, Ordering::SeqCst);
        self.programs[at]
            .to(self.programs[at].data, &chat_of(&format!("{what} {number}"), handle))
            .await
    }

    /// Until it is over: issues through one program; every other handle is then raced for through both, some of them
    /// after a call that the vendor did not accept.
    async fn load(self: Arc<Self>) {
        while !self.tally.over.load(Ordering::SeqCst) {
            let person = self.tally.next.fetch_add(1, Ordering::SeqCst);
            let by = usize::from(person % 2 == 1);
            let Some(handle) = self.issue(by, person).await else { continue };
            if person % 4 < 2 {
                if person % 16 < 2 {
                    self.note("busy", &self.redeem(by, BUSY, &handle).await);
                }
                let race = (self.redeem(0, "race", &handle), self.redeem(1, "race", &handle));
                let (one, other) = tokio::join!(race.0, race.1);
                self.note("redeem", &one);
                self.note("redeem", &other);
            }
            self.tally.done.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn until_done(&self, more: u64) {
        let goal = self.tally.done.load(Ordering::SeqCst) + more;
        until("the load goes on", || async { self.tally.done.load(Ordering::SeqCst) >= goal })
            .await;
    }

    fn accepted(&self, person: u64) -> u64 {
        self.accepted.lock().unwrap().get(&person).copied().unwrap_or(0)
    }

    /// Redeems, when all is well again, every acknowledged handle that was not; gives those that nobody can redeem any
    /// more, though every lease is over.
    async fn lost(self: &Arc<Self>) -> usize {
        let ended = Instant::now();
        let issued = self.tally.issued.lock().unwrap().clone();
        let open: Vec<_> =
            issued.into_iter().filter(|(person, _)| self.accepted(*person) == 0).collect();
        let open = Mutex::new(open);
        until("what is open is redeemed, or is lost", || async {
            let all_over = ended.elapsed() > LEASE + Duration::from_secs(2);
            let round = std::mem::take(&mut *open.lock().unwrap());
            for (person, handle) in round {
                let answer = self.redeem(usize::from(person % 2 == 0), "late", &handle).await;
                if answer.status != 200 {
                    open.lock().unwrap().push((person, handle));
                }
            }
            all_over || open.lock().unwrap().is_empty()
        })
        .await;
        open.into_inner().unwrap().len()
    }

    /// Tries every handle once more; how many persons the vendor accepted more than one call with.
    async fn doubled(&self) -> usize {
        let issued = self.tally.issued.lock().unwrap().clone();
        for (person, handle) in &issued {
            let again = self.redeem(usize::from(person % 2 == 1), "again", handle).await;
            assert_eq!(again.status, 403, "{person}: {again:?}");
        }
        issued.keys().filter(|person| self.accepted(**person) > 1).count()
    }
}

async fn run(
    turn: usize,
    end: impl FnOnce(&mut Cluster, usize),
    back: impl AsyncFnOnce(&mut Cluster, usize),
) {
    let mut cluster = Cluster::start(1).await;
    let fleet = Fleet::before(&cluster).await;
    let workers: Vec<_> = (0..WORKERS).map(|_| tokio::spawn(Arc::clone(&fleet).load())).collect();
    fleet.until_done(200).await;
    let before = cluster.primaries();
    let victim = before[turn];
    end(&mut cluster, victim);
    until("a replica has taken over", || async {
        cluster.primaries().iter().any(|at| !before.contains(at))
    })
    .await;
    fleet.until_done(200).await;
    // The shard has no replica yet, and acknowledges nothing: no reason to send the traffic elsewhere.
    until("both are ready", || async { fleet.is_ready(0).await && fleet.is_ready(1).await }).await;
    back(&mut cluster, victim).await;
    cluster.until_whole(1).await;
    fleet.until_done(100).await;
    fleet.tally.over.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    let under_load = fleet.accepted.lock().unwrap().len();
    let answers = fleet.tally.answers.lock().unwrap().clone();
    let issued = fleet.tally.issued.lock().unwrap().len();
    let (lost, doubled) = (fleet.lost().await, fleet.doubled().await);
    let count = |name: &str| answers.get(name).copied().unwrap_or(0);
    let withheld = u64::try_from(under_load).unwrap() - count("redeem 200 -");
    println!(
        "acknowledged {issued}, accepted by the vendor under load {under_load} (answers withheld {withheld}); \
         acknowledged and lost {lost}, revealed twice {doubled}; {answers:?}"
    );
    for program in &fleet.programs {
        let metrics = program.to(program.control, &request("GET", "/metrics", &[], b"")).await;
        let late = metrics.text();
        let late = late.lines().filter(|line| line.starts_with("cloakroom_late_commits_total"));
        println!("{:?}", late.collect::<Vec<_>>());
    }
    assert_eq!((lost, doubled), (0, 0));
    assert!(under_load > 200 && issued > 400, "{issued} and {under_load}");
    assert!(answers.contains_key("busy 503 -"), "some were given back: {answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_lose_and_double_nothing_when_the_second_primary_dies_under_load() {
    run(1, kill, bring_back).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_lose_and_double_nothing_when_the_first_primary_is_cut_off_under_load() {
    run(0, cut_off, let_go_on).await;
}

fn kill(cluster: &mut Cluster, victim: usize) {
    cluster.nodes[victim].kill();
}

async fn bring_back(cluster: &mut Cluster, victim: usize) {
    cluster.nodes[victim].restart().await;
}

fn cut_off(cluster: &mut Cluster, victim: usize) {
    cluster.nodes[victim].signal("STOP");
}

async fn let_go_on(cluster: &mut Cluster, victim: usize) {
    cluster.nodes[victim].signal("CONT");
}
