//! The configuration file's mirror: every key as it is spelled, nothing decided.
//!
//! No logic and no bounds; defaults, bounds and meaning are resolution's, which
//! takes each table apart field by field, so that a key nobody handles does not
//! compile. What stands in a field's comment is what editors show for the key.

pub(crate) mod answer;
pub(crate) mod dialect;
pub(crate) mod json_text;
pub(crate) mod or_text;
pub(crate) mod planes;
pub(crate) mod route;
pub(crate) mod slot;
pub(crate) mod store;
pub(crate) mod tenant;

use schemars::JsonSchema;
use serde::Deserialize;

use self::planes::{ControlPlane, DataPlane, Keyring, Limits, Log, Process};
use self::route::Route;
use self::store::Store;
use self::tenant::Tenant;
use super::at::At;

/// The configuration of Cloakroom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[schemars(title = "Cloakroom")]
pub(crate) struct File {
    /// Where browsers call.
    pub(crate) data_plane: Option<At<DataPlane>>,
    /// Where trusted back ends and operators call.
    pub(crate) control_plane: Option<At<ControlPlane>>,
    /// The keys that sign handles and seal payloads.
    pub(crate) keyring: Option<At<Keyring>>,
    /// Where sealed payloads are kept. Default: in memory.
    pub(crate) store: Option<At<Store>>,
    /// Bounds on sizes and times.
    pub(crate) limits: Option<At<Limits>>,
    /// How the process ends.
    pub(crate) process: Option<At<Process>>,
    /// How log lines are written.
    pub(crate) log: Option<At<Log>>,
    /// Owners of payloads, callers and routes.
    #[serde(default)]
    pub(crate) tenant: Vec<At<Tenant>>,
    /// Dialects of one's own, or in place of a built-in one of the same name.
    #[serde(default)]
    pub(crate) dialect: Vec<At<DialectFile>>,
    /// Where browsers' calls go.
    #[serde(default)]
    pub(crate) route: Vec<At<Route>>,
}

/// A dialect of one's own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct DialectFile {
    /// Its file; the name is inside. Required.
    pub(crate) file: Option<At<String>>,
}
