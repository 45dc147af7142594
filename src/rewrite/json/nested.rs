//! JSON inside a JSON string: out of its quotes, and into them again.
//!
//! It never looks into the inner text: [`locate`](super::locate()) and
//! [`splice`](crate::rewrite::splice::splice) work on it as on any document, one level at a time, so
//! how deep strings nest is the caller's list of pointers and never the sender's choice.
//!
//! Of the outer document every byte outside the string stays. Inside it the characters stay, but
//! their escapes may be spelled anew: `\u0041` becomes `A`, `\/` becomes `/`.

use super::fault::JsonFault;
use super::text::{decode, encode};
use std::borrow::Cow;

/// The inner document's text. Borrowed where there is no escape.
///
/// # Errors
/// Where `quoted` is not exactly one JSON string with its quotes. That the text is JSON again is not
/// checked here.
pub fn inner(quoted: &[u8]) -> Result<Cow<'_, str>, JsonFault> {
    decode(quoted)
}

/// The string, with its quotes, that stands for an inner document: what replaces the outer value. At
/// most six times as long, and two bytes.
pub fn rewrap(new_inner: &str) -> Vec<u8> {
    encode(new_inner).into_bytes()
}

#[cfg(test)]
mod tests;
