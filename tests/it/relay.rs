//! Payloads handed in at the vendor's own store, at a handle's first use.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::calls::{SEND, message_with};
use crate::support::house::{SECRET, issue_with, mistakes, preamble, route, start_text};
use crate::support::tokens::Signing;
use crate::support::{Answer, Reply, Running, Seen, Vendor, request};

const CREDENTIAL: &str = "Basic b3BlcmF0b3I6c2VjcmV0LTQ3MTE=";
const PAYLOAD: &str =
    r#"{"integrations":[],"fieldUpdates":[{"field":"name","value":"Jörg Ümit"}]}"#;
const STORE: &str = "POST /api/v1/messaging/stored-context HTTP/1.1";

struct Scene {
    vendor: Vendor,
    running: Running,
    deposit: Arc<Mutex<Reply>>,
    _files: tempfile::TempDir,
}

impl Scene {
    /// A route with relay; what begins with `store` is answered as a deposit.
    async fn of(dialect: &str, before: &str, store: &'static str, more: &str) -> Self {
        let deposit = Arc::new(Mutex::new(Reply::json(200, r#"{"key":"vendor-key-1"}"#)));
        let said = Arc::clone(&deposit);
        let vendor = Vendor::answering(move |seen: &Seen| match seen.line() == store {
            true => said.lock().unwrap().clone(),
            false => Reply::json(200, r#"{"ok":true}"#),
        })
        .await;
        let files = tempfile::tempdir().unwrap();
        let secret = files.path().join("credential");
        std::fs::write(&secret, CREDENTIAL).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let before =
            if before.is_empty() { preamble() } else { Signing::Hs256.preamble(files.path(), "") };
        let relay = "relay = { authorization = { file = \"credential\" } }\n";
        let route = route(dialect, vendor.address);
        // What is more of the upstream goes into its table.
        let route = match more.strip_prefix("upstream: ") {
            Some(more) => route.replace("] }", &format!("], {more} }}")),
            None => route + more,
        };
        let text = format!("{before}{route}{relay}");
        let running = start_text(&text, files.path()).await;
        Self { vendor, running, deposit, _files: files }
    }

    async fn quiq(more: &str) -> Self {
        Self::of("quiq", "", STORE, more).await
    }

    async fn issue(&self, more: &str) -> Value {
        issue_with(&self.running, SECRET, PAYLOAD, more).await
    }

    async fn message(&self, handle: &Value) -> Answer {
        self.running.send(&message_with(handle["handle"].as_str().unwrap())).await
    }

    fn deposits(&self) -> Vec<Seen> {
        self.vendor
            .seen()
            .into_iter()
            .filter(|seen| seen.line().contains("stored-context"))
            .collect()
    }

    fn messages(&self) -> Vec<Seen> {
        self.vendor.seen().into_iter().filter(|seen| seen.line().contains(SEND)).collect()
    }
}

#[tokio::test]
async fn the_first_message_hands_the_payload_in_and_every_message_says_the_vendors_key() {
    let scene = Scene::quiq("").await;
    let handle = scene.issue("").await;
    for _ in 0..3 {
        assert_eq!(scene.message(&handle).await.status, 200);
    }
    let deposits = scene.deposits();
    assert_eq!(deposits.len(), 1, "{deposits:#?}");
    assert_eq!(deposits[0].text(), format!(r#"{{"context":{PAYLOAD}}}"#));
    assert_eq!(deposits[0].header("Authorization").as_deref(), Some(CREDENTIAL));
    assert_eq!(deposits[0].header("Content-Type").as_deref(), Some("application/json"));
    let said = r#"{"text":"Hi","context":{"href":"/cart","storedContextId":"vendor-key-1"}}"#;
    for message in scene.messages() {
        assert_eq!(message.text(), said);
        assert_eq!(message.header("Authorization"), None);
    }
    assert_eq!(scene.messages().len(), 3);
}

#[tokio::test]
async fn when_the_vendor_has_forgotten_it_it_is_handed_in_again() {
    let scene = Scene::quiq("").await;
    let handle = scene.issue(r#","ttl_secs":86400"#).await;
    scene.message(&handle).await;
    scene.running.clock.advance(Duration::from_secs(54 * 60));
    scene.message(&handle).await;
    assert_eq!(scene.deposits().len(), 1);
    *scene.deposit.lock().unwrap() = Reply::json(201, r#"{"key":"vendor-key-2"}"#);
    scene.running.clock.advance(Duration::from_secs(2 * 60));
    scene.message(&handle).await;
    assert_eq!(scene.deposits().len(), 2);
    assert!(scene.messages()[2].text().contains("vendor-key-2"));
}

#[tokio::test]
async fn a_handle_that_is_not_usable_hands_nothing_in() {
    let scene = Scene::quiq("").await;
    let revoked = scene.issue("").await;
    let path = format!("/v1/handles/{}", revoked["id"].as_str().unwrap());
    scene.running.control("DELETE", &path, SECRET, "").await;
    assert_eq!(scene.message(&revoked).await.status, 403);
    scene.vendor.saw_nothing();
    let expired = scene.issue(r#","ttl_secs":60"#).await;
    scene.running.clock.advance(Duration::from_secs(61));
    assert_eq!(scene.message(&expired).await.status, 200, "it goes without");
    assert_eq!(scene.deposits().len(), 0);
    assert_eq!(scene.messages()[0].text(), r#"{"text":"Hi","context":{"href":"/cart"}}"#);
}

#[tokio::test]
async fn a_deposit_that_fails_refuses_the_message_and_gives_the_handle_back() {
    let scene = Scene::quiq("").await;
    for bad in [
        Reply::json(500, "{}"),
        Reply::json(401, r#"{"key":"x"}"#),
        Reply::json(302, r#"{"key":"x"}"#),
        Reply::json(200, "no json"),
        Reply::json(200, r#"{"kee":"x"}"#),
        Reply::json(200, r#"{"key":7}"#),
        Reply::json(200, r#"[{"key":"a"},{"key":"b"}]"#),
        Reply::json(200, &format!(r#"{{"key":"{}"}}"#, "x".repeat(70_000))),
        Reply::RawThenClose(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"key\":\"x\"}".to_vec(),
        ),
        Reply::Close,
    ] {
        let once = scene.issue(r#","uses":"once""#).await;
        *scene.deposit.lock().unwrap() = bad;
        let answer = scene.message(&once).await;
        assert_eq!(answer.status, 424, "{answer:?}");
        assert!(!format!("{}{}", answer.head, answer.text()).contains("Jörg"), "{answer:?}");
        let before = scene.messages().len();
        *scene.deposit.lock().unwrap() = Reply::json(200, r#"{"key":"good"}"#);
        assert_eq!(scene.message(&once).await.status, 200, "the handle was given back");
        let messages = scene.messages();
        assert_eq!(messages.len(), before + 1, "nothing was revealed before");
        assert!(messages[before].text().contains("\"good\""));
    }
    assert!(
        !format!("{:?}{}", scene.running.house, scene.running.metrics().await)
            .contains("b3BlcmF0b3I")
    );
}

#[tokio::test]
async fn a_vendor_that_never_answers_the_deposit_is_given_up() {
    let scene = Scene::quiq("upstream: read_timeout = \"100ms\"").await;
    *scene.deposit.lock().unwrap() = Reply::Hang;
    let handle = scene.issue("").await;
    assert_eq!(scene.message(&handle).await.status, 424);
    assert_eq!(scene.messages().len(), 0);
}

#[tokio::test]
async fn a_deposit_takes_no_more_of_a_lease_than_its_share() {
    // The vendor may think for a minute about a message; a browser here waits for 20 s.
    let scene = Scene::quiq("").await;
    *scene.deposit.lock().unwrap() = Reply::Hang;
    let handle = scene.issue("").await;
    assert_eq!(scene.message(&handle).await.status, 424);
    assert_eq!(scene.messages().len(), 0);
}

#[tokio::test]
async fn an_early_word_before_the_deposits_answer_is_passed_over() {
    let scene = Scene::quiq("").await;
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"key\":\"late\"}";
    let early = early.replace("Length: 13", "Length: 14");
    *scene.deposit.lock().unwrap() = Reply::Raw(early.into_bytes());
    let handle = scene.issue("").await;
    assert_eq!(scene.message(&handle).await.status, 200);
    assert!(scene.messages()[0].text().contains("\"late\""));
}

#[tokio::test]
async fn halos_own_pair_takes_the_handles_place_in_a_token_that_is_signed_again() {
    for answer in [r#"{"guid":"g-1","key":"k-1"}"#, r#" [ {"guid":"g-1","key":"k-1"} ] "#] {
        let scene = Scene::of("halo", "tokens", "POST /api/ChatMatchingData HTTP/1.1", "").await;
        *scene.deposit.lock().unwrap() = Reply::json(201, answer);
        let issued =
            issue_with(&scene.running, SECRET, r#"{"email":"ann.lee@example.com"}"#, "").await;
        let claims = json!({
            "iss": "shop", "chatmatchingdataguid": issued["id"], "chatmatchingdatakey": issued["key"],
        });
        let token = Signing::Hs256.mint(&claims.to_string());
        let body = json!({ "chatprofile_id": "7", "id_token": token }).to_string();
        for _ in 0..2 {
            let sent =
                scene.running.send(&request("POST", "/api/Chat", &[], body.as_bytes())).await;
            assert_eq!(sent.status, 200, "{sent:?}");
        }
        let seen = scene.vendor.seen();
        assert_eq!(seen.len(), 3, "one deposit, two chats");
        assert_eq!(seen[0].text(), r#"[{"json_content":{"email":"ann.lee@example.com"}}]"#);
        let sent: Value = serde_json::from_slice(&seen[1].body).unwrap();
        let claims = Signing::Hs256.open(sent["id_token"].as_str().unwrap()).unwrap();
        let claims: Value = serde_json::from_str(&claims.to_string()).unwrap();
        assert_eq!(claims["chatmatchingdataguid"], "g-1", "{claims}");
        assert_eq!(claims["chatmatchingdatakey"], "k-1");
        assert!(!claims.to_string().contains("ann.lee"), "{claims}");
    }
}

#[test]
fn a_relay_that_cannot_be_is_a_mistake() {
    let address = "127.0.0.1:9000".parse().unwrap();
    for (dialect, relay, told) in [
        ("genesys", "{ authorization = { env = \"KEY\" } }", "relay"),
        ("quiq", "{ authorization = { env = \"MISSING\" } }", "MISSING"),
        ("quiq", "{ authorization = { file = \"nowhere\" } }", "nowhere"),
        ("quiq", "{ }", "authorization"),
    ] {
        let text = format!("{}{}relay = {relay}\n", preamble(), route(dialect, address));
        let mistakes = mistakes(&text, std::path::Path::new("."));
        assert!(mistakes.contains(told), "{relay}: {mistakes}");
    }
}
