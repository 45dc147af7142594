//! That no order of events breaks the rules: three actors and a clock, at random.

use std::collections::HashMap;

use proptest::prelude::*;

use super::tests::{TERMS, ask, at, lease, leased, print};
use super::*;
use crate::domain::uses::Uses;

/// What three actors do to one handle, in any order.
#[derive(Clone, Debug)]
enum Step {
    Reserve { actor: u8, request: u8 },
    Commit { actor: u8 },
    Release { actor: u8 },
    Later { secs: u64 },
    Earlier { secs: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let actor = || 0..3_u8;
    let step = prop_oneof![
        4 => (actor(), 0..3_u8).prop_map(|(actor, request)| Step::Reserve { actor, request }),
        1 => actor().prop_map(|actor| Step::Commit { actor }),
        2 => actor().prop_map(|actor| Step::Release { actor }),
        2 => (0..90_u64).prop_map(|secs| Step::Later { secs }),
        1 => (0..30_u64).prop_map(|secs| Step::Earlier { secs }),
    ];
    proptest::collection::vec(step, 0..80)
}

/// The world around a ledger: the clock, and who believes to hold what.
struct World {
    uses: Uses,
    ledger: Ledger,
    now: u64,
    made: u8,
    held: HashMap<u8, (LeaseId, u8, u64)>,
    committed: Vec<(u8, u64)>,
    granted_unleased: Vec<u8>,
}

impl World {
    fn new(uses: Uses) -> World {
        let (held, committed, granted_unleased) = (HashMap::new(), vec![], vec![]);
        World { uses, ledger: Ledger::new(), now: 1000, made: 0, held, committed, granted_unleased }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Reserve { actor, request } => self.reserve(actor, request),
            Step::Commit { actor } => self.settle(actor, true),
            Step::Release { actor } => self.settle(actor, false),
            Step::Later { secs } => self.now += secs,
            Step::Earlier { secs } => self.now -= secs.min(self.now),
        }
    }

    fn reserve(&mut self, actor: u8, request: u8) {
        self.made += 1;
        let ask = Ask { lease: lease(self.made), ..ask(request, self.now) };
        let in_time = self.held.values().any(|(id, _, until)| self.holds(id) && self.now < *until);
        match self.ledger.reserve(self.uses, &ask, &TERMS) {
            Ok(Granted::Leased(id)) => {
                assert_eq!(id, ask.lease);
                assert!(!in_time, "two hold one handle");
                self.held.insert(actor, (id, request, self.now + 60));
            }
            Ok(Granted::Replay) => {
                let (by, when) = self.committed[0];
                assert!(by == request && self.now <= when + 10, "a replay of something else");
            }
            Ok(Granted::Bound) => self.granted_unleased.push(request),
            Err(Refused::InFlight) => assert!(in_time, "a lease is lost"),
            Err(Refused::Spent) => assert!(self.ledger.releases == 5 || !self.committed.is_empty()),
            Err(Refused::OtherConversation | Refused::BindingAbsent) => {
                assert_eq!(self.uses, Uses::Conversation);
            }
        }
    }

    fn settle(&mut self, actor: u8, commits: bool) {
        let Some((id, request, _)) = self.held.remove(&actor) else {
            return;
        };
        let holds = self.holds(&id);
        let now = at(self.now);
        let settled = if commits {
            self.ledger.commit(self.uses, &id, now)
        } else {
            self.ledger.release(&id, &TERMS)
        };
        assert_eq!(settled == Settled::Done, holds);
        if commits && holds {
            self.committed.push((request, self.now));
        }
    }

    fn holds(&self, id: &LeaseId) -> bool {
        matches!(&self.ledger.state, State::Leased { lease, .. } if lease == id)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_once_handle_is_committed_once_released_in_bounds_and_never_stuck(steps in steps()) {
        let mut world = World::new(Uses::Once);
        for step in &steps {
            world.step(step);
            prop_assert!(world.committed.len() <= 1);
            prop_assert_eq!(world.ledger.redeemed as usize, world.committed.len());
            prop_assert!(world.ledger.releases <= TERMS.releases_max);
            prop_assert!(world.granted_unleased.is_empty());
        }
        world.now += 1_000_000;
        let last = world.ledger.reserve(Uses::Once, &ask(9, world.now), &TERMS);
        prop_assert!(last == Err(Refused::Spent) || last == leased(9), "{:?}", last);
    }

    #[test]
    fn a_conversation_handle_serves_one_conversation(steps in steps()) {
        let mut world = World::new(Uses::Conversation);
        for step in &steps {
            world.step(step);
            prop_assert!(world.ledger.releases <= TERMS.releases_max);
            let mut served: Vec<u8> = world.committed.iter().map(|(by, _)| *by).collect();
            served.extend(&world.granted_unleased);
            served.dedup();
            prop_assert!(served.len() <= 1, "{:?}", served);
            prop_assert_eq!(world.ledger.binding, served.first().map(|by| print(*by)));
        }
    }
}
