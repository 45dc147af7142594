//! One vendor's script from `examples/play/`, with everything that it runs against:
//! the proxy, and a vendor that says what it received.
//!
//! The vendor answers every call alike; how the real one answers is in
//! `tests/fixtures/`. Everything listens on loopback and ends with the script.
//!
//! ```sh
//! cargo run --example play -- quiq    # or genesys, halo, opendialog, alli
//! ```

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::routing::get;

/// The vendors that have a script.
pub(crate) const VENDORS: [&str; 5] = ["quiq", "genesys", "halo", "opendialog", "alli"];

/// Seals payloads and signs tokens here; known to everybody, and so no secret.
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What the back end's calls to the control plane carry: "change-me" in the pages too.
const SECRET: &str = "change-me";

/// What curl and the proxy add to every request.
const NOT_SHOWN: [&str; 6] =
    ["accept", "content-length", "forwarded", "host", "user-agent", "x-forwarded-"];

/// Who listens where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) proxy: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) vendor: SocketAddr,
}

/// The configuration: the pages' own, with the key in the variable `KEY`.
pub(crate) fn configuration(vendor: &str, places: Places) -> String {
    format!(
        r#"
[data_plane]
listen = ["{}"]
[control_plane]
listen = ["{}"]
[keyring]
current = {{ id = 1, env = "KEY" }}

[[tenant]]
id = "acme"
contact_center_ids = ["cfe5ad67-ba6d-4340-81f9-bb680ef5d498"]
origins = ["https://shop.example"]
[[tenant.caller]]
name = "crm"
secret_sha256 = "e2186dbdb1bb4193608605e84f33208765b5693b55edd4f730a719a100eeea6f"   # change-me
may = ["issue", "inspect", "revoke"]
[tenant.jwt]
algorithm = "HS256"
secret = {{ env = "KEY" }}
[tenant.field_mapping]
email = "emailaddress"

[[route]]
dialect = "{vendor}"
tenant = "acme"
upstream = {{ servers = ["{}"] }}
"#,
        places.proxy, places.control, places.vendor
    )
}

/// The vendor's script, told where everybody is.
pub(crate) fn script(vendor: &str, places: Places) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/play");
    let mut script = Command::new("bash");
    script.arg(folder.join(format!("{vendor}.sh")));
    script.env("PROXY", format!("http://{}", places.proxy));
    script.env("CONTROL", format!("http://{}", places.control));
    script.env("VENDOR", format!("http://{}", places.vendor));
    script.env("SECRET", SECRET).env("TOKEN_SECRET", KEY);
    script
}

/// What arrived at the vendor.
#[derive(Clone, Default)]
pub(crate) struct Log {
    calls: Arc<Mutex<Vec<String>>>,
    told: Arc<AtomicUsize>,
}

impl Log {
    /// Every call so far: request line, headers, an empty line, body.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn push(&self, call: String) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// The calls that nobody has asked for yet.
    fn news(&self) -> String {
        let calls = self.calls();
        let from = self.told.swap(calls.len(), Ordering::Relaxed);
        calls.get(from..).unwrap_or_default().join("\n")
    }
}

/// The vendor: records each call, and tells what is new at `GET /received`.
pub(crate) fn vendor(log: Log) -> Router {
    let received = async |State(log): State<Log>| log.news();
    Router::new().route("/received", get(received)).fallback(record).with_state(log)
}

async fn record(State(log): State<Log>, head: Parts, body: Bytes) -> impl IntoResponse {
    let mut call = format!("{} {}\n", head.method, head.uri);
    for (name, value) in &head.headers {
        if !NOT_SHOWN.iter().any(|other| name.as_str().starts_with(other)) {
            call.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        }
    }
    log.push(format!("{call}\n{}\n", String::from_utf8_lossy(&body)));
    let json = [("content-type", "application/json")];
    (json, "{\"id\":\"conversation-1\",\"statusCode\":0}")
}

/// Starts everything, runs the script, and ends as the script ends.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    use cloakroom::clock::{SystemClock, SystemEntropy};
    use cloakroom::config::load_text;
    use cloakroom::server::run::{Start, run};
    use cloakroom::server::{House, parts::split};

    let named = std::env::args().nth(1).unwrap_or_default();
    let name = VENDORS.into_iter().find(|name| *name == named);
    let name = name.ok_or_else(|| format!("name one of {}", VENDORS.join(", ")))?;
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (proxy, control, listener) = (bind()?, bind()?, bind()?);
    let places = Places {
        proxy: proxy.local_addr()?,
        control: control.local_addr()?,
        vendor: listener.local_addr()?,
    };
    // Free again, and taken by the house in a moment.
    drop((proxy, control));

    let env = |name: &str| (name == "KEY").then(|| KEY.to_owned());
    let config = load_text(&configuration(name, places), "play.toml", Path::new("."), &env, 1);
    let (parts, process) = split(config.map_err(|mistakes| mistakes.to_string())?);
    let house = House::assemble(parts, Arc::new(SystemClock), Arc::new(SystemEntropy))?;
    let runtime = tokio::runtime::Runtime::new()?;
    listener.set_nonblocking(true)?;
    let listener = runtime.block_on(async { tokio::net::TcpListener::from_std(listener) })?;
    runtime.spawn(async { axum::serve(listener, vendor(Log::default())).await });
    std::thread::spawn(move || {
        let down =
            || [places.proxy, places.control].iter().any(|at| TcpStream::connect(at).is_err());
        while down() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let ended = script(name, places).status();
        exit(ended.ok().and_then(|status| status.code()).unwrap_or(1));
    });
    run(Arc::new(house), &process, None, Start::Fresh).map_err(|fault| fault.to_string().into())
}
