//! `/v1/handles`: issue one or a batch, look at one, end one.
//!
//! Payloads come in and never go out.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp as Instant;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::auth::Caller;
use super::problem::{Detail, Problem, ProblemDocument};
use super::{Control, ControlSettings};
use crate::domain::payload::Payload;
use crate::domain::time::Timestamp;
use crate::domain::{HandleId, TenantId, Uses};
use crate::reject::ControlCause;
use crate::rewrite::json::members::members;
use crate::vault::issue::{BATCH_MAX, Bait, Deposit, Issued};
use crate::vault::revoke::Inspection;
use crate::vault::tenancy::{Permission, Seat, Tenant};

/// Bytes of a subject: an e-mail address has at most 254.
pub(super) const SUBJECT_MAX: usize = 512;

/// A payload to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IssueRequest<'a> {
    /// The personal data: a JSON object, kept byte for byte.
    #[serde(borrow)]
    #[schema(value_type = Object)]
    payload: &'a RawValue,
    /// Needed only by a caller that serves several tenants.
    tenant: Option<String>,
    /// The handle's life in seconds; 3600 where absent.
    #[schema(minimum = 1)]
    ttl_secs: Option<i64>,
    /// How often it works; `until-expiry` where absent.
    #[schema(value_type = Option<String>, example = "once")]
    uses: Option<Uses>,
    /// Whom it is about, for `DELETE /v1/handles?subject=`; kept as a keyed digest.
    subject: Option<String>,
    /// `true` for a handle to be tried by a thief: it is never redeemed, looks like any
    /// other, and a try raises an alarm in the audit and the metrics.
    alarm: Option<bool>,
}

/// A handle that was issued.
#[derive(Serialize, ToSchema)]
pub(super) struct IssueResponse {
    /// What the browser will carry.
    #[schema(example = "klk1_…")]
    handle: String,
    /// Its public id.
    id: String,
    /// The second part, for vendors that carry a handle in two (the id is the first).
    key: String,
    /// When it ends (RFC 3339).
    expires_at: String,
}

/// A handle's state.
#[derive(Serialize, ToSchema)]
pub(super) struct StateResponse {
    id: String,
    tenant: String,
    uses: &'static str,
    /// `live`, `leased` or `spent`.
    state: &'static str,
    /// When it ends (RFC 3339).
    expires_at: String,
    /// When it was issued (RFC 3339).
    issued_at: String,
    /// Committed redeems.
    redeemed: u32,
}

impl StateResponse {
    pub(super) fn of(tenant: &TenantId, found: &Inspection) -> Self {
        Self {
            id: found.id.to_string(),
            tenant: tenant.to_string(),
            uses: found.uses.as_str(),
            state: found.state.as_str(),
            expires_at: rfc3339(found.expires.at()),
            issued_at: rfc3339(found.issued),
            redeemed: found.redeemed,
        }
    }
}

/// Issue a handle, or up to 100 in one call: all or none, in the same order.
#[utoipa::path(post, path = "/v1/handles", request_body(content = IssueRequest, description = "One object, or an array of 1 to 100."),
    responses((status = 201, body = IssueResponse, description = "One object, or an array in the same order."),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(super) async fn issue(
    State(control): State<Control>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|_| Problem::new(ControlCause::TooLarge))?;
    let settings = control.settings.load_full();
    if body.trim_ascii_start().first() != Some(&b'[') {
        let deposit: IssueRequest<'_> = serde_json::from_slice(&body)?;
        let mut issued = deposit_all(&control, &settings, &caller, vec![deposit]).await?;
        let only = issued.pop().ok_or(Problem::new(ControlCause::Internal))?;
        return Ok((StatusCode::CREATED, Json(only)).into_response());
    }
    let deposits: Vec<IssueRequest<'_>> = serde_json::from_slice(&body)?;
    if deposits.is_empty() || deposits.len() > BATCH_MAX {
        return Err(Detail::Batch { max: BATCH_MAX }.into());
    }
    let issued = deposit_all(&control, &settings, &caller, deposits).await?;
    Ok((StatusCode::CREATED, Json(issued)).into_response())
}

/// A handle's state; never its payload.
#[utoipa::path(get, path = "/v1/handles/{id}", params(("id" = String, Path, description = "The handle's public id.")),
    responses((status = 200, body = StateResponse), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(super) async fn inspect(
    State(control): State<Control>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<StateResponse>, Problem> {
    let seats = caller.seats(Permission::Inspect)?;
    let id = handle_id(path)?;
    for seat in seats {
        if let Some(found) = control.vault.inspect(&seat.tenant.id, id).await? {
            return Ok(Json(StateResponse::of(&seat.tenant.id, &found)));
        }
    }
    Err(Problem::new(ControlCause::NotFound))
}

/// End a handle early.
#[utoipa::path(delete, path = "/v1/handles/{id}", params(("id" = String, Path, description = "The handle's public id.")),
    responses((status = 204), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(super) async fn revoke(
    State(control): State<Control>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let seats = caller.seats(Permission::Revoke)?;
    let id = handle_id(path)?;
    for seat in seats {
        if control.vault.revoke_for(Some(&seat.caller), &seat.tenant.id, id).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Problem::new(ControlCause::NotFound))
}

/// Checks every deposit before the first is stored. A batch is of one tenant:
/// all or nothing holds in one store operation.
async fn deposit_all(
    control: &Control,
    settings: &ControlSettings,
    caller: &Caller,
    asks: Vec<IssueRequest<'_>>,
) -> Result<Vec<IssueResponse>, Problem> {
    let mut owner: Option<&Seat> = None;
    let mut deposits = Vec::with_capacity(asks.len());
    let batch = asks.len() > 1;
    for (at, ask) in asks.into_iter().enumerate() {
        let place = |problem: Problem| if batch { problem.of_element(at) } else { problem };
        let seat = caller.issuing(ask.tenant.as_deref()).map_err(place)?;
        let owned = owner.get_or_insert(seat);
        if owned.tenant.id != seat.tenant.id {
            return Err(place(Detail::TenantForeign.into()));
        }
        deposits.push(deposit(settings, &seat.tenant, ask).map_err(place)?);
    }
    let owner = owner.ok_or(Detail::Batch { max: BATCH_MAX })?;
    let count = u64::try_from(deposits.len()).unwrap_or(u64::MAX);
    let (who, tenant) = (Some(owner.caller.as_str()), &owner.tenant.id);
    let issued = control.vault.issue_for(who, tenant, deposits).await?;
    control.metrics.issued(tenant, count);
    Ok(issued.iter().map(response).collect())
}

fn deposit(
    settings: &ControlSettings,
    tenant: &Tenant,
    ask: IssueRequest<'_>,
) -> Result<Deposit, Problem> {
    let limits = &settings.limits;
    let payload = payload(ask.payload.get().as_bytes(), limits.payload_max)?;
    if ask.subject.as_ref().is_some_and(|who| who.is_empty() || who.len() > SUBJECT_MAX) {
        return Err(Detail::Subject { max: SUBJECT_MAX }.into());
    }
    let ttl = match ask.ttl_secs {
        None => limits.ttl_default.min(tenant.ttl_max),
        Some(asked) => bounded(asked, tenant.ttl_max)?,
    };
    let uses = ask.uses.unwrap_or(Uses::UntilExpiry);
    let bait = if ask.alarm == Some(true) { Bait::Honey } else { Bait::No };
    Ok(Deposit { payload, uses, ttl, subject: ask.subject, bait })
}

/// A payload that can be kept and, when its handle comes, be put in its place.
pub(super) fn payload(text: &[u8], max: usize) -> Result<Payload, Detail> {
    let payload = Payload::parse(text, max).map_err(Detail::Payload)?;
    members(payload.expose().as_bytes()).map_err(|_| Detail::PayloadUnreadable)?;
    Ok(payload)
}

/// What is no id is the id of no handle.
fn handle_id(path: Result<Path<String>, PathRejection>) -> Result<HandleId, Problem> {
    let id = path.ok().and_then(|Path(id)| id.parse().ok());
    id.ok_or(Problem::new(ControlCause::NotFound))
}

/// A life beyond the bound is refused, not shortened: the caller would find out
/// when its customers do.
fn bounded(asked: i64, max: Duration) -> Result<Duration, Detail> {
    let secs = u64::try_from(asked).unwrap_or(0);
    let allowed = (1..=max.as_secs()).contains(&secs);
    if allowed { Ok(Duration::from_secs(secs)) } else { Err(Detail::Ttl { max: max.as_secs() }) }
}

fn response(issued: &Issued) -> IssueResponse {
    IssueResponse {
        handle: issued.handle.expose(),
        id: issued.handle.id().to_string(),
        key: issued.handle.expose_key(),
        expires_at: rfc3339(issued.expires.at()),
    }
}

fn rfc3339(at: Timestamp) -> String {
    let secs = i64::try_from(at.secs()).unwrap_or(i64::MAX);
    Instant::from_second(secs).map_or_else(|_| String::new(), |instant| instant.to_string())
}
