//! One request's own state, from its first header to its log line.
//!
//! Pingora's CTX. It holds no personal data but the body that is on its way
//! upstream, and its `Debug` shows none.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use pingora::lb::Backend;

use super::answer::{Answer, Looked};
use super::settings::{DataPlane, Redaction, Route};
use super::socket::Socket;
use super::watch::Watch;
use crate::dialect::exchange::{Binary, Exchange};
use crate::dialect::reveal::{Revealed, RevealedBody};
use crate::reject::Cause;
use crate::telemetry::access::Redeemed;
use crate::vault::lease::Lease;
use crate::vault::tenancy::Tenant;

/// A request under way.
pub struct Passage {
    /// The settings it is judged by, taken once.
    pub(super) settings: Option<Arc<DataPlane>>,
    pub(super) route: Option<Arc<Route>>,
    pub(super) tenant: Option<Arc<Tenant>>,
    /// Its exchange, by position in the route's dialect.
    pub(super) exchange: Option<usize>,
    pub(super) outgoing: Outgoing,
    pub(super) sent: Sent,
    /// Settled by the upstream's status; given back when this is dropped.
    pub(super) leases: Vec<Lease>,
    /// For the access line.
    pub(super) redeemed: Redeemed,
    /// What must not come back.
    pub(super) watch: Watch,
    /// What its conversation is known by, where the call names it.
    pub(super) conversation: Option<Vec<u8>>,
    /// When its links were last looked at while the answer came.
    pub(super) looked: Option<Looked>,
    /// Whether the answer began before the body was whole: nothing may be revealed
    /// then, since nobody would look for it in the answer.
    pub(super) answered_early: bool,
    pub(super) answer: Answer,
    /// The frames, once the call has become a socket.
    pub(super) socket: Option<Box<Socket>>,
    /// What changes outside the body.
    pub(super) revealed: Option<Revealed>,
    pub(super) rejection: Option<Cause>,
    /// Servers that this request has been sent to or could not reach.
    pub(super) tried: Vec<Backend>,
    pub(super) swap: Duration,
    pub(super) started: Instant,
}

/// What goes upstream as the body.
pub(super) enum Outgoing {
    /// Whatever arrives, as it arrives.
    Streamed,
    /// Exactly this, with exactly its length.
    Whole { body: RevealedBody, coding: Coding },
    /// A body of undeclared length that outgrew the early read: collected while
    /// Pingora holds the connection, sent in one piece when it ends.
    Late { collected: BytesMut, coding: Coding },
}

impl Outgoing {
    /// A try begins. Pingora first shows again what was read of the body before,
    /// unless that was more than its buffer holds: then it is only here, and the
    /// call is not tried twice.
    pub(super) fn begin(&mut self, unrepeatable: bool) {
        if let Self::Late { collected, .. } = self
            && !unrepeatable
        {
            collected.clear();
        }
    }
}

/// How much of what was revealed was handed over to be sent, to any server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// None of it, or not the whole request: no vendor can have accepted it.
    Nothing,
    /// All of it: whether the vendor accepts it is known from its answer alone.
    All,
}

/// What the body's bytes are now, against what its header said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// As the header says.
    AsSent,
    /// Decoded here; the header goes.
    Decoded,
}

impl Passage {
    pub(super) fn new() -> Self {
        Self {
            settings: None,
            route: None,
            tenant: None,
            exchange: None,
            outgoing: Outgoing::Streamed,
            sent: Sent::Nothing,
            leases: Vec::new(),
            redeemed: Redeemed::default(),
            watch: Watch::default(),
            conversation: None,
            looked: None,
            answered_early: false,
            answer: Answer::default(),
            socket: None,
            revealed: None,
            rejection: None,
            tried: Vec::new(),
            swap: Duration::ZERO,
            started: Instant::now(),
        }
    }

    pub(super) fn exchange(&self) -> Option<&Exchange> {
        self.route.as_ref()?.dialect.exchanges.get(self.exchange?)
    }

    /// Whether the vendor's answer will be read, so that it must be readable.
    pub(super) fn is_answer_read(&self) -> bool {
        let late = matches!(self.outgoing, Outgoing::Late { .. });
        // Another call may reveal while the answer comes.
        let on = self.route.as_ref().is_some_and(|route| route.redaction == Redaction::On);
        let named = on && self.conversation.is_some();
        self.exchange().is_some_and(|exchange| {
            late || named
                || !self.watch.is_empty()
                || exchange.answer.reads_whole_body()
                || !exchange.answer.wraps.is_empty()
                || !exchange.frame_slots.is_empty()
        })
    }

    /// Whether the frames are read once the call becomes a socket: where they may hold
    /// handles, where a value may come back, also one that its conversation reveals
    /// later, and where not all of them may pass.
    pub(super) fn is_socket_read(&self) -> bool {
        let refuses = |exchange: &Exchange| exchange.binary == Binary::Refuse;
        let named = self.conversation.is_some();
        self.is_answer_read() || named || self.exchange().is_some_and(refuses)
    }

    /// The exchange's name for labels: from the configuration, never the request.
    pub(super) fn exchange_label(&self) -> &str {
        self.exchange().map_or("none", |exchange| exchange.name.as_str())
    }

    pub(super) fn route_label(&self) -> &str {
        self.route.as_ref().map_or("none", |route| route.name.as_str())
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passage")
            .field("route", &self.route_label())
            .field("exchange", &self.exchange_label())
            .field("redeemed", &self.redeemed)
            .field("rejection", &self.rejection)
            .finish_non_exhaustive()
    }
}
