//! A socket of a conversation of which something was revoked and is not known here: nothing
//! more of it passes.

use super::{Scene, TEXT, closes, frame, next};
use crate::support::house::{SECRET, issue_with};
use crate::support::{Browser, request};

/// A call in the conversation that reveals this handle, taken by the vendor.
async fn say(scene: &Scene, handle: &str) -> Browser {
    let mut browser = Browser::connect(scene.running.data).await;
    let headers = [("X-Conversation", "c-1"), ("X-Ticket", handle)];
    browser.write(&request("POST", "/say", &headers, b"{}")).await;
    let mut vendor = scene.stage.accept().await;
    vendor.head().await.unwrap();
    vendor.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    browser
}

#[tokio::test]
async fn a_socket_that_meets_what_was_forgotten_is_closed_before_its_next_message() {
    let scene = Scene::start().await;
    let issued = issue_with(&scene.running, SECRET, super::PAYLOAD, "").await;
    let mut pair = scene.open("/listen", &[("X-Conversation", "c-1")], "", b"").await;
    let mut other = scene.open("/listen", &[("X-Conversation", "c-2")], "", b"").await;
    let mut said = say(&scene, issued["handle"].as_str().unwrap()).await;
    assert!(said.head().await.unwrap().starts_with("HTTP/1.1 200"));
    let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
    assert_eq!(scene.running.control("DELETE", &path, SECRET, "").await.status, 204);
    // The vendor had it before, and nobody here knows what to look for.
    let says = frame(TEXT, br#"{"who":"ann.lee@example.com"}"#);
    pair.vendor.write(&says).await;
    closes(&next(&mut pair.browser).await, 1008);
    other.vendor.write(&frame(TEXT, b"{}")).await;
    assert_eq!(next(&mut other.browser).await, (TEXT, b"{}".to_vec()), "of another conversation");
}

#[tokio::test]
async fn a_handshake_of_such_a_conversation_is_refused() {
    let scene = Scene::start().await;
    let issued = issue_with(&scene.running, SECRET, super::PAYLOAD, "").await;
    let mut said = say(&scene, issued["handle"].as_str().unwrap()).await;
    assert!(said.head().await.unwrap().starts_with("HTTP/1.1 200"));
    let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
    assert_eq!(scene.running.control("DELETE", &path, SECRET, "").await.status, 204);
    let mut browser = Browser::connect(scene.running.data).await;
    let upgrade = [
        ("X-Conversation", "c-1"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    browser.write(&request("GET", "/listen", &upgrade, b"")).await;
    let answered = browser.head().await.unwrap();
    assert!(answered.starts_with("HTTP/1.1 403"), "{answered}");
}
