//! CORS for tenants that name their pages' origins.
//!
//! Where a tenant names none, the vendor's own answers pass untouched. Where it
//! does, the exact origin is echoed with credentials, never `*`, and whatever
//! the vendor said of it is stripped first.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use pingora::http::ResponseHeader;

use super::settings::TenantChoice;
use crate::vault::tenancy::Tenant;

/// Seconds that a browser may keep a preflight's answer: the vendors' own default.
const MAX_AGE: &str = "120";

/// What a route's tenants say of a preflight.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Preflight {
    /// Answer it here with this origin.
    Answer(HeaderValue),
    /// Answer it here with no permission.
    Deny,
    /// No tenant names origins: the vendor decides.
    Pass,
}

/// Judges a preflight. `OPTIONS` never carries a contact center, so any tenant
/// of the route may own the origin; the call that follows is checked on its own.
pub(super) fn preflight(choice: &TenantChoice, headers: &HeaderMap) -> Preflight {
    if choice.all().all(|tenant| tenant.origins.is_empty()) {
        return Preflight::Pass;
    }
    let owned = choice.all().find_map(|tenant| allowed(tenant, headers));
    owned.map_or(Preflight::Deny, Preflight::Answer)
}

/// Whether a request is a CORS preflight.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The request's origin, if the tenant names it.
pub(super) fn allowed(tenant: &Tenant, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    let named = tenant.origins.contains(origin.to_str().ok()?);
    named.then(|| origin.clone())
}

/// The answer to a preflight.
///
/// # Errors
/// When Pingora does not take a header, which these cannot cause.
pub(super) fn answer(
    origin: Option<HeaderValue>,
    asked: &HeaderMap,
) -> pingora::Result<ResponseHeader> {
    let mut answer = ResponseHeader::build(StatusCode::NO_CONTENT, Some(8))?;
    answer.insert_header(
        VARY,
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    )?;
    let Some(origin) = origin else { return Ok(answer) };
    answer.insert_header(ACCESS_CONTROL_ALLOW_ORIGIN, origin)?;
    answer.insert_header(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")?;
    answer.insert_header(ACCESS_CONTROL_MAX_AGE, MAX_AGE)?;
    answer.insert_header(ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS")?;
    if let Some(names) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert_header(ACCESS_CONTROL_ALLOW_HEADERS, names.clone())?;
    }
    Ok(answer)
}

/// Opens an answer to a tenant's own page, and to no other.
///
/// # Errors
/// As [`answer`].
pub(super) fn open(
    response: &mut ResponseHeader,
    tenant: &Tenant,
    request: &HeaderMap,
) -> pingora::Result<()> {
    if tenant.origins.is_empty() {
        return Ok(());
    }
    response.remove_header(&ACCESS_CONTROL_ALLOW_ORIGIN);
    response.remove_header(&ACCESS_CONTROL_ALLOW_CREDENTIALS);
    response.append_header(VARY, "Origin")?;
    if let Some(origin) = allowed(tenant, request) {
        response.insert_header(ACCESS_CONTROL_ALLOW_ORIGIN, origin)?;
        response.insert_header(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")?;
        response.append_header(ACCESS_CONTROL_EXPOSE_HEADERS, "Cloakroom-Rejection")?;
    }
    Ok(())
}
