//! A JSON answer that is read as a whole: pointers mean nothing in half a text.
//!
//! Wrapped, then its conversation learnt, then changed by rule, then redacted; in
//! that order, since later calls name the conversation by what the browser got for the
//! vendor's name, and what the browser gets must hold no value. An answer that is no JSON is only redacted;
//! one that may be some, and in which nothing can be found, never passes where something must be.

use std::sync::Arc;

use bytes::BytesMut;
use http::header::CONTENT_TYPE;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::charset::Opening;
use super::decode::Decoder;
use super::{Answer, awaited};
use crate::dialect::answer::{AnswerRule, OwnAddress, apply};
use crate::dialect::answering::Learn;
use crate::dialect::bind::Name;
use crate::proxy::Cloakroom;
use crate::proxy::door::reached;
use crate::proxy::passage::Passage;
use crate::proxy::settings::Redaction;
use crate::reject::Cause;
use crate::rewrite::redact::{Needles, Redactor, Sought};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// One answer's body, as far as it has come.
pub(crate) struct Whole {
    decoder: Decoder,
    opening: Opening,
    body: Vec<u8>,
    max: usize,
    said: Said,
    count: u64,
}

/// What an answer's head says of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// The call was accepted, and this is JSON.
    Json,
    /// The call was accepted.
    Accepted,
    /// It was not: no conversation begins.
    Failed,
}

impl Said {
    pub(super) fn by(head: &ResponseHeader) -> Self {
        let kind = head.headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes()).unwrap_or_default();
        let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
        let kind = kind.trim_ascii().to_ascii_lowercase();
        match (head.status.is_success(), kind.ends_with(b"/json") || kind.ends_with(b"+json")) {
            (true, true) => Self::Json,
            (true, false) => Self::Accepted,
            (false, _) => Self::Failed,
        }
    }

    /// Whether a browser may find something in a body in which nothing can be found here.
    pub(super) fn may_hold(self, body: &[u8]) -> bool {
        match self {
            Self::Json => !body.trim_ascii().is_empty(),
            Self::Accepted => looks_like_json(body),
            Self::Failed => false,
        }
    }
}

impl Whole {
    pub(super) fn new(decoder: Decoder, max: usize, said: Said) -> Self {
        Self { decoder, opening: Opening::default(), body: Vec::new(), max, said, count: 0 }
    }

    /// Takes a piece; gives the body when it ends.
    pub(super) fn piece(&mut self, piece: &[u8], end: bool) -> Result<Option<Vec<u8>>, Cause> {
        if self.decoder.is_plain() {
            self.add(piece)?;
        } else {
            let plain = self.decoder.push(piece).map_err(|_| Cause::UpstreamBroken)?;
            self.add(&plain)?;
        }
        if !end {
            return Ok(None);
        }
        let rest = self.decoder.finish().map_err(|_| Cause::UpstreamBroken)?;
        self.add(&rest)?;
        Ok(Some(std::mem::take(&mut self.body)))
    }

    /// How many values were replaced.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    fn add(&mut self, plain: &[u8]) -> Result<(), Cause> {
        let fits = plain.len() <= self.max.saturating_sub(self.body.len());
        if !fits || !self.opening.is_readable(plain) {
            return Err(Cause::UpstreamBroken);
        }
        self.body.extend_from_slice(plain);
        Ok(())
    }
}

impl Cloakroom {
    /// What the browser gets for a whole answer.
    pub(super) fn whole_answer(
        &self,
        session: &Session,
        mut body: Vec<u8>,
        passage: &mut Passage,
    ) -> Result<Vec<u8>, Cause> {
        self.look_again(passage)?;
        let said = match &passage.answer {
            Answer::Whole(whole) => whole.said,
            Answer::Passed | Answer::Streamed(_) | Answer::Events(_) => {
                return Err(Cause::Internal);
            }
        };
        // Browsers skip it, and RFC 8259 has none.
        let mark: &[u8] = if body.starts_with(BOM) { BOM } else { &[] };
        body.drain(..mark.len());
        let route = passage.route.clone().ok_or(Cause::Internal)?;
        let at = passage.exchange.ok_or(Cause::Internal)?;
        let exchange = route.dialect.exchanges.get(at).ok_or(Cause::Internal)?;
        let body = self.wrap_body(body, &exchange.answer.wraps, said, passage)?;
        if let Some(Learn::Json(pointer)) = &exchange.answer.learn
            && passage.watch.is_to_link()
        {
            match Name::Json(pointer.clone()).within(&body) {
                Ok(Some(name)) => {
                    let name = route.dialect.conversation(&name);
                    self.learn(&name, route.dialect.link_ttl, passage)?;
                }
                Err(_) if said.may_hold(&body) => return Err(Cause::UpstreamBroken),
                Ok(None) | Err(_) => {}
            }
        }
        let needles = if route.redaction == Redaction::DangerOff || passage.watch.is_empty() {
            None
        } else {
            Some(passage.watch.needles(exchange.answer.redact_as)?)
        };
        let origin = self.origin(session, passage);
        let (authority, transport) = reached(session.req_header(), &origin);
        let own = OwnAddress { authority: &authority, transport };
        let (treated, count) = treated(body, &exchange.answer.rules, own, needles)?;
        if let Answer::Whole(whole) = &mut passage.answer {
            whole.count = count;
        }
        Ok(if mark.is_empty() { treated } else { [mark, &treated].concat() })
    }

    /// Remembers what this call revealed under the name that the vendor gave the
    /// conversation, before the browser gets to know it.
    fn learn(&self, name: &[u8], ttl: std::time::Duration, passage: &Passage) -> Result<(), Cause> {
        let Some(tenant) = &passage.tenant else { return Ok(()) };
        awaited(self.link(passage, &tenant.id, name, ttl)).ok_or(Cause::Internal)?
    }
}

/// A body changed by rule and then redacted, and how many values were replaced.
pub(super) fn treated(
    mut body: Vec<u8>,
    rules: &[AnswerRule],
    own: OwnAddress<'_>,
    needles: Option<Arc<Needles>>,
) -> Result<(Vec<u8>, u64), Cause> {
    if !rules.is_empty() {
        body = match apply(rules, &body, own) {
            Ok(changed) => changed,
            // What is no JSON has no place that a rule could mean; JSON that cannot
            // be read may have one.
            Err(_) if looks_like_json(&body) => return Err(Cause::UpstreamBroken),
            Err(_) => body,
        };
    }
    let Some(needles) = needles else { return Ok((body, 0)) };
    let mut redactor = Redactor::new(needles, Sought::Everything);
    let mut redacted = BytesMut::with_capacity(body.len());
    redactor.push(&body, &mut redacted);
    redactor.finish(&mut redacted);
    Ok((redacted.into(), redactor.count()))
}

/// Whether a body begins like an object or a list.
pub(super) fn looks_like_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}
