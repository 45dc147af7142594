//! A call of every exchange with slots, with a handle in each of them.

use crate::support::house::CENTER;
use crate::support::request;

/// What the handles stand for.
pub(super) const PAYLOAD: &str = r#"{
  "user_id": "canary.q7@example.com", "own_user_id": "canary-own-4711", "user_email": "kanarie@example.org",
  "conversation_token": "canary tok+8812/x=", "nickname": "Zoë \"Kanarie\" Ümlaut", "subject": "Vögelweg 17 & Söhne",
  "account": 90817263545, "variable": "Straße <b>1</b>"
}"#;

/// Its values.
pub(super) const VALUES: [&str; 8] = [
    "canary.q7@example.com",
    "canary-own-4711",
    "kanarie@example.org",
    "canary tok+8812/x=",
    "Zoë \"Kanarie\" Ümlaut",
    "Vögelweg 17 & Söhne",
    "90817263545",
    "Straße <b>1</b>",
];

pub(super) struct Call {
    pub(super) dialect: &'static str,
    pub(super) exchange: &'static str,
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    /// Whether its answers are cut at every byte.
    pub(super) splits: bool,
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
const CONTEXT: &str = r#"{"text":"Hi","context":{"storedContextId":"HANDLE"}}"#;

/// One call of each.
pub(super) fn calls() -> Vec<Call> {
    let call = |dialect, exchange, method, path, headers, body| Call {
        dialect,
        exchange,
        method,
        path,
        headers,
        body,
        splits: false,
    };
    let mut all = vec![
        call(
            "genesys",
            "request-chat",
            "POST",
            "/api/v2/chats",
            CENTERED,
            r#"{"nickname":"HANDLE","subject":"HANDLE","userData":{"cloakroom":"HANDLE"}}"#,
        ),
        call("quiq", "send-message", "POST", "/api/v1/messaging/chat/d/send-message", &[], CONTEXT),
        call(
            "quiq",
            "send-attachment",
            "POST",
            "/api/v1/messaging/chat/d/send-attachment",
            &[],
            CONTEXT,
        ),
        call("halo", "chat", "POST", "/api/Chat", &[], r#"{"id_token":"HANDLE"}"#),
        call("halo", "upgrade-chat", "PUT", "/api/Chat/7", &[], r#"{"id_token":"HANDLE"}"#),
        call(
            "opendialog",
            "configuration",
            "POST",
            "/webchat-config?user_id=HANDLE",
            &[],
            r#"{"custom_settings":{"user":{"email":"HANDLE"}}}"#,
        ),
        call("opendialog", "read-configuration", "GET", "/webchat-config?user_id=HANDLE", &[], ""),
        call(
            "opendialog",
            "message",
            "POST",
            "/chat-api/message",
            USER,
            r#"{"user_id":"HANDLE","author":"HANDLE","content":{"user_id":"HANDLE","author":"HANDLE","user":{"email":"HANDLE"}}}"#,
        ),
        call("opendialog", "history", "GET", "/user/HANDLE/history", &[], ""),
        call("opendialog", "chat-api", "GET", "/chat-api/history", USER, ""),
        call("alli", "graphql", "POST", "/d/user/", OWN, r#"{"variables":{"t":"HANDLE"}}"#),
        call(
            "alli",
            "rest",
            "POST",
            "/webapi/send_chat",
            OWN,
            r#"{"conversationId":"HANDLE","variables":{"variable":"HANDLE"}}"#,
        ),
    ];
    // One that streams, and one that is read as a whole.
    for call in &mut all {
        call.splits = matches!(call.exchange, "send-message" | "request-chat");
    }
    all
}
