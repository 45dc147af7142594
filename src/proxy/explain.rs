//! What the data plane would make of one request, offline: the gates and the
//! search, without a vault, an upstream or a byte sent.
//!
//! It tells names of the configuration, places and outcomes; never a value.

use std::fmt;

use http::Method;
use pingora::http::RequestHeader;

use super::settings::DataPlane;
use super::{framing, gate};
use crate::dialect::find::Carries;
use crate::dialect::request::{Request, Setting};
use crate::domain::{Handle, Timestamp};
use crate::reject::Cause;

/// What came of it, a line each.
#[derive(Debug, Default)]
pub struct Explanation {
    lines: Vec<(&'static str, String)>,
    refused: Option<Cause>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in &self.lines {
            writeln!(f, "{name:<10} {text}")?;
        }
        match self.refused {
            Some(cause) => {
                let (code, status) = (cause.code(), cause.status().as_u16());
                write!(
                    f,
                    "{:<10} {code} ({status} unless the dialect maps it): {}",
                    "refused",
                    cause.message()
                )
            }
            None => write!(f, "{:<10} upstream, if every handle can be redeemed", "goes"),
        }
    }
}

/// Explains a request: its method, its target as sent, its headers and its plain
/// body. Times in tokens are judged at `now`.
#[must_use]
pub fn explain(
    settings: &DataPlane,
    (method, target): (&str, &str),
    headers: &[(String, Vec<u8>)],
    body: &[u8],
    now: Timestamp,
) -> Explanation {
    let mut explanation = Explanation::default();
    let built = RequestHeader::build(method, target.as_bytes(), Some(headers.len()));
    let Ok(mut head) = built else {
        explanation.lines.push(("request", "its first line cannot be read".to_owned()));
        explanation.refused = Some(Cause::NoRoute);
        return explanation;
    };
    for (name, value) in headers {
        // What no header can be, Pingora would have refused before.
        let _ = head.append_header(name.clone(), value.as_slice());
    }
    explanation.refused = explanation.walk(settings, &head, body, now).err();
    explanation
}

impl Explanation {
    fn walk(
        &mut self,
        settings: &DataPlane,
        head: &RequestHeader,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Cause> {
        framing::check(head, settings.limits.header_max).map_err(Cause::Framing)?;
        let host = framing::host(head).ok_or(Cause::NoRoute)?;
        let route = settings.routes.find(host, head.uri.path()).ok_or(Cause::NoRoute)?;
        self.say("route", format!("{} (dialect {})", route.name, route.dialect.name));
        if head.method == Method::OPTIONS {
            gate::headers(route, &head.headers)?;
            gate::listed(route, head.uri.path())?;
            self.say("exchange", "none: OPTIONS is answered here or passed".to_owned());
            return Ok(());
        }
        let tenant = gate::tenant(route, &head.headers)?;
        self.say("tenant", tenant.id.to_string());
        gate::headers(route, &head.headers)?;
        let Some(exchange) = gate::exchange(route, &head.method, head.uri.path())? else {
            self.say("exchange", "none: the call is not listed and streams through".to_owned());
            return Ok(());
        };
        self.say("exchange", format!("{} ({})", exchange.name, exchange.call));
        let request = Request {
            path: head.uri.path(),
            query: head.uri.query(),
            headers: &head.headers,
            body,
        };
        let setting = Setting { now, jwt: tenant.tokens.as_ref(), names: &tenant.names };
        let plan = exchange.find(request, setting);
        let plan = plan.map_err(|_| Cause::BodyInvalid(crate::reject::BodyFlaw::NotJson))?;
        for found in plan.found() {
            let slot = found.slot();
            let what = match &found.carries {
                Carries::Handle(text) => described(text),
                Carries::Unusable => "not a handle, where only one makes sense".to_owned(),
                Carries::BadToken => "a token that does not verify".to_owned(),
            };
            self.say("slot", format!("{}: {what} -> {}", slot.at, slot.reveal));
        }
        if plan.found().is_empty() {
            self.say("slots", "none filled: goes as sent".to_owned());
        }
        Ok(())
    }

    fn say(&mut self, name: &'static str, text: String) {
        self.lines.push((name, text));
    }
}

/// A handle by what anybody may read of it, its public id.
fn described(text: &str) -> String {
    match Handle::parse(text) {
        Ok(handle) => {
            format!("handle {} ({}, key {})", handle.id(), handle.uses(), handle.key_id())
        }
        Err(_) => "spelled like a handle, and none".to_owned(),
    }
}
