//! Personal data does not come back: values are found in a stream of bytes and replaced.
//!
//! | module | its one job |
//! | --- | --- |
//! | `base64` | a value within base64 text, at any alignment |
//! | `builder` | which values are sought, and how each |
//! | `entity` | HTML's named characters |
//! | `filter` | rules out most of a text by looking at a few bytes of it |
//! | `forms` | a value in other bytes than UTF-8's, on other lines, without outer blanks |
//! | `glance` | rules out a short text before there is a filter |
//! | `joins` | which two bytes stand side by side in a value |
//! | `judge` | what a start turns out to be |
//! | `needles` | the values, and what stands in their place |
//! | `pattern` | a value as it is looked for |
//! | `place` | where in JSON a value stands |
//! | `roles` | what a byte may be the beginning of |
//! | `runs` | the runs of bytes that a value shows early on |
//! | `scan` | the next value in what is at hand |
//! | [`slices`] | a text that comes in slices |
//! | `source` | a window onto the stream |
//! | [`sse`] | server-sent events: bytes in, events out |
//! | `text` | a value as text, each character escaped or not |
//! | `trie` | the values as a tree |
//! | `unit` | one escaped character |
//! | `walk` | a way through the tree that goes on after a wrong turn |
//! | `write` | what stands in a value's place |
//!
//! **Found** is a value however its characters are mixed of: raw; escaped for JSON (also twice, also
//! `\/`, `\x27`), URLs (also twice) or forms (`+`), HTML (decimal, hexadecimal, named); one of these
//! within another; without its outer white space; with its line breaks as `\r\n`, as a space, as
//! `<br>`, or as the lines of one server-sent event; one byte a letter, as ISO-8859-1 and
//! windows-1252 have it; base64 or base64url of it, within longer base64 text, padded or not. A `+` and a
//! space count as the same character. Letter case counts, but for the ASCII letters of a value with
//! exactly one `@`.
//!
//! **Not found**: a part of a value, as one of its lines; other Unicode normal forms, other letter case of letters beyond ASCII, escapes
//! inside what base64 encodes, base64 with line breaks, compressed or encrypted text.
//!
//! **Held back** is only what a value may begin in: never more than [`Needles::held_max`].
//!
//! It never awaits, reads no clock, file, socket or randomness, and never panics, whatever the bytes.

mod base64;
mod builder;
mod entity;
mod filter;
mod forms;
mod glance;
mod joins;
mod judge;
mod lot;
mod needles;
mod pattern;
mod place;
mod roles;
mod runs;
mod scan;
pub mod slices;
mod source;
pub mod sse;
#[cfg(test)]
mod tests;
mod text;
mod trie;
mod unit;
mod walk;
mod write;

pub use builder::{Builder, Instead, SHORT_VALUE_LEAST, Shortness, TOTAL_MAX, TooMuch};
pub use needles::{MARK_MAX, Mark, MarkFault, Needles, Replacement};

use bytes::BytesMut;
use scan::{Next, Scan, Walks};
use source::{Source, Tail};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A longer chunk is worked off in pieces of this many bytes, which stay in the cache.
const PIECE: usize = 16 << 10;

/// In which forms values are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// In all that this module knows.
    Everything,
    /// As in a text that a person reads as it comes: not in base64, of which nearly any letter may
    /// be the beginning, so that nothing is held back without a reason; nor as whole JSON values.
    Text,
}

/// Replaces the values in one stream, however it is cut. The output is what [`redact`] makes of the whole.
pub struct Redactor {
    needles: Arc<Needles>,
    walks: Walks,
    sought: Sought,
    /// The last bytes seen: those that a place is judged by, then those held back.
    window: Vec<u8>,
    /// The stream's offset of the window's first byte, and of the first byte held back.
    base: usize,
    held: usize,
    /// Slices at hand that are no whole JSON values, by the stream's offsets.
    slices: Vec<Range<usize>>,
    count: u64,
}

impl Redactor {
    /// For a new stream.
    pub fn new(needles: Arc<Needles>, sought: Sought) -> Self {
        let (walks, window, slices) = (Walks::new(), Vec::new(), Vec::new());
        Self { needles, walks, sought, window, base: 0, held: 0, slices, count: 0 }
    }

    /// Takes bytes of the stream, and adds to `out` all that is no longer in doubt.
    pub fn push(&mut self, chunk: &[u8], out: &mut BytesMut) {
        if self.needles.is_empty() && self.held() == 0 {
            return self.pass(chunk, out);
        }
        for piece in chunk.chunks(PIECE) {
            self.window.extend_from_slice(piece);
            self.work(Tail::Open, out);
        }
    }

    /// The same of bytes that hold slices of a text which is searched by itself: where they stand in
    /// these bytes, with their quotes, is asked where it matters. None is taken for a whole JSON value.
    pub fn push_around(
        &mut self,
        chunk: &[u8],
        slices: impl FnOnce() -> Vec<Range<usize>>,
        out: &mut BytesMut,
    ) {
        if self.needles.has_short() {
            let at = self.base + self.window.len();
            self.slices.extend(slices().into_iter().map(|it| at + it.start..at + it.end));
        }
        self.push(chunk, out);
    }

    /// Takes the stream's last bytes, and adds to `out` all of what is left. Nothing may be pushed
    /// after. Cheaper than pushing them first: nothing more can follow that a value could go on in.
    pub fn finish_with(&mut self, last: &[u8], out: &mut BytesMut) {
        let whole = self.base + self.window.len() == 0;
        if self.needles.is_empty() || whole && self.needles.are_absent([last].into_iter()) {
            return out.extend_from_slice(last);
        }
        let mut pieces = last.chunks(PIECE).peekable();
        while let Some(piece) = pieces.next() {
            self.window.extend_from_slice(piece);
            if pieces.peek().is_some() {
                self.work(Tail::Open, out);
            }
        }
        self.work(Tail::Closed, out);
    }

    /// The stream's end: adds to `out` what was held back. Nothing may be pushed after.
    pub fn finish(&mut self, out: &mut BytesMut) {
        self.work(Tail::Closed, out);
    }

    /// Goes on with other values, of which what is held back is searched too. What was given out
    /// before is not.
    pub fn adopt(&mut self, needles: Arc<Needles>) {
        if !Arc::ptr_eq(&self.needles, &needles) {
            self.needles = needles;
            self.walks = Walks::new();
        }
    }

    /// How many values were replaced so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether what is held back holds a value if nothing follows.
    pub fn holds_value(&self) -> bool {
        let source = Source { bytes: &self.window, base: self.base, tail: Tail::Closed };
        let (needles, mut walks) = (&self.needles, Walks::new());
        let (sought, slices) = (self.sought, &*self.slices);
        let mut scan = Scan { needles, source, walks: &mut walks, sought, slices };
        matches!(scan.next(self.held), Next::Found(_))
    }

    /// How many bytes are held back.
    pub fn held(&self) -> usize {
        self.base + self.window.len() - self.held
    }

    /// Nothing is looked for; later values are judged by what stands before them.
    fn pass(&mut self, chunk: &[u8], out: &mut BytesMut) {
        out.extend_from_slice(chunk);
        self.held += chunk.len();
        let near = chunk.len().saturating_sub(place::CONTEXT);
        self.window.extend_from_slice(chunk.get(near..).unwrap_or_default());
        let past = self.window.len().saturating_sub(place::CONTEXT);
        self.window.drain(..past);
        self.base = self.held - self.window.len();
    }

    fn work(&mut self, tail: Tail, out: &mut BytesMut) {
        let source = Source { bytes: &self.window, base: self.base, tail };
        let (needles, walks, slices) = (&self.needles, &mut self.walks, &*self.slices);
        let mut scan = Scan { needles, source, walks, sought: self.sought, slices };
        let from = self.held;
        self.held = run(&mut scan, from, &mut self.count, |bytes| out.extend_from_slice(bytes));
        self.slices.retain(|slice| slice.end > self.held);
        let past = self.held.saturating_sub(place::CONTEXT).saturating_sub(self.base);
        self.window.drain(..past.min(self.window.len()));
        self.base += past;
    }
}

/// The whole with its values replaced; `None`, and nothing allocated, where there is none.
pub fn redact(needles: &Needles, whole: &[u8]) -> Option<Vec<u8>> {
    redact_around(needles, whole, &[])
}

/// The same around slices of a text which is searched by itself, by where they stand with their
/// quotes: none is taken for a whole JSON value.
pub fn redact_around(needles: &Needles, whole: &[u8], slices: &[Range<usize>]) -> Option<Vec<u8>> {
    if needles.is_empty() || needles.are_absent([whole].into_iter()) {
        return None;
    }
    let source = Source { bytes: whole, base: 0, tail: Tail::Closed };
    let (sought, mut walks) = (Sought::Everything, Walks::new());
    let mut scan = Scan { needles, source, walks: &mut walks, sought, slices };
    let first = scan.next(0);
    let Next::Found(_) = first else { return None };
    let mut out = Vec::with_capacity(whole.len());
    let mut walks = Walks::new();
    let mut scan = Scan { needles, source, walks: &mut walks, sought, slices };
    run(&mut scan, 0, &mut 0, |bytes| out.extend_from_slice(bytes));
    Some(out)
}

/// Puts out everything up to the offset it returns, from which on the bytes are held back.
fn run(scan: &mut Scan<'_, '_>, from: usize, count: &mut u64, mut put: impl FnMut(&[u8])) -> usize {
    let source = scan.source;
    let mut at = from;
    loop {
        let (end, found) = match scan.next(at) {
            Next::Found(found) => (found.from, Some(found)),
            Next::Held(held) => (held, None),
            Next::Clear => (source.end(), None),
        };
        put(source.span(at, end));
        let Some(found) = found else { return end };
        write::write(&found, scan.needles.replacement(found.pattern.replacement), source, &mut put);
        *count += 1;
        at = found.to;
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held();
        f.debug_struct("Redactor")
            .field("needles", &self.needles)
            .field("held", &held)
            .finish_non_exhaustive()
    }
}
