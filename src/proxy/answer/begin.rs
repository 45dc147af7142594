//! An answer begins: what its head decides about its body.
//!
//! Everything that has to be asked of the store is asked here, while Pingora waits.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, Method, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::Answer;
use super::accepted::offered;
use super::charset::is_readable;
use super::decode::{Decoder, is_coded_in_transfer};
use super::events::{Called, Events};
use super::fail;
use super::head::{Length, has_body, redact_headers, unsettle};
use super::stream::Streamed;
use super::whole::{Said, Whole};
use super::wrap::unhint;
use crate::dialect::exchange::Exchange;
use crate::proxy::Cloakroom;
use crate::proxy::passage::{Outgoing, Passage};
use crate::proxy::settings::Redaction;
use crate::proxy::socket::Socket;
use crate::proxy::watch::Manner;
use crate::reject::Cause;

impl Cloakroom {
    /// Redacts an answer's head and decides how its body is treated.
    ///
    /// # Errors
    /// When the answer must not pass; the browser gets a refusal in its place.
    pub(in crate::proxy) async fn begin_answer(
        &self,
        session: &Session,
        head: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let Some(route) = passage.route.clone() else { return Ok(()) };
        let Some(exchange) = passage.exchange.and_then(|at| route.dialect.exchanges.get(at)) else {
            return Ok(());
        };
        let upgraded = head.status == StatusCode::SWITCHING_PROTOCOLS;
        // A word in between is no answer, and what follows it is read then.
        let is_answer = upgraded || !head.status.is_informational();
        if is_answer {
            passage.answered_early = matches!(passage.outgoing, Outgoing::Late { .. });
            let in_body = exchange.link.as_ref().is_some_and(|link| link.at.is_in_body());
            if passage.answered_early && in_body {
                // Whose conversation it is stands in what has not come yet.
                return Err(fail(passage, Cause::UpstreamBroken));
            }
            let recalled = self.recall_meanwhile(passage).await;
            recalled.map_err(|cause| fail(passage, cause))?;
            let wrapped = self.wrap_head(head, &exchange.answer.wraps, passage).await;
            wrapped.map_err(|cause| fail(passage, cause))?;
            let learnt = self.learn_from_head(head, exchange, &route.dialect, passage).await;
            learnt.map_err(|cause| fail(passage, cause))?;
        } else {
            unhint(head, &exchange.answer.wraps);
        }
        let known = echo_subprotocol(session, head, passage)?;
        let redacting = route.redaction == Redaction::On;
        let redact_as = exchange.answer.redact_as;
        if redacting && !passage.watch.is_empty() {
            let needles = passage.watch.needles(redact_as);
            let needles = needles.map_err(|cause| fail(passage, cause))?;
            let count = redact_headers(head, &needles, &known)?;
            self.metrics.redacted(&route.name, count);
        }
        if upgraded {
            passage.socket = passage.is_socket_read().then(|| Box::new(Socket::new()));
            return Ok(());
        }
        let Some(read) = Read::of(passage, exchange, route.redaction) else { return Ok(()) };
        if !has_body(head.status) {
            return Ok(());
        }
        let bodyless = session.req_header().method == Method::HEAD;
        let answer = self.treatment(head, passage, read);
        let answer = answer.map_err(|cause| fail(passage, cause))?;
        match &answer {
            Answer::Passed => {}
            Answer::Streamed(streamed) if streamed.keeps_length(&exchange.answer.identity) => {
                unsettle(head, Length::Kept);
            }
            Answer::Streamed(_) | Answer::Events(_) | Answer::Whole(_) => {
                unsettle(head, Length::Open);
            }
        }
        if !bodyless {
            passage.answer = answer;
        }
        Ok(())
    }

    fn treatment(
        &self,
        head: &ResponseHeader,
        passage: &mut Passage,
        read: Read,
    ) -> Result<Answer, Cause> {
        if is_coded_in_transfer(&head.headers) {
            return Err(Cause::UpstreamBroken);
        }
        let empty = head.headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
        // What is empty is not coded, whatever it says.
        let decoder = if empty { Ok(Decoder::Plain) } else { Decoder::of(&head.headers) };
        let partial = head.status == StatusCode::PARTIAL_CONTENT;
        let exchange = passage.exchange().ok_or(Cause::Internal)?;
        let redact_as = exchange.answer.redact_as;
        let streams = exchange.answer.text_streams.clone();
        let events = is_event_stream(&head.headers);
        if read == Read::Perhaps && !events && head.headers.contains_key(CONTENT_LENGTH) {
            // The vendor has all of it at hand. Its length is kept whatever is revealed now.
            let plain = decoder.ok().filter(|decoder| decoder.is_plain() && !partial);
            let Some(plain) = plain else { return Ok(Answer::Passed) };
            let needles = passage.watch.needles(Manner::Kept)?;
            let streamed = Streamed::new(plain, needles, Manner::Kept);
            return Ok(Answer::Streamed(Box::new(streamed)));
        }
        // Half of an answer may hold half of a value.
        let readable = empty || is_readable(&head.headers, || passage.watch.is_ascii());
        let decoder = decoder.ok().filter(|_| !partial && readable).ok_or(Cause::UpstreamBroken)?;
        if read == Read::Whole {
            let max = passage.settings.as_ref().map_or(0, |all| all.limits.answer_body_max);
            return Ok(Answer::Whole(Box::new(Whole::new(decoder, max, Said::by(head)))));
        }
        let needles = passage.watch.needles(redact_as)?;
        if !streams.is_empty() {
            let called = if events { Called::Events } else { Called::Otherwise };
            let events = Events::new(decoder, needles, streams, called);
            return Ok(Answer::Events(Box::new(events)));
        }
        Ok(Answer::Streamed(Box::new(Streamed::new(decoder, needles, redact_as.into()))))
    }
}

/// Why an answer's body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    /// A rule needs all of it.
    Whole,
    /// It may say what is known to be revealed.
    Watched,
    /// It may say what another call of its conversation reveals meanwhile.
    Perhaps,
}

impl Read {
    fn of(passage: &Passage, exchange: &Exchange, redaction: Redaction) -> Option<Self> {
        if exchange.answer.reads_whole_body() {
            return Some(Self::Whole);
        }
        match redaction {
            Redaction::DangerOff => None,
            Redaction::On if !passage.watch.is_empty() => Some(Self::Watched),
            Redaction::On => passage.conversation.as_ref().map(|_| Self::Perhaps),
        }
    }
}

/// The browser hears of the subprotocol that it offered itself; gives the header's name
/// then.
fn echo_subprotocol(
    session: &Session,
    head: &mut ResponseHeader,
    passage: &Passage,
) -> pingora::Result<Option<HeaderName>> {
    let Some(accepted) = head.headers.get(SEC_WEBSOCKET_PROTOCOL) else { return Ok(None) };
    let offers = &session.req_header().headers;
    let Some(offered) = offered(accepted, offers, passage.revealed.as_ref()) else {
        return Ok(None);
    };
    head.insert_header(SEC_WEBSOCKET_PROTOCOL, offered)?;
    Ok(Some(SEC_WEBSOCKET_PROTOCOL))
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/event-stream")
}
