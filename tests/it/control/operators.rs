//! What operators see: probes, metrics and the description, without a name of
//! anybody's.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cloakroom::server::{Fitness, attend};
use serde_json::Value;

use super::{MARK, call, problem};
use crate::redis_store::servers::until;
use crate::support::calls::{CHATS, chat_with, message_with};
use crate::support::house::{CENTER, issue_with, route};
use crate::support::{SECRET, Vendor, request, start};

#[tokio::test]
async fn an_unknown_call_is_a_problem_whoever_asks() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let long = format!("/v1/{}", MARK.repeat(100));
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v1"),
        ("PUT", "/v1/handles"),
        ("POST", "/v1/handles/"),
        ("POST", "/v1/handles/x"),
        ("POST", "/livez"),
        ("DELETE", "/metrics"),
        ("PATCH", "/openapi.json"),
        ("GET", "/api/v1/messaging/stored-context"),
        ("POST", "/api/v1/messaging/stored-context/"),
        ("POST", "/api/v2/chats"),
        ("GET", &format!("/v1/{MARK}?a={MARK}")),
        ("GET", &long),
    ] {
        problem(&running.control(method, path, SECRET, "").await, 404);
        problem(&call(&running, method, path, &[], "").await, 404);
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_house_that_goes_down_lives_and_is_not_ready() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(call(&running, "GET", path, &[], "").await.status, 200);
    }
    running.house.draining().store(true, Ordering::SeqCst);
    assert_eq!(call(&running, "GET", "/livez", &[], "").await.status, 200);
    let answer = call(&running, "GET", "/readyz", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "draining\n"));
}

#[tokio::test]
async fn the_description_names_every_call_and_its_refusals() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let answer = call(&running, "GET", "/openapi.json", &[], "").await;
    assert_eq!(answer.status, 200);
    let described = answer.json();
    assert!(described["openapi"].as_str().unwrap().starts_with("3."));
    let mut calls = Vec::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
            if path.starts_with("/v1/") {
                for status in ["401", "403", "503"] {
                    assert!(answers.contains_key(status), "{method} {path} {status}");
                }
            }
            calls.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    calls.sort_unstable();
    assert_eq!(
        calls,
        [
            "DELETE /v1/handles",
            "DELETE /v1/handles/{id}",
            "GET /livez",
            "GET /metrics",
            "GET /readyz",
            "GET /v1/handles",
            "GET /v1/handles/{id}",
            "POST /api/ChatMatchingData",
            "POST /api/v1/messaging/stored-context",
            "POST /v1/handles",
        ]
    );
    refer_to_what_is_there(&described, &described);
    for name in ["bearer", "basic"] {
        assert_eq!(described["components"]["securitySchemes"][name]["scheme"], name);
    }
}

/// Every `$ref` of a description leads somewhere in it.
fn refer_to_what_is_there(value: &Value, whole: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(to) = members.get("$ref").and_then(Value::as_str) {
                assert!(whole.pointer(to.strip_prefix('#').unwrap()).is_some(), "{to}");
            }
            members.values().for_each(|member| refer_to_what_is_there(member, whole));
        }
        Value::Array(elements) => {
            elements.iter().for_each(|element| refer_to_what_is_there(element, whole));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn metrics_count_everything_by_names_of_the_configuration_alone() {
    let vendor = Vendor::start().await;
    let both = route("genesys", vendor.address) + "name = \"first\"\npath = \"/\"\n";
    let second = route("quiq", vendor.address) + "name = \"second\"\npath = \"/api/v1\"\n";
    let running = start(&(both + &second)).await;
    let payload = format!(r#"{{"nickname":"{MARK}"}}"#);
    let more = format!(r#","uses":"once","subject":"{MARK}""#);
    let issued = issue_with(&running, SECRET, &payload, &more).await;
    let handle = issued["handle"].as_str().unwrap();
    assert_eq!(running.send(&chat_with(handle)).await.status, 200);
    let forged =
        format!("{}{}", &handle[..handle.len() - 1], if handle.ends_with('A') { "B" } else { "A" });
    assert_eq!(running.send(&message_with(&forged)).await.status, 403);
    let private = format!("/{MARK}?who={MARK}");
    let headers = [("ContactCenterId", CENTER), ("X-Who", MARK)];
    assert_eq!(running.send(&request("GET", &private, &headers, b"")).await.status, 404);
    let stranger = [("ContactCenterId", MARK)];
    assert_eq!(running.send(&request("POST", CHATS, &stranger, b"{}")).await.status, 403);
    assert_eq!(call(&running, "GET", "/readyz", &[], "").await.status, 200);

    let metrics = running.metrics().await;
    for line in [
        r#"cloakroom_requests_total{exchange="request-chat",outcome="revealed",route="first"} 1"#,
        r#"cloakroom_requests_total{exchange="send-message",outcome="handle_unusable",route="second"} 1"#,
        r#"cloakroom_requests_total{exchange="none",outcome="not_listed",route="first"} 1"#,
        r#"cloakroom_requests_total{exchange="none",outcome="contact_center_unknown",route="first"} 1"#,
        r#"cloakroom_redeems_total{outcome="redeemed",tenant="acme"} 1"#,
        r#"cloakroom_redeems_total{outcome="forged",tenant="acme"} 1"#,
        r#"cloakroom_issued_total{tenant="acme"} 1"#,
        "cloakroom_request_seconds_count 4",
        "cloakroom_swap_seconds_count 2",
        r#"cloakroom_store_seconds_count{op="probe"} 1"#,
        r#"cloakroom_store_seconds_count{op="put"} 1"#,
        r#"cloakroom_store_seconds_count{op="reserve"} 1"#,
        "cloakroom_store_entries 1",
        r#"cloakroom_handles{key_id="1"} 1"#,
        &format!(r#"cloakroom_upstream_up{{server="{}"}} 1"#, vendor.address),
        "cloakroom_config_generation 1",
    ] {
        assert!(metrics.lines().any(|counted| counted == line), "no {line} in\n{metrics}");
    }
    assert!(metrics.contains("\nprocess_"), "{metrics}");
    let id = issued["id"].as_str().unwrap();
    for private in [MARK, "klk1_", id, "/api", CENTER, SECRET, "chat.test"] {
        assert!(!metrics.contains(private), "{private} in\n{metrics}");
    }
}

#[tokio::test]
async fn what_has_expired_leaves_the_store_and_its_gauges_by_the_houses_own_clock() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for n in 0..70 {
        let ttl = if n < 68 { 60 } else { 3600 };
        issue_with(&running, SECRET, r#"{"name":"Ann"}"#, &format!(r#","ttl_secs":{ttl}"#)).await;
    }
    let attended = tokio::spawn(attend(Arc::clone(&running.house), Fitness::Fit));
    // It has had its first turn when the sweep is timed.
    let swept = async || running.metrics().await.contains(r#"seconds_count{op="sweep"}"#);
    until("the store is swept", swept).await;
    assert!(running.metrics().await.contains("\ncloakroom_store_entries 70\n"));
    running.clock.advance(Duration::from_secs(60));
    let left = async || running.metrics().await.contains("\ncloakroom_store_entries 2\n");
    until("68 are forgotten, more than one sweep takes", left).await;
    assert!(running.metrics().await.contains("cloakroom_handles{key_id=\"1\"} 2\n"));
    attended.abort();
}
