//! `[[issue]]`: a vendor's own call for handing data in, answered by the control
//! plane.
//!
//! Says what the call looks like; what it may do, the caller's permissions say.

use http::StatusCode;
use serde::de::IgnoredAny;

use super::pattern::{call, exact_pointer};
use crate::config::at::At;
use crate::config::limits::TTL_MAX;
use crate::config::measure::{HOUR, Range, SECOND, duration, number};
use crate::config::notes::Notes;
use crate::config::raw::dialect::{Issue as Raw, Shape as RawShape};
use crate::dialect::issue::{IssueCall, Shape};

/// One call.
pub(super) fn issue(raw: &At<Raw>, notes: &mut Notes<'_>) -> Option<IssueCall> {
    let Raw { call: pattern, shape, payload, once, ttl, status, answer: written } = &**raw;
    let span = raw.span();
    let pattern = notes.need(pattern, &span, "call", "write \"POST /path\"");
    let pattern = pattern.and_then(|text| call(text, notes));
    let payload = notes.need(payload, &span, "payload", "a pointer into the body");
    let payload = payload.and_then(|text| exact_pointer(text, notes));
    let once = once.as_ref().map(|text| exact_pointer(text, notes));
    let ttl = duration(ttl, &Range::new(HOUR, SECOND, TTL_MAX), notes);
    let status = number(status, &Range::new(200, 200, 299), notes);
    let status = status.and_then(|status| u16::try_from(status).ok());
    let written = notes.need(written, &span, "answer", "write '{\"key\":\"{handle}\"}'");
    let answer = written.and_then(|text| answer(text, notes));
    Some(IssueCall {
        call: pattern?,
        shape: match shape.as_ref().map(|shape| **shape) {
            Some(RawShape::List) => Shape::List,
            Some(RawShape::One) | None => Shape::One,
        },
        payload: payload?,
        once: match once {
            Some(once) => Some(once?),
            None => None,
        },
        ttl: ttl?,
        status: StatusCode::from_u16(status?).ok()?,
        answer: answer?,
    })
}

fn answer(text: &At<String>, notes: &mut Notes<'_>) -> Option<String> {
    let whole = text.contains("{handle}");
    let parts = text.contains("{id}") && text.contains("{key}");
    if !whole && !parts {
        notes.wrong(&text.span(), "must hold {handle}, or {id} and {key}");
        return None;
    }
    let filled = ["{handle}", "{id}", "{key}"]
        .iter()
        .fold(text.to_string(), |text, name| text.replace(name, "x"));
    if serde_json::from_str::<IgnoredAny>(&filled).is_err() {
        notes.fix(&text.span(), "is not JSON", "quote {handle}, {id} and {key}");
        return None;
    }
    Some(text.to_string())
}
