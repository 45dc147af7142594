//! Mirror of a dialect's file. Keys only; see `raw`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::{Answer, Place, RedactAs, Relay, Wrap};
use super::json_text::JsonText;
use super::slot::{Slot, Subprotocol};
use crate::config::at::At;

/// A vendor's way of carrying handles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Dialect {
    /// Its name in routes: 1 to 32 of a-z 0-9 -. Required.
    pub(crate) name: Option<At<String>>,
    /// What calls say of their contact center. Default: "checked-if-present".
    pub(crate) contact_center: Option<At<ContactCenter>>,
    /// Headers whose presence refuses a call. Default: none.
    #[serde(default)]
    pub(crate) refuse_headers: Vec<At<String>>,
    /// Headers that are taken off before a call goes upstream. Default: none.
    #[serde(default)]
    pub(crate) strip_headers: Vec<At<String>>,
    /// How a refusal is worded. Default: RFC 9457.
    pub(crate) rejection: Option<At<Rejection>>,
    /// The vendor's own deposit call, for routes with "relay".
    pub(crate) relay: Option<At<Relay>>,
    /// How long what was revealed in a conversation is remembered, so that later
    /// answers are redacted. Default: "1d". "1m" to "30d".
    pub(crate) link_ttl: Option<At<String>>,
    /// What takes the place of a revealed value in answers, where an exchange does not
    /// say. Default: "handle".
    pub(crate) redact_as: Option<At<RedactAs>>,
    /// Members of a payload that a widget knows itself by, where an exchange does not
    /// say: their values come back as the handle. Default: none.
    pub(crate) identity: Option<Vec<At<String>>>,
    /// Calls of browsers, in order: the first that fits counts.
    #[serde(default)]
    pub(crate) exchange: Vec<At<Exchange>>,
    /// Calls of back ends that the control plane answers as the vendor would.
    #[serde(default)]
    pub(crate) issue: Vec<At<Issue>>,
    /// Requests and what must become of them.
    #[serde(default)]
    pub(crate) example: Vec<At<Example>>,
}

/// What calls say of their contact center.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ContactCenter {
    /// Every call but OPTIONS names it.
    Required,
    /// A call may name it, and then it must be the route's tenant's.
    CheckedIfPresent,
}

/// The vendor's error shape.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Rejection {
    /// Media type of the body. Required.
    pub(crate) content_type: Option<At<String>>,
    /// {code} is the vendor's number, {message} a sentence, {rejection} our code,
    /// {status} the HTTP status. Required.
    pub(crate) body: Option<At<String>>,
    /// Our code = the vendor's number. Default: 0.
    #[serde(default)]
    pub(crate) code: BTreeMap<At<String>, At<i64>>,
    /// Our code = the HTTP status, 400 to 599. Default: the documented one.
    #[serde(default)]
    pub(crate) status: BTreeMap<At<String>, At<u64>>,
}

/// One kind of browser call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Exchange {
    /// Its label in metrics and logs: 1 to 64 of a-z 0-9 -. Required.
    pub(crate) name: Option<At<String>>,
    /// "METHOD /path/{hole}"; "/?" at its end is an optional slash, "/**" any rest.
    pub(crate) call: Option<At<String>>,
    /// Several of them.
    #[serde(default)]
    pub(crate) calls: Vec<At<String>>,
    /// When a handle cannot be redeemed. Default: "reject".
    pub(crate) on_unusable: Option<At<OnUnusable>>,
    /// When a handle is merely too old. Default: as "on_unusable".
    pub(crate) on_expired: Option<At<OnUnusable>>,
    /// Whether a call that may have arrived is sent again. Default: "idempotent".
    pub(crate) retry: Option<At<Retry>>,
    /// How the conversation is known.
    pub(crate) bind: Option<At<Bind>>,
    /// Also any JSON string of the body that is exactly a handle, which becomes the
    /// whole payload. Default: false. A handle that somebody types into the chat is
    /// then revealed, and the vendor shows it.
    pub(crate) danger_anywhere: Option<At<bool>>,
    /// How a call of a conversation that began before names it: its answer is redacted
    /// too.
    pub(crate) link: Option<At<Bind>>,
    /// Where the answer names the conversation that it begins.
    pub(crate) learn_link: Option<At<Place>>,
    /// What takes the place of a revealed value in the answer. Default: the dialect's.
    pub(crate) redact_as: Option<At<RedactAs>>,
    /// Members of a payload that a widget knows itself by: their values come back as the
    /// handle, whatever "redact_as" says. Default: the dialect's.
    pub(crate) identity: Option<Vec<At<String>>>,
    /// Pointers to the strings of JSON texts (a stream's events, a socket's messages
    /// from the vendor) that, joined, are what a person reads. Default: none.
    #[serde(default)]
    pub(crate) text_stream: Vec<At<String>>,
    /// Changes of the answer, in order.
    #[serde(default)]
    pub(crate) answer: Vec<At<Answer>>,
    /// Values of the answer that the browser gets as handles.
    #[serde(default)]
    pub(crate) wrap: Vec<At<Wrap>>,
    /// Where handles may stand. Of two that fit one value, the first counts.
    #[serde(default)]
    pub(crate) slot: Vec<At<Slot>>,
    /// Where handles may stand in the browser's text messages, when the call becomes
    /// a WebSocket: JSON places only.
    #[serde(default)]
    pub(crate) frame: Vec<At<Slot>>,
    /// Binary messages of that WebSocket. Default: "pass", unless they hold a value
    /// that was revealed.
    pub(crate) binary: Option<At<Binary>>,
}

/// What becomes of a WebSocket's binary messages.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Binary {
    /// They pass, unless they hold a value that was revealed.
    Pass,
    /// They end the WebSocket.
    Refuse,
}

/// What becomes of a call whose handle cannot be redeemed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnUnusable {
    /// It is refused.
    Reject,
    /// It goes on without the slot.
    Drop,
    /// It goes on as sent: the vendor sees the handle.
    DangerPass,
}

/// Whether a call that may have arrived is sent again.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Retry {
    /// When its method is idempotent.
    Idempotent,
    /// Never.
    Never,
}

/// How a conversation is known.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Bind {
    /// The header that names it.
    pub(crate) header: Option<At<String>>,
    /// "any": the subprotocol of a WebSocket handshake that names it.
    pub(crate) subprotocol: Option<At<Subprotocol>>,
    /// The cookie that names it.
    pub(crate) cookie: Option<At<String>>,
    /// The query parameter that names it.
    pub(crate) query: Option<At<String>>,
    /// The hole of the call's path that names it.
    pub(crate) path: Option<At<String>>,
    /// The JSON pointer to its name, in the body or in the text of the place above.
    pub(crate) json: Option<At<String>>,
    /// The claim, when the place holds a JWT. Default: the whole text.
    pub(crate) claim: Option<At<String>>,
}

/// A vendor's own call for handing data in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Issue {
    /// "METHOD /path". Required.
    pub(crate) call: Option<At<String>>,
    /// Whether the body is one deposit or a list. Default: "one".
    pub(crate) shape: Option<At<Shape>>,
    /// Pointer to the payload within a deposit. Required.
    pub(crate) payload: Option<At<String>>,
    /// Pointer to a flag that makes the handle work once.
    pub(crate) once: Option<At<String>>,
    /// Life of its handles. Default: "1h". "1s" to "30d".
    pub(crate) ttl: Option<At<String>>,
    /// Status of the answer. Default: 200. 200 to 299.
    pub(crate) status: Option<At<u64>>,
    /// JSON answer to one deposit, with {handle}, or {id} and {key}. Required.
    pub(crate) answer: Option<At<String>>,
}

/// How many deposits a body holds.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    /// The body is one.
    One,
    /// The body is a list.
    List,
}

/// A request and what must become of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Example {
    /// The exchange's name. Required.
    pub(crate) exchange: Option<At<String>>,
    /// What the handle stands for: a table, or JSON. Required.
    pub(crate) payload: Option<At<JsonText>>,
    /// The body that the browser sends, with {handle}. Required.
    pub(crate) request: Option<At<String>>,
    /// The body that the vendor receives, byte for byte. Required.
    pub(crate) upstream: Option<At<String>>,
}
