//! Requests that two parsers could read differently: refused here or by Pingora
//! before any hook, never sent on, and the connection ends.

use super::{SEND, Scene, carrying, send};
use crate::support::{Browser, Framing};

/// What every smuggler would like the vendor to read as a request of its own.
const SECOND: &str = "GET /api/v1/messaging/agents-available HTTP/1.1\r\nHost: chat.test\r\n\r\n";

/// Sends raw bytes and asserts that they are refused with `status`, that the
/// connection ends and that the vendor saw nothing. Returns the refusal's code;
/// none where Pingora refused before any hook.
async fn refused(scene: &Scene, bytes: &str, status: u16) -> Option<String> {
    let mut browser = Browser::connect(scene.running.data).await;
    browser.write(bytes.as_bytes()).await;
    let answer = browser.read().await.expect("an answer");
    assert_eq!(answer.status, status, "{bytes:?}: {answer:?}");
    assert!(browser.rest().await.is_empty(), "{bytes:?}: a second answer");
    scene.vendor.saw_nothing();
    answer.rejection()
}

fn head(lines: &[&str]) -> String {
    format!("POST {SEND} HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"))
}

#[tokio::test]
async fn a_length_beside_a_transfer_coding_is_refused() {
    let scene = Scene::new().await;
    for (length, coding) in
        [("Content-Length", "Transfer-Encoding"), ("content-length", "TRANSFER-ENCODING")]
    {
        let (length, coding) = (format!("{length}: 4"), format!("{coding}: chunked"));
        for lines in [[length.as_str(), coding.as_str()], [coding.as_str(), length.as_str()]] {
            let bytes = head(&["Host: chat.test", lines[0], lines[1]]) + "0\r\n\r\n" + SECOND;
            assert_eq!(refused(&scene, &bytes, 400).await.as_deref(), Some("framing"));
        }
    }
}

#[tokio::test]
async fn a_transfer_coding_other_than_chunked_is_refused() {
    let scene = Scene::new().await;
    for coding in ["gzip, chunked", "gzip,chunked", "identity, chunked", "chunked, chunked"] {
        let coding = format!("Transfer-Encoding: {coding}");
        let bytes = head(&["Host: chat.test", &coding]) + "0\r\n\r\n";
        assert!(refused(&scene, &bytes, 400).await.is_none_or(|code| code == "framing"));
    }
    let two = ["Host: chat.test", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked"];
    let bytes = head(&two) + "0\r\n\r\n";
    assert_eq!(refused(&scene, &bytes, 400).await.as_deref(), Some("framing"));
    for coding in ["xchunked", "gzip", "chunked, identity"] {
        let coding = format!("Transfer-Encoding: {coding}");
        assert_eq!(refused(&scene, &head(&["Host: chat.test", &coding]), 400).await, None);
    }
}

#[tokio::test]
async fn a_length_that_is_a_list_is_refused_even_of_equal_numbers() {
    let scene = Scene::new().await;
    for lines in [&["Content-Length: 4, 4"][..], &["Content-Length: 4", "Content-Length: 4"]] {
        let lines = [&["Host: chat.test"], lines].concat();
        let bytes = head(&lines) + "{\"\"}" + SECOND;
        assert_eq!(refused(&scene, &bytes, 400).await.as_deref(), Some("framing"));
    }
    for lines in [
        &["Content-Length: 4", "Content-Length: 5"][..],
        &["Content-Length: +4"],
        &["Content-Length: 0x4"],
    ] {
        let bytes = head(&[&["Host: chat.test"], lines].concat()) + "{\"\"}";
        assert_eq!(refused(&scene, &bytes, 400).await, None);
    }
}

#[tokio::test]
async fn a_line_that_ends_in_a_bare_line_feed_is_refused() {
    let scene = Scene::new().await;
    let proper =
        format!("POST {SEND} HTTP/1.1\r\nHost: chat.test\r\nX-A: b\r\nContent-Length: 2\r\n\r\n");
    let ends: Vec<_> = proper.match_indices("\r\n").map(|(at, _)| at).collect();
    for at in ends {
        let mut bytes = proper.clone();
        bytes.remove(at);
        bytes.push_str("{}");
        assert_eq!(refused(&scene, &bytes, 400).await.as_deref(), Some("framing"), "{bytes:?}");
    }
    let bytes = proper.replace("\r\n", "\n") + "{}" + SECOND;
    assert_eq!(refused(&scene, &bytes, 400).await.as_deref(), Some("framing"));
}

#[tokio::test]
async fn a_host_that_is_missing_or_named_twice_is_refused() {
    let scene = Scene::new().await;
    let bytes = head(&["Content-Length: 2"]) + "{}";
    assert_eq!(refused(&scene, &bytes, 400).await.as_deref(), Some("framing"));
    let bytes = head(&["Host:", "Content-Length: 2"]) + "{}";
    assert!(refused(&scene, &bytes, 400).await.is_none_or(|code| code == "framing"));
    for second in ["Host: other.test", "Host: chat.test"] {
        let bytes = head(&["Host: chat.test", second, "Content-Length: 2"]) + "{}";
        assert!(refused(&scene, &bytes, 400).await.is_none_or(|code| code == "framing"));
    }
}

#[tokio::test]
async fn chunks_before_http_1_1_and_tunnels_are_refused() {
    let scene = Scene::new().await;
    let old = format!(
        "POST {SEND} HTTP/1.0\r\nHost: chat.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    );
    assert_eq!(refused(&scene, &old, 400).await, None);
    let tunnel = "CONNECT chat.test:443 HTTP/1.1\r\nHost: chat.test:443\r\n\r\n";
    assert_eq!(refused(&scene, tunnel, 405).await, None);
}

#[tokio::test]
async fn a_head_above_its_bound_is_refused() {
    let scene = Scene::new().await;
    let long = format!("X-Long: {}", "x".repeat(33 * 1024));
    let bytes = head(&["Host: chat.test", &long, "Content-Length: 2"]) + "{}";
    assert_eq!(refused(&scene, &bytes, 431).await.as_deref(), Some("framing"));
    let small: Vec<_> = (0..200).map(|at| format!("X-{at}: {}", "x".repeat(200))).collect();
    let mut lines = vec!["Host: chat.test", "Content-Length: 2"];
    lines.extend(small.iter().map(String::as_str));
    assert_eq!(refused(&scene, &(head(&lines) + "{}"), 431).await.as_deref(), Some("framing"));
    let many: Vec<_> = (0..257).map(|at| format!("X-{at}: y")).collect();
    let mut lines = vec!["Host: chat.test", "Content-Length: 2"];
    lines.extend(many.iter().map(String::as_str));
    assert_eq!(refused(&scene, &(head(&lines) + "{}"), 400).await, None);
}

#[tokio::test]
async fn chunk_heads_that_other_parsers_read_otherwise_are_refused() {
    let scene = Scene::new().await;
    for body in
        ["0x2\r\n{}\r\n0\r\n\r\n", "+2\r\n{}\r\n0\r\n\r\n", "2\n{}\n0\n\n", "2\r\n{}}0\r\n\r\n"]
    {
        let bytes = head(&["Host: chat.test", "Transfer-Encoding: chunked"]) + body;
        let mut browser = Browser::connect(scene.running.data).await;
        browser.write(bytes.as_bytes()).await;
        browser.finish().await;
        let answer = browser.read().await.expect("an answer");
        assert!((400..500).contains(&answer.status), "{body:?}: {answer:?}");
        scene.vendor.saw_nothing();
    }
}

#[tokio::test]
async fn a_length_shorter_than_the_body_smuggles_nothing() {
    let scene = Scene::new().await;
    let (body, _) = carrying(&scene.handle, 400);
    let (inner, _) = carrying(&scene.handle, 300);
    let second = String::from_utf8(send(&[], inner.as_bytes())).unwrap();
    for path in [SEND, "/api/v1/messaging/chat/default/typing"] {
        let before = scene.vendor.seen().len();
        let plain = body.replace("storedContextId", "storedContextXx");
        let mut bytes = crate::support::request("POST", path, &[], plain.as_bytes());
        bytes.extend_from_slice(second.as_bytes());
        let mut browser = Browser::connect(scene.running.data).await;
        browser.write(&bytes).await;
        let answer = browser.read().await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(browser.rest().await.is_empty(), "{path}: the rest was answered");
        let seen = scene.vendor.seen();
        assert_eq!(seen.len(), before + 1, "{path}: {seen:#?}");
        assert_eq!(seen[before].text(), plain, "{path}");
        assert_eq!(seen[before].framing, Framing::Length(plain.len()), "{path}");
    }
}

#[tokio::test]
async fn a_length_longer_than_the_body_is_refused_unseen() {
    let scene = Scene::new().await;
    let (body, _) = carrying(&scene.handle, 400);
    let mut bytes = send(&[], body.as_bytes());
    bytes.truncate(bytes.len() - 1);
    let mut browser = Browser::connect(scene.running.data).await;
    browser.write(&bytes).await;
    browser.finish().await;
    let answer = browser.read().await.expect("an answer");
    assert_eq!((answer.status, answer.rejection().as_deref()), (408, Some("body_invalid")));
    assert!(browser.is_closed().await);
    scene.vendor.saw_nothing();
}
