//! An object's members as text: how a payload is read.
//!
//! It never parses a value further than to validate it: the raw text goes on as it came.
//! It never builds a tree and never recurses.

use super::fault::JsonFault;
use super::locate::{Bounds, locate};
use super::pointer::Pointer;
use super::scan::Scanner;
use super::shallow::{Place, places};
use super::text::{decode_read, eq_decoded};
use std::borrow::Cow;

/// A member: its name, decoded, and its raw value.
pub type Member<'s> = (Cow<'s, str>, &'s [u8]);

/// The members of an object given as text, in order, duplicates included.
///
/// # Errors
/// Where the text is not JSON, nests deeper than [`Bounds`]' default, or is not an object.
pub fn members(object: &[u8]) -> Result<Vec<Member<'_>>, JsonFault> {
    let of = |place: &Place| Ok((decode_read(name(object, place))?, value(object, place)));
    shallow(object)?.iter().map(of).collect()
}

/// One member's raw value; of duplicates the last, as most receivers read them.
///
/// # Errors
/// As [`members`].
pub fn member<'s>(object: &'s [u8], named: &str) -> Result<Option<&'s [u8]>, JsonFault> {
    let places = shallow(object)?;
    let last = places.iter().rfind(|place| eq_decoded(name(object, place), named));
    Ok(last.map(|place| value(object, place)))
}

/// The raw value that a pointer names; of several the last in the document.
///
/// # Errors
/// Where the document is not JSON, or nests deeper than [`Bounds`]' default.
pub fn at<'s>(document: &'s [u8], pointer: &Pointer) -> Result<Option<&'s [u8]>, JsonFault> {
    // As many matches as the document has bytes is no bound: the document's own size is.
    let bounds = Bounds { located_max: document.len(), ..Bounds::default() };
    let found = locate(document, &[pointer], &bounds)?;
    Ok(found.last().and_then(|located| document.get(located.value.clone())))
}

fn shallow(object: &[u8]) -> Result<Vec<Place>, JsonFault> {
    places(Scanner::new(object, 0..object.len(), Bounds::default().depth_max)?)
}

fn name<'s>(object: &'s [u8], place: &Place) -> &'s [u8] {
    object.get(place.name.clone()).unwrap_or_default()
}

fn value<'s>(object: &'s [u8], place: &Place) -> &'s [u8] {
    object.get(place.value.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::json::fault::FaultKind;

    const OBJECT: &[u8] = br#" { "a" : [1, 2] , "\u0062":"x","a":1.50, "c": {"d": null} } "#;

    #[test]
    fn what_is_no_object_is_refused() {
        for (text, kind) in [
            ("", FaultKind::UnexpectedEnd),
            ("[]", FaultKind::NotAnObject),
            ("\"a\"", FaultKind::NotAnObject),
            ("{} {}", FaultKind::TrailingBytes),
            (r#"{"a":[1,]}"#, FaultKind::UnexpectedByte),
        ] {
            assert_eq!(members(text.as_bytes()).unwrap_err().kind, kind, "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(128), "]".repeat(128));
        assert_eq!(members(deep.as_bytes()).unwrap_err().kind, FaultKind::TooDeep);
    }

    #[test]
    fn members_come_in_order_with_names_decoded_and_values_raw() {
        let members = members(OBJECT).unwrap();
        let texts: Vec<_> = members
            .iter()
            .map(|(name, value)| (name.as_ref(), str::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(texts, [("a", "[1, 2]"), ("b", "\"x\""), ("a", "1.50"), ("c", "{\"d\": null}")]);
    }

    #[test]
    fn the_last_duplicate_counts() {
        assert_eq!(member(OBJECT, "a").unwrap(), Some(b"1.50".as_slice()));
        assert_eq!(member(OBJECT, "b").unwrap(), Some(b"\"x\"".as_slice()));
        assert_eq!(member(OBJECT, "z").unwrap(), None);
    }

    #[test]
    fn a_pointer_reaches_below_the_top() {
        let at = |text: &str| at(OBJECT, &Pointer::parse(text).unwrap()).unwrap();
        assert_eq!(at("/c/d"), Some(b"null".as_slice()));
        assert_eq!(at("/a/1"), Some(b"2".as_slice()));
        assert_eq!(at("/c/e"), None);
        assert_eq!(at(""), Some(OBJECT.trim_ascii()));
    }
}
