//! Percent-encoding: what is refused, and that both alphabets read back.
//!
//! It never trusts the decoder alone: a second, slower one stands beside it.

use super::*;
use proptest::prelude::*;

/// The bytes one by one, without regard for their being text.
fn slowly(encoded: &[u8], plus: Plus) -> Option<String> {
    let mut plain = Vec::new();
    let mut at = 0;
    while at < encoded.len() {
        let mut byte = encoded[at];
        if byte == b'%' {
            let digits = encoded.get(at + 1..at + 3)?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
            at += 2;
        } else if byte == b'+' && plus == Plus::Space {
            byte = b' ';
        }
        plain.push(byte);
        at += 1;
    }
    String::from_utf8(plain).ok()
}

#[test]
fn a_percent_sign_without_two_hex_digits_is_refused_where_it_stands() {
    for (encoded, offset) in
        [("%", 0), ("a%4", 1), ("%4g", 0), ("%+1", 0), ("%41%%", 3), ("% 41", 0), ("%-1", 0)]
    {
        let fault = PercentFault { offset, kind: PercentFaultKind::BadEscape };
        assert_eq!(decode_component(encoded.as_bytes()), Err(fault), "{encoded}");
        assert_eq!(decode_form(encoded.as_bytes()), Err(fault), "{encoded}");
    }
}

#[test]
fn what_does_not_decode_to_utf8_is_refused_where_it_begins() {
    for (encoded, offset) in
        [(b"a%C3%A9%E9".as_slice(), 7), (b"%ed%a0%80", 0), (b"+\xff", 1), (b"ab\xc3", 2)]
    {
        let fault = PercentFault { offset, kind: PercentFaultKind::NotUtf8 };
        assert_eq!(decode_component(encoded), Err(fault));
        assert_eq!(decode_form(encoded), Err(fault));
    }
}

#[test]
fn a_fault_reads_as_a_kind_and_an_offset() {
    let fault = decode_component(b"ann%40example.com%4").unwrap_err();
    assert_eq!(fault.to_string(), "malformed percent escape at offset 17");
}

#[test]
fn a_plus_is_a_space_only_in_a_form() {
    assert_eq!(decode_form(b"a+b%2Bc%20d").unwrap(), "a b+c d");
    assert_eq!(decode_component(b"a+b%2Bc%20d").unwrap(), "a+b+c d");
}

#[test]
fn a_text_without_escapes_is_borrowed() {
    assert!(matches!(decode_form("Zoë".as_bytes()), Ok(Cow::Borrowed("Zoë"))));
    assert!(matches!(decode_component(b"a+b"), Ok(Cow::Borrowed("a+b"))));
}

#[test]
fn every_reserved_byte_is_escaped_in_upper_case() {
    assert_eq!(
        encode_component("A-._~z09 +*/?&=#%é\r\n"),
        "A-._~z09%20%2B%2A%2F%3F%26%3D%23%25%C3%A9%0D%0A"
    );
    assert_eq!(
        encode_form("A-._~z09 +*/?&=#%é\r\n"),
        "A-._%7Ez09+%2B*%2F%3F%26%3D%23%25%C3%A9%0D%0A"
    );
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(plain: String, ascii in "[\\x00-\\x7f]{0,20}") {
        for plain in [plain, ascii] {
            let (component, form) = (encode_component(&plain), encode_form(&plain));
            prop_assert_eq!(decode_component(component.as_bytes()).unwrap(), plain.as_str());
            prop_assert_eq!(decode_form(component.as_bytes()).unwrap(), plain.as_str());
            prop_assert_eq!(decode_form(form.as_bytes()).unwrap(), plain.as_str());
            for encoded in [component, form] {
                prop_assert!(encoded.len() <= 3 * plain.len());
                prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~*+%".contains(&b)));
            }
        }
    }

    #[test]
    fn any_bytes_decode_as_the_slow_reading_has_them(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            "([a-z+]|%[0-9a-fA-F]{2}|%C3%A9|%[0-9g]?){0,6}".prop_map(String::into_bytes),
        ]
    ) {
        for plus in [Plus::Space, Plus::Literal] {
            let ours = decode(&bytes, plus);
            prop_assert!(ours.as_ref().err().is_none_or(|fault| fault.offset < bytes.len()));
            prop_assert_eq!(ours.ok().map(Cow::into_owned), slowly(&bytes, plus));
        }
    }
}
