//! Mirror of `[store]`. Keys only; see `raw`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::tenant::Secret;
use crate::config::at::At;

/// Where sealed payloads are kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Store {
    /// The engine. Default: "memory".
    pub(crate) kind: Option<At<StoreKind>>,
    /// The most payloads that are kept; a full store refuses. Default: 100000 in memory, else
    /// 1000000. 1 to 100 million.
    pub(crate) entries_max: Option<At<u64>>,
    /// For "disk": the file; its folder must exist. Required there.
    pub(crate) path: Option<At<String>>,
    /// For "disk": the most bytes of the file. Default: "4GiB". "1MiB" to "1024GiB".
    pub(crate) bytes_max: Option<At<String>>,
    /// For "redis": "redis://HOST:PORT" or "rediss://HOST:PORT" each, 1 to 64; with sentinels,
    /// theirs; in a cluster, some of its nodes. Required there.
    pub(crate) urls: Option<At<Vec<At<String>>>>,
    /// For "redis": how the servers stand to each other. Default: "standalone".
    pub(crate) topology: Option<At<Topology>>,
    /// For topology "sentinel": whom the sentinels watch. Required there.
    pub(crate) sentinel: Option<At<Sentinel>>,
    /// For "redis": the ACL user. Default: the server's default user.
    pub(crate) username: Option<At<String>>,
    /// For "redis": the password. Default: none.
    pub(crate) password: Option<At<Secret>>,
    /// For "redis://" beyond this machine: true sends the password in the clear, where anybody on
    /// the way can read it. Default: false, which refuses such a url.
    pub(crate) danger_plaintext: Option<At<bool>>,
    /// For "rediss://": PEM file of the authorities to trust. Default: the system's.
    pub(crate) tls_ca: Option<At<String>>,
    /// For "rediss://": the certificate that we show. Default: none.
    pub(crate) tls_client: Option<At<TlsClient>>,
    /// For "redis": time to open a connection. Default: "250ms". "10ms" to "60s".
    pub(crate) connect_timeout: Option<At<String>>,
    /// For "redis": time for one operation. Default: "250ms". "10ms" to "60s".
    pub(crate) response_timeout: Option<At<String>>,
    /// For "redis": connections to each server. Default: 4. 1 to 64.
    pub(crate) connections: Option<At<u64>>,
    /// For "redis": replicas that must have a write before it counts. Default: 0. 0 to 16.
    pub(crate) replicas_min: Option<At<u64>>,
    /// For "redis": how long another node's revocation may go unnoticed by the near cache; "0s"
    /// turns it off. Default: "5s". "0s" to "5m".
    pub(crate) near_age_max: Option<At<String>>,
    /// For "redis": bytes of the near cache. Default: "32MiB". "64KiB" to "16GiB".
    pub(crate) near_bytes_max: Option<At<String>>,
    /// For "redis": what every key begins with. Default: "cloakroom".
    pub(crate) prefix: Option<At<String>>,
    /// For "redis": what becomes of a server that may lose live handles. Default: "warn".
    pub(crate) strict: Option<At<Strict>>,
}

/// A store engine.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StoreKind {
    /// This process's memory; gone when it ends.
    Memory,
    /// A database on this machine's disk.
    Disk,
    /// Redis or Valkey.
    Redis,
}

/// How Redis servers stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Topology {
    /// One server.
    Standalone,
    /// Watched by sentinels.
    Sentinel,
    /// Slots over several.
    Cluster,
}

/// Whom the sentinels watch, and who we are to them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table with \"primary\"")]
pub(crate) struct Sentinel {
    /// The primary's name in the sentinels' configuration. Required.
    pub(crate) primary: Option<At<String>>,
    /// The sentinels' ACL user. Default: their default user.
    pub(crate) username: Option<At<String>>,
    /// The sentinels' password. Default: none.
    pub(crate) password: Option<At<Secret>>,
}

/// A certificate of our own, for servers that ask for one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table with \"certificate\" and \"key\"")]
pub(crate) struct TlsClient {
    /// PEM file, our certificate first. Required.
    pub(crate) certificate: Option<At<String>>,
    /// PEM file of its private key. Required.
    pub(crate) key: Option<At<String>>,
}

/// What becomes of a server that may lose live handles.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Strict {
    /// It is used, and the log says so.
    Warn,
    /// It is not used.
    Refuse,
}
