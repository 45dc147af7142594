//! The house, in this process: the library's own composition and parser, with
//! listeners on port 0 and a manual clock.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

use cloakroom::clock::{ManualClock, SystemEntropy};
use cloakroom::config;
use cloakroom::domain::Timestamp;
use cloakroom::server::parts::split;
use cloakroom::server::{House, HyperApp};
use pingora::apps::{HttpServerOptions, ServerApp};
use pingora::listeners::tls::{Acceptor, TlsSettings};
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::{GetSocketDigest, SocketDigest};
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::client::{Answer, Browser, request};

/// The secret of the caller `crm` of tenant `acme`.
pub(crate) const SECRET: &str = "acme-secret";
/// The secret of the caller `crm` of tenant `other`.
pub(crate) const OTHER_SECRET: &str = "other-secret";
/// The contact center of `acme`.
pub(crate) const CENTER: &str = "cfe5ad67-ba6d-4340-81f9-bb680ef5d498";
/// The contact center of `other`.
pub(crate) const OTHER_CENTER: &str = "11111111-2222-4333-8444-555555555555";

/// A key for tests; no secret.
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The house under test. Ends when it is dropped.
pub(crate) struct Running {
    pub house: Arc<House>,
    pub data: SocketAddr,
    pub control: SocketAddr,
    pub clock: Arc<ManualClock>,
    stop: watch::Sender<bool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// The part of the configuration that every test has, before its routes.
pub(crate) fn preamble() -> String {
    let digest = |secret: &str| {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(secret);
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    format!(
        r#"
[data_plane]
listen = ["127.0.0.1:8080"]
[control_plane]
listen = ["127.0.0.1:8081"]
[keyring]
current = {{ id = 1, env = "KEY" }}
[store]
kind = "memory"
entries_max = 1000
[[tenant]]
id = "acme"
contact_center_ids = ["{CENTER}"]
origins = ["https://shop.example"]
[[tenant.caller]]
name = "crm"
secret_sha256 = "{}"
may = ["issue", "inspect", "revoke"]
[[tenant.caller]]
name = "reader"
secret_sha256 = "{}"
may = ["inspect"]
[[tenant]]
id = "other"
contact_center_ids = ["{OTHER_CENTER}"]
[[tenant.caller]]
name = "crm"
secret_sha256 = "{}"
may = ["issue", "inspect", "revoke"]
"#,
        digest(SECRET),
        digest("reader-secret"),
        digest(OTHER_SECRET),
    )
}

/// A route of `acme` to one upstream.
pub(crate) fn route(dialect: &str, upstream: SocketAddr) -> String {
    format!(
        "[[route]]\ndialect = \"{dialect}\"\ntenant = \"acme\"\nupstream = {{ servers = [\"{upstream}\"] }}\n"
    )
}

/// Starts the house with `routes` after the preamble.
pub(crate) async fn start(routes: &str) -> Running {
    start_text(&format!("{}{routes}", preamble()), Path::new(".")).await
}

/// The mistakes of a configuration that must not load.
pub(crate) fn mistakes(text: &str, base: &Path) -> String {
    load(text, base).expect_err("it loads")
}

/// A configuration, read with the tests' key in its environment.
pub(crate) fn load(text: &str, base: &Path) -> Result<config::Config, String> {
    cloakroom::server::run::crypto();
    let env = |name: &str| (name == "KEY").then(|| KEY.to_owned());
    config::load_text(text, "test.toml", base, &env, 1).map_err(|mistakes| mistakes.to_string())
}

/// Starts the house from a whole configuration.
pub(crate) async fn start_text(text: &str, base: &Path) -> Running {
    let config = load(text, base).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let (parts, _) = split(config);
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_900_000_000)));
    let house = House::assemble(parts, clock.clone(), Arc::new(SystemEntropy)).unwrap();
    for upstream in house.upstreams() {
        upstream.refresh().await;
    }
    let (stop, stopped) = watch::channel(false);
    let data = serve(data_plane(&house), None, stopped.clone()).await;
    let control = Arc::new(HyperApp::new(house.control_plane()));
    let control = serve(control, None, stopped).await;
    Running { house: Arc::new(house), data, control, clock, stop }
}

fn data_plane(house: &House) -> Arc<impl ServerApp + Send + Sync + 'static> {
    let conf = Arc::new(ServerConf { max_retries: 3, ..ServerConf::default() });
    let mut proxy = http_proxy(&conf, house.data_plane());
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    proxy.server_options = Some(options);
    Arc::new(proxy)
}

async fn serve<A: ServerApp + Send + Sync + 'static>(
    app: Arc<A>,
    tls: Option<TlsSettings>,
    mut stopped: watch::Receiver<bool>,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = tls.map(|settings| Arc::new(settings.build()));
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopped.changed() => break,
            };
            let Ok((stream, _)) = accepted else { break };
            // As Pingora's own listener does.
            stream.set_nodelay(true).unwrap();
            let (app, tls, stopped) = (Arc::clone(&app), tls.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut next = open(stream, tls.as_deref()).await;
                while let Some(stream) = next {
                    next = app.process_new(stream, &stopped).await;
                }
            });
        }
        app.cleanup().await;
    });
    address
}

async fn open(stream: TcpStream, tls: Option<&Acceptor>) -> Option<pingora::protocols::Stream> {
    // As Pingora's own listener does: the peer's address is read from this.
    let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
    let mut stream = Stream::from(stream);
    stream.set_socket_digest(digest);
    match tls {
        None => Some(Box::new(stream)),
        Some(tls) => Some(Box::new(tls.tls_handshake(stream).await.ok()?)),
    }
}

impl Running {
    /// Another door to the same data plane, over TLS.
    pub(crate) async fn tls_door(&self, tls: TlsSettings) -> SocketAddr {
        serve(data_plane(&self.house), Some(tls), self.stop.subscribe()).await
    }

    /// One request to the data plane over a connection of its own.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Answer {
        Browser::connect(self.data).await.send(bytes).await
    }

    /// One call to the control plane.
    pub(crate) async fn control(
        &self,
        method: &str,
        path: &str,
        secret: &str,
        body: &str,
    ) -> Answer {
        let bearer = format!("Bearer {secret}");
        let call = request(method, path, &[("Authorization", &bearer)], body.as_bytes());
        Browser::connect(self.control).await.send(&call).await
    }

    /// The control plane's metrics.
    pub(crate) async fn metrics(&self) -> String {
        self.control("GET", "/metrics", "", "").await.text()
    }
}

/// Issues a handle for `payload` with further members of the request.
pub(crate) async fn issue_with(
    running: &Running,
    secret: &str,
    payload: &str,
    more: &str,
) -> Value {
    let body = format!(r#"{{"payload":{payload}{more}}}"#);
    let answer = running.control("POST", "/v1/handles", secret, &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// A handle of `acme` for `payload`.
pub(crate) async fn issue(running: &Running, payload: &str) -> String {
    let issued = issue_with(running, SECRET, payload, "").await;
    issued["handle"].as_str().unwrap().to_owned()
}
