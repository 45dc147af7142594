//! A vendor's own deposit call, made by this proxy: what is posted, and what of the
//! answer stands for the payload from then on.
//!
//! Texts only: it never opens a connection and never knows a credential.

use std::time::Duration;

use http::Method;

use crate::domain::Payload;
use crate::rewrite::json::members::at;
use crate::rewrite::json::pointer::Pointer;

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayCall {
    /// Its method.
    pub method: Method,
    /// Its path, and query if it has one.
    pub target: String,
    /// Its JSON body; `{payload}` is the payload.
    pub body: String,
    /// How long the vendor keeps it, less a margin.
    pub ttl: Duration,
    /// Where the answer has what stands for the payload.
    pub key: RelayKey,
}

/// Where a vendor's key stands in its answer: one string, or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayKey {
    /// What goes into the slot.
    pub first: Pointer,
    /// What goes into the slot's second place.
    pub second: Option<Pointer>,
}

impl RelayCall {
    /// The body to post.
    #[must_use]
    pub fn body(&self, payload: &Payload) -> String {
        self.body.replace("{payload}", payload.expose())
    }
}

impl RelayKey {
    /// Whether an answer has what the slots need, as strings.
    #[must_use]
    pub fn is_in(&self, answer: &[u8]) -> bool {
        let string = |pointer: &Pointer| {
            at(answer, pointer).is_ok_and(|found| found.is_some_and(|raw| raw.starts_with(b"\"")))
        };
        string(&self.first) && self.second.as_ref().is_none_or(string)
    }
}
