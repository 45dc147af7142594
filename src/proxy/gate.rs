//! The gates of a call: whose it is, whether it may carry what it carries, and
//! which exchange it is.
//!
//! A column of early exits. Nothing here reads a body, and nothing here waits.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, Method};

use super::settings::{Route, TenantChoice, Unlisted};
use crate::dialect::ContactCenterRule;
use crate::dialect::exchange::Exchange;
use crate::domain::tenant::ContactCenterId;
use crate::reject::Cause;
use crate::vault::tenancy::Tenant;

/// The header that names a contact center.
pub const CONTACT_CENTER: HeaderName = HeaderName::from_static("contactcenterid");

/// Whose call this is.
///
/// # Errors
/// When it names no contact center where it must, one that is not of this
/// route, or several.
pub(super) fn tenant<'r>(route: &'r Route, headers: &HeaderMap) -> Result<&'r Arc<Tenant>, Cause> {
    let named = contact_center(headers)?;
    match (&route.tenant, named) {
        (TenantChoice::One(tenant), Some(center)) => {
            let own = tenant.contact_centers.contains(&center);
            own.then_some(tenant).ok_or(Cause::ContactCenterUnknown)
        }
        (TenantChoice::ByContactCenter(tenants), Some(center)) => {
            tenants.get(&center).ok_or(Cause::ContactCenterUnknown)
        }
        (TenantChoice::ByContactCenter(_), None) => Err(Cause::ContactCenterMissing),
        (TenantChoice::One(tenant), None) => match route.dialect.contact_center {
            ContactCenterRule::Required => Err(Cause::ContactCenterMissing),
            ContactCenterRule::CheckedIfPresent => Ok(tenant),
        },
    }
}

fn contact_center(headers: &HeaderMap) -> Result<Option<ContactCenterId>, Cause> {
    let mut values = headers.get_all(&CONTACT_CENTER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Cause::ContactCenterUnknown);
    }
    let value = value.to_str().map_err(|_| Cause::ContactCenterUnknown)?.trim();
    if value.is_empty() {
        return Err(Cause::ContactCenterMissing);
    }
    ContactCenterId::parse(value).map(Some).map_err(|_| Cause::ContactCenterUnknown)
}

/// Refuses headers that a customer call must not carry.
///
/// # Errors
/// When one is there.
pub(super) fn headers(route: &Route, headers: &HeaderMap) -> Result<(), Cause> {
    let refused = route.dialect.refuse_headers.iter().any(|name| headers.contains_key(&name.0));
    if refused { Err(Cause::AuthorizationPresent) } else { Ok(()) }
}

/// Whether anything may be asked of a path: what `OPTIONS` is held to, which no
/// dialect lists by itself.
///
/// # Errors
/// When no call of the dialect has this path and the route refuses those.
pub(super) fn listed(route: &Route, path: &str) -> Result<(), Cause> {
    match route.unlisted {
        Unlisted::Refuse if !route.dialect.lists(path) => Err(Cause::NotListed),
        Unlisted::Refuse | Unlisted::Pass => Ok(()),
    }
}

/// The exchange of a call, or none for a call that passes.
///
/// # Errors
/// When the dialect does not list the call and the route refuses those.
pub(super) fn exchange<'r>(
    route: &'r Route,
    method: &Method,
    path: &str,
) -> Result<Option<&'r Exchange>, Cause> {
    match (route.dialect.exchange(method, path), route.unlisted) {
        (Some(exchange), _) => Ok(Some(exchange)),
        (None, Unlisted::Pass) => Ok(None),
        (None, Unlisted::Refuse) => Err(Cause::NotListed),
    }
}
