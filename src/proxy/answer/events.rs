//! A stream whose JSON texts hold slices of one text, in server-sent events or a line
//! each: every event and line goes on as soon as it is whole, and the joined text is
//! redacted.
//!
//! What it is its first bytes say; what it is called only where they do not. Whatever
//! else it says is redacted, too, and what is no such stream as any other body.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::charset::Opening;
use super::decode::Decoder;
use super::lines::Lines;
use crate::reject::Cause;
use crate::rewrite::joined::Joined;
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::redact::sse::{Event, Splitter};
use crate::rewrite::redact::{Needles, Redactor, Sought, redact, redact_around};
use crate::rewrite::splice::{Edit, splice};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What a line of an event may begin with (WHATWG HTML, 9.2.5); a comment has no name.
const FIELDS: [&[u8]; 5] = [b":", b"data:", b"event:", b"id:", b"retry:"];

/// Blanks that are waited through for the first bytes that say what a stream is.
const BLANKS_MAX: usize = 1024;

/// Bytes of a stream whose events wait at once: each takes more than its bytes.
const STEP: usize = 4096;

/// One stream.
pub(crate) struct Events {
    decoder: Decoder,
    opening: Opening,
    needles: Arc<Needles>,
    joined: Joined,
    called: Called,
    form: Form,
    count: u64,
}

/// What the answer's head calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    /// An event stream.
    Events,
    /// Something else, or nothing.
    Otherwise,
}

/// What the stream has shown to be.
enum Form {
    /// Nothing, by these bytes.
    Unknown(Vec<u8>),
    Events(Splitter),
    Lines(Box<Lines>),
    Other(Box<Redactor>),
}

impl Events {
    pub(super) fn new(
        decoder: Decoder,
        needles: Arc<Needles>,
        pointers: Vec<Pointer>,
        called: Called,
    ) -> Self {
        let joined = Joined::new(Arc::clone(&needles), pointers);
        let (opening, form) = (Opening::default(), Form::Unknown(Vec::new()));
        Self { decoder, opening, needles, joined, called, form, count: 0 }
    }

    /// What goes on of a piece.
    pub(super) fn piece(&mut self, piece: &[u8], end: bool) -> Result<Bytes, Cause> {
        let mut out = BytesMut::with_capacity(piece.len());
        if self.decoder.is_plain() {
            self.plain(piece, &mut out)?;
        } else {
            let plain = self.decoder.push(piece).map_err(|_| Cause::UpstreamBroken)?;
            self.plain(&plain, &mut out)?;
        }
        if end {
            let rest = self.decoder.finish().map_err(|_| Cause::UpstreamBroken)?;
            self.plain(&rest, &mut out)?;
            self.finish(&mut out)?;
        }
        Ok(out.freeze())
    }

    /// Goes on with other values, of which what is held back is searched too.
    pub(super) fn adopt(&mut self, needles: &Arc<Needles>) {
        self.needles = Arc::clone(needles);
        self.joined.adopt(needles);
        match &mut self.form {
            Form::Unknown(_) | Form::Events(_) => {}
            Form::Lines(lines) => lines.adopt(needles),
            Form::Other(other) => other.adopt(Arc::clone(needles)),
        }
    }

    /// How many values were replaced.
    pub(super) fn count(&self) -> u64 {
        let form = match &self.form {
            Form::Unknown(_) | Form::Events(_) => 0,
            Form::Lines(lines) => lines.count(),
            Form::Other(other) => other.count(),
        };
        self.count + self.joined.count() + form
    }

    fn plain(&mut self, plain: &[u8], out: &mut BytesMut) -> Result<(), Cause> {
        if !self.opening.is_readable(plain) {
            return Err(Cause::UpstreamBroken);
        }
        self.push(plain, out)
    }

    fn push(&mut self, plain: &[u8], out: &mut BytesMut) -> Result<(), Cause> {
        match &mut self.form {
            Form::Unknown(first) => {
                first.extend_from_slice(plain);
                let Some(shape) = shape(first, self.called) else { return Ok(()) };
                let first = std::mem::take(first);
                self.begin(shape);
                self.push(&first, out)
            }
            Form::Events(_) => plain.chunks(STEP).try_for_each(|part| self.events(part, out)),
            Form::Lines(lines) => lines.push(plain, &mut self.joined, out),
            Form::Other(other) => {
                other.push(plain, out);
                Ok(())
            }
        }
    }

    /// Takes a part of an event stream, and every event that it completes.
    fn events(&mut self, part: &[u8], out: &mut BytesMut) -> Result<(), Cause> {
        if let Form::Events(splitter) = &mut self.form {
            splitter.push(part).map_err(|_| Cause::UpstreamBroken)?;
        }
        while let Form::Events(splitter) = &mut self.form
            && let Some(event) = splitter.event()
        {
            self.event(&event, out)?;
        }
        Ok(())
    }

    fn begin(&mut self, shape: Shape) {
        let needles = Arc::clone(&self.needles);
        self.form = match shape {
            Shape::Events => Form::Events(Splitter::new()),
            Shape::Lines => Form::Lines(Box::new(Lines::new(needles))),
            Shape::Other => Form::Other(Box::new(Redactor::new(needles, Sought::Everything))),
        };
    }

    fn finish(&mut self, out: &mut BytesMut) -> Result<(), Cause> {
        if let Form::Unknown(first) = &mut self.form {
            let first = std::mem::take(first);
            self.begin(Shape::Other);
            self.push(&first, out)?;
        }
        match &mut self.form {
            Form::Unknown(_) => {}
            Form::Events(_) => self.unfinished(out)?,
            Form::Lines(lines) => lines.finish(&mut self.joined, out)?,
            Form::Other(other) => other.finish(out),
        }
        Ok(())
    }

    /// What no blank line completed: an `EventSource` drops it, other readers do not. It is
    /// completed here, read like any other event, and goes on without what was added.
    fn unfinished(&mut self, out: &mut BytesMut) -> Result<(), Cause> {
        let mut added = 0;
        while let Form::Events(splitter) = &mut self.form
            && !splitter.rest().is_empty()
        {
            splitter.push(b"\n").map_err(|_| Cause::UpstreamBroken)?;
            added += 1;
            if let Some(event) = splitter.event() {
                self.event(&event, out)?;
            }
        }
        let rest = self.joined.finish();
        if rest.is_empty() {
            let ours = out.iter().rev().take(added).take_while(|byte| **byte == b'\n').count();
            out.truncate(out.len() - ours);
        }
        for text in rest {
            self.extra(&text, out);
        }
        Ok(())
    }

    fn event(&mut self, event: &Event, out: &mut BytesMut) -> Result<(), Cause> {
        let json = joined_lines(&event.bytes, &event.data);
        let shown = self.joined.text(&json).map_err(|_| Cause::UpstreamBroken)?;
        for text in shown.before {
            self.extra(&text, out);
        }
        match (shown.text, event.data.first()) {
            (Some(text), Some(first)) => {
                let data = first.start..first.start + text.len();
                self.put(&with_data(event, text), &[data], out);
            }
            (Some(_), None) | (None, _) => self.put(&event.bytes, &event.data, out),
        }
        Ok(())
    }

    /// An event of our own: a rest that belongs before what comes next.
    fn extra(&mut self, text: &[u8], out: &mut BytesMut) {
        const FIELD: &[u8] = b"data: ";
        let data = FIELD.len()..FIELD.len() + text.len();
        self.put(&[FIELD, text, b"\n\n"].concat(), &[data], out);
    }

    /// An event whose data stands at these places.
    fn put(&mut self, bytes: &[u8], data: &[Range<usize>], out: &mut BytesMut) {
        match self.redacted(bytes, data) {
            Some(redacted) => {
                self.count += 1;
                out.extend_from_slice(&redacted);
            }
            None => out.extend_from_slice(bytes),
        }
    }

    fn redacted(&self, bytes: &[u8], data: &[Range<usize>]) -> Option<Vec<u8>> {
        let redacted = redact(&self.needles, bytes)?;
        if !self.needles.has_short() {
            return Some(redacted);
        }
        // Only now that something is found is it worth asking where slices stand.
        let slices = self.joined.slices_in(&joined_lines(bytes, data));
        let slices: Vec<_> = slices.iter().filter_map(|slice| placed(slice, data)).collect();
        redact_around(&self.needles, bytes, &slices)
    }
}

/// What a stream's first bytes say that it is.
#[derive(Clone, Copy)]
enum Shape {
    Events,
    Lines,
    Other,
}

/// What a stream is by its first bytes; nothing where more must come.
fn shape(first: &[u8], called: Called) -> Option<Shape> {
    if BOM.starts_with(first) {
        return None;
    }
    let text = first.strip_prefix(BOM).unwrap_or(first).trim_ascii_start();
    let begins = |field: &&[u8]| text.starts_with(field) || field.starts_with(text);
    match (text.first(), called) {
        (None, _) if first.len() < BLANKS_MAX => None,
        (Some(b'{' | b'['), _) => Some(Shape::Lines),
        (Some(b'<'), _) => Some(Shape::Other),
        (_, Called::Events) => Some(Shape::Events),
        (_, Called::Otherwise) => match FIELDS.iter().copied().find(begins) {
            Some(field) if text.starts_with(field) => Some(Shape::Events),
            Some(_) if !text.is_empty() => None,
            Some(_) | None => Some(Shape::Other),
        },
    }
}

/// An event's data. A line end inside JSON is a blank like any other.
fn joined_lines(bytes: &[u8], data: &[Range<usize>]) -> Vec<u8> {
    let lines = data.iter().map(|line| bytes.get(line.clone()).unwrap_or_default());
    lines.collect::<Vec<_>>().join(&b' ')
}

/// Where in an event a span of its data stands: in one line, as no string goes over several.
fn placed(span: &Range<usize>, data: &[Range<usize>]) -> Option<Range<usize>> {
    let mut before = 0;
    for line in data {
        if span.start < before + line.len() {
            let start = line.start + span.start.checked_sub(before)?;
            return Some(start..start + span.len());
        }
        before += line.len() + 1;
    }
    None
}

/// The event with this as its data, in its first line of data; the others are empty,
/// which JSON reads as blanks.
fn with_data(event: &Event, text: Vec<u8>) -> Vec<u8> {
    let mut text = Some(text);
    let edit =
        |span: &Range<usize>| Edit { span: span.clone(), with: text.take().unwrap_or_default() };
    let edits = event.data.iter().map(edit).collect();
    splice(&event.bytes, edits).unwrap_or_default()
}
