//! The calls that most tests send, with a handle in its place, and what a refusal
//! looks like.

use super::client::{Answer, request};
use super::house::CENTER;

/// Where a chat is requested.
pub(crate) const CHATS: &str = "/api/v2/chats";
/// Where a message is sent.
pub(crate) const SEND: &str = "/api/v1/messaging/chat/default/send-message";

/// A chat request of `acme` with this body.
pub(crate) fn chat(body: impl AsRef<[u8]>) -> Vec<u8> {
    request("POST", CHATS, &[("ContactCenterId", CENTER)], body.as_ref())
}

/// A chat request of `acme` with a handle for all of its user data.
pub(crate) fn chat_with(handle: &str) -> Vec<u8> {
    chat(format!(r#"{{"operationName":"RequestChat","userData":{{"cloakroom":"{handle}"}}}}"#))
}

/// The same, told apart from others by its nickname.
pub(crate) fn chat_of(nickname: &str, handle: &str) -> Vec<u8> {
    chat(format!(r#"{{"nickname":"{nickname}","userData":{{"cloakroom":"{handle}"}}}}"#))
}

/// A message with this body.
pub(crate) fn message(body: impl AsRef<[u8]>) -> Vec<u8> {
    request("POST", SEND, &[("Content-Type", "application/json")], body.as_ref())
}

/// A message that carries a handle.
pub(crate) fn message_with(handle: &str) -> Vec<u8> {
    message(format!(r#"{{"text":"Hi","context":{{"href":"/cart","storedContextId":"{handle}"}}}}"#))
}

/// Asserts that the data plane refused a call, with this status and this code.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: &str) {
    let got = (answer.status, answer.rejection());
    assert_eq!(got, (status, Some(code.to_owned())), "{answer:?}");
}
