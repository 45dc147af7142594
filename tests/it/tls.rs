//! The data plane's own TLS: the same house behind a certificate, HTTP/1.1 and
//! HTTP/2 by ALPN.

use pingora::listeners::tls::TlsSettings;

use crate::support::h2::{self, Declared};
use crate::support::house::route;
use crate::support::tls::Authority;
use crate::support::{Browser, Framing, Running, Vendor, issue, request, start};

const SEND: &str = "/api/v1/messaging/chat/default/send-message";
const NAME: &str = "chat.test";

struct Door {
    vendor: Vendor,
    running: Running,
    authority: Authority,
    address: std::net::SocketAddr,
}

/// The house with a TLS door, as `server/run.rs` opens one.
async fn door(http2: bool) -> Door {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (chain, key) = authority.files(folder.path(), NAME);
    let mut settings =
        TlsSettings::intermediate(chain.to_str().unwrap(), key.to_str().unwrap()).unwrap();
    if http2 {
        settings.enable_h2();
    }
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let address = running.tls_door(settings).await;
    Door { vendor, running, authority, address }
}

async fn body(running: &Running) -> (String, &'static str) {
    let handle = issue(running, r#"{"fieldUpdates":[]}"#).await;
    (
        format!(r#"{{"context":{{"storedContextId":"{handle}"}}}}"#),
        r#"{"context":{"fieldUpdates":[]}}"#,
    )
}

#[tokio::test]
async fn plain_text_at_the_tls_door_gets_no_answer() {
    let door = door(true).await;
    let (body, _) = body(&door.running).await;
    let mut browser = Browser::connect(door.address).await;
    browser.write(&request("POST", SEND, &[], body.as_bytes())).await;
    assert!(!browser.rest().await.starts_with(b"HTTP"));
    door.vendor.saw_nothing();
}

#[tokio::test]
async fn a_browser_that_checks_the_name_finds_only_ours() {
    let door = door(true).await;
    assert!(door.authority.connect(door.address, "other.test", &[]).await.is_err());
    assert!(Authority::new().connect(door.address, NAME, &[]).await.is_err());
}

#[tokio::test]
async fn http_1_over_tls_reveals_and_says_https() {
    for http2 in [false, true] {
        let door = door(http2).await;
        let (body, expected) = body(&door.running).await;
        let stream = door.authority.connect(door.address, NAME, &["http/1.1"]).await.unwrap();
        let mut browser = Browser::over(stream);
        for _ in 0..2 {
            let answer = browser.send(&request("POST", SEND, &[], body.as_bytes())).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let seen = door.vendor.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].text(), expected);
        assert_eq!(seen[0].header("x-forwarded-proto").as_deref(), Some("https"));
        assert!(seen[0].header("forwarded").unwrap().contains("proto=https"));
    }
}

#[tokio::test]
async fn http_2_over_tls_reveals_and_says_https() {
    let door = door(true).await;
    for declared in [Declared::Yes, Declared::No] {
        let (body, expected) = body(&door.running).await;
        let stream = door.authority.connect(door.address, NAME, &["h2", "http/1.1"]).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let answer = h2::send_over(stream, SEND, &[], &[body.as_bytes()], declared).await;
        assert_eq!((answer.status, &answer.body[..]), (200, &br#"{"ok":true}"#[..]));
        let seen = door.vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), expected);
        assert_eq!(seen.framing, Framing::Length(expected.len()));
        assert_eq!(seen.header("host").as_deref(), Some(NAME));
        assert_eq!(seen.header("x-forwarded-proto").as_deref(), Some("https"));
        assert_eq!(seen.header("x-forwarded-host").as_deref(), Some(NAME));
    }
}

#[tokio::test]
async fn http_2_is_not_offered_where_it_is_disabled() {
    let door = door(false).await;
    let stream = door.authority.connect(door.address, NAME, &["h2", "http/1.1"]).await;
    // No protocol was agreed on: HTTP/1.1 it is.
    let stream = stream.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), None);
    let (body, _) = body(&door.running).await;
    let answer = Browser::over(stream).send(&request("POST", SEND, &[], body.as_bytes())).await;
    assert_eq!(answer.status, 200);
}
