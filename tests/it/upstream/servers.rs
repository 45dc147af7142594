//! Several servers, and servers by name.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::{call, one, route, says_upstream};
use crate::support::house::{CENTER, mistakes, preamble};
use crate::support::stage::Leaving;
use crate::support::{Vendor, request, start};

fn get() -> Vec<u8> {
    request("GET", "/api/v2/chats/7", &[("ContactCenterId", CENTER)], b"")
}

#[test]
fn plain_text_beyond_this_machine_is_refused_at_load() {
    for server in ["10.0.0.5:80", "chat.vendor.example:80", "[2001:db8::1]:80", "0.0.0.0:80"] {
        let text = preamble() + &route("genesys", &[server.into()], "");
        let said = mistakes(&text, Path::new("."));
        assert!(said.contains("tls"), "{server}: {said}");
        let mixed = preamble() + &route("genesys", &["127.0.0.1:80".into(), server.into()], "");
        assert!(mistakes(&mixed, Path::new(".")).contains("tls"), "{server}");
    }
    let text = preamble() + &route("genesys", &["10.0.0.5:80".into()], ", tls = \"off\"");
    assert!(mistakes(&text, Path::new(".")).contains("danger_off"));
}

#[test]
fn a_server_that_is_no_host_and_port_is_refused_at_load() {
    for server in
        ["", "127.0.0.1", "127.0.0.1:0", "http://127.0.0.1:80", "a b:80", "h:99999", ":80"]
    {
        let text = preamble() + &route("genesys", &[server.into()], ", tls = \"danger_off\"");
        assert!(mistakes(&text, Path::new(".")).contains("host and a port"), "{server}");
    }
}

#[tokio::test]
async fn plain_text_beyond_this_machine_needs_the_operators_word() {
    let server = ["192.0.2.1:9".to_owned()];
    let more =
        ", tls = \"danger_off\", connect_timeout = \"50ms\", connect_total_timeout = \"50ms\"";
    let running = start(&route("genesys", &server, more)).await;
    says_upstream(&running.send(&get()).await, "genesys", 502);
}

#[tokio::test]
async fn when_every_server_is_dead_the_call_is_refused_once() {
    let leaving = [Leaving::open(), Leaving::open()];
    let servers: Vec<_> = leaving.iter().map(|one| one.address().to_string()).collect();
    let running = start(&route("genesys", &servers, "")).await;
    leaving.into_iter().for_each(Leaving::leave);
    says_upstream(&running.send(&get()).await, "genesys", 502);
    for upstream in running.house.upstreams() {
        upstream.refresh().await;
    }
    says_upstream(&running.send(&get()).await, "genesys", 502);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_refuses_at_once_and_looks_nothing_up() {
    let more = ", tls = \"danger_off\"";
    let running = start(&route("genesys", &["nowhere.invalid:80".into()], more)).await;
    let answer = timeout(Duration::from_secs(1), running.send(&get())).await;
    says_upstream(&answer.expect("it waited"), "genesys", 502);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_stops_no_other_server() {
    let vendor = Vendor::start().await;
    let servers = ["nowhere.invalid:80".to_owned(), vendor.address.to_string()];
    let running = start(&route("genesys", &servers, ", tls = \"danger_off\"")).await;
    for _ in 0..4 {
        assert_eq!(running.send(&get()).await.status, 200);
    }
    assert_eq!(vendor.seen().len(), 4);
}

#[tokio::test]
async fn a_server_is_reached_by_its_name() {
    let vendor = Vendor::start().await;
    let server = format!("localhost:{}", vendor.address.port());
    let running = start(&route("genesys", &[server], "")).await;
    let call = call(&running, "genesys").await;
    assert_eq!(running.send(&call).await.status, 200);
    assert!(vendor.only().text().contains("ann@example.com"));
}

#[tokio::test]
async fn calls_go_round() {
    let vendors = [Vendor::start().await, Vendor::start().await, Vendor::start().await];
    let servers: Vec<_> = vendors.iter().map(|vendor| vendor.address.to_string()).collect();
    let running = start(&route("genesys", &servers, "")).await;
    for _ in 0..9 {
        assert_eq!(running.send(&get()).await.status, 200);
    }
    let shares: Vec<_> = vendors.iter().map(|vendor| vendor.seen().len()).collect();
    assert_eq!(shares, [3, 3, 3]);
}

#[tokio::test]
async fn a_dead_server_is_skipped_and_comes_back() {
    let (vendor, leaving) = (Vendor::start().await, Leaving::open());
    let servers = [leaving.address().to_string(), vendor.address.to_string()];
    let running = start(&route("genesys", &servers, "")).await;
    leaving.leave();
    for refreshed in [false, true] {
        if refreshed {
            for upstream in running.house.upstreams() {
                upstream.refresh().await;
            }
        }
        for _ in 0..4 {
            assert_eq!(running.send(&get()).await.status, 200, "refreshed: {refreshed}");
        }
    }
    assert_eq!(vendor.seen().len(), 8);
    let up = running.metrics().await;
    let dead = format!("cloakroom_upstream_up{{server=\"{}\"}} 0", servers[0]);
    assert!(up.contains(&dead), "{up}");
}

#[tokio::test]
async fn two_routes_to_one_server_do_not_share_connections() {
    let vendor = Vendor::start().await;
    let second = one("genesys", vendor.address, "")
        .replace("[[route]]\n", "[[route]]\npath = \"/api/v2/me\"\n");
    let running = start(&(one("genesys", vendor.address, "") + &second)).await;
    let mine = request("GET", "/api/v2/me/chat/7", &[("ContactCenterId", CENTER)], b"");
    for bytes in [get(), mine] {
        assert_eq!(running.send(&bytes).await.status, 200);
    }
    let connections: Vec<_> = vendor.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 1]);
}
