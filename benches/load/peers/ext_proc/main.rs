//! Envoy's external processor for `make bench`: the swap behind `ext_proc`.
//!
//! One thread; gRPC straight over `h2`, its few messages read and written in
//! `wire.rs`: no generated code stands between the bytes and the work. It does what
//! the scripted peers do and no more: it never logs, seals or searches an answer.
//!
//! ```sh
//! ext_proc SOCKET KEY_FILE PAYLOADS_FILE TENANT CONTACT_CENTER
//! ```

use std::error::Error;
use std::io;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{RecvStream, server};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::net::{UnixListener, UnixStream};

mod vault;
mod wire;

use vault::Vault;
use wire::Asked;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Fault = Box<dyn Error + Send + Sync>;

/// The longest message that is read, in bytes: a buffered body and its frame.
const MESSAGE_MAX: usize = 4 << 20;
/// How much of one stream, and of all, Envoy may send before it is read.
const WINDOW: u32 = 1 << 20;
const METHOD: &str = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
/// gRPC's codes of an end: as asked, not understood, not served here.
const OK: &str = "0";
const INVALID_ARGUMENT: &str = "3";
const UNIMPLEMENTED: &str = "12";

/// How far one HTTP request has come.
enum Call {
    Unchecked,
    Passing,
    Swapping,
    Refused,
}

struct Processor {
    vault: Vault,
    center: Box<[u8]>,
}

impl Processor {
    /// The answer to one message; nothing where the message is none of those that
    /// Envoy's configuration names.
    fn answer(&self, call: &mut Call, message: &[u8]) -> Option<Vec<u8>> {
        match (wire::asked(message).ok()?, &call) {
            (Asked::Headers { center, method, ends }, Call::Unchecked) => {
                *call = match (center == Some(&*self.center), method, ends) {
                    (true, Some(b"POST"), false) => Call::Swapping,
                    (false, ..) | (true, Some(b"POST"), true) => Call::Refused,
                    (true, ..) => Call::Passing,
                };
                Some(match call {
                    Call::Swapping | Call::Passing => wire::headers_pass(),
                    Call::Unchecked | Call::Refused => wire::refused(),
                })
            }
            (Asked::Body(_), Call::Passing) => Some(wire::body_passes()),
            (Asked::Body(body), Call::Swapping) => Some(
                self.vault
                    .splice(body)
                    .map_or_else(wire::refused, |body| wire::body_becomes(&body)),
            ),
            (Asked::Headers { .. } | Asked::Body(_) | Asked::Else, _) => None,
        }
    }

    /// Answers the messages of one HTTP request until Envoy has no more.
    async fn converse(
        &self,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
    ) -> Result<(), Fault> {
        let mut head = Response::new(());
        head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        if request.uri().path() != METHOD {
            head.headers_mut().insert("grpc-status", HeaderValue::from_static(UNIMPLEMENTED));
            respond.send_response(head, true)?;
            return Ok(());
        }
        let mut out = respond.send_response(head, false)?;
        let (mut body, mut held, mut call) =
            (request.into_body(), BytesMut::new(), Call::Unchecked);
        while let Some(chunk) = body.data().await.transpose()? {
            body.flow_control().release_capacity(chunk.len())?;
            held.extend_from_slice(&chunk);
            while let Some(message) = message(&mut held)? {
                let Some(answer) = self.answer(&mut call, &message) else {
                    out.send_trailers(status(INVALID_ARGUMENT))?;
                    return Ok(());
                };
                out.send_data(framed(&answer)?, false)?;
            }
        }
        out.send_trailers(status(OK))?;
        Ok(())
    }
}

/// The next whole gRPC message of what has come, without its frame.
fn message(held: &mut BytesMut) -> Result<Option<BytesMut>, Fault> {
    let Some(&[compressed, a, b, c, d]) = held.first_chunk::<5>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d]))?;
    if compressed != 0 || length > MESSAGE_MAX {
        return Err("a message that is compressed or too long".into());
    }
    if held.len() < 5 + length {
        return Ok(None);
    }
    held.advance(5);
    Ok(Some(held.split_to(length)))
}

fn framed(message: &[u8]) -> Result<Bytes, Fault> {
    let mut frame = Vec::with_capacity(5 + message.len());
    frame.push(0);
    frame.extend_from_slice(&u32::try_from(message.len())?.to_be_bytes());
    frame.extend_from_slice(message);
    Ok(frame.into())
}

fn status(code: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(code));
    trailers
}

/// Serves one connection of Envoy's: each stream is an HTTP request.
async fn serve(stream: UnixStream, processor: Arc<Processor>) -> Result<(), Fault> {
    let mut door = server::Builder::new()
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .handshake(stream)
        .await?;
    while let Some(call) = door.accept().await {
        let (request, respond) = call?;
        let processor = Arc::clone(&processor);
        // A stream that Envoy resets has nobody left to tell.
        tokio::spawn(async move { processor.converse(request, respond).await.ok() });
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let [socket, key, payloads, tenant, center] = named.as_slice() else {
        return Err("ext_proc SOCKET KEY_FILE PAYLOADS_FILE TENANT CONTACT_CENTER".into());
    };
    let vault = Vault::read(key.as_ref(), payloads.as_ref(), tenant)?;
    let processor = Arc::new(Processor { vault, center: center.as_bytes().into() });
    let door = UnixListener::bind(socket)?;
    loop {
        let (stream, _) = door.accept().await?;
        let served = serve(stream, Arc::clone(&processor));
        tokio::spawn(async move {
            if let Err(why) = served.await {
                let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("{why}\n"));
            }
        });
    }
}
