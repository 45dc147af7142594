//! WebSockets through the house: both sides speak frames by hand.

mod broken;
mod down;
mod forgotten;
mod handshake;
mod idle;
mod meanwhile;
mod slices;
mod up;
mod vendors;

use crate::answers::house;
use crate::support::stage::Stage;
use crate::support::{Browser, Running, issue, request};

const PAYLOAD: &str = r#"{"id":"ann.lee@example.com","name":"Jörg Ümit","street":"Hauptstraße 5"}"#;
const ID: &str = "ann.lee@example.com";

pub(crate) const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

const DIALECT: &str = r#"
name = "own"
[[exchange]]
name = "socket"
call = "GET /ws"
MORE
[[exchange.slot]]
at = { query = "t" }
accepts = "handle-or-plain"
reveal = { member = "id" }
[[exchange.slot]]
at = { header = "X-Ticket" }
accepts = "handle-or-plain"
reveal = { member = "id" }
[[exchange.slot]]
at = { subprotocol = "any" }
accepts = "handle-or-plain"
reveal = { member = "proto" }
[[exchange.frame]]
at = { json = "/who" }
accepts = "handle-or-plain"
reveal = { member = "id" }
[[exchange]]
name = "listening"
call = "GET /listen"
link = { header = "X-Conversation" }
text_stream = ["/delta/text"]
[[exchange]]
name = "say"
call = "POST /say"
link = { header = "X-Conversation" }
[[exchange.slot]]
at = { header = "X-Ticket" }
reveal = { member = "id" }
"#;

/// A house whose vendor the test plays, and a handle.
struct Scene {
    stage: Stage,
    running: Running,
    handle: String,
    _files: tempfile::TempDir,
}

/// A socket, seen from both ends.
pub(crate) struct Pair {
    pub(crate) browser: Browser,
    pub(crate) vendor: Browser,
    /// The request as the vendor had it, the answer as the browser had it.
    asked: String,
    answered: String,
}

impl Scene {
    async fn start() -> Self {
        Self::with("").await
    }

    async fn with(more: &str) -> Self {
        let stage = Stage::open().await;
        let files = tempfile::tempdir().unwrap();
        let dialect = DIALECT.replace("MORE", more);
        let running = house(&dialect, stage.address, "", files.path()).await;
        let handle = issue(&running, PAYLOAD).await;
        Self { stage, running, handle, _files: files }
    }

    /// A socket on `/ws` that revealed its handle at the handshake.
    async fn opened(&self) -> Pair {
        self.open("/ws", &[("X-Ticket", &self.handle)], "", b"").await
    }

    /// A socket; the vendor's answer has these lines more, and these bytes come with it.
    async fn open(&self, path: &str, more: &[(&str, &str)], answer: &str, with: &[u8]) -> Pair {
        open(&self.running, &self.stage, path, more, answer, with).await
    }
}

pub(crate) async fn open(
    running: &Running,
    stage: &Stage,
    path: &str,
    more: &[(&str, &str)],
    answer: &str,
    with: &[u8],
) -> Pair {
    let mut browser = Browser::connect(running.data).await;
    let upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ];
    browser.write(&request("GET", path, &[&upgrade, more].concat(), b"")).await;
    let mut vendor = stage.accept().await;
    let asked = vendor.head().await.unwrap();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{answer}\r\n"
    );
    vendor.write(&[head.as_bytes(), with].concat()).await;
    let answered = browser.head().await.unwrap();
    assert!(answered.starts_with("HTTP/1.1 101"), "{answered}");
    Pair { browser, vendor, asked, answered }
}

/// A frame of a server's.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(len as u8),
        len @ 126..=0xffff => {
            frame.extend_from_slice(&[&[126], &(len as u16).to_be_bytes()[..]].concat())
        }
        len => frame.extend_from_slice(&[&[127], &(len as u64).to_be_bytes()[..]].concat()),
    }
    frame.extend_from_slice(payload);
    frame
}

/// A frame of a browser's.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut all = frame(first, payload);
    let at = all.len() - payload.len();
    all[1] |= 0x80;
    let key = [0x11, 0xa2, 0x33, 0xc4];
    all[at..].iter_mut().enumerate().for_each(|(n, byte)| *byte ^= key[n % 4]);
    all.splice(at..at, key);
    all
}

/// The next frame: its first byte, and its payload unmasked.
pub(crate) async fn next(side: &mut Browser) -> (u8, Vec<u8>) {
    let head = side.exactly(2).await;
    let len = match head[1] & 0x7f {
        126 => u64::from(u16::from_be_bytes(side.exactly(2).await.try_into().unwrap())),
        127 => u64::from_be_bytes(side.exactly(8).await.try_into().unwrap()),
        len => u64::from(len),
    };
    let key = if head[1] & 0x80 == 0 { vec![0; 4] } else { side.exactly(4).await };
    let mut payload = side.exactly(len as usize).await;
    payload.iter_mut().enumerate().for_each(|(n, byte)| *byte ^= key[n % 4]);
    (head[0], payload)
}

/// Asserts that the next frame closes with this code and no word more.
#[track_caller]
fn closes(frame: &(u8, Vec<u8>), code: u16) {
    assert_eq!(frame, &(CLOSE, code.to_be_bytes().to_vec()));
}
