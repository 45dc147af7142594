//! Where the values that pointers name stand in a document, found in one pass that validates it all.
//!
//! It never decides what a value is for, never copies one, and never follows only the first of two
//! members with one name: receivers disagree on which counts, so every duplicate is a match.
//! It never builds a tree and never recurses.

use super::fault::{FaultKind, JsonFault};
use super::pointer::{Pointer, Segment, index};
use super::scan::{Event, Kind, Scanner};
use super::text::{decode, eq_decoded};
use std::ops::Range;

/// The most pointers of one search: one bit each of a machine word.
pub const POINTERS_MAX: usize = 64;

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most containers inside each other; 128 by default, as common JSON parsers have it.
    pub depth_max: usize,
    /// The most matches, all pointers together; 64 by default, past any honest message's slots.
    pub located_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { depth_max: 128, located_max: 64 }
    }
}

/// A match. Every span is in bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Which of the pointers that were asked for.
    pub pointer: usize,
    /// The value, with its quotes or brackets.
    pub value: Range<usize>,
    /// What the value is.
    pub kind: Kind,
    /// The object that the value is a member of, with its braces; `None` for an array's element and
    /// for the root.
    pub parent: Option<Range<usize>>,
    /// The member's name, with its quotes; `None` where `parent` is.
    pub name: Option<Range<usize>>,
}

/// Every match of every pointer, in the order in which the values begin; a value that several
/// pointers match comes once for each, in the pointers' order. Names are compared decoded.
///
/// # Errors
/// Where any part of the document is not RFC 8259 JSON in UTF-8, where a bound is passed, or where
/// there are more than [`POINTERS_MAX`] pointers.
pub fn locate(
    source: &[u8],
    pointers: &[&Pointer],
    bounds: &Bounds,
) -> Result<Vec<Located>, JsonFault> {
    if pointers.len() > POINTERS_MAX {
        return Err(FaultKind::TooManyPointers.at(0));
    }
    let root = pointers.iter().fold(0, |live: u64, _| live << 1 | 1);
    let scanner = Scanner::new(source, 0..source.len(), bounds.depth_max)?;
    let mut search = Search {
        source,
        pointers,
        scanner,
        coming: root,
        name: None,
        open: Vec::new(),
        found: Vec::new(),
        located_max: bounds.located_max,
    };
    while let Some(event) = search.scanner.next()? {
        search.take(event)?;
    }
    Ok(search.found)
}

struct Search<'a> {
    source: &'a [u8],
    pointers: &'a [&'a Pointer],
    scanner: Scanner<'a>,
    /// The pointers that still match, one bit each, at the next value; told by the root or a name.
    coming: u64,
    /// That value's name, if it is a member.
    name: Option<Range<usize>>,
    /// The containers that some pointer leads into; all others are stepped over.
    open: Vec<Frame>,
    found: Vec<Located>,
    located_max: usize,
}

struct Frame {
    kind: Kind,
    start: usize,
    /// The pointers that lead deeper from here.
    live: u64,
    /// The elements met so far, of an array.
    elements: usize,
    /// How many matches there were before this container.
    found: usize,
}

impl Search<'_> {
    fn take(&mut self, event: Event) -> Result<(), JsonFault> {
        let span = self.scanner.span();
        match event {
            Event::Name => self.named(span),
            Event::Leave => self.leave(span.end),
            Event::Scalar(kind) => {
                let live = self.live();
                self.report(self.split(live).0, kind, span)?;
            }
            Event::Enter(kind) => self.enter(kind, span.start)?,
        }
        Ok(())
    }

    fn enter(&mut self, kind: Kind, start: usize) -> Result<(), JsonFault> {
        let live = self.live();
        let (here, deeper) = self.split(live);
        if deeper == 0 {
            let value = self.scanner.skip()?;
            return self.report(here, kind, value);
        }
        let found = self.found.len();
        self.report(here, kind, start..start)?; // its end is told when it is left
        self.open.push(Frame { kind, start, live: deeper, elements: 0, found });
        Ok(())
    }

    /// Now that a container's end is known, its own match and those of its members learn it.
    fn leave(&mut self, end: usize) {
        let Some(frame) = self.open.pop() else { return };
        for located in self.found.iter_mut().skip(frame.found) {
            let spans = [Some(&mut located.value), located.parent.as_mut()];
            for span in spans.into_iter().flatten().filter(|span| span.start == frame.start) {
                span.end = end;
            }
        }
    }

    fn report(&mut self, here: u64, kind: Kind, value: Range<usize>) -> Result<(), JsonFault> {
        let name = self.name.take();
        let object = self.open.last().filter(|frame| frame.kind == Kind::Object);
        let parent = object.map(|frame| frame.start..frame.start);
        for pointer in bits(here) {
            if self.found.len() >= self.located_max {
                return Err(FaultKind::TooManyLocated.at(value.start));
            }
            self.found.push(Located {
                pointer,
                value: value.clone(),
                kind,
                parent: parent.clone(),
                name: name.clone(),
            });
        }
        Ok(())
    }

    /// The pointers that still match at the value that begins now.
    fn live(&mut self) -> u64 {
        let depth = self.open.len();
        let Some(frame) = self.open.last_mut().filter(|frame| frame.kind == Kind::Array) else {
            return self.coming;
        };
        let element = frame.elements;
        frame.elements += 1;
        let live = frame.live;
        self.matching(live, depth - 1, |segment| segment.is_element(element))
    }

    /// Remembers the name of the value that comes, and which pointers it leads on.
    fn named(&mut self, name: Range<usize>) {
        let Some(frame) = self.open.last() else {
            return;
        };
        let quoted = self.source.get(name.clone()).unwrap_or_default();
        self.coming =
            self.matching(frame.live, self.open.len() - 1, |segment| segment.is_named(quoted));
        self.name = Some(name);
    }

    fn matching(&self, live: u64, depth: usize, matches: impl Fn(&Segment) -> bool) -> u64 {
        let segment = |bit: usize| self.pointers.get(bit)?.segments().get(depth);
        bits(live)
            .filter(|bit| segment(*bit).is_some_and(&matches))
            .fold(0, |mask, bit| mask | 1 << bit)
    }

    /// Of the pointers that match a value: those that mean it, and those that lead deeper.
    fn split(&self, live: u64) -> (u64, u64) {
        let ends = |bit: &usize| {
            self.pointers.get(*bit).is_some_and(|p| p.segments().len() == self.open.len())
        };
        let here = bits(live).filter(ends).fold(0, |mask, bit| mask | 1 << bit);
        (here, live & !here)
    }
}

impl Segment {
    fn is_element(&self, element: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Index(index) => *index == element,
            Self::Name(_) => false,
        }
    }

    fn is_named(&self, quoted: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Index(number) => decode(quoted).is_ok_and(|name| index(&name) == Some(*number)),
            Self::Name(name) => eq_decoded(quoted, name),
        }
    }
}

/// The positions of the bits that are set, lowest first.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        bit
    })
}
