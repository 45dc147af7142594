//! What a handle answers when it is asked one call after the other: the ledger's own rules.

use cloakroom::domain::lease::{Ask, Granted, LeaseId, Ledger, Refused, Settled, State, Terms};
use cloakroom::domain::{Timestamp, Uses};
use stateright::semantics::{ConsistencyTester as _, LinearizabilityTester, SequentialSpec};

/// One call.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Reserve(Ask, Terms),
    Commit(LeaseId, Timestamp),
    Release(LeaseId, Terms),
    /// How the handle stands.
    Look,
}

/// Its answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    Leased(LeaseId),
    Replay,
    Bound,
    Refused(Refused),
    Settled(Settled),
    Stands(Ledger),
}

/// What was seen from outside, in its order; the number is the caller's.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Asked(u64, Call),
    Answered(u64, Said),
}

/// A handle whose record is there.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) uses: Uses,
    pub(super) ledger: Ledger,
}

impl Handle {
    pub(super) fn does(&mut self, call: &Call) -> Said {
        match call {
            // A store that has done a call and could not say so is asked again: who has the lease already has it.
            Call::Reserve(ask, _) if self.has(&ask.lease) => Said::Leased(ask.lease),
            Call::Reserve(ask, terms) => self.ledger.reserve(self.uses, ask, terms).into(),
            Call::Commit(lease, now) => Said::Settled(self.ledger.commit(self.uses, lease, *now)),
            Call::Release(lease, terms) => Said::Settled(self.ledger.release(lease, terms)),
            Call::Look => Said::Stands(self.ledger.clone()),
        }
    }

    fn has(&self, asking: &LeaseId) -> bool {
        matches!(&self.ledger.state, State::Leased { lease, .. } if lease == asking)
    }
}

impl From<Result<Granted, Refused>> for Said {
    fn from(verdict: Result<Granted, Refused>) -> Said {
        match verdict {
            Ok(Granted::Leased(lease)) => Said::Leased(lease),
            Ok(Granted::Replay) => Said::Replay,
            Ok(Granted::Bound) => Said::Bound,
            Err(refused) => Said::Refused(refused),
        }
    }
}

impl SequentialSpec for Handle {
    type Op = Call;
    type Ret = Said;

    fn invoke(&mut self, call: &Call) -> Said {
        self.does(call)
    }
}

/// Whether an order of these explains every answer. A caller that was not answered asks nothing more.
pub(super) fn is_explained(handle: Handle, events: &[Event]) -> bool {
    let mut tester = LinearizabilityTester::new(handle);
    for event in events {
        match event {
            Event::Asked(by, call) => tester.on_invoke(*by, call.clone()).unwrap(),
            Event::Answered(by, said) => tester.on_return(*by, said.clone()).unwrap(),
        };
    }
    tester.is_consistent()
}
