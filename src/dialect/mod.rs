//! A vendor's way of carrying handles, as data: which calls there are, where a
//! handle stands in each, what is put in its place, and how the vendor words a
//! refusal.
//!
//! Pure: bytes and settings in, findings and edits out. No vendor is named here
//! and nothing is scripted; a dialect is a closed set of typed keys that
//! `config/` reads from a TOML file.

pub mod answer;
pub mod answering;
mod asked;
pub mod bind;
pub mod call;
pub mod exchange;
pub mod find;
pub mod issue;
mod place;
pub mod plan;
pub mod rejection;
pub mod relay;
pub mod request;
pub mod reveal;
mod revealed;
mod search;
mod tree;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use http::{HeaderName, Method};

use self::exchange::Exchange;
use self::issue::IssueCall;
use self::rejection::RejectionShape;
use self::relay::RelayCall;

/// A dialect, resolved and checked.
#[derive(Debug, Clone)]
pub struct Dialect {
    /// Its name in routes and on the command line.
    pub name: String,
    /// What a call says of its contact center.
    pub contact_center: ContactCenterRule,
    /// Headers whose presence on a customer call refuses it.
    pub refuse_headers: BTreeSet<HeaderNameKey>,
    /// Headers that are taken off a customer call before it goes upstream.
    pub strip_headers: BTreeSet<HeaderNameKey>,
    /// How a refusal is worded.
    pub rejection: RejectionShape,
    /// The calls that it lists. The first that matches is the one.
    pub exchanges: Vec<Exchange>,
    /// How the vendor's own back ends hand data in (`[[issue]]` in the file).
    pub issue_calls: Vec<IssueCall>,
    /// The vendor's own deposit call, for routes that relay.
    pub relay: Option<RelayCall>,
    /// How long a conversation's link is kept.
    pub link_ttl: Duration,
    /// Requests with their expected outcome, kept in the dialect's own file.
    pub examples: Vec<Example>,
}

/// What a dialect demands of the `ContactCenterId` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactCenterRule {
    /// Every call but OPTIONS carries it.
    Required,
    /// A call may carry it, and then it must name the route's tenant.
    CheckedIfPresent,
}

/// A header name that can stand in an ordered set.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderNameKey(pub HeaderName);

impl Ord for HeaderNameKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

impl PartialOrd for HeaderNameKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for HeaderNameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A request body, a payload, and the body that must go upstream. `{handle}` in
/// the request stands for a handle of the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The exchange it is about.
    pub exchange: String,
    /// The payload's JSON text. Examples hold invented people only.
    pub payload: String,
    /// What the browser sends.
    pub request: String,
    /// What the vendor receives.
    pub upstream: String,
}

impl Dialect {
    /// The exchange of a call, by method and path (no query).
    #[must_use]
    pub fn exchange(&self, method: &Method, path: &str) -> Option<&Exchange> {
        self.exchanges.iter().find(|exchange| exchange.call.matches(method, path))
    }

    /// A conversation's name, apart from those of every other dialect.
    #[must_use]
    pub fn conversation(&self, name: &[u8]) -> Vec<u8> {
        [self.name.as_bytes(), b"\0", name].concat()
    }

    /// Whether a call of any method has this path.
    #[must_use]
    pub fn lists(&self, path: &str) -> bool {
        self.exchanges.iter().any(|exchange| exchange.call.fits(path))
    }

    /// Whether anything but payloads comes about in its calls that must not come back: values
    /// that are wrapped, tokens that are signed, a vendor's own keys.
    #[must_use]
    pub fn hands_out(&self) -> bool {
        self.exchanges.iter().any(Exchange::hands_out)
    }

    /// The exchange of that name.
    #[must_use]
    pub fn exchange_named(&self, name: &str) -> Option<&Exchange> {
        self.exchanges.iter().find(|exchange| exchange.name == name)
    }
}
