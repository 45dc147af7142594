//! Handles that cannot be redeemed: one answer for all of them, and nothing of
//! the call reaches the vendor.

mod slots;
mod store;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::calls::{chat, chat_of, chat_with, message, message_with, refused};
use crate::support::house::{OTHER_SECRET, issue_with, route};
use crate::support::{Answer, Browser, Running, SECRET, Vendor, issue, start};

const PAYLOAD: &str = r#"{"nickname":"Ann","EmailAddress":"ann@example.com"}"#;

/// Longer than a handle lives that nobody gave a life.
const LATER: Duration = Duration::from_secs(3601);

/// The statuses that hurt a page that speaks the second vendor's SDK.
fn hurts_the_sdk(status: u16) -> bool {
    status == 401 || status == 466 || status >= 500
}

/// A handle with one of its 54 bytes changed.
fn with_byte(handle: &str, at: usize, change: impl Fn(u8) -> u8) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(handle.strip_prefix("klk1_").unwrap()).unwrap();
    bytes[at] = change(bytes[at]);
    format!("klk1_{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// A handle with another character of the alphabet at one place.
fn with_character(handle: &str, at: usize) -> String {
    let mut text = handle.as_bytes().to_vec();
    text[at] = if text[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(text).unwrap()
}

/// One handle for each reason but age; the spent one has been at the vendor once.
async fn unusable(
    running: &Running,
    first_use: fn(&str) -> Vec<u8>,
) -> Vec<(&'static str, String)> {
    let text = |issued: serde_json::Value| issued["handle"].as_str().unwrap().to_owned();
    let good = issue(running, PAYLOAD).await;
    let foreign = text(issue_with(running, OTHER_SECRET, PAYLOAD, "").await);
    let revoked = issue_with(running, SECRET, PAYLOAD, "").await;
    let path = format!("/v1/handles/{}", revoked["id"].as_str().unwrap());
    assert_eq!(running.control("DELETE", &path, SECRET, "").await.status, 204);
    let spent = text(issue_with(running, SECRET, PAYLOAD, r#","uses":"once""#).await);
    assert_eq!(running.send(&first_use(&spent)).await.status, 200);
    running.clock.advance(Duration::from_secs(11));
    vec![
        ("no handle at all", "MTMyNDViMmMtZWNjZS00YzAw".into()),
        ("the prefix alone", "klk1_".into()),
        ("another version", good.replace("klk1_", "klk2_")),
        ("the prefix in capitals", good.replace("klk1_", "KLK1_")),
        ("a character too many", format!("{good}A")),
        ("padded", format!("{good}=")),
        ("plain base64", good.replace('_', "/").replace("klk1/", "klk1_") + "+"),
        ("two handles", format!("{good}{good}")),
        ("a character beyond ASCII", format!("{}é", &good[..good.len() - 2])),
        ("last character", with_character(&good, good.len() - 1)),
        ("a middle character", with_character(&good, good.len() / 2)),
        ("an unknown key", with_byte(&good, 0, |_| 9)),
        ("no key", with_byte(&good, 0, |_| 0)),
        ("other uses", with_byte(&good, 1, |_| 1)),
        ("uses that no handle has", with_byte(&good, 1, |_| 9)),
        ("a later expiry", with_byte(&good, 34, |byte| byte + 1)),
        ("an expiry in the past", with_byte(&good, 34, |_| 0)),
        ("another tenant's", foreign),
        ("revoked", text(revoked)),
        ("spent", spent),
    ]
}

/// Everything that a browser could tell two answers apart by, but the time.
fn visible(answer: &Answer) -> (u16, Vec<&str>, &[u8]) {
    let lines = answer.head.lines().filter(|line| !line.to_lowercase().starts_with("date:"));
    (answer.status, lines.collect(), &answer.body)
}

#[tokio::test]
async fn every_unusable_handle_of_a_chat_request_gets_one_and_the_same_answer() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let aged = issue(&running, PAYLOAD).await;
    let mut answers = Vec::new();
    for (why, handle) in unusable(&running, chat_with).await {
        answers.push((why, running.send(&chat_of("Bob", &handle)).await));
    }
    running.clock.advance(LATER);
    answers.push(("expired", running.send(&chat_of("Bob", &aged)).await));
    let (_, first) = &answers[0];
    refused(first, 403, "handle_unusable");
    assert_eq!(first.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(first.text(), r#"{"statusCode":3,"statusMessage":"The handle cannot be used."}"#);
    for (why, answer) in &answers {
        assert_eq!(visible(answer), visible(first), "{why}");
    }
    // The one that spent the handle.
    vendor.only();
}

#[tokio::test]
async fn every_unusable_handle_of_a_message_but_an_expired_one_gets_a_status_that_the_sdk_survives()
{
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    for (why, handle) in unusable(&running, message_with).await {
        let mut browser = Browser::connect(running.data).await;
        let body = message_with(&handle);
        let body = String::from_utf8(body).unwrap().replace("Hi", "Ho");
        let answer = browser.send(body.as_bytes()).await;
        refused(&answer, 403, "handle_unusable");
        assert!(!hurts_the_sdk(answer.status), "{why}");
        assert_eq!(
            answer.text(),
            r#"{"messages":["The handle cannot be used."],"code":"handle_unusable"}"#,
            "{why}"
        );
    }
    vendor.only();
}

#[tokio::test]
async fn a_handle_that_is_cut_at_any_length_or_changed_at_any_character_is_refused() {
    let vendor = Vendor::start().await;
    let routes = route("genesys", vendor.address);
    let running = start(&routes).await;
    let good = issue(&running, PAYLOAD).await;
    let cut = (0..good.len()).map(|end| good[..end].to_owned());
    let changed = (0..good.len()).map(|at| with_character(&good, at));
    let mut browser = Browser::connect(running.data).await;
    for handle in cut.chain(changed) {
        let answer = browser.send(&chat_with(&handle)).await;
        refused(&answer, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    assert_eq!(browser.send(&chat_with(&good)).await.status, 200);
}

#[tokio::test]
async fn an_expired_handle_of_a_message_is_taken_out_and_every_other_byte_goes_as_sent() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let handle = issue(&running, r#"{"fieldUpdates":[]}"#).await;
    let forged = with_character(&handle, handle.len() - 1);
    running.clock.advance(LATER);
    // Only a genuine handle is merely too old.
    refused(&running.send(&message_with(&forged)).await, 403, "handle_unusable");
    vendor.saw_nothing();
    let body = "{ \"text\" : \"Hi \\u00e9\",\n\t\"context\":{\"href\":\"\\/cart\" , \"storedContextId\": \"$\",\"n\":1.50}, \"text\":1e400 }";
    let sent = message(body.replace('$', &handle));
    assert_eq!(running.send(&sent).await.status, 200);
    assert_eq!(
        vendor.only().text(),
        body.replace(" , \"storedContextId\": \"$\"", "").replace("$", "")
    );
}

#[tokio::test]
async fn a_body_with_one_bad_handle_reveals_none_and_burns_none() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let issued = issue_with(&running, SECRET, PAYLOAD, r#","uses":"once""#).await;
    let once = issued["handle"].as_str().unwrap();
    let plenty = issue(&running, PAYLOAD).await;
    let bad = with_character(&plenty, plenty.len() - 1);
    for body in [
        format!(r#"{{"nickname":"{once}","userData":{{"cloakroom":"{bad}"}}}}"#),
        format!(r#"{{"nickname":"{bad}","userData":{{"cloakroom":"{once}"}}}}"#),
        format!(r#"{{"userData":{{"EmailAddress":"{once}","cloakroom":"{plenty}","x":"{bad}"}}}}"#),
    ] {
        refused(&running.send(&chat(&body)).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    let answer = running.send(&chat_with(once)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(vendor.only().text().contains("ann@example.com"));
}

#[tokio::test]
async fn a_payload_without_the_slots_member_is_refused_and_not_half_revealed() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, r#"{"EmailAddress":"ann@example.com"}"#).await;
    let body = format!(r#"{{"nickname":"{handle}","userData":{{"EmailAddress":"{handle}"}}}}"#);
    refused(&running.send(&chat(body)).await, 403, "handle_unusable");
    vendor.saw_nothing();
}
