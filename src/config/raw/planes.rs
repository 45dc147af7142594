//! Mirror of `[data_plane]`, `[control_plane]`, `[keyring]`, `[limits]`,
//! `[process]` and `[log]`. Keys only; see `raw`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::or_text::OrText;
use crate::config::at::At;

/// Where browsers call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct DataPlane {
    /// Addresses to listen on, "IP:PORT" each, or a table with TLS. Required.
    pub(crate) listen: Option<At<Vec<At<OrText<Listen>>>>>,
    /// Worker threads. Default: one for each core. 1 to 1024.
    pub(crate) threads: Option<At<u64>>,
    /// Connections to upstreams that are kept open while nothing uses them, of each
    /// address listened on. Default: 4096, or 128 for each thread if that is more. 1 to 131072.
    pub(crate) upstream_idle_max: Option<At<u64>>,
    /// Networks ("10.0.0.0/8") whose X-Forwarded-* headers are believed. Default: none.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<At<String>>,
}

/// Where trusted back ends and operators call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct ControlPlane {
    /// Addresses to listen on, "IP:PORT" each, or a table with TLS. Required.
    pub(crate) listen: Option<At<Vec<At<OrText<Listen>>>>>,
}

/// An address with more to say about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Listen {
    /// "IP:PORT". Required.
    pub(crate) address: Option<At<String>>,
    /// TLS on this address. Default: plain.
    pub(crate) tls: Option<At<ListenTls>>,
    /// HTTP/2 without TLS. Default: "disabled".
    pub(crate) h2c: Option<At<Switch>>,
}

/// TLS on a listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct ListenTls {
    /// PEM file, the server's certificate first. Required.
    pub(crate) certificate: Option<At<String>>,
    /// PEM file of its private key. Required.
    pub(crate) key: Option<At<String>>,
    /// HTTP/2 by ALPN. Default: "enabled".
    pub(crate) http2: Option<At<Switch>>,
}

/// On or off.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

/// The keys that sign handles and seal payloads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Keyring {
    /// The key for new handles. Required.
    pub(crate) current: Option<At<Key>>,
    /// Keys whose handles still work. Default: none.
    #[serde(default)]
    pub(crate) previous: Vec<At<Key>>,
}

/// One key: 32 bytes in base64, from a file or the environment, never inline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table with \"id\" and \"file\" or \"env\"")]
pub(crate) struct Key {
    /// Its number, 1 to 255, never used again for another key. Required.
    pub(crate) id: Option<At<u64>>,
    /// The file that holds it, readable by its owner only.
    pub(crate) file: Option<At<String>>,
    /// The environment variable that holds it.
    pub(crate) env: Option<At<String>>,
}

/// Bounds on sizes and times.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Limits {
    /// Bytes of a request body that may hold handles. Default: "1MiB". "1KiB" to "64MiB".
    pub(crate) request_body_max: Option<At<String>>,
    /// Bytes of a request's head. Default: "32KiB". "1KiB" to "1MiB".
    pub(crate) header_max: Option<At<String>>,
    /// An answer's JSON body that a rule changes, that names a conversation or holds a
    /// value to wrap. Others stream without a bound. Default: "1MiB". "1KiB" to "64MiB".
    pub(crate) answer_body_max: Option<At<String>>,
    /// Bytes below which a revealed value is looked for as a whole JSON value alone.
    /// Default: 4. 3 to 16.
    pub(crate) short_value_max: Option<At<u64>>,
    /// Bytes below which a revealed number is looked for as a whole JSON string alone.
    /// Default: 4. 1 to 4.
    pub(crate) short_number_max: Option<At<u64>>,
    /// Bytes of one payload's JSON. Default: "64KiB". "2B" to "1MiB".
    pub(crate) payload_max: Option<At<String>>,
    /// Time for such a body to arrive. Default: "30s". "100ms" to "10m".
    pub(crate) request_body_timeout: Option<At<String>>,
    /// Time between two requests of one connection. Default: "60s". "1s" to "1h".
    pub(crate) keepalive_timeout: Option<At<String>>,
    /// Time between two reads or writes on the browser's side. Default: "60s". "100ms" to "1h".
    pub(crate) client_timeout: Option<At<String>>,
    /// Time without a byte on a WebSocket. Default: "120s". "1s" to "1d".
    pub(crate) websocket_idle_timeout: Option<At<String>>,
    /// Life of a handle whose caller asks for none. Default: "1h". "1s" to "30d".
    pub(crate) ttl_default: Option<At<String>>,
    /// How long a request may hold a handle; longer than read_timeout. Default: "60s". "1s" to "1h".
    pub(crate) lease_max: Option<At<String>>,
    /// How long the same request, repeated, gets the same reveal. Default: "10s". "0s" to "10m".
    pub(crate) replay_window: Option<At<String>>,
    /// Failed requests that end a handle of limited uses. Default: 5. 1 to 100.
    pub(crate) releases_max: Option<At<u64>>,
}

/// How the process ends.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Process {
    /// Time that /readyz says no before listeners close. Default: "0s". "0s" to "1h".
    pub(crate) shutdown_drain: Option<At<String>>,
    /// Time that calls under way get to end after that. Default: "10s". "0s" to "1h".
    pub(crate) shutdown_grace: Option<At<String>>,
    /// Socket over which listeners are handed to a new process. Default: "upgrade.sock".
    pub(crate) upgrade_socket: Option<At<String>>,
}

/// How log lines are written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Log {
    /// Default: "text" on a terminal, else "json".
    pub(crate) format: Option<At<LogFormat>>,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// An object a line.
    Json,
    /// For people.
    Text,
}
