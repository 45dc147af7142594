//! The control plane: where trusted back ends issue, inspect and revoke, and
//! where operators look.
//!
//! An axum router; `server.rs` serves it on a Pingora listener. It does not know
//! the data plane. It never returns a payload, and no caller learns whether
//! another tenant has a handle.

mod auth;
mod handles;
mod health;
pub mod problem;
mod subjects;
mod vendor;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dialect::Dialect;
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;
use crate::vault::issue::{BATCH_MAX, IssueLimits};
use crate::vault::tenancy::Tenancy;

/// JSON around each payload of a batch, in bytes, at the most.
const ENVELOPE_MAX: usize = 1024;

/// What the control plane is judged by; swapped whole on reload.
#[derive(Debug)]
pub struct ControlSettings {
    /// Tenants and their callers.
    pub tenancy: Tenancy,
    /// Bounds of what may be issued.
    pub limits: IssueLimits,
    /// Dialects whose own issue calls are answered.
    pub dialects: Vec<Arc<Dialect>>,
}

/// Tells each upstream server and whether it is healthy.
pub type Health = Arc<dyn Fn() -> Vec<(String, bool)> + Send + Sync>;

/// The control plane's door.
#[derive(Clone)]
pub struct Control {
    /// Current settings.
    pub settings: Arc<ArcSwap<ControlSettings>>,
    /// Where handles are issued and revoked.
    pub vault: Arc<Vault>,
    /// What `/metrics` prints.
    pub metrics: Arc<Metrics>,
    /// Asked for `/metrics`.
    pub health: Health,
    /// Set when the process is going down: `/readyz` says so.
    pub draining: Arc<AtomicBool>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("vault", &self.vault).finish_non_exhaustive()
    }
}

/// The router with every call of the control plane.
pub fn router(control: Control) -> Router {
    let payload_max = control.settings.load().limits.payload_max;
    let body_max = payload_max.saturating_add(ENVELOPE_MAX).saturating_mul(BATCH_MAX);
    let (router, mut description) = described().split_for_parts();
    vendor::describe(&mut description, &control.settings.load().dialects);
    let description = Arc::new(description);
    router
        .route(
            "/openapi.json",
            get(move || async move { axum::Json(description.as_ref().clone()) }),
        )
        .fallback(vendor::issue)
        .method_not_allowed_fallback(problem::no_such_call)
        .layer(DefaultBodyLimit::max(body_max))
        .with_state(control)
}

/// The description of every call, made from the handlers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Control> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(handles::issue, subjects::export, subjects::revoke_owned))
        .routes(routes!(handles::inspect, handles::revoke))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Cloakroom control plane", description = "Issue, inspect and revoke handles."),
    components(schemas(problem::ProblemDocument)),
    modifiers(&Callers),
    security(("bearer" = []), ("basic" = []))
)]
struct Description;

struct Callers;

impl utoipa::Modify for Callers {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        for (name, scheme) in [("bearer", HttpAuthScheme::Bearer), ("basic", HttpAuthScheme::Basic)]
        {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}
