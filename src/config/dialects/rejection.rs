//! `[rejection]`: how a vendor words a refusal.
//!
//! The shape is tried once with every code, so that a browser never gets JSON
//! that is none.

use std::collections::BTreeMap;

use http::{HeaderValue, StatusCode};
use serde::de::IgnoredAny;

use crate::config::at::At;
use crate::config::notes::Notes;
use crate::config::raw::dialect::Rejection as Raw;
use crate::config::wording::advice;
use crate::dialect::rejection::{Code, RejectionShape};

/// The shape; RFC 9457 when the file has none.
pub(super) fn shape(raw: Option<&At<Raw>>, notes: &mut Notes<'_>) -> Option<RejectionShape> {
    let Some(raw) = raw else { return Some(RejectionShape::default()) };
    let Raw { content_type, body, code: numbers, status: statuses } = &**raw;
    let media = notes.need(content_type, &raw.span(), "content_type", "the body's media type");
    let body = notes.need(body, &raw.span(), "body", "write '{\"code\":{code}}'");
    let numbers = by_code(numbers, notes, |number, _| Some(**number));
    let statuses = by_code(statuses, notes, status);
    let media = media?;
    if media.is_empty() || HeaderValue::from_str(media).is_err() {
        notes.wrong(&media.span(), "must be a media type");
        return None;
    }
    let (content_type, written) = (media.to_string(), body?);
    let body = written.to_string();
    let shape = RejectionShape { content_type, body, numbers: numbers?, statuses: statuses? };
    if shape.content_type.contains("json") && !gives_json(&shape) {
        let hint = "{code} and {status} become numbers; quote {message} and {rejection}";
        notes.fix(&written.span(), "does not give JSON", hint);
        return None;
    }
    Some(shape)
}

fn by_code<R, T>(
    raw: &BTreeMap<At<String>, At<R>>,
    notes: &mut Notes<'_>,
    mut value: impl FnMut(&At<R>, &mut Notes<'_>) -> Option<T>,
) -> Option<BTreeMap<Code, T>> {
    let mut all = BTreeMap::new();
    for (name, given) in raw {
        let code = Code::named(name);
        if code.is_none() {
            let hint = advice(name, &Code::ALL.map(Code::as_str)).unwrap_or_default();
            notes.fix(&name.span(), "this is none of our codes", hint);
        }
        if let Some((code, value)) = code.zip(value(given, notes)) {
            all.insert(code, value);
        }
    }
    (all.len() == raw.len()).then_some(all)
}

fn status(raw: &At<u64>, notes: &mut Notes<'_>) -> Option<StatusCode> {
    let number = u16::try_from(**raw).ok().filter(|number| (400..=599).contains(number));
    let status = number.and_then(|number| StatusCode::from_u16(number).ok());
    if status.is_none() {
        notes.wrong(&raw.span(), "must be from 400 to 599");
    }
    status
}

fn gives_json(shape: &RejectionShape) -> bool {
    Code::ALL.iter().all(|code| {
        let body = shape.render(*code, StatusCode::IM_A_TEAPOT, "A sentence.");
        serde_json::from_str::<IgnoredAny>(&body).is_ok()
    })
}
