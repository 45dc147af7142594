//! A call of every exchange that can reveal, or that knows its conversation: with a
//! handle in each slot, or in the conversation that such a call began.

use crate::support::house::CENTER;
use crate::support::request;

pub(super) struct Call {
    pub(super) dialect: &'static str,
    pub(super) exchange: &'static str,
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    /// The exchange that began its conversation, where this one reveals nothing itself.
    pub(super) begun_by: Option<&'static str>,
}

impl Call {
    pub(super) fn bytes(&self, handle: &str) -> Vec<u8> {
        let fill = |text: &str| text.replace("HANDLE", handle);
        let headers: Vec<(&str, String)> =
            self.headers.iter().map(|(name, value)| (*name, fill(value))).collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        request(self.method, &fill(self.path), &headers, fill(self.body).as_bytes())
    }
}

const CENTERED: &[(&str, &str)] = &[("ContactCenterId", CENTER)];
const USER: &[(&str, &str)] = &[("OPENDIALOG-USER-ID", "HANDLE")];
const OWN: &[(&str, &str)] = &[("OWN-USER-ID", "HANDLE"), ("USER-EMAIL", "HANDLE")];
/// Its claims are `{"sub":"track-1"}`.
pub(super) const TOKEN: &str = "e30.eyJzdWIiOiJ0cmFjay0xIn0.c2ln";
const TRACKED: &[(&str, &str)] = &[("X-Quiq-Access-Token", TOKEN)];
const CONTEXT: &str = r#"{"text":"Hi","context":{"storedContextId":"HANDLE"}}"#;
const CHAT: &str = r#"{"nickname":"HANDLE","subject":"HANDLE","userData":{"cloakroom":"HANDLE"}}"#;
const OD_MESSAGE: &str = r#"{"user_id":"HANDLE","author":"HANDLE","content":{"user_id":"HANDLE","author":"HANDLE","user":{"email":"HANDLE"}}}"#;

type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// With a handle in every slot.
const REVEALING: &[Row] = &[
    ("genesys", "request-chat", "POST", "/api/v2/chats", CENTERED, CHAT),
    ("quiq", "send-message", "POST", "/api/v1/messaging/chat/d/send-message", TRACKED, CONTEXT),
    (
        "quiq",
        "send-attachment",
        "POST",
        "/api/v1/messaging/chat/d/send-attachment",
        TRACKED,
        CONTEXT,
    ),
    ("halo", "chat", "POST", "/api/Chat", &[], r#"{"id_token":"HANDLE"}"#),
    ("halo", "upgrade-chat", "PUT", "/api/Chat/7", &[], r#"{"id_token":"HANDLE"}"#),
    (
        "opendialog",
        "configuration",
        "POST",
        "/webchat-config?user_id=HANDLE",
        &[],
        r#"{"custom_settings":{"user":{"email":"HANDLE"}}}"#,
    ),
    ("opendialog", "read-configuration", "GET", "/webchat-config?user_id=HANDLE", &[], ""),
    ("opendialog", "message", "POST", "/chat-api/message", USER, OD_MESSAGE),
    ("opendialog", "history", "GET", "/user/HANDLE/history", &[], ""),
    ("opendialog", "chat-api", "GET", "/chat-api/history", USER, ""),
    ("alli", "graphql", "POST", "/d/user/", OWN, r#"{"variables":{"t":"HANDLE"}}"#),
    (
        "alli",
        "rest",
        "POST",
        "/webapi/send_chat",
        OWN,
        r#"{"conversationId":"HANDLE","variables":{"variable":"HANDLE"}}"#,
    ),
];

/// In a conversation that was begun before; no handle.
const LINKED: &[Row] = &[
    ("genesys", "chat", "POST", "/api/v2/chats/c-1", CENTERED, r#"{"operationName":"x"}"#),
    ("genesys", "get-chat", "GET", "/api/v2/chats/c-1", CENTERED, ""),
    ("genesys", "poll", "GET", "/api/v2/chats/c-1/messages", CENTERED, ""),
    ("halo", "read-chat", "GET", "/api/Chat/c-1", &[], ""),
    ("halo", "messages", "GET", "/api/ChatMessage?chat_id=c-1", &[], ""),
    ("halo", "send-message", "POST", "/api/ChatMessage", &[], r#"[{"chat_id":"c-1"}]"#),
    ("halo", "typing", "POST", "/api/ChatMessage/IsTyping", &[], r#"{"chat_id":"c-1"}"#),
    ("quiq", "conversation", "GET", "/api/v1/messaging/chat/d", TRACKED, ""),
    ("quiq", "prepare-uploads", "POST", "/api/v1/messaging/chat/d/prepare-uploads", TRACKED, "{}"),
    ("quiq", "typing", "POST", "/api/v1/messaging/chat/d/typing", TRACKED, "{}"),
    ("quiq", "register", "POST", "/api/v1/messaging/chat/d/register", TRACKED, "{}"),
    (
        "quiq",
        "email-transcript",
        "POST",
        "/api/v1/messaging/chat/d/email-transcript",
        TRACKED,
        "{}",
    ),
];

/// One call of each.
pub(super) fn calls() -> Vec<Call> {
    let call = |row: &Row, begun_by| {
        let (dialect, exchange, method, path, headers, body) = *row;
        Call { dialect, exchange, method, path, headers, body, begun_by }
    };
    let opening = |dialect| match dialect {
        "genesys" => "request-chat",
        "halo" => "chat",
        _ => "send-message",
    };
    let revealing = REVEALING.iter().map(|row| call(row, None));
    let linked = LINKED.iter().map(|row| call(row, Some(opening(row.0))));
    revealing.chain(linked).collect()
}

/// The call of this exchange.
pub(super) fn call_of(dialect: &str, exchange: &str) -> Call {
    let named = |call: &Call| call.dialect == dialect && call.exchange == exchange;
    calls().into_iter().find(named).unwrap()
}
