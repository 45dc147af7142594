//! Who is refused and who is granted, event by event.

mod explore;

use super::*;
use crate::domain::uses::Uses;

pub(super) const TERMS: Terms = Terms {
    lease_max: Duration::from_secs(60),
    replay_window: Duration::from_secs(10),
    releases_max: 5,
};

pub(super) fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(1000 + secs)
}

pub(super) fn print(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 16])
}

pub(super) fn lease(byte: u8) -> LeaseId {
    LeaseId::from_random([byte; 16])
}

/// A request of actor `who` at `secs`, of the actor's own conversation.
pub(super) fn ask(who: u8, secs: u64) -> Ask {
    Ask { now: at(secs), lease: lease(who), request: print(who), binding: Some(print(who)) }
}

fn once(ledger: &mut Ledger, ask: &Ask) -> Result<Granted, Refused> {
    ledger.reserve(Uses::Once, ask, &TERMS)
}

fn conversation(ledger: &mut Ledger, ask: &Ask) -> Result<Granted, Refused> {
    ledger.reserve(Uses::Conversation, ask, &TERMS)
}

pub(super) fn leased(who: u8) -> Result<Granted, Refused> {
    Ok(Granted::Leased(lease(who)))
}

#[test]
fn a_second_request_is_refused_while_the_first_is_in_flight_even_the_same_one() {
    let mut ledger = Ledger::new();
    assert_eq!(once(&mut ledger, &ask(1, 0)), leased(1));
    assert_eq!(once(&mut ledger, &ask(2, 59)), Err(Refused::InFlight));
    assert_eq!(once(&mut ledger, &ask(1, 59)), Err(Refused::InFlight));
    assert_eq!(ledger.state_at(at(59), &TERMS), Standing::Leased);
}

#[test]
fn a_spent_handle_is_refused_but_for_the_same_request_within_the_window() {
    let mut ledger = Ledger::new();
    once(&mut ledger, &ask(1, 0)).unwrap();
    assert_eq!(ledger.commit(Uses::Once, &lease(1), at(5)), Settled::Done);
    assert_eq!(once(&mut ledger, &ask(2, 5)), Err(Refused::Spent));
    assert_eq!(once(&mut ledger, &ask(1, 15)), Ok(Granted::Replay));
    assert_eq!(once(&mut ledger, &ask(1, 16)), Err(Refused::Spent));
    assert_eq!((ledger.redeemed, ledger.releases), (1, 0));
    assert_eq!(ledger.state_at(at(5), &TERMS).as_str(), "spent");
}

#[test]
fn a_lease_that_is_no_longer_held_settles_nothing() {
    let mut ledger = Ledger::new();
    assert_eq!(ledger.commit(Uses::Once, &lease(1), at(0)), Settled::Stale);
    assert_eq!(ledger.release(&lease(1), &TERMS), Settled::Stale);
    once(&mut ledger, &ask(1, 0)).unwrap();
    assert_eq!(once(&mut ledger, &ask(2, 60)), leased(2));
    let before = ledger.clone();
    assert_eq!(ledger.commit(Uses::Once, &lease(1), at(61)), Settled::Stale);
    assert_eq!(ledger.release(&lease(1), &TERMS), Settled::Stale);
    assert_eq!(ledger, before);
    assert_eq!(ledger.commit(Uses::Once, &lease(2), at(61)), Settled::Done);
    assert_eq!(ledger.commit(Uses::Once, &lease(2), at(61)), Settled::Stale);
    assert_eq!(ledger.release(&lease(2), &TERMS), Settled::Stale);
    assert_eq!((ledger.redeemed, ledger.releases), (1, 1));
}

#[test]
fn a_handle_given_back_too_often_is_spent_and_replays_nothing() {
    for abandoned in [false, true] {
        let mut ledger = Ledger::new();
        for round in 0..5 {
            assert_eq!(once(&mut ledger, &ask(1, round * 60)), leased(1));
            if !abandoned {
                assert_eq!(ledger.release(&lease(1), &TERMS), Settled::Done);
            }
        }
        assert_eq!(ledger.state_at(at(300), &TERMS), Standing::Spent);
        assert_eq!(once(&mut ledger, &ask(1, 300)), Err(Refused::Spent));
        assert_eq!(ledger.state, State::Exhausted);
        assert_eq!((ledger.redeemed, ledger.releases), (0, 5));
    }
}

#[test]
fn a_clock_that_steps_back_frees_no_lease_and_extends_a_replay_by_the_step_alone() {
    let mut ledger = Ledger::new();
    once(&mut ledger, &ask(1, 100)).unwrap();
    assert_eq!(once(&mut ledger, &ask(2, 0)), Err(Refused::InFlight));
    ledger.commit(Uses::Once, &lease(1), at(100));
    assert_eq!(once(&mut ledger, &ask(1, 90)), Ok(Granted::Replay));
    assert_eq!(once(&mut ledger, &ask(1, 111)), Err(Refused::Spent));
}

#[test]
fn a_conversation_handle_needs_a_binding() {
    let mut ledger = Ledger::new();
    let nameless = Ask { binding: None, ..ask(1, 0) };
    assert_eq!(conversation(&mut ledger, &nameless), Err(Refused::BindingAbsent));
    assert_eq!(ledger, Ledger::new());
}

#[test]
fn a_bound_handle_is_refused_to_every_other_conversation_forever() {
    let mut ledger = Ledger::new();
    assert_eq!(conversation(&mut ledger, &ask(1, 0)), leased(1));
    assert_eq!(conversation(&mut ledger, &ask(2, 1)), Err(Refused::InFlight));
    assert_eq!(ledger.commit(Uses::Conversation, &lease(1), at(2)), Settled::Done);
    assert_eq!(conversation(&mut ledger, &ask(2, 1_000_000)), Err(Refused::OtherConversation));
    assert_eq!(conversation(&mut ledger, &ask(1, 1_000_000)), Ok(Granted::Bound));
    assert_eq!(ledger.redeemed, 2);
}

#[test]
fn a_conversations_second_request_may_not_lose_the_handle_when_its_first_fails() {
    let mut ledger = Ledger::new();
    conversation(&mut ledger, &ask(1, 0)).unwrap();
    assert_eq!(conversation(&mut ledger, &ask(1, 1)), Ok(Granted::Bound));
    assert_eq!(ledger.release(&lease(1), &TERMS), Settled::Done);
    assert_eq!(conversation(&mut ledger, &ask(2, 2)), Err(Refused::OtherConversation));
    assert_eq!(conversation(&mut ledger, &ask(1, 2)), Ok(Granted::Bound));
}

#[test]
fn a_handle_that_has_its_conversation_is_never_exhausted() {
    let mut ledger = Ledger { releases: 4, ..Ledger::new() };
    conversation(&mut ledger, &ask(1, 0)).unwrap();
    conversation(&mut ledger, &ask(1, 1)).unwrap();
    ledger.release(&lease(1), &TERMS);
    assert_eq!(ledger.state_at(at(2), &TERMS), Standing::Live);
    assert_eq!(conversation(&mut ledger, &ask(1, 2)), Ok(Granted::Bound));
}

#[test]
fn a_released_conversation_handle_goes_to_whichever_conversation_is_first() {
    let mut ledger = Ledger::new();
    conversation(&mut ledger, &ask(1, 0)).unwrap();
    ledger.release(&lease(1), &TERMS);
    assert_eq!(conversation(&mut ledger, &ask(2, 1)), leased(2));
    ledger.commit(Uses::Conversation, &lease(2), at(1));
    assert_eq!(conversation(&mut ledger, &ask(1, 2)), Err(Refused::OtherConversation));
}

#[test]
fn an_until_expiry_handle_is_always_granted_and_counted_without_wrapping() {
    let mut ledger = Ledger { redeemed: u32::MAX - 1, ..Ledger::new() };
    for who in 1..4 {
        let granted = ledger.reserve(Uses::UntilExpiry, &ask(who, 0), &TERMS);
        assert_eq!(granted, Ok(Granted::Bound));
    }
    assert_eq!((ledger.redeemed, ledger.state), (u32::MAX, State::Live));
}

#[test]
fn a_released_handle_works_again_and_a_late_holder_whom_nobody_replaced_commits() {
    let mut ledger = Ledger::new();
    once(&mut ledger, &ask(1, 0)).unwrap();
    assert_eq!(ledger.release(&lease(1), &TERMS), Settled::Done);
    assert_eq!(ledger.state_at(at(0), &TERMS), Standing::Live);
    assert_eq!(once(&mut ledger, &ask(2, 1)), leased(2));
    assert_eq!(ledger.state_at(at(61), &TERMS), Standing::Live);
    assert_eq!(ledger.commit(Uses::Once, &lease(2), at(500)), Settled::Done);
    assert_eq!(once(&mut ledger, &ask(2, 505)), Ok(Granted::Replay));
}

#[test]
fn every_state_survives_its_stored_form_which_stays_small() {
    let mut ledger = Ledger::new();
    let mut seen = vec![ledger.clone()];
    conversation(&mut ledger, &ask(1, 0)).unwrap();
    seen.push(ledger.clone());
    ledger.commit(Uses::Conversation, &lease(1), at(1));
    seen.push(ledger.clone());
    let spent = State::Spent { at: at(9), request: print(7) };
    for state in [spent, State::Exhausted] {
        seen.push(Ledger { state, ..Ledger::new() });
    }
    for ledger in seen {
        let text = serde_json::to_string(&ledger).unwrap();
        assert!(text.len() < 256, "{text}");
        assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), ledger);
    }
}
