//! Every order of events, exhaustively: the real ledger under three clients at two proxies whose clocks differ, with
//! messages that are late, lost, doubled or unanswered, and proxies that crash.
//!
//! Stateright walks all states and, where a rule is broken, gives the shortest way there. What must be possible is
//! asked for too, and the number of states is asserted: a model that explores less than it did has lost a step.

mod world;

use stateright::{Checker as _, Model, Property};

use self::world::{AHEAD, Call, PROXY, Settle, TERMS, World};
use super::super::*;
use super::{at, lease, print};
use crate::domain::uses::Uses;

/// When the model ends: long enough for each of the leases to run out, and for a replay after.
const END: u8 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Second,
    Ask(usize),
    /// The question arrives, and so does the answer, or it does not.
    Answered(usize),
    Unanswered(usize),
    /// The vendor has answered so.
    Vendor(usize, Settle),
    /// The word arrives; once more if the proxy did not hear that it has.
    Settled(usize),
    SettledUnheard(usize),
    Lost(usize),
    /// The proxy is gone with all its calls. Messages on the way are not.
    Crash(usize),
}

struct Protocol(Uses);

impl Model for Protocol {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        vec![World::new()]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        if world.now < END {
            events.push(Event::Second);
        }
        for (who, call) in world.calls.iter().enumerate() {
            events.extend(match call {
                Call::Idle => vec![Event::Ask(who)],
                Call::Asking(_) => {
                    vec![Event::Answered(who), Event::Unanswered(who), Event::Lost(who)]
                }
                Call::Revealed(_) => {
                    vec![Event::Vendor(who, Settle::Commit), Event::Vendor(who, Settle::Release)]
                }
                Call::Settling(..) => {
                    vec![Event::Settled(who), Event::SettledUnheard(who), Event::Lost(who)]
                }
            });
        }
        let holds = |proxy| {
            let mut calls = PROXY.iter().zip(&world.calls);
            calls.any(|(at, call)| *at == proxy && matches!(call, Call::Revealed(_)))
        };
        events.extend((0..AHEAD.len()).filter(|proxy| holds(*proxy)).map(Event::Crash));
    }

    fn next_state(&self, last: &World, event: Event) -> Option<World> {
        let mut world = last.clone();
        match event {
            Event::Second => world.now += 1,
            Event::Ask(who) => world.calls[who] = Call::Asking(world.clock(who)),
            Event::Answered(who) => world.calls[who] = world.reserve(who, self.0),
            Event::Unanswered(who) => {
                world.reserve(who, self.0);
                world.calls[who] = Call::Idle;
            }
            Event::Vendor(who, what) => {
                let Call::Revealed(lease) = world.calls[who] else { return None };
                world.calls[who] = Call::Settling(lease, what, world.clock(who));
            }
            Event::Settled(who) => {
                world.settle(who, self.0);
                world.calls[who] = Call::Idle;
            }
            Event::SettledUnheard(who) => world.settle(who, self.0),
            Event::Lost(who) => world.calls[who] = Call::Idle,
            Event::Crash(proxy) => {
                for (at, call) in PROXY.iter().zip(&mut world.calls) {
                    if *at == proxy && matches!(call, Call::Revealed(_)) {
                        *call = Call::Idle;
                    }
                }
            }
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut rules = vec![
            Property::always("no order of events breaks a rule", |_, world: &World| {
                world.breach.is_none()
            }),
            Property::always("releases stay within their bound", |_, world: &World| {
                world.ledger.releases <= TERMS.releases_max
                    && u32::from(world.leases) <= TERMS.releases_max + 1
            }),
            Property::always("a crashed holder's reservation frees itself", frees_itself),
            Property::always("what was committed never comes back", stays_committed),
            Property::sometimes(
                "a holder whom nobody replaced commits late",
                |_, world: &World| world.late_commit,
            ),
            Property::sometimes("a lease runs out and another has it", |_, world: &World| {
                world.leases > 1 && world.ledger.releases > 0
            }),
            Property::sometimes("it is given back too often", |_, world: &World| {
                world.ledger.state == State::Exhausted
            }),
        ];
        if self.0 == Uses::Once {
            let replayed = |_: &Self, world: &World| world.replayed;
            rules.push(Property::sometimes("a repetition is answered as the first", replayed));
        }
        rules
    }
}

/// After the longest lease by the slowest clock, the handle is usable or at its end, and never stuck.
fn frees_itself(protocol: &Protocol, world: &World) -> bool {
    let wait = TERMS.lease_max + Duration::from_secs(AHEAD.iter().copied().max().unwrap().into());
    let later = Ask {
        now: at(world.now.into()).plus(wait),
        lease: lease(99),
        request: print(9),
        binding: Some(print(world.served.unwrap_or(9))),
    };
    world.ledger.clone().reserve(protocol.0, &later, &TERMS) != Err(Refused::InFlight)
}

fn stays_committed(protocol: &Protocol, world: &World) -> bool {
    match (protocol.0, world.committed) {
        (Uses::Once, Some((request, _))) => {
            let spent = |state: &State| matches!(state, State::Spent { request: by, .. } if *by == print(request));
            spent(&world.ledger.state) && world.ledger.redeemed == 1
        }
        (Uses::Conversation, Some((request, _))) => world.ledger.binding == Some(print(request)),
        (Uses::Once, None) => world.ledger.redeemed == 0,
        (Uses::Conversation | Uses::UntilExpiry, _) => true,
    }
}

/// Every state that can be reached, checked; how many there are.
fn explore(uses: Uses) -> usize {
    let checker = Protocol(uses).checker().spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    println!(
        "{uses}: {states} states, {} steps, all of them within the rules",
        checker.state_count()
    );
    states
}

#[test]
fn no_order_of_events_spends_a_once_handle_twice_or_leaves_it_stuck() {
    assert_eq!(explore(Uses::Once), 225_110);
}

#[test]
fn no_order_of_events_gives_a_conversation_handle_to_two_conversations() {
    assert_eq!(explore(Uses::Conversation), 235_188);
}
