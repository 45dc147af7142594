//! What may stand in a header's value.
//!
//! It never escapes and never trims: a value is carried as it is, or refused. So no value can end a
//! header or begin another. It never awaits, reads no clock, file, socket or randomness.

use std::fmt;

/// Which bytes the receiver of a header understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Visible ASCII, spaces and tabs: what every receiver reads alike.
    Ascii,
    /// Also UTF-8's other bytes, which RFC 9110 lets pass as opaque data and some receivers garble.
    Utf8,
}

/// Why a value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFault {
    /// A CR, LF, NUL or other control character but a tab.
    Control,
    /// A space or tab at the start or end, which receivers cut off.
    OuterBlank,
    /// A character outside ASCII where only [`Charset::Ascii`] may stand.
    NotAscii,
}

/// The text, if it may stand as a header's value exactly as it is; empty is allowed.
///
/// # Errors
/// [`HeaderFault`], for the three ways to get it wrong.
pub fn field_value(text: &str, charset: Charset) -> Result<&str, HeaderFault> {
    if text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err(HeaderFault::Control);
    }
    if text.starts_with([' ', '\t']) || text.ends_with([' ', '\t']) {
        return Err(HeaderFault::OuterBlank);
    }
    if charset == Charset::Ascii && !text.is_ascii() {
        return Err(HeaderFault::NotAscii);
    }
    Ok(text)
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "control character in a header value",
            Self::OuterBlank => "blank at the edge of a header value",
            Self::NotAscii => "header value is not ASCII",
        })
    }
}

impl std::error::Error for HeaderFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_control_but_a_tab_may_stand_anywhere() {
        for control in (0..=0x1fu8).chain([0x7f]).filter(|byte| *byte != b'\t').map(char::from) {
            for text in [format!("{control}ab"), format!("a{control}b"), format!("ab{control}")] {
                for charset in [Charset::Ascii, Charset::Utf8] {
                    assert_eq!(field_value(&text, charset), Err(HeaderFault::Control));
                }
            }
        }
        assert_eq!(field_value("a\tb c", Charset::Ascii), Ok("a\tb c"));
    }

    #[test]
    fn blanks_at_the_edges_are_refused_and_not_cut_off() {
        for text in [" ", "\t", " a", "a ", "\ta", "a\t"] {
            assert_eq!(field_value(text, Charset::Utf8), Err(HeaderFault::OuterBlank), "{text:?}");
        }
        assert_eq!(field_value("", Charset::Ascii), Ok(""));
    }

    #[test]
    fn other_letters_need_the_charset_that_carries_them() {
        assert_eq!(field_value("Zoë", Charset::Ascii), Err(HeaderFault::NotAscii));
        assert_eq!(field_value("Zoë", Charset::Utf8), Ok("Zoë"));
    }

    proptest! {
        #[test]
        fn no_value_that_is_taken_can_split_a_header(
            text: String, crlf in "[\r\n\\x00\\x0b\\x0c\u{85}\u{2028}\u{10a}\u{10d} a:]{0,6}"
        ) {
            for charset in [Charset::Ascii, Charset::Utf8] {
                for text in [&text, &crlf] {
                    let Ok(value) = field_value(text, charset) else { continue };
                    prop_assert_eq!(value, text.as_str());
                    prop_assert!(!value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
                    let head = format!("x: {value}\r\ny: 1\r\n\r\n");
                    let ends = head.bytes().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
                    prop_assert_eq!(ends, 6);
                }
            }
        }

        #[test]
        fn visible_text_with_inner_blanks_is_always_taken(text in "[!-~]([ \t!-~]{0,10}[!-~])?") {
            prop_assert_eq!(field_value(&text, Charset::Ascii), Ok(text.as_str()));
        }
    }
}
