//! Collect a request body before the upstream connection exists.
//!
//! Pingora writes the upstream's header before it shows a body to any filter, so
//! a body that is to change, and whose length is to be exact, is read here, in
//! `request_filter`. Pingora then forwards nothing by itself unless its retry
//! buffer holds something; what it holds does not matter, since the body filter
//! replaces it, but it must not have overflowed (64 KiB). Hence the two ways:
//!
//! * The length is declared: read everything, and arm the buffer for the last
//!   64 KiB only.
//! * It is not: arm the buffer from the start and read up to [`EARLY_MAX`]. A body
//!   that ends by then is whole. One that goes on is collected by the body filter.
//!
//! Both lean on internals of the pinned Pingora; `tests/it/framing.rs` fails when
//! they change. Nothing here looks into the bytes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, Version};
use pingora::proxy::Session;
use tokio::time::timeout;

use crate::reject::Cause;

/// Pingora's retry buffer, in bytes.
const RETRY_BUFFER: usize = 64 * 1024;

/// How much of a body of undeclared length is read early. One HTTP/2 frame
/// (16 KiB here) above it still fits the retry buffer, and in HTTP/1.1 the last
/// chunk always comes after the last byte, so whoever stops here has not yet
/// read the end.
pub(super) const EARLY_MAX: usize = RETRY_BUFFER - 16 * 1024;

/// A body, as far as it could be read early.
pub(super) enum Collected {
    /// All of it.
    Whole(Bytes),
    /// Its beginning; the rest comes through the body filter.
    Beginning(BytesMut),
}

/// Reads the body of a request, `max` bytes at most, within `patience`.
///
/// # Errors
/// [`Cause::BodyTooLarge`] as soon as the declared or the real length is above
/// `max`; [`Cause::ClientGone`] when it breaks off or takes too long.
pub(super) async fn collect(
    session: &mut Session,
    max: usize,
    patience: Duration,
) -> Result<Collected, Cause> {
    let declared = declared(&session.req_header().headers);
    if declared.is_some_and(|length| length > max) {
        return Err(Cause::BodyTooLarge);
    }
    if session.as_mut().is_body_empty() {
        return Ok(Collected::Whole(Bytes::new()));
    }
    let read = async {
        answer_expectation(session).await?;
        match declared {
            Some(length) => declared_length(session, length).await,
            None => undeclared_length(session, max).await,
        }
    };
    timeout(patience, read).await.unwrap_or(Err(Cause::ClientGone))
}

async fn declared_length(session: &mut Session, length: usize) -> Result<Collected, Cause> {
    let mut body = Pieces::of(length);
    let mut armed = false;
    while body.len() < length {
        if !armed && length - body.len() <= RETRY_BUFFER {
            session.as_mut().enable_retry_buffering();
            armed = true;
        }
        let Some(piece) = next(session).await? else { break };
        body.extend(piece);
    }
    if body.len() != length {
        return Err(Cause::ClientGone);
    }
    // HTTP/2 may carry the end of the stream in a frame of its own.
    if !session.as_mut().is_body_done() && next(session).await?.is_some_and(|more| !more.is_empty())
    {
        return Err(Cause::BodyTooLarge);
    }
    Ok(Collected::Whole(body.freeze()))
}

/// A body of known length as it grows. Most come in one piece, which is not copied.
struct Pieces {
    first: Bytes,
    all: BytesMut,
    length: usize,
}

impl Pieces {
    fn of(length: usize) -> Self {
        Self { first: Bytes::new(), all: BytesMut::new(), length }
    }

    fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    fn extend(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(self.length);
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    fn freeze(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

async fn undeclared_length(session: &mut Session, max: usize) -> Result<Collected, Cause> {
    session.as_mut().enable_retry_buffering();
    let mut body = BytesMut::new();
    while let Some(piece) = next(session).await? {
        if piece.len() > max.saturating_sub(body.len()) {
            return Err(Cause::BodyTooLarge);
        }
        body.extend_from_slice(&piece);
        if session.as_mut().is_body_done() {
            break;
        }
        if body.len() > EARLY_MAX {
            return Ok(Collected::Beginning(body));
        }
    }
    Ok(Collected::Whole(body.freeze()))
}

async fn next(session: &mut Session) -> Result<Option<Bytes>, Cause> {
    session.as_mut().read_request_body().await.map_err(|_| Cause::ClientGone)
}

/// A client that waits for `100 Continue` waits for us now; upstream never
/// sees the expectation.
async fn answer_expectation(session: &mut Session) -> Result<(), Cause> {
    let head = session.req_header();
    let expects = head
        .headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if expects && head.version == Version::HTTP_11 {
        let told = session.as_mut().write_continue_response().await;
        return told.map_err(|_| Cause::ClientGone);
    }
    Ok(())
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    let text = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    // More digits than a machine has is more than any bound.
    Some(text.parse().unwrap_or(usize::MAX))
}
