//! Elements of a comma-separated header value that are tokens (RFC 9110, 5.6.1):
//! the subprotocols that a WebSocket handshake offers.
//!
//! It never reads quoted strings or parameters, which such a list does not have, and
//! never writes a byte that would end an element. It never awaits, reads no clock,
//! file, socket or randomness.

use std::fmt;
use std::ops::Range;

use super::row;
use super::splice::Edit;

/// The most elements of one header value: a handshake offers a handful.
pub const ELEMENTS_MAX: usize = 64;

/// An element. Its span is in bytes of the header value; `Debug` prints the size.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    /// The element without the blanks around it.
    pub span: Range<usize>,
    /// The same as text.
    pub text: String,
}

/// Why a header value, or a text for one of its elements, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    /// More than [`ELEMENTS_MAX`] elements.
    #[error("too many elements in a header's list")]
    TooManyElements,
    /// An element that is not a token, or a new text that is none.
    #[error("not a token")]
    NotAToken,
}

/// Every element, in order; empty ones are left out, as the RFC wants.
///
/// # Errors
/// [`ListFault`].
pub fn elements(header: &[u8]) -> Result<Vec<Element>, ListFault> {
    let (mut found, mut next) = (Vec::new(), 0);
    for (n, piece) in header.split(|byte| *byte == b',').enumerate() {
        if n >= ELEMENTS_MAX {
            return Err(ListFault::TooManyElements);
        }
        let start = next + blanks(piece.iter());
        next += piece.len() + 1;
        let text = piece.trim_ascii();
        if text.is_empty() {
            continue;
        }
        if !text.iter().all(|byte| is_token(*byte)) {
            return Err(ListFault::NotAToken);
        }
        let span = start..start + text.len();
        found.push(Element { span, text: String::from_utf8_lossy(text).into_owned() });
    }
    Ok(found)
}

/// The edit that puts `new` in the element's place.
///
/// # Errors
/// [`ListFault::NotAToken`]: nothing is escaped, since a token knows no escape.
pub fn replace(element: &Element, new: &str) -> Result<Edit, ListFault> {
    if new.is_empty() || !new.bytes().all(is_token) {
        return Err(ListFault::NotAToken);
    }
    Ok(Edit { span: element.span.clone(), with: new.as_bytes().to_vec() })
}

/// The edits that take an element out, with its comma.
#[must_use]
pub fn remove(header: &[u8], element: &Element) -> Vec<Edit> {
    let before = header.get(..element.span.start).unwrap_or_default();
    let after = header.get(element.span.end..).unwrap_or_default();
    let start = element.span.start - blanks(before.iter().rev());
    let piece = start..element.span.end + blanks(after.iter());
    row::cut(header, b',', Vec::from([piece]))
}

/// RFC 9110's `tchar`.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn blanks<'b>(bytes: impl Iterator<Item = &'b u8>) -> usize {
    bytes.take_while(|byte| byte.is_ascii_whitespace()).count()
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({:?})", self.span)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rewrite::splice::splice;

    fn with(header: &str, at: usize, new: &str) -> String {
        let element = &elements(header.as_bytes()).unwrap()[at];
        let edit = replace(element, new).unwrap();
        String::from_utf8(splice(header.as_bytes(), vec![edit]).unwrap()).unwrap()
    }

    #[test]
    fn what_is_no_token_is_refused_going_in_and_out() {
        for header in ["a b", "\"a\"", "a;b", "a/b", "\u{e9}", "a\u{0}"] {
            let refused = elements(header.as_bytes()).unwrap_err();
            assert_eq!(refused, ListFault::NotAToken, "{header}");
        }
        let element = &elements(b"a").unwrap()[0];
        for new in ["", "a,b", "a b", "a\r\nX: y", "a\"", "\u{e9}"] {
            assert_eq!(replace(element, new), Err(ListFault::NotAToken), "{new:?}");
        }
        let many = "a,".repeat(ELEMENTS_MAX + 1);
        assert_eq!(elements(many.as_bytes()), Err(ListFault::TooManyElements));
    }

    #[test]
    fn one_element_changes_and_every_other_byte_stays() {
        assert_eq!(with("bearer , klk ,x", 1, "eyJ.a.b"), "bearer , eyJ.a.b ,x");
        assert_eq!(with("a", 0, "b"), "b");
        assert_eq!(with(", a", 0, "b"), ", b");
    }

    #[test]
    fn an_element_goes_with_its_comma() {
        for (header, at, left) in [("a, b, c", 1, "a, c"), ("a", 0, ""), ("a, b", 1, "a")] {
            let element = &elements(header.as_bytes()).unwrap()[at];
            let edits = remove(header.as_bytes(), element);
            let text = String::from_utf8(splice(header.as_bytes(), edits).unwrap()).unwrap();
            let read = |text: &str| -> Vec<String> {
                elements(text.as_bytes()).unwrap().into_iter().map(|one| one.text).collect()
            };
            assert_eq!(read(&text), read(left), "{header}: {text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic_and_spans_hold_their_text(bytes: Vec<u8>) {
            for element in elements(&bytes).unwrap_or_default() {
                prop_assert_eq!(&bytes[element.span.clone()], element.text.as_bytes());
                let left = splice(&bytes, remove(&bytes, &element)).unwrap();
                let count = |bytes: &[u8]| elements(bytes).map_or(0, |all| all.len());
                prop_assert_eq!(count(&left) + 1, count(&bytes));
            }
        }
    }
}
