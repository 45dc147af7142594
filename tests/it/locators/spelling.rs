//! A handle that is spelled in another way of its place is the same handle: it is
//! revealed, and a forged one is refused, and neither reaches the vendor as it is.

use super::*;
use crate::support::calls::refused;

/// How each place may spell the first letter of a handle otherwise.
fn spelled(place: &str, handle: &str) -> Option<String> {
    let rest = handle.strip_prefix('k').unwrap();
    let first = match place {
        "json"
        | "json called text"
        | "claim"
        | "claim of a token in a header"
        | "whole token"
        | "graphql variable"
        | "anywhere" => r"\u006b",
        "json in a json string" => r"\\u006b",
        "json in a form field" => "%5Cu006b",
        "form" | "query" | "path" => "%6B",
        // Bytes are what they are there.
        "multipart" | "header" | "cookie" => return None,
        other => panic!("no spelling for {other}"),
    };
    Some(format!("{first}{rest}"))
}

#[tokio::test]
async fn a_good_handle_in_another_spelling_is_revealed() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let good = handle(&issued(&running, SECRET, "").await);
    for place in &PLACES {
        let Some(text) = spelled(place.name, &good) else { continue };
        let before = vendor.seen().len();
        let answer = place.send(&running, &text).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", place.name);
        let seen = &vendor.seen()[before];
        let rest = good.strip_prefix('k').unwrap();
        let whole = format!("{}{}", seen.head, seen.text());
        assert!(!whole.contains(rest), "{}: {whole}", place.name);
    }
}

#[tokio::test]
async fn a_bad_handle_in_another_spelling_is_refused() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let good = handle(&issued(&running, OTHER_SECRET, "").await);
    for place in &PLACES {
        let Some(text) = spelled(place.name, &good) else { continue };
        let answer = place.send(&running, &text).await;
        assert_eq!(answer.status, 403, "{}: {answer:?}", place.name);
        refused(&answer, 403, "handle_unusable");
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_handle_that_stands_twice_under_one_name_is_revealed_twice() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let good = handle(&issued(&running, SECRET, "").await);
    let cookies = format!("who={good}; who={good}");
    let headers = [("X-Who", good.as_str()), ("X-Who", good.as_str()), ("Cookie", &cookies)];
    let path = format!("/head/{good}?who={good}&who={good}");
    assert_eq!(running.send(&request("GET", &path, &headers, b"")).await.status, 200);
    let seen = vendor.only();
    assert_eq!(seen.line(), "GET /head/Ann?who=Ann&who=Ann HTTP/1.1");
    assert_eq!(seen.header("cookie").as_deref(), Some("who=Ann; who=Ann"));
    assert!(!seen.head.contains("klk1_"), "{}", seen.head);
    let kind = [("Content-Type", FORM)];
    let body = format!("who={good}&who={good}");
    let sent = running.send(&request("POST", "/form", &kind, body.as_bytes())).await;
    assert_eq!(sent.status, 200);
    assert_eq!(vendor.seen()[1].text(), "who=Ann&who=Ann");
}
