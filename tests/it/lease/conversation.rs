//! Handles for one conversation: the first that uses one keeps it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{at_once, state, ticket};
use crate::support::calls::{SEND, chat_with, refused};
use crate::support::house::route;
use crate::support::{Reply, Vendor, request, start};

const PAYLOAD: &str = r#"{"fieldUpdates":["ann@example.com"]}"#;

fn token(claims: &str) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

fn of(subject: &str) -> String {
    token(&format!(r#"{{"sub":"{subject}"}}"#))
}

/// A message under a token; nothing makes two of them the same request.
fn message(token: Option<&str>, text: &str, handle: &str) -> Vec<u8> {
    let body = format!(r#"{{"text":"{text}","context":{{"storedContextId":"{handle}"}}}}"#);
    let headers: Vec<_> = token.into_iter().map(|token| ("X-Quiq-Access-Token", token)).collect();
    request("POST", SEND, &headers, body.as_bytes())
}

#[tokio::test]
async fn a_message_that_names_no_conversation_is_refused_and_burns_nothing() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let bound = ticket(&running, "conversation", PAYLOAD).await;
    let unnamed = [
        None,
        Some(String::new()),
        Some("x".to_owned()),
        Some(token(r#"{"sub":""}"#)),
        Some(token(r#"{"sub":7}"#)),
        Some(token(r#"{"other":"7"}"#)),
    ];
    for (at, token) in unnamed.iter().enumerate() {
        let call = message(token.as_deref(), &format!("{at}"), &bound.handle);
        refused(&running.send(&call).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    assert_eq!(running.send(&message(Some(&of("7")), "Hi", &bound.handle)).await.status, 200);
    // From here on, too.
    refused(&running.send(&message(None, "Ho", &bound.handle)).await, 403, "handle_unusable");
    vendor.only();
}

#[tokio::test]
async fn the_first_conversation_keeps_the_handle_and_no_other_gets_it() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let bound = ticket(&running, "conversation", PAYLOAD).await;
    for turn in 0..8 {
        let own = message(Some(&of("7")), &format!("own {turn}"), &bound.handle);
        assert_eq!(running.send(&own).await.status, 200);
        for stranger in ["8", "77", "7 "] {
            let call = message(Some(&of(stranger)), &format!("{turn}"), &bound.handle);
            refused(&running.send(&call).await, 403, "handle_unusable");
        }
    }
    // A renewed token of the same conversation is the same conversation.
    let renewed = token(r#"{"iat":2,"sub":"7"}"#);
    assert_eq!(running.send(&message(Some(&renewed), "x", &bound.handle)).await.status, 200);
    let seen = vendor.seen();
    assert_eq!(seen.len(), 9);
    assert!(seen.iter().all(|seen| seen.text().contains("ann@example.com")));
    let stands = state(&running, &bound).await;
    assert_eq!((&stands["state"], &stands["redeemed"]), (&"live".into(), &9.into()));
}

#[tokio::test]
async fn a_conversation_whose_first_message_the_vendor_refused_does_not_keep_the_handle() {
    let vendor = Vendor::answering(|seen| {
        Reply::json(if seen.text().contains("unlucky") { 503 } else { 200 }, "{}")
    })
    .await;
    let running = start(&route("quiq", vendor.address)).await;
    let bound = ticket(&running, "conversation", PAYLOAD).await;
    let unlucky = message(Some(&of("7")), "unlucky", &bound.handle);
    assert_eq!(running.send(&unlucky).await.status, 503);
    super::until(&running, &bound, "live").await;
    assert_eq!(running.send(&message(Some(&of("8")), "Hi", &bound.handle)).await.status, 200);
    let late = message(Some(&of("7")), "again", &bound.handle);
    refused(&running.send(&late).await, 403, "handle_unusable");
    assert_eq!(vendor.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_conversations_that_race_one_gets_every_reveal() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let bound = ticket(&running, "conversation", PAYLOAD).await;
    let subject = |n: usize| format!("{}", n % 2);
    let calls = (0..32).map(|n| {
        message(Some(&of(&subject(n))), &format!("from {} {n}", subject(n)), &bound.handle)
    });
    let statuses = at_once(&running, calls.collect()).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 16, "{statuses:?}");
    let seen = vendor.seen();
    assert_eq!(seen.len(), 16);
    let winner = if seen[0].text().contains("from 0") { "from 0" } else { "from 1" };
    assert!(seen.iter().all(|seen| seen.text().contains(winner)), "{seen:#?}");
}

#[tokio::test]
async fn where_the_dialect_knows_no_conversation_such_a_handle_is_unusable() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let bound = ticket(&running, "conversation", PAYLOAD).await;
    refused(&running.send(&chat_with(&bound.handle)).await, 403, "handle_unusable");
    vendor.saw_nothing();
}

/// A call whose conversation stands in its body, and its handle beside that.
const OWN: &str = r#"
name = "own"
[[exchange]]
name = "say"
call = "POST /say"
bind = { json = "/chat" }
[[exchange.slot]]
at = { header = "X-Ticket" }
reveal = { member = "id" }
"#;

#[tokio::test]
async fn where_a_conversations_name_cannot_be_read_or_is_two_its_handle_is_refused() {
    let vendor = Vendor::start().await;
    let files = tempfile::tempdir().unwrap();
    let running = crate::answers::house(OWN, vendor.address, "", files.path()).await;
    let bound = ticket(&running, "conversation", r#"{"id":"ann@example.com"}"#).await;
    let say = |body: &str| {
        request("POST", "/say", &[("X-Ticket", bound.handle.as_str())], body.as_bytes())
    };
    for body in [
        r#"{"chat":"7""#,
        r#"{"chat":"7"} x"#,
        r#"{"chat":7,,}"#,
        "chat=7",
        r#"{"chat":"7","chat":"8"}"#,
        r#"{"chat":"7","Chat":"8"}"#,
        r#"{"chat":{"id":"7"}}"#,
        r#"{"chat":null}"#,
        "{}",
        "",
    ] {
        refused(&running.send(&say(body)).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    // Nothing of it was used up, and none of these began its conversation.
    assert_eq!(running.send(&say(r#"{"chat":"9"}"#)).await.status, 200);
    refused(&running.send(&say(r#"{"chat":"7""#)).await, 403, "handle_unusable");
    refused(&running.send(&say(r#"{"chat":"7"}"#)).await, 403, "handle_unusable");
    vendor.only();
}
