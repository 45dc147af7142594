//! A commit that the store does not take: it is made later, or the operator hears of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::timeout;

use super::{PAYLOAD, Ticket, state, ticket, until};
use crate::redis_store::servers::Server;
use crate::shared_store::{in_redis, over};
use crate::support::calls::{chat_of, chat_with, refused};
use crate::support::house::{route, start_text};
use crate::support::{Reply, Running, SECRET, Vendor};

/// Longer than a lease.
const LEASE: Duration = Duration::from_secs(121);

/// A house whose store does as it is told when the vendor has the call.
struct Scene {
    server: Arc<Server>,
    vendor: Vendor,
    running: Running,
    once: Ticket,
    folder: tempfile::TempDir,
}

async fn scene(meanwhile: impl Fn(&Server) + Send + Sync + 'static) -> Scene {
    let server = Arc::new(Server::start(&[]).await);
    let kept = Arc::clone(&server);
    let vendor = Vendor::answering(move |_| {
        meanwhile(&kept);
        Reply::json(201, "{}")
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let audited =
        "[audit]\npath = \"audit.jsonl\"\n".to_owned() + &route("genesys", vendor.address);
    let running = start_text(&over(&in_redis(&server), &audited), folder.path()).await;
    let once = ticket(&running, "once", PAYLOAD).await;
    Scene { server, vendor, running, once, folder }
}

/// No ledger can be written any more.
fn forbid(server: &Server) {
    assert_eq!(server.say(&["ACL", "SETUSER", "default", "-setrange"]), "OK");
}

impl Scene {
    async fn counted(&self, outcome: &str) {
        let line = format!("cloakroom_late_commits_total{{outcome=\"{outcome}\"}} 1");
        let told = async {
            while !self.running.control("GET", "/metrics", SECRET, "").await.text().contains(&line)
            {
                yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), told).await.expect("it was not counted");
    }

    fn audited(&self, outcome: &str) -> bool {
        self.running.house.close();
        let path: &Path = &self.folder.path().join("audit.jsonl");
        let text = std::fs::read_to_string(path).unwrap();
        let said = format!("\"event\":\"commit\",\"outcome\":\"{outcome}\"");
        text.lines().any(|line| line.contains(&said) && line.contains(&self.once.id))
    }
}

#[tokio::test]
async fn a_reveal_whose_commit_failed_is_counted_when_the_store_is_back_and_not_made_again() {
    let scene = scene(forbid).await;
    scene.running.send(&chat_with(&scene.once.handle)).await;
    assert_eq!(state(&scene.running, &scene.once).await["state"], "leased");
    scene.server.say(&["ACL", "SETUSER", "default", "+setrange"]);
    until(&scene.running, &scene.once, "spent").await;
    scene.running.clock.advance(LEASE);
    let another = scene.running.send(&chat_of("another", &scene.once.handle)).await;
    refused(&another, 403, "handle_unusable");
    scene.vendor.only();
    scene.counted("settled").await;
    assert!(!scene.audited("given-up"));
}

#[tokio::test]
async fn a_commit_that_fails_until_the_leases_bound_is_given_up_and_audited() {
    let scene = scene(forbid).await;
    scene.running.send(&chat_with(&scene.once.handle)).await;
    scene.running.clock.advance(LEASE);
    scene.counted("given-up").await;
    assert!(scene.audited("given-up"));
}

#[tokio::test]
async fn a_reveal_that_is_accepted_after_its_lease_went_to_another_is_audited() {
    // Another lease's id stands in the record.
    let scene = scene(|server| {
        for name in server.say(&["--scan", "--pattern", "*:record"]).lines() {
            server.say(&["SETRANGE", name, "66", "another lease id"]);
        }
    })
    .await;
    scene.running.send(&chat_with(&scene.once.handle)).await;
    scene.counted("too-late").await;
    assert!(scene.audited("too-late"));
}
