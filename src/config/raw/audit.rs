//! Mirror of `[audit]`. Keys only; see `raw`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::at::At;

/// Where it is written down what happened to which handle.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Audit {
    /// The file; full ones are beside it, with a number after the name. Required.
    pub(crate) path: Option<At<String>>,
    /// Bytes of a file before the next is begun. Default: "64MiB". "64KiB" to "4GiB".
    pub(crate) size_max: Option<At<String>>,
    /// Full files that are kept, the oldest goes first. Default: all. 1 to 100000.
    pub(crate) files_max: Option<At<u64>>,
    /// When lines are on the disk: "interval" (once a second) or "every" (before the call
    /// goes on). Default: "interval".
    pub(crate) sync: Option<At<Sync>>,
    /// While no line can be written, calls are refused ("refuse") or go on and are counted
    /// ("continue"). Default: "refuse".
    pub(crate) on_audit_failure: Option<At<OnFailure>>,
}

/// When lines are on the disk.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sync {
    /// Once a second.
    Interval,
    /// Before the call goes on.
    Every,
}

/// What becomes of calls while no line can be written.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnFailure {
    /// They are refused.
    Refuse,
    /// They go on.
    Continue,
}
