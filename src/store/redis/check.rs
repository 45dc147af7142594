//! What a server says about itself, before the first handle is trusted to it.
//!
//! Never changes a server's settings, and asks nothing but `INFO`, which every hosted service allows.

use std::fmt;

use super::RedisStore;
use super::fault::{Fault, MISNAMED, UNTRUSTED};
use super::settings::{RedisSettings, Topology};

/// The oldest version that has all that the scripts and indexes use (`ZADD … GT`, `ZRANGE … REV`, ACL users).
const VERSION_MIN: (u32, u32) = (6, 2);

/// Why a store must not be started on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartFault {
    /// No answer in time. It may come: serving can begin, and answers 503 until then.
    #[error("redis cannot be reached: {0}")]
    Unreachable(&'static str),
    /// Wrong user or password.
    #[error("redis refused the user or password")]
    Denied,
    /// A user that may not do what it takes to begin. What else it may not do shows at the first call.
    #[error(
        "the redis user may not run INFO, or what finds the primary; docs/stores.md lists what it needs"
    )]
    NotPermitted,
    /// A certificate that is not to be trusted, and why.
    #[error("{0}")]
    Certificate(&'static str),
    /// Older than 6.2.
    #[error("redis {found} is too old: 6.2 or newer is needed")]
    VersionOld {
        /// As the server says it.
        found: String,
    },
    /// A cluster's node where `topology` says otherwise, or the reverse.
    #[error("topology = {told} does not fit: the server says cluster_enabled:{enabled}")]
    Topology {
        /// What the settings say.
        told: &'static str,
        /// What the server says.
        enabled: String,
    },
}

/// Something that weakens the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// When its memory is full the server drops live handles instead of refusing new ones.
    MayEvict {
        /// `maxmemory-policy`.
        policy: String,
    },
    /// Fewer replicas than a write waits for: every write will be refused.
    FewReplicas {
        /// How many are connected.
        connected: u32,
    },
    /// No `maxmemory`: a server that runs out of memory is ended by the system.
    NoMemoryBound,
    /// No append-only file: a restart goes back to the last snapshot, if there is one. Handles are lost, and a used
    /// `once` handle may be unused in it.
    NoAppendOnly,
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gravity {
    /// Said at start; refused under `strict`.
    Warning,
    /// Said at start.
    Note,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn gravity(&self) -> Gravity {
        match self {
            Self::MayEvict { .. } | Self::FewReplicas { .. } => Gravity::Warning,
            Self::NoMemoryBound | Self::NoAppendOnly => Gravity::Note,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MayEvict { policy } => write!(
                f,
                "redis may drop live handles (maxmemory-policy {policy}); set it to noeviction"
            ),
            Self::FewReplicas { connected } => {
                write!(f, "only {connected} replicas are connected: writes will be refused")
            }
            Self::NoMemoryBound => f.write_str("redis has no maxmemory: set one, with noeviction"),
            Self::NoAppendOnly => f.write_str(
                "redis writes no append-only file: a restart loses handles, or makes used ones usable; set appendonly yes",
            ),
        }
    }
}

impl RedisStore {
    /// Connects, and asks every primary what it is. `settings` are those that the store was made of.
    ///
    /// # Errors
    /// [`StartFault`].
    pub async fn check(&self, settings: &RedisSettings) -> Result<Vec<Finding>, StartFault> {
        // The first connection includes everything that a later one has behind it.
        let by = self.wire.deadline() + settings.connect_timeout.saturating_mul(8);
        let texts = self.wire.introductions(by).await.map_err(|fault| match fault {
            Fault::Denied => StartFault::Denied,
            Fault::NotPermitted => StartFault::NotPermitted,
            Fault::Untrusted => StartFault::Certificate(UNTRUSTED),
            Fault::Misnamed => StartFault::Certificate(MISNAMED),
            Fault::Silent => StartFault::Unreachable("no answer in time"),
            Fault::Broken
            | Fault::Down
            | Fault::ReadOnly
            | Fault::Topology
            | Fault::Replicas
            | Fault::Full
            | Fault::NoScript
            | Fault::Damaged(_)
            | Fault::Refused => StartFault::Unreachable("no connection"),
        })?;
        let mut findings = Vec::new();
        for text in &texts {
            let about = About(text);
            about.fits(&settings.topology)?;
            for finding in about.findings(settings.durability.replicas()) {
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
        Ok(findings)
    }
}

/// The text of `INFO`.
struct About<'a>(&'a str);

impl About<'_> {
    fn says(&self, name: &str) -> &str {
        let mut lines = self.0.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default()
    }

    fn fits(&self, topology: &Topology) -> Result<(), StartFault> {
        // Valkey says which Redis it is compatible with.
        let found = self.says("redis_version");
        let mut parts = found.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if version < VERSION_MIN {
            return Err(StartFault::VersionOld { found: found.to_owned() });
        }
        let (told, expected) = match topology {
            Topology::Standalone => ("\"standalone\"", "0"),
            Topology::Sentinel { .. } => ("\"sentinel\"", "0"),
            Topology::Cluster => ("\"cluster\"", "1"),
        };
        let enabled = self.says("cluster_enabled");
        // Some hosted services leave it out.
        if enabled.is_empty() || enabled == expected {
            return Ok(());
        }
        Err(StartFault::Topology { told, enabled: enabled.to_owned() })
    }

    fn findings(&self, replicas: u8) -> Vec<Finding> {
        let mut findings = Vec::new();
        let policy = self.says("maxmemory_policy");
        if policy != "noeviction" && !policy.is_empty() {
            findings.push(Finding::MayEvict { policy: policy.to_owned() });
        }
        let connected = self.says("connected_slaves").parse().unwrap_or(0);
        if connected < u32::from(replicas) {
            findings.push(Finding::FewReplicas { connected });
        }
        if self.says("maxmemory") == "0" {
            findings.push(Finding::NoMemoryBound);
        }
        if self.says("aof_enabled") == "0" {
            findings.push(Finding::NoAppendOnly);
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Server\r\nredis_version:7.0.15\r\nmaxmemory:100\r\n\
        maxmemory_policy:noeviction\r\naof_enabled:1\r\nconnected_slaves:1\r\ncluster_enabled:0\r\n";

    #[test]
    fn an_old_server_and_one_of_another_topology_are_refused() {
        for old in ["6.0.20", "5.0.7", "", "x.y"] {
            let text = GOOD.replace("7.0.15", old);
            let refused = About(&text).fits(&Topology::Standalone);
            assert_eq!(refused, Err(StartFault::VersionOld { found: old.to_owned() }));
        }
        for new in ["6.2.0", "7.0.15", "10.1"] {
            assert_eq!(About(&GOOD.replace("7.0.15", new)).fits(&Topology::Standalone), Ok(()));
        }
        assert!(matches!(About(GOOD).fits(&Topology::Cluster), Err(StartFault::Topology { .. })));
        let cluster = GOOD.replace("cluster_enabled:0", "cluster_enabled:1");
        let refused = About(&cluster).fits(&Topology::Standalone);
        assert!(matches!(refused, Err(StartFault::Topology { .. })));
    }

    #[test]
    fn a_policy_that_drops_live_keys_and_missing_replicas_are_warnings() {
        assert!(About(GOOD).findings(1).is_empty());
        for policy in ["allkeys-lru", "volatile-ttl", "volatile-lru", "allkeys-random"] {
            let text = GOOD.replace("noeviction", policy);
            let found = About(&text).findings(0);
            assert_eq!(found, [Finding::MayEvict { policy: policy.to_owned() }]);
            assert_eq!(found[0].gravity(), Gravity::Warning);
        }
        assert_eq!(About(GOOD).findings(2), [Finding::FewReplicas { connected: 1 }]);
        let loose =
            GOOD.replace("maxmemory:100", "maxmemory:0").replace("aof_enabled:1", "aof_enabled:0");
        let found = About(&loose).findings(0);
        assert_eq!(found, [Finding::NoMemoryBound, Finding::NoAppendOnly]);
        assert!(found.iter().all(|finding| finding.gravity() == Gravity::Note));
    }
}
