//! Calls that the dialect does not list, on a route that lets them pass: they
//! stream, in both directions, whatever their size.

use std::net::SocketAddr;

use crate::support::house::route;
use crate::support::stage::Stage;
use crate::support::{Browser, start};

const LARGE: usize = 5 * 1024 * 1024;
const FIRST: usize = 10_000;

/// A route on which every call passes.
pub(super) fn all(upstream: SocketAddr) -> String {
    route("generic", upstream).replace("upstream =", "unlisted = \"pass\"\nupstream =")
}

#[tokio::test]
async fn a_large_upload_reaches_the_vendor_while_it_is_being_sent() {
    let stage = Stage::open().await;
    let running = start(&all(stage.address)).await;
    let body: Vec<u8> = (0..=250).cycle().take(LARGE).collect();
    let mut browser = Browser::connect(running.data).await;
    let head = format!("POST /up HTTP/1.1\r\nHost: chat.test\r\nContent-Length: {LARGE}\r\n\r\n");
    browser.write(head.as_bytes()).await;
    browser.write(&body[..FIRST]).await;
    let mut vendor = stage.accept().await;
    let head = vendor.head().await.unwrap();
    assert!(head.contains(&format!("Content-Length: {LARGE}\r\n")), "{head}");
    assert_eq!(vendor.exactly(FIRST).await, &body[..FIRST]);
    let (rest, ()) = tokio::join!(vendor.exactly(LARGE - FIRST), browser.write(&body[FIRST..]));
    assert!(rest == body[FIRST..]);
    vendor.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!(browser.read().await.unwrap().text(), "ok");
}

#[tokio::test]
async fn an_upload_of_undeclared_length_streams_chunk_by_chunk() {
    let stage = Stage::open().await;
    let running = start(&all(stage.address)).await;
    let mut browser = Browser::connect(running.data).await;
    let head =
        "POST /up HTTP/1.1\r\nHost: chat.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
    browser.write(head.as_bytes()).await;
    let mut vendor = stage.accept().await;
    let head = vendor.head().await.unwrap().to_ascii_lowercase();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    assert_eq!(vendor.exactly(10).await, b"5\r\nfirst\r\n");
    browser.write(b"4\r\nlast\r\n0\r\n\r\n").await;
    assert_eq!(vendor.exactly(14).await, b"4\r\nlast\r\n0\r\n\r\n");
    vendor.write(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(browser.read().await.unwrap().status, 204);
}

#[tokio::test]
async fn a_large_download_reaches_the_browser_while_it_is_being_sent() {
    let stage = Stage::open().await;
    let running = start(&all(stage.address)).await;
    let body: Vec<u8> = (0..=250).cycle().take(LARGE).collect();
    let mut browser = Browser::connect(running.data).await;
    browser.write(b"GET /down HTTP/1.1\r\nHost: chat.test\r\n\r\n").await;
    let mut vendor = stage.accept().await;
    assert!(vendor.head().await.is_some());
    // Large enough to leave Pingora's own buffer.
    let first = 200_000;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
    let begin = [head.as_bytes(), &body[..first]].concat();
    let ((), head) = tokio::join!(vendor.write(&begin), browser.head());
    assert!(head.unwrap().contains(&format!("Content-Length: {LARGE}")));
    assert_eq!(browser.exactly(FIRST).await, &body[..FIRST]);
    let (rest, ()) = tokio::join!(browser.exactly(LARGE - FIRST), vendor.write(&body[first..]));
    assert!(rest == body[FIRST..]);
}

#[tokio::test]
async fn events_reach_the_browser_one_by_one() {
    let stage = Stage::open().await;
    let running = start(&all(stage.address)).await;
    let mut browser = Browser::connect(running.data).await;
    browser.write(b"GET /events HTTP/1.1\r\nHost: chat.test\r\n\r\n").await;
    let mut vendor = stage.accept().await;
    assert!(vendor.head().await.is_some());
    vendor.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    assert!(browser.head().await.unwrap().contains("text/event-stream"));
    for event in ["data: 1\n\n", "data: 22\n\n", "data: 333\n\n"] {
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        vendor.write(chunk.as_bytes()).await;
        let seen = browser.exactly(chunk.len()).await;
        assert_eq!(String::from_utf8(seen).unwrap().to_ascii_lowercase(), chunk);
    }
}

#[tokio::test]
async fn who_waits_to_stream_hears_the_vendors_own_word() {
    let stage = Stage::open().await;
    let running = start(&all(stage.address)).await;
    let mut browser = Browser::connect(running.data).await;
    let head =
        "POST /up HTTP/1.1\r\nHost: chat.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    browser.write(head.as_bytes()).await;
    let mut vendor = stage.accept().await;
    assert!(vendor.head().await.unwrap().contains("100-continue"));
    vendor.write(b"HTTP/1.1 100 Continue\r\n\r\n").await;
    assert!(browser.head().await.unwrap().starts_with("HTTP/1.1 100"));
    browser.write(b"ok").await;
    assert_eq!(vendor.exactly(2).await, b"ok");
    vendor.write(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(browser.read().await.unwrap().status, 204);
}
