//! `/v1/handles?subject=` and `?tenant=`: what is kept about a person's handles, and the end of a person's or a tenant's.
//!
//! Tells of handles and never of payloads; the subject itself is kept nowhere.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Control;
use super::auth::Caller;
use super::handles::StateResponse;
use super::problem::{Detail, Problem, ProblemDocument};
use crate::vault::revoke::EXPORT_MAX;
use crate::vault::tenancy::Permission;

/// What is kept about a person's handles.
#[derive(Serialize, ToSchema)]
pub(super) struct ExportResponse {
    /// The live ones, the oldest first; at most 1000 of each tenant.
    handles: Vec<StateResponse>,
    /// Whether there may be more than are told.
    truncated: bool,
}

/// How many handles ended.
#[derive(Serialize, ToSchema)]
pub(super) struct RevokedResponse {
    revoked: u64,
}

/// Whose handles.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SubjectQuery {
    /// As it was given when they were issued.
    subject: Option<String>,
}

/// What is kept about a person's live handles: metadata, never a payload.
#[utoipa::path(get, path = "/v1/handles", params(SubjectQuery),
    responses((status = 200, body = ExportResponse), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(super) async fn export(
    State(control): State<Control>,
    caller: Caller,
    query: Result<Query<SubjectQuery>, QueryRejection>,
) -> Result<Json<ExportResponse>, Problem> {
    let seats = caller.seats(Permission::Inspect)?;
    let subject = named(query)?;
    let (mut handles, mut truncated) = (Vec::new(), false);
    for seat in seats {
        let (caller, tenant) = (Some(seat.caller.as_str()), &seat.tenant.id);
        let found = control.vault.export_for(caller, tenant, &subject).await?;
        truncated |= found.len() >= EXPORT_MAX;
        handles.extend(found.iter().map(|one| StateResponse::of(tenant, one)));
    }
    Ok(Json(ExportResponse { handles, truncated }))
}

/// Whose handles are to end.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OwnerQuery {
    /// As it was given when they were issued. Without one, all of the tenant's end.
    subject: Option<String>,
    /// The tenant. Without one, the subject's handles end in every tenant that the caller serves.
    tenant: Option<String>,
}

/// End every handle that was issued about a subject, or every handle of a tenant.
#[utoipa::path(delete, path = "/v1/handles", params(OwnerQuery),
    responses((status = 200, body = RevokedResponse), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(super) async fn revoke_owned(
    State(control): State<Control>,
    caller: Caller,
    query: Result<Query<OwnerQuery>, QueryRejection>,
) -> Result<Json<RevokedResponse>, Problem> {
    caller.seats(Permission::Revoke)?;
    let Query(owner) = query.map_err(|_| Detail::OwnerMissing)?;
    // An empty subject is a mistake, and must not end a whole tenant's.
    let empty = owner.subject.as_ref().is_some_and(String::is_empty);
    if empty || (owner.subject.is_none() && owner.tenant.is_none()) {
        return Err(Detail::OwnerMissing.into());
    }
    let mut revoked = 0;
    for seat in caller.seats_of(Permission::Revoke, owner.tenant.as_deref())? {
        let (caller, tenant) = (Some(seat.caller.as_str()), &seat.tenant.id);
        revoked += match &owner.subject {
            Some(subject) => control.vault.revoke_subject_for(caller, tenant, subject).await?,
            None => control.vault.revoke_tenant_for(caller, tenant).await?,
        };
    }
    Ok(Json(RevokedResponse { revoked }))
}

fn named(query: Result<Query<SubjectQuery>, QueryRejection>) -> Result<String, Detail> {
    let Query(query) = query.map_err(|_| Detail::SubjectMissing)?;
    query.subject.filter(|subject| !subject.is_empty()).ok_or(Detail::SubjectMissing)
}
