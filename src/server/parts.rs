//! A resolved configuration, split by who takes it: the house, and the process
//! around it.
//!
//! Plain values; nothing is decided here.

use std::path::PathBuf;
use std::time::Duration;

use crate::admin::ControlSettings;
use crate::config::Config;
use crate::config::listen::Listener;
use crate::config::store::StoreConfig;
use crate::domain::Keyring;
use crate::domain::lease::Terms;
use crate::proxy::settings::DataPlane;
use crate::telemetry::audit::AuditSettings;
use crate::telemetry::logs::LogFormat;

/// What the house is built from, and rebuilt from on reload.
#[derive(Debug)]
pub struct Parts {
    /// What a browser's call is judged by.
    pub data: DataPlane,
    /// What a back end's call is judged by.
    pub control: ControlSettings,
    /// The keys.
    pub keyring: Keyring,
    /// Leases.
    pub terms: Terms,
    /// Where sealed payloads are kept.
    pub store: StoreConfig,
    /// Where it is written down what happens. A reload does not change it.
    pub audit: Option<AuditSettings>,
}

/// What the process is started with; a reload does not change it.
#[derive(Debug, Clone)]
pub struct Process {
    /// The data plane's listeners.
    pub data: Vec<Listener>,
    /// The control plane's listeners.
    pub control: Vec<Listener>,
    /// The data plane's worker threads.
    pub threads: usize,
    /// Connections to upstreams that each of its listeners keeps open while idle.
    pub upstream_idle_max: usize,
    /// After SIGTERM: how long `/readyz` fails before listeners close.
    pub shutdown_drain: Duration,
    /// After that: how long calls under way may take.
    pub shutdown_grace: Duration,
    /// Where listeners are handed over.
    pub upgrade_socket: PathBuf,
    /// How log lines are written.
    pub log: LogFormat,
}

impl Process {
    /// Every address, the data plane's first.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.data.iter().chain(&self.control).map(|one| one.address.to_string()).collect()
    }
}

/// Takes a configuration apart.
#[must_use]
pub fn split(config: Config) -> (Parts, Process) {
    let process = Process {
        data: config.data_plane.listeners,
        control: config.control_plane.listeners,
        threads: config.data_plane.threads,
        upstream_idle_max: config.data_plane.upstream_idle_max,
        shutdown_drain: config.shutdown_drain,
        shutdown_grace: config.shutdown_grace,
        upgrade_socket: config.upgrade_socket,
        log: config.log,
    };
    let control = ControlSettings {
        tenancy: config.tenancy,
        limits: config.issue,
        dialects: config.dialects,
    };
    let parts = Parts {
        data: config.settings,
        control,
        keyring: config.keyring,
        terms: config.terms,
        store: config.store,
        audit: config.audit,
    };
    (parts, process)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::load_text;

    #[test]
    fn what_the_file_says_of_the_process_is_what_it_is_started_with() {
        let text = r#"
            data_plane = { listen = ["127.0.0.1:8080"], threads = 3, upstream_idle_max = 5 }
            control_plane = { listen = ["127.0.0.1:8081"] }
            keyring = { current = { id = 1, env = "KEY" } }
            process = { shutdown_drain = "7s", shutdown_grace = "9s", upgrade_socket = "/run/x/up.sock" }
        "#;
        let key = |_: &str| Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned());
        let config = load_text(text, "t.toml", Path::new("."), &key, 1).unwrap();
        let (_, process) = split(config);
        assert_eq!(process.addresses(), ["127.0.0.1:8080", "127.0.0.1:8081"]);
        assert_eq!(process.threads, 3);
        assert_eq!(process.upstream_idle_max, 5);
        assert_eq!(process.shutdown_drain, Duration::from_secs(7));
        assert_eq!(process.shutdown_grace, Duration::from_secs(9));
        assert_eq!(process.upgrade_socket, Path::new("/run/x/up.sock"));
    }
}
