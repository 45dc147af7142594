//! A browser with one valid handle and made-up conversations: what it may make the
//! store keep.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::calls::{CHATS, SEND, chat_with, refused};
use crate::support::house::{preamble, route, start_text};
use crate::support::{Reply, Running, Vendor, issue, request, start};

const PAYLOAD: &str = r#"{"nickname":"Jörg Ümit"}"#;

fn message_of(conversation: u32, handle: &str) -> Vec<u8> {
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"track-{conversation}"}}"#));
    let token = format!("e30.{claims}.c2ln");
    let body = format!(r#"{{"text":"Hi","context":{{"storedContextId":"{handle}"}}}}"#);
    request("POST", SEND, &[("X-Quiq-Access-Token", &token)], body.as_bytes())
}

async fn metric(running: &Running, name: &str) -> String {
    let metrics = running.metrics().await;
    let line = metrics.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.rsplit(' ').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn made_up_conversations_of_one_handle_are_refused_before_the_vendor() {
    let vendor = Vendor::answering(|_| Reply::json(200, "{}")).await;
    let running = start(&route("quiq", vendor.address)).await;
    let handle = issue(&running, PAYLOAD).await;
    for n in 0..64 {
        assert_eq!(running.send(&message_of(n, &handle)).await.status, 200, "{n}");
    }
    for n in 64..70 {
        refused(&running.send(&message_of(n, &handle)).await, 403, "handle_unusable");
    }
    assert_eq!(vendor.seen().len(), 64, "nothing was revealed that is not remembered");
    assert_eq!(metric(&running, "cloakroom_store_learnt").await, "128", "and that there are some");
    let outcome = r#"cloakroom_redeems_total{outcome="crowded""#;
    assert_eq!(metric(&running, outcome).await, "6");
    // Those that are known go on, and so does everybody else.
    assert_eq!(running.send(&message_of(7, &handle)).await.status, 200);
    let other = issue(&running, PAYLOAD).await;
    assert_eq!(running.send(&message_of(99, &other)).await.status, 200);
}

#[tokio::test]
async fn a_conversation_that_the_vendor_would_name_is_not_begun_at_the_bound() {
    let vendor = Vendor::answering(|seen| {
        let id = format!(r#"{{"id":"chat-{}"}}"#, seen.text().len());
        Reply::json(200, &id)
    });
    let vendor = vendor.await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, PAYLOAD).await;
    let mut asked = 0;
    let refusal = loop {
        let padding = " ".repeat(asked);
        let call = String::from_utf8(chat_with(&handle)).unwrap();
        let (_, body) = call.split_once("\r\n\r\n").unwrap();
        let body = format!("{body}{padding}");
        let center = [("ContactCenterId", crate::support::house::CENTER)];
        let answer = running.send(&request("POST", CHATS, &center, body.as_bytes())).await;
        if answer.status != 200 {
            break answer;
        }
        asked += 1;
    };
    refused(&refusal, 403, "handle_unusable");
    assert_eq!((asked, vendor.seen().len()), (64, 64), "the vendor never got the one more");
}

#[tokio::test]
async fn many_handles_of_one_browser_fill_the_share_and_never_stop_issuing() {
    let vendor = Vendor::answering(|_| Reply::json(200, "{}")).await;
    let text = preamble().replace("entries_max = 1000", "entries_max = 40");
    let text = format!("{text}{}", route("quiq", vendor.address));
    let running = start_text(&text, std::path::Path::new(".")).await;
    let handle = issue(&running, PAYLOAD).await;
    for n in 0..10 {
        assert_eq!(running.send(&message_of(n, &handle)).await.status, 200, "{n}");
    }
    // What this vendor's widget survives of a 503.
    for n in 10..14 {
        refused(&running.send(&message_of(n, &handle)).await, 424, "unavailable");
    }
    let outcome = r#"cloakroom_redeems_total{outcome="store-share-full""#;
    assert_eq!(metric(&running, outcome).await, "4");
    for _ in 0..19 {
        issue(&running, PAYLOAD).await;
    }
}
