//! Whether the process lives, whether it should get traffic, and its metrics.
//!
//! These need no secret and tell no names but those of the configuration. Keep
//! the listener on a network that only operators reach.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::Control;
use super::problem::Problem;
use crate::reject::ControlCause;

/// A store that does not answer a probe by then is not ready.
const PROBE_MAX: Duration = Duration::from_secs(1);

/// The process lives.
#[utoipa::path(get, path = "/livez", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// It takes traffic, or why not.
#[utoipa::path(get, path = "/readyz", security(()), responses((status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = String, content_type = "text/plain", description = "The reason, in a line.")))]
pub(super) async fn ready(State(control): State<Control>) -> Response {
    if control.draining.load(Ordering::Relaxed) {
        return unready("draining");
    }
    if let Err(fault) = control.vault.audit_ready() {
        return unready(&fault.to_string());
    }
    match timeout(PROBE_MAX, control.vault.probe()).await {
        Ok(Ok(())) => "ok\n".into_response(),
        Ok(Err(fault)) => unready(&fault.to_string()),
        Err(_) => unready("the store does not answer"),
    }
}

/// Everything that is counted, as Prometheus text.
#[utoipa::path(get, path = "/metrics", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(control): State<Control>) -> Result<Response, Problem> {
    // A store that does not answer leaves its gauges as they were; the rest of
    // the page is what an operator needs just then.
    if let Ok(Ok(census)) = timeout(PROBE_MAX, control.vault.census()).await {
        control.metrics.gauge(&census, &(control.health)());
    }
    // A look that notices a writer which is stuck: its gauge is on this page.
    let _ = control.vault.audit_ready();
    control.metrics.late_commits(control.vault.take_late_commits());
    let rendered = control.metrics.render();
    let (text, kind) = rendered.map_err(|_| Problem::new(ControlCause::Internal))?;
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

fn unready(reason: &str) -> Response {
    (ControlCause::Unavailable.status(), format!("{reason}\n")).into_response()
}
