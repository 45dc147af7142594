//! `Expect: 100-continue`: whoever waits is told to go on by us, and only when
//! the call goes on.

use super::{SEND, Scene, carrying};
use crate::support::house::OTHER_CENTER;
use crate::support::{Browser, Framing};

fn waiting(more: &str) -> Vec<u8> {
    let head = format!(
        "POST {SEND} HTTP/1.1\r\nHost: chat.test\r\nExpect: 100-continue\r\n{more}\r\n\r\n"
    );
    head.into_bytes()
}

async fn first_line(scene: &Scene, head: &[u8]) -> (Browser, String) {
    let mut browser = Browser::connect(scene.running.data).await;
    browser.write(head).await;
    let line = browser.head().await.unwrap().lines().next().unwrap().to_owned();
    (browser, line)
}

#[tokio::test]
async fn a_refused_call_is_never_told_to_go_on() {
    let scene = Scene::new().await;
    let (_, line) = first_line(&scene, &waiting("Content-Length: 1048577")).await;
    assert!(line.starts_with("HTTP/1.1 413"), "{line}");
    let foreign = format!("ContactCenterId: {OTHER_CENTER}\r\nContent-Length: 400");
    let (_, line) = first_line(&scene, &waiting(&foreign)).await;
    assert!(line.starts_with("HTTP/1.1 403"), "{line}");
    let (_, line) = first_line(&scene, &waiting("Content-Length: 4, 4")).await;
    assert!(line.starts_with("HTTP/1.1 400"), "{line}");
    scene.vendor.saw_nothing();
}

#[tokio::test]
async fn who_was_told_to_go_on_can_still_be_refused() {
    let scene = Scene::new().await;
    let forged = format!("{}AAAA", &scene.handle[..scene.handle.len() - 4]);
    for size in [400, 100_000] {
        let (body, _) = carrying(&forged, size);
        let length = format!("Content-Length: {size}");
        let chunk = format!("{size:x}\r\n{body}\r\n0\r\n\r\n");
        for (how, bytes) in [(length.as_str(), &body), ("Transfer-Encoding: chunked", &chunk)] {
            let (mut browser, line) = first_line(&scene, &waiting(how)).await;
            assert!(line.starts_with("HTTP/1.1 100"), "{line}");
            let refused = browser.send(bytes.as_bytes()).await;
            assert_eq!(refused.rejection().as_deref(), Some("handle_unusable"), "{size} {how}");
        }
    }
    scene.kept_everything();
}

#[tokio::test]
async fn who_waits_is_told_to_go_on_and_the_vendor_does_not_hear_of_it() {
    let scene = Scene::new().await;
    for size in [400, 100_000] {
        let (body, expected) = carrying(&scene.handle, size);
        let head = waiting(&format!("Content-Length: {size}"));
        let (mut browser, line) = first_line(&scene, &head).await;
        assert!(line.starts_with("HTTP/1.1 100"), "{line}");
        assert_eq!(browser.send(body.as_bytes()).await.status, 200);
        let seen = scene.vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), expected);
        assert_eq!(seen.header("expect"), None);
    }
}

#[tokio::test]
async fn who_waits_with_a_body_of_undeclared_length_is_told_too() {
    let scene = Scene::new().await;
    for size in [400, 100_000] {
        let (body, expected) = carrying(&scene.handle, size);
        let head = waiting("Transfer-Encoding: chunked");
        let (mut browser, line) = first_line(&scene, &head).await;
        assert!(line.starts_with("HTTP/1.1 100"), "{line}");
        let chunk = format!("{size:x}\r\n{body}\r\n0\r\n\r\n");
        assert_eq!(browser.send(chunk.as_bytes()).await.status, 200);
        let seen = scene.vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), expected);
        assert_eq!(seen.header("expect"), None);
    }
}

#[tokio::test]
async fn who_waits_with_no_body_at_all_is_answered() {
    let scene = Scene::new().await;
    for (how, body) in [("Content-Length: 0", ""), ("Transfer-Encoding: chunked", "0\r\n\r\n")] {
        let mut browser = Browser::connect(scene.running.data).await;
        browser.write(&waiting(how)).await;
        let answer = browser.send(body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{how}");
        let seen = scene.vendor.seen().pop().unwrap();
        assert!(seen.body.is_empty() && seen.framing != Framing::Cut, "{seen:?}");
        assert_eq!(seen.header("expect"), None, "{how}");
    }
}
