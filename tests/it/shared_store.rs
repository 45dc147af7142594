//! Two houses over one store, on disk and in Redis: what one issues the other
//! redeems, redacts, spends and revokes.

mod absent;
mod fleet;
mod meanwhile;
mod program;
mod rotation;
mod space;

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Barrier;

use crate::redis_store::servers::Server;
use crate::support::calls::{CHATS, chat_of, chat_with, refused};
use crate::support::house::{CENTER, issue_with, preamble, route, start_text};
use crate::support::{Browser, Reply, Running, SECRET, Seen, Vendor, issue, request};

const PAYLOAD: &str = r#"{"EmailAddress":"ann@example.com"}"#;

/// The preamble with another store.
pub(crate) fn over(store: &str, routes: &str) -> String {
    let text = preamble();
    let memory = "[store]\nkind = \"memory\"\nentries_max = 1000\n";
    assert!(text.contains(memory));
    text.replace(memory, &format!("[store]\n{store}\n")) + routes
}

fn on_disk(folder: &Path) -> String {
    format!("kind = \"disk\"\npath = \"{}\"", folder.join("store.db").display())
}

/// Time enough for a busy machine, where a test is not about time.
pub(crate) fn in_redis(server: &Server) -> String {
    let patience = "connect_timeout = \"3s\"\nresponse_timeout = \"3s\"";
    format!("kind = \"redis\"\nurls = [\"{}\"]\n{patience}", server.url())
}

/// Two houses before one vendor, over one store.
struct Pair {
    one: Running,
    other: Running,
    vendor: Vendor,
    _folder: TempDir,
    _server: Option<Server>,
}

/// Names the conversation, and says in it what it should not.
async fn indiscreet() -> Vendor {
    Vendor::answering(|seen: &Seen| {
        Reply::json(
            200,
            if seen.line().starts_with("POST") {
                r#"{"id":"c-77","statusCode":0}"#
            } else {
                r#"{"id":"c-77","messages":[{"text":"Hello ann@example.com"}]}"#
            },
        )
    })
    .await
}

async fn pairs() -> Vec<Pair> {
    let server = Server::start(&[]).await;
    let (on_disk_in, beside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (disk, redis) = (on_disk(on_disk_in.path()), in_redis(&server));
    let mut pairs = Vec::new();
    for (store, folder, server) in [(disk, on_disk_in, None), (redis, beside, Some(server))] {
        let vendor = indiscreet().await;
        let text = over(&store, &route("genesys", vendor.address));
        let one = start_text(&text, Path::new(".")).await;
        let other = start_text(&text, Path::new(".")).await;
        pairs.push(Pair { one, other, vendor, _folder: folder, _server: server });
    }
    pairs
}

fn poll(conversation: &str) -> Vec<u8> {
    let path = format!("{CHATS}/{conversation}/messages");
    request("GET", &path, &[("ContactCenterId", CENTER)], b"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_house_issues_the_other_redeems_and_counts() {
    for Pair { one, other, vendor, .. } in &pairs().await {
        let handle = issue(one, PAYLOAD).await;
        assert_eq!(other.send(&chat_with(&handle)).await.status, 200);
        let expected =
            r#"{"operationName":"RequestChat","userData":{"EmailAddress":"ann@example.com"}}"#;
        assert_eq!(vendor.only().text(), expected);
        let metrics = other.metrics().await;
        // The handle, the conversation's link, and that it has one.
        assert!(metrics.contains("cloakroom_store_entries 3"), "{metrics}");
        assert!(metrics.contains("cloakroom_handles{key_id=\"1\"} 3"), "{metrics}");
        assert!(metrics.contains("cloakroom_store_seconds_count{op=\"reserve\"} 1"), "{metrics}");
        assert_eq!(other.control("GET", "/readyz", "", "").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_revealed_through_one_house_is_redacted_by_the_other() {
    for Pair { one, other, .. } in &pairs().await {
        let handle = issue(one, PAYLOAD).await;
        assert_eq!(one.send(&chat_with(&handle)).await.status, 200);
        let stranger = other.send(&poll("c-78")).await;
        assert!(stranger.text().contains("ann@example.com"), "nothing is known of that one");
        for house in [other, one] {
            let polled = house.send(&poll("c-77")).await;
            assert_eq!(polled.status, 200, "{polled:?}");
            assert!(!polled.text().contains("ann@example.com"), "{polled:?}");
            assert!(polled.text().contains("Hello"), "{polled:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_house_revokes_the_other_refuses_at_once() {
    for Pair { one, other, vendor, .. } in &pairs().await {
        let issued = issue_with(one, SECRET, PAYLOAD, r#","subject":"ann""#).await;
        let handle = issued["handle"].as_str().unwrap();
        assert_eq!(other.send(&chat_with(handle)).await.status, 200);
        let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
        assert_eq!(one.control("DELETE", &path, SECRET, "").await.status, 204);
        refused(&other.send(&chat_with(handle)).await, 403, "handle_unusable");
        assert_eq!(other.control("GET", &path, SECRET, "").await.status, 404);

        let issued = issue_with(one, SECRET, PAYLOAD, r#","subject":"ann""#).await;
        let erased = other.control("DELETE", "/v1/handles?subject=ann", SECRET, "").await;
        assert_eq!(erased.json()["revoked"], 1);
        let handle = issued["handle"].as_str().unwrap();
        refused(&one.send(&chat_with(handle)).await, 403, "handle_unusable");
        assert_eq!(vendor.seen().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_redeems_over_two_houses_a_handle_for_one_use_has_one() {
    for Pair { one, other, vendor, .. } in &pairs().await {
        for round in 1..=5 {
            let issued = issue_with(one, SECRET, PAYLOAD, r#","uses":"once""#).await;
            let handle = issued["handle"].as_str().unwrap();
            let start = Arc::new(Barrier::new(16));
            let calls = (0..16).map(|n| {
                let (start, call) = (Arc::clone(&start), chat_of(&format!("n{n}"), handle));
                let data = if n % 2 == 0 { one.data } else { other.data };
                tokio::spawn(async move {
                    let mut browser = Browser::connect(data).await;
                    start.wait().await;
                    browser.send(&call).await
                })
            });
            let mut redeemed = 0;
            for call in calls.collect::<Vec<_>>() {
                let answer = call.await.unwrap();
                match answer.status {
                    200 => redeemed += 1,
                    _ => refused(&answer, 403, "handle_unusable"),
                }
            }
            assert_eq!(redeemed, 1, "round {round}");
            assert_eq!(vendor.seen().len(), round, "what the vendor saw");
        }
    }
}
