//! Dates, audience and issuer.
//!
//! It never reads a clock: every now is written here.

use super::*;

const NOW: u64 = 1_000;

fn at(claims: &str, expected: &Expectations) -> Result<Token, JwtFault> {
    verify_at(&hs256(), &signed(HEADER, claims), NOW, expected)
}

fn fault(claims: &str, expected: &Expectations) -> Option<JwtFault> {
    at(claims, expected).err()
}

fn expecting(audience: Option<&str>, issuer: Option<&str>) -> Expectations {
    let [audience, issuer] = [audience, issuer].map(|text| text.map(str::to_owned));
    Expectations { audience, issuer, ..Expectations::default() }
}

#[test]
fn a_token_expires_at_the_second_where_the_leeway_ends() {
    for (leeway_secs, exp) in [(60, 941), (0, 1_001)] {
        let expected = Expectations { leeway_secs, ..Expectations::default() };
        assert_eq!(fault(&format!(r#"{{"exp":{exp}}}"#), &expected), None);
        for exp in [exp - 1, exp - 2, 0] {
            let claims = format!(r#"{{"exp":{exp}}}"#);
            assert_eq!(fault(&claims, &expected), Some(JwtFault::Expired), "{claims}");
        }
    }
    for exp in ["-1", "-1e300", "940.0", "9.40e2", "0.5"] {
        let claims = format!(r#"{{"exp":{exp}}}"#);
        assert_eq!(fault(&claims, &Expectations::default()), Some(JwtFault::Expired), "{claims}");
    }
    for exp in ["940.5", "1e3", "99999999999999999999"] {
        let claims = format!(r#"{{"exp":{exp}}}"#);
        assert_eq!(fault(&claims, &Expectations::default()), None, "{claims}");
    }
}

#[test]
fn a_token_without_expiry_is_refused_unless_that_was_allowed() {
    let forever = Expectations { expiry: ExpiryClaim::Optional, ..Expectations::default() };
    assert_eq!(fault("{}", &Expectations::default()), Some(JwtFault::ExpiryMissing));
    assert_eq!(fault(r#"{"EXP":2000}"#, &Expectations::default()), Some(JwtFault::ExpiryMissing));
    assert_eq!(fault("{}", &forever), None);
    assert_eq!(fault(r#"{"exp":1}"#, &forever), Some(JwtFault::Expired));
}

#[test]
fn a_date_that_is_no_finite_number_is_refused_not_ignored() {
    let forever = Expectations { expiry: ExpiryClaim::Optional, ..Expectations::default() };
    for date in [r#""2000""#, "null", "true", "[2000]", "{}", "1e999", "\"inf\"", "\"\""] {
        for claim in ["exp", "nbf", "iat"] {
            let claims = format!(r#"{{"{claim}":{date}}}"#);
            assert_eq!(fault(&claims, &forever), Some(JwtFault::NotADate), "{claims}");
        }
    }
}

#[test]
fn a_token_from_the_future_is_refused() {
    for (claim, refusal) in [("nbf", JwtFault::NotYetValid), ("iat", JwtFault::IssuedInFuture)] {
        for (date, verdict) in
            [("1060", None), ("1061", Some(refusal)), ("1060.5", Some(refusal)), ("-5", None)]
        {
            let claims = format!(r#"{{"exp":2000,"{claim}":{date}}}"#);
            assert_eq!(fault(&claims, &Expectations::default()), verdict, "{claims}");
        }
    }
}

#[test]
fn the_audience_must_be_or_list_the_expected_one() {
    let expected = expecting(Some("chat"), None);
    for aud in [
        "\"Chat\"",
        "\"chat \"",
        "\"\"",
        "null",
        "7",
        "[]",
        r#"["other"]"#,
        r#"[["chat"]]"#,
        r#"{"a":"chat"}"#,
    ] {
        let claims = format!(r#"{{"exp":2000,"aud":{aud}}}"#);
        assert_eq!(fault(&claims, &expected), Some(JwtFault::WrongAudience), "{claims}");
    }
    assert_eq!(fault(r#"{"exp":2000}"#, &expected), Some(JwtFault::WrongAudience));
    let many = format!("[{}\"chat\"]", "\"a\",".repeat(500));
    for aud in ["\"chat\"", r#""\u0063hat""#, r#"["other", "chat"]"#, r#"[7,"chat"]"#, &many] {
        assert_eq!(fault(&format!(r#"{{"exp":2000,"aud":{aud}}}"#), &expected), None, "{aud}");
    }
}

#[test]
fn the_issuer_must_be_the_expected_one() {
    let expected = expecting(None, Some("https://a"));
    for iss in ["\"https://a/\"", "\"https://b\"", "null", r#"["https://a"]"#] {
        let claims = format!(r#"{{"exp":2000,"iss":{iss}}}"#);
        assert_eq!(fault(&claims, &expected), Some(JwtFault::WrongIssuer), "{claims}");
    }
    assert_eq!(fault(r#"{"exp":2000}"#, &expected), Some(JwtFault::WrongIssuer));
    assert_eq!(fault(r#"{"exp":2000,"iss":"https:\/\/a"}"#, &expected), None);
}

#[test]
fn what_is_not_expected_is_not_looked_at() {
    assert_eq!(fault(r#"{"exp":2000,"aud":7,"iss":{}}"#, &Expectations::default()), None);
}

#[test]
fn the_signature_comes_before_the_claims() {
    let expired = forged(&[7; 32], HEADER, r#"{"exp":1}"#);
    let verdict = verify_at(&hs256(), &expired, NOW, &Expectations::default()).unwrap_err();
    assert_eq!(verdict, JwtFault::WrongSignature);
}
