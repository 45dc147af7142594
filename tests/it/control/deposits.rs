//! What may be deposited: one mistake at a time, each with its status, and none
//! of them repeated.

use std::path::Path;
use std::time::Duration;

use super::{MARK, entries, problem};
use crate::support::calls::message_with;
use crate::support::house::{issue_with, preamble, route, start_text};
use crate::support::{Running, SECRET, Vendor, issue, start};

const HANDLES: &str = "/v1/handles";
const PAYLOAD_MAX: usize = 64 * 1024;

async fn house() -> Running {
    let vendor = Vendor::start().await;
    start(&route("genesys", vendor.address)).await
}

/// A deposit whose payload is marked, with further members.
fn with(more: &str) -> String {
    format!(r#"{{"payload":{{"name":"{MARK}"}},{more}}}"#)
}

#[tokio::test]
async fn a_deposit_that_is_no_such_json_is_refused() {
    let running = house().await;
    let bodies = [
        String::new(),
        " ".into(),
        MARK.into(),
        format!("\"{MARK}\""),
        "null".into(),
        "7".into(),
        "{}".into(),
        format!(r#"{{"payload":{{"name":"{MARK}"}}"#),
        format!(r#"{{"payload":{{"name":"{MARK}"}}}}x"#),
        format!(r#"{{"payload":{{name:"{MARK}"}}}}"#),
        format!(r#"{{"payload":"{MARK}"}}"#),
        format!(r#"{{"payload":["{MARK}"]}}"#),
        r#"{"payload":null}"#.into(),
        r#"{"payload":4711}"#.into(),
        with(&format!(r#""{MARK}":1"#)),
        with(&format!(r#""payload":{{"name":"{MARK}"}}"#)),
        with(&format!(r#""uses":"{MARK}""#)),
        with(r#""uses":"Once""#),
        with(r#""uses":1"#),
        with(&format!(r#""ttl_secs":"{MARK}""#)),
        with(&format!(r#""subject":["{MARK}"]"#)),
        with(&format!(r#""tenant":{{"a":"{MARK}"}}"#)),
    ];
    for body in &bodies {
        let answer = running.control("POST", HANDLES, SECRET, body).await;
        let document = problem(&answer, 400);
        assert!(document["detail"].is_string(), "{body}: {document}");
    }
    assert_eq!(entries(&running).await, 0);
}

#[tokio::test]
async fn a_life_out_of_bounds_is_refused_and_not_shortened() {
    let running = house().await;
    for ttl in ["0", "-1", "86401", "1.5", "1e3", "1e400", "99999999999999999999", "-0.0"] {
        let body = with(&format!("\"ttl_secs\":{ttl}"));
        problem(&running.control("POST", HANDLES, SECRET, &body).await, 400);
    }
    assert_eq!(entries(&running).await, 0);
    for (ttl, ends) in [(1, "2030-03-17T17:46:41Z"), (86_400, "2030-03-18T17:46:40Z")] {
        let body = format!(r#"{{"payload":{{}},"ttl_secs":{ttl}}}"#);
        let answer = running.control("POST", HANDLES, SECRET, &body).await;
        assert_eq!((answer.status, &answer.json()["expires_at"]), (201, &ends.into()));
    }
}

#[tokio::test]
async fn a_tenants_own_bound_on_lives_holds_and_shortens_the_default() {
    let vendor = Vendor::start().await;
    let capped = preamble().replacen("id = \"acme\"", "id = \"acme\"\nttl_max = \"10m\"", 1);
    let running = start_text(&(capped + &route("quiq", vendor.address)), Path::new(".")).await;
    let body = with("\"ttl_secs\":601");
    let document = problem(&running.control("POST", HANDLES, SECRET, &body).await, 400);
    assert_eq!(document["detail"], "ttl_secs: must be 1 to 600");
    let issued = issue_with(&running, SECRET, "{}", "").await;
    assert_eq!(issued["expires_at"], "2030-03-17T17:56:40Z");
    let stored = r#"{"context":{"fieldUpdates":[]}}"#;
    let path = "/api/v1/messaging/stored-context";
    let key = running.control("POST", path, SECRET, stored).await.json();
    let ticket = key["key"].as_str().unwrap();
    running.clock.advance(Duration::from_secs(600));
    assert_eq!(running.send(&message_with(ticket)).await.status, 200);
    assert!(!vendor.only().text().contains("fieldUpdates"));
}

#[tokio::test]
async fn a_subject_or_tenant_that_cannot_be_meant_is_refused() {
    let running = house().await;
    let long = MARK.repeat(512);
    for more in [
        r#""subject":"""#.to_owned(),
        format!(r#""subject":"{}""#, &long[..513]),
        r#""tenant":"other""#.to_owned(),
        format!(r#""tenant":"{MARK}""#),
        format!(r#""tenant":"{long}""#),
        r#""tenant":"""#.to_owned(),
    ] {
        problem(&running.control("POST", HANDLES, SECRET, &with(&more)).await, 400);
    }
    assert_eq!(entries(&running).await, 0);
    let body = with(&format!(r#""subject":"{}","tenant":"acme""#, &long[..512]));
    assert_eq!(running.control("POST", HANDLES, SECRET, &body).await.status, 201);
}

#[tokio::test]
async fn a_payload_above_its_bound_is_too_large_and_one_at_the_bound_is_kept() {
    let running = house().await;
    let sized = |size: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(size - 8));
    let over = format!(r#"{{"payload":{}}}"#, sized(PAYLOAD_MAX + 1));
    problem(&running.control("POST", HANDLES, SECRET, &over).await, 413);
    let context = format!(r#"{{"context":{}}}"#, sized(PAYLOAD_MAX + 1));
    let path = "/api/v1/messaging/stored-context";
    problem(&running.control("POST", path, SECRET, &context).await, 413);
    assert_eq!(entries(&running).await, 0);
    let body = format!(r#"{{"payload": {} }}"#, sized(PAYLOAD_MAX));
    assert_eq!(running.control("POST", HANDLES, SECRET, &body).await.status, 201);
}

#[tokio::test]
async fn a_body_above_the_bound_of_the_largest_batch_is_too_large() {
    let running = house().await;
    let max = (PAYLOAD_MAX + 1024) * 100;
    for path in [HANDLES, "/api/v1/messaging/stored-context"] {
        let body = " ".repeat(max + 1);
        problem(&running.control("POST", path, SECRET, &body).await, 413);
    }
    assert_eq!(entries(&running).await, 0);
}

#[tokio::test]
async fn a_payload_that_could_not_be_revealed_is_refused_when_it_is_issued() {
    let running = house().await;
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for inner in [
        format!(r#""a":{}"#, nested(10_000)),
        format!(r#""a":{}"#, nested(128)),
        r#""\ud800":1"#.to_owned(),
        format!(r#""a":"{MARK}\ud800""#),
    ] {
        for (path, body) in [
            (HANDLES, format!(r#"{{"payload":{{{inner}}}}}"#)),
            (HANDLES, format!(r#"[{{"payload":{{}}}},{{"payload":{{{inner}}}}}]"#)),
            ("/api/v1/messaging/stored-context", format!(r#"{{"context":{{{inner}}}}}"#)),
        ] {
            problem(&running.control("POST", path, SECRET, &body).await, 400);
        }
    }
    assert_eq!(entries(&running).await, 0);
    issue(&running, &format!(r#"{{"a":{}}}"#, nested(100))).await;
}
