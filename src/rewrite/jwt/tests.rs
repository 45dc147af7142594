//! Tokens by example: the RFC's own, and every way in which one is refused.
//!
//! Negatives first. It never draws examples at random; `edits` does.

mod edits;
mod keys;
mod sample;
mod when;

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac as mac;
use sample::*;

fn hs256() -> JwtKeys {
    JwtKeys::hs256(&URL_SAFE_NO_PAD.decode(HS256_SECRET).unwrap()).unwrap()
}

fn rs256() -> JwtKeys {
    JwtKeys::rs256(RSA_PUBLIC, RSA_PRIVATE).unwrap()
}

fn es256() -> JwtKeys {
    JwtKeys::es256(EC_PUBLIC, EC_PRIVATE).unwrap()
}

fn examples() -> [(JwtKeys, &'static str); 3] {
    [(hs256(), HS256), (rs256(), RS256), (es256(), ES256)]
}

fn verified(keys: &JwtKeys, token: &str) -> Result<Token, JwtFault> {
    verify_at(keys, token, EXP - 1, &Expectations::default())
}

fn refused(keys: &JwtKeys, token: &str) -> JwtFault {
    verified(keys, token).unwrap_err()
}

/// A token with a right HMAC over whatever parts.
fn forged(secret: &[u8], header: &str, claims: &str) -> String {
    let signed = compact::to_sign(header.as_bytes(), claims.as_bytes());
    let tag = mac::sign(&mac::Key::new(mac::HMAC_SHA256, secret), signed.as_bytes());
    compact::write(signed, tag.as_ref()).unwrap()
}

/// The same, under the key of [`hs256`].
fn signed(header: &str, claims: &str) -> String {
    forged(&URL_SAFE_NO_PAD.decode(HS256_SECRET).unwrap(), header, claims)
}

const HEADER: &str = r#"{"alg":"HS256"}"#;

#[test]
fn a_token_with_any_one_character_changed_is_refused() {
    for (keys, token) in examples() {
        for (at, was) in token.char_indices() {
            for other in ["A", "B", "-", "=", "."] {
                if !other.starts_with(was) {
                    let tampered = [&token[..at], other, &token[at + 1..]].concat();
                    assert!(verified(&keys, &tampered).is_err(), "{keys:?} {at} {other}");
                }
                if keys.algorithm() != Algorithm::Hs256 {
                    break; // one change each: public keys are slow to verify without optimisation
                }
            }
        }
    }
}

#[test]
fn a_token_with_any_one_character_lost_or_added_is_refused() {
    for at in 0..HS256.len() {
        let (before, after) = HS256.split_at(at);
        assert!(verified(&hs256(), &[before, &after[1..]].concat()).is_err(), "{at}");
        assert!(verified(&hs256(), &[before, "A", after].concat()).is_err(), "{at}");
    }
    assert!(verified(&hs256(), &format!("{HS256}A")).is_err());
}

#[test]
fn the_algorithm_none_is_refused_however_it_is_written() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        let unsigned =
            compact::write(compact::to_sign(header.as_bytes(), CLAIMS.as_bytes()), &[]).unwrap();
        for (keys, _) in examples() {
            assert_eq!(refused(&keys, &unsigned), JwtFault::WrongAlgorithm, "{alg} {keys:?}");
        }
        assert_eq!(refused(&hs256(), &signed(&header, CLAIMS)), JwtFault::WrongAlgorithm);
        assert_eq!(sign(&hs256(), header.as_bytes(), b"{}"), Err(JwtFault::WrongAlgorithm));
    }
}

#[test]
fn a_token_of_another_algorithm_than_the_configured_one_is_refused() {
    for (keys, _) in examples() {
        for (other, token) in examples() {
            if keys.algorithm() != other.algorithm() {
                assert_eq!(refused(&keys, token), JwtFault::WrongAlgorithm);
            }
        }
    }
    for alg in [r#""hs256""#, r#""HS256 ""#, r#""HS384""#, "null", "[\"HS256\"]", "{}"] {
        let header = format!(r#"{{"alg":{alg}}}"#);
        assert_eq!(refused(&hs256(), &signed(&header, CLAIMS)), JwtFault::WrongAlgorithm, "{alg}");
    }
    assert_eq!(refused(&hs256(), &signed("{}", CLAIMS)), JwtFault::WrongAlgorithm);
}

#[test]
fn an_hmac_under_the_public_key_is_refused() {
    let der = RSA_PUBLIC.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim_end(), &der] {
        let confused = forged(secret.as_bytes(), HEADER, CLAIMS);
        assert_eq!(refused(&rs256(), &confused), JwtFault::WrongAlgorithm);
        let relabelled = forged(secret.as_bytes(), r#"{"alg":"RS256"}"#, CLAIMS);
        assert_eq!(refused(&rs256(), &relabelled), JwtFault::WrongSignature);
    }
}

#[test]
fn a_token_has_exactly_three_parts() {
    let [header, claims, signature] = HS256.split('.').collect::<Vec<_>>().try_into().unwrap();
    for token in [
        String::new(),
        header.to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}."),
        format!(".{header}.{claims}.{signature}"),
        format!("{header}..{claims}.{signature}"),
        format!("{header}.{claims}.{signature}.{signature}.{signature}"),
    ] {
        assert_eq!(refused(&hs256(), &token), JwtFault::NotThreeParts, "{token}");
    }
    assert_eq!(refused(&hs256(), ".."), JwtFault::HeaderNotObject);
    assert_eq!(refused(&hs256(), &format!("{header}.{claims}.")), JwtFault::WrongSignature);
    assert_eq!(refused(&hs256(), &format!("{header}..{signature}")), JwtFault::WrongSignature);
}

#[test]
fn base64url_is_read_strictly() {
    for (from, to) in [("EjXk", "EjXk="), ("EjXk", "EjXl"), (".dBj", ".\ndBj"), (".dBj", ". dBj")] {
        let respelt = HS256.replace(from, to);
        assert_ne!(respelt, HS256);
        assert_eq!(refused(&hs256(), &respelt), JwtFault::NotBase64Url, "{to:?}");
    }
    assert_eq!(refused(&es256(), &ES256.replace("P3-Kg", "P3+Kg")), JwtFault::NotBase64Url);
    assert_eq!(refused(&hs256(), &HS256.replace("eyJ0", "éyJ")), JwtFault::NotBase64Url);
}

#[test]
fn a_token_longer_than_the_bound_is_refused_before_it_is_decoded() {
    assert_eq!(refused(&hs256(), &"=".repeat(TOKEN_MAX + 1)), JwtFault::TooLong);
    assert_eq!(refused(&hs256(), &"=".repeat(TOKEN_MAX)), JwtFault::NotThreeParts);
    let claims = format!(r#"{{"a":"{}"}}"#, "a".repeat(TOKEN_MAX));
    assert_eq!(mint(&hs256(), None, claims.as_bytes()), Err(JwtFault::TooLong));
}

#[test]
fn header_and_claims_are_objects_in_which_no_name_comes_twice() {
    for text in ["[]", "\"a\"", "1", "null", "", "{", "{}{}", "\u{feff}{}", "{\"a\":1,}"] {
        let header = compact::write(compact::to_sign(text.as_bytes(), b"{}"), b"x").unwrap();
        assert_eq!(refused(&hs256(), &header), JwtFault::HeaderNotObject, "{text}");
        assert_eq!(refused(&hs256(), &signed(HEADER, text)), JwtFault::ClaimsNotObject, "{text}");
        let made = mint(&hs256(), None, text.as_bytes());
        assert_eq!(made, Err(JwtFault::ClaimsNotObject), "{text}");
    }
    let twice = r#"{"alg":"HS256","\u0061lg":"none"}"#;
    assert_eq!(refused(&hs256(), &signed(twice, CLAIMS)), JwtFault::DuplicateName);
    let twice = r#"{"exp":1300819380,"a":1,"\u0061":1}"#;
    assert_eq!(refused(&hs256(), &signed(HEADER, twice)), JwtFault::DuplicateName);
    assert_eq!(mint(&hs256(), None, twice.as_bytes()), Err(JwtFault::DuplicateName));
    let below = r#"{"exp":1300819380,"a":{"b":1,"b":1}}"#; // not a claim's name
    assert!(verified(&hs256(), &signed(HEADER, below)).is_ok());
    let not_utf8 = compact::to_sign(HEADER.as_bytes(), b"{\"exp\":1300819380,\"a\":\"\xff\"}");
    let tag = hs256().sign(not_utf8.as_bytes()).unwrap();
    let token = compact::write(not_utf8, &tag).unwrap();
    assert_eq!(refused(&hs256(), &token), JwtFault::ClaimsNotObject);
}

#[test]
fn a_critical_extension_is_refused_even_an_empty_one() {
    for crit in [r#"["b64"]"#, "[]", "null"] {
        let header = format!(r#"{{"alg":"HS256","b64":false,"crit":{crit}}}"#);
        assert_eq!(refused(&hs256(), &signed(&header, CLAIMS)), JwtFault::CriticalExtension);
        assert_eq!(sign(&hs256(), header.as_bytes(), b"{}"), Err(JwtFault::CriticalExtension));
    }
}

#[test]
fn a_key_that_the_header_brings_along_is_not_used() {
    let header =
        r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"https://a/","kid":"../x"}"#;
    assert_eq!(refused(&hs256(), &forged(&[0; 3], header, CLAIMS)), JwtFault::WrongSignature);
    assert_eq!(verified(&hs256(), &signed(header, CLAIMS)).unwrap().header(), header.as_bytes());
}

#[test]
fn neither_a_token_nor_a_fault_nor_a_key_prints_what_it_holds() {
    for (keys, token) in examples() {
        let printed = format!("{keys:?} {:?}", verified(&keys, token).unwrap());
        let name = keys.algorithm().name();
        let header = if name == "HS256" { 30 } else { 15 };
        assert_eq!(
            printed,
            format!("JwtKeys({name}) Token(header {header} bytes, claims 70 bytes)")
        );
    }
    let fault = verify_at(&hs256(), HS256, EXP + 60, &Expectations::default()).unwrap_err();
    assert_eq!(format!("{fault} {fault:?}"), "expired Expired");
}

#[test]
fn the_examples_of_rfc_7515_are_verified_and_their_bytes_kept() {
    for (keys, token) in examples() {
        let token = verified(&keys, token).unwrap();
        assert_eq!(token.claims(), CLAIMS.as_bytes());
        assert_eq!(token.claims_object(), 0..CLAIMS.len());
    }
    let token = verified(&hs256(), HS256).unwrap();
    assert_eq!(token.header(), b"{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
}

#[test]
fn the_examples_of_rfc_7515_are_signed_to_the_same_letter() {
    for (keys, token) in [(hs256(), HS256), (rs256(), RS256)] {
        let read = verified(&keys, token).unwrap();
        assert_eq!(sign(&keys, read.header(), read.claims()).unwrap(), token);
    }
    // An ECDSA signature has a nonce of its own; it is as long, and verifies.
    let read = verified(&es256(), ES256).unwrap();
    let again = sign(&es256(), read.header(), read.claims()).unwrap();
    assert_eq!(again.len(), ES256.len());
    assert_eq!(verified(&es256(), &again).unwrap().claims(), CLAIMS.as_bytes());
}
