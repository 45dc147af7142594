//! `[[exchange]]`: which calls there are and where handles stand in them.
//!
//! An exchange of several calls becomes one for each, under one name.

use std::collections::BTreeSet;

use super::pattern::call;
use super::{bind, name, slot};
use crate::config::at::At;
use crate::config::notes::Notes;
use crate::config::raw::dialect::{
    Binary as RawBinary, Exchange as Raw, OnUnusable as RawOnUnusable, Retry as RawRetry,
};
use crate::dialect::call::CallPattern;
use crate::dialect::exchange::{Binary, Exchange, OnUnusable, Retry};

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
    let mut slots: Vec<_> = slots.iter().map(|one| slot::slot(one, notes)).collect();
    if danger_anywhere.as_ref().is_some_and(|danger| **danger) {
        slots.push(Some(slot::anywhere()));
    }
    let frames: Vec<_> = frame.iter().map(|one| slot::frame(one, notes)).collect();
    let calls: Vec<CallPattern> = calls.into_iter().collect::<Option<_>>()?;
    let on_unusable = on_unusable.as_ref().map_or(OnUnusable::Reject, |rule| rule_of(**rule));
    let exchange = Exchange {
        name: given?,
        call: calls.first()?.clone(),
        slots: slots.into_iter().collect::<Option<_>>()?,
        frame_slots: frames.into_iter().collect::<Option<_>>()?,
        binary: match binary.as_ref().map(|binary| **binary) {
            Some(RawBinary::Refuse) => Binary::Refuse,
            Some(RawBinary::Pass) | None => Binary::Pass,
        },
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
