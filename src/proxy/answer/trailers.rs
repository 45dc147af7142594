//! An answer that ends with trailers (HTTP/2; of HTTP/1.1 Pingora drops them): its body is
//! whole by then, and nobody says so but they.
//!
//! Trailers are not passed on: no chat reads any, and one could say a value.

use bytes::Bytes;
use http::HeaderMap;
use pingora::proxy::Session;

use crate::proxy::Cloakroom;
use crate::proxy::passage::Passage;

impl Cloakroom {
    /// The rest of the body, in the trailers' place.
    pub(in crate::proxy) fn end_by_trailers(
        &self,
        session: &Session,
        trailers: &mut HeaderMap,
        passage: &mut Passage,
    ) -> Option<Bytes> {
        passage.exchange()?;
        trailers.clear();
        let mut rest = None;
        // Pingora would log a failure and go on: what must not pass is simply not there.
        match self.answer_piece(session, &mut rest, true, passage) {
            Ok(()) => rest,
            Err(_) => None,
        }
    }
}
