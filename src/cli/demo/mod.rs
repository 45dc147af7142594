//! `demo`: a sample shop, a sample vendor and the proxy between them, in one
//! process, from the same configuration parser that `serve` uses.
//!
//! The shop issues a handle over the real control plane and puts it in its page;
//! the vendor says what it received. Nothing here is part of a deployment.

mod shop;
mod vendor;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::{Exit, Failure, print};
use crate::clock::{SystemClock, SystemEntropy};
use crate::config;
use crate::server::House;
use crate::server::parts::split;
use crate::server::run::{Start, run};
use crate::telemetry::logs::{LogFormat, start};

/// Whatever calls the control plane for the shop knows this; it is no secret.
pub(super) const SECRET: &str = "demo-secret";

/// The four listeners, on neighbouring ports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) proxy: SocketAddr,
    pub(super) control: SocketAddr,
    pub(super) shop: SocketAddr,
    pub(super) vendor: SocketAddr,
}

pub(super) fn demo(listen: SocketAddr) -> Result<(), Failure> {
    let places = places(listen)?;
    let entropy = SystemEntropy;
    let key = crate::clock::random(&entropy)
        .ok()
        .and_then(|bytes| crate::domain::RootKey::from_bytes(bytes).ok())
        .ok_or_else(|| Failure::new(Exit::Unavailable, "no randomness for the demo's key"))?;
    let key = key.to_base64();
    let env = |name: &str| (name == "CLOAKROOM_DEMO_KEY").then(|| key.to_string());
    let text = fill(include_str!("demo.toml"), places);
    let config = config::load_text(&text, "demo.toml", Path::new("."), &env, 1)?;
    let (parts, process) = split(config);
    let _logs = start(LogFormat::Text);
    let house = House::assemble(parts, Arc::new(SystemClock), Arc::new(entropy))?;
    beside(places)?;
    print::line(&fill(include_str!("hello.txt"), places))?;
    run(Arc::new(house), &process, None, Start::Fresh).map_err(Failure::from)
}

fn places(proxy: SocketAddr) -> Result<Places, Failure> {
    if !proxy.ip().is_loopback() {
        return Err(Failure::new(
            Exit::Usage,
            "--listen takes a loopback address: the demo's secret is known to everybody",
        ));
    }
    let above = |steps: u16| {
        let port = proxy.port().checked_add(steps).filter(|_| proxy.port() != 0);
        port.map(|port| SocketAddr::new(proxy.ip(), port)).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "--listen needs a port from 1 to 65532: the demo takes three more above it",
            )
        })
    };
    Ok(Places { proxy, control: above(1)?, shop: above(2)?, vendor: above(3)? })
}

fn fill(text: &str, places: Places) -> String {
    text.replace("{proxy}", &places.proxy.to_string())
        .replace("{control}", &places.control.to_string())
        .replace("{shop}", &places.shop.to_string())
        .replace("{vendor}", &places.vendor.to_string())
        .replace("{secret}", SECRET)
        .replace("{secret_sha256}", &digest())
}

fn digest() -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(SECRET).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The shop and the vendor, on a thread of their own.
fn beside(places: Places) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = |at: SocketAddr| {
        runtime.block_on(tokio::net::TcpListener::bind(at)).map_err(|why| {
            Failure::new(
                Exit::Io,
                format!("cannot listen on {at}: {why}; choose others with --listen"),
            )
        })
    };
    let (shop, vendor) = (listener(places.shop)?, listener(places.vendor)?);
    let log = vendor::Log::default();
    let pages = shop::router(places, log.clone());
    let chat = vendor::router(log);
    std::thread::Builder::new().name("demo".into()).spawn(move || {
        // Ends with the process.
        let _ = runtime.block_on(async {
            tokio::try_join!(axum::serve(shop, pages), axum::serve(vendor, chat))
        });
    })?;
    Ok(())
}
