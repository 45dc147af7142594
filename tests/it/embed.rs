//! The other door: `examples/embed.rs`, its own code, in front of the vendor.

use std::sync::Arc;

use pingora::apps::ServerApp;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::support::calls::{chat_of, chat_with, refused};
use crate::support::house::{CENTER, issue_with, route};
use crate::support::{Answer, Browser, Framing, Reply, Running, SECRET, Vendor, request, start};

#[path = "../../examples/embed.rs"]
mod example;

/// The example's start is compiled here and run by nobody.
const _: fn() -> Result<(), Box<dyn std::error::Error>> = example::main;

/// One request to the team's proxy, on a connection and a listener of its own.
async fn send(running: &Running, bytes: &[u8]) -> Answer {
    let team = example::Team(running.house.data_plane());
    let team = Arc::new(http_proxy(&Arc::new(ServerConf::default()), team));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut next: Option<pingora::protocols::Stream> = Some(Box::new(Stream::from(stream)));
        while let Some(stream) = next {
            next = Arc::clone(&team).process_new(stream, &stopped).await;
        }
    };
    let call = async { Browser::connect(address).await.send(bytes).await };
    tokio::join!(serve, call).1
}

/// A handle for one use.
async fn once(running: &Running) -> String {
    let payload = r#"{"EmailAddress":"ann@example.com"}"#;
    let issued = issue_with(running, SECRET, payload, r#","uses":"once""#).await;
    issued["handle"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_handle_is_swapped_committed_and_counted_and_the_team_adds_its_header() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = once(&running).await;
    let sent = send(&running, &chat_with(&handle)).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let seen = vendor.only();
    let expected =
        r#"{"operationName":"RequestChat","userData":{"EmailAddress":"ann@example.com"}}"#;
    assert_eq!(seen.text(), expected);
    assert_eq!(seen.framing, Framing::Length(expected.len()));
    assert_eq!(seen.header("x-team-client").as_deref(), Some("web"));
    // The answer's phases ran too: the one use is used up, and the call is counted.
    refused(&send(&running, &chat_of("Bob", &handle)).await, 403, "handle_unusable");
    vendor.only();
    let metrics = running.metrics().await;
    for outcome in ["revealed", "handle_unusable"] {
        let counted =
            format!(r#"cloakroom_requests_total{{exchange="request-chat",outcome="{outcome}","#);
        assert!(metrics.contains(&counted), "{metrics}");
    }
}

#[tokio::test]
async fn a_forged_handle_is_refused_and_the_vendor_sees_nothing() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = once(&running).await;
    let (kept, last) = handle.split_at(handle.len() - 1);
    let forged = format!("{kept}{}", if last == "A" { 'Q' } else { 'A' });
    refused(&send(&running, &chat_with(&forged)).await, 403, "handle_unusable");
    vendor.saw_nothing();
    assert_eq!(send(&running, &chat_with(&handle)).await.status, 200);
}

#[tokio::test]
async fn a_vendor_that_is_down_is_answered_in_cloakrooms_words() {
    let vendor = Vendor::answering(|_| Reply::Close).await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = once(&running).await;
    refused(&send(&running, &chat_with(&handle)).await, 502, "upstream");
}

#[tokio::test]
async fn the_team_answers_its_own_path_and_knows_its_own_client() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let pong = send(&running, &request("GET", "/team/ping", &[], b"")).await;
    assert_eq!(pong.status, 204, "{pong:?}");
    vendor.saw_nothing();
    let headers = [("ContactCenterId", CENTER), ("X-Team-App", "1"), ("X-Team-Client", "admin")];
    let poll = request("GET", "/api/v2/me/chat/7/messages?index=0", &headers, b"");
    assert_eq!(send(&running, &poll).await.status, 200);
    assert_eq!(vendor.only().header("x-team-client").as_deref(), Some("app"));
}

#[tokio::test]
async fn what_the_vendor_echoes_comes_back_as_a_mark() {
    let vendor =
        Vendor::answering(|seen| Reply::json(200, &format!("{{\"echo\":{}}}", seen.text()))).await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = once(&running).await;
    let sent = send(&running, &chat_with(&handle)).await;
    let echoed =
        r#"{"echo":{"operationName":"RequestChat","userData":{"EmailAddress":"[redacted]"}}}"#;
    assert_eq!((sent.status, sent.text()), (200, echoed.to_owned()));
}
