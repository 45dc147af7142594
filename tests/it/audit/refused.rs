//! Handles that are refused before the vault is asked: each has its line, and costs no more
//! than that.

use serde_json::Value;

use super::{Audited, lines, said, whole};
use crate::support::calls::{chat, chat_with, refused};
use crate::support::house::{SECRET, preamble, route, start_text};
use crate::support::tokens::Signing;
use crate::support::{Vendor, request};

/// What the lines of refusals say: reason, handle, count.
fn refusals(lines: &[Value]) -> Vec<(String, Option<String>, Option<u64>)> {
    let of = lines.iter().filter(|line| line["event"] == "refuse");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    of.map(|line| (text(&line["outcome"]).unwrap(), text(&line["handle"]), line["count"].as_u64()))
        .collect()
}

fn forged(handle: &str) -> String {
    format!("{}AAAA", &handle[..73])
}

#[tokio::test]
async fn a_handle_that_is_refused_before_the_vault_is_asked_has_its_line() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "").await;
    let running = &audited.running;
    let mut issued = Vec::new();
    for _ in 0..3 {
        let body = r#"{"payload":{"nickname":"Ann"},"uses":"once"}"#;
        issued.push(audited.issue(body).await.json());
    }
    let text = |at: usize| issued[at]["handle"].as_str().unwrap();
    let id = |at: usize| issued[at]["id"].as_str().map(str::to_owned);
    let two = |first: &str, second: &str| {
        chat(format!(r#"{{"nickname":"{first}","userData":{{"cloakroom":"{second}"}}}}"#))
    };
    for bad in [
        chat_with("not-a-handle"),
        two(&forged(text(0)), &forged(text(1))),
        two(&forged(text(0)), &forged(text(0))),
        two(text(2), "not-a-handle"),
    ] {
        refused(&running.send(&bad).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
    let metrics = running.metrics().await;
    for (outcome, count) in [("malformed", 2), ("forged", 3)] {
        let line = format!(r#"redeems_total{{outcome="{outcome}",tenant="acme"}} {count}"#);
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    let lines = audited.lines();
    let (malformed, forged) = ("malformed".to_owned(), "forged".to_owned());
    assert_eq!(
        refusals(&lines),
        [
            (malformed.clone(), None, None),
            (forged.clone(), id(0), None),
            (forged.clone(), id(1), None),
            (forged, id(0), None),
            (malformed, None, None),
        ]
    );
    assert!(said(&lines, "redeem").is_empty(), "the good one beside it was not tried");
    let refusal = lines.iter().find(|line| line["event"] == "refuse").unwrap();
    assert_eq!(
        (&refusal["tenant"], &refusal["exchange"]),
        (&"acme".into(), &"request-chat".into())
    );
    assert!(refusal["route"].is_string(), "{refusal}");
    let file = std::fs::read_to_string(audited.path()).unwrap();
    assert!(!file.contains("not-a-handle") && !file.contains("klk1_"), "{file}");
    whole(&[audited.path()]);
}

#[tokio::test]
async fn a_payload_without_the_member_is_said_to_have_been_refused_and_given_back() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "").await;
    let issued = audited.issue(r#"{"payload":{"other":"x"},"uses":"once"}"#).await.json();
    let handle = issued["handle"].as_str().unwrap();
    let call = chat(format!(r#"{{"nickname":"{handle}","userData":{{}}}}"#));
    refused(&audited.running.send(&call).await, 403, "handle_unusable");
    vendor.saw_nothing();
    let lines = audited.lines();
    assert_eq!(said(&lines, "redeem"), ["granted"]);
    let id = issued["id"].as_str().map(str::to_owned);
    assert_eq!(refusals(&lines), [("member-absent".to_owned(), id, None)]);
    assert_eq!(said(&lines, "release"), ["given-back"]);
}

#[tokio::test]
async fn a_token_that_does_not_verify_has_its_line() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let preamble = Signing::Hs256.preamble(folder.path(), "");
    let audit = "[audit]\npath = \"audit.jsonl\"\n";
    let text = format!("{preamble}{audit}{}", route("halo", vendor.address));
    let running = start_text(&text, folder.path()).await;
    let body = r#"{"chatprofile_id":"7","id_token":"eyJhbGciOiJub25lIn0.e30."}"#;
    let answer = running.send(&request("POST", "/api/Chat", &[], body.as_bytes())).await;
    refused(&answer, 403, "handle_unusable");
    vendor.saw_nothing();
    let counted = r#"redeems_total{outcome="bad-token",tenant="acme"} 1"#;
    assert!(running.metrics().await.contains(counted));
    running.house.close();
    let lines = lines(&folder.path().join("audit.jsonl"));
    assert_eq!(refusals(&lines), [("bad-token".to_owned(), None, None)]);
}

const DROPPING: &str = r#"
name = "dropping"
[[exchange]]
name = "look"
call = "GET /look"
on_unusable = "drop"
[[exchange.slot]]
at = { cookie = "who" }
reveal = { member = "name" }
[[exchange.slot]]
at = { query = "who" }
reveal = { member = "name" }
[[exchange.slot]]
at = { header = "X-Who" }
reveal = { member = "name" }
"#;

#[tokio::test]
async fn what_is_dropped_has_a_line_and_several_of_one_kind_have_one() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    std::fs::write(folder.path().join("own.toml"), DROPPING).unwrap();
    let text = format!(
        "{}[audit]\npath = \"audit.jsonl\"\n[[dialect]]\nfile = \"own.toml\"\n{}",
        preamble(),
        route("dropping", vendor.address)
    );
    let running = start_text(&text, folder.path()).await;
    let issue = running.control("POST", "/v1/handles", SECRET, r#"{"payload":{}}"#).await.json();
    let bad = forged(issue["handle"].as_str().unwrap());
    let headers = [("Cookie", "who=nobody"), ("X-Who", bad.as_str())];
    let answer = running.send(&request("GET", "/look?who=nobody", &headers, b"")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(vendor.only().line(), "GET /look HTTP/1.1");
    running.house.close();
    let mut told = refusals(&lines(&folder.path().join("audit.jsonl")));
    told.sort();
    let id = issue["id"].as_str().map(str::to_owned);
    let expected = [("forged".to_owned(), id, None), ("malformed".to_owned(), None, Some(2))];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_bad_handle_is_refused_as_ever_while_nothing_can_be_written_and_is_said_later() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "").await;
    audited.obstruct();
    audited.until(503).await;
    refused(&audited.running.send(&chat_with("not-a-handle")).await, 403, "handle_unusable");
    let ready = audited.running.control("GET", "/readyz", "", "").await;
    assert_eq!(ready.status, 503);
    vendor.saw_nothing();
    audited.clear();
    audited.until(201).await;
    let lines = audited.lines();
    assert_eq!(refusals(&lines), [("malformed".to_owned(), None, None)]);
    whole(&[audited.path()]);
}
