//! JSON texts of one line each, whatever the stream is called: slices in them are
//! joined, each line goes on as soon as it is whole, and its bytes stay.
//!
//! A document of many lines is no such stream: its lines say nothing by themselves, and
//! it is redacted as any other body.

use std::sync::Arc;

use bytes::BytesMut;

use crate::reject::Cause;
use crate::rewrite::joined::{Joined, begins_json};
use crate::rewrite::redact::sse::EVENT_MAX;
use crate::rewrite::redact::{Needles, Redactor, Sought};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// One stream that begins like a JSON text.
pub(super) struct Lines {
    /// The line that has not ended.
    line: Vec<u8>,
    form: Form,
    /// Over all that goes on, as over any other body.
    redactor: Redactor,
    /// The last byte that went on.
    last: u8,
}

/// What the lines are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// None has come whole.
    Unknown,
    /// A JSON text each.
    Texts,
    /// Of one text all together, or of none.
    Document,
}

impl Lines {
    pub(super) fn new(needles: Arc<Needles>) -> Self {
        let redactor = Redactor::new(needles, Sought::Everything);
        Self { line: Vec::new(), form: Form::Unknown, redactor, last: b'\n' }
    }

    pub(super) fn adopt(&mut self, needles: &Arc<Needles>) {
        self.redactor.adopt(Arc::clone(needles));
    }

    pub(super) fn count(&self) -> u64 {
        self.redactor.count()
    }

    /// Takes bytes of the stream.
    ///
    /// # Errors
    /// Where a line is longer than [`EVENT_MAX`], or JSON that cannot be read.
    pub(super) fn push(
        &mut self,
        plain: &[u8],
        joined: &mut Joined,
        out: &mut BytesMut,
    ) -> Result<(), Cause> {
        for piece in plain.split_inclusive(|byte| *byte == b'\n') {
            if self.form == Form::Document {
                self.put(piece, out);
                continue;
            }
            if piece.len() > EVENT_MAX.saturating_sub(self.line.len()) {
                return Err(Cause::UpstreamBroken);
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.line(joined, out)?;
            }
        }
        Ok(())
    }

    /// The stream's end.
    pub(super) fn finish(&mut self, joined: &mut Joined, out: &mut BytesMut) -> Result<(), Cause> {
        if !self.line.is_empty() {
            self.line(joined, out)?;
        }
        for text in joined.finish() {
            self.extra(&text, joined, out);
        }
        self.redactor.finish(out);
        Ok(())
    }

    fn line(&mut self, joined: &mut Joined, out: &mut BytesMut) -> Result<(), Cause> {
        let line = std::mem::take(&mut self.line);
        let (mark, json) = match line.strip_prefix(BOM) {
            Some(json) => (BOM, json),
            None => (&[][..], &line[..]),
        };
        let shown = match joined.text(json) {
            Ok(shown) => shown,
            Err(_) if self.form == Form::Unknown && !is_closed(json) => {
                self.form = Form::Document;
                self.put(&line, out);
                return Ok(());
            }
            Err(_) => return Err(Cause::UpstreamBroken),
        };
        if self.form == Form::Unknown && !json.trim_ascii().is_empty() {
            self.form = if begins_json(json) { Form::Texts } else { Form::Document };
        }
        for text in shown.before {
            self.extra(&text, joined, out);
        }
        self.put(mark, out);
        self.text(shown.text.as_deref().unwrap_or(json), joined, out);
        Ok(())
    }

    /// A line of our own: a rest that belongs before what comes next.
    fn extra(&mut self, text: &[u8], joined: &Joined, out: &mut BytesMut) {
        if self.last != b'\n' {
            self.put(b"\n", out);
        }
        self.text(text, joined, out);
    }

    /// A line, in which slices are no whole values.
    fn text(&mut self, json: &[u8], joined: &Joined, out: &mut BytesMut) {
        self.last = json.last().copied().unwrap_or(self.last);
        self.redactor.push_around(json, || joined.slices_in(json), out);
    }

    fn put(&mut self, bytes: &[u8], out: &mut BytesMut) {
        self.last = bytes.last().copied().unwrap_or(self.last);
        self.redactor.push(bytes, out);
    }
}

/// Whether a line ends as a JSON text does. Of a document over many lines the first
/// does not.
fn is_closed(line: &[u8]) -> bool {
    matches!(line.trim_ascii_end().last(), Some(b'}' | b']'))
}
