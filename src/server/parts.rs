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
        shutdown_drain: Duration::ZERO,
        shutdown_grace: config.shutdown_grace,
        upgrade_socket: PathBuf::from("/tmp/x"),
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
    };
    (parts, process)
}
