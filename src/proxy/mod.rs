//! The data plane: Pingora's phases, in the order in which a request meets them.
//!
//! Everything that can refuse a call does so in [`ProxyHttp::request_filter`],
//! before an upstream connection exists; the phases after it only carry out what
//! was decided. It does not know the control plane, and nothing personal leaves
//! it but upstream.

mod body;
mod coding;
mod cors;
mod framing;
pub mod gate;
mod headers;
mod passage;
pub mod refuse;
pub mod route;
pub mod settings;
pub mod swap;
pub mod upstream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::Method;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType};

use self::body::{Collected, collect};
use self::cors::Preflight;
use self::headers::{Origin, Trust};
pub use self::passage::Passage;
use self::passage::{Coding, Outgoing};
use self::settings::{DataPlane, Limits};
use self::swap::Swap;
use self::upstream::Upgrade;
use crate::dialect::exchange::Retry;
use crate::reject::Cause;
use crate::telemetry::access::Access;
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;
use crate::vault::redeem::Carrier;

/// The data plane's door.
#[derive(Debug)]
pub struct Cloakroom {
    settings: Arc<ArcSwap<DataPlane>>,
    vault: Arc<Vault>,
    metrics: Arc<Metrics>,
    draining: Arc<AtomicBool>,
}

/// What a gate made of a call.
enum Admitted {
    /// It goes upstream.
    Upstream,
    /// It was answered here.
    Answered,
}

impl Cloakroom {
    /// A data plane over `settings`, which may be swapped while it runs. While
    /// `draining` is set, connections are closed after their answer.
    #[must_use]
    pub fn new(
        settings: Arc<ArcSwap<DataPlane>>,
        vault: Arc<Vault>,
        metrics: Arc<Metrics>,
        draining: Arc<AtomicBool>,
    ) -> Self {
        Self { settings, vault, metrics, draining }
    }

    /// The gates, cheapest first; nothing is read before the call is known.
    async fn admit(&self, session: &mut Session, passage: &mut Passage) -> Result<Admitted, Cause> {
        let settings = self.settings.load_full();
        passage.settings = Some(Arc::clone(&settings));
        self.prepare(session, &settings.limits);
        let head = session.req_header();
        framing::check(head, settings.limits.header_max).map_err(Cause::Framing)?;
        let host = framing::host(head).ok_or(Cause::NoRoute)?;
        let route = settings.routes.find(host, head.uri.path()).ok_or(Cause::NoRoute)?;
        passage.route = Some(Arc::clone(route));
        if head.method == Method::OPTIONS {
            return options(session, route).await;
        }
        let tenant = gate::tenant(route, &head.headers)?;
        passage.tenant = Some(Arc::clone(tenant));
        gate::headers(route, &head.headers)?;
        let exchange = gate::exchange(route, &head.method, head.uri.path())?;
        let Some(exchange) = exchange else { return Ok(Admitted::Upstream) };
        passage.exchange =
            route.dialect.exchanges.iter().position(|other| std::ptr::eq(other, exchange));
        if exchange.reads_body() {
            self.take_body(session, passage, &settings.limits).await?;
        }
        Ok(Admitted::Upstream)
    }

    /// Time-outs of the browser's side. An upgraded socket may be silent longer.
    fn prepare(&self, session: &mut Session, limits: &Limits) {
        let socket = session.is_upgrade_req();
        let downstream = session.as_mut();
        if self.draining.load(Ordering::Relaxed) {
            downstream.set_keepalive(None);
        } else if downstream.as_http2().is_none() {
            downstream.set_keepalive(Some(limits.keepalive_timeout.as_secs()));
        }
        let silence = if socket { limits.websocket_idle_timeout } else { limits.client_timeout };
        downstream.set_read_timeout(Some(silence));
        downstream.set_write_timeout(Some(limits.client_timeout));
    }

    async fn take_body(
        &self,
        session: &mut Session,
        passage: &mut Passage,
        limits: &Limits,
    ) -> Result<(), Cause> {
        let read = collect(session, limits.request_body_max, limits.request_body_timeout).await?;
        match read {
            // Framed as it came: there may be no body to give a length to.
            Collected::Whole(body) if body.is_empty() => Ok(()),
            Collected::Whole(body) => {
                let (body, coding) = self.reveal(session, passage, body).await?;
                passage.outgoing = Outgoing::Whole { body, coding };
                Ok(())
            }
            Collected::Beginning(collected) => {
                // The upstream's header leaves before the rest is here, so what
                // it says of the coding must hold for either outcome: a late
                // body is decoded whether or not it holds a handle.
                let coded = session.req_header().headers.contains_key("content-encoding");
                let coding = if coded { Coding::Decoded } else { Coding::AsSent };
                passage.outgoing = Outgoing::Late { collected, coding };
                Ok(())
            }
        }
    }

    /// Decodes, swaps, and says what the bytes are now.
    async fn reveal(
        &self,
        session: &Session,
        passage: &mut Passage,
        body: Bytes,
    ) -> Result<(Bytes, Coding), Cause> {
        let begun = Instant::now();
        let limits = passage.settings.as_ref().map(|settings| settings.limits.request_body_max);
        let head = session.req_header();
        let (plain, coding) = coding::decode(&body, &head.headers, limits.unwrap_or(0))?;
        let (Some(exchange), Some(tenant)) = (passage.exchange(), &passage.tenant) else {
            return Err(Cause::Internal);
        };
        let binding = exchange.bind.as_ref().and_then(|bind| bind.find(&head.headers));
        let client = client(session).map(|peer| peer.to_string()).unwrap_or_default();
        let request =
            [client.as_bytes(), head.method.as_str().as_bytes(), head.raw_path(), plain.as_ref()];
        let swap = Swap {
            vault: &self.vault,
            metrics: &self.metrics,
            tenant: &tenant.id,
            exchange,
            carrier: Carrier { request: &request, binding: binding.as_deref() },
        };
        let swapped = swap.run(&plain).await;
        passage.swap = begun.elapsed();
        let swapped = swapped?;
        passage.leases.extend(swapped.leases);
        passage.redeemed.extend(swapped.redeemed);
        match swapped.body {
            Some(body) => Ok((body, coding)),
            // Untouched: it goes as it came, still coded.
            None => Ok((body, Coding::AsSent)),
        }
    }

    fn origin(&self, session: &Session, passage: &Passage) -> Origin {
        let peer = client(session);
        let believed = peer
            .zip(passage.settings.as_ref())
            .is_some_and(|(peer, settings)| settings.trusts(peer));
        let secure = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        Origin {
            peer,
            trust: if believed { Trust::Believed } else { Trust::Stripped },
            scheme: if secure { "https" } else { "http" },
        }
    }
}

async fn options(session: &mut Session, route: &settings::Route) -> Result<Admitted, Cause> {
    let head = session.req_header();
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

fn client(session: &Session) -> Option<std::net::IpAddr> {
    session.client_addr()?.as_inet().map(std::net::SocketAddr::ip)
}

#[async_trait]
impl ProxyHttp for Cloakroom {
    type CTX = Passage;

    fn new_ctx(&self) -> Self::CTX {
        Passage::new()
    }

    /// None: a module that compresses would see what is being redacted.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(
        &self,
        session: &mut Session,
        passage: &mut Passage,
    ) -> pingora::Result<bool> {
        match self.admit(session, passage).await {
            Ok(Admitted::Upstream) => Ok(false),
            Ok(Admitted::Answered) => Ok(true),
            Err(cause) => {
                refuse::refuse(session, passage, cause).await;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        passage: &mut Passage,
    ) -> pingora::Result<Box<HttpPeer>> {
        let upgrade = match (&passage.settings, session.is_upgrade_req()) {
            (Some(settings), true) => {
                Upgrade::WebSocket { idle: settings.limits.websocket_idle_timeout }
            }
            (Some(_) | None, _) => Upgrade::No,
        };
        let upstream = passage.route.as_ref().map(|route| Arc::clone(&route.upstream));
        let upstream = upstream.ok_or_else(|| Error::new_in(ErrorType::InternalError))?;
        let picked = upstream.pick(&passage.tried);
        let backend = picked.ok_or_else(|| Error::new_up(ErrorType::ConnectNoRoute))?;
        let peer = upstream.peer(&backend, upgrade);
        passage.tried.push(backend);
        peer.map(Box::new).ok_or_else(|| Error::new_in(ErrorType::InternalError))
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        passage: &mut Passage,
        mut error: Box<Error>,
    ) -> Box<Error> {
        // Nothing was sent, so any call may go to a server that was not tried.
        let more = passage
            .route
            .as_ref()
            .is_some_and(|route| route.upstream.pick(&passage.tried).is_some());
        error.set_retry(more);
        error
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        _reused: bool,
        _peer: &HttpPeer,
        _fd: std::os::unix::io::RawFd,
        _digest: Option<&Digest>,
        _passage: &mut Passage,
    ) -> pingora::Result<()> {
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        head: &mut RequestHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        headers::frame(head, &passage.outgoing)?;
        let origin = self.origin(session, passage);
        let Some(route) = &passage.route else { return Ok(()) };
        headers::forward(head, route, &origin)
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        if session.was_upgraded() {
            return Ok(());
        }
        match &mut passage.outgoing {
            Outgoing::Streamed => return Ok(()),
            Outgoing::Whole { body: whole, .. } => {
                *body = Some(if end_of_stream { whole.clone() } else { Bytes::new() });
                return Ok(());
            }
            Outgoing::Late { collected, .. } => {
                let more = body.take().unwrap_or_default();
                *body = Some(Bytes::new());
                let bound = passage.settings.as_ref().map(|all| all.limits.request_body_max);
                let room = bound.unwrap_or(0).saturating_sub(collected.len());
                if more.len() > room {
                    return Err(late_refusal(passage, Cause::BodyTooLarge));
                }
                collected.extend_from_slice(&more);
                if !end_of_stream {
                    return Ok(());
                }
            }
        }
        self.reveal_late(session, body, passage).await
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        headers::strip_own(response);
        let status = response.status;
        if status.is_informational() && status != http::StatusCode::SWITCHING_PROTOCOLS {
            return Ok(());
        }
        settle(passage, !status.is_client_error() && !status.is_server_error()).await;
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        match &passage.tenant {
            Some(tenant) => cors::open(response, tenant, &session.req_header().headers),
            None => Ok(()),
        }
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        passage: &mut Passage,
        client_reused: bool,
    ) -> Box<Error> {
        let never = passage.exchange().is_some_and(|exchange| exchange.retry == Retry::Never);
        let repeatable = session.req_header().method.is_idempotent()
            && !session.as_ref().retry_buffer_truncated();
        if never || !repeatable {
            error.set_retry(false);
        } else {
            error.retry.decide_reuse(client_reused);
        }
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        passage: &mut Passage,
    ) -> FailToProxy {
        let cause = passage.rejection.unwrap_or_else(|| cause_of(error));
        let heard = cause != Cause::ClientGone || *error.esource() != ErrorSource::Downstream;
        if heard && session.response_written().is_none() {
            refuse::refuse(session, passage, cause).await;
        }
        passage.rejection = Some(cause);
        FailToProxy { error_code: cause.status().as_u16(), can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, passage: &mut Passage) {
        let access = Access {
            route: passage.route_label(),
            exchange: passage.exchange_label(),
            tenant: passage.tenant.as_ref().map_or("none", |tenant| tenant.id.as_str()),
            method: &session.req_header().method,
            status: session.response_written().map(|response| response.status),
            rejection: passage.rejection,
            redeemed: &passage.redeemed,
            took: passage.started.elapsed(),
            swap: passage.swap,
        };
        let took = access.took.as_secs_f64();
        self.metrics.request(access.route, access.exchange, access.outcome(), took);
        if !passage.swap.is_zero() {
            self.metrics.swap(passage.swap.as_secs_f64());
        }
        access.log();
        passage.leases.clear();
    }

    /// Pingora's own words may hold a path; ours is the access line.
    fn suppress_error_log(&self, _: &Session, _: &Passage, _: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _: &Session,
        _: &Passage,
        _: &Error,
        _: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    fn request_summary(&self, _: &Session, passage: &Passage) -> String {
        format!("{}/{}", passage.route_label(), passage.exchange_label())
    }
}

impl Cloakroom {
    /// The swap of a body that could only be read with the connection open.
    async fn reveal_late(
        &self,
        session: &Session,
        body: &mut Option<Bytes>,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let Outgoing::Late { collected, coding } = &mut passage.outgoing else {
            return Ok(());
        };
        let (whole, promised) = (std::mem::take::<BytesMut>(collected).freeze(), *coding);
        let revealed = self.reveal(session, passage, whole.clone()).await;
        let sent = match revealed {
            Ok((_, Coding::AsSent)) if promised == Coding::Decoded => {
                let headers = &session.req_header().headers;
                let max = passage.settings.as_ref().map_or(0, |all| all.limits.request_body_max);
                coding::decode(&whole, headers, max).map(|(plain, _)| plain)
            }
            other => other.map(|(sent, _)| sent),
        };
        match sent {
            Ok(sent) => {
                *body = Some(sent);
                Ok(())
            }
            Err(cause) => Err(late_refusal(passage, cause)),
        }
    }
}

/// A refusal after the upstream's header has gone: Pingora drops the upstream
/// connection, so the vendor sees a request that never ends, and no payload.
fn late_refusal(passage: &mut Passage, cause: Cause) -> Box<Error> {
    passage.rejection = Some(cause);
    Error::new_down(ErrorType::HTTPStatus(cause.status().as_u16()))
}

/// The upstream's final status decides every lease of the request.
async fn settle(passage: &mut Passage, accepted: bool) {
    for lease in passage.leases.drain(..) {
        let settled = if accepted { lease.commit().await } else { lease.release().await };
        if settled.is_err() {
            tracing::error!("a lease could not be settled: the store does not answer");
        }
    }
}

fn cause_of(error: &Error) -> Cause {
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, _) => Cause::ClientGone,
        (_, ErrorType::ReadTimedout | ErrorType::WriteTimedout) => Cause::UpstreamTimeout,
        (
            _,
            ErrorType::ConnectTimedout
            | ErrorType::ConnectRefused
            | ErrorType::ConnectNoRoute
            | ErrorType::ConnectError
            | ErrorType::TLSHandshakeFailure
            | ErrorType::TLSHandshakeTimedout
            | ErrorType::InvalidCert
            | ErrorType::SocketError
            | ErrorType::BindError
            | ErrorType::ConnectProxyFailure,
        ) => Cause::UpstreamUnreachable,
        (ErrorSource::Upstream, _) => Cause::UpstreamBroken,
        (ErrorSource::Internal | ErrorSource::Unset, _) => Cause::Internal,
    }
}
