//! How a call names its conversation, so that a `conversation` handle can be
//! held to the first one that redeems it.
//!
//! The name is only ever compared, through a keyed fingerprint; a token is read
//! here, not verified: that is the vendor's business, and a made-up one binds
//! the handle to a conversation that the vendor will not have.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName};

use crate::rewrite::json::members::member;
use crate::rewrite::json::text;

/// Where the conversation's name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// A header's whole value.
    Header(HeaderName),
    /// A claim of the JWT in a header.
    HeaderClaim(HeaderName, String),
}

impl Bind {
    /// The conversation's name, if the call has exactly one.
    #[must_use]
    pub fn find(&self, headers: &HeaderMap) -> Option<Vec<u8>> {
        match self {
            Self::Header(name) => Some(single(headers, name)?.to_vec()),
            Self::HeaderClaim(name, claim) => claim_of(single(headers, name)?, claim),
        }
    }
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.as_bytes();
    (values.next().is_none() && !value.is_empty()).then_some(value)
}

fn claim_of(token: &[u8], claim: &str) -> Option<Vec<u8>> {
    let token = token.strip_prefix(b"Bearer ").unwrap_or(token);
    let mut parts = token.split(|byte| *byte == b'.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let value = text::decode(member(&claims, claim).ok()??).ok()?;
    (!value.is_empty()).then(|| value.into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let name = HeaderName::from_static("x-token");
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_missing_doubled_or_unreadable_token_names_no_conversation() {
        let bind = Bind::HeaderClaim(HeaderName::from_static("x-token"), "sub".into());
        let good = token(r#"{"sub":"7"}"#);
        for values in [
            &[][..],
            &[good.as_str(), good.as_str()],
            &["not a token"],
            &["a.b"],
            &[&token(r#"{"sub":7}"#)],
            &[&token(r#"{"sub":""}"#)],
            &[&token(r#"{"other":"7"}"#)],
            &[&token("[]")],
        ] {
            assert_eq!(bind.find(&headers(values)), None, "{values:?}");
        }
        assert_eq!(bind.find(&headers(&[&good])), Some(b"7".to_vec()));
    }

    #[test]
    fn a_header_is_taken_whole() {
        let bind = Bind::Header(HeaderName::from_static("x-token"));
        assert_eq!(bind.find(&headers(&["abc"])), Some(b"abc".to_vec()));
        assert_eq!(bind.find(&headers(&[""])), None);
    }
}
