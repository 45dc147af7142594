//! A WebSocket through this proxy: handles in the browser's text messages become
//! payloads, and what was revealed does not come back.
//!
//! This file holds the way up; `down` is the way down.
//!
//! Frames that hold neither go on as they came. A message that must not pass ends the
//! socket with a close frame; nothing after it is read.

mod down;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use pingora::proxy::Session;

use super::Cloakroom;
use super::outgoing::peer_octets;
use super::passage::Passage;
use super::settings::Route;
use super::swap::{Part, Swap};
use crate::clock::random;
use crate::dialect::exchange::{Binary, Exchange};
use crate::dialect::request::{Request, Setting};
use crate::domain::TenantId;
use crate::domain::lease::Settled;
use crate::reject::Cause;
use crate::rewrite::frames::{
    BinaryFrame, Bounds, CloseCode, Event, Reader, Role, TextMessage, close_frame, text_frame,
};
use crate::rewrite::joined::Joined;
use crate::rewrite::redact::{Needles, Redactor, Sought, redact};
use crate::vault::audit::Scene;
use crate::vault::lease::Lease;
use crate::vault::redeem::{Carrier, Unusable};

/// The two directions of one socket.
pub(super) struct Socket {
    up: Reader,
    down: Reader,
    state: State,
    /// Over the vendor's binary messages, which are searched and not changed.
    binary: Option<Redactor>,
    /// The vendor's binary message whose end has not come.
    unfinished: Unfinished,
    /// Over the vendor's text messages that hold slices of one text.
    joined: Option<Joined>,
}

/// Fragments that wait for the end of their message, which no page is shown before. No more
/// than a reader lets one message have.
#[derive(Default)]
struct Unfinished {
    sent: Vec<u8>,
    payload: Vec<u8>,
}

/// Whether anything may still pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The vendor was told to close; its answer goes on to the browser.
    ClosingUp,
    /// The browser was told.
    ClosedDown,
}

impl Socket {
    pub(super) fn new() -> Self {
        Self {
            up: Reader::new(Role::FromClient, Bounds::default()),
            down: Reader::new(Role::FromServer, Bounds::default()),
            state: State::Open,
            binary: None,
            unfinished: Unfinished::default(),
            joined: None,
        }
    }

    /// Takes a frame of the vendor's binary messages: what goes on by now, or nothing ever
    /// again where it holds a value.
    fn binary_down(
        &mut self,
        frame: &BinaryFrame,
        needles: &Arc<Needles>,
    ) -> Result<Vec<u8>, CloseCode> {
        // It cannot be changed without knowing what it means.
        if self.tells(needles, frame.payload()) {
            return Err(CloseCode::Policy);
        }
        self.unfinished.sent.extend_from_slice(frame.sent());
        self.unfinished.payload.extend_from_slice(frame.payload());
        if !frame.is_last() {
            return Ok(Vec::new());
        }
        let message = std::mem::take(&mut self.unfinished);
        match redact(needles, &message.payload) {
            Some(_) => Err(CloseCode::Policy),
            None => Ok(message.sent),
        }
    }

    /// Whether the vendor's binary messages have held a value by now, if they go on after
    /// this frame or if they do not; or whether the frame does by itself.
    fn tells(&mut self, needles: &Arc<Needles>, payload: &[u8]) -> bool {
        let begin = || Redactor::new(Arc::clone(needles), Sought::Everything);
        let seen = self.binary.get_or_insert_with(begin);
        // What is revealed meanwhile makes nothing unsaid.
        seen.adopt(Arc::clone(needles));
        seen.push(payload, &mut BytesMut::new());
        seen.count() > 0 || seen.holds_value() || redact(needles, payload).is_some()
    }
}

impl Cloakroom {
    /// Bytes from the browser: what the vendor gets instead.
    pub(super) async fn frames_up(
        &self,
        session: &Session,
        body: &mut Option<Bytes>,
        passage: &mut Passage,
    ) {
        let Some(bytes) = body.as_ref() else { return };
        let Some(mut socket) = passage.socket.take() else { return };
        let mut out = BytesMut::with_capacity(bytes.len());
        if socket.state == State::Open {
            let mut events = Vec::new();
            let fault = socket.up.feed(bytes, &mut events).err();
            let mut close = fault.map(|fault| fault.close_code());
            for event in events {
                match self.event_up(session, event, passage).await {
                    Ok(sent) => out.extend_from_slice(&sent),
                    Err(code) => {
                        close = Some(code);
                        break;
                    }
                }
            }
            if let Some(code) = close {
                // Without a key nothing is sent, and both sides time out.
                if let Some(mask) = self.mask() {
                    out.extend_from_slice(&close_frame(code, Some(mask)));
                }
                socket.state = State::ClosingUp;
            }
        }
        passage.socket = Some(socket);
        *body = Some(out.freeze());
    }

    async fn event_up(
        &self,
        session: &Session,
        event: Event,
        passage: &mut Passage,
    ) -> Result<Vec<u8>, CloseCode> {
        let binary = passage.exchange().map_or(Binary::Refuse, |exchange| exchange.binary);
        match event {
            Event::Text(message) => self.text_up(session, message, passage).await,
            Event::Binary(_) if binary == Binary::Refuse => Err(CloseCode::Unsupported),
            Event::Binary(_) | Event::Control(_) => Ok(event.into_sent()),
        }
    }

    async fn text_up(
        &self,
        session: &Session,
        message: TextMessage,
        passage: &mut Passage,
    ) -> Result<Vec<u8>, CloseCode> {
        let Some(route) = passage.route.clone() else { return Err(CloseCode::Internal) };
        let exchange = passage.exchange.and_then(|at| route.dialect.exchanges.get(at));
        let exchange = exchange.ok_or(CloseCode::Internal)?;
        if exchange.frame_slots.is_empty() {
            return Ok(message.into_sent());
        }
        match self.swap_text(session, message.text(), (&route, exchange), passage).await {
            Ok(None) => Ok(message.into_sent()),
            Ok(Some(new)) => {
                let mask = self.mask().ok_or(CloseCode::Internal)?;
                Ok(text_frame(&new, Some(mask)))
            }
            Err(cause) => {
                passage.rejection = Some(cause);
                Err(CloseCode::Policy)
            }
        }
    }

    /// A message with its handles revealed; nothing when it holds none. A message has
    /// no answer of its own, so its leases are settled when it goes.
    async fn swap_text(
        &self,
        session: &Session,
        text: &str,
        (route, exchange): (&Route, &Exchange),
        passage: &mut Passage,
    ) -> Result<Option<String>, Cause> {
        let tenant = passage.tenant.clone().ok_or(Cause::Internal)?;
        let head = session.req_header();
        let request = Request {
            path: head.uri.path(),
            query: head.uri.query(),
            headers: &head.headers,
            body: text.as_bytes(),
        };
        let client = peer_octets(session);
        let carried = [client.as_slice(), b"frame", head.raw_path(), text.as_bytes()];
        let binding =
            exchange.bind.as_ref().and_then(|bind| bind.find(&exchange.call, &request).ok()?);
        let swap = Swap {
            vault: &self.vault,
            metrics: &self.metrics,
            tenant: &tenant.id,
            exchange,
            part: Part::Frame,
            relayer: self.relayer(route, &tenant.id),
            carrier: Carrier { request: &carried, binding: binding.as_deref() },
        };
        let now = self.vault.clock().now();
        let setting = Setting { now, jwt: tenant.tokens.as_ref(), names: &tenant.names };
        let mut swapped = swap.run(request, setting).await?;
        self.settle(std::mem::take(&mut swapped.leases), swap.scene(), &tenant.id).await?;
        passage.redeemed.note(&swapped.redeemed);
        passage.watch.reveal(swapped.revelations);
        swapped.beside.drain(..).for_each(|one| passage.watch.reveal_beside(one));
        self.recall(passage, &tenant.id, route.dialect.link_ttl).await?;
        let new = swapped.revealed.body().map(<[u8]>::to_vec);
        new.map(|new| String::from_utf8(new).map_err(|_| Cause::Internal)).transpose()
    }

    /// Settles what a message that is about to go was let have; or it does not go. A handle that
    /// was revoked while the message was being made ready is revealed to nobody.
    async fn settle(
        &self,
        leases: Vec<Lease>,
        scene: Scene<'_>,
        tenant: &TenantId,
    ) -> Result<(), Cause> {
        for lease in leases {
            let id = lease.handle();
            match lease.commit().await.map_err(|_| Cause::StoreUnavailable)? {
                Settled::Done => {}
                Settled::Stale => {
                    let why = Unusable::Missing;
                    self.metrics.refused(tenant, why, 1);
                    self.vault.note_refused(scene, tenant, why, Some(id), 1);
                    return Err(Cause::HandleUnusable(why));
                }
            }
        }
        Ok(())
    }

    /// A fresh key for a frame to the vendor.
    fn mask(&self) -> Option<[u8; 4]> {
        random(&**self.vault.entropy()).ok()
    }
}
