//! Later calls carry no handle: their answers are redacted by the conversation.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::holds_nothing;
use crate::support::calls::{CHATS, SEND, chat_with, refused};
use crate::support::house::{CENTER, SECRET, issue_with, route};
use crate::support::{Answer, Reply, Running, Vendor, issue, request, start};

const PAYLOAD: &str =
    r#"{"user_id":"ann.lee@example.com","nickname":"Jörg Ümit","street":"Hauptstraße 5"}"#;

struct Talk {
    running: Running,
    answer: Arc<Mutex<Reply>>,
    _vendor: Vendor,
}

impl Talk {
    async fn with(dialect: &str) -> Self {
        let answer = Arc::new(Mutex::new(Reply::json(200, "{}")));
        let said = Arc::clone(&answer);
        let vendor = Vendor::answering(move |_| said.lock().unwrap().clone()).await;
        let running = start(&route(dialect, vendor.address)).await;
        Self { running, answer, _vendor: vendor }
    }

    async fn call(&self, bytes: &[u8], answer: &str) -> Answer {
        *self.answer.lock().unwrap() = Reply::json(200, answer);
        self.running.send(bytes).await
    }
}

fn poll(id: &str) -> Vec<u8> {
    request("GET", &format!("{CHATS}/{id}/messages"), &[("ContactCenterId", CENTER)], b"")
}

const SAID: &str = r#"{"messages":[{"from":{"nickname":"Jörg Ümit","type":"Client"},"text":"at Hauptstra\u00dfe 5"}]}"#;

/// A widget knows itself by the nickname alone.
fn redacted(handle: &str) -> String {
    SAID.replace("Jörg Ümit", handle).replace("Hauptstra\\u00dfe 5", "[redacted]")
}

#[tokio::test]
async fn genesys_polls_of_a_chat_say_the_handle_and_other_chats_are_untouched() {
    let talk = Talk::with("genesys").await;
    let handle = issue(&talk.running, PAYLOAD).await;
    let begun = talk.call(&chat_with(&handle), r#"{"id":"chat-1","nickname":"Jörg Ümit"}"#).await;
    assert_eq!(begun.text(), format!(r#"{{"id":"chat-1","nickname":"{handle}"}}"#));
    for _ in 0..2 {
        assert_eq!(talk.call(&poll("chat-1"), SAID).await.text(), redacted(&handle));
    }
    let typing = request(
        "POST",
        &format!("{CHATS}/chat-1"),
        &[("ContactCenterId", CENTER)],
        br#"{"operationName":"SendStartTypingNotification"}"#,
    );
    assert_eq!(talk.call(&typing, SAID).await.text(), redacted(&handle));
    for other in ["chat-2", "chat", "chat-11"] {
        assert_eq!(talk.call(&poll(other), SAID).await.text(), SAID, "{other}");
    }
}

#[tokio::test]
async fn a_chat_that_was_refused_is_no_conversation_of_anybody() {
    let talk = Talk::with("genesys").await;
    let handle = issue(&talk.running, PAYLOAD).await;
    let begun = talk.call(&chat_with(&handle), r#"{"statusCode":1}"#).await;
    assert_eq!(begun.status, 200);
    assert_eq!(talk.call(&poll("chat-1"), SAID).await.text(), SAID);
}

#[tokio::test]
async fn a_conversation_is_refused_once_its_handle_is_revoked_and_goes_on_when_it_expired() {
    let talk = Talk::with("genesys").await;
    let revoked = issue_with(&talk.running, SECRET, PAYLOAD, "").await;
    let expired = issue_with(&talk.running, SECRET, PAYLOAD, r#","ttl_secs":60"#).await;
    for (id, issued) in [("chat-1", &revoked), ("chat-2", &expired)] {
        let handle = issued["handle"].as_str().unwrap();
        talk.call(&chat_with(handle), &format!(r#"{{"id":"{id}"}}"#)).await;
        assert_eq!(talk.call(&poll(id), SAID).await.text(), redacted(handle));
    }
    let path = format!("/v1/handles/{}", revoked["id"].as_str().unwrap());
    assert_eq!(talk.running.control("DELETE", &path, SECRET, "").await.status, 204);
    talk.running.clock.advance(Duration::from_secs(120));
    refused(&talk.call(&poll("chat-1"), SAID).await, 403, "handle_unusable");
    let handle = expired["handle"].as_str().unwrap();
    assert_eq!(talk.call(&poll("chat-2"), SAID).await.text(), redacted(handle));
}

#[tokio::test]
async fn a_conversation_is_refused_once_its_person_is_erased_for_as_long_as_it_was_known() {
    let talk = Talk::with("genesys").await;
    let issued = issue_with(&talk.running, SECRET, PAYLOAD, r#","subject":"ann""#).await;
    let handle = issued["handle"].as_str().unwrap();
    talk.call(&chat_with(handle), r#"{"id":"chat-1"}"#).await;
    let erased = talk.running.control("DELETE", "/v1/handles?subject=ann", SECRET, "").await;
    assert_eq!(erased.json()["revoked"], 1);
    refused(&talk.call(&poll("chat-1"), SAID).await, 403, "handle_unusable");
    // Another handle in it changes nothing: what the first one revealed is with the vendor.
    let other = issue(&talk.running, r#"{"nickname":"Bea"}"#).await;
    talk.call(&chat_with(&other), r#"{"id":"chat-1"}"#).await;
    refused(&talk.call(&poll("chat-1"), SAID).await, 403, "handle_unusable");
    assert_eq!(talk.call(&poll("chat-2"), SAID).await.text(), SAID, "of another one");
}

#[tokio::test]
async fn quiq_is_known_by_the_subject_of_its_token() {
    let talk = Talk::with("quiq").await;
    let handle =
        issue(&talk.running, r#"{"fieldUpdates":[{"field":"name","value":"Jörg Ümit"}]}"#).await;
    let token = |subject: &str| {
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{subject}"}}"#));
        format!("e30.{claims}.c2ln")
    };
    let (own, other) = (token("track-1"), token("track-2"));
    let body = format!(r#"{{"text":"Hi","context":{{"storedContextId":"{handle}"}}}}"#);
    let send = request("POST", SEND, &[("X-Quiq-Access-Token", &own)], body.as_bytes());
    talk.call(&send, "{}").await;
    let path = SEND.strip_suffix("/send-message").unwrap();
    let said = r#"{"messages":[{"author":"Jörg Ümit"}]}"#;
    let read = |token: &str| request("GET", path, &[("X-Quiq-Access-Token", token)], b"");
    let answer = talk.call(&read(&own), said).await;
    assert_eq!(answer.header("Content-Length"), Some(said.len().to_string()), "of the same length");
    holds_nothing(&answer.body);
    assert_eq!(talk.call(&read(&other), said).await.text(), said);
    assert_eq!(talk.call(&request("GET", path, &[], b""), said).await.text(), said);
}

#[tokio::test]
async fn opendialogs_history_says_the_handle_in_every_place_of_the_user() {
    let talk = Talk::with("opendialog").await;
    let handle = issue(&talk.running, PAYLOAD).await;
    let history = r#"[{"author":"ann.lee@example.com","user_id":"ANN.LEE@example.com","user":{"first_name":"Jörg Ümit","email":"other@example.com"},"data":{"text":"for Jörg Ümit"}},{"author":"them"}]"#;
    let path = format!("/user/{handle}/history");
    let answer = talk.call(&request("GET", &path, &[], b""), history).await;
    let expected = format!(
        r#"[{{"author":"{handle}","user_id":"{handle}","data":{{"text":"for [redacted]"}}}},{{"author":"them"}}]"#
    );
    assert_eq!(answer.text(), expected);
    let header = [("OPENDIALOG-USER-ID", handle.as_str())];
    let said = r#"{"author":"ann.lee@example.com"}"#;
    let answer = talk.call(&request("GET", "/chat-api/history", &header, b""), said).await;
    assert_eq!(answer.text(), format!(r#"{{"author":"{handle}"}}"#));
}

#[tokio::test]
async fn what_another_call_reveals_while_an_answer_is_awaited_is_redacted_in_it() {
    let stage = crate::support::stage::Stage::open().await;
    let running = start(&route("quiq", stage.address)).await;
    let handle = issue(&running, r#"{"name":"Jörg Ümit"}"#).await;
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"sub":"t"}"#));
    let token = [("X-Quiq-Access-Token", token.as_str())];
    let path = SEND.strip_suffix("/send-message").unwrap();
    let mut reading = crate::support::Browser::connect(running.data).await;
    reading.write(&request("GET", path, &token, b"")).await;
    let mut first = stage.accept().await;
    first.head().await.unwrap();
    // The vendor hears of the person while the first answer is still to come.
    let body = format!(r#"{{"text":"Hi","context":{{"storedContextId":"{handle}"}}}}"#);
    let mut sending = crate::support::Browser::connect(running.data).await;
    sending.write(&request("POST", SEND, &token, body.as_bytes())).await;
    let mut second = stage.accept().await;
    assert!(second.head().await.is_some());
    let said = r#"{"author":"Jörg Ümit"}"#;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", said.len());
    first.write(format!("{head}{said}").as_bytes()).await;
    let answer = reading.read().await.unwrap();
    assert_eq!(answer.body.len(), said.len());
    holds_nothing(&answer.body);
}
