//! Who is calling: `Bearer SECRET` or `Basic base64(NAME:SECRET)`.
//!
//! The outcome is a value that a handler has to ask for; there is no way to
//! reach the vault without one. A secret is compared by digest, in constant time.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Control;
use super::problem::{Detail, Problem};
use crate::domain::tenant::TenantId;
use crate::reject::ControlCause;
use crate::vault::tenancy::{Permission, Seat};

/// A caller, in the service of at least one tenant.
#[derive(Debug)]
pub(super) struct Caller(Vec<Seat>);

impl Caller {
    /// The seats in which it may do that.
    ///
    /// # Errors
    /// 403 when there is none.
    pub(super) fn seats(&self, permission: Permission) -> Result<Vec<&Seat>, Problem> {
        let seats: Vec<_> = self.0.iter().filter(|seat| seat.may(permission)).collect();
        if seats.is_empty() { Err(Problem::new(ControlCause::Forbidden)) } else { Ok(seats) }
    }

    /// Those of the seats that are of the tenant it names, if it names one.
    ///
    /// # Errors
    /// 403 when there is no seat, 400 when it does not serve that tenant.
    pub(super) fn seats_of(
        &self,
        permission: Permission,
        tenant: Option<&str>,
    ) -> Result<Vec<&Seat>, Problem> {
        let mut seats = self.seats(permission)?;
        if let Some(name) = tenant {
            let id = TenantId::parse(name).map_err(|_| Detail::TenantForeign)?;
            seats.retain(|seat| seat.tenant.id == id);
        }
        if seats.is_empty() { Err(Detail::TenantForeign.into()) } else { Ok(seats) }
    }

    /// The one seat in which it issues: the tenant it names, or its only one.
    ///
    /// # Errors
    /// 403 when it may issue nowhere, 400 when the tenant is not clear.
    pub(super) fn issuing(&self, tenant: Option<&str>) -> Result<&Seat, Problem> {
        let seats = self.seats(Permission::Issue)?;
        let Some(name) = tenant else {
            return match seats.as_slice() {
                [only] => Ok(only),
                _ => Err(Detail::TenantNeeded.into()),
            };
        };
        let id = TenantId::parse(name).map_err(|_| Detail::TenantForeign)?;
        let seat = seats.into_iter().find(|seat| seat.tenant.id == id);
        seat.ok_or_else(|| Detail::TenantForeign.into())
    }
}

impl FromRequestParts<Control> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        let refused = || Problem::new(ControlCause::Unauthenticated);
        let mut values = parts.headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(refused()) };
        let (scheme, rest) = split(value.as_bytes()).ok_or_else(refused)?;
        let settings = control.settings.load();
        let seats = if scheme.eq_ignore_ascii_case(b"bearer") {
            settings.tenancy.authenticate(None, rest)
        } else if scheme.eq_ignore_ascii_case(b"basic") {
            let pair = STANDARD.decode(rest).map_err(|_| refused())?;
            let colon = pair.iter().position(|byte| *byte == b':').ok_or_else(refused)?;
            let (name, secret) = pair.split_at_checked(colon).ok_or_else(refused)?;
            let name = std::str::from_utf8(name).map_err(|_| refused())?;
            settings.tenancy.authenticate(Some(name), secret.get(1..).unwrap_or_default())
        } else {
            Vec::new()
        };
        if seats.is_empty() { Err(refused()) } else { Ok(Self(seats)) }
    }
}

fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = value.split_at_checked(blank)?;
    Some((scheme, rest.trim_ascii()))
}
