//! Batches: all or nothing, in order, and a store that is full says so and keeps
//! what it has.

use std::path::Path;
use std::time::Duration;

use super::{MARK, entries, problem};
use crate::support::calls::{chat, refused};
use crate::support::house::{preamble, route, start_text};
use crate::support::{SECRET, Vendor, issue, start};

const HANDLES: &str = "/v1/handles";

fn batch(count: usize) -> String {
    let deposits: Vec<_> =
        (0..count).map(|n| format!(r#"{{"payload":{{"nickname":"guest {n}"}}}}"#)).collect();
    format!("[{}]", deposits.join(","))
}

#[tokio::test]
async fn a_batch_of_none_or_of_too_many_stores_nothing() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for count in [0, 101, 500] {
        let document = problem(&running.control("POST", HANDLES, SECRET, &batch(count)).await, 400);
        assert_eq!(document["detail"], "a batch has 1 to 100 elements");
    }
    assert_eq!(entries(&running).await, 0);
}

#[tokio::test]
async fn a_batch_with_one_bad_element_stores_nothing_and_says_which() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    issue(&running, "{}").await;
    for bad in [
        format!(r#"{{"payload":["{MARK}"]}}"#),
        format!(r#"{{"payload":{{"a":"{MARK}"}},"ttl_secs":0}}"#),
        format!(r#"{{"payload":{{"a":"{MARK}"}},"subject":""}}"#),
        format!(r#"{{"payload":{{"a":"{MARK}"}},"tenant":"other"}}"#),
    ] {
        let body = batch(7).replace(r#"{"payload":{"nickname":"guest 3"}}"#, &bad);
        let document = problem(&running.control("POST", HANDLES, SECRET, &body).await, 400);
        assert_eq!(document["element"], 3, "{document}");
    }
    let large = format!(r#"{{"payload":{{"a":"{}"}}}}"#, "x".repeat(65 * 1024));
    let body = batch(7).replace(r#"{"payload":{"nickname":"guest 6"}}"#, &large);
    let document = problem(&running.control("POST", HANDLES, SECRET, &body).await, 413);
    assert_eq!(document["element"], 6);
    for shapeless in ["7", "null", "\"x\"", "[]", r#"{"payload":{},"x":1}"#] {
        let body = batch(3).replace(r#"{"payload":{"nickname":"guest 1"}}"#, shapeless);
        problem(&running.control("POST", HANDLES, SECRET, &body).await, 400);
    }
    assert_eq!(entries(&running).await, 1);
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order_by_an_array_even_of_one() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for count in [1, 100] {
        let answer = running.control("POST", HANDLES, SECRET, &batch(count)).await;
        assert_eq!(answer.status, 201);
        let issued = answer.json();
        let issued = issued.as_array().unwrap();
        assert_eq!(issued.len(), count);
        for (at, one) in issued.iter().enumerate() {
            let body = format!(r#"{{"nickname":{}}}"#, one["handle"]);
            assert_eq!(running.send(&chat(body)).await.status, 200);
            let seen = vendor.seen().pop().unwrap();
            assert_eq!(seen.text(), format!(r#"{{"nickname":"guest {at}"}}"#));
        }
    }
    assert_eq!(entries(&running).await, 101);
}

#[tokio::test]
async fn a_full_store_refuses_whole_batches_and_every_earlier_handle_still_works() {
    let vendor = Vendor::start().await;
    let small = preamble().replace("entries_max = 1000", "entries_max = 10");
    let running = start_text(&(small + &route("genesys", vendor.address)), Path::new(".")).await;
    let answer = running.control("POST", HANDLES, SECRET, &batch(8)).await.json();
    let kept: Vec<_> = answer.as_array().unwrap().clone();
    for _ in 0..3 {
        let body = batch(3).replace("guest", MARK);
        problem(&running.control("POST", HANDLES, SECRET, &body).await, 503);
        assert_eq!(entries(&running).await, 8);
    }
    let last = running.control("POST", HANDLES, SECRET, &batch(2)).await;
    assert_eq!(last.status, 201);
    problem(&running.control("POST", HANDLES, SECRET, r#"{"payload":{}}"#).await, 503);
    let path = "/api/v1/messaging/stored-context";
    problem(&running.control("POST", path, SECRET, r#"{"context":{}}"#).await, 503);
    for one in &kept {
        let body = format!(r#"{{"nickname":{}}}"#, one["handle"]);
        assert_eq!(running.send(&chat(body)).await.status, 200);
    }
    assert_eq!(vendor.seen().len(), kept.len());

    // What is revoked makes room; what is live never does.
    let id = kept[0]["id"].as_str().unwrap();
    let path = format!("{HANDLES}/{id}");
    assert_eq!(running.control("DELETE", &path, SECRET, "").await.status, 204);
    assert_eq!(running.control("POST", HANDLES, SECRET, r#"{"payload":{}}"#).await.status, 201);
    let body = format!(r#"{{"nickname":{}}}"#, kept[0]["handle"]);
    refused(&running.send(&chat(body)).await, 403, "handle_unusable");
    assert_eq!(vendor.seen().len(), kept.len());
}

#[tokio::test]
async fn a_full_store_has_room_again_when_what_it_holds_is_past_its_time() {
    let vendor = Vendor::start().await;
    let small = preamble().replace("entries_max = 1000", "entries_max = 10");
    let running = start_text(&(small + &route("genesys", vendor.address)), Path::new(".")).await;
    assert_eq!(running.control("POST", HANDLES, SECRET, &batch(10)).await.status, 201);
    running.clock.advance(Duration::from_secs(3600));
    assert_eq!(running.control("POST", HANDLES, SECRET, &batch(10)).await.status, 201);
    assert_eq!(entries(&running).await, 10);
}
