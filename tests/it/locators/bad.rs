//! Every place with every kind of bad handle: refused, and the vendor saw nothing.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::support::calls::refused;

/// Longer than a request may be repeated and get the same again.
const PAST_REPEATS: Duration = Duration::from_secs(11);
/// Longer than a handle lives that nobody gave a life.
const PAST_LIFE: Duration = Duration::from_secs(3601);

/// A handle with its last bytes, its MAC's, changed.
fn forged(handle: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(handle.strip_prefix("klk1_").unwrap()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    format!("klk1_{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[tokio::test]
async fn a_good_handle_is_revealed_in_each_place() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let good = handle(&issued(&running, SECRET, "").await);
    for (count, place) in PLACES.iter().enumerate() {
        let answer = place.send(&running, &good).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", place.name);
        let seen = vendor.seen();
        assert_eq!(seen.len(), count + 1, "{}", place.name);
        let text = format!("{}{}", seen[count].head, seen[count].text());
        assert!(!text.contains("klk1_"), "{}: {text}", place.name);
    }
}

#[tokio::test]
async fn a_malformed_handle_is_refused_in_each_place() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let good = handle(&issued(&running, SECRET, "").await);
    let bad = ["klk1_".to_owned(), good[..good.len() - 1].to_owned(), format!("{good}A")];
    for place in &PLACES {
        for bad in &bad {
            // What is as long as no handle is none, where any text may stand.
            if place.name == "anywhere" {
                continue;
            }
            let answer = place.send(&running, bad).await;
            assert_eq!(answer.status, 403, "{} {bad}: {answer:?}", place.name);
            refused(&answer, 403, "handle_unusable");
        }
        // As long as a handle, and no base64url of one.
        let answer = place.send(&running, &format!("{}.", &good[..good.len() - 1])).await;
        assert_eq!(answer.status, 403, "{}: {answer:?}", place.name);
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_forged_handle_is_refused_in_each_place() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let bad = forged(&handle(&issued(&running, SECRET, "").await));
    each_refuses(&running, &bad).await;
    vendor.saw_nothing();
}

#[tokio::test]
async fn another_tenants_handle_is_refused_in_each_place() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let foreign = handle(&issued(&running, OTHER_SECRET, "").await);
    each_refuses(&running, &foreign).await;
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_revoked_handle_is_refused_in_each_place() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let issued = issued(&running, SECRET, "").await;
    let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
    assert_eq!(running.control("DELETE", &path, SECRET, "").await.status, 204);
    each_refuses(&running, &handle(&issued)).await;
    vendor.saw_nothing();
}

#[tokio::test]
async fn an_expired_handle_is_refused_in_each_place() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let aged = handle(&issued(&running, SECRET, "").await);
    running.clock.advance(PAST_LIFE);
    each_refuses(&running, &aged).await;
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_spent_handle_is_refused_in_the_place_that_spent_it() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    for (count, place) in PLACES.iter().enumerate() {
        let once = handle(&issued(&running, SECRET, r#","uses":"once""#).await);
        let first = place.send(&running, &once).await;
        assert_eq!(first.status, 200, "{}: {first:?}", place.name);
        running.clock.advance(PAST_REPEATS);
        let again = place.send(&running, &once).await;
        assert_eq!(again.status, 403, "{}: {again:?}", place.name);
        refused(&again, 403, "handle_unusable");
        assert_eq!(vendor.seen().len(), count + 1, "{}", place.name);
    }
}

#[tokio::test]
async fn one_bad_handle_keeps_the_good_ones_beside_it_from_being_revealed() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let good = handle(&issued(&running, SECRET, "").await);
    let bad = forged(&good);
    for (who, cookie) in [(&good, &bad), (&bad, &good)] {
        let cookies = format!("who={cookie}");
        let headers = [("X-Who", who.as_str()), ("Cookie", cookies.as_str())];
        let path = format!("/head/{good}?who={good}");
        refused(&running.send(&request("GET", &path, &headers, b"")).await, 403, "handle_unusable");
    }
    let body = format!(r#"{{"query":"","variables":{{"a":"{good}","b":"{bad}"}}}}"#);
    let sent = running.send(&request("POST", "/graphql", &[], body.as_bytes())).await;
    refused(&sent, 403, "handle_unusable");
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_handle_outside_the_places_stays_a_handle_in_each_exchange() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let good = handle(&issued(&running, SECRET, "").await);
    let typed = [
        (
            "/json",
            JSON,
            format!(r#"{{"text":"{good}","who":"{good}","a":{{"who":"Bob {good}"}}}}"#),
        ),
        ("/inner", JSON, format!(r#"{{"outer":"{{\"text\":\"{good}\"}}","who":"{good}"}}"#)),
        ("/form", FORM, format!("text={good}&data=%7B%22text%22%3A%22{good}%22%7D")),
        (
            "/multipart",
            "multipart/form-data; boundary=b",
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{good}\r\n--b--\r\n"
            ),
        ),
        ("/whole", JSON, format!(r#"{{"text":"{good}","token":"see {good}"}}"#)),
        ("/graphql", JSON, format!(r#"{{"query":"{good}","variables":{{"text":"{good}"}}}}"#)),
        ("/anywhere", JSON, format!(r#"{{"text":"see {good}","{good}":1}}"#)),
    ];
    for (count, (path, kind, body)) in typed.iter().enumerate() {
        let kind = [("Content-Type", *kind)];
        let sent = running.send(&request("POST", path, &kind, body.as_bytes())).await;
        assert_eq!(sent.status, 200, "{path}: {sent:?}");
        assert_eq!(vendor.seen()[count].text(), body, "{path}");
    }
    let headers = [("X-Text", good.as_str()), ("Cookie", &format!("text={good}"))];
    let path = format!("/head/x?text={good}&{good}=1");
    assert_eq!(running.send(&request("GET", &path, &headers, b"")).await.status, 200);
    let seen = vendor.seen().pop().unwrap();
    assert_eq!(seen.line(), format!("GET {path} HTTP/1.1"));
    assert_eq!(seen.header("x-text").as_deref(), Some(good.as_str()));
    assert_eq!(seen.header("cookie"), Some(format!("text={good}")));
}

async fn each_refuses(running: &Running, bad: &str) {
    for place in &PLACES {
        let answer = place.send(running, bad).await;
        assert_eq!(answer.status, 403, "{}: {answer:?}", place.name);
        refused(&answer, 403, "handle_unusable");
    }
}
