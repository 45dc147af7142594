//! Callers that ask at once, by chance, and what was seen of it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloakroom::domain::Fingerprint;
use cloakroom::domain::Uses;
use cloakroom::domain::lease::{Ask, LeaseId, Ledger, Settled, Terms};
use cloakroom::store::{Reserved, Store};
use tokio::sync::Barrier;

use super::USES;
use super::spec::{Call, Event, Handle, Said, is_explained};
use crate::redis_store::shared::{NOW, key, lease, record};

const CALLERS: u64 = 4;
const SHORT: Terms = Terms {
    lease_max: Duration::from_secs(4),
    replay_window: Duration::from_secs(3),
    releases_max: 3,
};

/// What lies between the callers and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// A call arrives once.
    Hold,
    /// A call may arrive twice: it is sent again where the line broke before the answer.
    Break,
}

impl Lines {
    /// Calls of one caller in a round, over all handles. What may arrive twice may be ordered in many more ways.
    fn calls(self) -> u64 {
        match self {
            Self::Hold => 8,
            Self::Break => 2,
        }
    }
}

/// The number of whoever sends a call again: above every caller's, so that it is thought of last.
const AGAIN: u64 = 1_000;

/// Whoever is asked.
#[async_trait]
pub(super) trait Answers: Send + Sync {
    /// Has handles with these numbers, one for each of [`USES`], that nobody has used.
    async fn begin(&self, first: u64);

    /// Nothing where it is not known what was done.
    async fn answer(&self, number: u64, uses: Uses, call: &Call) -> Option<Said>;
}

/// A store that is asked. Some calls are given up before their answer.
struct Asked(Arc<dyn Store>);

#[async_trait]
impl Answers for Asked {
    async fn begin(&self, first: u64) {
        let all: Vec<_> = (first..).zip(USES).map(|(n, uses)| record(n, uses)).collect();
        // Whose connection is cut tries again.
        while self.0.put(all.clone()).await.is_err() {}
    }

    async fn answer(&self, number: u64, _: Uses, call: &Call) -> Option<Said> {
        let (key, store) = (key(number), &self.0);
        match call {
            Call::Reserve(ask, terms) => match store.reserve(&key, ask, terms).await.ok()? {
                Reserved::Missing => panic!("{number} is missing"),
                Reserved::Refused(refused) => Some(Said::Refused(refused)),
                Reserved::Granted(granted, _) => Some(Ok(granted).into()),
            },
            Call::Commit(lease, now) => settled(store.commit(&key, lease, *now).await.ok()?),
            Call::Release(lease, terms) => settled(store.release(&key, lease, terms).await.ok()?),
            Call::Look => Some(Said::Stands(store.fetch(&key, NOW).await.ok()??.ledger.clone())),
        }
    }
}

fn settled(settled: Settled) -> Option<Said> {
    Some(Said::Settled(settled))
}

/// What was seen, over all rounds.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) histories: u64,
    pub(super) calls: u64,
    pub(super) unanswered: u64,
    /// Calls that were asked while another of the same handle was under way.
    pub(super) overlapping: u64,
    pub(super) granted: u64,
    pub(super) replayed: u64,
    pub(super) refused: u64,
    pub(super) settled: u64,
    pub(super) unexplained: Vec<String>,
}

impl Tally {
    fn add(&mut self, uses: Uses, events: &[Event]) {
        self.histories += 1;
        let mut open = 0;
        for event in events {
            match event {
                Event::Asked(..) => {
                    self.calls += 1;
                    self.overlapping += u64::from(open > 0);
                    open += 1;
                }
                Event::Answered(_, said) => {
                    open -= 1;
                    match said {
                        Said::Leased(_) | Said::Bound => self.granted += 1,
                        Said::Replay => self.replayed += 1,
                        Said::Refused(_) => self.refused += 1,
                        Said::Settled(Settled::Done) => self.settled += 1,
                        Said::Settled(Settled::Stale) | Said::Stands(_) => {}
                    }
                }
            }
        }
        self.unanswered += open;
        if !is_explained(Handle { uses, ledger: Ledger::new() }, events) {
            self.unexplained.push(format!("{uses:?}: {events:#?}"));
        }
    }
}

/// Chance that can be had again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, max: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % max
    }
}

/// What one handle saw.
#[derive(Default)]
struct History {
    events: Mutex<Vec<Event>>,
    /// The leases that were asked for.
    leases: Mutex<Vec<LeaseId>>,
}

/// One round: its handles, and a number for whoever asks after it was not answered.
struct Round {
    first: u64,
    histories: [History; 3],
    callers: AtomicU64,
    start: Barrier,
    lines: Lines,
}

impl Round {
    fn call(&self, at: usize, chance: &mut Chance) -> Call {
        let now = NOW.plus(Duration::from_secs(chance.below(8)));
        let leases = &self.histories[at].leases;
        let known = leases.lock().unwrap().clone();
        match chance.below(8) {
            0..4 => {
                static NEXT: AtomicU64 = AtomicU64::new(1);
                let name = lease(NEXT.fetch_add(1, Ordering::SeqCst));
                leases.lock().unwrap().push(name);
                let print = |byte: u64| Fingerprint::from_bytes(u128::from(byte).to_be_bytes());
                let (request, to) = (print(chance.below(2)), chance.below(3));
                let binding = (to > 0).then(|| print(to));
                Call::Reserve(Ask { now, lease: name, request, binding }, SHORT)
            }
            way @ 4..7 if !known.is_empty() => {
                let max = u64::try_from(known.len()).unwrap();
                let lease = known[usize::try_from(chance.below(max)).unwrap()];
                if way == 6 { Call::Release(lease, SHORT) } else { Call::Commit(lease, now) }
            }
            _ => Call::Look,
        }
    }

    async fn ask(&self, store: &dyn Answers, mut chance: Chance) {
        let caller = || self.callers.fetch_add(1, Ordering::SeqCst);
        let mut me = caller();
        self.start.wait().await;
        for _ in 0..self.lines.calls() {
            let at = usize::try_from(chance.below(3)).unwrap();
            let (number, uses) = (self.first + u64::try_from(at).unwrap(), USES[at]);
            let call = self.call(at, &mut chance);
            let events = &self.histories[at].events;
            events.lock().unwrap().push(Event::Asked(me, call.clone()));
            if self.lines == Lines::Break && !matches!(call, Call::Look) {
                events.lock().unwrap().push(Event::Asked(AGAIN + caller(), call.clone()));
            }
            let asked = store.answer(number, uses, &call);
            let said = if chance.below(8) == 0 {
                // Given up, as by a caller that has gone.
                tokio::select! {
                    biased;
                    said = asked => said,
                    () = tokio::task::yield_now() => None,
                }
            } else {
                asked.await
            };
            match said {
                Some(said) => events.lock().unwrap().push(Event::Answered(me, said)),
                None => me = caller(),
            }
        }
    }
}

/// Rounds of callers over two stores that hold the same records; numbers are of rounds that there were not yet.
pub(super) async fn rounds(
    numbers: Range<u64>,
    lines: Lines,
    stores: &[Arc<dyn Store>; 2],
    tally: &mut Tally,
) {
    let asked = |store: &Arc<dyn Store>| Arc::new(Asked(Arc::clone(store))) as Arc<dyn Answers>;
    rounds_of(numbers, lines, &[asked(&stores[0]), asked(&stores[1])], tally).await;
}

/// The same over whatever answers.
pub(super) async fn rounds_of(
    numbers: Range<u64>,
    lines: Lines,
    answering: &[Arc<dyn Answers>; 2],
    tally: &mut Tally,
) {
    for number in numbers {
        let round = Arc::new(Round {
            first: number * 3,
            histories: Default::default(),
            callers: AtomicU64::new(0),
            start: Barrier::new(usize::try_from(CALLERS).unwrap()),
            lines,
        });
        answering[0].begin(round.first).await;
        let callers = (0..CALLERS).map(|by| {
            let store = Arc::clone(&answering[usize::from(by % 2 == 1)]);
            let (round, chance) = (Arc::clone(&round), Chance(1 + number * CALLERS + by));
            tokio::spawn(async move { round.ask(&*store, chance).await })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        for (history, uses) in round.histories.iter().zip(USES) {
            tally.add(uses, &history.events.lock().unwrap());
        }
    }
}
