//! Which page may read an answer: the tenant's own, by its exact origin, where the
//! tenant names any; else the vendor decides.

use super::both_tenants;
use crate::support::calls::{CHATS, refused};
use crate::support::house::{CENTER, OTHER_CENTER, route};
use crate::support::{Answer, Reply, Running, Vendor, request, start};

const SHOP: &str = "https://shop.example";

const STRANGERS: [&str; 7] = [
    "https://evil.test",
    "http://shop.example",
    "https://shop.example.evil.test",
    "https://shop.example:8443",
    "https://SHOP.example",
    "null",
    "*",
];

/// A vendor that lets every page read.
async fn careless() -> Vendor {
    Vendor::answering(|_| {
        let answer = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: X-CSRF-TOKEN\r\nContent-Length: 2\r\n\r\n{}";
        Reply::Raw(answer.into())
    })
    .await
}

async fn preflight(running: &Running, path: &str, origin: &str) -> Answer {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "contactcenterid,content-type"),
    ];
    running.send(&request("OPTIONS", path, &headers, b"")).await
}

async fn post(running: &Running, center: &str, origin: &str, body: &str) -> Answer {
    let headers = [("ContactCenterId", center), ("Origin", origin)];
    running.send(&request("POST", CHATS, &headers, body.as_bytes())).await
}

fn allowed(answer: &Answer) -> (Option<String>, Option<String>) {
    let names = ["access-control-allow-origin", "access-control-allow-credentials"];
    let [origin, credentials] = names.map(|name| {
        let count = answer.head.to_lowercase().matches(&format!("\n{name}:")).count();
        assert!(count <= 1, "{name} is there {count} times: {answer:?}");
        answer.header(name)
    });
    (origin, credentials)
}

fn to_shop() -> (Option<String>, Option<String>) {
    (Some(SHOP.into()), Some("true".into()))
}

#[tokio::test]
async fn a_strangers_preflight_gets_no_permission_and_is_not_the_vendors_to_answer() {
    let vendor = careless().await;
    let running = start(&both_tenants(&vendor)).await;
    for origin in STRANGERS {
        let answer = preflight(&running, CHATS, origin).await;
        assert_eq!((answer.status, allowed(&answer)), (204, (None, None)), "{origin}");
        assert_eq!(answer.header("access-control-allow-headers"), None);
        assert_eq!(answer.header("access-control-allow-methods"), None);
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn options_of_an_unlisted_path_or_with_an_agents_header_is_refused() {
    let vendor = careless().await;
    let running = start(&both_tenants(&vendor)).await;
    for path in ["/", "/api/v2/users", "/api/v2/chats/7/8/9"] {
        refused(&preflight(&running, path, SHOP).await, 404, "not_listed");
        refused(&running.send(&request("OPTIONS", path, &[], b"")).await, 404, "not_listed");
    }
    let agent = request("OPTIONS", CHATS, &[("Authorization", "Bearer x")], b"");
    refused(&running.send(&agent).await, 403, "authorization_present");
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_preflight_of_the_tenants_page_is_answered_here_with_its_exact_origin() {
    let vendor = careless().await;
    let running = start(&both_tenants(&vendor)).await;
    for path in [CHATS, "/api/v2/chats/7/messages", "/api/v2/me/chat/"] {
        let answer = preflight(&running, path, SHOP).await;
        assert_eq!((answer.status, allowed(&answer)), (204, to_shop()), "{path}");
        let asked = answer.header("access-control-allow-headers");
        assert_eq!(asked.as_deref(), Some("contactcenterid,content-type"));
        assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
        assert!(answer.header("vary").unwrap().contains("Origin"));
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn where_no_tenant_names_origins_the_vendors_word_on_them_passes() {
    let vendor = careless().await;
    let running = start(&route("genesys", vendor.address).replace("acme", "other")).await;
    let answer = preflight(&running, CHATS, SHOP).await;
    assert_eq!(answer.status, 200);
    assert_eq!(allowed(&answer), (Some("*".into()), Some("true".into())));
    assert!(vendor.only().line().starts_with("OPTIONS "));
    let answer = post(&running, OTHER_CENTER, SHOP, "{}").await;
    assert_eq!(allowed(&answer), (Some("*".into()), Some("true".into())));
    // A refusal is ours, and we know no page that may read it.
    let refusal = post(&running, CENTER, SHOP, "{}").await;
    refused(&refusal, 403, "contact_center_unknown");
    assert_eq!(allowed(&refusal), (None, None));
    assert_eq!(vendor.seen().len(), 2);
}

#[tokio::test]
async fn options_that_is_no_preflight_is_the_vendors_and_needs_no_contact_center() {
    let vendor = careless().await;
    let running = start(&route("genesys", vendor.address)).await;
    let asked = request("OPTIONS", CHATS, &[], b"");
    assert_eq!(running.send(&asked).await.status, 200);
    assert_eq!(vendor.only().line(), format!("OPTIONS {CHATS} HTTP/1.1"));
}

#[tokio::test]
async fn what_the_vendor_allows_everybody_is_allowed_to_the_tenants_page_alone() {
    let vendor = careless().await;
    let running = start(&route("genesys", vendor.address)).await;
    for origin in STRANGERS {
        let answer = post(&running, CENTER, origin, "{}").await;
        assert_eq!((answer.status, allowed(&answer)), (200, (None, None)), "{origin}");
        assert!(answer.header("vary").unwrap().contains("Origin"));
    }
    let answer = post(&running, CENTER, SHOP, "{}").await;
    assert_eq!((answer.status, allowed(&answer)), (200, to_shop()));
    // What the vendor exposes stays exposed beside ours.
    let exposed = answer.head.to_lowercase();
    assert!(
        exposed.contains("x-csrf-token") && exposed.contains("cloakroom-rejection"),
        "{exposed}"
    );
    let unasked = request("POST", CHATS, &[("ContactCenterId", CENTER)], b"{}");
    assert_eq!(allowed(&running.send(&unasked).await), (None, None));
    assert_eq!(vendor.seen().len(), STRANGERS.len() + 2);
}

#[tokio::test]
async fn a_refusal_can_be_read_by_the_tenants_page_and_by_no_other() {
    let vendor = careless().await;
    let running = start(&both_tenants(&vendor)).await;
    let bad = r#"{"userData":{"cloakroom":"klk1_x"}}"#;
    for (center, body, status, code) in [
        (CENTER, bad, 403, "handle_unusable"),
        (CENTER, "{", 400, "body_invalid"),
        ("", "{}", 400, "contact_center_missing"),
        ("x", "{}", 403, "contact_center_unknown"),
    ] {
        let answer = post(&running, center, SHOP, body).await;
        refused(&answer, status, code);
        assert_eq!(allowed(&answer), to_shop(), "{code}");
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(exposed.as_deref(), Some("Cloakroom-Rejection"));
        for origin in STRANGERS {
            let answer = post(&running, center, origin, body).await;
            refused(&answer, status, code);
            assert_eq!(allowed(&answer), (None, None), "{origin}");
        }
    }
    vendor.saw_nothing();
}
