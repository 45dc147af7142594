//! Mirror of what a dialect's file says of answers. Keys only; see `raw`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::or_text::OrText;
use crate::config::at::At;

/// A change of a vendor's JSON answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Answer {
    /// JSON pointer into the answer; a segment "*" is any one. Required.
    pub(crate) at: Option<At<String>>,
    /// What happens there. Required.
    pub(crate) change: Option<At<OrText<Change>>>,
}

/// One of both, or the text "remove" or "through-proxy".
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Change {
    /// It becomes this JSON value, written as text: "null", "'\"WELCOME\"'".
    pub(crate) set: Option<At<String>>,
    /// It moves to this JSON pointer.
    pub(crate) move_to: Option<At<String>>,
}

/// A place of an answer: one of the three.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Place {
    /// JSON pointer into the body.
    pub(crate) json: Option<At<String>>,
    /// A header.
    pub(crate) header: Option<At<String>>,
    /// A cookie that the answer sets.
    pub(crate) cookie: Option<At<String>>,
}

/// A value that the vendor hands out and the browser gets as a handle.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Wrap {
    /// Where it stands in the answer. Required.
    pub(crate) at: Option<At<Place>>,
    /// How long its handle works. Default: "1h". "1s" to "30d".
    pub(crate) ttl: Option<At<String>>,
}

/// What takes the place of a revealed value in an answer.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RedactAs {
    /// The handle that stands for it.
    Handle,
    /// A fixed mark.
    Mark,
    /// A mark of the same length.
    SameLength,
}

/// The vendor's own deposit call, made by this proxy at a handle's first use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Relay {
    /// "METHOD /path" at the route's upstream. Required.
    pub(crate) call: Option<At<String>>,
    /// JSON body with {payload}. Required.
    pub(crate) body: Option<At<String>>,
    /// Pointer to what stands for the payload in the vendor's answer. Required.
    pub(crate) key: Option<At<String>>,
    /// Pointer to its second part, for slots with "second".
    pub(crate) second: Option<At<String>>,
    /// How long the vendor keeps it; it is posted again afterwards. Default: "55m".
    /// "1s" to "30d".
    pub(crate) ttl: Option<At<String>>,
}
