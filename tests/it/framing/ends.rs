//! Where one message ends and the next begins, on both sides of the proxy.

use super::{Scene, send};
use crate::support::house::route;
use crate::support::{Browser, Reply, Running, Vendor, request, start};

const CONVERSATION: &str = "/api/v1/messaging/chat/default";

async fn before(vendor: &Vendor) -> Running {
    start(&route("quiq", vendor.address)).await
}

#[tokio::test]
async fn pipelined_requests_do_not_mix() {
    let vendor = Vendor::answering(|seen| {
        let body = format!("{:?}", seen.line());
        Reply::with(200, "text/plain", body.as_bytes())
    })
    .await;
    let running = before(&vendor).await;
    let mut browser = Browser::connect(running.data).await;
    let numbered = |at: usize| request("GET", &format!("{CONVERSATION}?at={at}"), &[], b"");
    browser.write(&[numbered(0), numbered(1), numbered(2)].concat()).await;
    let mut answered = 0;
    while let Some(answer) = browser.read().await {
        assert!(answer.text().contains(&format!("at={answered} ")), "{answer:?}");
        answered += 1;
    }
    // Pingora answers the first and closes: the browser sends the others again.
    assert_eq!(answered, 1);
    assert_eq!(vendor.seen().len(), 1);
}

#[tokio::test]
async fn a_browser_that_asks_for_the_end_of_its_connection_gets_it() {
    let scene = Scene::new().await;
    let close = request("GET", CONVERSATION, &[("Connection", "close")], b"");
    let old = format!("GET {CONVERSATION} HTTP/1.0\r\nHost: chat.test\r\n\r\n");
    for bytes in [close, old.into_bytes()] {
        let mut browser = Browser::connect(scene.running.data).await;
        assert_eq!(browser.send(&bytes).await.status, 200);
        let end = tokio::time::timeout(std::time::Duration::from_secs(5), browser.is_closed());
        assert!(end.await.unwrap_or(false), "still open: {}", String::from_utf8_lossy(&bytes));
    }
}

#[tokio::test]
async fn a_refusal_before_its_body_was_read_leaves_no_request_behind() {
    let scene = Scene::new().await;
    let inner = String::from_utf8(request("GET", CONVERSATION, &[], b"")).unwrap();
    let unlisted = request("POST", "/not/listed", &[], inner.as_bytes());
    let mut browser = Browser::connect(scene.running.data).await;
    assert_eq!(browser.send(&unlisted).await.status, 404);
    // Open or closed, the body is never read as the next request.
    let next = request("GET", &format!("{CONVERSATION}/configuration"), &[], b"");
    browser.write(&next).await;
    browser.finish().await;
    let _ = browser.rest().await;
    for seen in scene.vendor.seen() {
        assert!(seen.line().contains("/configuration"), "{seen:?}");
    }
}

#[tokio::test]
async fn fifty_requests_of_one_browser_share_a_connection_to_the_vendor() {
    let scene = Scene::new().await;
    let (body, expected) = super::carrying(&scene.handle, 2000);
    let mut browser = Browser::connect(scene.running.data).await;
    for _ in 0..25 {
        assert_eq!(browser.send(&send(&[], body.as_bytes())).await.status, 200);
        assert_eq!(browser.send(&request("GET", CONVERSATION, &[], b"")).await.status, 200);
    }
    let seen = scene.vendor.seen();
    assert_eq!(seen.len(), 50);
    assert!(seen.iter().step_by(2).all(|seen| seen.text() == expected));
    let connections = seen.iter().map(|seen| seen.connection).max().unwrap() + 1;
    assert!(connections <= 2, "{connections}");
}

#[tokio::test]
async fn an_answer_without_a_body_ends_where_it_ends() {
    let vendor = Vendor::answering(|seen| {
        let raw = match seen.line() {
            line if line.starts_with("HEAD") => "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
            line if line.contains("204") => "HTTP/1.1 204 No Content\r\n\r\n",
            line if line.contains("304") => {
                "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5000\r\n\r\n"
            }
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        };
        Reply::Raw(raw.into())
    })
    .await;
    let running = start(&super::pass::all(vendor.address)).await;
    let mut browser = Browser::connect(running.data).await;
    for (method, path, status) in
        [("HEAD", "/a", 200), ("GET", "/204", 204), ("GET", "/304", 304), ("POST", "/e", 200)]
    {
        browser.write(&request(method, path, &[], b"")).await;
        let head = browser.head().await.unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {head}");
    }
    assert_eq!(vendor.seen().len(), 4);
    assert!(vendor.seen().iter().all(|seen| seen.connection == 0), "{:?}", vendor.seen());
}
