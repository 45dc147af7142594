//! Issue calls in a vendor's own words, as the dialects' `[[issue]]` describe.
//!
//! Everything that no route of the control plane takes comes here. A call that
//! no dialect describes does not exist.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{RequestExt, extract};
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::{HttpMethod, OpenApi, ResponseBuilder};

use super::Control;
use super::auth::Caller;
use super::handles::payload;
use super::problem::{Detail, Problem};
use crate::dialect::Dialect;
use crate::dialect::issue::IssueCall;
use crate::domain::Uses;
use crate::reject::ControlCause;
use crate::vault::issue::{BATCH_MAX, Bait, Deposit};
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
    let caller = Some(seat.caller.as_str());
    let issued = control.vault.issue_for(caller, &seat.tenant.id, deposits).await?;
    control.metrics.issued(&seat.tenant.id, count);
    let issued: Vec<_> = issued
        .iter()
        .map(|one| (one.handle.expose(), one.handle.id().to_string(), one.handle.expose_key()))
        .collect();
    let head = [(CONTENT_TYPE, "application/json")];
    Ok((call.status, head, call.answer(&issued)).into_response())
}

/// Adds the dialects' own issue calls to the description, those of a method that a
/// deposit is made with.
pub(super) fn describe(description: &mut OpenApi, dialects: &[Arc<Dialect>]) {
    for dialect in dialects {
        for call in &dialect.issue_calls {
            let pattern = call.call.to_string();
            let method = match pattern.split_once(' ') {
                Some(("POST", path)) => (HttpMethod::Post, path),
                Some(("PUT", path)) => (HttpMethod::Put, path),
                Some(_) | None => continue,
            };
            let answered = ResponseBuilder::new().description("Issued, in the vendor's own words.");
            let operation = OperationBuilder::new()
                .summary(Some(format!("Issue, as the dialect {} describes", dialect.name)))
                .response(call.status.as_str(), answered)
                .response("401", ResponseBuilder::new().description("No caller has this secret."));
            description.paths.add_path_operation(method.1, vec![method.0], operation);
        }
    }
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
            bait: Bait::No,
        })
    });
    kept.collect()
}
