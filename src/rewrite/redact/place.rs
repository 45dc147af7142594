//! Where in JSON a value stands, judged by the bytes around it.
//!
//! It never reads the text from its start: a redactor that skips most bytes cannot know whether it
//! is inside a string. So it takes a place for a member's value only where a string's content cannot
//! look alike, and says what is safe in both where it can.

use super::source::{Source, Tail};

/// White space and digits are passed over this far, in bytes; a neighbour farther off counts as fitting.
const PASS_MAX: usize = 32;

/// Bytes before a value that its place may depend on: digits, white space, a colon, white space, a
/// quote and a backslash.
pub(super) const CONTEXT: usize = 3 * PASS_MAX + 8;

/// Where a number stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is an object member's value: certainly not inside a string.
    Member,
    /// It is a number or a part of one, if this is JSON; or it only looks so inside a string.
    Numeric,
    /// It is a part of some text.
    Text,
}

/// The bytes at hand end before it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unclear;

/// Whether a JSON number may contain the byte.
pub(super) fn in_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Whether this is a JSON value that is neither a number nor in quotes.
pub(super) fn is_literal(value: &[u8]) -> bool {
    matches!(value, b"true" | b"false" | b"null")
}

/// The place of the number-like bytes between two offsets.
pub(super) fn of_number(source: Source<'_>, from: usize, to: usize) -> Result<Place, Unclear> {
    let (start, end) = (back(source, from, in_number), forth(source, to, in_number));
    match behind(source, end) {
        Behind::Cut => return Err(Unclear),
        Behind::End | Behind::Byte(b',' | b'}' | b']') => {}
        Behind::Byte(_) => return Ok(Place::Text),
    }
    let open = back(source, start, is_blank);
    let Some(colon) = open.checked_sub(1) else { return Ok(Place::Numeric) };
    Ok(match source.get(colon) {
        Some(b':') if (start, end) == (from, to) && ends_name(source, colon) => Place::Member,
        Some(b':' | b',' | b'[') => Place::Numeric,
        _ => Place::Text,
    })
}

/// Whether a quoted name of the outermost JSON text ends before this colon. Inside a string there is
/// no quote without a backslash.
fn ends_name(source: Source<'_>, colon: usize) -> bool {
    let quote = back(source, colon, is_blank).checked_sub(1);
    quote.is_some_and(|quote| {
        source.get(quote) == Some(b'"')
            && quote.checked_sub(1).is_none_or(|before| source.get(before) != Some(b'\\'))
    })
}

/// Whether a JSON value may begin at the offset, by what precedes it.
pub(super) fn may_begin(source: Source<'_>, at: usize) -> bool {
    let open = back(source, at, is_blank);
    open == 0 || open + PASS_MAX <= at || matches!(source.get(open - 1), Some(b':' | b',' | b'['))
}

/// Whether a JSON value may end at the offset, by what follows; a colon would make it a name.
pub(super) fn may_end(source: Source<'_>, at: usize) -> Result<bool, Unclear> {
    match behind(source, at) {
        Behind::Cut => Err(Unclear),
        Behind::End | Behind::Byte(b',' | b'}' | b']') => Ok(true),
        // White space for as far as one looks.
        Behind::Byte(byte) => Ok(is_blank(byte)),
    }
}

/// What stands behind a value and the white space that follows it.
enum Behind {
    /// The bytes at hand end before it can be told.
    Cut,
    /// The text ends: there is no more, or a blank line, which ends an event of a stream.
    End,
    /// This; white space where there is more of it than is passed over.
    Byte(u8),
}

fn behind(source: Source<'_>, at: usize) -> Behind {
    let mut line_ends = 0;
    for at in at..at.saturating_add(PASS_MAX) {
        match source.get(at) {
            None if source.tail == Tail::Open => return Behind::Cut,
            None => return Behind::End,
            Some(b'\n') if line_ends == 1 => return Behind::End,
            Some(b'\n') => line_ends = 1,
            Some(b'\r') => {}
            Some(b' ' | b'\t') => line_ends = 0,
            Some(byte) => return Behind::Byte(byte),
        }
    }
    Behind::Byte(b' ')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn back(source: Source<'_>, at: usize, passed: impl Fn(u8) -> bool) -> usize {
    let least = at.saturating_sub(PASS_MAX);
    (least..at).rev().find(|at| !source.get(*at).is_some_and(&passed)).map_or(least, |at| at + 1)
}

fn forth(source: Source<'_>, at: usize, passed: impl Fn(u8) -> bool) -> usize {
    let most = at.saturating_add(PASS_MAX);
    (at..most).find(|at| !source.get(*at).is_some_and(&passed)).unwrap_or(most)
}
