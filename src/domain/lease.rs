//! Who may use a handle next: the words of the state machine that every store keeps beside a sealed payload. Its rules
//! stand in `ledger`.
//!
//! Never awaits, reads no clock: a store loads a [`Ledger`], asks it, and writes it back in one atomic step. Never burns
//! a handle for a request that the upstream did not accept, and never lets two requests hold one handle.
//!
//! A clock that steps back lengthens a lease and never frees it early; it lengthens the replay window by the step, and by
//! no more. A clock that steps forward by more than a lease's rest frees it, as if its holder had crashed.

mod ledger;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::time::Timestamp;

/// One reservation, known to its holder. 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaseId(#[serde(with = "super::spelling")] [u8; 16]);

/// Where a handle stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nobody holds it.
    Live,
    /// A request is on its way upstream with it.
    Leased {
        /// Who holds it.
        lease: LeaseId,
        /// The first instant at which it counts as abandoned.
        until: Timestamp,
        /// The request that holds it.
        request: Fingerprint,
        /// The conversation it will belong to, if the handle is for one.
        binding: Option<Fingerprint>,
    },
    /// A request with it was accepted.
    Spent {
        /// When: the replay window starts here.
        at: Timestamp,
        /// Which request, so that its repetition is known.
        request: Fingerprint,
    },
    /// Given back too often; no request with it was accepted, so there is nothing to replay.
    Exhausted,
}

/// What a store keeps about a handle's use.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ledger {
    /// Where the handle stands.
    pub state: State,
    /// The conversation a `conversation` handle belongs to, once one has used it.
    pub binding: Option<Fingerprint>,
    /// Uses that stand: commits and [`Granted::Bound`], not replays. Saturates.
    pub redeemed: u32,
    /// Leases given back or abandoned. Saturates.
    pub releases: u32,
}

/// One request for a handle.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The time of asking.
    pub now: Timestamp,
    /// The lease's name, if one is granted. Fresh for each ask.
    pub lease: LeaseId,
    /// The request, the same when it is repeated.
    pub request: Fingerprint,
    /// The conversation that the request belongs to, where the dialect finds one. Made with the handle's own key
    /// (`Keyring::fingerprint_for`), or a rotation would make it another conversation.
    pub binding: Option<Fingerprint>,
}

/// The operator's terms for leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a request may hold a handle. 120 s by default: longer than a chat API takes to answer, short enough that
    /// a visitor who retries after a crash of this proxy gets through.
    pub lease_max: Duration,
    /// How long a repetition of the accepted request gets the same reveal. 10 s by default: a widget's own retry.
    pub replay_window: Duration,
    /// How many given back leases end a handle that no conversation has. 5 by default: a few failures of the upstream, no
    /// supply of reveals. 0 acts as 1.
    pub releases_max: u32,
}

/// On what footing a request may reveal the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It holds the handle, and must commit or release.
    Leased(LeaseId),
    /// It repeats the accepted request within the replay window; nothing to settle.
    Replay,
    /// It needs no lease, being of the conversation that has the handle, or the handle being `until-expiry`; counted,
    /// nothing to settle.
    Bound,
}

/// Why a request may not have the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another request holds it.
    InFlight,
    /// It was used, or given back too often.
    Spent,
    /// It belongs to another conversation.
    OtherConversation,
    /// It is for a conversation, and the request names none.
    BindingAbsent,
}

/// Whether the one who settled still held the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It did, and the ledger has changed.
    Done,
    /// The lease had been settled or taken over; nothing has changed.
    Stale,
}

/// Where a handle stands at a given time, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It would be granted, to someone.
    Live,
    /// A request holds it.
    Leased,
    /// It will not be granted again.
    Spent,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            lease_max: Duration::from_secs(120),
            replay_window: Duration::from_secs(10),
            releases_max: 5,
        }
    }
}

impl LeaseId {
    /// A new lease's name from 16 random bytes.
    pub const fn from_random(bytes: [u8; 16]) -> LeaseId {
        LeaseId(bytes)
    }

    /// The bytes, as a store keeps them.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl Standing {
    /// The name in API and metrics: `live`, `leased`, `spent`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Live => "live",
            Standing::Leased => "leased",
            Standing::Spent => "spent",
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
