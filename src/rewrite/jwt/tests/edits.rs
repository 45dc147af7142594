//! Claims edited and signed again, for any claims; and no panic on any text.
//!
//! It never fixes a seed: proptest keeps what once failed.

use super::*;
use crate::rewrite::json::{NewMember, ObjectEdit};
use crate::rewrite::splice::splice;
use proptest::prelude::*;

/// Claims in somebody's style: white space, escapes, numbers that no tree would keep.
fn claims() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("1.50e+3".to_owned()),
        Just("12345678901234567890".to_owned()),
        Just("[ {\"b\" : null} ]".to_owned()),
        "[a-zé/ ]{0,12}".prop_map(|text| format!("\"{text}\\u00e9\\/\"")),
    ];
    let space = "[ \\r\\n\\t]{0,2}";
    (prop::collection::vec((space, value), 0..6), space).prop_map(|(rows, end)| {
        let rows = rows.iter().enumerate();
        let rows: String =
            rows.map(|(n, (space, value))| format!(",{space}\"c{n}\"{space}:{value}")).collect();
        format!("{end}{{\"exp\":{EXP}{rows}{end}}}{end}")
    })
}

#[test]
fn a_minted_token_carries_the_key_id_it_was_given() {
    let token = mint(&hs256(), Some("a\"b\n"), CLAIMS.as_bytes()).unwrap();
    let token = verified(&hs256(), &token).unwrap();
    assert_eq!(token.header(), br#"{"alg":"HS256","typ":"JWT","kid":"a\"b\n"}"#);
    let token = mint(&es256(), None, CLAIMS.as_bytes()).unwrap();
    let token = verified(&es256(), &token).unwrap();
    assert_eq!(token.header(), br#"{"alg":"ES256","typ":"JWT"}"#);
}

#[test]
fn a_claim_is_swapped_and_every_other_byte_stays() {
    let header = r#"{ "kid" : "7", "alg":"HS256" }"#;
    let sent = signed(header, "{ \"exp\" : 1300819380.0 ,\"handle\": \"klk1_x\",\t\"n\":1.0 }\n");
    let token = verified(&hs256(), &sent).unwrap();
    let mut edit = ObjectEdit::open(token.claims(), token.claims_object()).unwrap();
    edit.spread(1, vec![NewMember { name: "name".into(), value: br#""Ann""# }]);
    let claims = splice(token.claims(), edit.finish()).unwrap();
    assert_eq!(claims, b"{ \"exp\" : 1300819380.0 ,\"name\": \"Ann\",\t\"n\":1.0 }\n");
    let again = sign(&hs256(), token.header(), &claims).unwrap();
    let again = verified(&hs256(), &again).unwrap();
    assert_eq!(again.header(), header.as_bytes());
    assert_eq!(again.claims(), claims);
}

#[test]
fn white_space_around_the_claims_stays_around_them() {
    let forever = Expectations { expiry: ExpiryClaim::Optional, ..Expectations::default() };
    let token = verify_at(&hs256(), &signed(HEADER, "\r\n {}\t"), EXP, &forever).unwrap();
    let mut edit = ObjectEdit::open(token.claims(), token.claims_object()).unwrap();
    edit.append(NewMember { name: "a".into(), value: b"1" });
    assert_eq!(splice(token.claims(), edit.finish()).unwrap(), b"\r\n {\"a\":1}\t");
}

#[test]
fn an_edit_that_gives_a_name_twice_is_not_signed() {
    let claims = format!(r#"{{"exp":{EXP},"name":"a","name":"b"}}"#);
    assert_eq!(sign(&hs256(), HEADER.as_bytes(), claims.as_bytes()), Err(JwtFault::DuplicateName));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_is_verified_and_its_bytes_are_kept(claims in claims(), kid: Option<String>) {
        let keys = hs256();
        let token = mint(&keys, kid.as_deref(), claims.as_bytes()).unwrap();
        let token = verified(&keys, &token).unwrap();
        prop_assert_eq!(token.claims(), claims.as_bytes());
        let again = sign(&keys, token.header(), token.claims()).unwrap();
        let again = verified(&keys, &again).unwrap();
        prop_assert_eq!(again.header(), token.header());
        prop_assert!(ObjectEdit::open(token.claims(), token.claims_object()).is_ok());
    }

    #[test]
    fn no_text_panics(token: String, parts in "[A-Za-z0-9_-]{0,9}([.][A-Za-z0-9_-]{0,9}){2}") {
        for token in [token, parts] {
            prop_assert!(verified(&hs256(), &token).is_err());
        }
    }

    #[test]
    fn no_header_or_claims_panic(header: Vec<u8>, claims: Vec<u8>) {
        let keys = hs256();
        prop_assert!(sign(&keys, &header, &claims).is_err());
        let signed = compact::to_sign(&header, &claims);
        let signature = keys.sign(signed.as_bytes()).unwrap();
        prop_assert!(verified(&keys, &compact::write(signed, &signature).unwrap()).is_err());
        let signed = compact::to_sign(HEADER.as_bytes(), &claims);
        let signature = keys.sign(signed.as_bytes()).unwrap();
        prop_assert!(verified(&keys, &compact::write(signed, &signature).unwrap()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn public_keys_do_the_same(claims in claims()) {
        for keys in [rs256(), es256()] {
            let token = mint(&keys, None, claims.as_bytes()).unwrap();
            let token = verified(&keys, &token).unwrap();
            prop_assert_eq!(token.claims(), claims.as_bytes());
        }
    }
}
