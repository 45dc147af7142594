//! The browser over HTTP/2, cleartext by prior knowledge: frames sent by hand,
//! so that a body can come with its length or without.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request};
use tokio::net::TcpStream;

use super::vendor::Wire;

/// An answer over HTTP/2.
#[derive(Debug)]
pub(crate) struct H2Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Sends one request in pieces; `declared` adds a `content-length`.
pub(crate) async fn send(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    pieces: &[&[u8]],
    declared: Declared,
) -> H2Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    send_over(stream, path, headers, pieces, declared).await
}

/// The same on a connection that is there already.
pub(crate) async fn send_over(
    stream: impl Wire + 'static,
    path: &str,
    headers: &[(&str, &str)],
    pieces: &[&[u8]],
    declared: Declared,
) -> H2Answer {
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::post(format!("http://chat.test{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if declared == Declared::Yes {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        request = request.header("content-length", length);
    }
    let bodyless = pieces.is_empty();
    let (answer, mut body) = client.send_request(request.body(()).unwrap(), bodyless).unwrap();
    for (at, piece) in pieces.iter().enumerate() {
        let last = at + 1 == pieces.len();
        // A refusal may come before the body is through.
        if body.send_data(Bytes::copy_from_slice(piece), last).is_err() {
            break;
        }
    }
    let answer = answer.await.unwrap();
    let (parts, mut stream) = answer.into_parts();
    let mut whole = Vec::new();
    while let Some(Ok(piece)) = stream.data().await {
        let _ = stream.flow_control().release_capacity(piece.len());
        whole.extend_from_slice(&piece);
    }
    H2Answer { status: parts.status.as_u16(), headers: parts.headers, body: whole }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    Yes,
    No,
}
