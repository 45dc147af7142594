//! `bind` and `link`: how a call names its conversation.
//!
//! One place, and what of it is the name; that a call has it is nobody's promise.

use super::pattern::pointer;
use super::slot::header_name;
use crate::config::at::At;
use crate::config::notes::Notes;
use crate::config::raw::dialect::Bind as Raw;
use crate::config::raw::slot::Subprotocol;
use crate::dialect::bind::{Bind, Name};
use crate::dialect::exchange::Base;

const HINT: &str =
    "write { header = \"…\", claim = \"sub\" }, { path = \"id\" } or { json = \"/id\" }";

/// Where a call names its conversation.
pub(super) fn bind(raw: &At<Raw>, notes: &mut Notes<'_>) -> Option<Bind> {
    let Raw { header, subprotocol, cookie, query, path, json, claim } = &**raw;
    let places = [
        header.as_ref().map(|name| header_name(name, notes).map(Base::Header)),
        subprotocol.as_ref().map(|which| match **which {
            Subprotocol::Any => Some(Base::Subprotocol),
        }),
        cookie.as_ref().map(|name| Some(Base::Cookie(name.to_string()))),
        query.as_ref().map(|name| Some(Base::Query(name.to_string()))),
        path.as_ref().map(|name| Some(Base::Path(name.to_string()))),
    ];
    let mut places = places.into_iter().flatten();
    let (place, more) = (places.next(), places.next());
    if more.is_some() || json.is_some() && claim.is_some() || place.is_none() && json.is_none() {
        notes.fix(&raw.span(), "a conversation has one name", HINT);
        return None;
    }
    let name = match (json, claim) {
        (Some(json), _) => Name::Json(pointer(json, notes)?),
        (None, Some(claim)) => Name::Claim(claim.to_string()),
        (None, None) => Name::Whole,
    };
    let at = match place {
        Some(place) => place?,
        None => Base::Body,
    };
    Some(Bind { at, name })
}
