//! A sentence that the vendor sends in many text messages: no message waits, and no
//! value is read.

use super::{BINARY, CLOSE, ID, PING, Pair, Scene, TEXT, closes, frame, next};
use crate::support::{Browser, issue, request};

const STREAM: &str = r#"text_stream = ["/delta/text"]"#;

fn slice(text: &str) -> String {
    serde_json::json!({ "type": "delta", "delta": { "text": text } }).to_string()
}

impl Pair {
    async fn says(&mut self, text: &str) {
        self.vendor.write(&frame(TEXT, text.as_bytes())).await;
    }

    /// The browser gets exactly this message, before the vendor says more.
    async fn hears(&mut self, text: &str) {
        let (first, payload) = next(&mut self.browser).await;
        assert_eq!((first, String::from_utf8_lossy(&payload)), (TEXT, text.into()));
    }
}

#[tokio::test]
async fn a_value_over_five_messages_is_not_read_and_no_message_waits() {
    let scene = Scene::with(STREAM).await;
    let mut pair = scene.opened().await;
    for (said, heard) in [
        ("at Haupt", "at "),
        ("stra", ""),
        ("\u{df}e", ""),
        (" ", ""),
        ("5, bye", format!("{}, bye", scene.handle).as_str()),
    ] {
        pair.says(&slice(said)).await;
        pair.hears(&slice(heard)).await;
    }
    let metrics = scene.running.metrics().await;
    assert!(metrics.contains("cloakroom_redactions_total{route=\"own\"} 1"), "{metrics}");
}

#[tokio::test]
async fn messages_of_another_shape_pass_between_two_halves_and_end_nothing() {
    let scene = Scene::with(STREAM).await;
    let mut pair = scene.opened().await;
    pair.says(&slice("to ann.lee")).await;
    pair.hears(&slice("to ")).await;
    for other in ["X", "{\"type\":\"ka\"}", "[]"] {
        pair.says(other).await;
        pair.hears(other).await;
    }
    pair.vendor.write(&[frame(PING, b"p"), frame(BINARY, b"b")].concat()).await;
    assert_eq!(next(&mut pair.browser).await, (PING, b"p".to_vec()));
    assert_eq!(next(&mut pair.browser).await, (BINARY, b"b".to_vec()));
    pair.says(&slice("@example.com.")).await;
    pair.hears(&slice(&format!("{}.", scene.handle))).await;
}

#[tokio::test]
async fn a_message_whose_slice_cannot_be_read_ends_the_socket_before_it() {
    let scene = Scene::with(STREAM).await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for broken in [
        format!(r#"{{"delta":{{"text":"ann.lee"}},"x":{deep}}}"#),
        "{\"delta\":{\"text\":\"ann.lee\u{1}\"}}".to_owned(),
    ] {
        let mut pair = scene.opened().await;
        pair.says(&broken).await;
        closes(&next(&mut pair.browser).await, 1008);
    }
}

#[tokio::test]
async fn other_members_of_a_message_are_redacted_too() {
    let scene = Scene::with(STREAM).await;
    let mut pair = scene.opened().await;
    pair.says(&format!(r#"{{"delta":{{"text":"hi"}},"by":"{ID}"}}"#)).await;
    pair.hears(&format!(r#"{{"delta":{{"text":"hi"}},"by":"{}"}}"#, scene.handle)).await;
}

#[tokio::test]
async fn what_was_held_back_comes_when_its_text_ends_or_the_socket_does() {
    let scene = Scene::with(STREAM).await;
    let end = r#"{"type":"done","delta":{}}"#;
    let mut pair = scene.opened().await;
    pair.says(&slice("see ann.lee")).await;
    pair.hears(&slice("see ")).await;
    pair.says(end).await;
    pair.hears(&slice("ann.lee")).await;
    pair.hears(end).await;
    // With a close frame, and without.
    pair.says(&slice("see ann.lee")).await;
    pair.hears(&slice("see ")).await;
    pair.vendor.write(&frame(CLOSE, &1000u16.to_be_bytes())).await;
    pair.hears(&slice("ann.lee")).await;
    assert_eq!(next(&mut pair.browser).await, (CLOSE, 1000u16.to_be_bytes().to_vec()));
    let mut pair = scene.opened().await;
    pair.says(&slice("see ann.lee")).await;
    pair.hears(&slice("see ")).await;
    pair.vendor.finish().await;
    pair.hears(&slice("ann.lee")).await;
}

#[tokio::test]
async fn what_another_call_reveals_is_looked_for_in_what_was_held_back() {
    let scene = Scene::with(STREAM).await;
    let mut pair = scene.open("/listen", &[("X-Conversation", "c-1")], "", b"").await;
    reveal(&scene, &scene.handle).await;
    pair.says(&slice("to ann.lee")).await;
    pair.hears(&slice("to ")).await;
    let other = issue(&scene.running, r#"{"id":"ann.lee@example.org"}"#).await;
    reveal(&scene, &other).await;
    pair.says(&slice("@example.org.")).await;
    pair.hears(&slice(&format!("{other}."))).await;
}

/// Another call of the conversation tells the vendor of a person.
pub(super) async fn reveal(scene: &Scene, handle: &str) {
    let mut saying = Browser::connect(scene.running.data).await;
    let headers = [("X-Conversation", "c-1"), ("X-Ticket", handle)];
    saying.write(&request("POST", "/say", &headers, b"{}")).await;
    assert!(scene.stage.accept().await.head().await.is_some());
}
