//! What the vendor's answer does to a handle that works once: 2xx and 3xx spend
//! it, anything else gives it back, but not for ever.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use super::{PAYLOAD, state, ticket, until};
use crate::support::calls::{CHATS, chat_of, chat_with, refused};
use crate::support::house::{CENTER, route};
use crate::support::{Framing, Reply, Seen, Vendor, request, start};

/// A vendor that does not take the call of anybody named like a failure.
async fn moody() -> Vendor {
    Vendor::answering(|seen: &Seen| {
        let said = seen.text();
        match said {
            _ if said.contains("closes") => Reply::Close,
            _ if said.contains("breaks") => Reply::RawThenClose(b"HTTP/1.1 20".to_vec()),
            _ if said.contains("garbage") => Reply::RawThenClose(b"\x16\x03\x01\r\n\r\n".to_vec()),
            _ if said.contains("302") => Reply::Raw(
                b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n".to_vec(),
            ),
            _ => {
                let status = said.split("status ").nth(1).and_then(|rest| rest.get(..3));
                Reply::json(status.map_or(200, |status| status.parse().unwrap()), "{}")
            }
        }
    })
    .await
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_call_that_the_vendor_does_not_take_gives_the_handle_back() {
    let vendor = moody().await;
    let running = start(&route("genesys", vendor.address)).await;
    for (mood, status, code) in [
        ("status 503", 503, None),
        ("status 500", 500, None),
        ("status 401", 401, None),
        ("status 403", 403, None),
        ("status 404", 404, None),
        ("status 429", 429, None),
        ("closes", 502, Some("upstream")),
        ("breaks", 502, Some("upstream")),
        ("garbage", 502, Some("upstream")),
    ] {
        let once = ticket(&running, "once", PAYLOAD).await;
        let before = vendor.seen().len();
        let answer = running.send(&chat_of(mood, &once.handle)).await;
        assert_eq!((answer.status, answer.rejection().as_deref()), (status, code), "{mood}");
        // A call with a payload is not sent twice on our own account.
        assert_eq!(vendor.seen().len(), before + 1, "{mood}");
        until(&running, &once, "live").await;
        assert_eq!(state(&running, &once).await["redeemed"], 0);
        assert_eq!(running.send(&chat_with(&once.handle)).await.status, 200, "{mood}");
        assert_eq!(state(&running, &once).await["state"], "spent");
    }
}

#[tokio::test]
async fn a_vendor_that_cannot_be_reached_gives_the_handle_back() {
    let vendor = Vendor::start().await;
    let down = route("genesys", nobody().await) + "host = \"down.test\"\n";
    let running = start(&(route("genesys", vendor.address) + &down)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    let call = String::from_utf8(chat_of("Bob", &once.handle)).unwrap();
    let call = call.replace("chat.test", "down.test");
    for _ in 0..3 {
        let answer = running.send(call.as_bytes()).await;
        refused(&answer, 502, "upstream");
        assert_eq!(answer.json()["statusCode"], 4);
        until(&running, &once, "live").await;
    }
    vendor.saw_nothing();
    assert_eq!(running.send(&chat_with(&once.handle)).await.status, 200);
    vendor.only();
}

#[tokio::test]
async fn a_handle_that_was_given_back_five_times_is_spent() {
    let vendor = moody().await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    for time in 0..5 {
        let status = running.send(&chat_of("status 503", &once.handle)).await.status;
        assert_eq!(status, 503, "{time}");
    }
    until(&running, &once, "spent").await;
    assert_eq!(state(&running, &once).await["redeemed"], 0);
    for call in [chat_with(&once.handle), chat_of("status 503", &once.handle)] {
        refused(&running.send(&call).await, 403, "handle_unusable");
    }
    assert_eq!(vendor.seen().len(), 5);
}

#[tokio::test]
async fn a_redirect_or_any_success_spends_the_handle() {
    let vendor = moody().await;
    let running = start(&route("genesys", vendor.address)).await;
    for (mood, status) in [("302", 302), ("status 200", 200), ("status 201", 201)] {
        let once = ticket(&running, "once", PAYLOAD).await;
        assert_eq!(running.send(&chat_of(mood, &once.handle)).await.status, status);
        let stands = state(&running, &once).await;
        assert_eq!((&stands["state"], &stands["redeemed"]), (&"spent".into(), &1.into()), "{mood}");
        refused(&running.send(&chat_of("else", &once.handle)).await, 403, "handle_unusable");
    }
    assert_eq!(vendor.seen().len(), 3);
}

#[tokio::test]
async fn the_same_request_repeated_at_once_gets_the_same_reveal_and_no_other_does() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    let call = chat_with(&once.handle);
    assert_eq!(running.send(&call).await.status, 200);

    let body = format!(
        r#"{{"operationName":"RequestChat","userData":{{"cloakroom":"{}"}}}}"#,
        once.handle
    );
    let center = ("ContactCenterId", CENTER);
    for other in [
        chat_of("Bob", &once.handle),
        request("POST", "/api/v2/chats/", &[center], body.as_bytes()),
        request("POST", "/api/v2/chats?a=b", &[center], body.as_bytes()),
        request("POST", CHATS, &[center], (body.clone() + " ").as_bytes()),
    ] {
        refused(&running.send(&other).await, 403, "handle_unusable");
    }
    vendor.only();

    running.clock.advance(Duration::from_secs(10));
    assert_eq!(running.send(&call).await.status, 200);
    let seen = vendor.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(seen[1].framing, Framing::Length(seen[0].body.len()));
    assert_eq!(state(&running, &once).await["redeemed"], 1);

    running.clock.advance(Duration::from_millis(1));
    refused(&running.send(&call).await, 403, "handle_unusable");
    assert_eq!(vendor.seen().len(), 2);
}

#[tokio::test]
async fn a_repetition_that_the_vendor_refuses_does_not_bring_a_spent_handle_back() {
    let vendor = Vendor::answering(|seen| {
        let status = if seen.connection == 0 { 200 } else { 503 };
        let answer =
            format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Reply::RawThenClose(answer.into_bytes())
    })
    .await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    assert_eq!(running.send(&chat_with(&once.handle)).await.status, 200);
    assert_eq!(running.send(&chat_with(&once.handle)).await.status, 503);
    assert_eq!(state(&running, &once).await["state"], "spent");
    refused(&running.send(&chat_of("Bob", &once.handle)).await, 403, "handle_unusable");
    assert_eq!(vendor.seen().len(), 2);
}

#[tokio::test]
async fn a_forged_handle_beside_a_good_one_costs_it_no_release() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let good = ticket(&running, "once", PAYLOAD).await;
    let forged = format!("{}AAAA", &good.handle[..73]);
    for turn in 0..8 {
        let body = format!(
            r#"{{"operationName":"RequestChat","subject":"{turn}","nickname":"{forged}","userData":{{"cloakroom":"{}"}}}}"#,
            good.handle
        );
        let call = request("POST", CHATS, &[("ContactCenterId", CENTER)], body.as_bytes());
        refused(&running.send(&call).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    assert_eq!(running.send(&chat_with(&good.handle)).await.status, 200);
}
