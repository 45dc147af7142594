//! Every socket of every dialect: text messages in two fragments, cut at every byte and
//! once into single bytes, both ways; and binary ones from the vendor, cut likewise, each of
//! which ends its socket.

use super::calls::TOKEN;
use super::*;
use crate::sockets::{TEXT, frame, masked, next, open};
use crate::support::stage::Stage;

/// Dialect and exchange.
pub(super) const SOCKETS: [(&str, &str); 3] =
    [("alli", "graphql-socket"), ("halo", "socket"), ("quiq", "socket")];

const CONT: u8 = 0x00;
const CONT_ENDED: u8 = 0x80;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
/// A first frame that is not the last has no such bit.
const FIN: u8 = 0x80;

struct Socket {
    running: Running,
    stage: Stage,
    browser: Browser,
    vendor: Browser,
    handle: String,
    files: tempfile::TempDir,
}

/// A house's first socket; where the vendor does not know the payload yet, [`INIT`] tells it.
async fn socket(dialect: &str) -> Socket {
    let stage = Stage::open().await;
    let files = tempfile::tempdir().unwrap();
    let text = configuration(files.path(), Kept::OnDisk);
    let running =
        start_text(&format!("{text}{}", route(dialect, stage.address)), files.path()).await;
    let handle = issue(&running, PAYLOAD).await;
    let begin = match dialect {
        "halo" => Some(call_of("halo", "chat")),
        "quiq" => Some(call_of("quiq", "send-message")),
        _ => None,
    };
    if let Some(call) = begin {
        let mut page = Browser::connect(running.data).await;
        page.write(&call.bytes(&handle)).await;
        let mut vendor = stage.accept().await;
        vendor.head().await.unwrap();
        vendor.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"id\":\"c-1\"}").await;
        assert_eq!(page.read().await.unwrap().status, 200);
    }
    let (browser, vendor) = opened(&running, &stage, dialect).await;
    Socket { browser, vendor, running, stage, handle, files }
}

/// Both ends of a socket that has come to stay: Pingora closes one whose vendor accepts it
/// before the end of the request, which has no body, was handed on (its issue 946).
async fn opened(running: &Running, stage: &Stage, dialect: &str) -> (Browser, Browser) {
    let (path, offered) = match dialect {
        "halo" => ("/api/chathub/x?chat_id=c-1", "json"),
        "quiq" => ("/websocket/x", TOKEN),
        _ => ("/d/ws/user/", "graphql-ws"),
    };
    let chosen = format!("Sec-WebSocket-Protocol: {offered}\r\n");
    for _ in 0..100 {
        let headers = [("Sec-WebSocket-Protocol", offered)];
        let mut pair = open(running, stage, path, &headers, &chosen, b"").await;
        let ping = masked(PING, b"");
        pair.browser.write(&ping).await;
        if !pair.vendor.is_closed().await {
            pair.vendor.exactly(ping.len() - 1).await;
            return (pair.browser, pair.vendor);
        }
    }
    panic!("no socket stays open");
}

/// A message of this kind in these fragments.
fn fragments(kind: u8, pieces: &[&[u8]], frame: fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut all = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        let first = match (n == 0, n + 1 == pieces.len()) {
            (true, true) => kind,
            (true, false) => kind & !FIN,
            (false, false) => CONT,
            (false, true) => CONT_ENDED,
        };
        all.extend(frame(first, piece));
    }
    all
}

/// Every way to cut it: into two at every byte, and into single bytes.
fn cuts(text: &[u8]) -> Vec<Vec<&[u8]>> {
    let twos = (1..text.len()).map(|at| {
        let (one, two) = text.split_at(at);
        vec![one, two]
    });
    twos.chain([text.chunks(1).collect()]).collect()
}

const UP: &str = r#"{"id":"1","type":"start","payload":{"variables":{"t":"HANDLE","v":"ü"}}}"#;
const INIT: &str = r#"{"type":"connection_init","payload":{"own-user-id":"HANDLE","user-email":"HANDLE","x":"ü"}}"#;

/// What the browser says, cut: the vendor gets the payload from it, or just what was said.
async fn up(socket: &mut Socket, dialect: &str) -> u64 {
    let mut messages = 0;
    for text in [UP, INIT] {
        let sent = text.replace("HANDLE", &socket.handle);
        let mut whole = None;
        for pieces in cuts(sent.as_bytes()) {
            socket.browser.write(&fragments(TEXT, &pieces, masked)).await;
            let mut got = Vec::new();
            loop {
                let (first, payload) = next(&mut socket.vendor).await;
                got.extend(payload);
                if first & FIN != 0 {
                    break;
                }
            }
            let revealed = dialect == "alli";
            let text = String::from_utf8(got).unwrap();
            assert_ne!(text.contains(&socket.handle), revealed, "{text}");
            assert_eq!(text.contains("canary"), revealed, "{text}");
            assert_eq!(*whole.get_or_insert_with(|| text.clone()), text);
            messages += 1;
        }
    }
    messages
}

/// What the vendor says, cut: the browser gets none of it.
async fn down(socket: &mut Socket, dialect: &str, marks: &Marks) -> (u64, u64) {
    let (mut messages, mut searched) = (0, 0);
    for kind in marks.kinds() {
        let text = marks.body(kind);
        let mut whole = None;
        for pieces in cuts(text.as_bytes()) {
            socket.vendor.write(&fragments(TEXT, &pieces, frame)).await;
            let (first, got) = next(&mut socket.browser).await;
            assert_eq!(first, TEXT);
            let what = format!("{dialect} {kind} in {} pieces", pieces.len());
            searched += marks.none_in(&got, &what);
            assert_eq!(*whole.get_or_insert_with(|| got.clone()), got, "{what}");
            messages += 1;
        }
    }
    (messages, searched)
}

/// What the vendor says in a binary message, cut: the browser gets none of it, and a close.
async fn binary(socket: &mut Socket, dialect: &str, marks: &Marks) -> u64 {
    let mut messages = 0;
    for kind in marks.kinds() {
        let text = [b"\x0a\x15", marks.texts(kind).next().unwrap().as_bytes(), b"\x10"].concat();
        for pieces in cuts(&text) {
            let (mut browser, mut vendor) = opened(&socket.running, &socket.stage, dialect).await;
            if dialect == "alli" {
                let init = INIT.replace("HANDLE", &socket.handle);
                browser.write(&masked(TEXT, init.as_bytes())).await;
                next(&mut vendor).await;
            }
            vendor.write(&fragments(BINARY, &pieces, frame)).await;
            let got = next(&mut browser).await;
            let policy = 1008_u16.to_be_bytes().to_vec();
            assert_eq!(got, (CLOSE, policy), "{dialect} {kind} in {} pieces", pieces.len());
            messages += 1;
        }
    }
    messages
}

#[test]
fn nothing_personal_comes_back_in_binary_over_any_socket_wherever_a_message_is_cut() {
    let (marks, lines, mut messages) = (Marks::all(), Lines::default(), 0);
    lines.hearing(async {
        for (dialect, _) in SOCKETS {
            let mut socket = socket(dialect).await;
            messages += binary(&mut socket, dialect, &marks).await;
        }
    });
    marks.none_in(&lines.all(), "log");
    println!(
        "canary: {} sockets x {} spellings, {messages} binary messages down, cut in two or into bytes: each ended \
         its socket, 0 bytes of any came",
        SOCKETS.len(),
        marks.kinds().len()
    );
    assert!(messages > 1000, "{messages}");
}

#[test]
fn nothing_personal_comes_back_over_any_socket_wherever_a_message_is_cut() {
    let (marks, lines) = (Marks::all(), Lines::default());
    let (mut ups, mut downs, mut searched) = (0, 0, 0);
    lines.hearing(async {
        for (dialect, _) in SOCKETS {
            let mut socket = socket(dialect).await;
            ups += up(&mut socket, dialect).await;
            let (messages, bytes) = down(&mut socket, dialect, &marks).await;
            downs += messages;
            searched += bytes;
            searched += marks.none_in(socket.running.metrics().await.as_bytes(), "metrics");
            for file in std::fs::read_dir(socket.files.path()).unwrap() {
                let path = file.unwrap().path();
                searched += marks.none_in(&std::fs::read(&path).unwrap(), path.to_str().unwrap());
            }
        }
    });
    searched += marks.none_in(&lines.all(), "log");
    println!(
        "canary: {} sockets x {} spellings, {downs} messages down and {ups} up, cut in two or into bytes, \
         {searched} bytes searched: 0 found",
        SOCKETS.len(),
        marks.kinds().len()
    );
    assert!(downs > 10_000 && ups > 500 && searched > 3_000_000, "{downs} {ups} {searched}");
}
