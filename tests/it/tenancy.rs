//! Whose call it is: the contact center that it names, and what an agent's header
//! has no business on.

mod cors;
mod routes;

use crate::support::calls::{CHATS, SEND, refused};
use crate::support::house::{CENTER, OTHER_CENTER, OTHER_SECRET, issue_with, route};
use crate::support::{Browser, SECRET, Vendor, request, start};

/// Every call of the first vendor, and one that it does not have.
const CALLS: [(&str, &str); 11] = [
    ("POST", "/api/v2/chats"),
    ("POST", "/api/v2/chats/"),
    ("POST", "/api/v2/me/chat"),
    ("POST", "/api/v2/me/chat/"),
    ("POST", "/api/v2/chats/7"),
    ("POST", "/api/v2/me/chat/7/"),
    ("GET", "/api/v2/chats/7"),
    ("GET", "/api/v2/me/chat/7/"),
    ("GET", "/api/v2/chats/7/messages?index=0"),
    ("GET", "/api/v2/me/chat/7/messages/"),
    ("DELETE", "/api/v2/chats/7"),
];

fn both_tenants(vendor: &Vendor) -> String {
    let of_one = route("genesys", vendor.address);
    of_one.replace(
        "tenant = \"acme\"",
        "tenant_from = \"contact-center-id\"\ntenants = [\"acme\", \"other\"]",
    )
}

#[tokio::test]
async fn a_call_without_a_contact_center_is_refused() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let mut browser = Browser::connect(running.data).await;
    for (method, path) in CALLS {
        for headers in [&[][..], &[("ContactCenterId", "")], &[("ContactCenterId", " \t ")]] {
            let answer = browser.send(&request(method, path, headers, b"")).await;
            refused(&answer, 400, "contact_center_missing");
            let said =
                r#"{"statusCode":1,"statusMessage":"The ContactCenterId header is required."}"#;
            assert_eq!(answer.text(), said, "{method} {path}");
        }
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_call_with_a_contact_center_that_is_not_the_routes_is_refused() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let long = "a".repeat(5000);
    let lists = [format!("{CENTER},{CENTER}"), format!("{CENTER}, {OTHER_CENTER}")];
    let spelled = [
        "x",
        OTHER_CENTER,
        &long,
        &lists[0],
        &lists[1],
        "cfe5ad67-ba6d-4340-81f9-bb680ef5d49é",
        "cfe5ad67ba6d434081f9bb680ef5d498",
        "{cfe5ad67-ba6d-4340-81f9-bb680ef5d498}",
        "*",
        "cfe5ad67-ba6d-4340-81f9-bb680ef5d498 x",
        "\u{a0}",
        "\"\"",
    ];
    for (method, path) in CALLS {
        for center in spelled {
            let call = request(method, path, &[("ContactCenterId", center)], b"");
            let answer = running.send(&call).await;
            refused(&answer, 403, "contact_center_unknown");
            assert!(answer.text().starts_with(r#"{"statusCode":3,"#), "{answer:?}");
        }
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_call_that_names_its_contact_center_twice_is_refused_even_when_both_agree() {
    let vendor = Vendor::start().await;
    let running = start(&both_tenants(&vendor)).await;
    for (method, path) in CALLS {
        for second in [CENTER, OTHER_CENTER, "", "x"] {
            let twice = [("ContactCenterId", CENTER), ("contactcenterid", second)];
            let answer = running.send(&request(method, path, &twice, b"")).await;
            refused(&answer, 403, "contact_center_unknown");
        }
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_customer_call_with_an_agents_authorization_is_refused() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for (method, path) in CALLS {
        for value in ["Basic YTpi", "Bearer x", ""] {
            let headers = [("ContactCenterId", CENTER), ("authorization", value)];
            let answer = running.send(&request(method, path, &headers, b"")).await;
            refused(&answer, 403, "authorization_present");
            assert!(answer.text().starts_with(r#"{"statusCode":3,"#), "{answer:?}");
        }
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn where_the_contact_center_is_optional_a_wrong_one_is_still_refused() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let wrong = request("POST", SEND, &[("ContactCenterId", OTHER_CENTER)], b"{}");
    refused(&running.send(&wrong).await, 403, "contact_center_unknown");
    vendor.saw_nothing();
    for headers in [&[][..], &[("ContactCenterId", CENTER)]] {
        assert_eq!(running.send(&request("POST", SEND, headers, b"{}")).await.status, 200);
    }
    assert_eq!(vendor.seen().len(), 2);
}

#[tokio::test]
async fn a_stray_authorization_is_taken_off_where_the_dialect_strips_it() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let call = request("POST", SEND, &[("Authorization", "Basic YTpi")], b"{}");
    assert_eq!(running.send(&call).await.status, 200);
    assert_eq!(vendor.only().header("authorization"), None);
}

#[tokio::test]
async fn a_handle_of_one_tenant_does_not_work_under_the_others_contact_center() {
    let vendor = Vendor::start().await;
    let running = start(&both_tenants(&vendor)).await;
    let owners = [(SECRET, CENTER, OTHER_CENTER), (OTHER_SECRET, OTHER_CENTER, CENTER)];
    for (at, (secret, own, foreign)) in owners.into_iter().enumerate() {
        let issued = issue_with(&running, secret, r#"{"nickname":"Ann"}"#, "").await;
        let body = format!(r#"{{"nickname":{}}}"#, issued["handle"]);
        let call = |center| request("POST", CHATS, &[("ContactCenterId", center)], body.as_bytes());
        refused(&running.send(&call(foreign)).await, 403, "handle_unusable");
        assert_eq!(vendor.seen().len(), at);
        assert_eq!(running.send(&call(own)).await.status, 200);
        let seen = vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), r#"{"nickname":"Ann"}"#);
        assert_eq!(seen.header("contactcenterid").as_deref(), Some(own));
    }
    let none = request("POST", CHATS, &[], b"{}");
    refused(&running.send(&none).await, 400, "contact_center_missing");
    let stranger = request("POST", CHATS, &[("ContactCenterId", "x")], b"{}");
    refused(&running.send(&stranger).await, 403, "contact_center_unknown");
    assert_eq!(vendor.seen().len(), 2);
}

#[tokio::test]
async fn letter_case_makes_no_difference_to_a_contact_center_and_it_goes_on_as_sent() {
    let vendor = Vendor::start().await;
    let running = start(&both_tenants(&vendor)).await;
    let upper = CENTER.to_uppercase();
    let call = request("POST", CHATS, &[("ContactCenterId", &upper)], b"{}");
    assert_eq!(running.send(&call).await.status, 200);
    assert_eq!(vendor.only().header("contactcenterid"), Some(upper));
}
