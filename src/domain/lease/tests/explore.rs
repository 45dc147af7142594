//! Every order of events, exhaustively: three processes with one handle, requests that
//! repeat, crashes, lost and late messages, and a clock that runs.
//!
//! Breadth first over all states of the ledger and its world; the rules are asserted on
//! every step. The number of states is asserted too: a model that explores less than it
//! did has lost a step.

use std::collections::{HashSet, VecDeque};

use super::super::*;
use super::{at, lease, print};
use crate::domain::uses::Uses;

const TERMS: Terms = Terms {
    lease_max: Duration::from_secs(2),
    replay_window: Duration::from_secs(1),
    releases_max: 3,
};
const PROCESSES: usize = 3;
const END: u64 = 7;

/// Processes 0 and 1 carry the same request, as a browser's own retry over two nodes.
const REQUESTS: [u8; PROCESSES] = [1, 1, 2];

/// What a process believes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Process {
    Idle,
    /// It holds this lease and has revealed.
    Holds(u8),
    /// It has settled this lease and may say so again: a message that arrives twice.
    Settled(u8),
}

#[derive(Clone)]
struct World {
    uses: Uses,
    ledger: Ledger,
    now: u64,
    processes: [Process; PROCESSES],
    leases: u8,
    /// Request and time of the commit.
    committed: Option<(u8, u64)>,
    /// Whose conversation has had the payload without a lease, or by a commit.
    served: Option<u8>,
}

/// What became of a message to the store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    Arrives,
    LostOnTheWay,
    AnswerLost,
}

const MESSAGES: [Message; 3] = [Message::Arrives, Message::LostOnTheWay, Message::AnswerLost];

impl World {
    fn key(&self) -> impl std::hash::Hash + Eq + use<> {
        let ledger = serde_json::to_string(&self.ledger).unwrap();
        (ledger, self.now, self.processes, self.leases, self.committed, self.served)
    }

    fn steps(&self) -> Vec<World> {
        let mut all = Vec::new();
        if self.now < END {
            all.push(World { now: self.now + 1, ..self.clone() });
        }
        for who in 0..PROCESSES {
            match self.processes[who] {
                Process::Idle => {
                    all.extend(MESSAGES.iter().filter_map(|how| self.reserve(who, *how)));
                }
                Process::Holds(held) => {
                    // A crash: what it held is nobody's until its time is up.
                    all.push(self.with(who, Process::Idle));
                    for how in MESSAGES {
                        all.push(self.settle(who, held, Settle::Commit, how));
                        all.push(self.settle(who, held, Settle::Release, how));
                    }
                }
                Process::Settled(old) => {
                    all.push(self.with(who, Process::Idle));
                    all.push(self.settle(who, old, Settle::Commit, Message::Arrives));
                    all.push(self.settle(who, old, Settle::Release, Message::Arrives));
                }
            }
        }
        all
    }

    fn with(&self, who: usize, is: Process) -> World {
        let mut next = self.clone();
        next.processes[who] = is;
        next
    }

    fn reserve(&self, who: usize, how: Message) -> Option<World> {
        if how == Message::LostOnTheWay {
            return None;
        }
        let mut next = self.clone();
        let request = REQUESTS[who];
        let ask = Ask {
            now: at(self.now),
            lease: lease(self.leases + 1),
            request: print(request),
            binding: Some(print(request)),
        };
        let held = self.holder();
        match next.ledger.reserve(self.uses, &ask, &TERMS) {
            Ok(Granted::Leased(id)) => {
                assert!(held.is_none(), "two hold one handle");
                assert!(
                    self.uses != Uses::Once || self.committed.is_none(),
                    "granted after a commit"
                );
                assert_eq!(id, ask.lease);
                next.leases += 1;
                if how == Message::Arrives {
                    next.processes[who] = Process::Holds(next.leases);
                }
            }
            Ok(Granted::Replay) => {
                let (by, when) = self.committed.expect("a replay of what nobody committed");
                assert_eq!(by, request, "a replay for another request");
                assert!(self.now <= when + TERMS.replay_window.as_secs(), "a replay too late");
            }
            Ok(Granted::Bound) => {
                assert_eq!(self.uses, Uses::Conversation);
                assert!(self.served.is_none_or(|by| by == request), "two conversations are served");
                next.served = Some(request);
                // Counted by the ledger; the number itself is no part of the protocol.
                next.ledger.redeemed = self.ledger.redeemed;
            }
            Err(_) => {}
        }
        Some(next)
    }

    fn settle(&self, who: usize, name: u8, what: Settle, how: Message) -> World {
        let mut next = self.with(who, Process::Settled(name));
        if how == Message::LostOnTheWay {
            next.processes[who] = Process::Idle;
            return next;
        }
        let before = next.ledger.clone();
        let settled = match what {
            Settle::Commit => next.ledger.commit(self.uses, &lease(name), at(self.now)),
            Settle::Release => next.ledger.release(&lease(name), &TERMS),
        };
        if settled == Settled::Stale {
            assert_eq!(before, next.ledger, "a late message has changed something");
            return next;
        }
        if what == Settle::Commit {
            let request = REQUESTS[who];
            if self.uses == Uses::Once {
                assert!(self.committed.is_none(), "committed twice");
            } else {
                assert!(self.served.is_none_or(|by| by == request), "two conversations are served");
                next.served = Some(request);
                next.ledger.redeemed = self.ledger.redeemed;
            }
            next.committed = Some((request, self.now));
        }
        next
    }

    /// Who holds it in time, by the ledger.
    fn holder(&self) -> Option<LeaseId> {
        match &self.ledger.state {
            State::Leased { lease, until, .. } if at(self.now) < *until => Some(*lease),
            State::Leased { .. } | State::Live | State::Spent { .. } | State::Exhausted => None,
        }
    }

    fn check(&self) {
        assert!(self.ledger.releases <= TERMS.releases_max, "released without end");
        if self.uses == Uses::Once {
            assert_eq!(self.ledger.redeemed, u32::from(self.committed.is_some()));
        }
        // Whoever crashed: after lease_max the handle is usable or at its end, never stuck.
        let later = Ask {
            now: at(self.now).plus(TERMS.lease_max),
            lease: lease(99),
            request: print(9),
            binding: Some(print(self.served.unwrap_or(9))),
        };
        let granted = self.ledger.clone().reserve(self.uses, &later, &TERMS);
        assert_ne!(granted, Err(Refused::InFlight), "a crashed holder keeps it");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Settle {
    Commit,
    Release,
}

/// Every state that can be reached, checked; how many there are.
fn explore(uses: Uses) -> usize {
    let first = World {
        uses,
        ledger: Ledger::new(),
        now: 0,
        processes: [Process::Idle; PROCESSES],
        leases: 0,
        committed: None,
        served: None,
    };
    let mut seen = HashSet::from([first.key()]);
    let mut waiting = VecDeque::from([first]);
    while let Some(world) = waiting.pop_front() {
        world.check();
        for next in world.steps() {
            if seen.insert(next.key()) {
                waiting.push_back(next);
            }
        }
    }
    println!("{uses}: {} states, all of them within the rules", seen.len());
    seen.len()
}

#[test]
fn no_order_of_events_spends_a_once_handle_twice_or_leaves_it_stuck() {
    assert_eq!(explore(Uses::Once), 7862);
}

#[test]
fn no_order_of_events_gives_a_conversation_handle_to_two_conversations() {
    assert_eq!(explore(Uses::Conversation), 10217);
}
