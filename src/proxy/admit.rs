//! Admit a call: the gates in their order, and the answers that are given here.
//!
//! The last thing before an upstream connection exists. Nothing is read of a body
//! before the call is known, and nothing is sent upstream from here.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::Method;
use pingora::proxy::Session;

use super::cors::{self, Preflight};
use super::passage::Passage;
use super::settings::{Limits, Route};
use super::{Cloakroom, framing, gate};
use crate::reject::Cause;

/// What a gate made of a call.
pub(super) enum Admitted {
    /// It goes upstream.
    Upstream,
    /// It was answered here.
    Answered,
}

impl Cloakroom {
    /// The gates, cheapest first; nothing is read before the call is known.
    pub(super) async fn admit(
        &self,
        session: &mut Session,
        passage: &mut Passage,
    ) -> Result<Admitted, Cause> {
        let settings = self.settings.load_full();
        passage.settings = Some(Arc::clone(&settings));
        self.prepare(session, &settings.limits);
        if let Some(http1) = session.as_ref().as_http1() {
            framing::check_raw(&http1.get_headers_raw_bytes()).map_err(Cause::Framing)?;
        }
        let head = session.req_header();
        framing::check(head, settings.limits.header_max).map_err(Cause::Framing)?;
        let host = framing::host(head).ok_or(Cause::NoRoute)?;
        let route = settings.routes.find(host, head.uri.path()).ok_or(Cause::NoRoute)?;
        passage.route = Some(Arc::clone(route));
        if head.method == Method::OPTIONS {
            return Box::pin(options(session, route)).await;
        }
        let tenant = gate::tenant(route, &head.headers)?;
        passage.tenant = Some(Arc::clone(tenant));
        gate::headers(route, &head.headers)?;
        let exchange = gate::exchange(route, &head.method, head.uri.path())?;
        let Some(exchange) = exchange else { return Ok(Admitted::Upstream) };
        passage.exchange =
            route.dialect.exchanges.iter().position(|other| std::ptr::eq(other, exchange));
        passage.watch.regard(&exchange.answer.identity, settings.limits.short);
        if exchange.reads_body() {
            self.take_body(session, passage, &settings.limits).await?;
        } else {
            self.reveal_head(session, passage).await?;
        }
        Ok(Admitted::Upstream)
    }

    /// Time-outs of the browser's side. An upgraded socket may be silent longer.
    fn prepare(&self, session: &mut Session, limits: &Limits) {
        let socket = session.is_upgrade_req();
        let downstream = session.as_mut();
        if self.draining.load(Ordering::Relaxed) {
            downstream.set_keepalive(None);
        } else if downstream.as_http1().is_some_and(|http1| http1.will_keepalive()) {
            downstream.set_keepalive(Some(limits.keepalive_timeout.as_secs()));
        }
        let silence = if socket { limits.websocket_idle_timeout } else { limits.client_timeout };
        downstream.set_read_timeout(Some(silence));
        downstream.set_write_timeout(Some(limits.client_timeout));
    }
}

async fn options(session: &mut Session, route: &Route) -> Result<Admitted, Cause> {
    let head = session.req_header();
    gate::headers(route, &head.headers)?;
    gate::listed(route, head.uri.path())?;
    if !cors::is_preflight(&head.method, &head.headers) {
        return Ok(Admitted::Upstream);
    }
    let origin = match cors::preflight(&route.tenant, &head.headers) {
        Preflight::Pass => return Ok(Admitted::Upstream),
        Preflight::Deny => None,
        Preflight::Answer(origin) => Some(origin),
    };
    let answer = cors::answer(origin, &head.headers).map_err(|_| Cause::Internal)?;
    let sent = session.write_response_header(Box::new(answer), true).await;
    sent.map(|()| Admitted::Answered).map_err(|_| Cause::ClientGone)
}
