//! Mistakes in the ways of calls: routes, servers and listeners.

use super::kinds::check;
use super::{good_but, mistakes};

#[test]
fn routes_name_what_there_is_and_do_not_collide() {
    let twice = "[[route]]\nname = \"b\"\ndialect = \"generic\"\ntenant = \"acme\"\n\
                 upstream = { servers = [\"127.0.0.1:9000\"] }\n[[route]]";
    check(&[
        (
            "tenant = \"acme\"",
            "tenant = \"acmee\"",
            "15:10: route[0].tenant: there is no tenant \"acmee\"; did you mean \"acme\"?",
        ),
        (
            "\"generic\"",
            "\"generc\"",
            "14:11: route[0].dialect: there is no dialect \"generc\"; did you mean \"generic\"?",
        ),
        ("[[route]]", twice, "18:1: route[1]: another route has the same host and path"),
        (
            "tenant = \"acme\"",
            "tenant = \"acme\"\ntenants = [\"acme\"]",
            "15:10: route[0].tenant: whose calls these are is said twice; \
             either \"tenant\", or \"tenant_from\" and \"tenants\"",
        ),
        (
            "tenant = \"acme\"",
            "tenant_from = \"contact-center-id\"\ntenants = [\"acme\"]",
            "16:12: route[0].tenants[0]: no call could name a contact center of this tenant; \
             give the tenant \"contact_center_ids\"",
        ),
        (
            "\"generic\"",
            "\"genesys\"",
            "15:10: route[0].tenant: no call could name a contact center of this tenant; \
             give the tenant \"contact_center_ids\"",
        ),
        (
            "[[route]]",
            "[[route]]\nhost = \"chat.example:443\"",
            "14:8: route[0].host: must be one host, without a port, path or wildcard; \
             write \"chat.shop.example\"; leave the key out for any host",
        ),
        (
            "[[route]]",
            "[[route]]\npath = \"chat/../x\"",
            "14:8: route[0].path: must be a path prefix as browsers send it; \
             write \"/\" or \"/chat\"; everything below it belongs to the route",
        ),
    ]);
}

#[test]
fn plain_text_beyond_this_machine_needs_the_dangerous_word() {
    let hint = "write tls = { sni = \"…\" }, or tls = \"danger_off\" to send it in the clear";
    let text = good_but("127.0.0.1:9000", "10.0.0.5:9000");
    let expected = "t.toml:16:12: route[0].upstream.tls: this key is required";
    assert_eq!(mistakes(&text), [format!("{expected}; {hint}")]);
    let danger = text.replace("\"10.0.0.5:9000\"]", "\"10.0.0.5:9000\"], tls = \"danger_off\"");
    assert!(mistakes(&danger).is_empty());
    let other = text.replace("\"10.0.0.5:9000\"]", "\"10.0.0.5:9000\"], tls = \"off\"");
    assert_eq!(mistakes(&other).len(), 1);
    for local in ["[::1]:9000", "localhost:9000", "127.8.0.1:9000"] {
        assert!(mistakes(&good_but("127.0.0.1:9000", local)).is_empty(), "{local}");
    }
}

#[test]
fn tls_has_a_name_to_verify() {
    let name = "the name in the server's certificate; without one nothing would be verified";
    for (tls, expected) in [
        ("{}", "16:48: route[0].upstream.tls.sni: this key is required"),
        ("{ sni = \"\" }", "16:56: route[0].upstream.tls.sni: must be a host name"),
        ("{ sni = \"a b\" }", "16:56: route[0].upstream.tls.sni: must be a host name"),
    ] {
        let upstream = format!("\"10.0.0.5:443\"], tls = {tls}");
        let text = good_but("\"127.0.0.1:9000\"]", &upstream);
        assert_eq!(mistakes(&text), [format!("t.toml:{expected}; {name}")]);
    }
}

#[test]
fn a_lease_outlasts_every_try_the_writing_and_the_answer() {
    let limited = |lease: &str, more: &str| {
        let upstream = format!(
            "\"127.0.0.1:9000\"], connect_timeout = \"1s\", connect_total_timeout = \"2s\", \
             write_timeout = \"4s\", read_timeout = \"8s\" }}{more}"
        );
        let text = good_but("\"127.0.0.1:9000\"] }", &upstream);
        text.replace("[keyring]", &format!("[limits]\nlease_max = \"{lease}\"\n[keyring]"))
    };
    let wrong = |sum: &str, relay: &str| {
        format!(
            "t.toml:18:12: route[0].upstream: an exchange may take longer than limits.lease_max; \
             set [limits] lease_max above {sum} (connect_total_timeout 3 times, write_timeout, \
             read_timeout{relay}), or these lower"
        )
    };
    assert_eq!(mistakes(&limited("18s", "")), [wrong("18s", "")]);
    assert!(mistakes(&limited("18001ms", "")).is_empty());
    let relay = "\nrelay = { authorization = { env = \"HALO_JWT\" } }";
    let quiq = |lease| limited(lease, relay).replace("\"generic\"", "\"quiq\"");
    assert_eq!(mistakes(&quiq("28s")), [wrong("28s", ", 10s for relay")]);
    assert!(mistakes(&quiq("28001ms")).is_empty());
    // The defaults fit, relaying too.
    let preset = good_but("\"127.0.0.1:9000\"] }", &format!("\"127.0.0.1:9000\"] }}{relay}"));
    assert!(mistakes(&preset.replace("\"generic\"", "\"quiq\"")).is_empty());
}

#[test]
fn servers_and_listeners_are_addresses() {
    check(&[
        (
            "127.0.0.1:9000",
            "127.0.0.1",
            "16:25: route[0].upstream.servers[0]: must be a host and a port; \
             write \"chat.vendor.example:443\" or \"10.0.0.5:443\"",
        ),
        (
            "[\"127.0.0.1:9000\"]",
            "[]",
            "16:24: route[0].upstream.servers: there must be 1 to 64 servers; \
             write \"chat.vendor.example:443\" or \"10.0.0.5:443\"",
        ),
        (
            "listen = [\"127.0.0.1:8080\"]",
            "listen = [\"localhost:80\"]",
            "2:11: data_plane.listen[0]: must be an IP address and a port; \
             write \"127.0.0.1:8080\", or \"[::1]:8080\"",
        ),
        (
            "listen = [\"127.0.0.1:8080\"]",
            "listen = [\"127.0.0.1:7\", { address = \"127.0.0.1:7\" }]",
            "2:38: data_plane.listen[1].address: this address is listened on twice",
        ),
        (
            "listen = [\"127.0.0.1:8080\"]",
            "listen = [\"127.0.0.1:8080\"]\ntrusted_proxies = [\"10.0.0.0/33\"]",
            "3:20: data_plane.trusted_proxies[0]: must be a network or an address; \
             write \"10.0.0.0/8\" or \"10.0.0.5\"",
        ),
    ]);
}
