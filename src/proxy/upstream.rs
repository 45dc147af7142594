//! The vendor's servers: names resolved beside the traffic, health watched, a
//! peer for each call.
//!
//! A call never waits for DNS: [`Upstream::watch`] resolves in the background and
//! keeps the last answer when a resolver fails. Verification is on and the name
//! to verify is mandatory; Pingora would silently verify nothing without one.

mod health;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};
use pingora::lb::discovery::ServiceDiscovery;
use pingora::lb::selection::RoundRobin;
use pingora::lb::{Backend, Backends, Extensions, LoadBalancer};
use pingora::protocols::tls::CaType;
use pingora::upstreams::peer::{HttpPeer, PeerOptions};
use pingora::utils::tls::WrappedX509;
use tokio::net::lookup_host;
use tokio::sync::watch;
use tokio::time::interval;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use self::health::Accepts;

/// Servers of one upstream that one call may be tried at.
pub const TRIES_MAX: usize = 3;

/// How to reach an upstream's servers, resolved from configuration.
#[derive(Clone)]
pub struct UpstreamSettings {
    /// `host:port`, as configured; also the label in metrics.
    pub servers: Vec<String>,
    /// Plain or TLS.
    pub transport: Transport,
    /// The `Host` that the vendor expects; the browser's own when absent.
    pub host: Option<HeaderValue>,
    /// Headers that take the place of the browser's own.
    pub set_headers: Vec<(HeaderName, HeaderValue)>,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// How often servers are checked and names looked up.
    pub health_interval: Duration,
    /// Connections with different trust must not be shared: the configuration's
    /// generation and the route's name.
    pub pool: String,
}

/// How bytes travel to the vendor.
#[derive(Clone)]
pub enum Transport {
    /// In the clear: loopback, or because the operator wrote `danger_off`.
    Plain,
    /// TLS 1.2 or better, verified against this name.
    Tls {
        /// Never empty.
        sni: String,
        /// A CA of one's own instead of the system's.
        ca: Option<Arc<CaType>>,
    },
}

/// CAs to trust, from certificates in DER; none when one of them does not parse.
/// Pingora's own parsing would panic on that one.
#[must_use]
pub fn ca(certificates: Vec<Vec<u8>>) -> Option<Arc<CaType>> {
    let parse = |der| {
        WrappedX509::try_new(der, |der| X509Certificate::from_der(der).map(|(_, read)| read)).ok()
    };
    let read: Option<Vec<_>> = certificates.into_iter().map(parse).collect();
    read.map(Into::into)
}

/// How long each step towards the vendor may take. Pingora has no default for
/// any of them.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// TCP connect.
    pub connect: Duration,
    /// TCP and TLS together.
    pub connect_total: Duration,
    /// Between two reads of an answer; for a poll, how long the vendor thinks.
    pub read: Duration,
    /// Between two writes.
    pub write: Duration,
    /// How long an unused connection is kept: below the vendor's own, or a POST
    /// meets a closing one and cannot be repeated.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            connect_total: Duration::from_secs(6),
            read: Duration::from_secs(60),
            write: Duration::from_secs(30),
            idle: Duration::from_secs(30),
        }
    }
}

/// An upstream in use.
pub struct Upstream {
    /// The `Host` to send, if not the browser's.
    pub host: Option<HeaderValue>,
    /// Headers that take the place of the browser's own.
    pub set_headers: Vec<(HeaderName, HeaderValue)>,
    balancer: LoadBalancer<RoundRobin>,
    settings: UpstreamSettings,
    group: u64,
    /// What the last check found, so that a change is said once.
    seen: Mutex<HashMap<String, bool>>,
}

impl Upstream {
    /// Servers that are given as addresses work at once; names do from the first
    /// [`Upstream::refresh`] on.
    #[must_use]
    pub fn new(settings: UpstreamSettings) -> Self {
        let discovery = Discovery { servers: settings.servers.clone(), last: Mutex::default() };
        let mut backends = Backends::new(Box::new(discovery));
        backends.set_health_check(Box::new(Accepts));
        let mut hasher = DefaultHasher::new();
        settings.pool.hash(&mut hasher);
        Self {
            host: settings.host.clone(),
            set_headers: settings.set_headers.clone(),
            balancer: LoadBalancer::from_backends(backends),
            group: hasher.finish(),
            settings,
            seen: Mutex::default(),
        }
    }

    /// Resolves names and checks servers once.
    pub async fn refresh(&self) {
        // A resolver that fails leaves the servers as they were.
        let _ = self.balancer.update().await;
        self.balancer.backends().run_health_check(true).await;
        let now: HashMap<String, bool> = self.health().into_iter().collect();
        let mut before = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (server, up) in &now {
            match (before.get(server), up) {
                (Some(true) | None, false) => tracing::warn!(server, "an upstream server is down"),
                (Some(false), true) => tracing::info!(server, "an upstream server is up again"),
                (Some(true) | None, true) | (Some(false), false) => {}
            }
        }
        *before = now;
    }

    /// Refreshes until the process ends.
    pub async fn watch(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut tick = interval(self.settings.health_interval);
        loop {
            tokio::select! {
                _ = tick.tick() => self.refresh().await,
                _ = stop.changed() => return,
            }
        }
    }

    /// The next server that was not tried yet: a healthy one, else any, since a
    /// check can be wrong and a refused connection says so soon enough.
    #[must_use]
    pub fn pick(&self, tried: &[Backend]) -> Option<Backend> {
        let rounds = self.settings.servers.len().saturating_mul(4).max(16);
        let fresh = |backend: &Backend| !tried.contains(backend);
        self.balancer
            .select_with(b"", rounds, |backend, healthy| healthy && fresh(backend))
            .or_else(|| self.balancer.select_with(b"", rounds, |backend, _| fresh(backend)))
    }

    /// How to connect to a picked server.
    #[must_use]
    pub fn peer(&self, backend: &Backend, upgrade: Upgrade) -> Option<HttpPeer> {
        let address = *backend.addr.as_inet()?;
        let (tls, sni, ca) = match &self.settings.transport {
            Transport::Plain => (false, String::new(), None),
            Transport::Tls { sni, ca } => (true, sni.clone(), ca.clone()),
        };
        let mut peer = HttpPeer::new(address, tls, sni);
        peer.group_key = self.group;
        self.time(&mut peer.options, upgrade);
        peer.options.ca = ca;
        Some(peer)
    }

    /// Each configured server and whether any of its addresses is healthy.
    #[must_use]
    pub fn health(&self) -> Vec<(String, bool)> {
        let backends = self.balancer.backends();
        let mut up: HashMap<&str, bool> =
            self.settings.servers.iter().map(|server| (server.as_str(), false)).collect();
        let known = backends.get_backend();
        for backend in known.iter() {
            let label = backend.ext.get::<Label>().map(|label| label.0.as_str());
            if let Some(state) = label.and_then(|label| up.get_mut(label)) {
                *state |= backends.ready(backend);
            }
        }
        up.into_iter().map(|(server, up)| (server.to_owned(), up)).collect()
    }

    fn time(&self, options: &mut PeerOptions, upgrade: Upgrade) {
        let timeouts = &self.settings.timeouts;
        options.connection_timeout = Some(timeouts.connect);
        options.total_connection_timeout = Some(timeouts.connect_total);
        options.write_timeout = Some(timeouts.write);
        options.idle_timeout = Some(timeouts.idle);
        options.read_timeout = Some(match upgrade {
            Upgrade::No => timeouts.read,
            Upgrade::WebSocket { idle } => idle,
        });
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("servers", &self.settings.servers).finish_non_exhaustive()
    }
}

/// Whether a call is to become a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// An ordinary call.
    No,
    /// A socket that may be silent for this long.
    WebSocket {
        /// The bound on silence.
        idle: Duration,
    },
}

/// The configured spelling of a server, carried by each of its addresses.
#[derive(Clone)]
struct Label(String);

struct Discovery {
    servers: Vec<String>,
    /// What each name last resolved to: a resolver's bad minute is not ours.
    last: Mutex<HashMap<String, Vec<SocketAddr>>>,
}

impl Discovery {
    async fn addresses(&self, server: &str) -> Vec<SocketAddr> {
        if let Ok(address) = server.parse() {
            return vec![address];
        }
        let resolved = lookup_host(server).await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match resolved {
            Ok(addresses) => {
                let addresses: Vec<_> = addresses.collect();
                last.insert(server.to_owned(), addresses.clone());
                addresses
            }
            Err(_) => {
                tracing::warn!(server, "the name of an upstream server does not resolve");
                last.get(server).cloned().unwrap_or_default()
            }
        }
    }
}

#[async_trait]
impl ServiceDiscovery for Discovery {
    async fn discover(&self) -> pingora::Result<(BTreeSet<Backend>, HashMap<u64, bool>)> {
        let mut found = BTreeSet::new();
        for server in &self.servers {
            let addresses = self.addresses(server).await;
            found.extend(addresses.into_iter().filter_map(|at| backend(at, server)));
        }
        if found.is_empty() {
            return pingora::Error::e_explain(
                pingora::ErrorType::ConnectNoRoute,
                "no server of the upstream resolves",
            );
        }
        Ok((found, HashMap::new()))
    }
}

fn backend(address: SocketAddr, server: &str) -> Option<Backend> {
    let mut backend = Backend::new(&address.to_string()).ok()?;
    let mut ext = Extensions::new();
    ext.insert(Label(server.to_owned()));
    backend.ext = ext;
    Some(backend)
}
