//! The way down of a socket: the vendor's frames on their way to the browser.
//!
//! A text message is searched as a whole; slices of one text in many messages as what a
//! person reads. No message waits for a later one: of a slice that may begin a value, the
//! rest of the message goes on, and what was held back comes with a later message. A binary
//! message goes on when it is whole and holds none, or not at all.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{Socket, State};
use crate::dialect::exchange::Binary;
use crate::proxy::Cloakroom;
use crate::proxy::answer::awaited;
use crate::proxy::passage::Passage;
use crate::proxy::settings::Redaction;
use crate::reject::Cause;
use crate::rewrite::frames::{CloseCode, ControlKind, Event, TextMessage, close_frame, text_frame};
use crate::rewrite::joined::Joined;
use crate::rewrite::redact::{Needles, Redactor, Sought, redact};

impl Cloakroom {
    /// Bytes from the vendor: what the browser gets instead.
    pub(in crate::proxy) fn frames_down(
        &self,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        passage: &mut Passage,
    ) {
        if body.is_none() && !end_of_stream {
            return;
        }
        let bytes = body.take().unwrap_or_default();
        let Some(mut socket) = passage.socket.take() else { return };
        let mut out = BytesMut::with_capacity(bytes.len());
        if socket.state != State::ClosedDown {
            let mut events = Vec::new();
            let fault = socket.down.feed(&bytes, &mut events).err();
            let mut close = fault.map(|fault| fault.close_code());
            if !events.is_empty()
                && let Err(code) = self.knows_all(passage)
            {
                (events, close) = (Vec::new(), Some(code));
            }
            for event in events {
                match self.event_down(&mut socket, event, passage) {
                    Ok(sent) => out.extend_from_slice(&sent),
                    Err(code) => {
                        close = Some(code);
                        break;
                    }
                }
            }
            if let Some(code) = close {
                out.extend_from_slice(&close_frame(code, None));
                socket.state = State::ClosedDown;
            } else if end_of_stream {
                out.extend_from_slice(&self.rest_down(&mut socket, passage));
            }
        }
        passage.socket = Some(socket);
        *body = Some(out.freeze()).filter(|out| !out.is_empty() || !end_of_stream);
    }

    /// Whether all is known that the conversation has revealed by now, in whatever call.
    fn knows_all(&self, passage: &mut Passage) -> Result<(), CloseCode> {
        if passage.conversation.is_none() {
            return Ok(());
        }
        match awaited(self.recall_meanwhile(passage)) {
            Some(Ok(())) => Ok(()),
            Some(Err(cause @ Cause::HandleUnusable(_))) => {
                passage.rejection = Some(cause);
                Err(CloseCode::Policy)
            }
            Some(Err(_)) | None => Err(CloseCode::Internal),
        }
    }

    fn event_down(
        &self,
        socket: &mut Socket,
        event: Event,
        passage: &mut Passage,
    ) -> Result<Vec<u8>, CloseCode> {
        let exchange = passage.exchange();
        let binary = exchange.map_or(Binary::Refuse, |exchange| exchange.binary);
        let redact_as = exchange.map(|exchange| exchange.answer.redact_as).unwrap_or_default();
        let off = passage.route.as_ref().is_none_or(|it| it.redaction == Redaction::DangerOff);
        let needles = if off || passage.watch.is_empty() {
            None
        } else {
            Some(passage.watch.needles(redact_as).map_err(|_| CloseCode::Internal)?)
        };
        match (event, needles) {
            (Event::Binary(_), _) if binary == Binary::Refuse => Err(CloseCode::Unsupported),
            (Event::Binary(frame), Some(needles)) => socket.binary_down(&frame, &needles),
            (Event::Text(message), Some(needles)) => {
                self.text_down(socket, message, &needles, passage)
            }
            (Event::Control(control), Some(needles))
                if control.kind() != ControlKind::Close
                    && redact(&needles, control.sent()).is_some() =>
            {
                Ok(Vec::new())
            }
            (Event::Control(control), Some(needles))
                if redact(&needles, control.sent()).is_some() =>
            {
                // Why it closes is told in words that hold a value: the code must do.
                Err(CloseCode::Policy)
            }
            (Event::Control(control), _) if control.kind() == ControlKind::Close => {
                Ok([self.rest_down(socket, passage).as_slice(), control.sent()].concat())
            }
            (event, _) => Ok(event.into_sent()),
        }
    }

    fn text_down(
        &self,
        socket: &mut Socket,
        message: TextMessage,
        needles: &Arc<Needles>,
        passage: &Passage,
    ) -> Result<Vec<u8>, CloseCode> {
        let streams = passage.exchange().map(|exchange| exchange.answer.text_streams.as_slice());
        let Some(streams) = streams.filter(|streams| !streams.is_empty()) else {
            return Ok(self.whole_down(message, None, needles, passage));
        };
        let begin = || Joined::new(Arc::clone(needles), streams.to_vec());
        let joined = socket.joined.get_or_insert_with(begin);
        joined.adopt(needles);
        let known = joined.count();
        let shown = joined.text(message.text().as_bytes());
        // Slices may stand in it, and it cannot be told where.
        let shown = shown.map_err(|_| CloseCode::Policy)?;
        self.metrics.redacted(passage.route_label(), joined.count().saturating_sub(known));
        let mut out = Vec::new();
        for text in &shown.before {
            out.extend(self.frame_down(text, joined, needles, passage));
        }
        match &shown.text {
            Some(text) => out.extend(self.frame_down(text, joined, needles, passage)),
            None => out.extend(self.whole_down(message, Some(joined), needles, passage)),
        }
        Ok(out)
    }

    /// What was held back of texts in slices, when no more of them comes.
    fn rest_down(&self, socket: &mut Socket, passage: &mut Passage) -> Vec<u8> {
        let redact_as = passage.exchange().map(|exchange| exchange.answer.redact_as);
        let needles = passage.watch.needles(redact_as.unwrap_or_default());
        let (Some(joined), Ok(needles)) = (&mut socket.joined, needles) else {
            return Vec::new();
        };
        let rests = joined.finish();
        rests.iter().flat_map(|text| self.frame_down(text, joined, &needles, passage)).collect()
    }

    /// A message as it came, unless it holds a value.
    fn whole_down(
        &self,
        message: TextMessage,
        joined: Option<&Joined>,
        needles: &Arc<Needles>,
        passage: &Passage,
    ) -> Vec<u8> {
        match self.redacted(message.text().as_bytes(), joined, needles, passage) {
            Some(new) => text_frame(&String::from_utf8_lossy(&new), None),
            None => message.into_sent(),
        }
    }

    /// A message of our own making, without values.
    fn frame_down(
        &self,
        text: &[u8],
        joined: &Joined,
        needles: &Arc<Needles>,
        passage: &Passage,
    ) -> Vec<u8> {
        let new = self.redacted(text, Some(joined), needles, passage);
        // A mark is ASCII and takes whole characters' place.
        text_frame(&String::from_utf8_lossy(new.as_deref().unwrap_or(text)), None)
    }

    /// Without values; slices of a text that is searched by itself are no whole ones.
    fn redacted(
        &self,
        text: &[u8],
        joined: Option<&Joined>,
        needles: &Arc<Needles>,
        passage: &Passage,
    ) -> Option<Vec<u8>> {
        let mut redactor = Redactor::new(Arc::clone(needles), Sought::Everything);
        let mut new = BytesMut::with_capacity(text.len());
        let slices = || joined.map_or(Vec::new(), |joined| joined.slices_in(text));
        redactor.push_around(text, slices, &mut new);
        redactor.finish(&mut new);
        let count = redactor.count();
        self.metrics.redacted(passage.route_label(), count);
        (count > 0).then(|| new.to_vec())
    }
}
