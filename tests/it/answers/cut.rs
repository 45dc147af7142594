//! Answers that end too early or lie about their length.

use super::{ID, Scene, holds_nothing};
use crate::support::{Browser, Reply};

/// The first answer's body, as far as it came, and whether it came to its end.
fn ended(bytes: &[u8]) -> (String, bool) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let ended = text.ends_with("0\r\n\r\n");
    (text, ended)
}

#[tokio::test]
async fn an_answer_cut_off_anywhere_says_no_value_and_is_cut_off_for_the_browser_too() {
    let scene = Scene::start().await;
    let full = format!(r#"{{"a":"{ID}","b":"J\u00f6rg \"X\" Ümit","c":"x%C3%BC"}}"#);
    let whole = full.as_bytes();
    for end in 0..whole.len() {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", whole.len());
        let reply = Reply::RawThenClose([head.as_bytes(), &whole[..end]].concat());
        let (text, ended) = ended(&scene.bytes(reply).await);
        holds_nothing(text.as_bytes());
        assert!(!ended, "{end}: {text}");
    }
}

#[tokio::test]
async fn chunks_without_their_end_are_cut_off_too() {
    let scene = Scene::start().await;
    for tail in ["", "5\r\nann", "0\r", "zz\r\n"] {
        let body = format!("{:x}\r\n{ID}\r\n{tail}", ID.len());
        let reply = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let (text, ended) = ended(&scene.bytes(Reply::RawThenClose(reply.into_bytes())).await);
        holds_nothing(text.as_bytes());
        assert!(!ended, "{tail:?}: {text}");
    }
}

#[tokio::test]
async fn a_length_that_is_too_short_ends_the_answer_there_and_nothing_comes_after() {
    let scene = Scene::start().await;
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay {ID}");
    scene.will(Reply::Raw(reply.into_bytes()));
    let mut browser = Browser::connect(scene.running.data).await;
    let answer = browser.send(&scene.call("POST", &[])).await;
    assert_eq!(answer.text(), "okay");
    scene.will(Reply::json(200, "{}"));
    assert_eq!(browser.send(&scene.call("POST", &[])).await.text(), "{}");
    assert_eq!(scene.vendor.seen()[1].connection, 1, "what was left over is nobody's answer");
}

#[tokio::test]
async fn a_same_length_answer_that_is_cut_off_is_cut_off() {
    let scene = Scene::with("redact_as = \"same-length\"").await;
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{ID}");
    let got = scene.bytes(Reply::RawThenClose(reply.into_bytes())).await;
    holds_nothing(&got);
    let text = String::from_utf8_lossy(&got);
    assert!(text.contains("Content-Length: 100"), "{text}");
    let body = text.split_once("\r\n\r\n").unwrap().1;
    assert!(body.len() < 100, "{body}");
}
