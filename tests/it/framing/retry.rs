//! Sending again: never what may have been heard, unless hearing it twice is the
//! same as once; always what cannot have been.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::house::{CENTER, preamble, start_text};
use crate::support::stage::Leaving;
use crate::support::{Browser, Framing, Reply, Running, Vendor, chunked, issue, request, start};

const DIALECT: &str = r#"
name = "own"
[[exchange]]
name = "store"
calls = ["PUT /visitors/{id}", "POST /visitors/{id}"]
[[exchange.slot]]
at = { json = "/ticket" }
accepts = "handle"
reveal = { merge_into = "" }
"#;

/// The house with an operator's own dialect, in front of these servers.
async fn own(servers: &[SocketAddr]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), DIALECT).unwrap();
    let text = format!("{}[[dialect]]\nfile = \"own.toml\"\n{}", preamble(), route("own", servers));
    start_text(&text, folder.path()).await
}

fn route(dialect: &str, servers: &[SocketAddr]) -> String {
    let listed: Vec<_> = servers.iter().map(|at| format!("\"{at}\"")).collect();
    format!(
        "[[route]]\ndialect = \"{dialect}\"\ntenant = \"acme\"\nupstream = {{ servers = [{}] }}\n",
        listed.join(", ")
    )
}

/// Vendors of which the first to hear a call that says `fail` hangs up; any that
/// hears it after that answers.
async fn fickle<const N: usize>() -> [Vendor; N] {
    let failed = Arc::new(AtomicUsize::new(0));
    let mut vendors = Vec::new();
    for _ in 0..N {
        let failed = Arc::clone(&failed);
        let vendor = Vendor::answering(move |seen| {
            let first = || failed.fetch_add(1, Ordering::SeqCst) == 0;
            if seen.header("x-fail").is_some() && first() {
                return Reply::Close;
            }
            Reply::json(200, r#"{"ok":true}"#)
        });
        vendors.push(vendor.await);
    }
    vendors.try_into().unwrap_or_else(|_| panic!("{N} vendors"))
}

fn failing(vendors: &[Vendor]) -> usize {
    let seen = vendors.iter().flat_map(Vendor::seen);
    seen.filter(|seen| seen.header("x-fail").is_some()).count()
}

/// Opens a connection to every server that is kept.
async fn warm(running: &Running, servers: usize) {
    let mut browser = Browser::connect(running.data).await;
    for _ in 0..servers {
        let call = request("PUT", "/visitors/warm", &[], b"{}");
        assert_eq!(browser.send(&call).await.status, 200);
    }
}

fn large(handle: &str) -> (String, String) {
    let pad = "x".repeat(100_000);
    let sent = format!(r#"{{"pad":"{pad}","ticket":"{handle}"}}"#);
    (sent, format!(r#"{{"pad":"{pad}","email":"ann@example.com"}}"#))
}

#[tokio::test]
async fn a_post_that_was_sent_is_not_sent_again() {
    let vendors = fickle::<2>().await;
    let running = own(&[vendors[0].address, vendors[1].address]).await;
    warm(&running, 2).await;
    let handle = issue(&running, r#"{"email":"ann@example.com"}"#).await;
    let (body, _) = large(&handle);
    let answer =
        running.send(&request("POST", "/visitors/7", &[("X-Fail", "1")], body.as_bytes())).await;
    assert_eq!((answer.status, answer.rejection().as_deref()), (502, Some("upstream")));
    assert_eq!(failing(&vendors), 1);
}

#[tokio::test]
async fn a_poll_is_never_repeated() {
    let vendors = fickle::<2>().await;
    let running = start(&route("genesys", &[vendors[0].address, vendors[1].address])).await;
    let poll = |headers: &[(&str, &str)]| request("GET", "/api/v2/chats/7/messages", headers, b"");
    for _ in 0..2 {
        assert_eq!(running.send(&poll(&[("ContactCenterId", CENTER)])).await.status, 200);
    }
    let answer = running.send(&poll(&[("ContactCenterId", CENTER), ("X-Fail", "1")])).await;
    assert_eq!((answer.status, answer.rejection().as_deref()), (502, Some("upstream")));
    assert_eq!(failing(&vendors), 1);
    let get =
        request("GET", "/api/v2/chats/7", &[("ContactCenterId", CENTER), ("X-Fail", "1")], b"");
    assert_eq!(running.send(&get).await.status, 200, "another GET may be repeated");
}

#[tokio::test]
async fn a_put_of_undeclared_length_is_repeated_whole_or_not_at_all() {
    // Beyond Pingora's buffer there is nothing left to send again.
    for (size, status) in [(40_000, 200), (60_000, 200), (100_000, 502)] {
        let vendors = fickle::<2>().await;
        let running = own(&[vendors[0].address, vendors[1].address]).await;
        warm(&running, 2).await;
        let handle = issue(&running, r#"{"email":"ann@example.com"}"#).await;
        let pad = "x".repeat(size);
        let body = format!(r#"{{"pad":"{pad}","ticket":"{handle}"}}"#);
        let expected = format!(r#"{{"pad":"{pad}","email":"ann@example.com"}}"#);
        let pieces: Vec<_> = body.as_bytes().chunks(5000).collect();
        let call = chunked("PUT", "/visitors/7", &[("X-Fail", "1")], &pieces);
        assert_eq!(running.send(&call).await.status, status, "{size}");
        for seen in vendors.iter().flat_map(Vendor::seen) {
            if seen.header("x-fail").is_some() {
                assert!(seen.text() == expected, "{size}: {} bytes", seen.body.len());
            }
        }
    }
}

#[tokio::test]
async fn a_put_on_a_connection_that_was_closing_is_sent_to_another_server() {
    let vendors = fickle::<2>().await;
    let running = own(&[vendors[0].address, vendors[1].address]).await;
    warm(&running, 2).await;
    let handle = issue(&running, r#"{"email":"ann@example.com"}"#).await;
    let (body, expected) = large(&handle);
    let answer =
        running.send(&request("PUT", "/visitors/7", &[("X-Fail", "1")], body.as_bytes())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for vendor in &vendors {
        let seen = vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), expected);
        assert_eq!(seen.framing, Framing::Length(expected.len()));
    }
    assert_eq!(failing(&vendors), 2);
}

#[tokio::test]
async fn a_put_on_a_connection_that_was_closing_is_sent_again_to_the_only_server() {
    let vendors = fickle::<1>().await;
    let running = own(&[vendors[0].address]).await;
    warm(&running, 1).await;
    let answer = running.send(&request("PUT", "/visitors/7", &[("X-Fail", "1")], b"{}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let connections: Vec<_> = vendors[0].seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn a_refused_connection_moves_any_call_to_the_next_server() {
    for method in ["POST", "PUT"] {
        for size in [2, 100_000] {
            let (vendor, leaving) = (Vendor::start().await, Leaving::open());
            let running = own(&[leaving.address(), vendor.address]).await;
            let handle = issue(&running, r#"{"email":"ann@example.com"}"#).await;
            leaving.leave();
            let pad = "x".repeat(size);
            let body = format!(r#"{{"ticket":"{handle}","pad":"{pad}"}}"#);
            let expected = format!(r#"{{"email":"ann@example.com","pad":"{pad}"}}"#);
            for _ in 0..4 {
                let call = request(method, "/visitors/7", &[], body.as_bytes());
                assert_eq!(running.send(&call).await.status, 200, "{method} {size}");
            }
            let pieces: Vec<_> = body.as_bytes().chunks(10_000).collect();
            for _ in 0..2 {
                let call = chunked(method, "/visitors/7", &[], &pieces);
                assert_eq!(running.send(&call).await.status, 200, "{method} {size} undeclared");
            }
            let seen = vendor.seen();
            assert_eq!(seen.len(), 6);
            assert!(seen.iter().all(|seen| seen.text() == expected), "{method} {size}");
        }
    }
}

#[tokio::test]
async fn a_poll_moves_on_when_its_connection_was_refused() {
    let (vendor, leaving) = (Vendor::start().await, Leaving::open());
    let running = start(&route("genesys", &[leaving.address(), vendor.address])).await;
    leaving.leave();
    for _ in 0..4 {
        let call = request("GET", "/api/v2/chats/7/messages", &[("ContactCenterId", CENTER)], b"");
        assert_eq!(running.send(&call).await.status, 200);
    }
    assert_eq!(vendor.seen().len(), 4);
}
