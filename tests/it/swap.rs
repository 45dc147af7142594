//! The main job: a handle goes in, the payload comes out upstream.

use crate::support::house::{CENTER, issue_with, route};
use crate::support::{Framing, SECRET, Vendor, issue, request, start};

const SEND: &str = "/api/v1/messaging/chat/default/send-message";

#[tokio::test]
async fn a_message_carries_the_payload_upstream_and_every_other_byte_as_sent() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let payload = r#"{"integrations":[{"provider":"rightnow","name":"incident","id":"35621455"}],"fieldUpdates":[{"field":"schema.conversation.customer.custom.accountNumber","value":"12345678"}]}"#;
    let issued = issue_with(&running, SECRET, payload, "").await;
    let handle = issued["handle"].as_str().unwrap();
    let body = format!(
        "{{ \"text\" : \"Hi \\u00e9\",\n\t\"n\":12345678901234567890.10,\"n\":1,\n\"context\":{{\"href\":\"https://shop.example\\/cart\", \"storedContextId\":\"{handle}\"}} }}"
    );
    let sent = running
        .send(&request("POST", SEND, &[("Content-Type", "application/json")], body.as_bytes()))
        .await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let seen = vendor.only();
    let inner = payload.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    let inner = inner.replace("],\"fieldUpdates\"", "], \"fieldUpdates\"");
    let expected = body.replace(&format!("\"storedContextId\":\"{handle}\""), &inner);
    assert_eq!(seen.text(), expected);
    assert_eq!(seen.framing, Framing::Length(expected.len()));
    assert_eq!(seen.header("x-forwarded-host").as_deref(), Some("chat.test"));
}

#[tokio::test]
async fn a_chat_request_gets_members_and_fields_and_a_poll_streams_through() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, r#"{"nickname":"Ann","EmailAddress":"ann@example.com"}"#).await;
    let body = format!(
        r#"{{"operationName":"RequestChat","nickname":"{handle}","userData":{{"cloakroom":"{handle}"}}}}"#
    );
    let center = [("ContactCenterId", CENTER)];
    let sent = running.send(&request("POST", "/api/v2/chats/", &center, body.as_bytes())).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    assert_eq!(
        vendor.only().text(),
        r#"{"operationName":"RequestChat","nickname":"Ann","userData":{"nickname":"Ann","EmailAddress":"ann@example.com"}}"#
    );
    let polled =
        running.send(&request("GET", "/api/v2/me/chat/7/messages?index=0", &center, b"")).await;
    assert_eq!(polled.status, 200);
    assert_eq!(vendor.seen()[1].line(), "GET /api/v2/me/chat/7/messages?index=0 HTTP/1.1");
}
