//! The personal data itself: one JSON object's exact text, bounded.
//!
//! Never rewrites what was issued, never prints it: [`Payload::expose`] is the exit. Never builds a tree of it, so that
//! no copy outlives this one.

use std::fmt;

use serde::de::IgnoredAny;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The text of one JSON object, as issued, without white space around it. Wiped on drop; shared by `Arc`, not copied.
///
/// How deep it nests is bounded by its size alone: who reads it must not recurse without a bound.
pub struct Payload(Zeroizing<String>);

/// Why a text is no payload. Carries nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayloadFault {
    /// More bytes than allowed, not counting white space around the object.
    #[error("the payload is larger than {max} bytes")]
    TooLarge {
        /// The bound, in bytes.
        max: usize,
    },
    /// It starts like something other than a JSON object, or is empty.
    #[error("the payload is not a JSON object")]
    NotAnObject,
    /// It starts like an object and is not JSON, not UTF-8, or goes on after the object.
    #[error("the payload is not valid JSON")]
    Invalid,
}

impl Payload {
    /// Takes the text of one JSON object of at most `max_bytes`, kept byte for byte.
    ///
    /// # Errors
    /// The [`PayloadFault`] that holds first: size, kind, validity.
    pub fn parse(text: &[u8], max_bytes: usize) -> Result<Payload, PayloadFault> {
        let text = trimmed(text);
        if text.len() > max_bytes {
            return Err(PayloadFault::TooLarge { max: max_bytes });
        }
        if text.first() != Some(&b'{') {
            return Err(PayloadFault::NotAnObject);
        }
        let text = str::from_utf8(text).map_err(|_| PayloadFault::Invalid)?;
        serde_json::from_str::<IgnoredAny>(text).map_err(|_| PayloadFault::Invalid)?;
        Ok(Payload(Zeroizing::new(text.to_owned())))
    }

    /// The personal data, as issued.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its size, in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: the shortest payload is `{}`.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The payload that was sealed. Its text was parsed before it was sealed, and the seal's tag vouches for it.
    pub(in crate::domain) fn from_opened(mut text: Zeroizing<Vec<u8>>) -> Option<Payload> {
        match String::from_utf8(std::mem::take(&mut *text)) {
            Ok(text) => Some(Payload(Zeroizing::new(text))),
            Err(fault) => {
                fault.into_bytes().zeroize();
                None
            }
        }
    }
}

/// By what it holds.
impl ZeroizeOnDrop for Payload {}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// Without the four characters that JSON calls white space.
fn trimmed(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\n' | b'\r'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &[u8]) -> PayloadFault {
        Payload::parse(text, 64).unwrap_err()
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "  ", "[]", "null", "\"{}\"", "7", "\u{feff}{}", "\x0c{}"] {
            assert_eq!(fault(text.as_bytes()), PayloadFault::NotAnObject, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            ["{", "{}}", "{} {}", "{a:1}", "{\"a\":}", "{\"a\":1,}", "{}//", "{\"a\":\"\n\"}"]
        {
            assert_eq!(fault(text.as_bytes()), PayloadFault::Invalid, "{text:?}");
        }
        assert_eq!(fault(b"{\"a\":\"\xff\"}"), PayloadFault::Invalid);
    }

    #[test]
    fn one_byte_above_the_bound_is_refused_and_white_space_is_not_counted() {
        let text = br#"{"name":"Ann"}"#;
        let max = text.len() - 1;
        let over = Payload::parse(text, max).unwrap_err();
        assert_eq!(over, PayloadFault::TooLarge { max });
        let padded = [b" \r\n\t".as_slice(), text, b"\n "].concat();
        assert_eq!(Payload::parse(&padded, text.len()).unwrap().expose().as_bytes(), text);
    }

    #[test]
    fn deep_nesting_neither_overflows_nor_panics() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(Payload::parse(deep.as_bytes(), deep.len()).unwrap().len(), deep.len());
    }

    #[test]
    fn debug_shows_a_size_alone() {
        let payload = Payload::parse(br#"{"name":"Ann"}"#, 64).unwrap();
        assert_eq!(format!("{payload:?}"), "Payload(14 bytes)");
    }

    #[test]
    fn the_text_is_kept_byte_for_byte() {
        let text = r#"{ "b":1.0e0,"a":"\u0041", "a" : null }"#;
        assert_eq!(Payload::parse(text.as_bytes(), 64).unwrap().expose(), text);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Payload::parse(&bytes, 64);
            let _ = Payload::parse(&[b"{", bytes.as_slice()].concat(), 64);
        }
    }
}
