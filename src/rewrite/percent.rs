//! Percent-encoding as text: from the wire, to the wire, in the two alphabets that URLs and forms use.
//!
//! It never repairs: a `%` without two hex digits, or bytes that are not UTF-8, are refused and not
//! guessed at. It never awaits, reads no clock, file, socket or randomness.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// What a `+` stands for. A query string has no say in it: its reader decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plus {
    /// A space, as forms have it. Values are written with `+` for a space.
    Space,
    /// Itself, as URLs have it. Values are written with `%20` and `%2B`, which both readings agree on.
    Literal,
}

/// A refusal, told without any content of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PercentFault {
    /// Where, in bytes of the encoded text that was handed in.
    pub offset: usize,
    /// What was wrong there.
    pub kind: PercentFaultKind,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PercentFaultKind {
    /// A `%` that two hex digits do not follow.
    BadEscape,
    /// The decoded bytes are not UTF-8.
    NotUtf8,
}

/// The text of a path segment, or of a query's name or value where a `+` is itself. Borrowed where
/// there is no escape; bytes other than `%` stand for themselves.
///
/// # Errors
/// [`PercentFault`], for the two ways to get it wrong.
pub fn decode_component(encoded: &[u8]) -> Result<Cow<'_, str>, PercentFault> {
    decode(encoded, Plus::Literal)
}

/// The text of a form's name or value: as [`decode_component`], and a `+` is a space.
///
/// # Errors
/// As [`decode_component`].
pub fn decode_form(encoded: &[u8]) -> Result<Cow<'_, str>, PercentFault> {
    decode(encoded, Plus::Space)
}

/// The text for a path segment or a query's value: letters, digits and `-._~` stay (RFC 3986's
/// unreserved), every other byte is `%XX` in upper case. At most three times as long.
pub fn encode_component(plain: &str) -> String {
    encode(plain, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), "%20")
}

/// The text for a form's value, as browsers write it: letters, digits and `*-._` stay, a space is
/// `+`, every other byte is `%XX` in upper case. At most three times as long.
pub fn encode_form(plain: &str) -> String {
    encode(plain, |byte| byte.is_ascii_alphanumeric() || b"*-._".contains(&byte), "+")
}

pub(super) fn decode(encoded: &[u8], plus: Plus) -> Result<Cow<'_, str>, PercentFault> {
    let spaced = plus == Plus::Space && memchr::memchr(b'+', encoded).is_some();
    if !spaced && memchr::memchr(b'%', encoded).is_none() {
        let text = std::str::from_utf8(encoded);
        return text.map(Cow::Borrowed).map_err(|e| not_utf8(encoded, &e));
    }
    let mut plain = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, plus) {
            (b'%', Plus::Space | Plus::Literal) => {
                let offset = encoded.len() - rest.len();
                let fault = PercentFault { offset, kind: PercentFaultKind::BadEscape };
                escaped(after).ok_or(fault)?
            }
            (b'+', Plus::Space) => (b' ', after),
            (byte, Plus::Space | Plus::Literal) => (*byte, after),
        };
        plain.push(byte);
        rest = after;
    }
    let text = String::from_utf8(plain);
    text.map(Cow::Owned).map_err(|e| not_utf8(encoded, &e.utf8_error()))
}

/// The byte that two hex digits stand for, and what follows them.
fn escaped(digits: &[u8]) -> Option<(u8, &[u8])> {
    let ([high, low], after) = digits.split_first_chunk()?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
    Some((byte, after))
}

/// The fault at the encoded place of the first decoded byte that is not UTF-8. Every escape before
/// it is whole, as decoding came so far.
fn not_utf8(encoded: &[u8], error: &std::str::Utf8Error) -> PercentFault {
    let width = |at: usize| if encoded.get(at) == Some(&b'%') { 3 } else { 1 };
    let offset = (0..error.valid_up_to()).fold(0, |at, _| at + width(at));
    PercentFault { offset, kind: PercentFaultKind::NotUtf8 }
}

fn encode(plain: &str, stays: impl Fn(u8) -> bool, space: &str) -> String {
    let mut encoded = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            byte if stays(byte) => encoded.push(char::from(byte)),
            // Writing to a String does not fail.
            byte => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

impl PercentFault {
    /// The same fault of a text that begins at `start` of a larger one.
    pub(super) fn shifted(self, start: usize) -> Self {
        Self { offset: start + self.offset, ..self }
    }
}

impl fmt::Display for PercentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.kind {
            PercentFaultKind::BadEscape => "malformed percent escape",
            PercentFaultKind::NotUtf8 => "invalid UTF-8",
        };
        write!(f, "{words} at offset {}", self.offset)
    }
}

impl std::error::Error for PercentFault {}

#[cfg(test)]
mod tests;
