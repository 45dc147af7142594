//! Mirror of `[[exchange.slot]]` of a dialect's file. Keys only; see `raw`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::dialect::OnUnusable;
use super::or_text::OrText;
use crate::config::at::At;

/// One place where a handle may stand.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Slot {
    /// Where. Required.
    pub(crate) at: Option<At<Locator>>,
    /// Names that the "*" of its pointer does not cover. Default: none.
    #[serde(default)]
    pub(crate) except: Vec<At<String>>,
    /// Where the second part of a handle in two stands: a JSON pointer beside the
    /// slot's own. The slot then holds the id, this the key.
    pub(crate) second: Option<At<String>>,
    /// What may stand there. Default: "handle".
    pub(crate) accepts: Option<At<Accepts>>,
    /// What is put there. Required.
    pub(crate) reveal: Option<At<OrText<Reveal>>>,
    /// "when-configured": on a route with "relay", the vendor's own key is put there
    /// instead. Default: never.
    pub(crate) relay: Option<At<RelayUse>>,
    /// When the handle that stands here is merely too old. Default: as the exchange has
    /// it. "drop" suits a cookie that was wrapped: the vendor sees none and sets another.
    pub(crate) on_expired: Option<At<OnUnusable>>,
}

/// When a slot is relayed, whatever it reveals otherwise.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RelayUse {
    /// On a route with "relay".
    WhenConfigured,
}

/// Where a slot is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Locator {
    /// A query parameter.
    pub(crate) query: Option<At<String>>,
    /// A hole of the call's path.
    pub(crate) path: Option<At<String>>,
    /// A header.
    pub(crate) header: Option<At<String>>,
    /// A cookie.
    pub(crate) cookie: Option<At<String>>,
    /// "any": any subprotocol that a WebSocket handshake offers.
    pub(crate) subprotocol: Option<At<Subprotocol>>,
    /// A field of an urlencoded body.
    pub(crate) form: Option<At<String>>,
    /// A text field of a multipart body.
    pub(crate) multipart: Option<At<String>>,
    /// A JSON pointer (RFC 6901) into the body, or into the text of the place above; a
    /// segment "*" is any one.
    pub(crate) json: Option<At<String>>,
    /// A JSON pointer into the JSON text that the string at "json" holds.
    pub(crate) inner_json: Option<At<String>>,
    /// A JSON pointer into the claims of the JWT that stands there.
    pub(crate) claim: Option<At<String>>,
}

/// Which of the subprotocols that a handshake offers.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subprotocol {
    /// Whichever it stands in.
    Any,
}

/// What may stand in a slot.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Accepts {
    /// Only a handle.
    Handle,
    /// A handle is swapped, anything else passes as sent.
    HandleOrPlain,
}

/// What replaces a handle: one of both, or the text "same-name", "token", "payload"
/// or "relay".
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Reveal {
    /// The payload's member of this name.
    pub(crate) member: Option<At<String>>,
    /// All members of the payload become members of the object at this pointer.
    pub(crate) merge_into: Option<At<String>>,
}
