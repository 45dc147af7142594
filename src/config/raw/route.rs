//! Mirror of `[[route]]`. Keys only; see `raw`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::Change;
use super::or_text::OrText;
use super::tenant::Secret;
use crate::config::at::At;

/// One way from a host and path to an upstream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Route {
    /// Its label in metrics and logs. Default: made of host and path.
    pub(crate) name: Option<At<String>>,
    /// The host that browsers call, without a port. Default: any.
    pub(crate) host: Option<At<String>>,
    /// Path prefix; the longest wins. Default: "/".
    pub(crate) path: Option<At<String>>,
    /// How the vendor carries handles: a built-in dialect's name or one's own. Required.
    pub(crate) dialect: Option<At<String>>,
    /// Whose calls these are. This, or "tenant_from".
    pub(crate) tenant: Option<At<String>>,
    /// What says whose call it is.
    pub(crate) tenant_from: Option<At<TenantFrom>>,
    /// With "tenant_from": among whom.
    pub(crate) tenants: Option<At<Vec<At<String>>>>,
    /// Calls that the dialect does not list. Default: "refuse".
    pub(crate) unlisted: Option<At<Unlisted>>,
    /// Where calls go. Required.
    pub(crate) upstream: Option<At<Upstream>>,
    /// Hand payloads in at the vendor's own store and reveal its key, where the
    /// dialect has "relay".
    pub(crate) relay: Option<At<Relay>>,
    /// Changes of this route's answers, after those of the dialect.
    #[serde(default)]
    pub(crate) answer: Vec<At<RouteAnswer>>,
    /// "off": answers and sockets pass as the vendor sends them, with whatever they
    /// say of a revealed person. Default: "on".
    pub(crate) danger_redact: Option<At<Redact>>,
}

/// How the vendor knows that a deposit is the operator's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Relay {
    /// The whole value of Authorization, "Basic …" or "Bearer …", from a file or the
    /// environment. Required.
    pub(crate) authorization: Option<At<Secret>>,
}

/// A change of one exchange's answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct RouteAnswer {
    /// The exchange of the dialect. Required.
    pub(crate) exchange: Option<At<String>>,
    /// JSON pointer into the answer; a segment "*" is any one. Required.
    pub(crate) at: Option<At<String>>,
    /// What happens there. Required.
    pub(crate) change: Option<At<OrText<Change>>>,
}

/// Whether what was revealed is taken out of answers.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Redact {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// What says whose call it is.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum TenantFrom {
    /// The ContactCenterId header.
    #[serde(rename = "contact-center-id")]
    ContactCenterId,
}

/// What becomes of calls that the dialect does not list.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unlisted {
    /// Refused.
    Refuse,
    /// Streamed through; nothing is revealed in them.
    Pass,
}

/// Where calls go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table with \"servers\"")]
pub(crate) struct Upstream {
    /// "HOST:PORT" each, 1 to 64. Required.
    pub(crate) servers: Option<At<Vec<At<String>>>>,
    /// { sni = "…" }, or "danger_off" for plain text beyond this machine.
    pub(crate) tls: Option<At<OrText<UpstreamTls>>>,
    /// The Host header to send. Default: the SNI with TLS, else the browser's own.
    pub(crate) host: Option<At<String>>,
    /// Headers to send instead of the browser's own, as an Origin that the vendor
    /// knows. Default: none.
    #[serde(default)]
    pub(crate) set_headers: BTreeMap<At<String>, At<String>>,
    /// TCP connect. Default: "3s". "1ms" to "10m", as the others.
    pub(crate) connect_timeout: Option<At<String>>,
    /// TCP and TLS together. Default: "6s".
    pub(crate) connect_total_timeout: Option<At<String>>,
    /// Between two reads of an answer. Default: "60s".
    pub(crate) read_timeout: Option<At<String>>,
    /// Between two writes. Default: "30s".
    pub(crate) write_timeout: Option<At<String>>,
    /// How long an unused connection is kept: below the upstream's own. Default: "30s".
    pub(crate) idle_timeout: Option<At<String>>,
    /// How often servers are checked and names looked up. Default: "10s". "1s" to "10m".
    pub(crate) health_interval: Option<At<String>>,
}

/// TLS towards the upstream; always verified.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct UpstreamTls {
    /// The name to ask for and to verify. Required.
    pub(crate) sni: Option<At<String>>,
    /// PEM file of the CAs to trust instead of the system's.
    pub(crate) ca: Option<At<String>>,
}
