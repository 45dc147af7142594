//! What the claims of a verified token must say.
//!
//! It never reads a clock: now is an argument. It never takes a string for a date, nor a date that is
//! there but unreadable for one that is missing.

use super::fault::JwtFault;
use super::once::value;
use crate::rewrite::json::members::Member;
use crate::rewrite::json::text::eq_decoded;
use crate::rewrite::json::{Bounds, Pointer, locate};

/// What a tenant expects of its page's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    /// `aud` must be this, or list it. `None` by default: `aud` is not looked at, and a token that the
    /// same key signed for another service is taken too.
    pub audience: Option<String>,
    /// `iss` must be this. `None` by default: `iss` is not looked at.
    pub issuer: Option<String>,
    /// How far clocks may disagree, in seconds; 60 by default.
    pub leeway_secs: u64,
    /// Whether a token may do without `exp`.
    pub expiry: ExpiryClaim,
}

/// Whether a token may do without `exp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiryClaim {
    /// Refused without one.
    #[default]
    Required,
    /// Taken without one: such a token works for ever. One that is there still counts.
    Optional,
}

impl Default for Expectations {
    fn default() -> Self {
        Self { audience: None, issuer: None, leeway_secs: 60, expiry: ExpiryClaim::default() }
    }
}

impl Expectations {
    pub(super) fn check_at(&self, claims: &[Member<'_>], now_secs: u64) -> Result<(), JwtFault> {
        self.check_dates(claims, now_secs)?;
        if let Some(audience) = &self.audience
            && !value(claims, "aud").is_some_and(|aud| is_for(aud, audience))
        {
            return Err(JwtFault::WrongAudience);
        }
        if let Some(issuer) = &self.issuer
            && !value(claims, "iss").is_some_and(|iss| eq_decoded(iss, issuer))
        {
            return Err(JwtFault::WrongIssuer);
        }
        Ok(())
    }

    fn check_dates(&self, claims: &[Member<'_>], now_secs: u64) -> Result<(), JwtFault> {
        // Seconds are exact in an f64 for the next 285 million years.
        let (now, leeway) = (now_secs as f64, self.leeway_secs as f64);
        match (date(claims, "exp")?, self.expiry) {
            (None, ExpiryClaim::Required) => return Err(JwtFault::ExpiryMissing),
            (None, ExpiryClaim::Optional) => {}
            (Some(exp), ExpiryClaim::Required | ExpiryClaim::Optional) if now < exp + leeway => {}
            (Some(_), ExpiryClaim::Required | ExpiryClaim::Optional) => {
                return Err(JwtFault::Expired);
            }
        }
        if date(claims, "nbf")?.is_some_and(|nbf| nbf > now + leeway) {
            return Err(JwtFault::NotYetValid);
        }
        if date(claims, "iat")?.is_some_and(|iat| iat > now + leeway) {
            return Err(JwtFault::IssuedInFuture);
        }
        Ok(())
    }
}

/// A claim in seconds since 1970, fractions allowed.
fn date(claims: &[Member<'_>], name: &str) -> Result<Option<f64>, JwtFault> {
    let Some(raw) = value(claims, name) else {
        return Ok(None);
    };
    // The text is valid JSON, so what parses is a JSON number; one past the range parses as infinity.
    let number = str::from_utf8(raw).ok().and_then(|text| text.parse().ok());
    number.filter(|date: &f64| date.is_finite()).map(Some).ok_or(JwtFault::NotADate)
}

/// Whether an `aud`, a string or an array of strings, names this audience.
fn is_for(aud: &[u8], audience: &str) -> bool {
    if !aud.starts_with(b"[") {
        return eq_decoded(aud, audience);
    }
    let Ok(each) = Pointer::parse("/*") else {
        return false;
    };
    let bounds = Bounds { located_max: aud.len(), ..Bounds::default() };
    let is_named = |span| aud.get(span).is_some_and(|one| eq_decoded(one, audience));
    locate(aud, &[&each], &bounds).is_ok_and(|all| all.into_iter().any(|one| is_named(one.value)))
}
