//! Who says what of whom: our own headers are ours alone, and a browser's word
//! about where it comes from counts only where a trusted proxy passes it on.

use std::path::Path;

use crate::support::h2::{self, Declared};
use crate::support::house::{preamble, route, start_text};
use crate::support::{Reply, Running, Seen, Vendor, request, start};

const PATH: &str = "/api/v1/messaging/chat/default";

const CLAIMS: [(&str, &str); 6] = [
    ("X-Forwarded-For", "203.0.113.7"),
    ("X-Forwarded-For", "198.51.100.9"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "www.shop.example"),
    ("Forwarded", "for=203.0.113.7;proto=https"),
    ("Forwarded", "for=198.51.100.9"),
];

/// The house that believes these networks.
async fn trusting(vendor: &Vendor, networks: &str) -> Running {
    let plane = "[data_plane]\nlisten = [\"127.0.0.1:8080\"]\n";
    let text = preamble();
    assert!(text.contains(plane));
    let text = text.replace(plane, &format!("{plane}trusted_proxies = {networks}\n"));
    start_text(&(text + &route("quiq", vendor.address)), Path::new(".")).await
}

async fn seen(running: &Running, vendor: &Vendor, headers: &[(&str, &str)]) -> Seen {
    assert_eq!(running.send(&request("GET", PATH, headers, b"")).await.status, 200);
    vendor.seen().pop().unwrap()
}

/// Every value of a header, as sent.
fn all(seen: &Seen, name: &str) -> Vec<String> {
    let lines = seen.head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    let own = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    own.map(|(_, value)| value.to_owned()).collect()
}

#[track_caller]
fn says_only_the_connection(seen: &Seen) {
    assert_eq!(all(seen, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(all(seen, "x-forwarded-proto"), ["http"]);
    assert_eq!(all(seen, "x-forwarded-host"), ["chat.test"]);
    assert_eq!(all(seen, "forwarded"), ["for=127.0.0.1;proto=http;host=\"chat.test\""]);
}

#[tokio::test]
async fn a_browsers_word_about_itself_is_replaced() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    says_only_the_connection(&seen(&running, &vendor, &CLAIMS).await);
    says_only_the_connection(&seen(&running, &vendor, &[]).await);
    let lower: Vec<_> = CLAIMS.iter().map(|(name, value)| (name.to_lowercase(), *value)).collect();
    let lower: Vec<_> = lower.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let path = format!("{PATH}/send-message");
    let sent = h2::send(running.data, &path, &lower, &[b"{}"], Declared::Yes).await;
    assert_eq!(sent.status, 200);
    says_only_the_connection(&vendor.seen().pop().unwrap());
}

#[tokio::test]
async fn a_peer_outside_the_trusted_networks_is_a_browser() {
    let vendor = Vendor::start().await;
    let running = trusting(&vendor, "[\"10.0.0.0/8\", \"::1\"]").await;
    says_only_the_connection(&seen(&running, &vendor, &CLAIMS).await);
}

#[tokio::test]
async fn a_trusted_proxys_word_is_kept_and_added_to() {
    let vendor = Vendor::start().await;
    for networks in ["[\"127.0.0.0/8\"]", "[\"127.0.0.1\"]", "[\"10.0.0.0/8\", \"127.0.0.1/32\"]"] {
        let running = trusting(&vendor, networks).await;
        let seen = seen(&running, &vendor, &CLAIMS).await;
        assert_eq!(all(&seen, "x-forwarded-for"), ["203.0.113.7, 198.51.100.9, 127.0.0.1"]);
        assert_eq!(all(&seen, "x-forwarded-proto"), ["https"]);
        assert_eq!(all(&seen, "x-forwarded-host"), ["www.shop.example"]);
        let elements = "for=203.0.113.7;proto=https, for=198.51.100.9, for=127.0.0.1;proto=http;host=\"chat.test\"";
        assert_eq!(all(&seen, "forwarded"), [elements]);
    }
}

#[tokio::test]
async fn a_trusted_proxy_that_says_nothing_is_the_client() {
    let vendor = Vendor::start().await;
    let running = trusting(&vendor, "[\"127.0.0.0/8\"]").await;
    says_only_the_connection(&seen(&running, &vendor, &[]).await);
}

#[tokio::test]
async fn our_own_names_from_a_browser_do_not_reach_the_vendor() {
    let vendor = Vendor::start().await;
    for trust in ["[]", "[\"127.0.0.0/8\"]"] {
        let running = trusting(&vendor, trust).await;
        let forged = [
            ("Cloakroom-Rejection", "framing"),
            ("CLOAKROOM-Tenant", "other"),
            ("cloakroom-", "x"),
            ("X-Cloakroom", "kept"),
        ];
        let seen = seen(&running, &vendor, &forged).await;
        assert!(!seen.head.to_lowercase().contains("\ncloakroom-"), "{}", seen.head);
        assert_eq!(all(&seen, "x-cloakroom"), ["kept"]);
    }
}

#[tokio::test]
async fn our_own_names_from_the_vendor_do_not_reach_the_browser() {
    let vendor = Vendor::answering(|_| {
        Reply::Raw(
            b"HTTP/1.1 200 OK\r\nCloakroom-Rejection: upstream\r\ncloakroom-Debug: x\r\nX-Own: y\r\nContent-Length: 0\r\n\r\n"
                .to_vec(),
        )
    })
    .await;
    let running = start(&route("quiq", vendor.address)).await;
    let answer = running.send(&request("GET", PATH, &[], b"")).await;
    assert!(!answer.head.to_lowercase().contains("cloakroom-"), "{}", answer.head);
    assert_eq!(answer.header("x-own").as_deref(), Some("y"));
}

#[tokio::test]
async fn headers_of_the_connection_stay_on_it() {
    let vendor = Vendor::start().await;
    let running = start(&route("quiq", vendor.address)).await;
    let hops = [
        ("Connection", "keep-alive, X-Secret"),
        ("X-Secret", "hop"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
    ];
    let seen = seen(&running, &vendor, &hops).await;
    for name in ["x-secret", "keep-alive", "proxy-authorization", "te", "upgrade"] {
        assert_eq!(seen.header(name), None, "{name}: {}", seen.head);
    }
}

#[tokio::test]
async fn the_origin_is_the_browsers_own_or_the_one_that_the_vendor_knows() {
    let own = ("Origin", "https://shop.example");
    let call = request("GET", "/api/ChatProfile/7", &[own], b"");
    let vendor = Vendor::start().await;
    let kept = start(&route("halo", vendor.address)).await;
    assert_eq!(kept.send(&call).await.status, 200);
    assert_eq!(vendor.only().header("Origin").as_deref(), Some("https://shop.example"));
    let vendor = Vendor::start().await;
    let set = ", set_headers = { Origin = \"https://known.example\" } }";
    let set = start(&route("halo", vendor.address).replace(" }\n", &format!("{set}\n"))).await;
    assert_eq!(set.send(&call).await.status, 200);
    assert_eq!(vendor.only().header("Origin").as_deref(), Some("https://known.example"));
}
