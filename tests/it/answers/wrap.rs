//! Values that the vendor hands out and the browser gets as handles.

use super::{Scene, raw};
use crate::support::{Browser, Reply, request};

const DIALECT: &str = r#"
name = "own"
[[exchange]]
name = "login"
calls = ["POST /say", "POST /login"]
learn_link = { json = "/token" }
[[exchange.wrap]]
at = { cookie = "session" }
ttl = "1m"
[[exchange.wrap]]
at = { header = "X-Token" }
[[exchange.wrap]]
at = { json = "/token" }
ttl = "1m"
[[exchange.slot]]
at = { header = "X-Ticket" }
accepts = "handle-or-plain"
reveal = { member = "id" }
[[exchange]]
name = "use"
call = "GET /use"
[[exchange.slot]]
at = { cookie = "session" }
accepts = "handle-or-plain"
reveal = { member = "value" }
on_expired = "drop"
[[exchange.slot]]
at = { header = "X-Token" }
accepts = "handle-or-plain"
reveal = { member = "value" }
[[exchange]]
name = "later"
call = "GET /later/{token}"
link = { path = "token" }
"#;

const SESSION: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5AZXhhbXBsZS5jb20ifQ.c2lnbmF0dXJl";

fn cookie_of(answer: &crate::support::Answer) -> String {
    let line = answer.header("Set-Cookie").unwrap();
    line.split_once('=').unwrap().1.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_is_a_handle_for_the_browser_and_itself_for_the_vendor() {
    let scene = Scene::of(DIALECT, "").await;
    let body = format!(r#"{{"again":"{SESSION}"}}"#);
    scene.will(raw(
        "200 OK",
        &format!("Set-Cookie: session={SESSION}; Path=/a; Secure; HttpOnly; SameSite=None\r\n"),
        body.as_bytes(),
    ));
    let answer = scene.running.send(&request("POST", "/login", &[], b"{}")).await;
    let handle = cookie_of(&answer);
    assert!(handle.starts_with("klk1_"), "{handle}");
    let line = answer.header("Set-Cookie").unwrap();
    assert_eq!(line, format!("session={handle}; Path=/a; Secure; HttpOnly; SameSite=None"));
    assert_eq!(answer.text(), format!(r#"{{"again":"{handle}"}}"#), "elsewhere it is redacted");

    let cookie = format!("a=1; session={handle}; b=2");
    scene.will(raw("200 OK", "", SESSION.as_bytes()));
    let answer = scene.running.send(&request("GET", "/use", &[("Cookie", &cookie)], b"")).await;
    let seen = scene.vendor.seen();
    assert_eq!(seen[1].header("Cookie"), Some(format!("a=1; session={SESSION}; b=2")));
    assert_eq!(answer.text(), handle, "and what the vendor echoes is the handle again");
}

#[tokio::test]
async fn an_early_hint_sets_no_cookie_and_says_nothing_that_is_wrapped() {
    let scene = Scene::of(DIALECT, "").await;
    let early = format!(
        "HTTP/1.1 103 Early Hints\r\nSet-Cookie: session={SESSION}\r\nSet-Cookie: other=1\r\n\
         X-Token: t-4711-secret\r\nLink: </a.css>; rel=preload\r\n\r\n"
    );
    let last = "HTTP/1.1 200 OK\r\nX-Token: t-4711-secret\r\nContent-Length: 2\r\n\r\n{}";
    scene.will(Reply::Raw(format!("{early}{last}").into_bytes()));
    let mut browser = Browser::connect(scene.running.data).await;
    browser.write(&request("POST", "/login", &[], b"{}")).await;
    let hint = browser.head().await.unwrap();
    assert!(hint.starts_with("HTTP/1.1 103"), "{hint}");
    let said = hint.to_ascii_lowercase();
    assert!(said.contains("link: </a.css>; rel=preload"), "{hint}");
    assert!(!said.contains("set-cookie") && !said.contains("x-token"), "{hint}");
    let head = browser.head().await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("klk1_"), "{head}");
    assert!(!head.contains("t-4711-secret"), "{head}");
}

#[tokio::test]
async fn a_cookie_that_is_deleted_or_another_stays_as_it_is() {
    let scene = Scene::of(DIALECT, "").await;
    let lines = ["session=; Max-Age=0; Path=/", "sessions=1", "Session=1; Path=/", "other=session"];
    for line in lines {
        scene.will(raw("200 OK", &format!("Set-Cookie: {line}\r\n"), b"{}"));
        let answer = scene.running.send(&request("POST", "/login", &[], b"{}")).await;
        assert_eq!(answer.header("Set-Cookie").as_deref(), Some(line));
    }
}

#[tokio::test]
async fn a_header_and_a_json_value_are_handles_and_are_undone() {
    let scene = Scene::of(DIALECT, "").await;
    scene.will(raw(
        "201 Created",
        "X-Token: tok\"en\\1\r\n",
        br#"{"token": "t-4711-secret", "n": 1}"#,
    ));
    let answer = scene.running.send(&request("POST", "/login", &[], b"{}")).await;
    let (header, json) = (answer.header("X-Token").unwrap(), answer.json());
    let token = json["token"].as_str().unwrap().to_owned();
    assert_eq!(answer.text(), format!(r#"{{"token": "{token}", "n": 1}}"#));
    scene.will(Reply::json(200, "{}"));
    for (handle, value) in [(&header, "tok\"en\\1"), (&token, "t-4711-secret")] {
        let call = request("GET", "/use", &[("X-Token", handle)], b"");
        assert_eq!(scene.running.send(&call).await.status, 200);
        let seen = scene.vendor.seen();
        assert_eq!(seen.last().unwrap().header("X-Token").as_deref(), Some(value));
    }
    scene.running.clock.advance(std::time::Duration::from_secs(61));
    let call = request("GET", "/use", &[("X-Token", &token)], b"");
    assert_eq!(scene.running.send(&call).await.status, 403, "past its own life");
}

#[tokio::test]
async fn a_wrapped_name_of_a_conversation_still_names_it() {
    let scene = Scene::of(DIALECT, "").await;
    let answer = scene.say(Reply::json(200, r#"{"token":"conv-1-secret"}"#)).await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    scene.will(Reply::json(200, &format!(r#"{{"who":"{}"}}"#, super::ID)));
    let path = format!("/later/{token}");
    let later = scene.running.send(&request("GET", &path, &[], b"")).await;
    assert_eq!(later.text(), format!(r#"{{"who":"{}"}}"#, scene.handle));
}

#[tokio::test]
async fn a_cookie_past_its_time_is_left_out_and_the_vendor_sets_another() {
    let scene = Scene::of(DIALECT, "").await;
    scene.will(raw("200 OK", &format!("Set-Cookie: session={SESSION}\r\n"), b"{}"));
    let old = cookie_of(&scene.running.send(&request("POST", "/login", &[], b"{}")).await);
    let used = async |cookie: &str| {
        scene.running.send(&request("GET", "/use", &[("Cookie", cookie)], b"")).await
    };
    scene.will(Reply::json(200, "{}"));
    // One that was never issued is refused, whatever its age.
    let forged = old.replace(&old[20..24], if &old[20..24] == "AAAA" { "BBBB" } else { "AAAA" });
    assert_eq!(used(&format!("session={forged}")).await.status, 403);
    scene.running.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(used(&format!("a=1; session={old}; b=2")).await.status, 200);
    let seen = scene.vendor.seen();
    assert_eq!(seen.last().unwrap().header("Cookie"), Some("a=1; b=2".to_owned()));
    assert_eq!(used(&format!("session={old}")).await.status, 200);
    assert_eq!(scene.vendor.seen().last().unwrap().header("Cookie").unwrap_or_default(), "");
    // The same exchange's other slots go by its own rule.
    let ticket = [("X-Token", old.as_str())];
    let answer = scene.running.send(&request("GET", "/use", &ticket, b"")).await;
    assert_eq!(answer.status, 403);
    scene.will(raw("200 OK", "Set-Cookie: session=another\r\n", b"{}"));
    let new = cookie_of(&scene.running.send(&request("POST", "/login", &[], b"{}")).await);
    scene.will(Reply::json(200, "{}"));
    assert_eq!(used(&format!("session={new}")).await.status, 200);
    let seen = scene.vendor.seen();
    assert_eq!(seen.last().unwrap().header("Cookie").as_deref(), Some("session=another"));
}

#[tokio::test]
async fn a_cookie_that_is_said_again_keeps_its_handle_and_costs_no_record() {
    let wrapping = "call = \"GET /use\"\n[[exchange.wrap]]\nat = { cookie = \"session\" }";
    let dialect = DIALECT.replace("call = \"GET /use\"", wrapping);
    let scene = Scene::of(&dialect, "").await;
    let set = format!("Set-Cookie: session={SESSION}\r\n");
    scene.will(raw("200 OK", &set, b"{}"));
    let handle = cookie_of(&scene.running.send(&request("POST", "/login", &[], b"{}")).await);
    let cookie = format!("session={handle}");
    for _ in 0..3 {
        let call = request("GET", "/use", &[("Cookie", &cookie)], b"");
        assert_eq!(cookie_of(&scene.running.send(&call).await), handle);
    }
    let metrics = scene.running.metrics().await;
    assert!(metrics.contains("cloakroom_store_learnt 1\n"), "{metrics}");
}

#[tokio::test]
async fn a_cookie_of_a_call_with_a_handle_goes_with_that_handle() {
    use crate::support::house::{SECRET, issue_with};
    let scene = Scene::of(DIALECT, "").await;
    let issued = issue_with(&scene.running, SECRET, super::PAYLOAD, r#","subject":"ann""#).await;
    let ticket = [("X-Ticket", issued["handle"].as_str().unwrap())];
    scene.will(raw("200 OK", &format!("Set-Cookie: session={SESSION}\r\n"), b"{}"));
    let handle = cookie_of(&scene.running.send(&request("POST", "/login", &ticket, b"{}")).await);
    let call = request("GET", "/use", &[("Cookie", &format!("session={handle}"))], b"");
    scene.will(Reply::json(200, "{}"));
    assert_eq!(scene.running.send(&call).await.status, 200);
    let erased = scene.running.control("DELETE", "/v1/handles?subject=ann", SECRET, "").await;
    assert_eq!(erased.json()["revoked"], 1, "the value is no handle that was issued");
    assert_eq!(scene.running.send(&call).await.status, 403);
}

/// A chat whose messages hand out another cookie each, and whose polls name it and bring none.
const TALK: &str = r#"
name = "own"
[[exchange]]
name = "message"
call = "POST /talk/{id}"
link = { path = "id" }
[[exchange.wrap]]
at = { cookie = "session" }
[[exchange.slot]]
at = { cookie = "session" }
accepts = "handle-or-plain"
reveal = { member = "value" }
[[exchange]]
name = "poll"
call = "GET /talk/{id}"
link = { path = "id" }
"#;

#[tokio::test]
async fn what_was_handed_out_in_a_conversation_does_not_come_back_in_its_polls() {
    let scene = Scene::of(TALK, "").await;
    scene.will(raw("200 OK", &format!("Set-Cookie: session={SESSION}\r\n"), b"{}"));
    let handle = cookie_of(&scene.running.send(&request("POST", "/talk/7", &[], b"{}")).await);
    let said = format!(r#"{{"history":["{SESSION}"]}}"#);
    scene.will(Reply::json(200, &said));
    let poll = async |id: &str| {
        scene.running.send(&request("GET", &format!("/talk/{id}"), &[], b"")).await.text()
    };
    assert_eq!(poll("7").await, said.replace(SESSION, &handle));
    assert_eq!(poll("8").await, said, "another conversation's");
    // Revoked, it cannot be looked for, and the vendor has it.
    let id = cloakroom::domain::Handle::parse(&handle).unwrap().id().to_string();
    let path = format!("/v1/handles/{id}");
    // It was not issued, so it is answered as none.
    let secret = crate::support::house::SECRET;
    assert_eq!(scene.running.control("DELETE", &path, secret, "").await.status, 404);
    let poll = scene.running.send(&request("GET", "/talk/7", &[], b"")).await;
    crate::support::calls::refused(&poll, 403, "handle_unusable");
}

#[tokio::test]
async fn a_vendor_that_changes_its_cookie_with_each_message_is_not_refused() {
    let scene = Scene::of(TALK, "").await;
    let session = |n: usize| format!("session-{n:04}-secret");
    let mut cookie = "session=plain".to_owned();
    for n in 0..20 {
        scene.will(raw("200 OK", &format!("Set-Cookie: session={}\r\n", session(n)), b"{}"));
        let call = request("POST", "/talk/7", &[("Cookie", &cookie)], b"{}");
        cookie = format!("session={}", cookie_of(&scene.running.send(&call).await));
    }
    let last = scene.vendor.seen().last().unwrap().header("Cookie");
    assert_eq!(last, Some(format!("session={}", session(18))));
    let said = format!("{} {} {}", session(18), session(19), "none");
    scene.will(Reply::json(200, &said));
    let answer = scene.running.send(&request("GET", "/talk/7", &[], b"")).await;
    assert!(!answer.text().contains("-secret"), "{}", answer.text());
}
