//! What is told of a person's handles: all of theirs, nobody else's, and no payload.

use std::time::Duration;

use super::{MARK, call, problem};
use crate::support::house::{OTHER_SECRET, issue_with, route};
use crate::support::{SECRET, Vendor, start};

#[tokio::test]
async fn a_persons_live_handles_are_told_without_their_payloads_and_nobody_elses() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let payload = format!(r#"{{"nickname":"{MARK}"}}"#);
    let subject = r#","subject":"ann+1@example.com""#;
    let mut own = Vec::new();
    for uses in ["until-expiry", "once", "conversation"] {
        let more = format!("{subject},\"uses\":\"{uses}\"");
        own.push(issue_with(&running, SECRET, &payload, &more).await);
        running.clock.advance(Duration::from_secs(1));
    }
    let brief = format!("{subject},\"ttl_secs\":1");
    issue_with(&running, SECRET, &payload, &brief).await;
    issue_with(&running, SECRET, &payload, r#","subject":"bob""#).await;
    issue_with(&running, SECRET, &payload, "").await;
    let foreign = issue_with(&running, OTHER_SECRET, &payload, subject).await;
    running.clock.advance(Duration::from_secs(2));

    let path = "/v1/handles?subject=ann%2B1%40example.com";
    let told = running.control("GET", path, SECRET, "").await;
    assert_eq!(told.status, 200, "{told:?}");
    for word in [MARK, "klk1_", "ann", "nickname", own[0]["key"].as_str().unwrap()] {
        assert!(!told.text().contains(word), "{word}: {told:?}");
    }
    let told = told.json();
    assert_eq!(told["truncated"], false);
    let handles = told["handles"].as_array().unwrap();
    assert_eq!(handles.len(), 3, "{told}");
    for (one, issued) in handles.iter().zip(&own) {
        let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
        assert_eq!(
            *one,
            running.control("GET", &path, SECRET, "").await.json(),
            "the oldest first"
        );
    }
    let other = running.control("GET", path, OTHER_SECRET, "").await.json();
    assert_eq!(other["handles"][0]["id"], foreign["id"]);
    assert_eq!(other["handles"].as_array().unwrap().len(), 1);
    let nobody = running.control("GET", "/v1/handles?subject=nobody", SECRET, "").await;
    assert_eq!(nobody.text(), r#"{"handles":[],"truncated":false}"#);
    assert_eq!(running.control("GET", path, "reader-secret", "").await.status, 200);
}

#[tokio::test]
async fn a_subject_that_cannot_be_meant_and_a_caller_that_is_none_are_told_nothing() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for query in ["", "?", "?subject=", "?Subject=ann", "?subject=a&subject=b"] {
        let path = format!("/v1/handles{query}");
        problem(&running.control("GET", &path, SECRET, "").await, 400);
    }
    problem(&call(&running, "GET", "/v1/handles?subject=a", &[], "").await, 401);
    let api = running.control("GET", "/openapi.json", "", "").await.json();
    assert!(api["paths"]["/v1/handles"]["get"].is_object());
    let ask = api["components"]["schemas"]["IssueRequest"]["properties"]["alarm"].to_string();
    assert!(ask.contains("boolean"), "{ask}");
}
