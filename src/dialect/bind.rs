//! How a call names its conversation, so that a `conversation` handle can be
//! held to the first one that redeems it.
//!
//! The name is only ever compared, through a keyed fingerprint; a token is read
//! here, not verified: that is the vendor's business, and a made-up one binds
//! the handle to a conversation that the vendor will not have.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::call::CallPattern;
use super::exchange::Base;
use super::request::Request;
use crate::rewrite::json::members::{at, member};
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::json::text;

/// Where the conversation's name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// The place of the request.
    pub at: Base,
    /// What of it is the name.
    pub name: Name,
}

/// What of a place is the conversation's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// All of it.
    Whole,
    /// A claim of the JWT that stands there.
    Claim(String),
    /// A string or a number of the JSON text that stands there.
    Json(Pointer),
}

impl Bind {
    /// The conversation's name, if the call has exactly one.
    #[must_use]
    pub fn find(&self, call: &CallPattern, request: &Request<'_>) -> Option<Vec<u8>> {
        let mut texts = self.at.texts(call, request).ok()?.into_iter();
        let (_, text) = texts.next()?;
        let name = self.name.within(&text)?;
        (texts.next().is_none() && !name.is_empty()).then_some(name)
    }
}

impl Name {
    /// The name in a text.
    #[must_use]
    pub fn within(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Whole => Some(text.to_vec()),
            Self::Claim(claim) => claim_of(text, claim),
            Self::Json(pointer) => scalar(at(text, pointer).ok()??),
        }
    }
}

/// A string's characters, or a number as it prints.
fn scalar(raw: &[u8]) -> Option<Vec<u8>> {
    match raw.first()? {
        b'"' => Some(text::decode(raw).ok()?.into_owned().into_bytes()),
        b'-' | b'0'..=b'9' => Some(raw.to_vec()),
        _ => None,
    }
}

fn claim_of(token: &[u8], claim: &str) -> Option<Vec<u8>> {
    let token = token.strip_prefix(b"Bearer ").unwrap_or(token);
    let mut parts = token.split(|byte| *byte == b'.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let value = text::decode(member(&claims, claim).ok()??).ok()?;
    Some(value.into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName};

    use super::*;

    fn found(bind: &Bind, headers: &[&str], path: &str, body: &str) -> Option<Vec<u8>> {
        let name = HeaderName::from_static("x-token");
        let headers: HeaderMap =
            headers.iter().map(|value| (name.clone(), value.parse().unwrap())).collect();
        let call = CallPattern::parse("POST /chats/{id}").unwrap();
        let request =
            Request { path, query: Some("u=q-1&u2=x"), headers: &headers, body: body.as_bytes() };
        bind.find(&call, &request)
    }

    fn header(name: Name) -> Bind {
        Bind { at: Base::Header(HeaderName::from_static("x-token")), name }
    }

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_missing_doubled_or_unreadable_token_names_no_conversation() {
        let bind = header(Name::Claim("sub".into()));
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
            assert_eq!(found(&bind, values, "/chats/1", ""), None, "{values:?}");
        }
        for good in [good.clone(), format!("Bearer {good}")] {
            assert_eq!(found(&bind, &[&good], "/chats/1", ""), Some(b"7".to_vec()), "{good}");
        }
    }

    #[test]
    fn a_header_is_taken_whole() {
        let bind = header(Name::Whole);
        assert_eq!(found(&bind, &["abc"], "/chats/1", ""), Some(b"abc".to_vec()));
        assert_eq!(found(&bind, &[""], "/chats/1", ""), None);
    }

    #[test]
    fn a_path_a_query_and_a_body_may_name_it_too() {
        let whole = |at| Bind { at, name: Name::Whole };
        let path = whole(Base::Path("id".into()));
        assert_eq!(found(&path, &[], "/chats/652%3A1", ""), Some(b"652:1".to_vec()));
        let query = whole(Base::Query("u".into()));
        assert_eq!(found(&query, &[], "/chats/1", ""), Some(b"q-1".to_vec()));
        let json = Bind { at: Base::Body, name: Name::Json(Pointer::parse("/a/id").unwrap()) };
        for (body, name) in [
            (r#"{"a":{"id":"x\u0079"}}"#, Some(b"xy".to_vec())),
            (r#"{"a":{"id":12}}"#, Some(b"12".to_vec())),
            (r#"{"a":{"id":null}}"#, None),
            (r#"{"a":{}}"#, None),
            ("", None),
            ("{", None),
        ] {
            assert_eq!(found(&json, &[], "/chats/1", body), name, "{body}");
        }
    }
}
