//! The compact form: three parts of base64url between two dots.
//!
//! It never repairs: padding, another alphabet, white space or bits behind the last byte are refused,
//! so that a token has one spelling. It never looks at what the parts say.

use super::fault::JwtFault;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest token that is read or written, in bytes: 16 KiB, past what servers take in one header.
pub const TOKEN_MAX: usize = 16 * 1024;

/// A token's parts, decoded; nothing is verified.
pub(super) struct Compact<'t> {
    /// What was signed: header and claims as they stand in the token.
    pub(super) signed: &'t str,
    pub(super) header: Vec<u8>,
    pub(super) claims: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

pub(super) fn read(token: &str) -> Result<Compact<'_>, JwtFault> {
    if token.len() > TOKEN_MAX {
        return Err(JwtFault::TooLong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(JwtFault::NotThreeParts)?;
    let (header, claims) = signed.split_once('.').ok_or(JwtFault::NotThreeParts)?;
    if claims.contains('.') {
        return Err(JwtFault::NotThreeParts);
    }
    let [header, claims, signature] = [decode(header)?, decode(claims)?, decode(signature)?];
    Ok(Compact { signed, header, claims, signature })
}

/// What is to be signed.
pub(super) fn to_sign(header: &[u8], claims: &[u8]) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(header);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut text);
    text
}

/// The whole token.
pub(super) fn write(mut signed: String, signature: &[u8]) -> Result<String, JwtFault> {
    signed.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut signed);
    if signed.len() > TOKEN_MAX {
        return Err(JwtFault::TooLong);
    }
    Ok(signed)
}

fn decode(part: &str) -> Result<Vec<u8>, JwtFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtFault::NotBase64Url)
}
