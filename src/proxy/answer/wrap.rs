//! Values that the vendor hands out and the browser gets as handles: a token that can
//! be read, a session's credential. A slot of a later request undoes it.
//!
//! What cannot be kept is not passed either. A cookie's attributes stay as sent.

use std::time::Duration;

use http::header::{HeaderName, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use pingora::http::ResponseHeader;

use super::awaited;
use super::whole::{Said, looks_like_json};
use crate::dialect::Dialect;
use crate::dialect::answering::{Learn, Wrap};
use crate::dialect::exchange::Exchange;
use crate::domain::{Payload, TenantId};
use crate::proxy::Cloakroom;
use crate::proxy::passage::Passage;
use crate::reject::Cause;
use crate::rewrite::json::locate::{Bounds, locate};
use crate::rewrite::json::{Kind, text};
use crate::rewrite::splice::{Edit, splice};
use crate::vault::issue::IssueFault;
use crate::vault::link::Revelation;
use crate::vault::redeem::Unusable;
use crate::vault::wrap::{WrapFault, WrapScene};

/// The longest value that is wrapped, in bytes: cookies end at 4 KiB, tokens are not
/// much longer.
const WRAPPED_MAX: usize = 64 * 1024;

/// The member of a wrapped value's payload.
const MEMBER: &str = "value";

impl Cloakroom {
    /// Wraps what stands in headers and cookies.
    pub(super) async fn wrap_head(
        &self,
        head: &mut ResponseHeader,
        wraps: &[Wrap],
        passage: &mut Passage,
    ) -> Result<(), Cause> {
        for wrap in wraps {
            let (name, cookie) = match &wrap.at {
                Learn::Header(name) => (name.clone(), None),
                Learn::Cookie(cookie) => (SET_COOKIE, Some(cookie.as_str())),
                Learn::Json(_) => continue,
            };
            let lines: Vec<HeaderValue> = head.headers.get_all(&name).iter().cloned().collect();
            let mut new = Vec::with_capacity(lines.len());
            for line in lines {
                new.push(self.wrap_line(line, cookie, wrap.ttl, passage).await?);
            }
            head.remove_header(&name);
            for line in new {
                head.append_header(name.clone(), line).map_err(|_| Cause::Internal)?;
            }
        }
        Ok(())
    }

    async fn wrap_line(
        &self,
        line: HeaderValue,
        cookie: Option<&str>,
        ttl: Duration,
        passage: &mut Passage,
    ) -> Result<HeaderValue, Cause> {
        let Ok(text) = std::str::from_utf8(line.as_bytes()) else {
            return Err(Cause::UpstreamBroken);
        };
        let (before, value, after) = match cookie {
            None => ("", text, ""),
            Some(name) => match cookie_value(text, name) {
                Some(parts) => parts,
                None => return Ok(line),
            },
        };
        // An empty value takes a cookie back.
        if value.is_empty() {
            return Ok(line);
        }
        let handle = self.wrap(&text::encode(value), ttl, passage).await?;
        HeaderValue::from_str(&format!("{before}{handle}{after}")).map_err(|_| Cause::Internal)
    }

    /// Wraps what stands in a JSON body.
    pub(super) fn wrap_body(
        &self,
        mut body: Vec<u8>,
        wraps: &[Wrap],
        said: Said,
        passage: &mut Passage,
    ) -> Result<Vec<u8>, Cause> {
        for wrap in wraps {
            let Learn::Json(pointer) = &wrap.at else { continue };
            let bounds = Bounds { located_max: body.len(), ..Bounds::default() };
            let located = match locate(&body, &[pointer], &bounds) {
                Ok(located) => located,
                Err(_) if said.may_hold(&body) || looks_like_json(&body) => {
                    return Err(Cause::UpstreamBroken);
                }
                Err(_) => break,
            };
            let mut edits = Vec::new();
            for at in located.into_iter().filter(|at| at.kind != Kind::Null) {
                let raw = body.get(at.value.clone()).and_then(|raw| std::str::from_utf8(raw).ok());
                let raw = raw.ok_or(Cause::Internal)?;
                let handle =
                    awaited(self.wrap(raw, wrap.ttl, passage)).ok_or(Cause::Internal)??;
                edits.push(Edit { span: at.value, with: text::encode(&handle).into_bytes() });
            }
            body = splice(&body, edits).map_err(|_| Cause::Internal)?;
        }
        Ok(body)
    }

    /// Keeps a JSON value and gives its handle; wherever else the answer says it from here on,
    /// it is redacted. A head has gone before its body's values are known.
    async fn wrap(&self, raw: &str, ttl: Duration, passage: &mut Passage) -> Result<String, Cause> {
        let tenant = passage.tenant.clone().ok_or(Cause::Internal)?;
        let text = format!("{{\"{MEMBER}\":{raw}}}");
        let parse =
            || Payload::parse(text.as_bytes(), WRAPPED_MAX).map_err(|_| Cause::UpstreamBroken);
        let value = parse()?;
        // A vendor that says its cookie again with every answer says nothing new.
        if let Some(known) = passage.watch.wrapped_as(&value) {
            return Ok(known);
        }
        let redeemed: Vec<_> = passage.watch.own().iter().map(|one| one.handle.id()).collect();
        let conversation = passage.conversation.as_deref();
        let scene = WrapScene { redeemed: &redeemed, conversation };
        let issued = self.vault.wrap(&tenant.id, scene, value, ttl).await;
        let handle = issued.map_err(|fault| self.unwrapped(&tenant.id, fault))?.handle;
        let spelled = handle.expose();
        let one = Revelation { handle, payload: parse()?.into() };
        if let (Some(conversation), Some(route)) = (&passage.conversation, &passage.route) {
            // Later calls of the conversation may not bring it, and the vendor say it.
            let ttl = route.dialect.link_ttl;
            let linked = self.vault.link_newest(&tenant.id, conversation, &one, ttl).await;
            self.remembered(&tenant.id, linked)?;
        }
        passage.watch.reveal_beside(one);
        Ok(spelled)
    }

    fn unwrapped(&self, tenant: &TenantId, fault: WrapFault) -> Cause {
        match fault {
            WrapFault::Issue(IssueFault::Unaudited(_)) => Cause::AuditUnavailable,
            WrapFault::Issue(IssueFault::Store(_) | IssueFault::Entropy(_) | IssueFault::Seal) => {
                Cause::StoreUnavailable
            }
            WrapFault::Gone => Cause::HandleUnusable(Unusable::Missing),
            WrapFault::Learn(fault) => {
                let cause = Cause::from(fault);
                self.metrics.redeemed(tenant, cause.reason());
                cause
            }
        }
    }

    /// Learns the conversation from a header or a cookie of the answer.
    pub(super) async fn learn_from_head(
        &self,
        head: &ResponseHeader,
        exchange: &Exchange,
        dialect: &Dialect,
        passage: &Passage,
    ) -> Result<(), Cause> {
        let name = match &exchange.answer.learn {
            Some(Learn::Header(name)) => header_value(head, name),
            Some(Learn::Cookie(name)) => set_cookie(head, name),
            Some(Learn::Json(_)) | None => None,
        };
        let accepted = head.status.is_success() || head.status == StatusCode::SWITCHING_PROTOCOLS;
        let (Some(name), Some(tenant)) = (name, &passage.tenant) else { return Ok(()) };
        if !accepted || !passage.watch.is_to_link() {
            return Ok(());
        }
        self.link(passage, &tenant.id, &dialect.conversation(&name), dialect.link_ttl).await
    }
}

/// Takes out of an early hint what hands out values: in a word before the answer nothing is
/// wrapped, and no page waits for a cookie there.
pub(super) fn unhint(head: &mut ResponseHeader, wraps: &[Wrap]) {
    head.remove_header(&SET_COOKIE);
    for wrap in wraps {
        match &wrap.at {
            Learn::Header(name) => drop(head.remove_header(name)),
            Learn::Cookie(_) | Learn::Json(_) => {}
        }
    }
}

fn header_value(head: &ResponseHeader, name: &HeaderName) -> Option<Vec<u8>> {
    head.headers.get(name).map(|value| value.as_bytes().to_vec())
}

fn set_cookie(head: &ResponseHeader, name: &str) -> Option<Vec<u8>> {
    let lines = head.headers.get_all(SET_COOKIE).iter();
    let mut values = lines.filter_map(|line| cookie_value(line.to_str().ok()?, name));
    values.next().map(|(_, value, _)| value.as_bytes().to_vec())
}

/// The line cut around the value of the cookie that it sets, if that has this name.
fn cookie_value<'l>(line: &'l str, name: &str) -> Option<(&'l str, &'l str, &'l str)> {
    let pair = line.split(';').next()?;
    let (named, _) = pair.split_once('=')?;
    if named.trim() != name {
        return None;
    }
    let (before, rest) = line.split_at_checked(named.len() + 1)?;
    let value = pair.get(named.len() + 1..)?;
    let after = rest.get(value.len()..)?;
    Some((before, value, after))
}
