//! What a payload holds arrives as that text in each place, in the place's own
//! spelling, or the call is refused: it never becomes syntax.

use super::*;
use crate::support::Seen;
use crate::support::calls::refused;

/// What a place must do with a text.
enum Becomes {
    /// The vendor's bytes are the request's with this in the place.
    Text(String),
    /// The place cannot carry it.
    Refused,
}

use Becomes::{Refused, Text};

/// The texts that could become syntax somewhere.
const TEXTS: [&str; 7] = [
    "Ann\r\nX-Evil: 1",
    "a\nb",
    r#"say "hi" \ there"#,
    "a&who=b=c;d,e",
    "50% %41+%0d%0a",
    "Zoë 漢字 🦀",
    "</script>{}[]:#?/../x",
];

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Percent-encoding of everything but these and ASCII letters and digits.
fn percent(text: &str, kept: &[u8], space: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => space.to_owned(),
        _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn form(text: &str) -> String {
    percent(text, b"*-._", "+")
}

/// What each place makes of a text.
fn becomes(place: &str, text: &str) -> Becomes {
    let control = text.contains(|c: char| c.is_ascii_control());
    match place {
        "json" | "json called text" | "graphql variable" => Text(json(text)),
        "json in a json string" => Text(json(&json(text))),
        "json in a form field" => Text(form(&json(text))),
        "form" | "query" => Text(form(text)),
        "multipart" => Text(text.to_owned()),
        "path" => Text(percent(text, b"-._~", "%20")),
        "header" if control => Refused,
        "header" => Text(text.to_owned()),
        "cookie" if text.contains(|c: char| !c.is_ascii_graphic() || "\",;\\".contains(c)) => {
            Refused
        }
        "cookie" => Text(text.to_owned()),
        other => panic!("{other} is compared by its claims"),
    }
}

fn wire(seen: &Seen) -> String {
    let line = seen.line().strip_suffix(" HTTP/1.1").unwrap();
    let header = |name: &str| seen.header(name).unwrap_or_default();
    format!("{line}\n{}\n{}\n{}", header("x-who"), header("cookie"), seen.text())
}

fn expected(place: &Place, text: &str) -> String {
    let (line, headers, body) = (place.request)(text);
    let header = |name: &str| {
        headers.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value).to_owned()
    };
    format!("{line}\n{}\n{}\n{body}", header("X-Who"), header("Cookie"))
}

fn is_compared_by_claims(place: &Place) -> bool {
    ["claim", "claim of a token in a header", "whole token", "anywhere"].contains(&place.name)
}

async fn holding(running: &Running, text: &str) -> String {
    let payload = serde_json::json!({ "who": text }).to_string();
    handle(&issue_with(running, SECRET, &payload, "").await)
}

#[tokio::test]
async fn a_text_is_spelled_as_its_place_demands_and_every_other_byte_stays() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    for text in TEXTS {
        let handle = holding(&running, text).await;
        for place in PLACES.iter().filter(|place| !is_compared_by_claims(place)) {
            let before = vendor.seen().len();
            let answer = place.send(&running, &handle).await;
            match becomes(place.name, text) {
                Refused => {
                    refused(&answer, 403, "handle_unusable");
                    assert_eq!(vendor.seen().len(), before, "{} {text:?}", place.name);
                }
                Text(spelled) => {
                    assert_eq!(answer.status, 200, "{} {text:?}: {answer:?}", place.name);
                    let seen = &vendor.seen()[before];
                    let spelled = expected(place, &spelled);
                    assert_eq!(wire(seen), spelled, "{} {text:?}", place.name);
                    assert_eq!(seen.header("x-evil"), None);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_text_in_a_token_is_that_claim_and_no_other() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    for text in TEXTS {
        let handle = holding(&running, text).await;
        for place in PLACES.iter().filter(|place| is_compared_by_claims(place)) {
            let before = vendor.seen().len();
            let answer = place.send(&running, &handle).await;
            assert_eq!(answer.status, 200, "{} {text:?}: {answer:?}", place.name);
            let seen = &vendor.seen()[before];
            if place.name == "anywhere" {
                let body =
                    format!(r#"{{"deep":[{{"x":{{"who":"{}"}}}},1.0],"text":"Hi"}}"#, json(text));
                assert_eq!(seen.text(), body);
                continue;
            }
            let token = seen.header("x-token").unwrap_or_else(|| {
                let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
                body["token"].as_str().unwrap().to_owned()
            });
            let claims = Signing::Hs256.open(&token).expect("it verifies");
            let rest = match place.name {
                "claim" => r#","n":1.0}"#,
                _ => "}",
            };
            let minted = match place.name {
                "whole token" => r#""iat":1900000000,"exp":1900000300,"#,
                _ => "",
            };
            assert_eq!(
                claims,
                format!(r#"{{{minted}"who":"{}"{rest}"#, json(text)),
                "{}",
                place.name
            );
        }
    }
}

#[tokio::test]
async fn a_cookie_carries_what_a_cookie_may_hold() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let handle = holding(&running, "ann@example.com/1?a=b&c=%20").await;
    let headers = [("Cookie", format!("a=1; who=\"{handle}\";b=2"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(running.send(&request("GET", "/head/x", &headers, b"")).await.status, 200);
    let cookie = vendor.only().header("cookie");
    assert_eq!(cookie.as_deref(), Some("a=1; who=\"ann@example.com/1?a=b&c=%20\";b=2"));
}

#[tokio::test]
async fn a_text_with_the_boundary_of_its_form_is_refused() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    let text = "x\r\n--b\r\nContent-Disposition: form-data; name=\"admin\"\r\n\r\ntrue";
    let handle = holding(&running, text).await;
    let multipart = PLACES.iter().find(|place| place.name == "multipart").unwrap();
    refused(&multipart.send(&running, &handle).await, 403, "handle_unusable");
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_value_that_is_no_text_is_refused_where_only_text_can_stand() {
    let vendor = Vendor::start().await;
    let (running, _files) = house(&vendor).await;
    for value in [r#"{"a":1}"#, "[1]", "null"] {
        let payload = format!(r#"{{"who":{value}}}"#);
        let handle = handle(&issue_with(&running, SECRET, &payload, "").await);
        for name in ["form", "multipart", "query", "path", "header", "cookie"] {
            let place = PLACES.iter().find(|place| place.name == name).unwrap();
            refused(&place.send(&running, &handle).await, 403, "handle_unusable");
        }
    }
    vendor.saw_nothing();
}
