//! The data plane: Pingora's phases, in the order in which a request meets them.
//!
//! Everything that can refuse a call does so in [`ProxyHttp::request_filter`],
//! before an upstream connection exists; the phases after it only carry out what
//! was decided. It does not know the control plane, and nothing personal leaves
//! it but upstream.

mod admit;
mod answer;
mod body;
mod coding;
mod cors;
mod door;
pub mod explain;
mod fault;
mod framing;
pub mod gate;
mod headers;
mod outgoing;
mod passage;
pub mod refuse;
pub mod relay;
mod remember;
pub mod route;
pub mod settings;
mod settle;
mod socket;
pub mod swap;
mod unredeemed;
pub mod upstream;
mod watch;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use http::header::EXPECT;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType};

use self::admit::Admitted;
pub use self::door::Cloakroom;
use self::fault::cause_of;
pub use self::passage::Passage;
use self::passage::{Outgoing, Sent};
use self::settle::{Settlement, settle};
use self::upstream::Upgrade;
use crate::dialect::exchange::{Exchange, Retry};
use crate::reject::Cause;
use crate::telemetry::access::Access;

#[async_trait]
impl ProxyHttp for Cloakroom {
    type CTX = Box<Passage>;

    fn new_ctx(&self) -> Self::CTX {
        Box::new(Passage::new())
    }

    /// None: a module that compresses would see what is being redacted.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(
        &self,
        session: &mut Session,
        passage: &mut Self::CTX,
    ) -> pingora::Result<bool> {
        match self.admit(session, passage).await {
            Ok(Admitted::Upstream) => Ok(false),
            Ok(Admitted::Answered) => Ok(true),
            Err(cause) => {
                Box::pin(refuse::refuse(session, passage, cause)).await;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        passage: &mut Self::CTX,
    ) -> pingora::Result<Box<HttpPeer>> {
        let upgrade = match (&passage.settings, session.is_upgrade_req()) {
            (Some(settings), true) => {
                Upgrade::WebSocket { idle: settings.limits.websocket_idle_timeout }
            }
            (Some(_) | None, _) => Upgrade::No,
        };
        let upstream = passage.route.as_ref().map(|route| route.upstream.clone());
        let upstream = upstream.ok_or_else(|| Error::new_in(ErrorType::InternalError))?;
        // Nobody new, and yet again: a kept connection was closing, not its server.
        let picked = upstream.pick(&passage.tried).or_else(|| upstream.pick(&[]));
        let backend = picked.ok_or_else(|| Error::new_up(ErrorType::ConnectNoRoute))?;
        let peer = upstream.peer(&backend, upgrade);
        passage.tried.push(backend);
        peer.map(Box::new).ok_or_else(|| Error::new_in(ErrorType::InternalError))
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        passage: &mut Self::CTX,
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

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        head: &mut RequestHeader,
        passage: &mut Self::CTX,
    ) -> pingora::Result<()> {
        passage.outgoing.begin(session.as_ref().retry_buffer_truncated());
        headers::frame(head, &passage.outgoing)?;
        if passage.exchange().is_some_and(Exchange::reads_body) {
            // Who waited has been told to go on.
            head.remove_header(&EXPECT);
        }
        let socket = session.is_upgrade_req() && passage.is_socket_read();
        if socket || passage.is_answer_read() {
            answer::ask_plainly(head)?;
        }
        let origin = self.origin(session, passage);
        let Some(route) = &passage.route else { return Ok(()) };
        headers::forward(head, route, &origin)?;
        if matches!(passage.outgoing, Outgoing::Streamed) {
            passage.sent = Sent::All;
        }
        passage.revealed.as_ref().map_or(Ok(()), |revealed| headers::reveal(head, revealed))
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        passage: &mut Self::CTX,
    ) -> pingora::Result<()> {
        if session.was_upgraded() {
            // Boxed, as whatever is seldom: this future is made and moved for each call.
            Box::pin(self.frames_up(session, body, passage)).await;
            return Ok(());
        }
        self.send_body(session, body, end_of_stream, passage).await
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Self::CTX,
    ) -> pingora::Result<()> {
        headers::strip_own(response);
        let status = response.status;
        if status.is_informational() && status != http::StatusCode::SWITCHING_PROTOCOLS {
            return self.begin_answer(session, response, passage).await;
        }
        // An upgrade that is granted is an acceptance too.
        let upgraded = status == http::StatusCode::SWITCHING_PROTOCOLS;
        let accepted = upgraded || status.is_success() || status.is_redirection();
        settle(passage, if accepted { Settlement::Commit } else { Settlement::Release }).await;
        self.begin_answer(session, response, passage).await
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Self::CTX,
    ) -> pingora::Result<()> {
        match &passage.tenant {
            Some(tenant) => cors::open(response, tenant, &session.req_header().headers),
            None => Ok(()),
        }
    }

    fn response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        passage: &mut Self::CTX,
    ) -> pingora::Result<Option<Duration>> {
        // The first frames may come with the head, before the call counts as upgraded.
        if passage.socket.is_some() {
            self.frames_down(body, end_of_stream, passage);
        } else {
            self.answer_piece(session, body, end_of_stream, passage)?;
        }
        Ok(None)
    }

    async fn response_trailer_filter(
        &self,
        session: &mut Session,
        trailers: &mut HeaderMap,
        passage: &mut Self::CTX,
    ) -> pingora::Result<Option<Bytes>> {
        Ok(self.end_by_trailers(session, trailers, passage))
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        passage: &mut Self::CTX,
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
        passage: &mut Self::CTX,
    ) -> FailToProxy {
        let cause = passage.rejection.unwrap_or_else(|| cause_of(error));
        let heard = cause != Cause::ClientGone || *error.esource() != ErrorSource::Downstream;
        // `100 Continue` counts as written, and is no answer.
        let answered = session.response_written().is_some_and(|it| !it.status.is_informational());
        if cause == Cause::ClientGone && passage.sent == Sent::All {
            // Nobody will hear what the vendor makes of it: in doubt it has accepted.
            settle(passage, Settlement::Commit).await;
        }
        if heard && !answered {
            Box::pin(refuse::refuse(session, passage, cause)).await;
        }
        passage.rejection = Some(cause);
        FailToProxy { error_code: cause.status().as_u16(), can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, passage: &mut Self::CTX) {
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
    fn suppress_error_log(&self, _: &Session, _: &Self::CTX, _: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _: &Session,
        _: &Self::CTX,
        _: &Error,
        _: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    fn request_summary(&self, _: &Session, passage: &Self::CTX) -> String {
        format!("{}/{}", passage.route_label(), passage.exchange_label())
    }
}
