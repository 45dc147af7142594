//! The data plane's door: what its phases share, and what it knows of a caller.
//!
//! It decides nothing about a call.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::framing;
use super::headers::{Origin, Trust};
use super::outgoing::client;
use super::passage::Passage;
use super::settings::DataPlane;
use crate::dialect::answer::Transport;
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;

/// The data plane's door.
pub struct Cloakroom {
    pub(super) settings: Arc<ArcSwap<DataPlane>>,
    pub(super) vault: Arc<Vault>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) draining: Arc<AtomicBool>,
    /// For calls of this proxy's own to a vendor.
    pub(super) connector: Arc<Connector>,
}

impl Cloakroom {
    /// A data plane over `settings`, which may be swapped while it runs. While
    /// `draining` is set, connections are closed after their answer.
    #[must_use]
    pub fn new(
        settings: Arc<ArcSwap<DataPlane>>,
        vault: Arc<Vault>,
        metrics: Arc<Metrics>,
        draining: Arc<AtomicBool>,
    ) -> Self {
        let connector = Arc::new(Connector::new(None));
        Self { settings, vault, metrics, draining, connector }
    }

    /// Where a request came from, and whether another proxy's word on it is believed.
    pub(super) fn origin(&self, session: &Session, passage: &Passage) -> Origin {
        let peer = client(session);
        let believed = peer
            .zip(passage.settings.as_ref())
            .is_some_and(|(peer, settings)| settings.trusts(peer));
        let secure = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        Origin {
            peer,
            trust: if believed { Trust::Believed } else { Trust::Stripped },
            scheme: if secure { "https" } else { "http" },
        }
    }
}

/// How the browser reached this proxy, another proxy's word on it included where that
/// is believed: its authority, and whether it came over TLS.
pub(super) fn reached(head: &RequestHeader, origin: &Origin) -> (String, Transport) {
    let said = |name: &str| {
        let value = head.headers.get(name).filter(|_| origin.trust == Trust::Believed)?;
        // The first proxy's word is the browser's side.
        value.to_str().ok()?.split(',').next().map(|first| first.trim().to_owned())
    };
    let plain = |host: &String| framing::is_host(host);
    let own = framing::host(head).unwrap_or_default().to_owned();
    let scheme = said("x-forwarded-proto").unwrap_or_else(|| origin.scheme.to_owned());
    let transport = if scheme == "https" { Transport::Tls } else { Transport::Plain };
    (said("x-forwarded-host").filter(plain).unwrap_or(own), transport)
}

impl fmt::Debug for Cloakroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloakroom").field("vault", &self.vault).finish_non_exhaustive()
    }
}
