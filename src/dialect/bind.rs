//! How a call names its conversation, so that a `conversation` handle can be
//! held to the first one that redeems it.
//!
//! The name is only ever compared, through a keyed fingerprint; a token is read
//! here, not verified: that is the vendor's business, and a made-up one binds
//! the handle to a conversation that the vendor will not have.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::call::CallPattern;
use super::exchange::Base;
use super::place::Unreadable;
use super::request::Request;
use crate::rewrite::form;
use crate::rewrite::json::JsonFault;
use crate::rewrite::json::locate::{Bounds, Located, locate};
use crate::rewrite::json::members::member;
use crate::rewrite::json::pointer::{Pointer, Segment};
use crate::rewrite::json::text;
use crate::rewrite::percent::Plus;

/// Names of one call that are looked at: a list of messages, no more.
const NAMES_MAX: usize = 1024;

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

/// Why it cannot be told which conversation a call names: the vendor may read one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// It names several; which of them the vendor reads is anybody's guess.
    #[error("the call names more than one conversation")]
    Ambiguous,
    /// What should name it is not what the dialect says it is: broken JSON, say, in which a
    /// vendor that is less strict finds a name all the same.
    #[error("where the call names its conversation cannot be read")]
    Unreadable,
}

impl Bind {
    /// The conversation's name, if the call has one. A token that cannot be read has none:
    /// no vendor takes it.
    ///
    /// # Errors
    /// [`Untold`]; one that is named several times is one.
    pub fn find(
        &self,
        call: &CallPattern,
        request: &Request<'_>,
    ) -> Result<Option<Vec<u8>>, Untold> {
        let texts = self.texts(call, request).map_err(|_| Untold::Unreadable)?;
        let mut names = Vec::new();
        for text in texts.iter().filter(|text| !text.trim_ascii().is_empty()) {
            names.extend(self.name.named_within(text).map_err(|_| Untold::Unreadable)?);
        }
        names.sort_unstable();
        names.dedup();
        match names.len() {
            0 | 1 => Ok(names.pop()),
            _ => Err(Untold::Ambiguous),
        }
    }
}

impl Bind {
    /// The texts in which a call may name it. A query is read as servers do that bind its names in
    /// any letter case.
    fn texts<'r>(
        &self,
        call: &CallPattern,
        request: &Request<'r>,
    ) -> Result<Vec<Cow<'r, [u8]>>, Unreadable> {
        if let Base::Query(name) = &self.at {
            let query = request.query.unwrap_or_default().as_bytes();
            let fields = form::fields_in_any_case(query, name, Plus::Space);
            let fields = fields.map_err(|_| Unreadable)?.into_iter();
            return Ok(fields.map(|field| Cow::Owned(field.text.into_bytes())).collect());
        }
        Ok(self.at.texts(call, request)?.into_iter().map(|(_, text)| text).collect())
    }
}

impl Name {
    /// The name in a text; of several the last.
    ///
    /// # Errors
    /// Where a JSON text is meant and this is none: whether it holds a name cannot be told.
    pub fn within(&self, text: &[u8]) -> Result<Option<Vec<u8>>, JsonFault> {
        Ok(self.all_within(text)?.pop())
    }

    /// Every name in a call's text; a member counts in any letter case.
    fn named_within(&self, source: &[u8]) -> Result<Vec<Vec<u8>>, JsonFault> {
        let Self::Json(pointer) = self else { return self.all_within(source) };
        let (Some(parent), Some(Segment::Name(wanted))) =
            (pointer.parent(), pointer.segments().last())
        else {
            return self.all_within(source);
        };
        let members = Pointer::parse(&format!("{parent}/*")).unwrap_or(parent);
        let bounds = Bounds { located_max: source.len(), ..Bounds::default() };
        let located = locate(source, &[&members], &bounds)?;
        let is = |at: &&Located| {
            let name = at.name.clone().and_then(|name| text::decode(source.get(name)?).ok());
            name.is_some_and(|name| name.eq_ignore_ascii_case(wanted))
        };
        let named = located.iter().filter(is).take(NAMES_MAX);
        let values = named.filter_map(|at| scalar(source.get(at.value.clone())?));
        Ok(values.filter(|name| !name.is_empty()).map(canonical).collect())
    }

    fn all_within(&self, text: &[u8]) -> Result<Vec<Vec<u8>>, JsonFault> {
        let names = match self {
            Self::Whole => vec![text.to_vec()],
            // Signed as it stands: only the vendor's own spellings of one name are one.
            Self::Claim(claim) => {
                let claim = claim_of(text, claim).filter(|claim| !claim.is_empty());
                return Ok(claim.map(plain).into_iter().collect());
            }
            Self::Json(pointer) => {
                let bounds = Bounds { located_max: NAMES_MAX, ..Bounds::default() };
                let located = locate(text, &[pointer], &bounds)?;
                located.iter().filter_map(|at| scalar(text.get(at.value.clone())?)).collect()
            }
        };
        Ok(names.into_iter().filter(|name| !name.is_empty()).map(canonical).collect())
    }
}

/// One spelling for each name: without white space around it and what servers take off a path's
/// segment (`;x=1`), a number without sign, leading zeros and an empty fraction, a UUID in lower case.
fn canonical(name: Vec<u8>) -> Vec<u8> {
    let bare = name.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let name = match bare.strip_prefix(b"+").unwrap_or(bare) {
        digits if is_number(digits) => digits.split(|byte| *byte == b'.').next(),
        _ => Some(bare),
    };
    plain(name.unwrap_or_default().to_vec())
}

/// A number without leading zeros, a UUID in lower case; everything else as it is.
fn plain(name: Vec<u8>) -> Vec<u8> {
    if !name.is_empty() && name.iter().all(u8::is_ascii_digit) {
        let zeros = name.iter().take_while(|byte| **byte == b'0').count();
        return name.get(zeros.min(name.len() - 1)..).unwrap_or_default().to_vec();
    }
    let uuid = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    if name.len() == 36 && name.iter().enumerate().all(uuid) {
        return name.to_ascii_lowercase();
    }
    name
}

/// Digits, and perhaps a fraction of nothing but zeros.
fn is_number(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let whole = parts.next().unwrap_or_default();
    let zeros = parts.next().is_none_or(|fraction| fraction.iter().all(|byte| *byte == b'0'));
    !whole.is_empty() && whole.iter().all(u8::is_ascii_digit) && zeros
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
mod tests;
