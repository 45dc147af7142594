//! Where a handle counts as one and where it does not.

use super::PAYLOAD;
use crate::support::calls::{CHATS, chat, message, refused};
use crate::support::house::{CENTER, issue_with, route};
use crate::support::{SECRET, Vendor, issue, request, start};

/// The handle with its first characters as JSON escapes.
fn escaped(handle: &str) -> String {
    let rest = &handle[3..];
    format!("\\u006b\\u006C\\u006b{rest}")
}

#[tokio::test]
async fn a_handle_without_its_quotes_is_no_json_and_nothing_is_sent() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, PAYLOAD).await;
    let body = format!(r#"{{"userData":{{"cloakroom":{handle}}}}}"#);
    refused(&running.send(&chat(body)).await, 400, "body_invalid");
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_handle_with_white_space_around_it_is_unusable_where_only_a_handle_makes_sense() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let handle = issue(&running, r#"{"fieldUpdates":[]}"#).await;
    for around in [" $", "$ ", "\\t$", "$\\n", "\\u00a0$", "$\\u0000", "\\ufeff$"] {
        let inside = around.replace('$', &handle);
        let body = format!(r#"{{"context":{{"storedContextId":"{inside}"}}}}"#);
        refused(&running.send(&message(body)).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn where_plain_values_are_normal_a_blank_behind_a_handle_is_refused_and_one_before_it_is_plain()
 {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, PAYLOAD).await;
    let behind = format!(r#"{{"nickname":"{handle} "}}"#);
    refused(&running.send(&chat(behind)).await, 403, "handle_unusable");
    vendor.saw_nothing();
    let before = format!(r#"{{"nickname":" {handle}"}}"#);
    assert_eq!(running.send(&chat(&before)).await.status, 200);
    assert_eq!(vendor.only().text(), before);
}

#[tokio::test]
async fn a_handle_that_is_a_members_name_is_not_looked_at() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let issued = issue_with(&running, SECRET, PAYLOAD, "").await;
    let handle = issued["handle"].as_str().unwrap();
    let body = format!(r#"{{"{handle}":1,"userData":{{"{handle}":"x","{handle}":{{}}}}}}"#);
    assert_eq!(running.send(&chat(&body)).await.status, 200);
    assert_eq!(vendor.only().text(), body);
    let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
    let state = running.control("GET", &path, SECRET, "").await;
    assert_eq!(state.json()["redeemed"], 0);
}

#[tokio::test]
async fn a_handle_that_is_typed_into_the_chat_stays_a_handle() {
    let vendor = Vendor::start().await;
    let both = format!("{}path = \"/\"\n", route("genesys", vendor.address));
    let second = route("quiq", vendor.address) + "path = \"/api/v1\"\n";
    let running = start(&(both + &second)).await;
    let handle = issue(&running, PAYLOAD).await;
    let spoken = [
        request(
            "POST",
            "/api/v2/chats/7",
            &[("ContactCenterId", CENTER)],
            format!(r#"{{"operationName":"SendMessage","text":"{handle}"}}"#).as_bytes(),
        ),
        chat(format!(r#"{{"operationName":"RequestChat","text":"{handle}","userData":{{}}}}"#)),
        chat(format!(r#"{{"userData":{{"deeper":{{"cloakroom":"{handle}"}},"l":["{handle}"]}}}}"#)),
        message(format!(r#"{{"text":"{handle}","context":{{"href":"{handle}"}}}}"#)),
        message(format!(
            r#"{{"storedContextId":"{handle}","context":{{"data":{{"storedContextId":"{handle}"}}}}}}"#
        )),
        message(format!(r#"{{"context":[{{"storedContextId":"{handle}"}}]}}"#)),
    ];
    for call in &spoken {
        assert_eq!(running.send(call).await.status, 200);
    }
    let seen = vendor.seen();
    assert_eq!(seen.len(), spoken.len());
    for (call, seen) in spoken.iter().zip(seen) {
        assert!(call.ends_with(&seen.body), "{}", seen.text());
        assert!(seen.text().contains(&handle));
    }
}

#[tokio::test]
async fn a_handle_in_two_slots_fills_both_and_is_redeemed_once() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for uses in ["until-expiry", "once"] {
        let issued = issue_with(&running, SECRET, PAYLOAD, &format!(r#","uses":"{uses}""#)).await;
        let handle = issued["handle"].as_str().unwrap();
        let again = escaped(handle);
        let body = format!(r#"{{"nickname":"{handle}","userData":{{"EmailAddress":"{again}"}}}}"#);
        let answer = running.send(&chat(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
        let state = running.control("GET", &path, SECRET, "").await;
        assert_eq!(state.json()["redeemed"], 1, "{uses}");
    }
    for seen in vendor.seen() {
        assert_eq!(
            seen.text(),
            r#"{"nickname":"Ann","userData":{"EmailAddress":"ann@example.com"}}"#
        );
    }
    let counted = running.metrics().await;
    let line = r#"cloakroom_redeems_total{outcome="redeemed",tenant="acme"} 2"#;
    assert!(counted.lines().any(|counter| counter == line), "{counted}");
}

#[tokio::test]
async fn two_handles_in_one_body_fill_each_its_own_slot() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let ann = issue(&running, PAYLOAD).await;
    let order = issue(&running, r#"{"order":17,"nickname":"nobody"}"#).await;
    let body = format!(r#"{{"nickname":"{ann}","userData":{{"order":"{order}"}}}}"#);
    assert_eq!(running.send(&chat(body)).await.status, 200);
    assert_eq!(vendor.only().text(), r#"{"nickname":"Ann","userData":{"order":17}}"#);
}

#[tokio::test]
async fn a_handle_or_a_slots_name_that_is_written_with_escapes_is_still_found() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let payload = r#"{"fieldUpdates":[{"field":"a","value":"Ann"}]}"#;
    let handle = escaped(&issue(&running, payload).await);
    let body = format!(r#"{{"c\u006fntext":{{"stored\u0043ontextId":"{handle}"}}}}"#);
    assert_eq!(running.send(&message(body)).await.status, 200);
    assert_eq!(vendor.only().text(), format!(r#"{{"c\u006fntext":{payload}}}"#));
}

#[tokio::test]
async fn a_handle_in_the_query_or_a_header_is_not_a_slot_and_costs_nothing() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let issued = issue_with(&running, SECRET, PAYLOAD, r#","uses":"once""#).await;
    let handle = issued["handle"].as_str().unwrap();
    let target = format!("{CHATS}?ticket={handle}");
    let headers = [("ContactCenterId", CENTER), ("X-Ticket", handle)];
    let answer = running.send(&request("POST", &target, &headers, b"{}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(vendor.only().line(), format!("POST {target} HTTP/1.1"));
    let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
    let state = running.control("GET", &path, SECRET, "").await;
    assert_eq!((&state.json()["state"], &state.json()["redeemed"]), (&"live".into(), &0.into()));
}
