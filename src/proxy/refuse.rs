//! Write a refusal to the browser, in the vendor's own shape.
//!
//! The `Cloakroom-Rejection` header tells it from an answer of the vendor's.
//! Never echoes anything of the request but its origin.

use bytes::Bytes;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::cors;
use super::passage::Passage;
use super::settle::{Settlement, settle};
use crate::dialect::rejection::RejectionShape;
use crate::reject::{Cause, refusal};

/// Refuses the call. A client that is gone does not get to know.
pub(super) async fn refuse(session: &mut Session, passage: &mut Passage, cause: Cause) {
    passage.rejection = Some(cause);
    // What was reserved for this call is given back now, not when it is logged.
    settle(passage, Settlement::Release).await;
    if write(session, passage, cause).await.is_err() {
        tracing::debug!("the client left before its refusal");
    }
}

async fn write(session: &mut Session, passage: &Passage, cause: Cause) -> pingora::Result<()> {
    let default = RejectionShape::default();
    let shape = passage.route.as_ref().map_or(&default, |route| &route.dialect.rejection);
    let refused = refusal(cause, shape);
    let mut head = ResponseHeader::build(refused.status, Some(8))?;
    head.insert_header(CONTENT_TYPE, refused.content_type)?;
    head.insert_header(CONTENT_LENGTH, refused.body.len().to_string())?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    head.insert_header("Cloakroom-Rejection", refused.code.as_str())?;
    open_to_page(&mut head, session, passage)?;
    if hangs_up(cause) {
        session.as_mut().set_keepalive(None);
    }
    let bodyless = session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(head), bodyless).await?;
    if !bodyless {
        session.write_response_body(Some(Bytes::from(refused.body)), true).await?;
    }
    Ok(())
}

/// The page must be able to read why; before its tenant is known, any tenant of
/// the route will do, since a refusal says nothing about anybody.
fn open_to_page(
    head: &mut ResponseHeader,
    session: &Session,
    passage: &Passage,
) -> pingora::Result<()> {
    let Some(route) = &passage.route else { return Ok(()) };
    let request = &session.req_header().headers;
    let mut tenants = passage.tenant.iter().chain(route.tenant.all());
    let owner = tenants.find(|tenant| cors::allowed(tenant, request).is_some());
    owner.map_or(Ok(()), |tenant| cors::open(head, tenant, request))
}

/// After these, what is still on the connection is not to be read as a request.
fn hangs_up(cause: Cause) -> bool {
    match cause {
        Cause::Framing(_) | Cause::BodyTooLarge | Cause::ClientGone => true,
        Cause::ContactCenterMissing
        | Cause::ContactCenterUnknown
        | Cause::AuthorizationPresent
        | Cause::NotListed
        | Cause::NoRoute
        | Cause::HandleUnusable(_)
        | Cause::BodyInvalid(_)
        | Cause::StoreUnavailable
        | Cause::StoreCrowded
        | Cause::AuditUnavailable
        | Cause::UpstreamUnreachable
        | Cause::UpstreamTimeout
        | Cause::UpstreamBroken
        | Cause::Internal => false,
    }
}
