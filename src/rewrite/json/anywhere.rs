//! Strings anywhere in a document that begin as asked and have one exact length.
//!
//! It never takes a member's name for a value, never finds a text in the middle of a longer one, and
//! never builds a tree or recurses. It never awaits, reads no clock, file, socket or randomness.

use super::fault::{FaultKind, JsonFault};
use super::locate::{Bounds, Located};
use super::scan::{Event, Kind, Scanner};
use super::text::decode;
use memchr::{memchr, memmem};
use std::ops::Range;

/// Every string value whose decoded text begins with `prefix` and is `len` bytes long, in the order
/// of the document; [`Located::pointer`] is 0, as no pointer was asked for.
///
/// A source in which neither the prefix nor a backslash stands can hold none: that is found by a byte
/// search, and **such a source is not validated**, whatever it is.
///
/// # Errors
/// Else as [`locate`](super::locate()): where any part of the document is not RFC 8259 JSON in UTF-8,
/// or where a bound is passed.
pub fn strings(
    source: &[u8],
    prefix: &str,
    len: usize,
    bounds: &Bounds,
) -> Result<Vec<Located>, JsonFault> {
    let ruled_out =
        memmem::find(source, prefix.as_bytes()).is_none() && memchr(b'\\', source).is_none();
    if ruled_out {
        return Ok(Vec::new());
    }
    let mut scanner = Scanner::new(source, 0..source.len(), bounds.depth_max)?;
    let mut place = Place::default();
    let mut found = Vec::new();
    while let Some(event) = scanner.next()? {
        let span = scanner.span();
        match event {
            Event::Name => place.name = Some(span),
            Event::Enter(kind) => place.enter(kind, span.start, found.len()),
            Event::Leave => place.leave(span.end, &mut found),
            Event::Scalar(kind) => {
                let (name, parent) = place.value();
                let quoted = source.get(span.clone()).unwrap_or_default();
                if kind != Kind::String || !is_meant(quoted, prefix, len) {
                    continue;
                }
                if found.len() >= bounds.located_max {
                    return Err(FaultKind::TooManyLocated.at(span.start));
                }
                found.push(Located { pointer: 0, value: span, kind, parent, name });
            }
        }
    }
    Ok(found)
}

fn is_meant(quoted: &[u8], prefix: &str, len: usize) -> bool {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    // An escape is never shorter than what it stands for.
    if inner.len() < len {
        return false;
    }
    if memchr(b'\\', inner).is_none() {
        return inner.len() == len && inner.starts_with(prefix.as_bytes());
    }
    decode(quoted).is_ok_and(|text| text.len() == len && text.starts_with(prefix))
}

/// Where the scanner stands.
#[derive(Default)]
struct Place {
    open: Vec<Frame>,
    /// The name of the value that comes, if it is a member.
    name: Option<Range<usize>>,
}

struct Frame {
    kind: Kind,
    start: usize,
    /// How many matches there were before this container.
    found: usize,
}

impl Place {
    fn enter(&mut self, kind: Kind, start: usize, found: usize) {
        self.name = None;
        self.open.push(Frame { kind, start, found });
    }

    /// The name of the value that was met, and its object, whose end is told when it is left.
    fn value(&mut self) -> (Option<Range<usize>>, Option<Range<usize>>) {
        let object = self.open.last().filter(|frame| frame.kind == Kind::Object);
        (self.name.take(), object.map(|frame| frame.start..frame.start))
    }

    fn leave(&mut self, end: usize, found: &mut [Located]) {
        let Some(frame) = self.open.pop() else { return };
        let parents = found.iter_mut().skip(frame.found).filter_map(|at| at.parent.as_mut());
        for parent in parents.filter(|parent| parent.start == frame.start) {
            parent.end = end;
        }
    }
}

#[cfg(test)]
mod tests;
