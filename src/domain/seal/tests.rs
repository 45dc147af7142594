//! For whom a record does not open.

use super::*;
use crate::domain::claims::{Claims, Secret};
use crate::domain::root_key::RootKey;
use crate::domain::time::Timestamp;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const TEXT: &str = r#"{"name":"Ann","phone":"+49 123"}"#;

fn keyring(current: (u8, u8), previous: &[(u8, u8)]) -> Keyring {
    let key = |(id, fill)| (KeyId::new(id).unwrap(), RootKey::from_bytes([fill; 32]).unwrap());
    Keyring::new(key(current), previous.iter().copied().map(key).collect()).unwrap()
}

fn tenant(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

fn claims(id: u8, secret: u8, uses: Uses, secs: u32) -> Claims {
    Claims {
        id: HandleId::from_random([id; 16]),
        secret: Secret::from_random([secret; 16]),
        uses,
        expires: Expiry::from_secs(secs),
    }
}

fn usual() -> Claims {
    claims(1, 1, Uses::Once, u32::MAX)
}

fn payload() -> Payload {
    Payload::parse(TEXT.as_bytes(), 1024).unwrap()
}

fn sealed_by(keyring: &Keyring) -> Sealed {
    let handle = keyring.sign(usual(), &tenant("acme"));
    keyring.seal(&handle, &tenant("acme"), [9; 12], &payload()).unwrap()
}

fn verified_by(keyring: &Keyring, claims: Claims, of: &str) -> Verified {
    let handle = keyring.sign(claims, &tenant(of));
    keyring.verify_at(&handle, &tenant(of), NOW).unwrap()
}

#[test]
fn a_record_opens_for_no_other_id_secret_uses_expiry_or_tenant() {
    let keyring = keyring((1, 1), &[]);
    let sealed = sealed_by(&keyring);
    for (claims, of) in [
        (claims(2, 1, Uses::Once, u32::MAX), "acme"),
        (claims(1, 2, Uses::Once, u32::MAX), "acme"),
        (claims(1, 1, Uses::UntilExpiry, u32::MAX), "acme"),
        (claims(1, 1, Uses::Conversation, u32::MAX), "acme"),
        (claims(1, 1, Uses::Once, u32::MAX - 1), "acme"),
        (usual(), "acm"),
        (usual(), "acme2"),
    ] {
        let verified = verified_by(&keyring, claims, of);
        let fault = keyring.open(&verified, &sealed).unwrap_err();
        assert_eq!(fault, SealFault::Mismatch, "{verified:?}");
    }
}

#[test]
fn a_record_opens_under_no_other_key() {
    let sealed = sealed_by(&keyring((1, 1), &[]));
    let other = keyring((1, 2), &[]);
    let verified = verified_by(&other, usual(), "acme");
    assert_eq!(other.open(&verified, &sealed).unwrap_err(), SealFault::Mismatch);
    let rotated = keyring((2, 2), &[(1, 1)]);
    let verified = verified_by(&rotated, usual(), "acme");
    assert_eq!(rotated.open(&verified, &sealed).unwrap_err(), SealFault::Mismatch);
}

#[test]
fn a_keyring_without_the_key_neither_seals_nor_opens() {
    let (ours, theirs) = (keyring((1, 1), &[]), keyring((2, 2), &[]));
    let handle = ours.sign(usual(), &tenant("acme"));
    let fault = theirs.seal(&handle, &tenant("acme"), [9; 12], &payload());
    assert_eq!(fault, Err(SealFault::KeyUnknown));
    let verified = verified_by(&ours, usual(), "acme");
    let fault = theirs.open(&verified, &sealed_by(&ours)).unwrap_err();
    assert_eq!(fault, SealFault::KeyUnknown);
}

#[test]
fn a_record_with_any_one_bit_flipped_does_not_open() {
    let keyring = keyring((1, 1), &[(2, 2)]);
    let verified = verified_by(&keyring, usual(), "acme");
    let bytes = sealed_by(&keyring).as_bytes().to_vec();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let opened = Sealed::from_bytes(&flipped).and_then(|s| keyring.open(&verified, &s));
        assert!(opened.is_err(), "bit {bit}");
    }
}

#[test]
fn a_record_cut_or_lengthened_does_not_open() {
    let keyring = keyring((1, 1), &[]);
    let verified = verified_by(&keyring, usual(), "acme");
    let bytes = sealed_by(&keyring).as_bytes().to_vec();
    for len in 0..bytes.len() {
        let opened = Sealed::from_bytes(&bytes[..len]).and_then(|s| keyring.open(&verified, &s));
        let why = if len < HEAD_LEN + TAG_LEN { SealFault::Malformed } else { SealFault::Mismatch };
        assert_eq!(opened.unwrap_err(), why, "{len}");
    }
    let longer = Sealed::from_bytes(&[&bytes, b"\0".as_slice()].concat()).unwrap();
    assert_eq!(keyring.open(&verified, &longer).unwrap_err(), SealFault::Mismatch);
}

#[test]
fn a_conversations_record_opens_under_no_other_link_tenant_or_purpose() {
    let keyring = keyring((1, 1), &[]);
    let acme = tenant("acme");
    let sealed = keyring.seal_under(keyring.current_id(), b"link", &acme, [9; 12], b"ann").unwrap();
    for (link, of) in
        [("link\0", "acme"), ("lin", "acme"), ("", "acme"), ("link", "acm"), ("elink", "acm")]
    {
        let opened = keyring.open_under(link.as_bytes(), &tenant(of), &sealed);
        assert_eq!(opened.unwrap_err(), SealFault::Mismatch, "{link:?} {of}");
    }
    let verified = verified_by(&keyring, usual(), "acme");
    assert_eq!(keyring.open(&verified, &sealed).unwrap_err(), SealFault::Mismatch);
    let opened = keyring.open_under(&[1; 16], &acme, &sealed_by(&keyring));
    assert_eq!(opened.unwrap_err(), SealFault::Mismatch);
}

#[test]
fn debug_and_the_record_itself_show_nothing_of_the_content() {
    let sealed = sealed_by(&keyring((1, 1), &[]));
    let len = HEAD_LEN + TEXT.len() + TAG_LEN;
    assert_eq!(format!("{sealed:?}"), format!("Sealed({len} bytes)"));
    assert!(!sealed.as_bytes().windows(3).any(|three| three == b"Ann"));
}

/// Computed apart from this code (Python's cryptography). If it fails, every stored record is lost.
#[test]
fn the_stored_form_does_not_drift() {
    let hex = |sealed: Sealed| -> String {
        sealed.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
    };
    let (keyring, acme) = (keyring((1, 1), &[]), tenant("acme"));
    let empty = Payload::parse(b"{}", 2).unwrap();
    let handle = keyring.sign(usual(), &acme);
    let payload = keyring.seal(&handle, &acme, [9; 12], &empty).unwrap();
    assert_eq!(hex(payload), "0101090909090909090909090909e29c92c20a04288f24343be3481d6fc6e835");
    let linked = keyring.seal_under(keyring.current_id(), b"link", &acme, [9; 12], b"ann").unwrap();
    assert_eq!(hex(linked), "01010909090909090909090909098ba1ee5d63e9aab0f4a079d38eefe8bbaab1cc");
}

#[test]
fn a_rotation_closes_no_record() {
    let (before, after) = (keyring((1, 1), &[]), keyring((2, 2), &[(1, 1)]));
    let sealed = sealed_by(&before);
    let handle = before.sign(usual(), &tenant("acme"));
    let verified = after.verify_at(&handle, &tenant("acme"), NOW).unwrap();
    assert_eq!(after.open(&verified, &sealed).unwrap().expose(), TEXT);
    let linked =
        before.seal_under(before.current_id(), b"link", &tenant("acme"), [9; 12], b"ann").unwrap();
    let opened = after.open_under(b"link", &tenant("acme"), &linked).unwrap();
    assert_eq!(opened.as_slice(), b"ann");
}

proptest! {
    #[test]
    fn what_was_sealed_opens_for_its_handle_alone(
        secret: [u8; 16], other: [u8; 16], nonce: [u8; 12], value in "[a-z]{0,200}", uses in 0..3_u8,
    ) {
        prop_assume!(secret != other);
        let keyring = keyring((1, 1), &[]);
        let text = format!("{{\"v\":\"{value}\"}}");
        let uses = Uses::from_byte(uses).unwrap();
        let of = |secret| Claims { secret: Secret::from_random(secret), ..claims(1, 0, uses, u32::MAX) };
        let handle = keyring.sign(of(secret), &tenant("acme"));
        let payload = Payload::parse(text.as_bytes(), 1024).unwrap();
        let sealed = keyring.seal(&handle, &tenant("acme"), nonce, &payload).unwrap();
        let stored = Sealed::from_bytes(sealed.as_bytes()).unwrap();
        let opened = keyring.open(&verified_by(&keyring, of(secret), "acme"), &stored).unwrap();
        prop_assert_eq!(opened.expose(), text);
        let fault = keyring.open(&verified_by(&keyring, of(other), "acme"), &stored).unwrap_err();
        prop_assert_eq!(fault, SealFault::Mismatch);
    }

    #[test]
    fn no_bytes_make_a_record_panic(bytes: Vec<u8>) {
        let keyring = keyring((1, 1), &[]);
        if let Ok(sealed) = Sealed::from_bytes(&bytes) {
            let _ = keyring.open_under(b"link", &tenant("acme"), &sealed);
        }
    }
}
