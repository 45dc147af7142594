//! The vendor: a server that says what it saw, byte for byte.
//!
//! It reads HTTP/1.1 by hand, so that what a test compares is what was on the
//! wire and not what a library made of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Request line and headers, as sent.
    pub head: String,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// How the body was framed.
    pub framing: Framing,
    /// Which connection it came over, from 0.
    pub connection: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(usize),
    Chunked,
    /// The connection ended before the body did.
    Cut,
}

/// What the vendor does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Writes these bytes.
    Raw(Vec<u8>),
    /// Reads on and never answers.
    Hang,
    /// Closes without a word.
    Close,
    /// Writes these bytes and closes.
    RawThenClose(Vec<u8>),
    /// Writes a head, and a chunk for each piece.
    Chunks(String, Vec<Vec<u8>>),
}

impl Reply {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::with(status, "application/json", body.as_bytes())
    }

    pub(crate) fn with(status: u16, kind: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Vendor\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        Self::Raw([head.as_bytes(), body].concat())
    }
}

type Manner = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A running vendor. Ends when it is dropped.
pub(crate) struct Vendor {
    pub address: SocketAddr,
    log: Arc<Log>,
    stop: watch::Sender<bool>,
}

struct Log {
    seen: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
    connections: Mutex<usize>,
}

impl Vendor {
    /// Answers every request with `200 {"ok":true}`.
    pub(crate) async fn start() -> Self {
        Self::answering(|_| Reply::json(200, r#"{"ok":true}"#)).await
    }

    pub(crate) async fn answering(manner: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listening(None, manner).await
    }

    /// The same over TLS; who does not shake hands is not seen.
    pub(crate) async fn over_tls(tls: TlsAcceptor) -> Self {
        Self::listening(Some(tls), |_| Reply::json(200, r#"{"ok":true}"#)).await
    }

    async fn listening(
        tls: Option<TlsAcceptor>,
        manner: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, mut stopped) = watch::channel(false);
        let log = Arc::new(Log {
            seen: Mutex::default(),
            count: watch::Sender::new(0),
            connections: Mutex::default(),
        });
        let (kept, manner): (_, Arc<Manner>) = (Arc::clone(&log), Arc::new(manner));
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    _ = stopped.changed() => return,
                };
                let Ok((stream, _)) = accepted else { return };
                let (log, manner, tls, mut stopped) =
                    (Arc::clone(&kept), Arc::clone(&manner), tls.clone(), stopped.clone());
                tokio::spawn(async move {
                    let talk = async {
                        match tls {
                            None => converse(stream, &log, &*manner).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    converse(stream, &log, &*manner).await;
                                }
                            }
                        }
                    };
                    tokio::select! {
                        () = talk => {}
                        _ = stopped.changed() => {}
                    }
                });
            }
        });
        Self { address, log, stop }
    }

    /// Everything that arrived so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.log.seen.lock().unwrap().clone()
    }

    /// The one request that arrived.
    #[track_caller]
    pub(crate) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "requests at the vendor: {seen:#?}");
        seen.into_iter().next().unwrap()
    }

    /// Asserts that nothing arrived.
    #[track_caller]
    pub(crate) fn saw_nothing(&self) {
        let seen = self.seen();
        assert!(seen.is_empty(), "the vendor saw {seen:#?}");
    }

    /// Waits until `count` requests have arrived.
    pub(crate) async fn wait_for(&self, count: usize) {
        let mut counted = self.log.count.subscribe();
        let enough = counted.wait_for(|seen| *seen >= count);
        tokio::time::timeout(std::time::Duration::from_secs(20), enough).await.unwrap().unwrap();
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// Plain TCP or TLS.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

async fn converse(mut stream: impl Wire, log: &Log, manner: &Manner) {
    let mut buffer = Vec::new();
    let mut connection = None;
    while let Some((head, rest)) = read_head(&mut stream, std::mem::take(&mut buffer)).await {
        // Health checks connect and say nothing: only requests are counted.
        let number = *connection.get_or_insert_with(|| {
            let mut connections = log.connections.lock().unwrap();
            *connections += 1;
            *connections - 1
        });
        let (body, framing, rest) = read_body(&mut stream, &head, rest).await;
        buffer = rest;
        let seen = Seen { head, body, framing, connection: number };
        log.seen.lock().unwrap().push(seen.clone());
        log.count.send_modify(|count| *count += 1);
        if framing == Framing::Cut {
            return;
        }
        match manner(&seen) {
            Reply::Raw(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::RawThenClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Chunks(head, pieces) => {
                let written = stream.write_all(&chunks(&head, &pieces)).await;
                if written.is_err() {
                    return;
                }
            }
            Reply::Close => return,
            Reply::Hang => std::future::pending().await,
        }
    }
}

/// An answer with this beginning of a head, in these chunks.
pub(crate) fn chunks(head: &str, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut all = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for piece in pieces {
        all.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        all.extend_from_slice(piece);
        all.extend_from_slice(b"\r\n");
    }
    all.extend_from_slice(b"0\r\n\r\n");
    all
}

async fn more(stream: &mut impl Wire, buffer: &mut Vec<u8>) -> bool {
    matches!(stream.read_buf(buffer).await, Ok(read) if read > 0)
}

async fn read_head(stream: &mut impl Wire, mut buffer: Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = find(&buffer, b"\r\n\r\n") {
            let rest = buffer.split_off(end + 4);
            return Some((String::from_utf8(buffer).unwrap(), rest));
        }
        if !more(stream, &mut buffer).await {
            return None;
        }
    }
}

async fn read_body(
    stream: &mut impl Wire,
    head: &str,
    mut rest: Vec<u8>,
) -> (Vec<u8>, Framing, Vec<u8>) {
    if let Some(length) = header_of(head, "content-length") {
        assert!(header_of(head, "transfer-encoding").is_none(), "both framings: {head}");
        let length: usize = length.parse().unwrap();
        while rest.len() < length {
            if !more(stream, &mut rest).await {
                return (rest, Framing::Cut, Vec::new());
            }
        }
        let after = rest.split_off(length);
        return (rest, Framing::Length(length), after);
    }
    if header_of(head, "transfer-encoding").is_none() {
        return (Vec::new(), Framing::None, rest);
    }
    let mut body = Vec::new();
    loop {
        let Some(line) = find(&rest, b"\r\n") else {
            if !more(stream, &mut rest).await {
                return (body, Framing::Cut, Vec::new());
            }
            continue;
        };
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        while rest.len() < line + 2 + size + 2 {
            if !more(stream, &mut rest).await {
                return (body, Framing::Cut, Vec::new());
            }
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest.drain(..line + 2 + size + 2);
        if size == 0 {
            return (body, Framing::Chunked, rest);
        }
    }
}

/// A header's value in a raw head.
pub(crate) fn header_of(head: &str, name: &str) -> Option<String> {
    let mut lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_owned())
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        header_of(&self.head, name)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn line(&self) -> &str {
        self.head.split("\r\n").next().unwrap()
    }
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
