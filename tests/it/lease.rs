//! Counted uses over HTTP: of many requests one has the handle, a vendor that did
//! not take it gives it back, and a conversation keeps its own.

mod conversation;
mod settled;
mod unsettled;

use std::sync::Arc;
use std::time::Duration;

use cloakroom::domain::lease::Terms;
use serde_json::Value;
use tokio::sync::Barrier;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::support::calls::{chat_of, chat_with, message_with, refused};
use crate::support::house::{issue_with, route};
use crate::support::{Browser, Reply, Running, SECRET, Vendor, start};

const PAYLOAD: &str = r#"{"EmailAddress":"ann@example.com"}"#;

/// A handle with its id.
struct Ticket {
    handle: String,
    id: String,
}

async fn ticket(running: &Running, uses: &str, payload: &str) -> Ticket {
    let issued = issue_with(running, SECRET, payload, &format!(r#","uses":"{uses}""#)).await;
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    Ticket { handle: text("handle"), id: text("id") }
}

async fn state(running: &Running, ticket: &Ticket) -> Value {
    let path = format!("/v1/handles/{}", ticket.id);
    running.control("GET", &path, SECRET, "").await.json()
}

/// Asks until the handle stands so; every look is a call, so nothing sleeps.
async fn until(running: &Running, ticket: &Ticket, wanted: &str) {
    let stands = async {
        while state(running, ticket).await["state"] != wanted {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), stands).await.expect("it never stood so");
}

/// Sends all of these at once, each over a connection of its own.
async fn at_once(running: &Running, calls: Vec<Vec<u8>>) -> Vec<u16> {
    let start = Arc::new(Barrier::new(calls.len()));
    let send = |call: Vec<u8>| {
        let (start, data) = (Arc::clone(&start), running.data);
        tokio::spawn(async move {
            let mut browser = Browser::connect(data).await;
            start.wait().await;
            browser.send(&call).await.status
        })
    };
    let sent: Vec<_> = calls.into_iter().map(send).collect();
    let mut statuses = Vec::new();
    for one in sent {
        statuses.push(one.await.unwrap());
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_different_requests_with_one_single_use_handle_one_has_the_payload() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    let calls = (0..64).map(|n| chat_of(&format!("visitor {n}"), &once.handle)).collect();
    let statuses = at_once(&running, calls).await;
    let had = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 403).count();
    assert_eq!((had, refused), (1, 63), "{statuses:?}");
    assert!(vendor.only().text().contains("ann@example.com"));
    let state = state(&running, &once).await;
    assert_eq!((&state["state"], &state["redeemed"]), (&"spent".into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_requests_with_an_until_expiry_handle_all_have_the_payload() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let many = ticket(&running, "until-expiry", PAYLOAD).await;
    let calls = (0..64).map(|n| chat_of(&format!("visitor {n}"), &many.handle)).collect();
    let statuses = at_once(&running, calls).await;
    assert_eq!(statuses, [200; 64]);
    assert_eq!(vendor.seen().len(), 64);
    assert!(vendor.seen().iter().all(|seen| seen.text().contains("ann@example.com")));
    assert_eq!(state(&running, &many).await["redeemed"], 64);
}

#[tokio::test]
async fn while_the_vendor_thinks_the_handle_is_leased_and_a_second_request_is_refused() {
    let vendor = Vendor::answering(|_| Reply::Hang).await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    let mut first = Browser::connect(running.data).await;
    first.write(&chat_with(&once.handle)).await;
    vendor.wait_for(1).await;
    assert_eq!(state(&running, &once).await["state"], "leased");
    refused(&running.send(&chat_of("Bob", &once.handle)).await, 403, "handle_unusable");
    // The very same request, too: only an accepted one is repeated.
    refused(&running.send(&chat_with(&once.handle)).await, 403, "handle_unusable");
    vendor.only();
}

#[tokio::test]
async fn a_browser_that_leaves_while_the_vendor_thinks_has_used_its_handle() {
    // The vendor accepts every one of them, later.
    let vendor = Vendor::answering(|_| Reply::Hang).await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    let mut browser = Browser::connect(running.data).await;
    browser.write(&chat_with(&once.handle)).await;
    vendor.wait_for(1).await;
    assert_eq!(state(&running, &once).await["state"], "leased");
    drop(browser);
    until(&running, &once, "spent").await;
    assert_eq!(state(&running, &once).await["redeemed"], 1);
    for visitor in ["Bob", "Cid", "Dan"] {
        refused(&running.send(&chat_of(visitor, &once.handle)).await, 403, "handle_unusable");
    }
    assert_eq!(vendor.seen().len(), 1);
    // The same request, repeated at once, gets the same reveal: the page was loaded anew.
    let mut browser = Browser::connect(running.data).await;
    browser.write(&chat_with(&once.handle)).await;
    vendor.wait_for(2).await;
    let seen = vendor.seen();
    assert_eq!(seen[0].body, seen[1].body);
}

#[tokio::test]
async fn a_browser_that_leaves_before_its_request_is_whole_keeps_its_handle() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    let call = chat_with(&once.handle);
    let mut browser = Browser::connect(running.data).await;
    browser.write(&call[..call.len() - 1]).await;
    drop(browser);
    assert_eq!(running.send(&chat_of("Bob", &once.handle)).await.status, 200);
    assert_eq!(state(&running, &once).await["redeemed"], 1);
    vendor.only();
}

#[tokio::test]
async fn a_lease_that_nobody_settles_ends_at_its_bound() {
    let vendor = Vendor::answering(|seen| {
        if seen.text().contains("Bob") { Reply::json(200, "{}") } else { Reply::Hang }
    })
    .await;
    let running = start(&route("genesys", vendor.address)).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    let mut browser = Browser::connect(running.data).await;
    browser.write(&chat_with(&once.handle)).await;
    vendor.wait_for(1).await;
    let step = Duration::from_millis(1);
    running.clock.advance(Terms::default().lease_max - step);
    refused(&running.send(&chat_of("Bob", &once.handle)).await, 403, "handle_unusable");
    running.clock.advance(step);
    assert_eq!(running.send(&chat_of("Bob", &once.handle)).await.status, 200);
    // The abandoned request's end changes nothing any more.
    drop(browser);
    let state = state(&running, &once).await;
    assert_eq!((&state["state"], &state["redeemed"]), (&"spent".into(), &1.into()));
}

#[tokio::test]
async fn a_single_use_handle_of_a_message_is_spent_by_the_first_and_refused_in_the_next() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let once = ticket(&running, "once", r#"{"fieldUpdates":[]}"#).await;
    assert_eq!(running.send(&message_with(&once.handle)).await.status, 200);
    let next = String::from_utf8(message_with(&once.handle)).unwrap().replace("Hi", "Ho");
    refused(&running.send(next.as_bytes()).await, 403, "handle_unusable");
    vendor.only();
}
