//! A change of keys over two houses on one store: no handle is refused at any step if every house knows the new key
//! before one of them signs with it.

use std::path::Path;

use cloakroom::config::load_text;
use cloakroom::server::parts::split;
use tempfile::TempDir;

use super::{PAYLOAD, indiscreet, on_disk, over, poll};
use crate::support::calls::{chat_of, chat_with, refused};
use crate::support::house::{KEY, issue_with, route, start_text};
use crate::support::{Running, SECRET, Vendor, issue};

const OLD: &str = "current = { id = 1, env = \"KEY\" }";
/// The new key is known, and nothing is signed with it yet.
const KNOWN: &str = "current = { id = 1, env = \"KEY\" }\nprevious = [{ id = 2, env = \"KEY_2\" }]";
const NEW: &str = "current = { id = 2, env = \"KEY_2\" }\nprevious = [{ id = 1, env = \"KEY\" }]";
const DROPPED: &str = "current = { id = 2, env = \"KEY_2\" }";

struct Nodes {
    houses: [Running; 2],
    text: String,
    _vendor: Vendor,
    _folder: TempDir,
}

impl Nodes {
    async fn start() -> Self {
        let (folder, vendor) = (TempDir::new().unwrap(), indiscreet().await);
        let text = over(&on_disk(folder.path()), &route("genesys", vendor.address));
        let houses =
            [start_text(&text, Path::new(".")).await, start_text(&text, Path::new(".")).await];
        Self { houses, text, _vendor: vendor, _folder: folder }
    }

    /// Has one house take these keys, as its upkeep does on SIGHUP.
    async fn rekey(&self, at: usize, keys: &str) {
        assert!(self.text.contains(OLD));
        let text = self.text.replace(OLD, keys);
        let env = |name: &str| match name {
            "KEY" => Some(KEY.to_owned()),
            "KEY_2" => Some("HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
            _ => None,
        };
        let config = load_text(&text, "t.toml", Path::new("."), &env, 2);
        let (parts, _) = split(config.unwrap_or_else(|wrong| panic!("{wrong}")));
        for route in parts.data.routes.iter() {
            route.upstream.refresh().await;
        }
        self.houses[at].house.renew(parts).await.unwrap();
    }

    /// Each house issues; each redeems what both issued, then and before, and redacts what was revealed.
    async fn all_is_well(&self, step: &str, before: &mut Vec<String>) {
        for house in &self.houses {
            before.push(issue(house, PAYLOAD).await);
            let once =
                issue_with(house, SECRET, PAYLOAD, r#","uses":"once","subject":"ann""#).await;
            let once = once["handle"].as_str().unwrap();
            for (turn, other) in self.houses.iter().enumerate() {
                // Another request each: a repetition would get the same reveal.
                let answer = other.send(&chat_of(&format!("turn {turn}"), once)).await;
                if turn == 0 {
                    assert_eq!(answer.status, 200, "{step}: {answer:?}");
                } else {
                    refused(&answer, 403, "handle_unusable");
                }
            }
        }
        for (number, handle) in before.iter().enumerate() {
            for (at, house) in self.houses.iter().enumerate() {
                let answer = house.send(&chat_with(handle)).await;
                assert_eq!(answer.status, 200, "{step}: handle {number} at {at}: {answer:?}");
            }
        }
        for house in &self.houses {
            let polled = house.send(&poll("c-77")).await;
            assert!(polled.text().contains("Hello"), "{step}: {polled:?}");
            assert!(!polled.text().contains("ann@example.com"), "{step}: {polled:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_every_house_knows_before_one_signs_with_it_refuses_no_handle() {
    let (nodes, mut before) = (Nodes::start().await, Vec::new());
    nodes.all_is_well("before", &mut before).await;
    for (keys, step) in [(KNOWN, "known"), (NEW, "signs")] {
        for at in [0, 1] {
            nodes.rekey(at, keys).await;
            nodes.all_is_well(&format!("{step} at {at}"), &mut before).await;
        }
    }
    // A person's handles are found by both keys, whichever signed them.
    let erased = nodes.houses[0].control("DELETE", "/v1/handles?subject=ann", SECRET, "").await;
    assert_eq!(erased.json()["revoked"], 10, "{erased:?}");

    // The old key goes when none of its handles is left.
    let erased = nodes.houses[0].control("DELETE", "/v1/handles?tenant=acme", SECRET, "").await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let metrics = nodes.houses[1].metrics().await;
    assert!(
        !metrics.lines().any(|line| line.starts_with("cloakroom_handles{key_id=\"1\"} 1")),
        "{metrics}"
    );
    before.clear();
    for at in [0, 1] {
        nodes.rekey(at, DROPPED).await;
        nodes.all_is_well(&format!("dropped at {at}"), &mut before).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_signs_before_every_house_knows_it_has_its_handles_refused() {
    let nodes = Nodes::start().await;
    nodes.rekey(0, NEW).await;
    let handle = issue(&nodes.houses[0], PAYLOAD).await;
    refused(&nodes.houses[1].send(&chat_with(&handle)).await, 403, "handle_unusable");
    nodes.rekey(1, KNOWN).await;
    assert_eq!(nodes.houses[1].send(&chat_with(&handle)).await.status, 200);
}
