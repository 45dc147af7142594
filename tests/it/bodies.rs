//! Bodies: what an exchange cannot read is refused before the vendor hears of it,
//! and what it can read but has no business with goes through byte for byte.

use crate::support::calls::{CHATS, chat, message, refused};
use crate::support::house::{CENTER, route};
use crate::support::{Browser, Framing, Vendor, chunked, issue, request, start};

const PAYLOAD: &str = r#"{"nickname":"Ann","EmailAddress":"ann@example.com"}"#;

fn utf16(text: &str, swap: bool) -> Vec<u8> {
    let bytes = |unit: u16| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(bytes).collect()
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_in_the_vendors_shape() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let mut bodies: Vec<Vec<u8>> = [
        " ",
        "\n",
        "hello",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "[1,]",
        "{}{}",
        "{} x",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\x\"}",
        "// c\n{}",
        "nul",
        "\u{feff}{}",
        "a=1&b=2",
        "{\"a\" 1}",
        "]",
        "\"",
        "{\"userData\":{\"cloakroom\":\"\\ud800\"}}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    bodies.push(b"{\"a\":\"\xff\"}".to_vec());
    bodies.push(b"{\"a\":\"\xed\xa0\x80\"}".to_vec());
    bodies.push(b"\0".to_vec());
    bodies.push(utf16("{\"a\":1}", false));
    bodies.push(utf16("\u{feff}{\"a\":1}", true));
    let mut browser = Browser::connect(running.data).await;
    for body in bodies {
        let answer = browser.send(&chat(&body)).await;
        refused(&answer, 400, "body_invalid");
        assert_eq!(
            answer.text(),
            r#"{"statusCode":10,"statusMessage":"The request body cannot be read."}"#,
            "{}",
            String::from_utf8_lossy(&body)
        );
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_body_that_is_cut_off_anywhere_is_refused() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, PAYLOAD).await;
    let whole = format!(r#"{{"nickname":"{handle}","userData":{{"n":[1,{{}}]}}}}"#);
    let mut browser = Browser::connect(running.data).await;
    for end in 1..whole.len() {
        let answer = browser.send(&chat(&whole[..end])).await;
        refused(&answer, 400, "body_invalid");
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_body_that_nests_deeper_than_a_chat_needs_is_refused_and_costs_no_stack() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, PAYLOAD).await;
    let open = "[".repeat(10_000);
    let objects = "{\"userData\":".repeat(10_000);
    for body in [
        nested(10_000),
        open,
        objects,
        format!(r#"{{"userData":{{"cloakroom":"{handle}","x":{}}}}}"#, nested(10_000)),
        format!(r#"{{"x":{},"nickname":"{handle}"}}"#, nested(128)),
    ] {
        refused(&running.send(&chat(body)).await, 400, "body_invalid");
    }
    vendor.saw_nothing();
    let shallow = format!(r#"{{"x":{},"nickname":"{handle}"}}"#, nested(127));
    assert_eq!(running.send(&chat(&shallow)).await.status, 200);
    assert_eq!(vendor.only().text(), shallow.replace(&handle, "Ann"));
}

#[tokio::test]
async fn more_values_in_slots_than_a_form_has_fields_are_refused_and_elsewhere_they_pass() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, PAYLOAD).await;
    let members: Vec<_> = (0..10_000).map(|n| format!("\"m{n}\":{n}")).collect();
    let members = members.join(",");
    let crowded = format!(r#"{{"userData":{{{members},"cloakroom":"{handle}"}}}}"#);
    refused(&running.send(&chat(crowded)).await, 400, "body_invalid");
    vendor.saw_nothing();
    let beside = format!(r#"{{{members},"other":{{{members}}},"nickname":"{handle}"}}"#);
    assert_eq!(running.send(&chat(&beside)).await.status, 200);
    assert_eq!(vendor.only().text(), beside.replace(&handle, "Ann"));
}

#[tokio::test]
async fn a_strict_slot_with_anything_but_a_handle_is_refused() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    for wrong in ["null", "7", "true", "{}", "[]", "\"\"", "\"x\"", "{\"a\":\"klk1_\"}"] {
        let body = format!(r#"{{"text":"Hi","context":{{"storedContextId":{wrong}}}}}"#);
        refused(&running.send(&message(body)).await, 403, "handle_unusable");
    }
    let crowded = format!(r#"{{"context":{{"storedContextId":{}}}}}"#, nested(200));
    refused(&running.send(&message(crowded)).await, 400, "body_invalid");
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_second_slot_of_one_name_cannot_hide_behind_the_first() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let good = issue(&running, r#"{"fieldUpdates":[]}"#).await;
    for body in [
        format!(r#"{{"context":{{"storedContextId":"{good}","storedContextId":"klk1_x"}}}}"#),
        format!(r#"{{"context":{{"storedContextId":null,"storedContextId":"{good}"}}}}"#),
        format!(
            r#"{{"context":{{"storedContextId":"{good}"}},"context":{{"storedContextId":7}}}}"#
        ),
    ] {
        refused(&running.send(&message(body)).await, 403, "handle_unusable");
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_body_without_a_slot_passes_untouched() {
    let vendor = Vendor::start().await;
    let both = route("genesys", vendor.address);
    let second = route("quiq", vendor.address) + "path = \"/api/v1\"\n";
    let running = start(&(both + &second)).await;
    let bodies = [
        "null",
        "true",
        "7",
        "\"text\"",
        "[]",
        "{}",
        " { } ",
        "[{\"userData\":{}}]",
        r#"{"context":null,"userData":null}"#,
        r#"{"context":"x","userData":7}"#,
        r#"{"context":[],"userData":[]}"#,
        r#"{"context":{},"userData":{"plain":"klk"}}"#,
        r#"{"context":{"StoredContextId":"klk1_x"},"UserData":{"cloakroom":"klk1_x"}}"#,
        r#"{"n":1e400,"n":-0.0,"n":123456789012345678901234567890.10,"n":1E+2}"#,
    ];
    for body in bodies {
        for call in [chat(body), message(body)] {
            let answer = running.send(&call).await;
            assert_eq!(answer.status, 200, "{body} {answer:?}");
            let seen = vendor.seen().pop().unwrap();
            assert_eq!((seen.text(), seen.framing), (body, Framing::Length(body.len())));
        }
    }
    assert_eq!(vendor.seen().len(), 2 * bodies.len());
}

#[tokio::test]
async fn no_body_passes_however_it_says_so() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let center = ("ContactCenterId", CENTER);
    let calls = [
        request("POST", CHATS, &[center], b""),
        request("POST", CHATS, &[center, ("Content-Length", "0")], b""),
        chunked("POST", CHATS, &[center], &[]),
    ];
    for call in &calls {
        assert_eq!(running.send(call).await.status, 200);
    }
    let seen = vendor.seen();
    assert_eq!(seen.len(), calls.len());
    assert!(seen.iter().all(|seen| seen.body.is_empty()), "{seen:#?}");
}

#[tokio::test]
async fn numbers_beyond_a_double_and_duplicate_members_survive_a_reveal() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let payload = r#"{"account":98765432109876543210.0100,"tiny":1e-999}"#;
    let handle = issue(&running, payload).await;
    let body = r#"{"n":1e400,"n":0.1000,"userData":{"cloakroom":"$","k":12345678901234567890,"k":-0.0,"account":1}}"#;
    assert_eq!(running.send(&chat(body.replace('$', &handle))).await.status, 200);
    let members = payload.trim_start_matches('{').trim_end_matches('}');
    let expected = body.replace("\"cloakroom\":\"$\"", members).replace(",\"account\":1}", "}");
    assert_eq!(vendor.only().text(), expected);
}

#[tokio::test]
async fn a_slot_given_twice_brings_each_member_once_and_no_forged_one_stands_beside_it() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let handle = issue(&running, r#"{"fieldUpdates":[1]}"#).await;
    let body = format!(
        r#"{{"context":{{"storedContextId":"{handle}","fieldUpdates":["forged"],"storedContextId":"{handle}"}}}}"#
    );
    assert_eq!(running.send(&message(body)).await.status, 200);
    let seen = vendor.only();
    assert_eq!(seen.text(), r#"{"context":{"fieldUpdates":[1]}}"#);
    assert!(!seen.text().contains("forged"));
}
