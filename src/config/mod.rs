//! Configuration: a TOML file becomes the resolved types of the floors below, or
//! the list of everything that is wrong with it.
//!
//! Raw, then resolved: `raw` mirrors the file key by key and decides nothing; the
//! modules named like the tables take that apart and check it. A file with a
//! mistake resolves to nothing. Nobody below imports this, no socket is opened
//! here, and no secret is printed.

mod adapted;
mod at;
mod audit;
mod builtin;
pub mod dialects;
mod document;
pub mod jwt;
mod keys;
mod limits;
pub mod listen;
mod measure;
mod mistake;
mod notes;
mod origin;
mod outside;
mod process;
mod raw;
mod read;
mod routes;
pub mod store;
mod tenants;
mod upstream;
mod wording;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use self::at::{At, Span};
use self::dialects::Library;
use self::jwt::JwtSettings;
use self::listen::{Addresses, Listener, Speaks};
pub use self::mistake::{Mistake, Mistakes, Place};
use self::notes::Notes;
use self::outside::Outside;
use self::routes::Ground;
use self::store::StoreConfig;
use crate::dialect::Dialect;
use crate::domain::lease::Terms;
use crate::domain::{Keyring, TenantId};
use crate::proxy::settings::DataPlane;
use crate::telemetry::audit::AuditSettings;
use crate::telemetry::logs::LogFormat;
use crate::vault::issue::IssueLimits;
use crate::vault::tenancy::Tenancy;

/// Everything that a file says, resolved.
#[derive(Debug)]
pub struct Config {
    /// Where browsers call.
    pub data_plane: DataPlaneConfig,
    /// Where trusted back ends and operators call.
    pub control_plane: ControlPlaneConfig,
    /// The keys that sign and seal.
    pub keyring: Keyring,
    /// Leases.
    pub terms: Terms,
    /// Where sealed payloads are kept.
    pub store: StoreConfig,
    /// Where it is written down what happens, if anywhere.
    pub audit: Option<AuditSettings>,
    /// What a browser's call is judged by.
    pub settings: DataPlane,
    /// Tenants and their callers.
    pub tenancy: Tenancy,
    /// Bounds of what may be issued.
    pub issue: IssueLimits,
    /// Every dialect, the operator's own in place of built-in ones of their name.
    pub dialects: Vec<Arc<Dialect>>,
    /// What tenants say of their pages' JWTs.
    pub jwt: BTreeMap<TenantId, JwtSettings>,
    /// After SIGTERM: how long `/readyz` says no before listeners close.
    pub shutdown_drain: Duration,
    /// After that: how long calls under way may take.
    pub shutdown_grace: Duration,
    /// Where listeners are handed over to a new process.
    pub upgrade_socket: PathBuf,
    /// How log lines are written.
    pub log: LogFormat,
}

/// The data plane's own process settings.
#[derive(Debug)]
pub struct DataPlaneConfig {
    /// Where it listens; never empty.
    pub listeners: Vec<Listener>,
    /// Worker threads.
    pub threads: usize,
    /// Connections to upstreams that each listener keeps open while idle.
    pub upstream_idle_max: usize,
}

/// The control plane's own process settings.
#[derive(Debug)]
pub struct ControlPlaneConfig {
    /// Where it listens; never empty.
    pub listeners: Vec<Listener>,
}

/// Reads a file, with the process's environment. `generation` counts reloads and
/// goes into the settings.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path, generation: u64) -> Result<Config, Mistakes> {
    let file = path.display().to_string();
    let text = outside::slurp(path).and_then(|bytes| {
        let text = str::from_utf8(&bytes).map(str::to_owned);
        text.map_err(|_| std::io::Error::other("it is not UTF-8 text"))
    });
    let text = text.map_err(|error| Mistake::of_file(&file, format!("cannot be read: {error}")))?;
    let base = path.parent().unwrap_or(Path::new(""));
    load_text(&text, &file, base, &|name| std::env::var(name).ok(), generation)
}

/// [`load`] for a text at hand: `base` is where its relative paths start, `env`
/// its environment.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    text: &str,
    file: &str,
    base: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    generation: u64,
) -> Result<Config, Mistakes> {
    let (mirror, mut notes) = read::read::<raw::File>(file, text);
    let outside = Outside { base, env };
    let config = mirror.and_then(|mirror| resolve(&mirror, &outside, generation, &mut notes));
    notes.finish(config)
}

/// The JSON Schema of the file, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(raw::File).to_value()
}

/// The whole file's place, for tables that are not in it.
const FILE: Span = 0..0;

fn resolve(
    raw: &raw::File,
    outside: &Outside<'_>,
    generation: u64,
    notes: &mut Notes<'_>,
) -> Option<Config> {
    let raw::File {
        data_plane,
        control_plane,
        keyring,
        store,
        audit,
        limits,
        process,
        log,
        tenant,
        dialect,
        route,
    } = raw;

    let planes = planes(data_plane, control_plane, outside, notes);
    let keyring = keys::keyring(keyring, outside, notes);
    let store = store::store(store.as_ref(), outside, notes);
    let audit = audit::audit(audit.as_ref(), outside, notes);
    let limits = limits::limits(limits.as_ref(), notes);
    let ending = process::ending(process.as_ref(), outside, notes);
    let tenants = tenants::tenants(tenant, outside, notes);
    let library = Library::load(dialect, outside, notes);
    let lease_max = limits.as_ref().map(|(_, terms, _)| terms.lease_max);
    let ground = Ground { tenants: &tenants, library: &library, outside, generation, lease_max };
    let routes = routes::routes(route, &ground, notes);

    let (data_plane, trusted_proxies, control_plane) = planes?;
    let (limits, terms, issue) = limits?;
    let ending = ending?;
    Some(Config {
        data_plane,
        control_plane,
        keyring: keyring?,
        terms,
        store: store?,
        audit: audit?,
        settings: DataPlane { generation, routes, limits, trusted_proxies },
        tenancy: Tenancy::new(tenants.resolved.into_values()),
        issue,
        dialects: library.into_all(),
        jwt: tenants.jwt,
        shutdown_drain: ending.drain,
        shutdown_grace: ending.grace,
        upgrade_socket: ending.upgrade_socket,
        log: process::log_format(log.as_ref()),
    })
}

fn planes(
    data: &Option<At<raw::planes::DataPlane>>,
    control: &Option<At<raw::planes::ControlPlane>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<(DataPlaneConfig, Vec<IpNet>, ControlPlaneConfig)> {
    let mut taken = Addresses::default();
    let hint = "write [data_plane] and listen = [\"127.0.0.1:8080\"]";
    let data = notes.need(data, &FILE, "data_plane", hint);
    let data = data.and_then(|data| process::data_plane(data, &mut taken, outside, notes));
    let hint = "write [control_plane] and listen = [\"127.0.0.1:8081\"]";
    let control = notes.need(control, &FILE, "control_plane", hint);
    let listeners = control.and_then(|control| {
        let raw::planes::ControlPlane { listen } = &**control;
        listen::listeners(listen, (&control.span(), Speaks::Http1), &mut taken, outside, notes)
    });
    let (data, trusted) = data?;
    Some((data, trusted, ControlPlaneConfig { listeners: listeners? }))
}

#[cfg(test)]
mod tests;
