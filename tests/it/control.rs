//! The control plane, from outside: who may, what may be deposited, and what an
//! error never says.

mod batch;
mod callers;
mod deposits;
mod export;
mod life;
mod operators;

use serde_json::Value;

use crate::support::{Answer, Browser, Running, request};

/// Stands in every value that a test sends; no answer may hold it.
const MARK: &str = "Zerlinde-4711";

/// A call with headers of one's own choosing.
async fn call(
    running: &Running,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let call = request(method, path, headers, body.as_bytes());
    Browser::connect(running.control).await.send(&call).await
}

/// Asserts a problem document of this status that repeats nothing that was sent.
#[track_caller]
fn problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{answer:?}");
    let kind = answer.header("content-type");
    assert_eq!(kind.as_deref(), Some("application/problem+json"), "{answer:?}");
    let document = answer.json();
    assert_eq!(document["status"], status);
    assert!(document["title"].as_str().is_some_and(|title| !title.is_empty()), "{document}");
    assert!(!answer.text().contains(MARK), "{document}");
    assert!(!answer.text().contains("klk1_"), "{document}");
    document
}

/// How many records the store holds.
async fn entries(running: &Running) -> u64 {
    let metrics = running.metrics().await;
    let line = metrics.lines().find(|line| line.starts_with("cloakroom_store_entries "));
    line.and_then(|line| line.rsplit(' ').next()).unwrap().parse().unwrap()
}
