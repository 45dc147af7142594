//! What a Redis store is told: where the servers are, who we are to them, how long to wait, what counts as kept.
//!
//! Never holds a password in a URL, never prints one, never reads a file or the environment: the texts are given.

use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use zeroize::Zeroizing;

/// How the servers stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One server, at the first URL.
    Standalone,
    /// The URLs are Sentinels, which know where the primary of this name is.
    Sentinel {
        /// The primary's name in the Sentinels' configuration (`mymaster`).
        primary: String,
        /// What the Sentinels ask of us, which may differ from what the servers ask.
        login: Login,
    },
    /// The URLs are some of the nodes of a Redis Cluster; the others are learnt from them.
    Cluster,
}

/// When a write counts as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When the primary has it. A failover may lose the last writes: handles just issued, and the knowledge that a
    /// `once` handle was just used.
    Primary,
    /// When this many replicas have it too (`WAIT`), else the write is reported as not known to be kept. A failover
    /// loses nothing acknowledged if the replica that takes over is one of them: set it to the number of replicas of
    /// each primary to be sure of that.
    Replicas(NonZeroU8),
}

/// A user and a password, or neither.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The ACL user; the server's `default` user if absent.
    pub username: Option<String>,
    /// Its password. Wiped when dropped here; the client library keeps a copy to connect again.
    pub password: Option<Zeroizing<String>>,
}

/// Everything about a Redis store. `RedisSettings::new` has the defaults.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// `redis://host:port` or `rediss://host:port`, with `/n` for another database than 0 (not in a cluster).
    pub urls: Vec<String>,
    /// How they stand to each other.
    pub topology: Topology,
    /// Who we are to the servers.
    pub login: Login,
    /// The certificate authority of `rediss://`, as PEM; the system's if absent.
    pub tls_ca: Option<Vec<u8>>,
    /// Client certificate chain and key, as PEM, for servers with `tls-auth-clients yes`.
    pub tls_client: Option<(Vec<u8>, Vec<u8>)>,
    /// The longest that opening a connection may take, login included. 250 ms.
    pub connect_timeout: Duration,
    /// The longest that one operation waits for its answer, waiting for a connection included. 250 ms.
    pub response_timeout: Duration,
    /// Connections to each server, each of which carries any number of requests at once. 4; 1 to 64.
    pub connections: u8,
    /// When a write counts as kept.
    pub durability: Durability,
    /// What every key begins with. `cloakroom`; 1 to 64 of `[A-Za-z0-9._:-]`.
    pub prefix: String,
    /// The most records held, counted in the database itself.
    pub entries_max: u64,
    /// For how long a node may answer from its own memory what another node has revoked. Only `fetch` of
    /// `until-expiry` records (a conversation's link) is ever answered so. 5 s; zero turns it off.
    pub near_age_max: Duration,
    /// What the near cache may hold, in bytes. 32 MiB.
    pub near_bytes_max: u64,
}

/// A setting that cannot work. Never quotes a URL: somebody may have put a password there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingFault {
    /// No URL, or too many: 1 to 64.
    #[error("redis needs 1 to 64 urls, and exactly one when standalone")]
    Urls,
    /// A URL that is none, or has an option that weakens TLS, or a scheme other than `redis` and `rediss`.
    #[error("redis url {0} must be redis://host:port or rediss://host:port")]
    Url(usize),
    /// A user or password in a URL, where logs and process lists show it.
    #[error("redis url {0} holds a user or password; they have settings of their own")]
    LoginInUrl(usize),
    /// A database other than 0, which a cluster has not.
    #[error("a redis cluster has no other database than 0")]
    DatabaseInCluster,
    /// Some URLs with TLS, some without.
    #[error("redis urls must be all redis:// or all rediss://")]
    MixedTls,
    /// A number or name outside its bounds.
    #[error("redis setting {0} is out of bounds")]
    Bounds(&'static str),
    /// Certificates for a connection without TLS.
    #[error("redis certificates are given, but no url is rediss://")]
    CertificatesWithoutTls,
    /// The certificates cannot be read.
    #[error("the redis certificates cannot be read")]
    Certificates,
}

impl RedisSettings {
    /// The defaults, for these servers.
    #[must_use]
    pub fn new(topology: Topology, urls: Vec<String>) -> Self {
        Self {
            urls,
            topology,
            login: Login::default(),
            tls_ca: None,
            tls_client: None,
            connect_timeout: Duration::from_millis(250),
            response_timeout: Duration::from_millis(250),
            connections: 4,
            durability: Durability::Primary,
            prefix: "cloakroom".to_owned(),
            entries_max: 1_000_000,
            near_age_max: Duration::from_secs(5),
            near_bytes_max: 32 << 20,
        }
    }

    /// Whether a store can be made of them, as far as that shows without a server.
    ///
    /// # Errors
    /// The first [`SettingFault`].
    pub fn check(&self) -> Result<(), SettingFault> {
        self.checked().map(drop)
    }

    /// The servers' addresses.
    ///
    /// # Errors
    /// The first [`SettingFault`].
    pub(super) fn checked(&self) -> Result<Vec<ConnectionInfo>, SettingFault> {
        let bounds = [
            ((1..=64).contains(&self.connections), "connections"),
            (in_reason(self.connect_timeout), "connect_timeout"),
            (in_reason(self.response_timeout), "response_timeout"),
            (self.near_age_max <= Duration::from_secs(300), "near_age_max"),
            (self.entries_max > 0, "entries_max"),
            (is_prefix(&self.prefix), "prefix"),
        ];
        if let Some((_, name)) = bounds.iter().find(|(holds, _)| !holds) {
            return Err(SettingFault::Bounds(name));
        }
        let alone = self.topology == Topology::Standalone;
        if self.urls.is_empty() || self.urls.len() > 64 || (alone && self.urls.len() != 1) {
            return Err(SettingFault::Urls);
        }
        let addresses: Vec<_> =
            (1..).zip(&self.urls).map(|(at, url)| address(at, url)).collect::<Result<_, _>>()?;
        let tls = |info: &ConnectionInfo| matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        let secure = addresses.iter().filter(|info| tls(info)).count();
        if secure != 0 && secure != addresses.len() {
            return Err(SettingFault::MixedTls);
        }
        let elsewhere = |info: &ConnectionInfo| info.redis_settings().db() != 0;
        if self.topology == Topology::Cluster && addresses.iter().any(elsewhere) {
            return Err(SettingFault::DatabaseInCluster);
        }
        if secure == 0 && (self.tls_ca.is_some() || self.tls_client.is_some()) {
            return Err(SettingFault::CertificatesWithoutTls);
        }
        Ok(addresses)
    }
}

impl Durability {
    /// How many replicas a write waits for.
    pub(super) fn replicas(self) -> u8 {
        match self {
            Self::Primary => 0,
            Self::Replicas(count) => count.get(),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "set");
        f.debug_struct("Login")
            .field("username", &self.username)
            .field("password", &password)
            .finish()
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("urls", &self.urls.len())
            .field("topology", &self.topology)
            .field("login", &self.login)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

/// Whether a text may be one of the URLs; `at` is its number, from 1.
///
/// # Errors
/// [`SettingFault::Url`] or [`SettingFault::LoginInUrl`].
pub fn check_url(at: usize, url: &str) -> Result<(), SettingFault> {
    address(at, url).map(drop)
}

fn address(at: usize, url: &str) -> Result<ConnectionInfo, SettingFault> {
    // The library knows options that would turn verification off (`#insecure`), and other transports.
    if !(url.starts_with("redis://") || url.starts_with("rediss://")) || url.contains(['#', '?']) {
        return Err(SettingFault::Url(at));
    }
    if url.contains('@') {
        return Err(SettingFault::LoginInUrl(at));
    }
    url.into_connection_info().map_err(|_| SettingFault::Url(at))
}

fn in_reason(timeout: Duration) -> bool {
    (Duration::from_millis(10)..=Duration::from_secs(60)).contains(&timeout)
}

fn is_prefix(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(urls: &[&str]) -> RedisSettings {
        let urls = urls.iter().map(|&url| url.to_owned()).collect();
        RedisSettings::new(Topology::Cluster, urls)
    }

    #[test]
    fn a_url_with_a_password_or_without_verification_is_refused_and_not_quoted() {
        for (url, fault) in [
            ("redis://:hunter2@h:1", SettingFault::LoginInUrl(1)),
            ("redis://u@h:1", SettingFault::LoginInUrl(1)),
            ("rediss://h:1/#insecure", SettingFault::Url(1)),
            ("redis://h:1?protocol=resp3", SettingFault::Url(1)),
            ("unix:///tmp/s", SettingFault::Url(1)),
            ("http://h:1", SettingFault::Url(1)),
            ("", SettingFault::Url(1)),
        ] {
            let refused = with(&[url]).checked().unwrap_err();
            assert_eq!(refused, fault, "{url}");
            assert!(!refused.to_string().contains("hunter2"));
        }
        assert_eq!(
            with(&["redis://h:1", "rediss://h:1"]).checked().err(),
            Some(SettingFault::MixedTls)
        );
        assert_eq!(with(&[]).checked().err(), Some(SettingFault::Urls));
    }

    #[test]
    fn a_number_outside_its_bounds_is_refused_by_name() {
        let good = with(&["redis://h:1"]);
        assert!(good.checked().is_ok());
        for (settings, name) in [
            (RedisSettings { connections: 0, ..good.clone() }, "connections"),
            (
                RedisSettings { response_timeout: Duration::ZERO, ..good.clone() },
                "response_timeout",
            ),
            (RedisSettings { entries_max: 0, ..good.clone() }, "entries_max"),
            (RedisSettings { prefix: "a{b}".to_owned(), ..good.clone() }, "prefix"),
        ] {
            assert_eq!(settings.checked().err(), Some(SettingFault::Bounds(name)));
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let mut settings = with(&["redis://h:1"]);
        settings.login.password = Some(Zeroizing::new("hunter2".to_owned()));
        let shown = format!("{settings:?}");
        assert!(shown.contains("set") && !shown.contains("hunter2"), "{shown}");
    }
}
