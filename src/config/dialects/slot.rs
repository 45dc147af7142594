//! `[[exchange.slot]]`: where handles stand, and what is put there.
//!
//! Whether a slot's place and its reveal fit together is decided here, once.

use std::collections::BTreeSet;

use http::HeaderName;

use super::exchange::rule_of;
use super::pattern::{exact_pointer, pointer};
use crate::config::at::{At, Span};
use crate::config::notes::Notes;
use crate::config::raw::or_text::OrText;
use crate::config::raw::slot::{
    Accepts as RawAccepts, Locator as RawLocator, RelayUse, Reveal as RawReveal, Slot as RawSlot,
    Subprotocol,
};
use crate::dialect::exchange::{Accepts, Base, Layer, Locator, Reveal, Slot};
use crate::dialect::relay::RelayKey;

const REVEAL_HINT: &str = "write { member = \"…\" }, { merge_into = \"/…\" } or \"same-name\"";

pub(super) fn slot(
    raw: &At<RawSlot>,
    key: Option<&RelayKey>,
    notes: &mut Notes<'_>,
) -> Option<Slot> {
    let RawSlot { at, except, second, accepts, reveal, relay, on_expired } = &**raw;
    let hint = "write { json = \"/pointer\" }";
    let at = notes.need(at, &raw.span(), "at", hint);
    let at = at.and_then(|at| locator(at, notes));
    let second = second.as_ref().map(|text| exact_pointer(text, notes));
    let reveal = notes.need(reveal, &raw.span(), "reveal", REVEAL_HINT);
    let reveal = reveal.and_then(|reveal| self::reveal(reveal, key, notes));
    let relayed = match relay.as_ref().map(|relay| (**relay, relay.span())) {
        Some((RelayUse::WhenConfigured, span)) => Some(relay_key(key, &span, notes)?),
        None => None,
    };
    let slot = Slot {
        relayed,
        at: at?,
        except: except.iter().map(|name| name.to_string()).collect(),
        second: match second {
            Some(second) => Some(second?),
            None => None,
        },
        accepts: match accepts.as_ref().map(|accepts| **accepts) {
            Some(RawAccepts::HandleOrPlain) => Accepts::HandleOrPlain,
            Some(RawAccepts::Handle) | None => Accepts::Handle,
        },
        reveal: reveal?,
        on_expired: on_expired.as_ref().map(|rule| rule_of(**rule)),
    };
    let in_json = matches!(slot.at.layers.last(), Some(Layer::Json(_)));
    let needs_json = match &slot.reveal {
        Reveal::SameName | Reveal::MergeInto(_) | Reveal::Payload => true,
        Reveal::Member(_) | Reveal::Token | Reveal::Relay(_) => false,
    };
    if !in_json && (needs_json || slot.second.is_some()) {
        notes.fix(&raw.span(), "this slot is no JSON value", "reveal a { member = \"…\" }");
        return None;
    }
    Some(slot)
}

/// A slot of a socket's messages.
pub(super) fn frame(
    raw: &At<RawSlot>,
    key: Option<&RelayKey>,
    notes: &mut Notes<'_>,
) -> Option<Slot> {
    let slot = slot(raw, key, notes)?;
    if slot.at.base != Base::Body {
        notes.fix(&raw.span(), "a message has no such place", "write { json = \"/pointer\" }");
        return None;
    }
    Some(slot)
}

/// One place, and the texts inside it from the outside in.
fn locator(raw: &At<RawLocator>, notes: &mut Notes<'_>) -> Option<Locator> {
    let RawLocator {
        query,
        path,
        header,
        cookie,
        subprotocol,
        form,
        multipart,
        json,
        inner_json,
        claim,
    } = &**raw;
    let places = [
        query.as_ref().map(|name| Some(Base::Query(name.to_string()))),
        path.as_ref().map(|name| Some(Base::Path(name.to_string()))),
        header.as_ref().map(|name| header_name(name, notes).map(Base::Header)),
        cookie.as_ref().map(|name| Some(Base::Cookie(name.to_string()))),
        subprotocol.as_ref().map(|which| match **which {
            Subprotocol::Any => Some(Base::Subprotocol),
        }),
        form.as_ref().map(|name| Some(Base::Form(name.to_string()))),
        multipart.as_ref().map(|name| Some(Base::Multipart(name.to_string()))),
    ];
    let mut places = places.into_iter().flatten();
    let base = places.next();
    if places.next().is_some() {
        notes.fix(&raw.span(), "a slot has one place", "make another [[exchange.slot]]");
        return None;
    }
    if base.is_none() && json.is_none() || inner_json.is_some() && json.is_none() {
        notes.fix(&raw.span(), "must say where in the body", "write { json = \"/pointer\" }");
        return None;
    }
    let mut layers = Vec::new();
    for text in [json, inner_json].into_iter().flatten() {
        layers.push(Layer::Json(pointer(text, notes)?));
    }
    if let Some(text) = claim {
        layers.push(Layer::Token);
        layers.push(Layer::Json(pointer(text, notes)?));
    }
    let base = match base {
        Some(base) => base?,
        None => Base::Body,
    };
    Some(Locator { base, layers })
}

pub(super) fn header_name(name: &At<String>, notes: &mut Notes<'_>) -> Option<HeaderName> {
    let read = HeaderName::try_from(name.as_str()).ok();
    if read.is_none() {
        notes.wrong(&name.span(), "must be a header's name");
    }
    read
}

/// What `danger_anywhere` stands for.
pub(super) fn anywhere() -> Slot {
    Slot {
        at: Locator { base: Base::Body, layers: vec![Layer::Anywhere] },
        except: BTreeSet::new(),
        second: None,
        accepts: Accepts::HandleOrPlain,
        reveal: Reveal::Payload,
        relayed: None,
        on_expired: None,
    }
}

fn relay_key(key: Option<&RelayKey>, at: &Span, notes: &mut Notes<'_>) -> Option<RelayKey> {
    if key.is_none() {
        notes.fix(at, "this dialect cannot relay", "say in [relay] how the vendor takes payloads");
    }
    key.cloned()
}

fn reveal(
    raw: &At<OrText<RawReveal>>,
    key: Option<&RelayKey>,
    notes: &mut Notes<'_>,
) -> Option<Reveal> {
    let RawReveal { member, merge_into } = match &**raw {
        OrText::Text(text) => {
            let known = match text.as_str() {
                "same-name" => Some(Reveal::SameName),
                "token" => Some(Reveal::Token),
                "payload" => Some(Reveal::Payload),
                "relay" => return relay_key(key, &raw.span(), notes).map(Reveal::Relay),
                _ => None,
            };
            if known.is_none() {
                notes.fix(&raw.span(), "must be a table, or \"same-name\"", REVEAL_HINT);
            }
            return known;
        }
        OrText::Table(table) => table,
    };
    match (member, merge_into) {
        (Some(member), None) => Some(Reveal::Member(member.to_string())),
        (None, Some(target)) => exact_pointer(target, notes).map(Reveal::MergeInto),
        (Some(_), Some(_)) | (None, None) => {
            notes.fix(&raw.span(), "must have one key", REVEAL_HINT);
            None
        }
    }
}
