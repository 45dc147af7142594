//! Heads: no header, cookie, redirect, reason or early hint says a value, and what a
//! changed body makes untrue is gone.

use super::{ID, NAME, Scene, holds_nothing, raw};
use crate::support::{Browser, Reply};

#[tokio::test]
async fn every_header_a_redirect_and_a_cookie_say_the_handle() {
    let scene = Scene::start().await;
    let handle = &scene.handle;
    let head = format!(
        "X-Echo: {ID}\r\nX-Two: a\r\nX-Two: {ID}\r\nX-Two: b, {ID}, c\r\n\
         Location: /next?user=ann.lee%40example.com&name=J%C3%B6rg+%22X%22+%C3%9Cmit#x\r\n\
         Set-Cookie: who=ann.lee%40example.com; Path=/; HttpOnly\r\nSet-Cookie: other=1\r\n\
         Link: <https://v.example/{ID}>; rel=next\r\n"
    );
    for status in ["200 OK", "201 Created", "302 Found", "400 Bad Request", "404 Not", "500 Oh"] {
        let answer = scene.say(raw(status, &head, b"")).await;
        let lines = |name: &str| -> Vec<String> {
            let lines = answer.head.split("\r\n").filter_map(|line| line.split_once(": "));
            let named = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            named.map(|(_, value)| value.to_owned()).collect()
        };
        assert_eq!(lines("X-Echo"), [handle.as_str()], "{status}");
        assert_eq!(lines("X-Two"), ["a", handle, &format!("b, {handle}, c")]);
        assert_eq!(lines("Location"), [format!("/next?user={handle}&name={handle}#x")]);
        let cookies = [format!("who={handle}; Path=/; HttpOnly"), "other=1".to_owned()];
        assert_eq!(lines("Set-Cookie"), cookies);
        assert_eq!(lines("Link"), [format!("<https://v.example/{handle}>; rel=next")]);
        holds_nothing(answer.head.as_bytes());
    }
}

#[tokio::test]
async fn a_header_that_is_no_ascii_is_searched_too() {
    let scene = Scene::start().await;
    let reply = raw("200 OK", &format!("X-Name: {NAME}\r\n"), b"");
    let answer = scene.say(reply).await;
    assert_eq!(answer.header("X-Name").as_deref(), Some(scene.handle.as_str()));
}

#[tokio::test]
async fn a_header_with_one_byte_a_letter_is_searched_too() {
    let scene = Scene::start().await;
    let narrow: Vec<u8> = NAME.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    let percent = NAME.replace('ö', "%F6").replace('Ü', "%DC").replace('"', "%22");
    let percent = percent.replace(' ', "+");
    let lines = format!("Location: /x?n={percent}\r\nX-Name: ");
    let head = [b"HTTP/1.1 302 Found\r\n", lines.as_bytes(), &narrow].concat();
    let reply = Reply::Raw([&head[..], b"\r\nContent-Length: 0\r\n\r\n"].concat());
    let answer = scene.say(reply).await;
    assert_eq!(answer.header("X-Name").as_deref(), Some(scene.handle.as_str()));
    assert_eq!(answer.header("Location"), Some(format!("/x?n={}", scene.handle)));
}

#[tokio::test]
async fn the_words_beside_a_status_say_no_value() {
    let scene = Scene::start().await;
    let bytes = scene.bytes(raw(&format!("400 No {ID} here"), "", b"")).await;
    assert!(bytes.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&bytes));
    holds_nothing(&bytes);
}

#[tokio::test]
async fn a_headers_name_that_is_a_value_goes() {
    let scene = Scene::start().await;
    let bytes = scene.bytes(raw("200 OK", "X-98765432109: 1\r\nX-Kept: 1\r\n", b"")).await;
    holds_nothing(&bytes);
    assert!(String::from_utf8_lossy(&bytes).contains("Kept"));
}

#[tokio::test]
async fn a_headers_name_that_is_a_value_as_the_vendor_spells_it_goes_with_all_its_lines() {
    let scene = Scene::start().await;
    let said = serde_json::json!({ "id": "Ann-Lee-Key", "code": "QX7-Zw9" }).to_string();
    let handle = crate::support::issue(&scene.running, &said).await;
    let lines = "Ann-Lee-Key: 1\r\nann-lee-key: 2\r\nX-QX7-Zw9-Y: 3\r\nX-Kept: 4\r\n";
    scene.will(raw("200 OK", lines, b"{}"));
    let call = crate::support::request("POST", "/say", &[("X-Ticket", handle.as_str())], b"{}");
    let answer = scene.running.send(&call).await;
    for part in ["ann-lee-key", "qx7-zw9"] {
        assert!(!answer.head.to_ascii_lowercase().contains(part), "{}", answer.head);
    }
    assert_eq!(answer.header("X-Kept").as_deref(), Some("4"));
}

#[tokio::test]
async fn an_early_hint_is_searched_and_ends_nothing() {
    let scene = Scene::start().await;
    let body = format!("<{ID}>");
    let reply = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </{ID}>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let bytes = scene.bytes(Reply::Raw(reply.into_bytes())).await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.starts_with(&format!("HTTP/1.1 103 Early Hints\r\nlink: </{}>", scene.handle)),
        "{text}"
    );
    assert!(text.contains("HTTP/1.1 200 OK"), "{text}");
    holds_nothing(text.as_bytes());
}

#[tokio::test]
async fn what_is_true_of_the_vendors_bytes_alone_is_gone() {
    let scene = Scene::start().await;
    let head = "ETag: \"v\"\r\nAccept-Ranges: bytes\r\nContent-MD5: x\r\nDigest: x\r\n\
                Content-Digest: x\r\nRepr-Digest: x\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    let answer = scene.say(raw("200 OK", head, b"no value")).await;
    let gone = ["ETag", "Accept-Ranges", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest"];
    for name in gone {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert!(answer.header("Last-Modified").is_some());
    assert_eq!(answer.text(), "no value");
}

#[tokio::test]
async fn half_an_answer_is_never_asked_for_and_is_refused_when_it_comes() {
    let scene = Scene::start().await;
    let range = [("Range", "bytes=0-3"), ("If-Range", "\"v\""), ("Accept-Encoding", "gzip, br")];
    scene.will(raw("206 Partial Content", "Content-Range: bytes 0-3/19\r\n", b"ann."));
    let answer = scene.running.send(&scene.call("GET", &range)).await;
    assert_eq!((answer.status, answer.rejection().as_deref()), (502, Some("upstream")));
    holds_nothing(&answer.body);
    let seen = scene.vendor.only();
    assert_eq!((seen.header("Range"), seen.header("If-Range")), (None, None));
    assert_eq!(seen.header("Accept-Encoding").as_deref(), Some("identity"));
}

#[tokio::test]
async fn an_answer_that_has_no_body_has_none() {
    let scene = Scene::start().await;
    let mut browser = Browser::connect(scene.running.data).await;
    for status in ["204 No Content", "304 Not Modified"] {
        let reply = format!("HTTP/1.1 {status}\r\nX-Echo: {ID}\r\n\r\n");
        scene.will(Reply::Raw(reply.into_bytes()));
        let answer = browser.send(&scene.call("GET", &[])).await;
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.header("X-Echo").as_deref(), Some(scene.handle.as_str()));
        assert_eq!(answer.header("Transfer-Encoding"), None, "{status}");
    }
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 19\r\nX-Echo: {ID}\r\n\r\n");
    scene.will(Reply::Raw(reply.into_bytes()));
    browser.write(&scene.call("HEAD", &[])).await;
    let head = browser.head().await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("content-length: 19"), "{head}");
    holds_nothing(head.as_bytes());
    // The connection is where it should be: the next answer is read as one.
    scene.will(Reply::json(200, "{}"));
    assert_eq!(browser.send(&scene.call("GET", &[])).await.text(), "{}");
}

#[tokio::test]
async fn a_content_type_and_every_other_header_that_frames_is_searched_for_what_it_says_beside() {
    let scene = Scene::with("redact_as = \"mark\"").await;
    for (said, heard) in [
        (format!("application/json; name=\"{ID}\""), "application/json; name=\"[redacted]\""),
        (
            "text/html; charset=utf-8; n=98765432109".to_owned(),
            "text/html; charset=utf-8; n=[redacted]",
        ),
        (format!("application/{ID}"), "application/[redacted]"),
    ] {
        let answer = scene.say(raw("200 OK", &format!("Content-Type: {said}\r\n"), b"{}")).await;
        assert_eq!(answer.header("Content-Type").as_deref(), Some(heard));
    }
    let head = format!("Date: {ID}\r\nAllow: GET, {ID}\r\nServer: {ID}\r\nVia: 1.1 {ID}\r\n");
    let bytes = scene.bytes(raw("200 OK", &head, b"{}")).await;
    holds_nothing(&bytes);
}

#[tokio::test]
async fn a_payloads_word_or_number_leaves_what_frames_an_answer_as_it_is() {
    let scene = Scene::start().await;
    let payload = r#"{"id":"text","kind":"event-stream","size":2048,"code":"gzip"}"#;
    let handle = crate::support::issue(&scene.running, payload).await;
    let body = "x".repeat(2048);
    let head = "Content-Type: text/event-stream\r\n";
    scene.will(raw("200 OK", head, body.as_bytes()));
    let call = crate::support::request("GET", "/say", &[("X-Ticket", &handle)], b"");
    let answer = scene.running.send(&call).await;
    assert_eq!(answer.header("Content-Type").as_deref(), Some("text/event-stream"));
    assert_eq!(answer.header("Content-Length"), None, "what is looked for is searched");
    assert_eq!(answer.text(), body);
}
