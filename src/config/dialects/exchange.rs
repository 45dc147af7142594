//! `[[exchange]]`: which calls there are and where handles stand in them.
//!
//! An exchange of several calls becomes one for each, under one name.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pattern::{call, pointer};
use super::{answering, bind, name, slot};
use crate::config::at::At;
use crate::config::notes::Notes;
use crate::config::raw::dialect::{
    Binary as RawBinary, Exchange as Raw, OnUnusable as RawOnUnusable, Retry as RawRetry,
};
use crate::dialect::answering::{Answering, RedactAs};
use crate::dialect::call::CallPattern;
use crate::dialect::exchange::{Binary, Exchange, OnUnusable, Retry};
use crate::dialect::relay::RelayKey;
use crate::rewrite::joined::PLACES_MAX;

/// What is true of every exchange of a dialect that does not say otherwise.
pub(super) struct Usual<'u> {
    /// The vendor's own key, where the dialect has a deposit call.
    pub(super) relay: Option<&'u RelayKey>,
    /// What takes a revealed value's place.
    pub(super) redact_as: RedactAs,
    /// Members whose values come back as the handle.
    pub(super) identity: Arc<[String]>,
}

/// The names that a file gives, also where an exchange has mistakes.
pub(super) fn declared(raw: &[At<Raw>]) -> BTreeSet<&str> {
    raw.iter().filter_map(|one| one.name.as_ref()).map(|name| name.as_str()).collect()
}

/// All exchanges, in order.
pub(super) fn exchanges(
    raw: &[At<Raw>],
    usual: &Usual<'_>,
    notes: &mut Notes<'_>,
) -> Option<Vec<Exchange>> {
    let (mut all, mut names, mut whole) = (Vec::<Exchange>::new(), BTreeSet::new(), true);
    for one in raw {
        let Some((first, calls)) = exchange(one, usual, notes) else {
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
fn exchange(
    raw: &At<Raw>,
    usual: &Usual<'_>,
    notes: &mut Notes<'_>,
) -> Option<(Exchange, Vec<CallPattern>)> {
    let Raw {
        name: given,
        call: one,
        calls: several,
        on_unusable,
        on_expired,
        retry,
        bind,
        danger_anywhere,
        link,
        learn_link,
        redact_as,
        identity,
        text_stream,
        answer,
        wrap,
        slot: slots,
        frame,
        binary,
    } = &**raw;
    let given = notes.need(given, &raw.span(), "name", "metrics and examples use it");
    let given = given.and_then(|given| name(given, 64, notes));
    let calls: Vec<_> = one.iter().chain(several).map(|pattern| call(pattern, notes)).collect();
    if calls.is_empty() {
        notes.missing(&raw.span(), "call", "write \"POST /path/{hole}\"");
    }
    let bind = bind.as_ref().map(|raw| bind::bind(raw, notes));
    let link = link.as_ref().map(|raw| bind::bind(raw, notes));
    let learn = learn_link.as_ref().map(|raw| answering::place(raw, notes));
    let streams: Vec<_> = text_stream.iter().map(|text| pointer(text, notes)).collect();
    let identity = answering::identity(identity.as_deref(), notes);
    let rules: Vec<_> = answer.iter().map(|raw| answering::rule(raw, notes)).collect();
    let wraps: Vec<_> = wrap.iter().map(|raw| answering::wrap(raw, notes)).collect();
    let mut slots: Vec<_> = slots.iter().map(|one| slot::slot(one, usual.relay, notes)).collect();
    if danger_anywhere.as_ref().is_some_and(|danger| **danger) {
        slots.push(Some(slot::anywhere()));
    }
    let frames: Vec<_> = frame.iter().map(|one| slot::frame(one, usual.relay, notes)).collect();
    let calls: Vec<CallPattern> = calls.into_iter().collect::<Option<_>>()?;
    let on_unusable = on_unusable.as_ref().map_or(OnUnusable::Reject, |rule| rule_of(**rule));
    let name = given?;
    let answer = Answering {
        learn: whole(learn)?,
        redact_as: answering::redact_as(redact_as.as_ref()).unwrap_or(usual.redact_as),
        identity: identity.unwrap_or_else(|| Arc::clone(&usual.identity)),
        text_streams: streams.into_iter().collect::<Option<_>>()?,
        rules: rules.into_iter().collect::<Option<_>>()?,
        wraps: wraps.into_iter().collect::<Option<_>>()?,
    };
    if let Some(more) = text_stream.get(PLACES_MAX) {
        let message = "there are more than 16 of these";
        notes.fix(&more.span(), message, "name a list's elements by one pointer with \"*\"");
    }
    if let Some(stream) = text_stream.first()
        && answer.reads_whole_body()
    {
        let message =
            "a stream is not read as a whole, and another key of this exchange needs that";
        let hint = "leave out text_stream, or answer, learn_link and wrap that point into JSON";
        notes.fix(&stream.span(), message, hint);
    }
    let exchange = Exchange {
        name,
        call: calls.first()?.clone(),
        slots: slots.into_iter().collect::<Option<_>>()?,
        frame_slots: frames.into_iter().collect::<Option<_>>()?,
        binary: match binary.as_ref().map(|binary| **binary) {
            Some(RawBinary::Refuse) => Binary::Refuse,
            Some(RawBinary::Pass) | None => Binary::Pass,
        },
        on_unusable,
        on_expired: on_expired.as_ref().map_or(on_unusable, |rule| rule_of(**rule)),
        bind: whole(bind)?,
        link: whole(link)?,
        answer,
        retry: match retry.as_ref().map(|retry| **retry) {
            Some(RawRetry::Never) => Retry::Never,
            Some(RawRetry::Idempotent) | None => Retry::Idempotent,
        },
    };
    Some((exchange, calls))
}

/// What was not written is whole; what was written with a mistake is not.
fn whole<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(read) => read.map(Some),
        None => Some(None),
    }
}

pub(super) fn rule_of(raw: RawOnUnusable) -> OnUnusable {
    match raw {
        RawOnUnusable::Reject => OnUnusable::Reject,
        RawOnUnusable::Drop => OnUnusable::Drop,
        RawOnUnusable::DangerPass => OnUnusable::DangerPass,
    }
}
