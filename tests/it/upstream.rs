//! The vendor's side when it is not well: what the browser hears, in the vendor's
//! own shape, and who else is asked.

mod broken;
mod servers;
mod verified;

use std::net::SocketAddr;

use crate::support::house::{CENTER, SECRET, issue_with};
use crate::support::{Answer, Running, request};

/// A route to these servers with more settings of the upstream.
fn route(dialect: &str, servers: &[String], more: &str) -> String {
    let listed: Vec<_> = servers.iter().map(|server| format!("{server:?}")).collect();
    format!(
        "[[route]]\ndialect = \"{dialect}\"\ntenant = \"acme\"\nupstream = {{ servers = [{}]{more} }}\n",
        listed.join(", ")
    )
}

fn one(dialect: &str, server: SocketAddr, more: &str) -> String {
    route(dialect, &[server.to_string()], more)
}

/// One call of each dialect that carries a handle.
async fn call(running: &Running, dialect: &str) -> Vec<u8> {
    let payload = r#"{"email":"ann@example.com"}"#;
    let issued = issue_with(running, SECRET, payload, "").await;
    let handle = issued["handle"].as_str().unwrap();
    let (path, body) = match dialect {
        "quiq" => (
            "/api/v1/messaging/chat/default/send-message",
            format!(r#"{{"context":{{"storedContextId":"{handle}"}}}}"#),
        ),
        _ => ("/api/v2/chats", format!(r#"{{"userData":{{"cloakroom":"{handle}"}}}}"#)),
    };
    request("POST", path, &[("ContactCenterId", CENTER)], body.as_bytes())
}

/// Asserts that an answer is the dialect's own for a vendor that cannot be used.
#[track_caller]
fn says_upstream(answer: &Answer, dialect: &str, status: u16) {
    assert_eq!(answer.rejection().as_deref(), Some("upstream"), "{answer:?}");
    let body = answer.json();
    if dialect == "quiq" {
        // 401, 466 and 500 make this widget hammer the vendor or switch itself off.
        assert_eq!(answer.status, 424, "{answer:?}");
        assert!(body["messages"][0].is_string(), "{answer:?}");
    } else {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(body["statusCode"], 4, "{answer:?}");
    }
    assert!(!answer.text().contains("127.0.0.1"), "{answer:?}");
}

const DIALECTS: [&str; 2] = ["quiq", "genesys"];
