//! Bodies of every status, and the marks that stand in a value's place.

use super::{ID, NAME, Scene, chunked, holds_nothing, raw};
use crate::support::{Browser, Reply};

const EVERY: [&str; 9] = [
    "200 OK",
    "201 Created",
    "302 Found",
    "400 Bad Request",
    "404 Not Found",
    "409 Conflict",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "599 Odd",
];

#[tokio::test]
async fn an_echo_becomes_the_handle_in_an_answer_of_every_status() {
    let scene = Scene::start().await;
    for status in EVERY {
        let body = format!("<p>{ID} is {NAME}, 98765432109</p>");
        let answer = scene.say(raw(status, "Content-Type: text/html\r\n", body.as_bytes())).await;
        assert_eq!(answer.status.to_string(), status[..3]);
        let handle = &scene.handle;
        assert_eq!(answer.text(), format!("<p>{handle} is {handle}, {handle}</p>"), "{status}");
        assert_eq!(answer.header("Content-Length"), None, "{status}");
        assert_eq!(answer.header("Transfer-Encoding").as_deref(), Some("chunked"), "{status}");
    }
}

#[tokio::test]
async fn an_echo_is_known_however_it_is_spelled() {
    let scene = Scene::start().await;
    let handle = &scene.handle;
    for spelled in [
        r#"{"a":"J\u00f6rg \"X\" \u00DCmit"}"#,
        "{\"a\":\"Jörg \\\"X\\\" Ümit\"}",
        r#"{"a":"J%C3%B6rg%20%22X%22%20%C3%9Cmit"}"#,
        r#"{"a":"J%c3%b6rg+%22X%22+%c3%9cmit"}"#,
        r#"{"a":"J&#246;rg &quot;X&quot; &#220;mit"}"#,
        r#"{"a":"J&ouml;rg &quot;X&quot; &Uuml;mit"}"#,
        r#"{"a":"J&#xF6;rg &#34;X&#34; &#xdc;mit"}"#,
        r#"{"a":"ANN.Lee@Example.COM"}"#,
        r#"{"a":"ann.lee%40example.com"}"#,
        r#"{"a":"98765432109"}"#,
        r#"{"a":"Hauptstra\u00dfe 5"}"#,
    ] {
        let answer = scene.say(Reply::json(200, spelled)).await;
        assert_eq!(answer.text(), format!(r#"{{"a":"{handle}"}}"#), "{spelled}");
    }
}

#[tokio::test]
async fn json_that_says_it_is_text_and_text_that_says_it_is_json_are_searched_alike() {
    let scene = Scene::start().await;
    for kind in ["text/plain", "application/json", "application/octet-stream", "image/png"] {
        for body in [format!(r#"{{"m":"{ID}"}}"#), format!("no json {ID} {{"), ID.to_owned()] {
            let answer = scene.say(Reply::with(200, kind, body.as_bytes())).await;
            assert_eq!(answer.text(), body.replace(ID, &scene.handle), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_mark_of_the_same_length_keeps_the_length_and_the_framing() {
    let scene = Scene::with("redact_as = \"same-length\"").await;
    let body = format!(r#"{{"mail":"{ID}","other":"kept"}}"#);
    let answer = scene.say(Reply::json(200, &body)).await;
    assert_eq!(answer.header("Content-Length"), Some(body.len().to_string()));
    assert_eq!(answer.header("Transfer-Encoding"), None);
    assert_eq!(answer.body.len(), body.len());
    holds_nothing(&answer.body);
    assert!(answer.text().ends_with(r#"","other":"kept"}"#), "{}", answer.text());
}

#[tokio::test]
async fn a_fixed_mark_says_nothing_of_the_handle() {
    let scene = Scene::with("redact_as = \"mark\"").await;
    let answer = scene.say(Reply::json(200, &format!(r#"{{"mail":"{ID}"}}"#))).await;
    assert_eq!(answer.text(), r#"{"mail":"[redacted]"}"#);
}

#[tokio::test]
async fn a_value_is_found_wherever_the_chunks_end() {
    let scene = Scene::start().await;
    let body = format!(r#"{{"a":"{ID}","b":"J\u00f6rg \"X\" Ümit","c":98765432109}}"#);
    let handle = &scene.handle;
    let expected = format!(r#"{{"a":"{handle}","b":"{handle}","c":"{handle}"}}"#);
    for cut in 1..body.len() {
        let (one, two) = body.as_bytes().split_at(cut);
        let answer = scene.say(chunked("", &[one, two])).await;
        assert_eq!(answer.text(), expected, "cut at {cut}");
    }
    let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
    assert_eq!(scene.say(chunked("", &bytes)).await.text(), expected);
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_redacted_to_its_end() {
    let scene = Scene::start().await;
    for body in [ID.to_owned(), format!("{ID}{ID}"), format!("x{}", &ID[..5])] {
        let reply = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}");
        let answer = scene.say(Reply::RawThenClose(reply.into_bytes())).await;
        assert_eq!(answer.text(), body.replace(ID, &scene.handle));
    }
}

#[tokio::test]
async fn an_answer_without_a_value_comes_byte_for_byte() {
    let scene = Scene::start().await;
    let bytes: Vec<u8> = (0..=255u8).cycle().take(300_000).collect();
    let answer = scene.say(raw("200 OK", "Content-Type: image/png\r\n", &bytes)).await;
    assert_eq!(answer.body, bytes);
}

#[tokio::test]
async fn a_kept_connection_still_works_after_a_redacted_answer() {
    let scene = Scene::start().await;
    let mut browser = Browser::connect(scene.running.data).await;
    for round in 0..5 {
        scene.will(Reply::json(200, &format!(r#"{{"n":{round},"m":"{ID}"}}"#)));
        let answer = browser.send(&scene.call("POST", &[])).await;
        assert_eq!(answer.text(), format!(r#"{{"n":{round},"m":"{}"}}"#, scene.handle));
    }
    let connections: Vec<usize> = scene.vendor.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0; 5], "the vendor's connection is kept too");
}

#[tokio::test]
async fn what_is_redacted_is_counted() {
    let scene = Scene::start().await;
    assert_eq!(scene.redactions().await, 0);
    let body = format!("{ID} {ID}");
    scene.say(raw("200 OK", &format!("X-Echo: {ID}\r\n"), body.as_bytes())).await;
    assert_eq!(scene.redactions().await, 3);
}

#[tokio::test]
async fn a_call_that_reveals_nothing_is_answered_to_the_letter() {
    let scene = Scene::start().await;
    let body = format!(r#"{{"m":"{ID}"}}"#);
    scene.will(raw("200 OK", "ETag: \"1\"\r\nAccept-Ranges: bytes\r\n", body.as_bytes()));
    let plain = crate::support::request("GET", "/say", &[("Range", "bytes=0-")], b"");
    let answer = scene.running.send(&plain).await;
    assert_eq!(answer.text(), body);
    assert_eq!(answer.header("ETag").as_deref(), Some("\"1\""));
    assert_eq!(scene.vendor.only().header("Range").as_deref(), Some("bytes=0-"));
}

#[tokio::test]
async fn the_operator_who_takes_the_danger_gets_the_vendors_own_words() {
    let dialect = super::SAY.replace("MORE", "");
    let scene = Scene::of(&dialect, "danger_redact = \"off\"\n").await;
    let body = format!(r#"{{"m":"{ID}"}}"#);
    let answer = scene.say(raw("200 OK", &format!("X-Echo: {ID}\r\n"), body.as_bytes())).await;
    assert_eq!(answer.text(), body);
    assert_eq!(answer.header("X-Echo").as_deref(), Some(ID));
    assert_eq!(answer.header("Content-Length"), Some(body.len().to_string()));
}
