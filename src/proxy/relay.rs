//! Hand a payload in at the vendor's own store, and get the key by which the vendor
//! knows it.
//!
//! At a handle's first use; then the key is remembered until the vendor forgets it.
//! The call goes to the route's own upstream, over the same trust. The operator's
//! credential and the payload go nowhere else, and nothing of either is logged.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue,
};
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::{HttpPeer, Peer};
use tokio::time::{Instant, timeout, timeout_at};

use super::Cloakroom;
use super::settings::{Relay, Route};
use super::upstream::Upgrade;
use crate::domain::{Handle, Payload, TenantId};
use crate::reject::Cause;
use crate::vault::Vault;

/// The longest answer to a deposit, in bytes: it holds a key or two.
const ANSWER_MAX: usize = 64 * 1024;

/// How long the deposits of one call may take together, connecting included. The leases
/// of the call run meanwhile, and the vendor has still to answer the call itself.
pub const DEPOSITS_MAX: Duration = Duration::from_secs(10);

/// Relays the payloads of one call.
#[derive(Clone, Copy)]
pub struct Relayer<'r> {
    connector: &'r Connector,
    vault: &'r Vault,
    route: &'r Route,
    tenant: &'r TenantId,
    /// When the call's deposits are to be done.
    until: Instant,
}

impl Cloakroom {
    pub(super) fn relayer<'r>(&'r self, route: &'r Route, tenant: &'r TenantId) -> Relayer<'r> {
        let until = Instant::now() + DEPOSITS_MAX;
        Relayer { connector: &self.connector, vault: &self.vault, route, tenant, until }
    }
}

impl Relayer<'_> {
    /// The route's name, for the audit.
    pub(super) fn route(&self) -> &str {
        &self.route.name
    }

    /// What the vendor answered for the payload, now or before.
    ///
    /// # Errors
    /// The upstream's causes when the vendor did not take it, and
    /// [`Cause::StoreUnavailable`] when the answer can neither be found nor kept.
    pub(super) async fn relayed(
        &self,
        handle: &Handle,
        payload: &Payload,
    ) -> Result<Arc<Payload>, Cause> {
        let relay = self.route.relay.as_ref().ok_or(Cause::Internal)?;
        let vendor = &self.route.name;
        let known = self.vault.relayed(self.tenant, handle, vendor).await;
        if let Some(known) = known.map_err(|_| Cause::StoreUnavailable)? {
            return parsed(&known, relay);
        }
        let posted = timeout_at(self.until, self.post(relay, payload)).await;
        let answer = posted.map_err(|_| Cause::UpstreamTimeout)??;
        let parsed = parsed(&answer, relay)?;
        let ttl = relay.call.ttl;
        let kept = self.vault.remember_relayed(self.tenant, handle, vendor, &answer, ttl).await;
        kept?;
        Ok(parsed)
    }

    /// One deposit, on a connection of its own, on any server that can be reached.
    async fn post(&self, relay: &Relay, payload: &Payload) -> Result<Vec<u8>, Cause> {
        let mut tried = Vec::new();
        loop {
            let backend = self.route.upstream.pick(&tried).ok_or(Cause::UpstreamUnreachable)?;
            let peer = self.route.upstream.peer(&backend, Upgrade::No).ok_or(Cause::Internal)?;
            tried.push(backend);
            // Nothing was sent when a connection fails, so the next may be tried.
            if let Ok((session, _)) = self.connector.get_http_session(&peer).await {
                return self.exchange(session, &peer, relay, payload).await;
            }
        }
    }

    async fn exchange(
        &self,
        mut session: HttpSession,
        peer: &HttpPeer,
        relay: &Relay,
        payload: &Payload,
    ) -> Result<Vec<u8>, Cause> {
        let patience = peer.get_peer_options().and_then(|options| options.read_timeout);
        let patience = patience.unwrap_or(Duration::from_secs(60));
        session.set_read_timeout(Some(patience));
        let body = Bytes::from(relay.call.body(payload).into_bytes());
        let head = self.head(peer, relay, body.len()).map_err(|_| Cause::Internal)?;
        let talk = async {
            session.write_request_header(Box::new(head)).await?;
            session.write_request_body(body, true).await?;
            session.finish_request_body().await?;
            session.read_response_header().await?;
            // A word in between is no answer.
            while session.response_header().is_some_and(|head| head.status.is_informational()) {
                session.read_response_header().await?;
            }
            read(&mut session).await
        };
        let talked = timeout(patience, talk).await.map_err(|_| Cause::UpstreamTimeout)?;
        let answer = talked.map_err(|_| Cause::UpstreamBroken)?;
        let accepted = session.response_header().is_some_and(|head| head.status.is_success());
        if !accepted {
            let status = session.response_header().map(|head| head.status.as_u16());
            tracing::warn!(route = self.route.name, status, "the vendor did not take a payload");
            return Err(Cause::UpstreamBroken);
        }
        session.shutdown().await;
        Ok(answer)
    }

    fn head(&self, peer: &HttpPeer, relay: &Relay, len: usize) -> pingora::Result<RequestHeader> {
        let call = &relay.call;
        let mut head = RequestHeader::build(call.method.clone(), call.target.as_bytes(), Some(8))?;
        let host = match &self.route.upstream.host {
            Some(host) => host.clone(),
            None => HeaderValue::from_str(&peer.address().to_string())
                .unwrap_or(HeaderValue::from_static("localhost")),
        };
        head.insert_header(HOST, host)?;
        head.insert_header(AUTHORIZATION, relay.authorization.clone())?;
        head.insert_header(CONTENT_TYPE, "application/json")?;
        head.insert_header(ACCEPT_ENCODING, "identity")?;
        head.insert_header(CONTENT_LENGTH, len.to_string())?;
        Ok(head)
    }
}

/// An answer's body, within its bound; a longer one is cut, and then no JSON.
async fn read(session: &mut HttpSession) -> pingora::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = session.read_response_body().await? {
        let room = ANSWER_MAX.saturating_sub(body.len());
        body.extend(piece.iter().take(room));
    }
    Ok(body)
}

fn parsed(answer: &[u8], relay: &Relay) -> Result<Arc<Payload>, Cause> {
    // Some vendors answer a list of one.
    let one = answer.trim_ascii();
    let one = one.strip_prefix(b"[").and_then(|list| list.strip_suffix(b"]")).unwrap_or(one);
    let payload = Payload::parse(one, ANSWER_MAX).map_err(|_| Cause::UpstreamBroken)?;
    if !relay.call.key.is_in(payload.expose().as_bytes()) {
        return Err(Cause::UpstreamBroken);
    }
    Ok(Arc::new(payload))
}
