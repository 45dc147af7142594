//! Tokens read and written: verify, sign again, mint.
//!
//! It never changes a byte of a header or of claims, and never makes a [`Token`] out of anything that
//! was not verified.

use super::compact;
use super::expectations::Expectations;
use super::fault::JwtFault;
use super::header;
use super::keys::JwtKeys;
use super::once::members_once;
use std::fmt;
use std::ops::Range;

/// A token whose signature and claims were verified; only [`verify_at`] makes one.
///
/// Claims may be personal data, so `Debug` prints sizes.
pub struct Token {
    header: Vec<u8>,
    claims: Vec<u8>,
}

/// Reads a token and refuses it unless its algorithm is exactly that of `keys`, its signature is
/// theirs, and its claims are as expected at `now_secs`, in seconds since 1970.
///
/// A token works while `now_secs < exp + leeway`.
///
/// # Errors
/// The first [`JwtFault`] met: form, header, signature, then claims.
pub fn verify_at(
    keys: &JwtKeys,
    token: &str,
    now_secs: u64,
    expected: &Expectations,
) -> Result<Token, JwtFault> {
    let compact::Compact { signed, header, claims, signature } = compact::read(token)?;
    header::check(&header, keys.algorithm())?;
    keys.verify(signed.as_bytes(), &signature)?;
    expected.check_at(&members_once(&claims, JwtFault::ClaimsNotObject)?, now_secs)?;
    Ok(Token { header, claims })
}

/// A token of this header and these claims, byte for byte.
///
/// # Errors
/// Where [`verify_at`] would refuse its form or its header. Dates, audience and issuer are not
/// looked at: what the claims say is the caller's word.
pub fn sign(keys: &JwtKeys, header_json: &[u8], claims_json: &[u8]) -> Result<String, JwtFault> {
    header::check(header_json, keys.algorithm())?;
    members_once(claims_json, JwtFault::ClaimsNotObject)?;
    let signed = compact::to_sign(header_json, claims_json);
    let signature = keys.sign(signed.as_bytes())?;
    compact::write(signed, &signature)
}

/// A token of these claims, byte for byte, under a header of our own: `alg`, `typ`, and `kid` if the
/// receiver needs one.
///
/// # Errors
/// As [`sign`].
pub fn mint(keys: &JwtKeys, kid: Option<&str>, claims_json: &[u8]) -> Result<String, JwtFault> {
    sign(keys, header::written(keys.algorithm(), kid).as_bytes(), claims_json)
}

impl Token {
    /// The header, exactly as sent: one JSON object.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The claims, exactly as sent: one JSON object in which no name comes twice.
    pub fn claims(&self) -> &[u8] {
        &self.claims
    }

    /// Where the claims' object stands in [`claims`](Self::claims), without white space around it: the
    /// span by which [`ObjectEdit`](crate::rewrite::json::ObjectEdit) opens it.
    pub fn claims_object(&self) -> Range<usize> {
        let start = self.claims.len() - self.claims.trim_ascii_start().len();
        start..self.claims.trim_ascii_end().len()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(header {} bytes, claims {} bytes)", self.header.len(), self.claims.len())
    }
}
