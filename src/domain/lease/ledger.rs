//! The rules of a handle's use: grant, commit, give back.
//!
//! Never frees a lease before its time, never counts a use twice, never replays what nobody committed.

use super::{Ask, Granted, LeaseId, Ledger, Refused, Settled, Standing, State, Terms};
use crate::domain::time::Timestamp;
use crate::domain::uses::Uses;

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger::new()
    }
}

impl Ledger {
    /// The ledger of a handle just issued.
    pub const fn new() -> Ledger {
        Ledger { state: State::Live, binding: None, redeemed: 0, releases: 0 }
    }

    /// Decides on a request. The ledger may change even where it refuses (an abandoned lease ends), so it is to be
    /// written back either way.
    ///
    /// # Errors
    /// [`Refused`], by the rule of the handle's uses.
    pub fn reserve(&mut self, uses: Uses, ask: &Ask, terms: &Terms) -> Result<Granted, Refused> {
        match uses {
            Uses::UntilExpiry => Ok(self.count_bound()),
            Uses::Once => self.reserve_once(ask, terms),
            Uses::Conversation => self.reserve_conversation(ask, terms),
        }
    }

    /// The upstream accepted the holder's request: spends a `once` handle, binds a `conversation` one. A holder past
    /// its time whom nobody has replaced still commits.
    pub fn commit(&mut self, uses: Uses, lease: &LeaseId, now: Timestamp) -> Settled {
        let State::Leased { lease: held, request, binding, .. } = &self.state else {
            return Settled::Stale;
        };
        if held != lease {
            return Settled::Stale;
        }
        match uses {
            Uses::Once => self.state = State::Spent { at: now, request: *request },
            Uses::Conversation | Uses::UntilExpiry => {
                self.binding = self.binding.or(*binding);
                self.state = State::Live;
            }
        }
        self.redeemed = self.redeemed.saturating_add(1);
        Settled::Done
    }

    /// The upstream did not accept the holder's request: the next one may have the handle, or it is exhausted.
    pub fn release(&mut self, lease: &LeaseId, terms: &Terms) -> Settled {
        match &self.state {
            State::Leased { lease: held, .. } if held == lease => {
                self.give_back(terms);
                Settled::Done
            }
            State::Leased { .. } | State::Live | State::Spent { .. } | State::Exhausted => {
                Settled::Stale
            }
        }
    }

    /// Where the handle stands at `now`; an abandoned lease counts as ended, replays don't count.
    pub fn state_at(&self, now: Timestamp, terms: &Terms) -> Standing {
        let mut then = self.clone();
        then.end_abandoned(now, terms);
        match then.state {
            State::Live => Standing::Live,
            State::Leased { .. } => Standing::Leased,
            State::Spent { .. } | State::Exhausted => Standing::Spent,
        }
    }

    fn reserve_once(&mut self, ask: &Ask, terms: &Terms) -> Result<Granted, Refused> {
        self.end_abandoned(ask.now, terms);
        match &self.state {
            State::Live => Ok(self.lease(ask, terms)),
            State::Leased { .. } => Err(Refused::InFlight),
            State::Spent { at, request }
                if *request == ask.request && ask.now <= at.plus(terms.replay_window) =>
            {
                Ok(Granted::Replay)
            }
            State::Spent { .. } | State::Exhausted => Err(Refused::Spent),
        }
    }

    fn reserve_conversation(&mut self, ask: &Ask, terms: &Terms) -> Result<Granted, Refused> {
        let asking = ask.binding.ok_or(Refused::BindingAbsent)?;
        match self.binding {
            Some(bound) if bound == asking => return Ok(self.count_bound()),
            Some(_) => return Err(Refused::OtherConversation),
            None => self.end_abandoned(ask.now, terms),
        }
        match &self.state {
            State::Live => Ok(self.lease(ask, terms)),
            State::Leased { binding: Some(pending), .. } if *pending == asking => {
                // A chatty widget's second request while its first is on the way. It has nothing to settle, so the
                // handle is this conversation's from here on: were the first released, another conversation could
                // otherwise have what this one has already got.
                self.binding = Some(asking);
                Ok(self.count_bound())
            }
            State::Leased { .. } => Err(Refused::InFlight),
            State::Spent { .. } | State::Exhausted => Err(Refused::Spent),
        }
    }

    fn lease(&mut self, ask: &Ask, terms: &Terms) -> Granted {
        self.state = State::Leased {
            lease: ask.lease,
            until: ask.now.plus(terms.lease_max),
            request: ask.request,
            binding: ask.binding,
        };
        Granted::Leased(ask.lease)
    }

    /// Nobody came to settle a lease past its time: its holder crashed, and that counts as giving it back.
    fn end_abandoned(&mut self, now: Timestamp, terms: &Terms) {
        if let State::Leased { until, .. } = &self.state
            && now >= *until
        {
            self.give_back(terms);
        }
    }

    fn give_back(&mut self, terms: &Terms) {
        self.releases = self.releases.saturating_add(1);
        // A handle that has its conversation is never exhausted: its requests need no lease.
        self.state = if self.binding.is_none() && self.releases >= terms.releases_max {
            State::Exhausted
        } else {
            State::Live
        };
    }

    fn count_bound(&mut self) -> Granted {
        self.redeemed = self.redeemed.saturating_add(1);
        Granted::Bound
    }
}
