//! A route's own changes to its dialect: rules for answers, and relayed slots.
//!
//! The dialect that other routes use stays as it is.

use std::sync::Arc;

use http::HeaderValue;

use super::at::{At, Span};
use super::dialects::answering::rule_of;
use super::notes::Notes;
use super::outside::{Outside, Source};
use super::raw::route::{Relay as RawRelay, RouteAnswer};
use super::wording::advice;
use crate::dialect::Dialect;
use crate::dialect::exchange::Reveal;
use crate::proxy::settings::Relay;

/// The dialect with the route's rules for answers.
pub(crate) fn with_answers(
    dialect: Arc<Dialect>,
    raw: &[At<RouteAnswer>],
    notes: &mut Notes<'_>,
) -> Option<Arc<Dialect>> {
    if raw.is_empty() {
        return Some(dialect);
    }
    let mut own = Dialect::clone(&dialect);
    let mut whole = true;
    for one in raw {
        let RouteAnswer { exchange, at, change } = &**one;
        let name = notes.need(exchange, &one.span(), "exchange", "name one of the dialect");
        let rule = rule_of((at, change), &one.span(), notes);
        let (Some(name), Some(rule)) = (name, rule) else {
            whole = false;
            continue;
        };
        let named = own.exchanges.iter_mut().filter(|other| other.name == name.as_str());
        let mut found = 0;
        for exchange in named {
            exchange.answer.rules.push(rule.clone());
            found += 1;
        }
        if found == 0 {
            let known: Vec<&str> = dialect.exchanges.iter().map(|it| it.name.as_str()).collect();
            let hint = advice(name, &known).unwrap_or_default();
            let message = format!("dialect {} has no exchange {:?}", dialect.name, name.as_str());
            notes.fix(&name.span(), message, hint);
            whole = false;
        }
    }
    whole.then(|| Arc::new(own))
}

/// The dialect whose relayable slots are relayed, and what the vendor is told then;
/// the dialect as it is, where the route does not relay.
pub(crate) fn relaying(
    dialect: Arc<Dialect>,
    (raw, route): (Option<&At<RawRelay>>, &Span),
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<(Arc<Dialect>, Option<Relay>)> {
    let always = |dialect: &Dialect| {
        let slots = dialect.exchanges.iter().flat_map(|it| it.slots.iter().chain(&it.frame_slots));
        slots.into_iter().any(|slot| matches!(slot.reveal, Reveal::Relay(_)))
    };
    let Some(raw) = raw else {
        if always(&dialect) {
            let message = format!("dialect {} relays", dialect.name);
            notes.fix(route, message, "give the route relay = { authorization = { env = \"…\" } }");
            return None;
        }
        return Some((dialect, None));
    };
    let RawRelay { authorization } = &**raw;
    let hint = "write { env = \"VENDOR_AUTHORIZATION\" }";
    let secret = notes.need(authorization, &raw.span(), "authorization", hint)?;
    let source = Source::of(&secret.file, &secret.env, &secret.span(), notes)?;
    let text = outside.secret(&source, notes)?;
    let Ok(mut authorization) = HeaderValue::from_str(&text) else {
        notes.wrong(&secret.span(), "this is not the value of a header");
        return None;
    };
    authorization.set_sensitive(true);
    let Some(call) = dialect.relay.clone() else {
        notes.wrong(&raw.span(), format!("dialect {} cannot relay", dialect.name));
        return None;
    };
    let mut own = Dialect::clone(&dialect);
    for exchange in &mut own.exchanges {
        for slot in exchange.slots.iter_mut().chain(&mut exchange.frame_slots) {
            if let Some(key) = slot.relayed.take() {
                slot.reveal = Reveal::Relay(key);
            }
        }
    }
    Some((Arc::new(own), Some(Relay { call, authorization })))
}
