//! Streams: nothing waits for what comes later, over both versions of HTTP.

use super::{ID, PAYLOAD, SAY, Scene, chunked, holds_nothing, house, raw};
use crate::support::h2::{Declared, send};
use crate::support::house::route;
use crate::support::stage::Stage;
use crate::support::{Browser, issue, request, start};

fn event(said: &str) -> String {
    format!("event: message\ndata: {{\"text\":\"{said}\"}}\n\n")
}

async fn chunk_of(vendor: &mut Browser, text: &str) {
    vendor.write(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await;
}

/// One chunk that came, whatever its size.
async fn read_until(browser: &mut Browser, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        text.push_str(std::str::from_utf8(&browser.exactly(1).await).unwrap());
    }
    text
}

#[tokio::test]
async fn an_event_is_there_before_the_vendor_says_the_next() {
    let stage = Stage::open().await;
    let files = tempfile::tempdir().unwrap();
    let running = house(&SAY.replace("MORE", ""), stage.address, "", files.path()).await;
    let handle = issue(&running, PAYLOAD).await;
    let mut browser = Browser::connect(running.data).await;
    browser.write(&request("GET", "/say", &[("X-Ticket", &handle)], b"")).await;
    let mut vendor = stage.accept().await;
    vendor.head().await.unwrap();
    vendor
        .write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    browser.head().await.unwrap();
    // Each is read before the next is said; the value is cut in two at every byte.
    for cut in 0..=ID.len() {
        let (one, two) = ID.split_at(cut);
        for said in ["hello".to_owned(), ID.to_owned(), format!("{one}{two}")] {
            let whole = event(&said);
            let (first, second) = whole.split_at(whole.len() / 2);
            chunk_of(&mut vendor, first).await;
            chunk_of(&mut vendor, second).await;
            let mut got = String::new();
            let expected = whole.replace(ID, &handle);
            while !got.ends_with("\n\n") {
                let size = read_until(&mut browser, "\r\n").await;
                let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
                got.push_str(std::str::from_utf8(&browser.exactly(size).await).unwrap());
                browser.exactly(2).await;
            }
            assert_eq!(got, expected);
        }
    }
}

#[tokio::test]
async fn allis_run_that_streams_json_texts_says_no_value_and_none_waits() {
    let stage = Stage::open().await;
    let running = start(&route("alli", stage.address)).await;
    let handle = issue(&running, r#"{"name":"J\u00f6rg \u00dcmit","own_user_id":"u-4711"}"#).await;
    let body = format!(r#"{{"mode":"stream","variables":{{"name":"{handle}"}}}}"#);
    let mut browser = Browser::connect(running.data).await;
    let call = request("POST", "/webapi/apps/a-1/run", &[("API-KEY", "k")], body.as_bytes());
    browser.write(&call).await;
    let mut vendor = stage.accept().await;
    vendor.head().await.unwrap();
    let head = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    vendor.write(format!("HTTP/1.1 200 OK\r\n{head}").as_bytes()).await;
    browser.head().await.unwrap();
    let text = |said: &str, by: &str| {
        format!("{{\"result\":{{\"responses\":[{{\"message\":\"{said}\",\"by\":\"{by}\"}}]}}}}\n")
    };
    let said = text("Hello J\\u00f6rg \u{dc}mit, hello", "u-4711");
    let wanted = text("Hello [redacted], hello", &handle);
    for cut in 1..said.len() {
        for piece in [&said.as_bytes()[..cut], &said.as_bytes()[cut..]] {
            let size = format!("{:x}\r\n", piece.len());
            vendor.write(&[size.as_bytes(), piece, b"\r\n"].concat()).await;
        }
        let mut got = String::new();
        while !got.ends_with('\n') {
            let size = read_until(&mut browser, "\r\n").await;
            let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
            got.push_str(&String::from_utf8_lossy(&browser.exactly(size).await));
            browser.exactly(2).await;
        }
        assert_eq!(got, wanted, "{cut}");
    }
}

#[tokio::test]
async fn a_stream_over_http_2_says_no_value_either() {
    let scene = Scene::start().await;
    let body = format!("{ID} and {ID}");
    let expected = body.replace(ID, &scene.handle);
    let ticket = [("x-ticket", scene.handle.as_str())];
    for cut in 1..body.len() {
        let (one, two) = body.as_bytes().split_at(cut);
        scene.will(chunked(&format!("X-Echo: {ID}\r\n"), &[one, two]));
        let answer = send(scene.running.data, "/say", &ticket, &[b"{}"], Declared::Yes).await;
        assert_eq!(answer.headers["x-echo"], scene.handle);
        assert_eq!(String::from_utf8(answer.body).unwrap(), expected, "{cut}");
    }
    scene.will(raw("500 No", "", ID.as_bytes()));
    let answer = send(scene.running.data, "/say", &ticket, &[b"{}"], Declared::Yes).await;
    assert_eq!(answer.status, 500);
    assert!(!answer.headers.contains_key("content-length"));
    assert_eq!(String::from_utf8(answer.body).unwrap(), scene.handle);
}

#[tokio::test]
async fn trailers_say_no_value() {
    let scene = Scene::start().await;
    let reply = format!(
        "HTTP/1.1 200 OK\r\nTrailer: X-Who\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Who: {ID}\r\n\r\n"
    );
    let got = scene.bytes(crate::support::Reply::Raw(reply.into_bytes())).await;
    holds_nothing(&got);
    assert!(String::from_utf8_lossy(&got).contains("ok"));
}
