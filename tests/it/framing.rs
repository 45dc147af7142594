//! The sharp edges of the pinned Pingora, each kept as a rule: what goes upstream
//! is exactly one request, whole, and as long as it says.
//!
//! Collecting a body before the connection exists rests on two internals of
//! Pingora; whoever moves the version runs these first.

mod coding;
mod ends;
mod expect;
mod pass;
mod retry;
mod sizes;
mod smuggling;

use crate::support::house::route;
use crate::support::{Running, Vendor, issue, start};

const SEND: &str = "/api/v1/messaging/chat/default/send-message";
const PAYLOAD: &str = r#"{"fieldUpdates":[{"field":"schema.email","value":"ann@example.com"}]}"#;
/// Its members, as they stand in a revealed body.
const MEMBERS: &str = r#""fieldUpdates":[{"field":"schema.email","value":"ann@example.com"}]"#;

/// A vendor, the house in front of it, and a handle.
struct Scene {
    vendor: Vendor,
    running: Running,
    handle: String,
}

impl Scene {
    async fn new() -> Self {
        let vendor = Vendor::start().await;
        let running = start(&route("quiq", vendor.address)).await;
        let handle = issue(&running, PAYLOAD).await;
        Self { vendor, running, handle }
    }

    /// Asserts that nothing personal, and no whole request, reached the vendor.
    #[track_caller]
    fn kept_everything(&self) {
        for seen in self.vendor.seen() {
            assert_eq!(seen.framing, crate::support::Framing::Cut, "{seen:?}");
            assert!(!String::from_utf8_lossy(&seen.body).contains("ann@"), "{seen:?}");
        }
    }
}

/// A message with `context` that is `size` bytes long.
fn message(size: usize, context: &str) -> String {
    let (before, after) = (r#"{"text":""#, format!(r#"","context":{{"href":"/",{context}}}}}"#));
    let pad = size.checked_sub(before.len() + after.len()).expect("a larger body");
    format!("{before}{}{after}", "x".repeat(pad))
}

/// A message of this size that carries `handle`, and what must become of it.
fn carrying(handle: &str, size: usize) -> (String, String) {
    let slot = format!(r#""storedContextId":"{handle}""#);
    let sent = message(size, &slot);
    let expected = sent.replace(&slot, MEMBERS);
    (sent, expected)
}

fn send(headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    crate::support::request("POST", SEND, headers, body)
}
