//! Server-sent events whose JSON texts hold slices of one text: each event goes on as
//! soon as it is whole, and the joined text is redacted.
//!
//! Whatever else an event says is redacted, too. What is called an event stream and is
//! none is redacted as any other body.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::decode::Decoder;
use crate::reject::Cause;
use crate::rewrite::joined::Joined;
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::redact::sse::{Event, Splitter};
use crate::rewrite::redact::{Needles, Redactor, Sought, redact};
use crate::rewrite::splice::{Edit, splice};

/// One stream.
pub(crate) struct Events {
    decoder: Decoder,
    needles: Arc<Needles>,
    splitter: Splitter,
    joined: Joined,
    /// In place of all this, once the stream has turned out to be no events.
    other: Option<Redactor>,
    begun: Begun,
    count: u64,
}

/// Whether the stream has shown what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    No,
    Yes,
}

impl Events {
    pub(super) fn new(decoder: Decoder, needles: Arc<Needles>, pointers: Vec<Pointer>) -> Self {
        let joined = Joined::new(Arc::clone(&needles), pointers);
        let splitter = Splitter::new();
        Self { decoder, needles, splitter, joined, other: None, begun: Begun::No, count: 0 }
    }

    /// What goes on of a piece.
    pub(super) fn piece(&mut self, piece: &[u8], end: bool) -> Result<Bytes, Cause> {
        let mut out = BytesMut::with_capacity(piece.len());
        if self.decoder.is_plain() {
            self.push(piece, &mut out)?;
        } else {
            let plain = self.decoder.push(piece).map_err(|_| Cause::UpstreamBroken)?;
            self.push(&plain, &mut out)?;
        }
        if end {
            let rest = self.decoder.finish().map_err(|_| Cause::UpstreamBroken)?;
            self.push(&rest, &mut out)?;
            self.finish(&mut out);
        }
        Ok(out.freeze())
    }

    /// Goes on with other values, of which what is held back is searched too.
    pub(super) fn adopt(&mut self, needles: &Arc<Needles>) {
        self.needles = Arc::clone(needles);
        self.joined.adopt(needles);
        if let Some(other) = &mut self.other {
            other.adopt(Arc::clone(needles));
        }
    }

    /// How many values were replaced.
    pub(super) fn count(&self) -> u64 {
        self.count + self.joined.count() + self.other.as_ref().map_or(0, Redactor::count)
    }

    fn push(&mut self, plain: &[u8], out: &mut BytesMut) -> Result<(), Cause> {
        if let (Begun::No, Some(first)) = (self.begun, plain.trim_ascii_start().first()) {
            self.begun = Begun::Yes;
            // No field of an event begins so: JSON lines under a wrong label.
            if matches!(first, b'{' | b'[' | b'<') {
                let needles = Arc::clone(&self.needles);
                self.other = Some(Redactor::new(needles, Sought::Everything));
            }
        }
        if let Some(other) = &mut self.other {
            other.push(plain, out);
            return Ok(());
        }
        self.splitter.push(plain).map_err(|_| Cause::UpstreamBroken)?;
        while let Some(event) = self.splitter.event() {
            self.event(&event, out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        if let Some(other) = &mut self.other {
            other.finish(out);
            return;
        }
        for text in self.joined.finish() {
            self.extra(&text, out);
        }
        // No browser reads it; nothing personal goes all the same.
        let rest = self.splitter.rest().to_vec();
        self.put(rest, out);
    }

    fn event(&mut self, event: &Event, out: &mut BytesMut) {
        let lines = event.data.iter().map(|line| event.bytes.get(line.clone()).unwrap_or_default());
        // A line end inside JSON is a blank like any other.
        let json = lines.collect::<Vec<_>>().join(&b' ');
        let shown = self.joined.text(&json);
        for text in shown.before {
            self.extra(&text, out);
        }
        let bytes = match shown.text {
            Some(text) => with_data(event, text),
            None => event.bytes.clone(),
        };
        self.put(bytes, out);
    }

    /// An event of our own: a rest that belongs before what comes next.
    fn extra(&mut self, text: &[u8], out: &mut BytesMut) {
        self.put([b"data: ", text, b"\n\n"].concat(), out);
    }

    fn put(&mut self, bytes: Vec<u8>, out: &mut BytesMut) {
        match redact(&self.needles, &bytes) {
            Some(redacted) => {
                self.count += 1;
                out.extend_from_slice(&redacted);
            }
            None => out.extend_from_slice(&bytes),
        }
    }
}

/// The event with this as its data, in its first line of data; the others are empty,
/// which JSON reads as blanks.
fn with_data(event: &Event, text: Vec<u8>) -> Vec<u8> {
    let mut text = Some(text);
    let edit = |span: &std::ops::Range<usize>| Edit {
        span: span.clone(),
        with: text.take().unwrap_or_default(),
    };
    let edits = event.data.iter().map(edit).collect();
    splice(&event.bytes, edits).unwrap_or_default()
}
