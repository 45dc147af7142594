//! Which keys are taken, and how they print.
//!
//! It never makes a key: `sample` holds them.

use super::*;

fn fault(keys: Result<JwtKeys, KeyFault>) -> Option<KeyFault> {
    keys.err()
}

#[test]
fn a_secret_that_is_short_or_a_key_file_is_refused() {
    assert_eq!(fault(JwtKeys::hs256(b"")), Some(KeyFault::SecretTooShort));
    assert_eq!(fault(JwtKeys::hs256(&[7; SECRET_MIN - 1])), Some(KeyFault::SecretTooShort));
    assert_eq!(fault(JwtKeys::hs256(&[7; SECRET_MIN])), None);
    for pem in [RSA_PUBLIC, RSA_PRIVATE, EC_PUBLIC, EC_PRIVATE_SEC1] {
        assert_eq!(fault(JwtKeys::hs256(pem.as_bytes())), Some(KeyFault::SecretIsPem));
        let indented = format!("\n {pem}");
        assert_eq!(fault(JwtKeys::hs256(indented.as_bytes())), Some(KeyFault::SecretIsPem));
    }
}

#[test]
fn a_public_key_of_another_kind_is_refused() {
    for (pem, verdict) in [
        ("", KeyFault::NoPublicKey),
        (RSA_PRIVATE, KeyFault::NoPublicKey),
        (EC_PUBLIC, KeyFault::WrongPublicKey),
        (RSA_PUBLIC_SMALL, KeyFault::PublicKeySize),
    ] {
        assert_eq!(fault(JwtKeys::rs256(pem, RSA_PRIVATE)), Some(verdict));
    }
    for (pem, verdict) in [
        ("", KeyFault::NoPublicKey),
        (EC_PRIVATE, KeyFault::NoPublicKey),
        (RSA_PUBLIC, KeyFault::WrongPublicKey),
        (EC_PUBLIC_P384, KeyFault::WrongPublicKey),
    ] {
        assert_eq!(fault(JwtKeys::es256(pem, EC_PRIVATE)), Some(verdict));
    }
}

#[test]
fn a_private_key_of_another_kind_is_refused() {
    for (pem, verdict) in [
        ("", KeyFault::NoPrivateKey),
        (RSA_PUBLIC, KeyFault::NoPrivateKey),
        (EC_PRIVATE, KeyFault::WrongPrivateKey),
        (EC_PRIVATE_SEC1, KeyFault::WrongPrivateKey),
    ] {
        assert_eq!(fault(JwtKeys::rs256(RSA_PUBLIC, pem)), Some(verdict));
    }
    for (pem, verdict) in [
        ("", KeyFault::NoPrivateKey),
        (EC_PUBLIC, KeyFault::NoPrivateKey),
        (RSA_PRIVATE, KeyFault::WrongPrivateKey),
        (RSA_PRIVATE_PKCS1, KeyFault::WrongPrivateKey),
        (EC_PRIVATE_P384, KeyFault::WrongPrivateKey),
    ] {
        assert_eq!(fault(JwtKeys::es256(EC_PUBLIC, pem)), Some(verdict));
    }
}

#[test]
fn a_damaged_key_is_refused() {
    let flipped = EC_PRIVATE.replace("MIGHAgEA", "MIGHAgEB");
    assert_ne!(flipped, EC_PRIVATE);
    assert_eq!(fault(JwtKeys::es256(EC_PUBLIC, &flipped)), Some(KeyFault::WrongPrivateKey));
    let cut = RSA_PUBLIC.replace("-----END", "AAAA\n-----END");
    assert!(fault(JwtKeys::rs256(&cut, RSA_PRIVATE)).is_some());
}

#[test]
fn every_spelling_of_a_private_key_signs() {
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let with_parameters = format!("{parameters}{EC_PRIVATE_SEC1}");
    for keys in [
        JwtKeys::rs256(RSA_PUBLIC, RSA_PRIVATE_PKCS1),
        JwtKeys::es256(EC_PUBLIC, EC_PRIVATE_SEC1),
        JwtKeys::es256(EC_PUBLIC, &with_parameters),
    ] {
        let keys = keys.unwrap();
        let token = mint(&keys, None, CLAIMS.as_bytes()).unwrap();
        assert_eq!(verified(&keys, &token).unwrap().claims(), CLAIMS.as_bytes());
    }
}

#[test]
fn keys_and_their_faults_print_nothing_but_their_kind() {
    assert_eq!(format!("{:?}", hs256()), "JwtKeys(HS256)");
    assert_eq!(format!("{:?}", rs256()), "JwtKeys(RS256)");
    assert_eq!(format!("{:?}", es256()), "JwtKeys(ES256)");
    let fault = JwtKeys::hs256(b"sword").unwrap_err();
    assert_eq!(format!("{fault} {fault:?}"), "the secret is too short SecretTooShort");
}
