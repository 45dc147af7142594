//! Handles that nobody should have: like any other to whoever has one or reads the store,
//! and an alarm when anybody tries.

use std::collections::BTreeSet;
use std::path::Path;

use cloakroom::domain::{
    Claims, Expiry, HandleId, KeyId, Keyring, Payload, RootKey, Secret, TenantId, Timestamp, Uses,
};
use serde_json::Value;

use crate::redis_store::servers::Server;
use crate::shared_store::{in_redis, over};
use crate::support::calls::{chat_of, refused};
use crate::support::house::{issue_with, preamble, route, start_text};
use crate::support::process::{command, piped};
use crate::support::{Answer, Running, SECRET, Vendor, start};

fn id_of(issued: &Value) -> &str {
    issued["id"].as_str().unwrap()
}

async fn inspect(running: &Running, issued: &Value) -> Value {
    let path = format!("/v1/handles/{}", id_of(issued));
    running.control("GET", &path, SECRET, "").await.json()
}

/// Everything of an answer but when it was given.
fn told(answer: &Answer) -> (u16, BTreeSet<String>, Vec<u8>) {
    let head = answer.head.lines().filter(|line| !line.to_lowercase().starts_with("date:"));
    (answer.status, head.map(str::to_owned).collect(), answer.body.clone())
}

#[tokio::test]
async fn honey_is_never_redeemed_alarms_every_time_and_looks_like_any_other_handle() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let audit = "[audit]\npath = \"audit.jsonl\"\n";
    let text = format!("{}{audit}{}", preamble(), route("genesys", vendor.address));
    let running = start_text(&text, folder.path()).await;
    let payload = r#"{"nickname":"Ann"}"#;
    let ended = issue_with(&running, SECRET, payload, "").await;
    let path = format!("/v1/handles/{}", id_of(&ended));
    running.control("DELETE", &path, SECRET, "").await;
    let gone = running.send(&chat_of("x", ended["handle"].as_str().unwrap())).await;
    let mut tries = 0;
    for uses in ["until-expiry", "once", "conversation"] {
        let more = format!(r#","uses":"{uses}""#);
        let plain = issue_with(&running, SECRET, payload, &more).await;
        let honey = issue_with(&running, SECRET, payload, &format!("{more},\"alarm\":true")).await;
        let names = |one: &Value| one.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&honey), names(&plain));
        let shape = |one: &Value| one["handle"].as_str().unwrap().len();
        assert_eq!(shape(&honey), shape(&plain));
        let (mut honeyed, plain) =
            (inspect(&running, &honey).await, inspect(&running, &plain).await);
        honeyed["id"] = plain["id"].clone();
        assert_eq!(honeyed, plain, "a caller without the payload sees no difference");
        let handle = honey["handle"].as_str().unwrap();
        for n in 0..7 {
            let answer = running.send(&chat_of(&format!("visitor {n}"), handle)).await;
            refused(&answer, 403, "handle_unusable");
            assert_eq!(told(&answer), told(&gone), "no oracle");
            if n == 0 {
                assert_eq!(inspect(&running, &honey).await["state"], "live", "its lease is back");
            }
            tries += 1;
        }
    }
    vendor.saw_nothing();
    let metrics = running.metrics().await;
    let counted = format!("cloakroom_alarms_total{{tenant=\"acme\"}} {tries}");
    assert!(metrics.contains(&counted), "{metrics}");
    running.house.close();
    let audit = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let alarms = audit.lines().filter(|line| line.contains(r#""event":"alarm""#));
    assert_eq!(alarms.count(), tries);
}

/// What `cloakroom handle issue` prints for these arguments.
async fn issued_from_a_shell(running: &Running, arguments: &[&str]) -> Value {
    let control = format!("http://{}", running.control);
    let arguments = [&["handle", "issue", "--control", &control], arguments].concat();
    let mut command = command(&arguments);
    command.env("CLOAKROOM_SECRET", SECRET);
    let issuing = tokio::task::spawn_blocking(move || piped(command, r#"{"nickname":"Ann"}"#));
    let issued = issuing.await.unwrap();
    assert!(issued.status.success(), "{}", String::from_utf8_lossy(&issued.stderr));
    serde_json::from_slice(&issued.stdout).unwrap()
}

#[tokio::test]
async fn honey_from_the_command_line_alarms_and_a_handle_without_the_word_does_not() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let plain = issued_from_a_shell(&running, &["--uses", "once"]).await;
    let honey = issued_from_a_shell(&running, &["--alarm", "--uses", "once"]).await;
    let refusal = running.send(&chat_of("x", honey["handle"].as_str().unwrap())).await;
    refused(&refusal, 403, "handle_unusable");
    vendor.saw_nothing();
    let metrics = running.metrics().await;
    assert!(metrics.contains("cloakroom_alarms_total{tenant=\"acme\"} 1"), "{metrics}");
    let answer = running.send(&chat_of("x", plain["handle"].as_str().unwrap())).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn an_alarm_that_is_no_truth_value_is_refused_and_false_is_none() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for alarm in ["1", "\"true\"", "{}"] {
        let body = format!(r#"{{"payload":{{}},"alarm":{alarm}}}"#);
        let answer = running.control("POST", "/v1/handles", SECRET, &body).await;
        assert_eq!(answer.status, 400);
    }
    let plain = issue_with(&running, SECRET, "{}", r#","alarm":false"#).await;
    let answer = running.send(&chat_of("Ann", plain["handle"].as_str().unwrap())).await;
    assert_eq!(answer.status, 200);
}

#[test]
fn the_stored_form_of_honey_has_the_shape_of_any_other() {
    let root = RootKey::from_bytes([3; 32]).unwrap();
    let keyring = Keyring::new((KeyId::new(1).unwrap(), root), Vec::new()).unwrap();
    let tenant = TenantId::parse("acme").unwrap();
    let claims = Claims {
        id: HandleId::from_random([1; 16]),
        secret: Secret::from_random([2; 16]),
        uses: Uses::Once,
        expires: Expiry::from_secs(u32::MAX),
    };
    let handle = keyring.sign(claims, &tenant);
    let payload = Payload::parse(b"{\"a\":1}", 64).unwrap();
    let plain = keyring.seal(&handle, &tenant, [5; 12], &payload).unwrap();
    let honey = keyring.seal_honey(&handle, &tenant, [5; 12], &payload).unwrap();
    // Version, key and nonce; the rest is a cipher's.
    assert_eq!(plain.as_bytes()[..14], honey.as_bytes()[..14]);
    assert_eq!(plain.as_bytes().len(), honey.as_bytes().len());
    let verified = keyring.verify_at(&handle, &tenant, Timestamp::from_secs(1)).unwrap();
    assert!(keyring.open(&verified, &honey).is_err() && keyring.is_honey(&verified, &honey));
    assert!(keyring.open(&verified, &plain).is_ok() && !keyring.is_honey(&verified, &plain));
}

#[tokio::test]
async fn honey_whose_alarm_cannot_be_raised_for_a_store_that_fails_is_not_refused_as_if_it_were_plain()
 {
    let (server, vendor) = (Server::start(&[]).await, Vendor::start().await);
    let text = over(&in_redis(&server), &route("genesys", vendor.address));
    let running = start_text(&text, Path::new(".")).await;
    let honey = issue_with(&running, SECRET, "{}", r#","uses":"once","alarm":true"#).await;
    let handle = honey["handle"].as_str().unwrap();
    // Until it counts as spent: from then on its record is looked up.
    for n in 0..7 {
        refused(
            &running.send(&chat_of(&format!("visitor {n}"), handle)).await,
            403,
            "handle_unusable",
        );
    }
    server.say(&["ACL", "SETUSER", "default", "-get"]);
    refused(&running.send(&chat_of("thief", handle)).await, 503, "unavailable");
    server.say(&["ACL", "SETUSER", "default", "+get"]);
    refused(&running.send(&chat_of("thief", handle)).await, 403, "handle_unusable");
    let told = running.control("GET", "/metrics", SECRET, "").await.text();
    assert!(told.contains("cloakroom_alarms_total{tenant=\"acme\"} 8"), "{told}");
    vendor.saw_nothing();
}
