//! The browser: raw HTTP/1.1 over one connection, so that a test can send what
//! no library would.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::vendor::{Wire, find, header_of};

/// Longer than any test needs; a hang fails instead of blocking the run.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        header_of(&self.head, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn rejection(&self) -> Option<String> {
        self.header("cloakroom-rejection")
    }
}

/// One kept connection.
pub(crate) struct Browser {
    stream: Box<dyn Wire>,
    buffer: Vec<u8>,
}

impl Browser {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// A browser on a connection that is there already.
    pub(crate) fn over(stream: impl Wire + 'static) -> Self {
        Self { stream: Box::new(stream), buffer: Vec::new() }
    }

    /// Writes bytes as they are; a connection that was closed is no failure yet.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Writes bytes in pieces, giving way to everybody else after each.
    pub(crate) async fn dribble(&mut self, bytes: &[u8], piece: usize) {
        for piece in bytes.chunks(piece) {
            self.write(piece).await;
            tokio::task::yield_now().await;
        }
    }

    /// Closes the writing side.
    pub(crate) async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Reads one answer; nothing when the connection ends first.
    pub(crate) async fn read(&mut self) -> Option<Answer> {
        timeout(PATIENCE, self.read_answer()).await.expect("no answer in time")
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> Answer {
        self.write(request).await;
        self.read().await.expect("an answer")
    }

    /// Reads one head and nothing after it, `100 Continue` included.
    pub(crate) async fn head(&mut self) -> Option<String> {
        timeout(PATIENCE, self.read_head()).await.expect("no head in time")
    }

    /// Reads exactly this many bytes of a body.
    pub(crate) async fn exactly(&mut self, count: usize) -> Vec<u8> {
        let read = async {
            while self.buffer.len() < count {
                assert!(self.more().await, "the answer was cut");
            }
        };
        timeout(PATIENCE, read).await.expect("no body in time");
        self.buffer.drain(..count).collect()
    }

    /// Everything until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let read = async { while self.more().await {} };
        timeout(PATIENCE, read).await.expect("no end in time");
        std::mem::take(&mut self.buffer)
    }

    /// Whether the proxy closes the connection, without sending more.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut byte = [0; 1];
        let read = timeout(PATIENCE, self.stream.read(&mut byte)).await;
        matches!(read.expect("open or closed in time"), Ok(0) | Err(_))
    }

    /// Reads one answer that may be cut off in its body: what came of it then stands in
    /// place of it.
    pub(crate) async fn read_as_far_as_it_comes(&mut self) -> Option<Result<Answer, Answer>> {
        timeout(PATIENCE, self.read_some()).await.expect("no answer in time")
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        Some(self.read_some().await?.unwrap_or_else(|_| panic!("the answer was cut")))
    }

    async fn read_some(&mut self) -> Option<Result<Answer, Answer>> {
        loop {
            let head = self.read_head().await?;
            let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
            if status == 100 {
                continue;
            }
            let answer = |head, body| Answer { status, head, body };
            return Some(match self.read_body(&head, status).await {
                Ok(body) => Ok(answer(head, body)),
                Err(some) => Err(answer(head, some)),
            });
        }
    }

    async fn read_head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                return Some(String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn read_body(&mut self, head: &str, status: u16) -> Result<Vec<u8>, Vec<u8>> {
        if status == 204 || status == 304 || status == 101 {
            return Ok(Vec::new());
        }
        if let Some(length) = header_of(head, "content-length") {
            let length: usize = length.parse().unwrap();
            while self.buffer.len() < length {
                if !self.more().await {
                    return Err(std::mem::take(&mut self.buffer));
                }
            }
            return Ok(self.buffer.drain(..length).collect());
        }
        if header_of(head, "transfer-encoding").is_none() {
            while self.more().await {}
            return Ok(std::mem::take(&mut self.buffer));
        }
        let mut body = Vec::new();
        loop {
            let Some(line) = find(&self.buffer, b"\r\n") else {
                if !self.more().await {
                    return Err([body, std::mem::take(&mut self.buffer)].concat());
                }
                continue;
            };
            let size = std::str::from_utf8(&self.buffer[..line]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            while self.buffer.len() < line + 2 + size + 2 {
                if !self.more().await {
                    return Err([body, std::mem::take(&mut self.buffer)].concat());
                }
            }
            body.extend_from_slice(&self.buffer[line + 2..line + 2 + size]);
            self.buffer.drain(..line + 2 + size + 2);
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(read) if read > 0)
    }
}

/// A request with a host and a length.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: chat.test\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// The same request, chunked, a chunk for each piece.
pub(crate) fn chunked(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    pieces: &[&[u8]],
) -> Vec<u8> {
    let mut all = format!("{method} {path} HTTP/1.1\r\nHost: chat.test\r\n");
    for (name, value) in headers {
        all.push_str(&format!("{name}: {value}\r\n"));
    }
    all.push_str("Transfer-Encoding: chunked\r\n\r\n");
    let mut all = all.into_bytes();
    for piece in pieces {
        all.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        all.extend_from_slice(piece);
        all.extend_from_slice(b"\r\n");
    }
    all.extend_from_slice(b"0\r\n\r\n");
    all
}
