//! The data plane's resolved settings: one immutable value per generation.
//!
//! A request takes the value once and keeps it, so a reload never changes the
//! rules in the middle of a call. Nothing here is parsed; `config/` builds it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;

use super::route::Routes;
use super::upstream::Upstream;
use crate::dialect::Dialect;
use crate::dialect::relay::RelayCall;
use crate::domain::tenant::ContactCenterId;
use crate::rewrite::redact::Shortness;
use crate::vault::tenancy::Tenant;

/// Everything that a request is judged by.
#[derive(Debug)]
pub struct DataPlane {
    /// Counts reloads, from 1.
    pub generation: u64,
    /// Where calls go.
    pub routes: Routes,
    /// Bounds.
    pub limits: Limits,
    /// Peers whose `X-Forwarded-*` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl DataPlane {
    /// Whether a peer's forwarding headers are believed.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }
}

/// Bounds on what a browser may send and on how long it may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request body on an exchange, after decoding. Other calls
    /// stream and are not bounded here.
    pub request_body_max: usize,
    /// Bytes of an answer that a rule changes or a conversation is learnt from, after
    /// decoding. Other answers stream and are not bounded.
    pub answer_body_max: usize,
    /// Which revealed values are looked for as whole JSON values alone.
    pub short: Shortness,
    /// Bytes of a request's head, name and value of every header.
    pub header_max: usize,
    /// Time for the body of an exchange to arrive, as far as it is read before the
    /// upstream connection exists. What comes later is held to `client_timeout`
    /// between two reads, and has no deadline as a whole.
    pub request_body_timeout: Duration,
    /// Time between two requests on a kept connection.
    pub keepalive_timeout: Duration,
    /// Time between two reads or writes on the browser's side.
    pub client_timeout: Duration,
    /// Time without a byte on an upgraded connection, either way.
    pub websocket_idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_body_max: 1024 * 1024,
            answer_body_max: 1024 * 1024,
            short: Shortness::default(),
            header_max: 32 * 1024,
            request_body_timeout: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(60),
            client_timeout: Duration::from_secs(60),
            websocket_idle_timeout: Duration::from_secs(120),
        }
    }
}

/// One way from a host and path to an upstream.
#[derive(Debug)]
pub struct Route {
    /// Its name in metrics and logs.
    pub name: String,
    /// How its vendor carries handles.
    pub dialect: Arc<Dialect>,
    /// Whose calls these are.
    pub tenant: TenantChoice,
    /// What becomes of a call that the dialect does not list.
    pub unlisted: Unlisted,
    /// Where calls go.
    pub upstream: Arc<Upstream>,
    /// How payloads are handed in at the vendor's own store, where they are.
    pub relay: Option<Relay>,
    /// Whether what was revealed is taken out of answers.
    pub redaction: Redaction,
}

/// The vendor's own deposit call, and the operator's leave to make it. The
/// credential is marked sensitive and does not print.
#[derive(Debug)]
pub struct Relay {
    /// The call.
    pub call: RelayCall,
    /// The value of its `Authorization`.
    pub authorization: HeaderValue,
}

/// Whether what was revealed is taken out of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redaction {
    /// It is.
    On,
    /// The operator wrote `danger_redact = "off"`.
    DangerOff,
}

/// Whose calls a route's calls are.
#[derive(Debug)]
pub enum TenantChoice {
    /// Always this tenant's; a contact center, if named, must be its own.
    One(Arc<Tenant>),
    /// The contact center that the call names picks among several.
    ByContactCenter(HashMap<ContactCenterId, Arc<Tenant>>),
}

impl TenantChoice {
    /// Every tenant of the route.
    pub fn all(&self) -> Box<dyn Iterator<Item = &Arc<Tenant>> + '_> {
        match self {
            Self::One(tenant) => Box::new(std::iter::once(tenant)),
            Self::ByContactCenter(tenants) => Box::new(tenants.values()),
        }
    }
}

/// What becomes of a call that the dialect does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlisted {
    /// Refused.
    Refuse,
    /// Streamed through; nothing is revealed in it.
    Pass,
}
