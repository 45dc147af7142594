//! Which calls are served at all, and by which upstream.

use std::net::SocketAddr;

use crate::support::calls::refused;
use crate::support::house::{CENTER, route};
use crate::support::{Answer, Running, Vendor, issue, request, start};

/// A route that streams every call through.
fn open(keys: &str, upstream: SocketAddr) -> String {
    format!("{}unlisted = \"pass\"\n{keys}\n", route("generic", upstream))
}

async fn get(running: &Running, host: &str, path: &str) -> Answer {
    let call = String::from_utf8(request("GET", path, &[], b"")).unwrap();
    running.send(call.replace("chat.test", host).as_bytes()).await
}

#[tokio::test]
async fn an_unknown_host_or_path_has_no_route() {
    let vendor = Vendor::start().await;
    let running =
        start(&open("host = \"chat.acme.example\"\npath = \"/chat\"", vendor.address)).await;
    for (host, path) in [
        ("chat.test", "/chat"),
        ("acme.example", "/chat"),
        ("chat.acme.example.evil.test", "/chat"),
        ("xchat.acme.example", "/chat"),
        ("chat.acme.example", "/"),
        ("chat.acme.example", "/chatter"),
        ("chat.acme.example", "/chat%2fx"),
        ("chat.acme.example", "/Chat"),
        ("chat.acme.example", "//chat"),
        ("chat.acme.example", "/x/chat"),
    ] {
        let answer = get(&running, host, path).await;
        refused(&answer, 404, "no_route");
        assert_eq!(answer.header("content-type").as_deref(), Some("application/problem+json"));
        assert_eq!(answer.json()["code"], "no_route");
    }
    vendor.saw_nothing();
    for host in ["chat.acme.example", "CHAT.Acme.Example:8443", "chat.acme.example."] {
        for path in ["/chat", "/chat/", "/chat/a/b", "/chat?a=/x"] {
            assert_eq!(get(&running, host, path).await.status, 200, "{host} {path}");
        }
    }
    assert_eq!(vendor.seen().len(), 12);
}

#[tokio::test]
async fn a_path_with_dot_segments_is_refused_in_every_spelling() {
    let vendor = Vendor::start().await;
    let running = start(&open("path = \"/chat\"", vendor.address)).await;
    for path in [
        "/chat/../admin",
        "/chat/./x",
        "/chat/%2e%2e/admin",
        "/chat/.%2E/admin",
        "/chat/..",
        "/chat/..;a=b/admin",
        "/chat/..\\admin",
    ] {
        let answer = get(&running, "chat.test", path).await;
        assert_eq!(answer.status, 400, "{path} {answer:?}");
    }
    vendor.saw_nothing();
    assert_eq!(get(&running, "chat.test", "/chat/..a/b..").await.status, 200);
    vendor.only();
}

#[tokio::test]
async fn of_several_prefixes_the_longest_wins_and_a_named_host_before_any() {
    let [root, api, chats, named] = [
        Vendor::start().await,
        Vendor::start().await,
        Vendor::start().await,
        Vendor::start().await,
    ];
    let routes = [
        open("path = \"/\"", root.address),
        open("path = \"/api/\"", api.address),
        open("path = \"/api/v2/chats\"", chats.address),
        open("host = \"own.test\"\npath = \"/api\"", named.address),
    ];
    let running = start(&routes.concat()).await;
    for (host, path, vendor) in [
        ("chat.test", "/", &root),
        ("chat.test", "/apis", &root),
        ("chat.test", "/api", &api),
        ("chat.test", "/api/v2/chat", &api),
        ("chat.test", "/api/v2/chats/", &chats),
        ("chat.test", "/api/v2/chats/7/messages", &chats),
        ("own.test", "/api/v2/chats", &named),
        ("own.test", "/other", &root),
    ] {
        let before = vendor.seen().len();
        assert_eq!(get(&running, host, path).await.status, 200);
        let seen = vendor.seen();
        assert_eq!(seen.len(), before + 1, "{host} {path}");
        assert_eq!(seen[before].line(), format!("GET {path} HTTP/1.1"));
    }
    let all = [&root, &api, &chats, &named].map(|vendor| vendor.seen().len());
    assert_eq!(all, [3, 2, 2, 1]);
}

#[tokio::test]
async fn a_call_that_the_dialect_does_not_list_is_refused() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/api/v2/chats"),
        ("PUT", "/api/v2/chats/7"),
        ("DELETE", "/api/v2/chats/7"),
        ("PATCH", "/api/v2/chats/7"),
        ("POST", "/api/v2/chats/7/messages"),
        ("POST", "/api/v2/chats//"),
        ("POST", "//api/v2/chats"),
        ("POST", "/api/v2/Chats"),
        ("POST", "/api/v2/chat%73"),
        ("POST", "/api/v2/me/chats"),
        ("GET", "/api/v2/me"),
        ("GET", "/api/v2/users"),
    ] {
        let call = request(method, path, &[("ContactCenterId", CENTER)], b"");
        let answer = running.send(&call).await;
        refused(&answer, 404, "not_listed");
        assert_eq!(answer.json()["statusCode"], 6, "{method} {path}");
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn an_unlisted_call_passes_where_the_route_says_so_and_nothing_is_revealed_in_it() {
    let vendor = Vendor::start().await;
    let passing = route("genesys", vendor.address) + "unlisted = \"pass\"\n";
    let running = start(&passing).await;
    let handle = issue(&running, r#"{"nickname":"Ann"}"#).await;
    let body = format!(r#"{{"nickname":"{handle}","userData":{{"cloakroom":"{handle}"}}}}"#);
    let center = [("ContactCenterId", CENTER)];
    let call = request("PUT", "/api/v2/chats", &center, body.as_bytes());
    assert_eq!(running.send(&call).await.status, 200);
    assert_eq!(vendor.only().text(), body);
    // It is no way around the gates.
    let call = request("PUT", "/api/v2/chats", &[], body.as_bytes());
    refused(&running.send(&call).await, 400, "contact_center_missing");
    vendor.only();
}

#[tokio::test]
async fn both_documented_paths_of_a_chat_request_reveal_with_a_slash_and_without() {
    let vendor = Vendor::start().await;
    let running = start(&route("genesys", vendor.address)).await;
    let handle = issue(&running, r#"{"nickname":"Ann"}"#).await;
    let body = format!(r#"{{"nickname":"{handle}"}}"#);
    let paths = ["/api/v2/chats", "/api/v2/chats/", "/api/v2/me/chat", "/api/v2/me/chat/?a=b"];
    for path in paths {
        let call = request("POST", path, &[("ContactCenterId", CENTER)], body.as_bytes());
        assert_eq!(running.send(&call).await.status, 200);
        let seen = vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), r#"{"nickname":"Ann"}"#);
        assert_eq!(seen.line(), format!("POST {path} HTTP/1.1"));
    }
    assert_eq!(vendor.seen().len(), paths.len());
}
