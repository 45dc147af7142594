//! Nothing personal comes back: the vendor's answers, as the browser gets them.

mod bodies;
mod bounds;
mod charsets;
mod codings;
mod conversation;
mod cut;
mod heads;
mod identity;
mod late;
mod meanwhile;
mod rules;
mod short;
mod streams;
mod strict;
mod trailers;
mod wrap;

use std::sync::{Arc, Mutex};

use crate::support::house::{preamble, start_text};
use crate::support::{Answer, Browser, Reply, Running, Vendor, issue, request};

/// What is revealed. `id` goes into a header, so it is plain.
const PAYLOAD: &str = r#"{"id":"ann.lee@example.com","name":"Jörg \"X\" Ümit","account":98765432109,"street":"Hauptstraße 5"}"#;
const ID: &str = "ann.lee@example.com";
const NAME: &str = "Jörg \"X\" Ümit";

/// One exchange that reveals by a header, whatever the method.
const SAY: &str = r#"
name = "own"
[[exchange]]
name = "say"
calls = ["POST /say", "GET /say", "HEAD /say"]
MORE
[[exchange.slot]]
at = { header = "X-Ticket" }
accepts = "handle-or-plain"
reveal = { member = "id" }
"#;

/// A house with one exchange, a vendor that answers as it is told, and a handle.
struct Scene {
    vendor: Vendor,
    running: Running,
    handle: String,
    answer: Arc<Mutex<Reply>>,
    _files: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        Self::with("").await
    }

    /// With more lines of the exchange.
    async fn with(more: &str) -> Self {
        Self::of(&SAY.replace("MORE", more), "").await
    }

    /// With this dialect, and more lines of the route.
    async fn of(dialect: &str, route: &str) -> Self {
        let answer = Arc::new(Mutex::new(Reply::json(200, "{}")));
        let said = Arc::clone(&answer);
        let vendor = Vendor::answering(move |_| said.lock().unwrap().clone()).await;
        let files = tempfile::tempdir().unwrap();
        let running = house(dialect, vendor.address, route, files.path()).await;
        let handle = issue(&running, PAYLOAD).await;
        Self { vendor, running, handle, answer, _files: files }
    }

    fn will(&self, reply: Reply) {
        *self.answer.lock().unwrap() = reply;
    }

    /// The call that reveals, answered by `reply`.
    async fn say(&self, reply: Reply) -> Answer {
        self.will(reply);
        self.running.send(&self.call("POST", &[])).await
    }

    fn call(&self, method: &str, more: &[(&str, &str)]) -> Vec<u8> {
        let headers = [more, &[("X-Ticket", self.handle.as_str())]].concat();
        request(method, "/say", &headers, if method == "POST" { b"{}" } else { b"" })
    }

    /// The answer as far as it comes: the bytes of the connection until it ends.
    async fn bytes(&self, reply: Reply) -> Vec<u8> {
        self.will(reply);
        let mut browser = Browser::connect(self.running.data).await;
        browser.write(&self.call("POST", &[("Connection", "close")])).await;
        browser.rest().await
    }

    async fn redactions(&self) -> u64 {
        let metrics = self.running.metrics().await;
        let lines = metrics.lines().filter(|line| line.starts_with("cloakroom_redactions_total"));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

/// A house with one route of a dialect of one's own.
pub(crate) async fn house(
    dialect: &str,
    vendor: std::net::SocketAddr,
    route: &str,
    files: &std::path::Path,
) -> Running {
    std::fs::write(files.join("own.toml"), dialect).unwrap();
    let text = format!(
        "{}[[dialect]]\nfile = \"own.toml\"\n[[route]]\nname = \"own\"\ndialect = \"own\"\ntenant = \"acme\"\n\
         upstream = {{ servers = [\"{vendor}\"] }}\n{route}",
        preamble(),
    );
    start_text(&text, files).await
}

/// A whole answer with these lines in its head.
fn raw(status: &str, head: &str, body: &[u8]) -> Reply {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{head}Content-Length: {length}\r\n\r\n");
    Reply::Raw([head.as_bytes(), body].concat())
}

/// The same in chunks.
fn chunked(head: &str, pieces: &[&[u8]]) -> Reply {
    let pieces = pieces.iter().map(|piece| piece.to_vec()).collect();
    Reply::Chunks(format!("HTTP/1.1 200 OK\r\n{head}"), pieces)
}

/// Asserts that nothing of the payload stands in these bytes.
#[track_caller]
fn holds_nothing(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for part in [ID, "ann.lee", NAME, "Jörg", "98765432109", "Hauptstra"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
}
