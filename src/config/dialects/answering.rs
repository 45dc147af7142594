//! What a dialect's file, or a route, says of answers.
//!
//! Pointers, places and JSON texts are checked here; what they do is
//! `dialect::answer` and `dialect::answering`.

use std::sync::Arc;

use serde::de::IgnoredAny;

use super::pattern::{call, exact_pointer, pointer};
use super::slot::header_name;
use crate::config::at::{At, Span};
use crate::config::limits::TTL_MAX;
use crate::config::measure::{HOUR, MINUTE, Range, SECOND, duration};
use crate::config::notes::Notes;
use crate::config::raw::answer::{
    Answer as RawAnswer, Change as RawChange, Place, RedactAs as RawRedactAs, Relay as RawRelay,
    Wrap as RawWrap,
};
use crate::config::raw::or_text::OrText;
use crate::dialect::answer::{AnswerRule, Change};
use crate::dialect::answering::{Learn, RedactAs, Wrap};
use crate::dialect::relay::{RelayCall, RelayKey};

/// The most members that a widget knows itself by: it has a name, an id, hardly more.
const IDENTITY_MAX: usize = 16;

const CHANGE_HINT: &str =
    "write \"remove\", \"through-proxy\", { set = \"null\" } or { move_to = \"/…\" }";
const PLACE_HINT: &str = "write { json = \"/id\" }, { header = \"…\" } or { cookie = \"…\" }";

/// One `[[exchange.answer]]`.
pub(super) fn rule(raw: &At<RawAnswer>, notes: &mut Notes<'_>) -> Option<AnswerRule> {
    let RawAnswer { at, change } = &**raw;
    rule_of((at, change), &raw.span(), notes)
}

/// A rule as it stands in a dialect's file or in a route.
pub(crate) fn rule_of(
    (at, change): (&Option<At<String>>, &Option<At<OrText<RawChange>>>),
    span: &Span,
    notes: &mut Notes<'_>,
) -> Option<AnswerRule> {
    let at = notes.need(at, span, "at", "a JSON pointer into the answer");
    let at = at.and_then(|text| pointer(text, notes));
    let change = notes.need(change, span, "change", CHANGE_HINT);
    let change = change.and_then(|raw| self::change(raw, notes));
    Some(AnswerRule { at: at?, change: change? })
}

fn change(raw: &At<OrText<RawChange>>, notes: &mut Notes<'_>) -> Option<Change> {
    let RawChange { set, move_to } = match &**raw {
        OrText::Table(table) => table,
        OrText::Text(text) => match text.as_str() {
            "remove" => return Some(Change::Remove),
            "through-proxy" => return Some(Change::ThroughProxy),
            _ => {
                notes.fix(&raw.span(), "is no change of an answer", CHANGE_HINT);
                return None;
            }
        },
    };
    match (set, move_to) {
        (Some(json), None) if serde_json::from_str::<IgnoredAny>(json).is_ok() => {
            Some(Change::Set(json.to_string()))
        }
        (Some(json), None) => {
            let hint = "quote a string twice: set = '\"WELCOME\"'";
            notes.fix(&json.span(), "is not JSON", hint);
            None
        }
        (None, Some(to)) => exact_pointer(to, notes).map(Change::MoveTo),
        (Some(_), Some(_)) | (None, None) => {
            notes.fix(&raw.span(), "must have one key", CHANGE_HINT);
            None
        }
    }
}

/// One place of an answer.
pub(super) fn place(raw: &At<Place>, notes: &mut Notes<'_>) -> Option<Learn> {
    let Place { json, header, cookie } = &**raw;
    let places = [
        json.as_ref().map(|text| exact_pointer(text, notes).map(Learn::Json)),
        header.as_ref().map(|name| header_name(name, notes).map(Learn::Header)),
        cookie.as_ref().map(|name| Some(Learn::Cookie(name.to_string()))),
    ];
    let mut places = places.into_iter().flatten();
    match (places.next(), places.next()) {
        (Some(place), None) => place,
        (Some(_), Some(_)) | (None, _) => {
            notes.fix(&raw.span(), "must be one place", PLACE_HINT);
            None
        }
    }
}

/// One `[[exchange.wrap]]`.
pub(super) fn wrap(raw: &At<RawWrap>, notes: &mut Notes<'_>) -> Option<Wrap> {
    let RawWrap { at, ttl } = &**raw;
    let at = notes.need(at, &raw.span(), "at", PLACE_HINT);
    let at = at.and_then(|at| place(at, notes));
    let ttl = duration(ttl, &Range::new(HOUR, SECOND, TTL_MAX), notes);
    Some(Wrap { at: at?, ttl: ttl? })
}

/// `redact_as`, where it is written.
pub(super) fn redact_as(raw: Option<&At<RawRedactAs>>) -> Option<RedactAs> {
    raw.map(|raw| match **raw {
        RawRedactAs::Handle => RedactAs::Handle,
        RawRedactAs::Mark => RedactAs::Mark,
        RawRedactAs::SameLength => RedactAs::SameLength,
    })
}

/// `identity`, where it is written.
pub(super) fn identity(raw: Option<&[At<String>]>, notes: &mut Notes<'_>) -> Option<Arc<[String]>> {
    let names = raw?;
    for (nth, name) in names.iter().enumerate() {
        if name.is_empty() || nth >= IDENTITY_MAX {
            let hint = format!("name up to {IDENTITY_MAX} members of a payload");
            notes.fix(&name.span(), "is no member of identity", hint);
        }
    }
    Some(names.iter().map(|name| name.to_string()).collect())
}

/// `[relay]`.
pub(super) fn relay(raw: &At<RawRelay>, notes: &mut Notes<'_>) -> Option<RelayCall> {
    let RawRelay { call: pattern, body, key, second, ttl } = &**raw;
    let span = raw.span();
    let pattern = notes.need(pattern, &span, "call", "write \"POST /path\"");
    let target = pattern.and_then(|text| {
        call(text, notes)?;
        let (method, target) = text.split_once(' ')?;
        if target.contains(['{', '*', '?']) {
            notes.wrong(&text.span(), "must be one path, without holes");
            return None;
        }
        Some((method.parse().ok()?, target.to_owned()))
    });
    let body = notes.need(body, &span, "body", "write '{\"context\":{payload}}'");
    let body = body.and_then(|text| {
        let json = text.replace("{payload}", "{}");
        let whole = text.contains("{payload}") && serde_json::from_str::<IgnoredAny>(&json).is_ok();
        if !whole {
            notes.fix(&text.span(), "must be JSON with {payload}", "do not quote {payload}");
        }
        whole.then(|| text.to_string())
    });
    let key = notes.need(key, &span, "key", "a pointer into the vendor's answer");
    let key = key.and_then(|text| exact_pointer(text, notes));
    let second = second.as_ref().map(|text| exact_pointer(text, notes));
    let ttl = duration(ttl, &Range::new(55 * MINUTE, SECOND, TTL_MAX), notes);
    let (method, target) = target?;
    let second = match second {
        Some(second) => Some(second?),
        None => None,
    };
    let key = RelayKey { first: key?, second };
    Some(RelayCall { method, target, body: body?, ttl: ttl?, key })
}
