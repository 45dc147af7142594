//! `[[exchange]]`: which calls there are and where handles stand in them.
//!
//! An exchange of several calls becomes one for each, under one name.

use std::collections::BTreeSet;

use http::HeaderName;

use super::name;
use super::pattern::{call, exact_pointer, pointer};
use crate::config::at::At;
use crate::config::notes::Notes;
use crate::config::raw::dialect::{
    Accepts as RawAccepts, Bind as RawBind, Exchange as Raw, Locator as RawLocator,
    OnUnusable as RawOnUnusable, Retry as RawRetry, Reveal as RawReveal, Slot as RawSlot,
};
use crate::config::raw::or_text::OrText;
use crate::dialect::bind::Bind;
use crate::dialect::call::CallPattern;
use crate::dialect::exchange::{
    Accepts, Base, Exchange, Layer, Locator, OnUnusable, Retry, Reveal, Slot,
};

const REVEAL_HINT: &str = "write { member = \"…\" }, { merge_into = \"/…\" } or \"same-name\"";

/// The names that a file gives, also where an exchange has mistakes.
pub(super) fn declared(raw: &[At<Raw>]) -> BTreeSet<&str> {
    raw.iter().filter_map(|one| one.name.as_ref()).map(|name| name.as_str()).collect()
}

/// All exchanges, in order.
pub(super) fn exchanges(raw: &[At<Raw>], notes: &mut Notes<'_>) -> Option<Vec<Exchange>> {
    let (mut all, mut names, mut whole) = (Vec::<Exchange>::new(), BTreeSet::new(), true);
    for one in raw {
        let Some((first, calls)) = exchange(one, notes) else {
            whole = false;
            continue;
        };
        if !names.insert(first.name.clone()) {
            notes.wrong(&one.span(), format!("another exchange is named {:?}", first.name));
        }
        for call in calls {
            if all.iter().any(|other| other.call == call) {
                notes.wrong(&one.span(), format!("another exchange has \"{call}\" too"));
            }
            all.push(Exchange { call, ..first.clone() });
        }
    }
    whole.then_some(all)
}

/// An exchange, under its first call, and all its calls.
fn exchange(raw: &At<Raw>, notes: &mut Notes<'_>) -> Option<(Exchange, Vec<CallPattern>)> {
    let Raw {
        name: given,
        call: one,
        calls: several,
        on_unusable,
        on_expired,
        retry,
        bind,
        danger_anywhere,
        slot,
    } = &**raw;
    let given = notes.need(given, &raw.span(), "name", "metrics and examples use it");
    let given = given.and_then(|given| name(given, 64, notes));
    let calls: Vec<_> = one.iter().chain(several).map(|pattern| call(pattern, notes)).collect();
    if calls.is_empty() {
        notes.missing(&raw.span(), "call", "write \"POST /path/{hole}\"");
    }
    let bind = bind.as_ref().map(|raw| self::bind(raw, notes));
    let mut slots: Vec<_> = slot.iter().map(|one| self::slot(one, notes)).collect();
    if danger_anywhere.as_ref().is_some_and(|danger| **danger) {
        slots.push(Some(anywhere()));
    }
    let calls: Vec<CallPattern> = calls.into_iter().collect::<Option<_>>()?;
    let on_unusable = on_unusable.as_ref().map_or(OnUnusable::Reject, |rule| rule_of(**rule));
    let exchange = Exchange {
        name: given?,
        call: calls.first()?.clone(),
        slots: slots.into_iter().collect::<Option<_>>()?,
        on_unusable,
        on_expired: on_expired.as_ref().map_or(on_unusable, |rule| rule_of(**rule)),
        bind: match bind {
            Some(bind) => Some(bind?),
            None => None,
        },
        retry: match retry.as_ref().map(|retry| **retry) {
            Some(RawRetry::Never) => Retry::Never,
            Some(RawRetry::Idempotent) | None => Retry::Idempotent,
        },
    };
    Some((exchange, calls))
}

fn rule_of(raw: RawOnUnusable) -> OnUnusable {
    match raw {
        RawOnUnusable::Reject => OnUnusable::Reject,
        RawOnUnusable::Drop => OnUnusable::Drop,
        RawOnUnusable::DangerPass => OnUnusable::DangerPass,
    }
}

fn bind(raw: &At<RawBind>, notes: &mut Notes<'_>) -> Option<Bind> {
    let RawBind { header, claim } = &**raw;
    let hint = "the header that names the conversation";
    let header = notes.need(header, &raw.span(), "header", hint)?;
    let header = header_name(header, notes)?;
    Some(match claim {
        Some(claim) => Bind::HeaderClaim(header, claim.to_string()),
        None => Bind::Header(header),
    })
}

fn slot(raw: &At<RawSlot>, notes: &mut Notes<'_>) -> Option<Slot> {
    let RawSlot { at, except, second, accepts, reveal } = &**raw;
    let hint = "write { json = \"/pointer\" }";
    let at = notes.need(at, &raw.span(), "at", hint);
    let at = at.and_then(|at| locator(at, notes));
    let second = second.as_ref().map(|text| exact_pointer(text, notes));
    let reveal = notes.need(reveal, &raw.span(), "reveal", REVEAL_HINT);
    let reveal = reveal.and_then(|reveal| self::reveal(reveal, notes));
    let slot = Slot {
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
    };
    let in_json = matches!(slot.at.layers.last(), Some(Layer::Json(_)));
    let needs_json = match &slot.reveal {
        Reveal::SameName | Reveal::MergeInto(_) | Reveal::Payload => true,
        Reveal::Member(_) | Reveal::Token => false,
    };
    if !in_json && (needs_json || slot.second.is_some()) {
        notes.fix(&raw.span(), "this slot is no JSON value", "reveal a { member = \"…\" }");
        return None;
    }
    Some(slot)
}

/// One place, and the texts inside it from the outside in.
fn locator(raw: &At<RawLocator>, notes: &mut Notes<'_>) -> Option<Locator> {
    let RawLocator { query, path, header, cookie, form, multipart, json, inner_json, claim } =
        &**raw;
    let places = [
        query.as_ref().map(|name| Some(Base::Query(name.to_string()))),
        path.as_ref().map(|name| Some(Base::Path(name.to_string()))),
        header.as_ref().map(|name| header_name(name, notes).map(Base::Header)),
        cookie.as_ref().map(|name| Some(Base::Cookie(name.to_string()))),
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

fn header_name(name: &At<String>, notes: &mut Notes<'_>) -> Option<HeaderName> {
    let read = HeaderName::try_from(name.as_str()).ok();
    if read.is_none() {
        notes.wrong(&name.span(), "must be a header's name");
    }
    read
}

/// What `danger_anywhere` stands for.
fn anywhere() -> Slot {
    Slot {
        at: Locator { base: Base::Body, layers: vec![Layer::Anywhere] },
        except: BTreeSet::new(),
        second: None,
        accepts: Accepts::HandleOrPlain,
        reveal: Reveal::Payload,
    }
}

fn reveal(raw: &At<OrText<RawReveal>>, notes: &mut Notes<'_>) -> Option<Reveal> {
    let RawReveal { member, merge_into } = match &**raw {
        OrText::Text(text) => {
            let known = match text.as_str() {
                "same-name" => Some(Reveal::SameName),
                "token" => Some(Reveal::Token),
                "payload" => Some(Reveal::Payload),
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
