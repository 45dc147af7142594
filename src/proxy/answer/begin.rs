//! An answer begins: what its head decides about its body.
//!
//! Everything that has to be asked of the store is asked here, while Pingora waits.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::Answer;
use super::decode::Decoder;
use super::events::Events;
use super::fail;
use super::head::{Length, has_body, redact_headers, unsettle};
use super::stream::Streamed;
use super::whole::Whole;
use crate::proxy::Cloakroom;
use crate::proxy::passage::{Outgoing, Passage};
use crate::proxy::settings::Redaction;
use crate::proxy::socket::Socket;
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
        }
        let redacting = route.redaction == Redaction::On;
        let redact_as = exchange.answer.redact_as;
        if redacting && !passage.watch.is_empty() {
            let needles = passage.watch.needles(redact_as);
            let needles = needles.map_err(|cause| fail(passage, cause))?;
            let count = redact_headers(head, &needles, &passage.watch)?;
            self.metrics.redacted(&route.name, count);
        }
        if upgraded {
            passage.socket = passage.is_socket_read().then(|| Box::new(Socket::new()));
            return Ok(());
        }
        let whole = exchange.answer.reads_whole_body();
        if !whole && (!redacting || passage.watch.is_empty()) || !has_body(head.status) {
            return Ok(());
        }
        let bodyless = session.req_header().method == Method::HEAD;
        let answer = self.treatment(head, passage, whole);
        let answer = answer.map_err(|cause| fail(passage, cause))?;
        let kept = match &answer {
            Answer::Streamed(streamed) => streamed.keeps_length(redact_as),
            Answer::Passed | Answer::Events(_) | Answer::Whole(_) => false,
        };
        unsettle(head, if kept { Length::Kept } else { Length::Open });
        if !bodyless {
            passage.answer = answer;
        }
        Ok(())
    }

    /// What another call of the same conversation revealed since this one began: the
    /// vendor may know it by now.
    pub(in crate::proxy) async fn recall_meanwhile(
        &self,
        passage: &mut Passage,
    ) -> Result<(), Cause> {
        let (Some(conversation), Some(tenant), Some(route)) =
            (&passage.conversation, &passage.tenant, &passage.route)
        else {
            return Ok(());
        };
        let linked = self.vault.recall(&tenant.id, conversation, route.dialect.link_ttl).await;
        passage.watch.recall(linked.map_err(|_| Cause::StoreUnavailable)?);
        Ok(())
    }

    fn treatment(
        &self,
        head: &ResponseHeader,
        passage: &mut Passage,
        whole: bool,
    ) -> Result<Answer, Cause> {
        // Half of an answer may hold half of a value.
        if head.status == StatusCode::PARTIAL_CONTENT {
            return Err(Cause::UpstreamBroken);
        }
        let empty = head.headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
        // What is empty is not coded, whatever it says.
        let decoder = if empty { Ok(Decoder::Plain) } else { Decoder::of(&head.headers) };
        let decoder = decoder.map_err(|_| Cause::UpstreamBroken)?;
        if whole {
            let max = passage.settings.as_ref().map_or(0, |all| all.limits.answer_body_max);
            return Ok(Answer::Whole(Box::new(Whole::new(decoder, max))));
        }
        let exchange = passage.exchange().ok_or(Cause::Internal)?;
        let redact_as = exchange.answer.redact_as;
        let streams = exchange.answer.text_streams.clone();
        let needles = passage.watch.needles(redact_as)?;
        if !streams.is_empty() && is_event_stream(&head.headers) {
            return Ok(Answer::Events(Box::new(Events::new(decoder, needles, streams))));
        }
        Ok(Answer::Streamed(Box::new(Streamed::new(decoder, needles))))
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/event-stream")
}
