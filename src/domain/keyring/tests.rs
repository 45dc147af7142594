//! What is not believed, and that the wire stays what it is.

use super::*;
use crate::domain::claims::Secret;
use crate::domain::handle::{PREFIX, TEXT_LEN};
use crate::domain::handle_id::HandleId;
use crate::domain::time::Expiry;
use crate::domain::uses::Uses;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn key_id(byte: u8) -> KeyId {
    KeyId::new(byte).unwrap()
}

fn root(fill: u8) -> RootKey {
    RootKey::from_bytes([fill; 32]).unwrap()
}

fn keyring() -> Keyring {
    Keyring::new((key_id(2), root(2)), vec![(key_id(1), root(1))]).unwrap()
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn claims() -> Claims {
    Claims {
        id: HandleId::from_random(*b"an id of letters"),
        secret: Secret::from_random(*b"sixteen letters!"),
        uses: Uses::Once,
        expires: Expiry::from_secs(1_700_003_600),
    }
}

fn verify(text: &str, tenant: &TenantId, now: Timestamp) -> Option<HandleFault> {
    let handle = Handle::parse(text).ok()?;
    keyring().verify_at(&handle, tenant, now).err()
}

/// Refused by the parser or by the MAC, never believed.
fn is_refused(keyring: &Keyring, text: &str) -> bool {
    Handle::parse(text).map_or(true, |h| keyring.verify_at(&h, &tenant(), NOW).is_err())
}

#[test]
fn a_handle_with_any_one_bit_flipped_is_refused() {
    let keyring = keyring();
    let text = keyring.sign(claims(), &tenant()).expose();
    let body = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
    assert_eq!(body.len() * 8, 54 * 8);
    for bit in 0..body.len() * 8 {
        let mut flipped = body.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let spoiled = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&flipped));
        assert!(is_refused(&keyring, &spoiled), "bit {bit}");
    }
}

#[test]
fn a_handle_with_any_one_character_changed_is_refused() {
    let keyring = keyring();
    let text = keyring.sign(claims(), &tenant()).expose();
    for at in 0..TEXT_LEN {
        for other in (0..0x80_u8).map(char::from) {
            let mut spoiled = text.clone();
            spoiled.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
            assert!(spoiled == text || is_refused(&keyring, &spoiled), "{other:?} at {at}");
        }
    }
}

#[test]
fn a_handle_of_another_tenant_is_forged() {
    let text = keyring().sign(claims(), &tenant()).expose();
    for other in ["acm", "acme2", "acme.", "a", "bcme"] {
        let other = TenantId::parse(other).unwrap();
        assert_eq!(verify(&text, &other, NOW), Some(HandleFault::Forged), "{other}");
    }
}

#[test]
fn a_handle_of_another_key_is_unknown_or_forged() {
    let made = |id, fill| {
        let keyring = Keyring::new((key_id(id), root(fill)), vec![]).unwrap();
        keyring.sign(claims(), &tenant()).expose()
    };
    assert_eq!(verify(&made(3, 2), &tenant(), NOW), Some(HandleFault::KeyUnknown));
    assert_eq!(verify(&made(2, 3), &tenant(), NOW), Some(HandleFault::Forged));
    assert_eq!(verify(&made(1, 2), &tenant(), NOW), Some(HandleFault::Forged));
}

#[test]
fn a_handle_is_expired_from_its_expiry_on_and_a_forged_one_is_forged_first() {
    let text = keyring().sign(claims(), &tenant()).expose();
    let end = claims().expires.at();
    let before = Timestamp::from_millis(end.millis() - 1);
    assert_eq!(verify(&text, &tenant(), before), None);
    for later in
        [end, end.plus(std::time::Duration::from_secs(1)), Timestamp::from_millis(u64::MAX)]
    {
        assert_eq!(verify(&text, &tenant(), later), Some(HandleFault::Expired));
    }
    let other = TenantId::parse("other").unwrap();
    assert_eq!(verify(&text, &other, end), Some(HandleFault::Forged));
}

#[test]
fn an_id_or_a_key_given_twice_makes_no_keyring() {
    let twice = |one: (u8, u8), two: (u8, u8)| {
        let previous = [one, two].map(|(id, fill)| (key_id(id), root(fill)));
        Keyring::new((key_id(1), root(1)), previous.into()).unwrap_err()
    };
    assert_eq!(twice((2, 2), (1, 3)), KeyringFault::IdTwice(key_id(1)));
    assert_eq!(twice((2, 2), (2, 3)), KeyringFault::IdTwice(key_id(2)));
    assert_eq!(twice((2, 1), (3, 3)), KeyringFault::KeyTwice(key_id(1), key_id(2)));
    assert_eq!(twice((2, 2), (3, 2)), KeyringFault::KeyTwice(key_id(2), key_id(3)));
}

#[test]
fn fingerprints_of_another_purpose_tenant_key_or_content_differ() {
    let (keyring, tenant) = (keyring(), tenant());
    let other = TenantId::parse("acm").unwrap();
    let mut all = keyring.fingerprints(Purpose::Subject, &tenant, b"ann");
    all.extend(
        [Purpose::Binding, Purpose::Link, Purpose::Request]
            .map(|purpose| keyring.fingerprint(purpose, &tenant, b"ann")),
    );
    all.push(keyring.fingerprint(Purpose::Subject, &tenant, b"bob"));
    all.push(keyring.fingerprint(Purpose::Subject, &other, b"ann"));
    all.push(keyring.fingerprint(Purpose::Subject, &other, b"eann"));
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn debug_shows_ids_and_nothing_that_redeems() {
    let keyring = keyring();
    let handle = keyring.sign(claims(), &tenant());
    let verified = keyring.verify_at(&handle, &tenant(), NOW).unwrap();
    let shown = format!("{keyring:?} {handle:?} {verified:?} {:?}", claims());
    let text = handle.expose();
    let mac: String = handle.mac().iter().map(|byte| format!("{byte:02x}")).collect();
    let secret = b"sixteen letters!";
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    for leak in [
        "letters!",
        &hex[..6],
        &mac[..6],
        &text[..12],
        &text[40..48],
        &handle.expose_key()[..8],
        &URL_SAFE_NO_PAD.encode(secret)[..6],
        "115, 105",
        "0202",
        "2, 2",
        "AgIC",
    ] {
        assert!(!shown.contains(leak), "{leak} in {shown}");
    }
    assert_eq!(format!("{keyring:?}"), "Keyring[KeyId(2), KeyId(1)]");
}

#[test]
fn a_rotation_loses_no_handle_and_no_fingerprint() {
    let before = Keyring::new((key_id(1), root(1)), vec![]).unwrap();
    let handle = before.sign(claims(), &tenant());
    let verified = keyring().verify_at(&handle, &tenant(), NOW).unwrap();
    assert_eq!((verified.key_id(), keyring().current_id()), (key_id(1), key_id(2)));
    let old = before.fingerprint(Purpose::Binding, &tenant(), b"conversation");
    let found = keyring().fingerprints(Purpose::Binding, &tenant(), b"conversation");
    assert_eq!(found[1], old);
    assert_eq!(keyring().fingerprint_for(&verified, Purpose::Binding, b"conversation"), Ok(old));
    assert_eq!(keyring().fingerprint(Purpose::Binding, &tenant(), b"conversation"), found[0]);
}

#[test]
fn the_keyring_that_knows_no_key_of_a_handle_gives_no_fingerprint_for_it() {
    let handle = keyring().sign(claims(), &tenant());
    let verified = keyring().verify_at(&handle, &tenant(), NOW).unwrap();
    let other = Keyring::new((key_id(9), root(9)), vec![]).unwrap();
    let none = other.fingerprint_for(&verified, Purpose::Request, b"");
    assert_eq!(none, Err(HandleFault::KeyUnknown));
}

/// Computed apart from this code (Python's hmac). If it fails, the wire has changed and every handle out there is lost.
#[test]
fn the_wire_does_not_drift() {
    let handle = keyring().sign(claims(), &tenant());
    assert_eq!(
        handle.expose(),
        "klk1_AgFhbiBpZCBPZqBsZXR0ZXJzc2l4dGVlbiBsZXR0ZXJzIWVT_xAs2j3YK-_9x_CDaQeOCYtn"
    );
    assert_eq!(handle.id().to_string(), "616e2069-6420-4f66-a06c-657474657273");
    assert_eq!(handle.expose_key(), "AgFzaXh0ZWVuIGxldHRlcnMhZVP_ECzaPdgr7_3H8INpB44Ji2c");
    let link = keyring().fingerprint(Purpose::Link, &tenant(), b"conversation");
    assert_eq!(serde_json::to_string(&link).unwrap(), "\"6QUnxE1cCS7x1bIrxqOv3Q\"");
}

proptest! {
    #[test]
    fn what_was_signed_verifies_with_every_claim_in_both_spellings(
        id: [u8; 16], secret: [u8; 16], uses in 0..3_u8, secs in 1_700_000_001..=u32::MAX,
    ) {
        let claims = Claims {
            id: HandleId::from_random(id),
            secret: Secret::from_random(secret),
            uses: Uses::from_byte(uses).unwrap(),
            expires: Expiry::from_secs(secs),
        };
        let keyring = keyring();
        let handle = keyring.sign(claims.clone(), &tenant());
        let whole = Handle::parse(&handle.expose()).unwrap();
        let parts = Handle::from_parts(&handle.id().to_string(), &handle.expose_key()).unwrap();
        for read in [whole, parts] {
            let verified = keyring.verify_at(&read, &tenant(), NOW).unwrap();
            prop_assert_eq!(verified.id(), claims.id);
            prop_assert_eq!(verified.uses(), claims.uses);
            prop_assert_eq!(verified.expires(), claims.expires);
            prop_assert_eq!(verified.secret().bytes(), &secret);
            prop_assert_eq!(verified.tenant(), &tenant());
        }
    }

    #[test]
    fn any_other_tenant_is_refused(other in "[a-z0-9._-]{1,64}") {
        prop_assume!(other != "acme");
        let text = keyring().sign(claims(), &tenant()).expose();
        let other = TenantId::parse(&other).unwrap();
        prop_assert_eq!(verify(&text, &other, NOW), Some(HandleFault::Forged));
    }
}

#[test]
fn a_key_is_known_by_what_is_derived_from_it_and_not_by_its_number() {
    let ring = |id: u8, byte: u8| {
        let key = RootKey::from_bytes([byte; 32]).unwrap();
        Keyring::new((KeyId::new(id).unwrap(), key), Vec::new()).unwrap()
    };
    let check = |ring: Keyring| ring.checks().next().unwrap().1;
    assert_eq!(check(ring(1, 7)), check(ring(2, 7)));
    assert_ne!(check(ring(1, 7)), check(ring(1, 8)));
    // Operators compare it with what they wrote down.
    assert_eq!(check(ring(1, 7)).to_string().len(), 16);
}
