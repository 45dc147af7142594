//! RFC 8259's grammar: a text as a flat row of events, validated to its last byte.
//!
//! It never recurses (open containers are one byte each on the heap, bounded), never skips a check
//! for a value that nobody asked for, never builds a tree and never copies a byte of the text.

use super::fault::{FaultKind, JsonFault};
use super::lex::Lexer;
use std::ops::Range;

/// The kinds of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number of any size.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// What a [`Scanner`] met.
#[derive(Clone, Copy)]
pub(super) enum Event {
    /// The opening bracket of an object or an array.
    Enter(Kind),
    /// The closing bracket of the container that was entered last.
    Leave,
    /// A member's name, with its quotes.
    Name,
    /// A whole value that is no container.
    Scalar(Kind),
}

/// Reads one value, and refuses anything but white space around it.
pub(super) struct Scanner<'s> {
    lexer: Lexer<'s>,
    /// Where the last event begins.
    start: usize,
    open: Vec<Container>,
    depth_max: usize,
    expect: Expect,
}

impl<'s> Scanner<'s> {
    /// Reads `part` of the source; every offset counts from the source's start. `depth_max` bounds
    /// the containers that are open at once.
    ///
    /// # Errors
    /// Where `part` leaves the source, or is not UTF-8.
    pub(super) fn new(
        source: &'s [u8],
        part: Range<usize>,
        depth_max: usize,
    ) -> Result<Self, JsonFault> {
        let Range { start, end } = part;
        let ended = FaultKind::UnexpectedEnd.at(source.len());
        let bytes = source.get(start..end).ok_or(ended)?;
        // Once for the whole text: the standard library's check is fast on long runs.
        std::str::from_utf8(bytes).map_err(|e| FaultKind::NotUtf8.at(start + e.valid_up_to()))?;
        let lexer = Lexer::new(source.get(..end).ok_or(ended)?, start);
        Ok(Self { lexer, start, open: Vec::new(), depth_max, expect: Expect::Value })
    }

    /// The next event; `None` once the value has ended and nothing but white space followed it.
    pub(super) fn next(&mut self) -> Result<Option<Event>, JsonFault> {
        let byte = self.lexer.token();
        let event = match self.expect {
            Expect::Delimiter => self.delimiter(byte)?,
            Expect::Colon => self.colon(byte)?,
            Expect::FirstName if byte == Some(b'}') => self.leave(),
            Expect::FirstName => self.name()?,
            Expect::FirstElement if byte == Some(b']') => self.leave(),
            Expect::FirstElement | Expect::Value => self.value(byte)?,
            Expect::End if byte.is_none() => return Ok(None),
            Expect::End => return Err(FaultKind::TrailingBytes.at(self.lexer.offset())),
        };
        Ok(Some(event))
    }

    /// The bytes that the last event stands on; of a container, its bracket.
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.lexer.offset()
    }

    /// Reads on to the end of the container that the last event entered, and tells its whole span.
    pub(super) fn skip(&mut self) -> Result<Range<usize>, JsonFault> {
        let start = self.start;
        let floor = self.open.len();
        while self.open.len() >= floor && self.next()?.is_some() {}
        Ok(start..self.lexer.offset())
    }

    fn value(&mut self, byte: Option<u8>) -> Result<Event, JsonFault> {
        self.start = self.lexer.offset();
        let kind = match byte {
            Some(b'"') => {
                self.lexer.string()?;
                Kind::String
            }
            Some(b'{') => return self.enter(Container::Object),
            Some(b'[') => return self.enter(Container::Array),
            Some(b'-' | b'0'..=b'9') => self.lexer.number().map(|()| Kind::Number)?,
            Some(b't') => self.lexer.literal(b"true").map(|()| Kind::True)?,
            Some(b'f') => self.lexer.literal(b"false").map(|()| Kind::False)?,
            Some(b'n') => self.lexer.literal(b"null").map(|()| Kind::Null)?,
            Some(_) | None => return Err(self.lexer.unexpected()),
        };
        self.after_value();
        Ok(Event::Scalar(kind))
    }

    fn name(&mut self) -> Result<Event, JsonFault> {
        self.start = self.lexer.offset();
        self.lexer.string()?;
        self.expect = Expect::Colon;
        Ok(Event::Name)
    }

    /// What stands behind a name.
    fn colon(&mut self, byte: Option<u8>) -> Result<Event, JsonFault> {
        if byte != Some(b':') {
            return Err(self.lexer.unexpected());
        }
        self.lexer.step();
        let byte = self.lexer.token();
        self.value(byte)
    }

    /// What stands behind a value inside a container.
    fn delimiter(&mut self, byte: Option<u8>) -> Result<Event, JsonFault> {
        let Some(container) = self.open.last().copied() else {
            return Err(self.lexer.unexpected());
        };
        match (byte, container) {
            (Some(b'}'), Container::Object) | (Some(b']'), Container::Array) => {
                return Ok(self.leave());
            }
            (Some(b','), Container::Object | Container::Array) => self.lexer.step(),
            (Some(_) | None, Container::Object | Container::Array) => {
                return Err(self.lexer.unexpected());
            }
        }
        let byte = self.lexer.token();
        match container {
            Container::Object => self.name(),
            Container::Array => self.value(byte),
        }
    }

    fn enter(&mut self, container: Container) -> Result<Event, JsonFault> {
        if self.open.len() >= self.depth_max {
            return Err(FaultKind::TooDeep.at(self.start));
        }
        self.lexer.step();
        self.open.push(container);
        let (kind, expect) = match container {
            Container::Object => (Kind::Object, Expect::FirstName),
            Container::Array => (Kind::Array, Expect::FirstElement),
        };
        self.expect = expect;
        Ok(Event::Enter(kind))
    }

    fn leave(&mut self) -> Event {
        self.start = self.lexer.offset();
        self.lexer.step();
        self.open.pop();
        self.after_value();
        Event::Leave
    }

    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() { Expect::End } else { Expect::Delimiter };
    }
}

#[derive(Clone, Copy)]
enum Container {
    Object,
    Array,
}

/// What may stand next.
#[derive(Clone, Copy)]
enum Expect {
    Value,
    /// A name, or the end of an empty object.
    FirstName,
    /// The colon behind a name, then a value.
    Colon,
    /// A value, or the end of an empty array.
    FirstElement,
    /// A comma and what follows it, or the end of the container.
    Delimiter,
    End,
}
