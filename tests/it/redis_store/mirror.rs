//! The lease script against the ledger that it mirrors: the same steps, the same answers, the same state.

use std::cell::RefCell;
use std::time::Duration;

use cloakroom::domain::lease::{Ask, Granted, LeaseId, Ledger, Refused, State, Terms};
use cloakroom::domain::{Expiry, Fingerprint, Timestamp, Uses};
use cloakroom::store::redis::{RedisSettings, RedisStore};
use cloakroom::store::{Record, Reserved, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::servers::Server;
use super::shared::{NOW, TERMS, ask, key, lease, record};

const RUNS: u32 = 400;

/// What happens to one handle.
#[derive(Clone, Debug)]
enum Step {
    Reserve { request: u8, binding: Option<u8>, terms: Terms },
    Commit { lease: u8 },
    Release { lease: u8, terms: Terms },
    Later { millis: u64 },
    Earlier { millis: u64 },
}

fn terms() -> impl Strategy<Value = Terms> {
    let odd = [0, 1, 2, u32::MAX].map(|releases_max| Terms { releases_max, ..TERMS });
    let forever = Duration::MAX;
    prop_oneof![
        8 => Just(TERMS),
        1 => proptest::sample::select(odd.to_vec()),
        1 => Just(Terms { replay_window: forever, ..TERMS }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let millis = || prop_oneof![0..90_000_u64, Just(10_000), Just(60_000), Just(0), Just(1)];
    let step = prop_oneof![
        5 => (0..3_u8, proptest::option::weighted(0.8, 0..3_u8), terms())
            .prop_map(|(request, binding, terms)| Step::Reserve { request, binding, terms }),
        2 => (0..3_u8).prop_map(|lease| Step::Commit { lease }),
        3 => (0..3_u8, terms()).prop_map(|(lease, terms)| Step::Release { lease, terms }),
        2 => millis().prop_map(|millis| Step::Later { millis }),
        1 => millis().prop_map(|millis| Step::Earlier { millis }),
    ];
    proptest::collection::vec(step, 0..40)
}

fn ledger() -> impl Strategy<Value = Ledger> {
    let near_end = prop_oneof![4 => Just(0), 1 => Just(u32::MAX), 1 => Just(u32::MAX - 1)];
    (near_end, prop_oneof![4 => Just(0), 1 => Just(4_u32), 1 => Just(u32::MAX)])
        .prop_map(|(redeemed, releases)| Ledger { redeemed, releases, ..Ledger::new() })
}

fn print(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 16])
}

/// A lease's name: of the last three that were asked for, or of none.
fn named(asked: &[LeaseId], back: u8) -> LeaseId {
    let at = asked.len().checked_sub(1 + usize::from(back));
    at.map_or(LeaseId::from_random([0xff; 16]), |at| asked[at])
}

async fn run(store: &RedisStore, model: &mut Record, steps: &[Step]) {
    let (mut now, mut asked) = (NOW, Vec::new());
    store.put(vec![model.clone()]).await.unwrap();
    for (number, step) in (1_u128..).zip(steps) {
        let (uses, key) = (model.uses, model.key.clone());
        match step {
            Step::Later { millis } => now = Timestamp::from_millis(now.millis() + millis),
            Step::Earlier { millis } => now = Timestamp::from_millis(now.millis() - millis),
            Step::Commit { lease } => {
                let lease = named(&asked, *lease);
                let settled = store.commit(&key, &lease, now).await.unwrap();
                assert_eq!(settled, model.ledger.commit(uses, &lease, now), "{step:?}");
            }
            Step::Release { lease, terms } => {
                let lease = named(&asked, *lease);
                let settled = store.release(&key, &lease, terms).await.unwrap();
                assert_eq!(settled, model.ledger.release(&lease, terms), "{step:?}");
            }
            Step::Reserve { request, binding, terms } => {
                let lease = LeaseId::from_random(number.to_be_bytes());
                asked.push(lease);
                let (request, binding) = (print(*request), binding.map(print));
                let ask = Ask { now, lease, request, binding };
                let answer = answer(store.reserve(&key, &ask, terms).await.unwrap());
                let expected = if model.expires.passed_at(now) {
                    None
                } else {
                    Some(model.ledger.reserve(uses, &ask, terms))
                };
                assert_eq!(answer, expected, "{step:?}");
            }
        }
        let stored = store.fetch(&key, NOW).await.unwrap().unwrap();
        assert_eq!(stored.ledger, model.ledger, "{step:?}");
        assert_eq!(stored.sealed.as_bytes(), model.sealed.as_bytes());
    }
}

fn answer(reserved: Reserved) -> Option<Result<Granted, Refused>> {
    match reserved {
        Reserved::Missing => None,
        Reserved::Refused(refused) => Some(Err(refused)),
        Reserved::Granted(granted, _) => Some(Ok(granted)),
    }
}

#[test]
fn the_script_and_the_ledger_agree_on_every_step() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(&[]));
    let settings = RedisSettings { near_age_max: Duration::ZERO, ..server.settings() };
    let store = RedisStore::new(&settings).unwrap();
    let tally = RefCell::new(Tally::default());
    for uses in [Uses::Once, Uses::Conversation, Uses::UntilExpiry] {
        let config = Config { cases: RUNS, failure_persistence: None, ..Config::default() };
        let input = (ledger(), steps(), 1_000_100..1_003_600_u32);
        let outcome = TestRunner::new(config).run(&input, |(ledger, steps, expires)| {
            let mut tally = tally.borrow_mut();
            tally.runs += 1;
            let expires = Expiry::from_secs(expires);
            let mut model = Record { ledger, expires, ..record(tally.runs, uses) };
            runtime.block_on(run(&store, &mut model, &steps));
            tally.steps += steps.len();
            tally.ends[state(&model.ledger)] += 1;
            Ok(())
        });
        outcome.unwrap();
    }
    let Tally { runs, steps, ends } = tally.into_inner();
    println!("{runs} runs, {steps} steps; ended live, leased, spent, exhausted: {ends:?}");
    assert!(ends.iter().all(|&count| count > 10), "some state was hardly reached: {ends:?}");
}

#[derive(Default)]
struct Tally {
    runs: u64,
    steps: usize,
    ends: [u32; 4],
}

fn state(ledger: &Ledger) -> usize {
    match ledger.state {
        State::Live => 0,
        State::Leased { .. } => 1,
        State::Spent { .. } => 2,
        State::Exhausted => 3,
    }
}

#[tokio::test]
async fn an_ask_that_arrives_twice_has_its_lease_and_no_other_ask_has() {
    let server = Server::start(&[]).await;
    let store = server.store();
    store.put(vec![record(1, Uses::Once)]).await.unwrap();
    let key = key(1);
    for _ in 0..2 {
        let first = answer(store.reserve(&key, &ask(1), &TERMS).await.unwrap());
        assert_eq!(first, Some(Ok(Granted::Leased(lease(1)))));
    }
    let other = answer(store.reserve(&key, &ask(2), &TERMS).await.unwrap());
    assert_eq!(other, Some(Err(Refused::InFlight)));
}
