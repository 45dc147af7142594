//! Places beyond a JSON body, through the dialects that need them: tokens, paths,
//! queries, headers.

use cloakroom::rewrite::jwt::{Expectations, ExpiryClaim, JwtKeys, mint, verify_at};
use serde_json::{Value, json};

use crate::support::client::request;
use crate::support::house::{SECRET, issue_with, preamble, route, start_text};
use crate::support::{Running, Vendor, issue, start};

const NOW: u64 = 1_900_000_000;
const SHARED: &str = "a secret that page and vendor share";

/// `acme` with a token secret and a mapping, on a route to Halo.
async fn halo(vendor: &Vendor) -> Running {
    mapped(&route("halo", vendor.address)).await
}

async fn mapped(routes: &str) -> Running {
    let tokens = "[tenant.jwt]\nalgorithm = \"HS256\"\nsecret = { env = \"KEY\" }\n\
                  [tenant.field_mapping]\nemail = \"emailaddress\"\n";
    let text = preamble()
        .replace("[[tenant]]\nid = \"other\"", &format!("{tokens}[[tenant]]\nid = \"other\""));
    let text = format!("{text}{routes}");
    start_text(&text, std::path::Path::new(".")).await
}

/// The secret that `halo` is configured with: the variable of the tests' key.
fn keys() -> JwtKeys {
    JwtKeys::hs256(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
}

fn token(claims: &Value) -> String {
    mint(&keys(), Some("page"), claims.to_string().as_bytes()).unwrap()
}

fn opened(token: &str) -> (Value, Value) {
    let expected = Expectations { expiry: ExpiryClaim::Optional, ..Expectations::default() };
    let token = verify_at(&keys(), token, NOW, &expected).unwrap();
    let read = |bytes| serde_json::from_slice(bytes).unwrap();
    (read(token.header()), read(token.claims()))
}

async fn chat(running: &Running, id_token: &str) -> crate::support::Answer {
    let body = json!({ "chatprofile_id": "7", "id_token": id_token }).to_string();
    running.send(&request("POST", "/api/Chat", &[], body.as_bytes())).await
}

fn sent_token(vendor: &Vendor) -> String {
    let seen: Value = serde_json::from_slice(&vendor.only().body).unwrap();
    assert_eq!(seen["chatprofile_id"], "7");
    seen["id_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_that_does_not_verify_reaches_nobody() {
    let vendor = Vendor::start().await;
    let running = halo(&vendor).await;
    let issued = issue_with(&running, SECRET, r#"{"email":"ann@example.com"}"#, "").await;
    let claims =
        json!({ "chatmatchingdataguid": issued["id"], "chatmatchingdatakey": issued["key"] });
    let good = token(&claims);
    let other =
        mint(&JwtKeys::hs256(SHARED.as_bytes()).unwrap(), None, claims.to_string().as_bytes());
    let expired = token(
        &json!({ "exp": NOW - 61, "chatmatchingdataguid": issued["id"], "chatmatchingdatakey": issued["key"] }),
    );
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for bad in [other.unwrap(), expired, unsigned, format!("{good}x"), "a.b.c".to_owned()] {
        let refused = chat(&running, &bad).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert_eq!(refused.rejection().as_deref(), Some("handle_unusable"));
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_forged_or_half_handle_in_a_genuine_token_reaches_nobody() {
    let vendor = Vendor::start().await;
    let running = halo(&vendor).await;
    let issued = issue_with(&running, SECRET, r#"{"email":"ann@example.com"}"#, "").await;
    for claims in [
        json!({ "chatmatchingdataguid": issued["id"] }),
        json!({ "chatmatchingdataguid": issued["id"], "chatmatchingdatakey": "x" }),
        json!({ "chatmatchingdataguid": "7b1f4f4e-3f0a-4f43-9b3c-1d2e3f405162", "chatmatchingdatakey": issued["key"] }),
    ] {
        assert_eq!(chat(&running, &token(&claims)).await.status, 403, "{claims}");
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn two_claims_that_are_a_handle_become_the_payloads_claims_and_the_token_is_signed_again() {
    let vendor = Vendor::start().await;
    let running = halo(&vendor).await;
    let deposit = r#"[{"json_content":{"email":"ann@example.com","CFaccount":"12345678"}}]"#;
    let issued = running.control("POST", "/api/ChatMatchingData", SECRET, deposit).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let issued = issued.json();
    let claims = json!({
        "iss": "shop", "chatmatchingdataguid": issued["guid"],
        "chatmatchingdatakey": issued["key"], "lang": "en",
    });
    let page = token(&claims);
    assert_eq!(chat(&running, &page).await.status, 200);
    let (header, revealed) = opened(&sent_token(&vendor));
    assert_eq!(header["kid"], "page");
    let expected = json!({
        "iss": "shop", "emailaddress": "ann@example.com", "CFaccount": "12345678", "lang": "en",
    });
    assert_eq!(revealed, expected);
}

#[tokio::test]
async fn a_single_use_deposit_works_once_and_a_list_is_answered_by_a_list() {
    let vendor = Vendor::start().await;
    let running = halo(&vendor).await;
    let deposit =
        r#"[{"json_content":{"email":"a"},"single_use":true},{"json_content":{"email":"b"}}]"#;
    let issued = running.control("POST", "/api/ChatMatchingData", SECRET, deposit).await.json();
    assert_eq!(issued.as_array().unwrap().len(), 2);
    let claims = json!({ "chatmatchingdataguid": issued[0]["guid"], "chatmatchingdatakey": issued[0]["key"] });
    assert_eq!(chat(&running, &token(&claims)).await.status, 200);
    running.clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(chat(&running, &token(&claims)).await.status, 403);
    assert_eq!(vendor.seen().len(), 1);
}

#[tokio::test]
async fn a_bare_handle_as_the_whole_token_becomes_a_fresh_one() {
    let vendor = Vendor::start().await;
    let running = halo(&vendor).await;
    let handle = issue(&running, r#"{"email":"ann@example.com","exp":9999999999}"#).await;
    assert_eq!(chat(&running, &handle).await.status, 200);
    let (header, claims) = opened(&sent_token(&vendor));
    assert_eq!(header["alg"], "HS256");
    assert_eq!(claims, json!({ "iat": NOW, "exp": NOW + 300, "emailaddress": "ann@example.com" }));
}

#[tokio::test]
async fn a_genuine_token_without_a_handle_passes_to_the_letter() {
    let vendor = Vendor::start().await;
    let running = halo(&vendor).await;
    let page = token(&json!({ "iss": "shop", "emailaddress": "typed by the page" }));
    assert_eq!(chat(&running, &page).await.status, 200);
    assert_eq!(sent_token(&vendor), page);
}

#[tokio::test]
async fn a_user_id_is_revealed_in_path_query_header_and_every_place_of_a_body() {
    let vendor = Vendor::start().await;
    let running = start(&route("opendialog", vendor.address)).await;
    let handle =
        issue(&running, r#"{"user_id":"jane doe/1@example.com","first_name":"Jane"}"#).await;
    let path = format!("/user/{handle}/history?limit=10&ignore=chat_open,trigger");
    assert_eq!(running.send(&request("GET", &path, &[], b"")).await.status, 200);
    let path =
        format!("/webchat-config?url=https%3A%2F%2Fshop.example&user_id={handle}&width=1440");
    let body = format!(r#"{{"custom_settings":{{"user":{{"email":"{handle}"}}}},"tags":{{}}}}"#);
    let plain = [("Content-Type", "text/plain;charset=UTF-8")];
    assert_eq!(running.send(&request("POST", &path, &plain, body.as_bytes())).await.status, 200);
    let body = format!(r#"{{"user_id":"{handle}","author":"{handle}"}}"#);
    let id = [("OPENDIALOG-USER-ID", handle.as_str())];
    let sent = running.send(&request("POST", "/chat-api/message", &id, body.as_bytes())).await;
    assert_eq!(sent.status, 200);

    let seen = vendor.seen();
    assert_eq!(
        seen[0].line(),
        "GET /user/jane%20doe%2F1%40example.com/history?limit=10&ignore=chat_open,trigger HTTP/1.1"
    );
    assert_eq!(
        seen[1].line(),
        "POST /webchat-config?url=https%3A%2F%2Fshop.example&user_id=jane+doe%2F1%40example.com&width=1440 HTTP/1.1"
    );
    let user = r#"{"custom_settings":{"user":{"user_id":"jane doe/1@example.com","first_name":"Jane"}},"tags":{}}"#;
    assert_eq!(seen[1].text(), user);
    assert_eq!(seen[2].header("OPENDIALOG-USER-ID").as_deref(), Some("jane doe/1@example.com"));
    assert_eq!(
        seen[2].text(),
        r#"{"user_id":"jane doe/1@example.com","author":"jane doe/1@example.com"}"#
    );
}

#[tokio::test]
async fn the_names_of_claims_are_used_in_tokens_alone() {
    let vendor = Vendor::start().await;
    let running = mapped(&route("opendialog", vendor.address)).await;
    let handle = issue(&running, r#"{"user_id":"u-42","email":"ann@example.com"}"#).await;
    let body = format!(r#"{{"content":{{"user":{{"email":"{handle}"}}}}}}"#);
    let sent = running.send(&request("POST", "/incoming/webchat", &[], body.as_bytes())).await;
    assert_eq!(sent.status, 200);
    let expected = r#"{"content":{"user":{"user_id":"u-42","email":"ann@example.com"}}}"#;
    assert_eq!(vendor.only().text(), expected);
}

#[tokio::test]
async fn an_anonymous_users_own_id_passes_in_every_place() {
    let vendor = Vendor::start().await;
    let running = start(&route("opendialog", vendor.address)).await;
    let path = "/user/5f0c-anonymous/history?limit=10";
    assert_eq!(running.send(&request("GET", path, &[], b"")).await.status, 200);
    assert_eq!(vendor.only().line(), format!("GET {path} HTTP/1.1"));
}

#[tokio::test]
async fn a_payload_can_never_split_a_header_or_leave_its_path() {
    let vendor = Vendor::start().await;
    let running = start(&route("opendialog", vendor.address)).await;
    for evil in [r"a\r\nX-Evil: 1", r"a\nb", r"a\u0000b", " a"] {
        let handle = issue(&running, &format!(r#"{{"user_id":"{evil}"}}"#)).await;
        let id = [("OPENDIALOG-USER-ID", handle.as_str())];
        let refused = running.send(&request("GET", "/chat-api/history", &id, b"")).await;
        assert_eq!(refused.rejection().as_deref(), Some("handle_unusable"), "{evil}");
    }
    for evil in ["..", ".", ""] {
        let handle = issue(&running, &format!(r#"{{"user_id":"{evil}"}}"#)).await;
        let path = format!("/user/{handle}/history");
        let refused = running.send(&request("GET", &path, &[], b"")).await;
        assert_eq!(refused.rejection().as_deref(), Some("handle_unusable"), "{evil}");
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_conversation_token_is_revealed_in_a_variable_a_body_and_headers() {
    let vendor = Vendor::start().await;
    let running = start(&route("alli", vendor.address)).await;
    let payload =
        r#"{"conversation_token":"tok-1","own_user_id":"u-42","user_email":"ann@example.com"}"#;
    let handle = issue(&running, payload).await;
    let headers = [("API-KEY", "k"), ("OWN-USER-ID", handle.as_str()), ("USER-EMAIL", &handle)];
    let body = format!(r#"{{"query":"mutation($t:String!){{x}}","variables":{{"t":"{handle}"}}}}"#);
    assert_eq!(
        running.send(&request("POST", "/d/user/", &headers, body.as_bytes())).await.status,
        200
    );
    let seen = vendor.only();
    assert_eq!(seen.text(), r#"{"query":"mutation($t:String!){x}","variables":{"t":"tok-1"}}"#);
    assert_eq!(seen.header("OWN-USER-ID").as_deref(), Some("u-42"));
    assert_eq!(seen.header("USER-EMAIL").as_deref(), Some("ann@example.com"));
    assert_eq!(seen.header("API-KEY").as_deref(), Some("k"));
}
