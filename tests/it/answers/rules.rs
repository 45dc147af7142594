//! Changes of answers by rule, of a dialect and of a route.

use super::{ID, SAY, Scene, holds_nothing, raw};
use crate::support::house::route;
use crate::support::{Reply, Vendor, request, start};

#[tokio::test]
async fn a_url_that_would_lead_past_the_proxy_leads_through_it() {
    let said = r#"{ "url": "websocket.quiq.example/socket?x=1", "protocol": "quiq" }"#;
    let vendor = Vendor::answering(move |_| Reply::json(200, said)).await;
    let running = start(&route("quiq", vendor.address)).await;
    let path = "/api/v1/messaging/chat/default/socket-info";
    let answer = running.send(&request("GET", path, &[], b"")).await;
    assert_eq!(answer.text(), r#"{ "url": "chat.test/socket?x=1", "protocol": "quiq" }"#);

    let said = r#"{"id":7,"_chatserviceurl":"https://chat.halo.example/hub"}"#;
    let vendor = Vendor::answering(move |_| Reply::json(200, said)).await;
    let running = start(&route("halo", vendor.address)).await;
    let answer = running.send(&request("GET", "/api/ChatProfile/7", &[], b"")).await;
    assert_eq!(answer.text(), r#"{"id":7,"_chatserviceurl":"http://chat.test/hub"}"#);
}

#[tokio::test]
async fn a_route_sets_removes_and_moves_what_its_operator_decides() {
    let said = r#"{"openIntent": "intent.core.welcome", "a": 1.50, "team": {"name": "x"} }"#;
    let vendor = Vendor::answering(move |_| Reply::json(200, said)).await;
    for (change, expected) in [
        (r#"{ set = "null" }"#, r#"{"openIntent": null, "a": 1.50, "team": {"name": "x"} }"#),
        (
            r#"{ set = '"intent.mine"' }"#,
            r#"{"openIntent": "intent.mine", "a": 1.50, "team": {"name": "x"} }"#,
        ),
        (r#""remove""#, r#"{"a": 1.50, "team": {"name": "x"} }"#),
    ] {
        let answer = format!(
            "[[route.answer]]\nexchange = \"read-configuration\"\nat = \"/openIntent\"\nchange = {change}\n"
        );
        let running = start(&format!("{}{answer}", route("opendialog", vendor.address))).await;
        let call = request("GET", "/webchat-config?user_id=u", &[], b"");
        assert_eq!(running.send(&call).await.text(), expected, "{change}");
    }
    let moved = "[[route.answer]]\nexchange = \"read-configuration\"\nat = \"/openIntent\"\nchange = { move_to = \"/team/intent\" }\n";
    let running = start(&format!("{}{moved}", route("opendialog", vendor.address))).await;
    let answer = running.send(&request("GET", "/webchat-config?user_id=u", &[], b"")).await;
    let json = answer.json();
    assert_eq!(json["team"]["intent"], "intent.core.welcome");
    assert!(json.get("openIntent").is_none());
}

const RULE: &str = "[[exchange.answer]]\nat = \"/gone\"\nchange = \"remove\"\n";

#[tokio::test]
async fn a_rule_and_redaction_work_on_one_answer_in_any_coding_of_it() {
    let scene = Scene::with(RULE).await;
    let body = format!(r#"{{"gone":"x","a":"{ID}","b":["{ID}"]}}"#);
    let handle = &scene.handle;
    let expected = format!(r#"{{"a":"{handle}","b":["{handle}"]}}"#);
    let before = scene.redactions().await;
    assert_eq!(scene.say(Reply::json(200, &body)).await.text(), expected);
    assert_eq!(scene.redactions().await, before + 2);
    for (n, piece) in [1usize, 3, 1000].into_iter().enumerate() {
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(piece).collect();
        assert_eq!(scene.say(super::chunked("", &pieces)).await.text(), expected, "{n}");
    }
    let text = format!("no json {ID}");
    assert_eq!(
        scene.say(raw("500 No", "", text.as_bytes())).await.text(),
        format!("no json {handle}")
    );
    assert_eq!(scene.say(raw("200 OK", "", b"")).await.text(), "");
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_read_never_ends_well() {
    let scene = Scene::with(RULE).await;
    let big = format!(r#"{{"gone":"{}","a":"{ID}"}}"#, "x".repeat(2 << 20));
    let got = scene.bytes(Reply::json(200, &big)).await;
    holds_nothing(&got);
    let text = String::from_utf8_lossy(&got);
    assert!(text.starts_with("HTTP/1.1 502") || !text.ends_with("0\r\n\r\n"), "{}", text.len());
    assert!(got.len() < 4096, "nothing of it passes");
}

#[tokio::test]
async fn a_rule_works_where_nothing_was_revealed_too() {
    let scene = Scene::with(RULE).await;
    scene.will(Reply::json(200, r#"{"gone":1,"a":2}"#));
    let answer = scene.running.send(&request("GET", "/say", &[], b"")).await;
    assert_eq!(answer.text(), r#"{"a":2}"#);
    assert!(SAY.contains("MORE"));
}
