//! A handle's life as its caller sees it: its state, and its early end.

use std::time::Duration;

use super::{MARK, call, entries, problem};
use crate::support::calls::{chat_of, chat_with, message, refused};
use crate::support::house::{OTHER_SECRET, issue_with, route};
use crate::support::{Browser, Reply, SECRET, Vendor, start};

const HANDLES: &str = "/v1/handles";

fn at(issued: &serde_json::Value) -> String {
    format!("{HANDLES}/{}", issued["id"].as_str().unwrap())
}

#[tokio::test]
async fn what_is_no_id_of_a_handle_is_not_found() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let issued = issue_with(&running, SECRET, "{}", "").await;
    let id = issued["id"].as_str().unwrap();
    let handle = issued["handle"].as_str().unwrap();
    for wrong in [
        handle,
        issued["key"].as_str().unwrap(),
        "00000000-0000-4000-8000-000000000000",
        &id.replace('-', ""),
        &id[..id.len() - 1],
        &format!("{id}0"),
        MARK,
        "%00",
        "%FF%FE",
        "..%2Flivez",
    ] {
        for method in ["GET", "DELETE"] {
            let path = format!("{HANDLES}/{wrong}");
            problem(&running.control(method, &path, SECRET, "").await, 404);
        }
    }
    assert_eq!(running.control("GET", &at(&issued), SECRET, "").await.status, 200);
}

#[tokio::test]
async fn a_subject_that_cannot_be_meant_ends_nothing() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    issue_with(&running, SECRET, "{}", r#","subject":"ann""#).await;
    for query in [
        "".to_owned(),
        "?".into(),
        "?subject=".into(),
        "?Subject=ann".into(),
        format!("?person={MARK}"),
        format!("?subject=ann&subject={MARK}"),
        format!("?subject={MARK}%FF"),
        "?tenant=".into(),
        "?Tenant=acme".into(),
        "?tenant=acme&subject=".into(),
        "?tenant=acme&tenant=acme".into(),
        "?tenant=other".into(),
        "?tenant=other&subject=ann".into(),
        "?tenant=acme/*".into(),
    ] {
        let path = format!("{HANDLES}{query}");
        let answer = running.control("DELETE", &path, SECRET, "").await;
        if query.ends_with("%FF") && answer.status == 200 {
            // Read with a replacement character: nobody's name.
            assert_eq!(answer.text(), r#"{"revoked":0}"#);
            continue;
        }
        problem(&answer, 400);
    }
    assert_eq!(entries(&running).await, 1);
}

#[tokio::test]
async fn a_handles_state_follows_it_from_live_through_leased_to_spent() {
    let vendor = Vendor::answering(|seen| {
        if seen.text().contains("Bob") { Reply::json(200, "{}") } else { Reply::Hang }
    })
    .await;
    let running = start(&route("genesys", vendor.address)).await;
    let more = r#","uses":"once","ttl_secs":60,"subject":"ann""#;
    let issued = issue_with(&running, SECRET, &format!(r#"{{"a":"{MARK}"}}"#), more).await;
    let path = at(&issued);
    let look = || running.control("GET", &path, SECRET, "");
    let fresh = look().await;
    assert_eq!(
        fresh.json(),
        serde_json::json!({
            "id": issued["id"], "tenant": "acme", "uses": "once", "state": "live",
            "expires_at": "2030-03-17T17:47:40Z", "issued_at": "2030-03-17T17:46:40Z",
            "redeemed": 0,
        })
    );
    let handle = issued["handle"].as_str().unwrap();
    let mut browser = Browser::connect(running.data).await;
    browser.write(&chat_with(handle)).await;
    vendor.wait_for(1).await;
    let leased = look().await.json();
    assert_eq!((&leased["state"], &leased["redeemed"]), (&"leased".into(), &0.into()));
    drop(browser);
    while look().await.json()["state"] == "leased" {
        tokio::task::yield_now().await;
    }
    refused(&running.send(&chat_of("Bob", handle)).await, 403, "handle_unusable");
    let spent = look().await;
    assert_eq!((&spent.json()["state"], &spent.json()["redeemed"]), (&"spent".into(), &1.into()));
    assert!(!fresh.text().contains(MARK) && !spent.text().contains(MARK));
    running.clock.advance(Duration::from_secs(60));
    problem(&look().await, 404);
    problem(&running.control("DELETE", &path, SECRET, "").await, 404);
}

#[tokio::test]
async fn redeems_of_an_until_expiry_handle_are_counted() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let issued = issue_with(&running, SECRET, "{}", "").await;
    for count in 0..4 {
        let state = running.control("GET", &at(&issued), SECRET, "").await.json();
        assert_eq!((&state["state"], &state["redeemed"]), (&"live".into(), &count.into()));
        let handle = issued["handle"].as_str().unwrap();
        assert_eq!(running.send(&chat_with(handle)).await.status, 200);
    }
}

#[tokio::test]
async fn a_revoked_handle_is_gone_at_once_and_for_good() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let issued = issue_with(&running, SECRET, "{}", "").await;
    let handle = issued["handle"].as_str().unwrap();
    let ended = running.control("DELETE", &at(&issued), SECRET, "").await;
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    problem(&running.control("DELETE", &at(&issued), SECRET, "").await, 404);
    problem(&running.control("GET", &at(&issued), SECRET, "").await, 404);
    refused(&running.send(&chat_with(handle)).await, 403, "handle_unusable");
    vendor.saw_nothing();
    assert_eq!(entries(&running).await, 0);
}

#[tokio::test]
async fn a_subjects_handles_all_end_and_nobody_elses() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let subject = r#","subject":"ann+1@example.com""#;
    let mut own = Vec::new();
    for _ in 0..3 {
        own.push(issue_with(&running, SECRET, "{}", subject).await);
    }
    let bob = issue_with(&running, SECRET, "{}", r#","subject":"ann+1@example.co""#).await;
    let nobody = issue_with(&running, SECRET, "{}", "").await;
    issue_with(&running, OTHER_SECRET, "{}", subject).await;

    let path = format!("{HANDLES}?subject=ann%2B1%40example.com");
    let answer = running.control("DELETE", &path, SECRET, "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"revoked":3}"#));
    let answer = running.control("DELETE", &path, SECRET, "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"revoked":0}"#));
    for one in &own {
        let handle = one["handle"].as_str().unwrap();
        refused(&running.send(&chat_with(handle)).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    for one in [&bob, &nobody] {
        let handle = one["handle"].as_str().unwrap();
        assert_eq!(running.send(&chat_with(handle)).await.status, 200);
    }
    assert_eq!(entries(&running).await, 3);
    let answer = running.control("DELETE", &path, OTHER_SECRET, "").await;
    assert_eq!(answer.text(), r#"{"revoked":1}"#);
}

#[tokio::test]
async fn a_tenants_handles_all_end_and_nobody_elses() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let subject = r#","subject":"ann""#;
    let ann = issue_with(&running, SECRET, "{}", subject).await;
    let own = issue_with(&running, SECRET, "{}", r#","uses":"once""#).await;
    issue_with(&running, OTHER_SECRET, "{}", subject).await;

    let both = format!("{HANDLES}?tenant=acme&subject=bob");
    assert_eq!(running.control("DELETE", &both, SECRET, "").await.text(), r#"{"revoked":0}"#);
    let path = format!("{HANDLES}?tenant=acme");
    problem(&running.control("DELETE", &path, "reader-secret", "").await, 403);
    problem(&running.control("DELETE", &path, OTHER_SECRET, "").await, 400);
    problem(&running.control("DELETE", &path, "nobody", "").await, 401);
    assert_eq!(entries(&running).await, 3);

    for revoked in [2, 0] {
        let answer = running.control("DELETE", &path, SECRET, "").await;
        assert_eq!((answer.status, answer.text()), (200, format!(r#"{{"revoked":{revoked}}}"#)));
    }
    for one in [&ann, &own] {
        let handle = one["handle"].as_str().unwrap();
        refused(&running.send(&chat_with(handle)).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    assert_eq!(entries(&running).await, 1);
}

#[tokio::test]
async fn the_vendors_own_deposit_call_gives_a_key_that_works_in_its_message() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let path = "/api/v1/messaging/stored-context";
    let basic = [("Authorization", "Basic Y3JtOmFjbWUtc2VjcmV0")];
    for body in [
        String::new(),
        "{}".into(),
        MARK.into(),
        format!(r#"{{"context":"{MARK}"}}"#),
        format!(r#"{{"context":["{MARK}"]}}"#),
        format!(r#"[{{"context":{{"a":"{MARK}"}}}}]"#),
        format!(r#"{{"context":{{"a":"{MARK}"}}"#),
    ] {
        problem(&call(&running, "POST", path, &basic, &body).await, 400);
    }
    assert_eq!(entries(&running).await, 0);

    let context = r#"{"integrations":[{"provider":"rightnow","name":"incident","id":"35621455"}], "fieldUpdates":[{"field":"schema.conversation.customer.firstName","value":"Ann"}]}"#;
    let body = format!(r#"{{"context":{context}}}"#);
    let answer = call(&running, "POST", path, &basic, &body).await;
    assert_eq!(
        (answer.status, answer.header("content-type").as_deref()),
        (200, Some("application/json"))
    );
    let stored = answer.json();
    assert_eq!(stored.as_object().unwrap().len(), 1);
    let key = stored["key"].as_str().unwrap();
    assert!(key.starts_with("klk1_"));
    let sent = format!(r#"{{"text":"Hi","context":{{"storedContextId":"{key}"}}}}"#);
    assert_eq!(running.send(&message(sent)).await.status, 200);
    let seen: serde_json::Value = serde_json::from_slice(&vendor.only().body).unwrap();
    let expected: serde_json::Value = serde_json::from_str(context).unwrap();
    assert_eq!(seen["context"], expected);
}
