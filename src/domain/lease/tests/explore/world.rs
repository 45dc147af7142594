//! The world around one ledger: its clients, their proxies with their clocks, and what they believe.
//!
//! The ledger is the real one. What it must never do is noted as a breach in the very step that does it.

use super::super::super::*;
use super::super::{at, lease, print};
use crate::domain::uses::Uses;

pub(super) const TERMS: Terms = Terms {
    lease_max: Duration::from_secs(2),
    replay_window: Duration::from_secs(1),
    releases_max: 2,
};
/// The three clients' requests: the first two are one request, as a browser's own retry over two proxies.
pub(super) const REQUESTS: [u8; 3] = [1, 1, 2];
/// Which proxy each of them talks to.
pub(super) const PROXY: [usize; 3] = [0, 1, 1];
/// How far the proxies' clocks are ahead of the true time, in seconds.
pub(super) const AHEAD: [u8; 2] = [0, 1];

/// How a client's call stands at its proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Call {
    Idle,
    /// The question is on the way to the store; asked at this time of its proxy's.
    Asking(u8),
    /// It has this lease, and the payload is at the vendor.
    Revealed(u8),
    /// The vendor has answered; word of it, with its time, is on the way to the store.
    Settling(u8, Settle, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Settle {
    Commit,
    Release,
}

/// What must never happen, and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Breach {
    HeldByTwo,
    GrantedAfterACommit,
    ReplayOfAnother,
    ReplayTooLate,
    CommittedTwice,
    ChangedByTheLate,
    TwoConversations,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) ledger: Ledger,
    pub(super) now: u8,
    pub(super) calls: [Call; 3],
    pub(super) leases: u8,
    /// Until when, in true time, the last lease may not be freed.
    pub(super) held_until: u8,
    /// The request that was committed, and when by its proxy's clock.
    pub(super) committed: Option<(u8, u8)>,
    /// Whose conversation has had the payload.
    pub(super) served: Option<u8>,
    pub(super) breach: Option<Breach>,
    /// Was it ever so: a holder past its time committed; a repetition was answered as the first.
    pub(super) late_commit: bool,
    pub(super) replayed: bool,
}

impl World {
    /// Nobody has asked yet.
    pub(super) fn new() -> World {
        World {
            ledger: Ledger::new(),
            now: 0,
            calls: [Call::Idle; 3],
            leases: 0,
            held_until: 0,
            committed: None,
            served: None,
            breach: None,
            late_commit: false,
            replayed: false,
        }
    }

    pub(super) fn clock(&self, who: usize) -> u8 {
        self.now + AHEAD[PROXY[who]]
    }

    fn blame(&mut self, breach: Breach, innocent: bool) {
        if !innocent {
            self.breach = Some(breach);
        }
    }

    /// The question arrives at the store. How the call stands with the answer.
    pub(super) fn reserve(&mut self, who: usize, uses: Uses) -> Call {
        let Call::Asking(asked) = self.calls[who] else { return self.calls[who] };
        let request = REQUESTS[who];
        let ask = Ask {
            now: at(asked.into()),
            lease: lease(self.leases + 1),
            request: print(request),
            binding: Some(print(request)),
        };
        let redeemed = self.ledger.redeemed;
        match self.ledger.reserve(uses, &ask, &TERMS) {
            Ok(Granted::Leased(_)) => {
                self.blame(Breach::HeldByTwo, self.now >= self.held_until);
                let spent = uses == Uses::Once && self.committed.is_some();
                self.blame(Breach::GrantedAfterACommit, !spent);
                self.leases += 1;
                // By no clock before this: the fastest may free it so much earlier in true time.
                let ahead = AHEAD.iter().copied().max().unwrap();
                self.held_until = (asked + 2).saturating_sub(ahead);
                return Call::Revealed(self.leases);
            }
            Ok(Granted::Replay) => {
                let (by, when) = self.committed.unwrap_or_default();
                self.blame(Breach::ReplayOfAnother, by == request);
                self.blame(Breach::ReplayTooLate, asked <= when + 1);
                self.replayed = true;
            }
            Ok(Granted::Bound) => {
                self.serve(request);
                // Counted by the ledger; the number itself is no part of the protocol.
                self.ledger.redeemed = redeemed;
            }
            Err(_) => {}
        }
        Call::Idle
    }

    pub(super) fn settle(&mut self, who: usize, uses: Uses) {
        let Call::Settling(name, what, when) = self.calls[who] else { return };
        let before = self.ledger.clone();
        let settled = match what {
            Settle::Commit => self.ledger.commit(uses, &lease(name), at(when.into())),
            Settle::Release => self.ledger.release(&lease(name), &TERMS),
        };
        if settled == Settled::Stale {
            self.blame(Breach::ChangedByTheLate, before == self.ledger);
            return;
        }
        self.held_until = 0;
        if what == Settle::Release {
            return;
        }
        let late = matches!(before.state, State::Leased { until, .. } if at(when.into()) >= until);
        self.late_commit |= late;
        if uses == Uses::Once {
            self.blame(Breach::CommittedTwice, self.committed.is_none());
        } else {
            self.serve(REQUESTS[who]);
            self.ledger.redeemed = before.redeemed;
        }
        self.committed = Some((REQUESTS[who], when));
    }

    fn serve(&mut self, request: u8) {
        self.blame(Breach::TwoConversations, self.served.is_none_or(|by| by == request));
        self.served = Some(request);
    }
}
