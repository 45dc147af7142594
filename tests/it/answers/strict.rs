//! Answers that must be read and are no strict JSON: what cannot be learnt or wrapped
//! does not pass.

use super::{ID, Scene, holds_nothing, raw};
use crate::support::{Browser, Reply, request};

const DIALECT: &str = r#"
name = "own"
[[exchange]]
name = "begin"
call = "POST /say"
learn_link = { json = "/id" }
[[exchange.slot]]
at = { header = "X-Ticket" }
accepts = "handle-or-plain"
reveal = { member = "id" }
[[exchange]]
name = "poll"
call = "GET /chats/{id}"
link = { path = "id" }
[[exchange]]
name = "login"
call = "POST /login"
[[exchange.wrap]]
at = { json = "/token" }
ttl = "1m"
"#;

const JSON: &str = "Content-Type: application/json\r\n";

/// JSON that a browser or its widget reads and RFC 8259 does not have.
fn loose(name: &str) -> Vec<(&'static str, String)> {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    vec![
        ("", format!(r#"{{{name},"by":"Ann\ud83d"}}"#)),
        ("", format!("\u{feff} \n{{{name},\"by\":\"Ann\\ud83d\"}}")),
        ("", format!("{{{name},\"by\":\"Ann\u{1}\"}}")),
        ("", format!(r#"{{{name},"by":{deep}}}"#)),
        ("", format!("{{{name}")),
        (JSON, format!(")]}}',\n{{{name}}}")),
        ("Content-Type: application/problem+json\r\n", format!("while(1);{{{name}}}")),
    ]
}

/// Asserts that the browser got a refusal, or an answer that is cut off.
#[track_caller]
fn never_ends_well(got: &[u8], body: &str) {
    let text = String::from_utf8_lossy(got);
    let refused = text.starts_with("HTTP/1.1 502");
    assert!(refused || !text.ends_with("0\r\n\r\n"), "{body}: {text}");
    assert!(!text.contains("chat-1") && !text.contains("t-4711"), "{body}: {text}");
}

#[tokio::test]
async fn an_answer_whose_conversation_cannot_be_read_is_refused() {
    let scene = Scene::of(DIALECT, "").await;
    for (head, body) in loose(r#""id":"chat-1""#) {
        let got = scene.bytes(raw("200 OK", head, body.as_bytes())).await;
        never_ends_well(&got, &body);
        holds_nothing(&got);
    }
}

#[tokio::test]
async fn an_answer_whose_token_cannot_be_wrapped_is_refused() {
    let scene = Scene::of(DIALECT, "").await;
    for (head, body) in loose(r#""token":"t-4711""#) {
        scene.will(raw("200 OK", head, body.as_bytes()));
        let mut browser = Browser::connect(scene.running.data).await;
        let call = request("POST", "/login", &[("Connection", "close")], b"{}");
        browser.write(&call).await;
        never_ends_well(&browser.rest().await, &body);
    }
}

#[tokio::test]
async fn a_byte_order_mark_stays_and_what_follows_is_read() {
    let scene = Scene::of(DIALECT, "").await;
    let begun = "\u{feff}\n{ \"id\" : \"chat-1\" }";
    assert_eq!(scene.say(Reply::json(200, begun)).await.text(), begun);
    scene.will(Reply::json(200, &format!(r#"{{"who":"{ID}"}}"#)));
    let polled = scene.running.send(&request("GET", "/chats/chat-1", &[], b"")).await;
    assert_eq!(polled.text(), format!(r#"{{"who":"{}"}}"#, scene.handle));

    scene.will(Reply::json(200, "\u{feff}{\"token\":\"t-4711\"}"));
    let login = scene.running.send(&request("POST", "/login", &[], b"{}")).await;
    assert!(login.text().starts_with("\u{feff}{\"token\":\"klk1_"), "{}", login.text());
}

#[tokio::test]
async fn what_is_plainly_no_json_passes_redacted() {
    let scene = Scene::of(DIALECT, "").await;
    let page = format!("<html>busy, {ID}</html>");
    let clean = format!("<html>busy, {}</html>", scene.handle);
    assert_eq!(scene.say(Reply::with(200, "text/html", page.as_bytes())).await.text(), clean);
    assert_eq!(scene.say(raw("503 Busy", JSON, page.as_bytes())).await.text(), clean);
    assert_eq!(scene.say(Reply::json(200, " ")).await.text(), " ");
    assert_eq!(scene.say(Reply::json(200, "")).await.text(), "");
    // An error begins no conversation.
    let error = r#"{"error":"Ann\ud83d"}"#;
    assert_eq!(scene.say(Reply::json(400, error)).await.text(), error);
    // And where nothing was revealed there is nothing to learn.
    scene.will(Reply::json(200, error));
    assert_eq!(scene.running.send(&request("POST", "/say", &[], b"{}")).await.text(), error);
}
