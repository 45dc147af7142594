//! Who may call: a secret of a caller, and only for what it was given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MARK, call, entries, problem};
use crate::support::house::{OTHER_SECRET, issue_with, route};
use crate::support::{Running, SECRET, Vendor, start};

const HANDLES: &str = "/v1/handles";

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

async fn house() -> Running {
    // Nothing is sent there.
    let vendor = Vendor::start().await;
    start(&route("quiq", vendor.address)).await
}

#[tokio::test]
async fn without_a_callers_secret_nothing_is_done_and_nothing_is_told() {
    let running = house().await;
    let issued = issue_with(&running, SECRET, "{}", "").await;
    let one = format!("{HANDLES}/{}", issued["id"].as_str().unwrap());
    let body = format!(r#"{{"payload":{{"name":"{MARK}"}}}}"#);
    let wrong = [
        None,
        Some(String::new()),
        Some("Bearer".into()),
        Some("Bearer ".into()),
        Some(format!("Bearer {MARK}")),
        Some(format!("Bearer {SECRET}x")),
        Some(format!("Bearer {}", SECRET.to_uppercase())),
        Some(SECRET.to_owned()),
        Some(format!("Token {SECRET}")),
        Some(format!("Basic {SECRET}")),
        Some(basic(SECRET)),
        Some(basic(&format!("other:{SECRET}"))),
        Some(basic(&format!(":{SECRET}"))),
        Some(basic(&format!("crm:{SECRET}:"))),
        Some(basic(&format!("reader:{SECRET}"))),
        Some("Basic !".into()),
        Some("Basic /w==".into()),
    ];
    for value in &wrong {
        let headers: Vec<_> = value.iter().map(|value| ("Authorization", value.as_str())).collect();
        for (method, path) in [
            ("POST", HANDLES),
            ("GET", one.as_str()),
            ("DELETE", one.as_str()),
            ("DELETE", "/v1/handles?subject=x"),
            ("POST", "/api/v1/messaging/stored-context"),
        ] {
            let answer = call(&running, method, path, &headers, &body).await;
            problem(&answer, 401);
            assert!(answer.header("www-authenticate").is_some(), "{answer:?}");
        }
    }
    let bearer = format!("Bearer {SECRET}");
    let twice = [("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())];
    problem(&call(&running, "POST", HANDLES, &twice, &body).await, 401);
    assert_eq!(entries(&running).await, 1);
}

#[tokio::test]
async fn another_tenants_handle_does_not_exist() {
    let running = house().await;
    let issued = issue_with(&running, SECRET, "{}", r#","subject":"ann""#).await;
    let one = format!("{HANDLES}/{}", issued["id"].as_str().unwrap());
    let unknown = format!("{HANDLES}/00000000-0000-4000-8000-000000000000");
    for method in ["GET", "DELETE"] {
        let foreign = running.control(method, &one, OTHER_SECRET, "").await;
        let none = running.control(method, &unknown, OTHER_SECRET, "").await;
        problem(&foreign, 404);
        assert_eq!(foreign.body, none.body);
    }
    let gone = running.control("DELETE", "/v1/handles?subject=ann", OTHER_SECRET, "").await;
    assert_eq!((gone.status, gone.text().as_str()), (200, r#"{"revoked":0}"#));
    assert_eq!(running.control("GET", &one, SECRET, "").await.json()["state"], "live");

    let own = issue_with(&running, OTHER_SECRET, "{}", "").await;
    let own = format!("{HANDLES}/{}", own["id"].as_str().unwrap());
    assert_eq!(running.control("GET", &own, OTHER_SECRET, "").await.json()["tenant"], "other");
    problem(&running.control("GET", &own, SECRET, "").await, 404);
}

#[tokio::test]
async fn a_caller_may_do_what_it_was_given_and_nothing_else() {
    let running = house().await;
    let issued = issue_with(&running, SECRET, "{}", "").await;
    let one = format!("{HANDLES}/{}", issued["id"].as_str().unwrap());
    let body = format!(r#"{{"payload":{{"name":"{MARK}"}}}}"#);
    for (method, path) in [
        ("POST", HANDLES),
        ("DELETE", one.as_str()),
        ("DELETE", "/v1/handles?subject=x"),
        ("POST", "/api/v1/messaging/stored-context"),
    ] {
        problem(&running.control(method, path, "reader-secret", &body).await, 403);
    }
    let seen = running.control("GET", &one, "reader-secret", "").await;
    assert_eq!((seen.status, &seen.json()["state"]), (200, &"live".into()));
    assert_eq!(entries(&running).await, 1);
}

#[tokio::test]
async fn bearer_and_basic_are_two_spellings_of_one_caller() {
    let running = house().await;
    let good = basic(&format!("crm:{SECRET}"));
    for value in [
        good.clone(),
        good.replace("Basic", "bASIC"),
        format!("bearer {SECRET}"),
        format!("Bearer   {SECRET}"),
    ] {
        let headers = [("Authorization", value.as_str())];
        let answer = call(&running, "POST", HANDLES, &headers, r#"{"payload":{}}"#).await;
        assert_eq!(answer.status, 201, "{value}");
    }
}
