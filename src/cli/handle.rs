//! `handle issue | inspect | revoke`: the control plane from a shell.
//!
//! The caller's secret comes from the environment, never from an argument that
//! `ps` would show; a payload comes from standard input, for the same reason.

use std::io::Read;

use clap::{Args, Subcommand};
use reqwest::{Client, Method, RequestBuilder, Url};

use super::{Exit, Failure, print};
use crate::domain::handle::{PREFIX, looks_like};
use crate::domain::{Handle, TenantId, Uses};

/// Holds the caller's secret.
const SECRET: &str = "CLOAKROOM_SECRET";

#[derive(Subcommand)]
pub(super) enum Handles {
    /// Issue a handle for the payload (a JSON object) on standard input.
    Issue {
        #[command(flatten)]
        control: ControlPlane,
        /// Seconds until it expires.
        #[arg(long)]
        ttl_secs: Option<u64>,
        /// until-expiry, once or conversation.
        #[arg(long)]
        uses: Option<Uses>,
        /// Whom it is about, so that all of a person's handles can be revoked.
        #[arg(long)]
        subject: Option<String>,
        /// Needed by a caller that serves several tenants.
        #[arg(long)]
        tenant: Option<String>,
        /// Issue honey: never redeemed, and an alarm in the audit and the metrics when tried.
        #[arg(long)]
        alarm: bool,
    },
    /// Say what a handle's text tells anybody (offline), or its state by its id.
    Inspect {
        #[command(flatten)]
        control: ControlPlane,
        /// A handle, or a handle's id.
        handle: String,
    },
    /// End a handle early, by its text or its id; or all of a tenant's.
    Revoke {
        #[command(flatten)]
        control: ControlPlane,
        /// A handle, or a handle's id.
        #[arg(required_unless_present = "tenant", conflicts_with = "tenant")]
        handle: Option<String>,
        /// End every handle of this tenant.
        #[arg(long)]
        tenant: Option<String>,
    },
}

#[derive(Args)]
pub(super) struct ControlPlane {
    /// The control plane; the caller's secret is read from CLOAKROOM_SECRET.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
    control: Url,
}

pub(super) fn run(command: Handles) -> Result<(), Failure> {
    match command {
        Handles::Issue { control, ttl_secs, uses, subject, tenant, alarm } => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            let payload: Box<serde_json::value::RawValue> =
                serde_json::from_str(&text).map_err(|_| {
                    Failure::new(
                        Exit::Usage,
                        "standard input is not one JSON value; pipe a JSON object in",
                    )
                })?;
            let mut ask = serde_json::Map::new();
            let optional = [
                ("ttl_secs", ttl_secs.map(serde_json::Value::from)),
                ("uses", uses.map(|uses| uses.as_str().into())),
                ("subject", subject.map(Into::into)),
                ("tenant", tenant.map(Into::into)),
                ("alarm", alarm.then_some(true.into())),
            ];
            for (name, value) in optional {
                ask.extend(value.map(|value| (name.to_owned(), value)));
            }
            // The payload is spliced in as written: its numbers and order stay.
            let rest = serde_json::Value::Object(ask).to_string();
            let rest = rest.trim_start_matches('{').trim_end_matches('}');
            let comma = if rest.is_empty() { "" } else { "," };
            let body = format!("{{\"payload\":{}{comma}{rest}}}", payload.get());
            let request = |client: &Client, url| client.request(Method::POST, url).body(body);
            control.call("v1/handles", request)
        }
        Handles::Inspect { control, handle } if looks_like(&handle) => {
            let _ = control;
            offline(&handle)
        }
        Handles::Inspect { control, handle } => {
            let path = format!("v1/handles/{}", id_of(&handle)?);
            control.call(&path, |client, url| client.request(Method::GET, url))
        }
        Handles::Revoke { control, handle, tenant } => {
            let path = match (handle, tenant) {
                (Some(handle), _) => format!("v1/handles/{}", id_of(&handle)?),
                (None, Some(tenant)) => format!("v1/handles?tenant={}", named(&tenant)?),
                (None, None) => return Err(Failure::new(Exit::Usage, "name a handle or a tenant")),
            };
            control.call(&path, |client, url| client.request(Method::DELETE, url))
        }
    }
}

impl ControlPlane {
    fn call(
        &self,
        path: &str,
        request: impl FnOnce(&Client, Url) -> RequestBuilder,
    ) -> Result<(), Failure> {
        let secret = std::env::var(SECRET).map_err(|_| {
            Failure::new(Exit::Usage, format!("set {SECRET} to the caller's secret"))
        })?;
        let gone = |fault: reqwest::Error| {
            let why = fault.without_url();
            Failure::new(
                Exit::Unavailable,
                format!(
                    "the control plane at {} does not answer: {why}; is it running?",
                    self.control
                ),
            )
        };
        let url = self
            .control
            .join(path)
            .map_err(|fault| Failure::new(Exit::Usage, fault.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (status, text) = runtime.block_on(async {
            let client = crate::server::run::http_client().map_err(gone)?;
            let answer = request(&client, url).bearer_auth(secret).send().await.map_err(gone)?;
            let status = answer.status();
            Ok::<_, Failure>((status, answer.text().await.map_err(gone)?))
        })?;
        if !status.is_success() {
            return Err(Failure::new(
                Exit::Unavailable,
                format!("the control plane refused: {status} {text}"),
            ));
        }
        if text.is_empty() { Ok(()) } else { print::line(text.trim_end()) }
    }
}

fn id_of(text: &str) -> Result<String, Failure> {
    if !looks_like(text) {
        return Ok(text.to_owned());
    }
    let handle = parse(text)?;
    Ok(handle.id().to_string())
}

fn named(tenant: &str) -> Result<TenantId, Failure> {
    TenantId::parse(tenant).map_err(|fault| Failure::new(Exit::Usage, format!("tenant: {fault}")))
}

fn offline(text: &str) -> Result<(), Failure> {
    let handle = parse(text)?;
    print::line(&format!("id       {}", handle.id()))?;
    print::line(&format!("key      {}", handle.key_id()))?;
    print::line(&format!("uses     {}", handle.uses()))?;
    let secs = i64::from(handle.expires().secs());
    let expires = jiff::Timestamp::from_second(secs).map(|at| at.to_string()).unwrap_or_default();
    print::line(&format!("expires  {expires}"))?;
    print::line("Read from the text alone: whether it is genuine, only its keyring can tell.")
}

fn parse(text: &str) -> Result<Handle, Failure> {
    Handle::parse(text).map_err(|fault| {
        Failure::new(
            Exit::Usage,
            format!("not a handle ({fault}): one begins with {PREFIX} and has 77 characters"),
        )
    })
}
