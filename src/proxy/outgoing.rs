//! The body that goes upstream: taken early where it can be, late where it must.
//!
//! Either way it is whole before a slot is filled, and what leaves is exactly what
//! the swap made, or what arrived.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};

use super::body::{Collected, collect};
use super::passage::{Coding, Outgoing, Passage, Sent};
use super::settings::{Limits, Redaction, Route};
use super::swap::{Part, Swap};
use super::{Cloakroom, coding};
use crate::dialect::bind::Untold;
use crate::dialect::exchange::Exchange;
use crate::dialect::request::{Request, Setting};
use crate::dialect::reveal::RevealedBody;
use crate::reject::{BodyFlaw, Cause, FramingFlaw};
use crate::vault::redeem::Carrier;

impl Cloakroom {
    /// Collects and swaps the body of an exchange, before the upstream is chosen.
    pub(super) async fn take_body(
        &self,
        session: &mut Session,
        passage: &mut Passage,
        limits: &Limits,
    ) -> Result<(), Cause> {
        let read = collect(session, limits.request_body_max, limits.request_body_timeout).await?;
        match read {
            // Framed as it came: there may be no body to give a length to.
            Collected::Whole(body) if body.is_empty() => self.reveal_head(session, passage).await,
            Collected::Whole(body) => {
                let (body, coding) = self.reveal(session, passage, body, Coding::AsSent).await?;
                passage.outgoing = Outgoing::Whole { body, coding };
                Ok(())
            }
            Collected::Beginning(_) if passage.exchange().is_some_and(Exchange::reads_head) => {
                // Slots outside the body must be filled before the upstream's header
                // leaves, and what the body holds is not known by then.
                Err(Cause::Framing(FramingFlaw::LengthNeeded))
            }
            Collected::Beginning(collected) => {
                Box::pin(self.recall_by_head(session, passage)).await?;
                // The upstream's header leaves before the rest is here, so what
                // it says of the coding must hold for either outcome: a late
                // body is decoded whether or not it holds a handle.
                let coded = session.req_header().headers.contains_key(CONTENT_ENCODING);
                let coding = if coded { Coding::Decoded } else { Coding::AsSent };
                passage.outgoing = Outgoing::Late { collected, coding };
                Ok(())
            }
        }
    }

    /// Swaps what stands outside the body, of a call that has none.
    pub(super) async fn reveal_head(
        &self,
        session: &Session,
        passage: &mut Passage,
    ) -> Result<(), Cause> {
        if !passage.exchange().is_some_and(Exchange::reads_head) {
            return self.recall_by_head(session, passage).await;
        }
        self.reveal(session, passage, Bytes::new(), Coding::AsSent).await.map(|_| ())
    }

    /// Decodes, swaps, and says what the bytes are now. A body in which nothing changes
    /// goes in the coding `unchanged`.
    async fn reveal(
        &self,
        session: &Session,
        passage: &mut Passage,
        body: Bytes,
        unchanged: Coding,
    ) -> Result<(RevealedBody, Coding), Cause> {
        let begun = Instant::now();
        let limits = passage.settings.as_ref().map(|settings| settings.limits.request_body_max);
        let head = session.req_header();
        let (plain, coding) = coding::decode(&body, &head.headers, limits.unwrap_or(0))?;
        let (Some(route), Some(tenant)) = (passage.route.clone(), passage.tenant.clone()) else {
            return Err(Cause::Internal);
        };
        let exchange = passage.exchange.and_then(|at| route.dialect.exchanges.get(at));
        let exchange = exchange.ok_or(Cause::Internal)?;
        let client = peer_octets(session);
        let carried =
            [client.as_slice(), head.method.as_str().as_bytes(), head.raw_path(), plain.as_ref()];
        let request = Request {
            path: head.uri.path(),
            query: head.uri.query(),
            headers: &head.headers,
            body: &plain,
        };
        // Where it cannot be told, a handle for one conversation is refused as of none.
        let binding =
            exchange.bind.as_ref().and_then(|bind| bind.find(&exchange.call, &request).ok()?);
        let swap = Swap {
            vault: &self.vault,
            metrics: &self.metrics,
            tenant: &tenant.id,
            exchange,
            part: Part::Request,
            relayer: self.relayer(&route, &tenant.id),
            carrier: Carrier { request: &carried, binding: binding.as_deref() },
        };
        passage.conversation = conversation(&route, exchange, &request)?;
        let now = self.vault.clock().now();
        let setting = Setting { now, jwt: tenant.tokens.as_ref(), names: &tenant.names };
        let swapped = swap.run(request, setting).await;
        passage.swap = begun.elapsed();
        let mut swapped = swapped?;
        passage.leases.extend(swapped.leases);
        passage.redeemed.note(&swapped.redeemed);
        passage.watch.reveal(swapped.revelations);
        swapped.beside.into_iter().for_each(|one| passage.watch.reveal_beside(one));
        self.recall(passage, &tenant.id, route.dialect.link_ttl).await?;
        if exchange.answer.learn.is_some() {
            // The vendor names the conversation when it is too late to refuse.
            let room = self.vault.may_link(&tenant.id, passage.watch.own()).await;
            self.remembered(&tenant.id, room)?;
        }
        if route.redaction == Redaction::On && passage.watch.is_much() {
            // What cannot be looked for in the answer must not go upstream.
            passage.watch.needles(exchange.answer.redact_as)?;
        }
        let (sent, coding) = match (swapped.revealed.body(), unchanged) {
            (None, Coding::AsSent) => (body, Coding::AsSent),
            (None, Coding::Decoded) | (Some(_), _) => (plain, coding),
        };
        let sent = swapped.revealed.body_over(sent);
        passage.revealed = Some(swapped.revealed);
        Ok((sent, coding))
    }

    /// The conversation, where the head names it: an answer may begin before the rest
    /// of the body is here.
    async fn recall_by_head(&self, session: &Session, passage: &mut Passage) -> Result<(), Cause> {
        let (Some(exchange), Some(tenant)) = (passage.exchange(), passage.tenant.clone()) else {
            return Err(Cause::Internal);
        };
        if exchange.link.as_ref().is_none_or(|link| link.at.is_in_body()) {
            return Ok(());
        }
        let head = session.req_header();
        let (path, query) = (head.uri.path(), head.uri.query());
        let request = Request { path, query, headers: &head.headers, body: &[] };
        let route = passage.route.clone().ok_or(Cause::Internal)?;
        passage.conversation = conversation(&route, exchange, &request)?;
        self.recall(passage, &tenant.id, route.dialect.link_ttl).await
    }

    /// Pingora shows a piece of the body: what goes upstream instead of it. Run
    /// again from the start when a call is sent to another server.
    pub(super) async fn send_body(
        &self,
        session: &Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        match &mut passage.outgoing {
            Outgoing::Streamed => return Ok(()),
            Outgoing::Whole { body: whole, .. } => {
                *body = Some(if end_of_stream { whole.expose().clone() } else { Bytes::new() });
                if end_of_stream {
                    passage.sent = Sent::All;
                }
                return Ok(());
            }
            Outgoing::Late { collected, .. } => {
                let more = body.take().unwrap_or_default();
                *body = Some(Bytes::new());
                let bound = passage.settings.as_ref().map(|all| all.limits.request_body_max);
                let room = bound.unwrap_or(0).saturating_sub(collected.len());
                if more.len() > room {
                    return Err(late_refusal(passage, Cause::BodyTooLarge));
                }
                collected.extend_from_slice(&more);
                if !end_of_stream {
                    return Ok(());
                }
            }
        }
        Box::pin(self.reveal_late(session, body, passage)).await
    }

    /// The swap of a body that could only be read with the connection open.
    async fn reveal_late(
        &self,
        session: &Session,
        body: &mut Option<Bytes>,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let Outgoing::Late { collected, coding } = &mut passage.outgoing else {
            return Ok(());
        };
        let (whole, promised) = (std::mem::take::<BytesMut>(collected).freeze(), *coding);
        if passage.answered_early {
            return Err(late_refusal(passage, Cause::UpstreamBroken));
        }
        match self.reveal(session, passage, whole, promised).await {
            Ok((revealed, _)) => {
                *body = Some(revealed.expose().clone());
                // Another server gets the same, and no handle is redeemed again.
                passage.outgoing = Outgoing::Whole { body: revealed, coding: promised };
                passage.sent = Sent::All;
                Ok(())
            }
            Err(cause) => Err(late_refusal(passage, cause)),
        }
    }
}

/// What the call's conversation is known by. Two dialects name theirs apart.
///
/// # Errors
/// When the call names several, or cannot be read where it names one: what was revealed in one
/// must not come back as another's, or as nobody's.
pub(super) fn conversation(
    route: &Route,
    exchange: &Exchange,
    request: &Request<'_>,
) -> Result<Option<Vec<u8>>, Cause> {
    let Some(link) = &exchange.link else { return Ok(None) };
    let name = link.find(&exchange.call, request);
    let name = name.map_err(|untold| {
        Cause::BodyInvalid(match untold {
            Untold::Ambiguous => BodyFlaw::Ambiguous,
            Untold::Unreadable => BodyFlaw::NotJson,
        })
    })?;
    Ok(name.map(|name| route.dialect.conversation(&name)))
}

/// The peer's address.
pub(super) fn client(session: &Session) -> Option<IpAddr> {
    session.client_addr()?.as_inet().map(SocketAddr::ip)
}

/// The peer's address in bytes, for what tells one request from another: sixteen zeros where it
/// has none.
pub(super) fn peer_octets(session: &Session) -> [u8; 16] {
    match client(session) {
        Some(IpAddr::V4(four)) => four.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(six)) => six.octets(),
        None => [0; 16],
    }
}

/// A refusal after the upstream's header has gone: Pingora drops the upstream
/// connection, so the vendor sees a request that never ends, and no payload.
fn late_refusal(passage: &mut Passage, cause: Cause) -> Box<Error> {
    passage.rejection = Some(cause);
    Error::new_down(ErrorType::HTTPStatus(cause.status().as_u16()))
}
