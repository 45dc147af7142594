//! What a text must be to be read as a handle.

use super::*;
use proptest::prelude::*;

fn sample() -> Handle {
    let claims = Claims {
        id: HandleId::from_random([0x5a; 16]),
        secret: Secret::from_random(*b"sixteen letters!"),
        uses: Uses::Once,
        expires: Expiry::from_secs(1_900_000_000),
    };
    Handle::signed(KeyId::new(7).unwrap(), claims, |_| [0xee; 16])
}

/// The spelling of 54 bytes that `sample` would have, with one of them changed.
fn with_byte(at: usize, byte: u8) -> String {
    let mut body = sample().signed_part();
    body.extend_from_slice(&[0xee; 16]);
    body[at] = byte;
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&*body))
}

fn fault(text: &str) -> Malformed {
    Handle::parse(text).expect_err(text)
}

#[test]
fn a_handle_with_anything_before_or_after_it_is_refused() {
    let text = sample().expose();
    for more in ["A", "=", "==", " ", "\n", "\0", "\r\n"] {
        assert_eq!(fault(&format!("{text}{more}")), Malformed::Length);
        assert_eq!(fault(&format!("{more}{text}")), Malformed::Prefix);
    }
}

#[test]
fn a_handle_cut_anywhere_is_refused() {
    let text = sample().expose();
    for len in 0..TEXT_LEN {
        assert!(Handle::parse(&text[..len]).is_err(), "{len}");
    }
}

#[test]
fn padding_and_whitespace_inside_a_handle_are_refused() {
    let text = sample().expose();
    for at in PREFIX.len()..TEXT_LEN {
        for odd in ["=", " ", "\n", "+", "/", "%", "."] {
            let mut spoiled = text.clone();
            spoiled.replace_range(at..=at, odd);
            assert_eq!(fault(&spoiled), Malformed::Encoding, "{odd:?} at {at}");
        }
    }
}

#[test]
fn a_prefix_of_another_case_or_version_is_refused() {
    let text = sample().expose();
    for prefix in ["KLK1_", "Klk1_", "klk2_", "klk1-", "klk1", "_", ""] {
        let other = text.replacen(PREFIX, prefix, 1);
        assert_eq!(fault(&other), Malformed::Prefix, "{prefix:?}");
        assert!(!looks_like(&other));
    }
}

#[test]
fn a_key_id_of_zero_unknown_uses_and_an_id_that_is_no_random_uuid_are_refused() {
    assert_eq!(fault(&with_byte(0, 0)), Malformed::KeyId);
    for byte in 3..=u8::MAX {
        assert_eq!(fault(&with_byte(1, byte)), Malformed::Uses);
    }
    assert_eq!(fault(&with_byte(2 + 6, 0x1a)), Malformed::Id);
    assert_eq!(fault(&with_byte(2 + 8, 0xca)), Malformed::Id);
}

#[test]
fn a_key_part_with_spare_bits_padding_or_another_length_is_refused() {
    let (guid, key) = (sample().id().to_string(), sample().expose_key());
    let last = key.chars().last().unwrap();
    let spare = char::from(u8::try_from(u32::from(last) + 1).unwrap());
    for (odd, why) in [
        (format!("{}{spare}", &key[..50]), Malformed::Encoding),
        (format!("{}=", &key[..50]), Malformed::Encoding),
        (format!("{key}="), Malformed::Length),
        (format!("{key} "), Malformed::Length),
        (key[..50].to_owned(), Malformed::Length),
        (sample().expose(), Malformed::Length),
        (String::new(), Malformed::Length),
    ] {
        assert_eq!(Handle::from_parts(&guid, &odd).unwrap_err(), why, "{odd}");
    }
    let bare = guid.replace('-', "");
    assert_eq!(Handle::from_parts(&bare, &key).unwrap_err(), Malformed::Id);
}

#[test]
fn debug_shows_the_id_and_nothing_that_redeems() {
    let handle = sample();
    let shown = format!("{handle:?} {:?}", handle.claims());
    assert!(shown.contains(&handle.id().to_string()));
    let hex: String = b"sixteen letters!".iter().map(|b| format!("{b:02x}")).collect();
    let decimal = format!("{:?}", b"sixteen letters!");
    let base64 = URL_SAFE_NO_PAD.encode(b"sixteen letters!");
    for leak in ["sixteen", &hex[..8], &decimal[..12], &base64[..8], "ee", "238"] {
        assert!(!shown.contains(leak), "{leak} in {shown}");
    }
}

#[test]
fn a_handle_has_the_promised_length_and_alphabet() {
    let text = sample().expose();
    assert_eq!(text.len(), TEXT_LEN);
    assert_eq!(sample().expose_key().len(), KEY_TEXT_LEN);
    assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)));
    assert!(looks_like(&text));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, guid: String, key: String) {
        let _ = Handle::parse_bytes(&bytes);
        let _ = Handle::from_parts(&guid, &key);
        let _ = Handle::parse(&format!("{PREFIX}{key}"));
    }

    #[test]
    fn a_text_of_the_right_alphabet_is_refused_or_is_the_one_spelling(text in "klk1_[A-Za-z0-9_-]{72}") {
        if let Ok(handle) = Handle::parse(&text) {
            prop_assert_eq!(handle.expose(), text);
        }
    }

    #[test]
    fn both_spellings_give_back_every_part(
        id: [u8; 16], secret: [u8; 16], mac: [u8; 16], key_id in 1..=u8::MAX, uses in 0..3_u8, secs: u32,
    ) {
        let claims = Claims {
            id: HandleId::from_random(id),
            secret: Secret::from_random(secret),
            uses: Uses::from_byte(uses).unwrap(),
            expires: Expiry::from_secs(secs),
        };
        let made = Handle::signed(KeyId::new(key_id).unwrap(), claims, |_| mac);
        let whole = Handle::parse(&made.expose()).unwrap();
        let upper = made.id().to_string().to_ascii_uppercase();
        let joined = Handle::from_parts(&upper, &made.expose_key()).unwrap();
        for read in [whole, joined] {
            prop_assert_eq!(read.expose(), made.expose());
            prop_assert_eq!(read.id(), made.id());
            prop_assert_eq!(read.key_id().byte(), key_id);
            prop_assert_eq!(read.uses().to_byte(), uses);
            prop_assert_eq!(read.expires().secs(), secs);
        }
    }
}
