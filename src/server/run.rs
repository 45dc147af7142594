//! Listeners, runtimes and the end: the house on Pingora's server.
//!
//! Returns only when the process is to end. It decides nothing about a request.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::HttpServerOptions;
use pingora::connectors::ConnectorOptions;
use pingora::listeners::tls::TlsSettings;
use pingora::proxy::ProxyServiceBuilder;
use pingora::server::configuration::{Opt, ServerConf};
use pingora::server::{RunArgs, Server};
use pingora::services::background::background_service;
use pingora::services::listening::Service;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::house::Pace;
use super::parts::Process;
use super::shelf::ShelfFault;
use super::signals::Signals;
use super::upkeep::Upkeep;
use super::{Fitness, House, HyperApp};
use crate::config::listen::{Listener, Switch};
use crate::proxy::upstream::{TRIES_MAX, Upstream};

/// How long names and health of upstreams, and a store that does not answer, may hold
/// up the start.
const FIRST_LOOK_MAX: Duration = Duration::from_secs(3);

/// Whether listeners are opened or taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Open them.
    Fresh,
    /// Take them from the running process, which then gets SIGQUIT.
    TakingOver,
}

/// Why nothing runs.
#[derive(Debug)]
pub enum StartFault {
    /// An address that cannot be listened on.
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system says.
        why: std::io::Error,
    },
    /// A certificate or key that TLS does not take.
    Tls {
        /// The certificate's file.
        certificate: String,
    },
    /// No runtime could be built.
    Runtime(std::io::Error),
    /// A store that must not be used.
    Store(ShelfFault),
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, why } => {
                write!(f, "cannot listen on {address}: {why}; is another process using it?")
            }
            Self::Tls { certificate } => {
                write!(
                    f,
                    "{certificate}: the certificate or its key is not accepted; check that they belong together"
                )
            }
            Self::Runtime(why) => write!(f, "no runtime could be started: {why}"),
            Self::Store(fault) => fault.fmt(f),
        }
    }
}

/// Runs both planes until a signal ends them.
///
/// # Errors
/// [`StartFault`] when they cannot start; nothing listens then.
pub fn run(
    house: Arc<House>,
    process: &Process,
    file: Option<PathBuf>,
    start: Start,
) -> Result<(), StartFault> {
    crypto();
    if start == Start::Fresh {
        // Pingora would abort on an address that is taken; say so instead.
        for listener in process.data.iter().chain(&process.control) {
            free(listener.address)?;
        }
    }
    let fitness = first_look(&house)?;
    let opt = Opt { upgrade: start == Start::TakingOver, ..Opt::default() };
    let mut server = Server::new_with_opt_and_conf(Some(opt), conf(process, house.pace()));
    server.bootstrap();

    for (at, listener) in process.data.iter().enumerate() {
        let mut options = HttpServerOptions::default();
        options.h2c = listener.h2c == Switch::Enabled;
        let mut upstreams = ConnectorOptions::from_server_conf(&server.configuration);
        upstreams.keepalive_pool_size = process.upstream_idle_max;
        let mut service = ProxyServiceBuilder::new(&server.configuration, house.data_plane())
            .name(format!("data plane {at}"))
            .server_options(options)
            .client_options(upstreams)
            .build();
        service.threads = Some(process.threads);
        listen(&mut service, listener)?;
        server.add_service(service);
    }
    let mut control =
        Service::new("control plane".to_owned(), HyperApp::new(house.control_plane()));
    control.threads = Some(1);
    for listener in &process.control {
        listen(&mut control, listener)?;
    }
    server.add_service(control);
    let signals = Signals { draining: Arc::clone(house.draining()), drain: process.shutdown_drain };
    let closing = Arc::clone(&house);
    server.add_service(background_service("upkeep", Upkeep { house, file, fitness }));
    announce(process);
    server.run(RunArgs { shutdown_signal: Box::new(signals) });
    closing.close();
    Ok(())
}

/// An HTTP client for calls of our own. Verification is on.
///
/// # Errors
/// When TLS cannot be set up.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    crypto();
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .build()
}

/// The process's TLS provider; a second call changes nothing.
pub fn crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn announce(process: &Process) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        listen = process.addresses().join(","),
        threads = process.threads,
        "cloakroom starts"
    );
}

/// Looks up names and health once, so that the first request finds a server, and asks
/// the store what it is, before the first handle is trusted to it.
fn first_look(house: &House) -> Result<Fitness, StartFault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(StartFault::Runtime)?;
    let examined = async {
        let examined = timeout(FIRST_LOOK_MAX, house.examine_store());
        let (fitness, ()) = tokio::join!(examined, look(house.upstreams()));
        fitness.unwrap_or(Fitness::Unknown)
    };
    let fitness = runtime.block_on(examined);
    match house.unfit() {
        Some(why) => Err(StartFault::Store(ShelfFault::Unfit(why.to_owned()))),
        None => Ok(fitness),
    }
}

/// Refreshes upstreams side by side, for a bounded time: slow is not wrong, the
/// upkeep goes on looking.
pub(super) async fn look(upstreams: Vec<Arc<Upstream>>) {
    let mut looks = JoinSet::new();
    for upstream in upstreams {
        looks.spawn(async move { upstream.refresh().await });
    }
    let _ = timeout(FIRST_LOOK_MAX, looks.join_all()).await;
}

fn listen<A>(service: &mut Service<A>, listener: &Listener) -> Result<(), StartFault> {
    let address = listener.address.to_string();
    let Some(tls) = &listener.tls else {
        service.add_tcp(&address);
        return Ok(());
    };
    let refused = || StartFault::Tls { certificate: tls.certificate.display().to_string() };
    let (certificate, key) = (tls.certificate.to_str(), tls.key.to_str());
    let (certificate, key) = certificate.zip(key).ok_or_else(refused)?;
    let mut settings = TlsSettings::intermediate(certificate, key).map_err(|_| refused())?;
    // The control plane speaks HTTP/1.1; its configuration cannot enable this.
    if tls.http2 == Switch::Enabled {
        settings.enable_h2();
    }
    service.add_tls_with_settings(&address, None, settings);
    Ok(())
}

fn free(address: SocketAddr) -> Result<(), StartFault> {
    TcpListener::bind(address).map(drop).map_err(|why| StartFault::Listen { address, why })
}

fn conf(process: &Process, pace: Pace) -> ServerConf {
    // A lone thread has nobody to share its work with, and a scheduler that could costs
    // it a tenth. A call that waits in an answer needs one that can.
    let alone = process.threads == 1 && pace == Pace::AtOnce;
    ServerConf {
        work_stealing: !alone,
        threads: process.threads,
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(process.shutdown_grace.as_secs()),
        upgrade_sock: process.upgrade_socket.display().to_string(),
        max_retries: TRIES_MAX,
        ..ServerConf::default()
    }
}
