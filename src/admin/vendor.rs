//! Issue calls in a vendor's own words, as the dialects' `[[issue]]` describe.
//!
//! Everything that no route of the control plane takes comes here. A call that
//! no dialect describes does not exist.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{RequestExt, extract};

use super::Control;
use super::auth::Caller;
use super::handles::payload;
use super::problem::{Detail, Problem};
use crate::dialect::issue::IssueCall;
use crate::domain::Uses;
use crate::reject::ControlCause;
use crate::vault::issue::{BATCH_MAX, Deposit};
use crate::vault::tenancy::Tenant;

/// Names the tenant for a caller that serves several; a vendor's body cannot.
const TENANT: &str = "cloakroom-tenant";

pub(super) async fn issue(
    State(control): State<Control>,
    request: Request,
) -> Result<Response, Problem> {
    let settings = control.settings.load_full();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut calls = settings.dialects.iter().flat_map(|dialect| &dialect.issue_calls);
    let call = calls.find(|call| call.call.matches(&method, &path));
    let call = call.ok_or(Problem::new(ControlCause::NoSuchCall))?;

    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &control).await?;
    let named = parts.headers.get(TENANT).and_then(|name| name.to_str().ok()).map(str::to_owned);
    let seat = caller.issuing(named.as_deref())?;
    let body: Result<Bytes, BytesRejection> =
        extract::Request::from_parts(parts, body).extract().await;
    let body = body.map_err(|_| Problem::new(ControlCause::TooLarge))?;

    let deposits = deposits(call, &body, &seat.tenant, settings.limits.payload_max)?;
    let count = u64::try_from(deposits.len()).unwrap_or(u64::MAX);
    let issued = control.vault.issue(&seat.tenant.id, deposits).await?;
    control.metrics.issued(&seat.tenant.id, count);
    let issued: Vec<_> = issued
        .iter()
        .map(|one| (one.handle.expose(), one.handle.id().to_string(), one.handle.expose_key()))
        .collect();
    let head = [(CONTENT_TYPE, "application/json")];
    Ok((call.status, head, call.answer(&issued)).into_response())
}

fn deposits(
    call: &IssueCall,
    body: &[u8],
    tenant: &Tenant,
    payload_max: usize,
) -> Result<Vec<Deposit>, Problem> {
    let found = call.deposits(body, BATCH_MAX).map_err(Detail::Deposit)?;
    if found.is_empty() {
        return Err(Detail::Batch { max: BATCH_MAX }.into());
    }
    let kept = found.into_iter().map(|one| {
        Ok(Deposit {
            payload: payload(one.payload, payload_max)?,
            uses: if one.once { Uses::Once } else { Uses::UntilExpiry },
            ttl: call.ttl.min(tenant.ttl_max),
            subject: None,
        })
    });
    kept.collect()
}
