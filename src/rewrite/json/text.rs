//! JSON strings: from the wire, to the wire, and compared.
//!
//! It never repairs: half a surrogate pair or a raw control character is refused, not replaced.
//! It never awaits, reads no clock, file, socket or randomness.

use super::fault::{FaultKind, JsonFault};
use super::lex::Lexer;
use std::borrow::Cow;
use std::fmt::Write;

/// The text that a quoted string stands for. Borrowed where there is no escape.
///
/// # Errors
/// Where `quoted` is not exactly one JSON string with its quotes; offsets count from its first quote.
pub fn decode(quoted: &[u8]) -> Result<Cow<'_, str>, JsonFault> {
    let text = std::str::from_utf8(quoted).map_err(|e| FaultKind::NotUtf8.at(e.valid_up_to()))?;
    let mut lexer = Lexer::new(quoted, 0);
    lexer.string()?;
    if lexer.offset() < quoted.len() {
        return Err(FaultKind::TrailingBytes.at(lexer.offset()));
    }
    plain(text)
}

/// As [`decode`], of a string that a scanner has read: its grammar is not looked at again.
///
/// # Errors
/// Where it is not UTF-8, or an escape is none.
pub(super) fn decode_read(quoted: &[u8]) -> Result<Cow<'_, str>, JsonFault> {
    let text = std::str::from_utf8(quoted).map_err(|e| FaultKind::NotUtf8.at(e.valid_up_to()))?;
    plain(text)
}

fn plain(quoted: &str) -> Result<Cow<'_, str>, JsonFault> {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    unescape(inner).map(Cow::Owned)
}

/// The string for a text, with its quotes. Escaped are `"`, `\` and what is below U+0020, which JSON
/// demands; everything else stays as UTF-8.
pub fn encode(plain: &str) -> String {
    let mut quoted = String::with_capacity(plain.len() + 2);
    quoted.push('"');
    for letter in plain.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            // Writing to a String does not fail.
            '\0'..' ' => drop(write!(quoted, "\\u{:04x}", u32::from(letter))),
            ' '.. => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a quoted string stands for `plain`. Allocates only where an escape has to be decoded;
/// `false` for what is not a string.
pub fn eq_decoded(quoted: &[u8], plain: &str) -> bool {
    let Some(inner) = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return false;
    };
    // An escape is never shorter than what it stands for.
    let possible = inner == plain.as_bytes()
        || inner.len() > plain.len() && memchr::memchr(b'\\', inner).is_some();
    possible && decode(quoted).is_ok_and(|text| text == plain)
}

/// The text inside the quotes of a string that has been read once, so no fault is left to meet.
fn unescape(inner: &str) -> Result<String, JsonFault> {
    let mut lexer = Lexer::new(inner.as_bytes(), 0);
    let mut plain = String::with_capacity(inner.len());
    loop {
        let start = lexer.offset();
        lexer.plain();
        plain.push_str(inner.get(start..lexer.offset()).unwrap_or_default());
        let Some(b'\\') = lexer.peek() else {
            return Ok(plain);
        };
        plain.push(lexer.escape()?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(quoted: &[u8]) -> FaultKind {
        decode(quoted).unwrap_err().kind
    }

    #[test]
    fn what_is_not_exactly_one_string_is_refused() {
        assert_eq!(refused(b""), FaultKind::UnexpectedEnd);
        assert_eq!(refused(b"\""), FaultKind::UnexpectedEnd);
        assert_eq!(refused(b"a"), FaultKind::UnexpectedByte);
        assert_eq!(refused(br#""a" "#), FaultKind::TrailingBytes);
        assert_eq!(refused(br#""a\""#), FaultKind::UnexpectedEnd);
        assert_eq!(refused(b"\"\xff\""), FaultKind::NotUtf8);
        assert_eq!(refused(b"\"12345678\n\""), FaultKind::ControlInString);
    }

    #[test]
    fn unknown_and_cut_escapes_are_refused() {
        assert_eq!(refused(br#""\x41""#), FaultKind::BadEscape);
        assert_eq!(refused(br#""\u12g4""#), FaultKind::UnexpectedByte);
        assert_eq!(refused(br#""\u12"#), FaultKind::UnexpectedEnd);
        assert_eq!(refused(br#""\"#), FaultKind::UnexpectedEnd);
    }

    #[test]
    fn half_a_surrogate_pair_is_refused() {
        for lone in [
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d\n""#,
            r#""\ud83dx""#,
            r#""\ud83d\ud83d""#,
            r#""\ud83d\u0041""#,
        ] {
            assert_eq!(refused(lone.as_bytes()), FaultKind::LoneSurrogate, "{lone}");
        }
        assert_eq!(decode(br#""\ud83d\uDE00""#).unwrap(), "\u{1f600}");
    }

    #[test]
    fn comparison_is_false_for_what_is_no_string() {
        for quoted in ["", "\"", "a", "\"a", "a\"", r#""\q""#, "\"a\"b\""] {
            assert!(!eq_decoded(quoted.as_bytes(), "a"), "{quoted}");
        }
        assert!(!eq_decoded(br#""a\b""#, r"a\b"));
        assert!(!eq_decoded(br#""a"b""#, r#"a"b"#));
    }

    #[test]
    fn escapes_are_decoded_before_comparison() {
        assert!(eq_decoded(br#""\u0061""#, "a"));
        assert!(eq_decoded(br#""\/\b\f\n\r\t\"\\""#, "/\u{8}\u{c}\n\r\t\"\\"));
        assert!(!eq_decoded(br#""\u0061""#, "b"));
    }

    #[test]
    fn a_string_without_escapes_is_borrowed() {
        assert!(matches!(decode("\"Zoë\"".as_bytes()), Ok(Cow::Borrowed("Zoë"))));
    }

    #[test]
    fn only_what_json_demands_is_escaped() {
        assert_eq!(
            encode("a/é\u{2028}\u{7f}\"\\\u{1}\u{8}"),
            "\"a/é\u{2028}\u{7f}\\\"\\\\\\u0001\\b\""
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(plain: String, controls in "[\\x00-\\x22\\\\\u{e9}]{0,12}") {
            for plain in [plain, controls] {
                let quoted = encode(&plain);
                prop_assert_eq!(&decode(quoted.as_bytes()).unwrap(), &plain);
                prop_assert!(eq_decoded(quoted.as_bytes(), &plain));
                prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), plain);
            }
        }

        #[test]
        fn any_string_that_the_reference_accepts_decodes_alike(quoted in "\"([a-z ]|\\\\[bfnrtu/\"\\\\]|\\\\u[0-9a-fA-F]{4}|\\\\ud83d\\\\ude0[0-9a-f]){0,4}\"") {
            let theirs = serde_json::from_str::<String>(&quoted).ok();
            prop_assert_eq!(decode(quoted.as_bytes()).ok().map(Cow::into_owned), theirs);
        }
    }
}
