//! Mistakes in `[store]`, and what a store without one resolves to.

use std::time::Duration;

use super::super::store::{StoreConfig, Strictness};
use super::{good_but, load, load_in, mistakes, mistakes_in};
use crate::store::disk::DiskOptions;
use crate::store::redis::{Durability, Topology};

/// The file with this `[store]`, whose first line is 6.
fn with(store: &str) -> String {
    good_but("[keyring]", &format!("[store]\n{store}\n[keyring]"))
}

/// Exactly these mistakes, without the file's name.
#[track_caller]
fn wrong(store: &str, expected: &[&str]) {
    let expected: Vec<_> = expected.iter().map(|line| format!("t.toml:{line}")).collect();
    assert_eq!(mistakes(&with(store)), expected, "{store}");
}

fn redis(more: &str) -> String {
    format!("kind = \"redis\"\nurls = [\"redis://h:1\"]\n{more}")
}

#[test]
fn a_key_of_another_kind_is_a_mistake() {
    let disk = "this key is of another kind of store; it belongs to kind = \"disk\"";
    let other = "this key is of another kind of store; it belongs to kind = \"redis\"";
    wrong("path = \"data\"", &[&format!("6:8: store.path: {disk}")]);
    wrong("bytes_max = \"1GiB\"", &[&format!("6:13: store.bytes_max: {disk}")]);
    wrong(&redis("path = \"data\""), &[&format!("8:8: store.path: {disk}")]);
    for (key, value) in [
        ("urls", "[\"redis://h:1\"]"),
        ("topology", "\"cluster\""),
        ("sentinel", "{ primary = \"p\" }"),
        ("username", "\"u\""),
        ("password", "{ env = \"PASSWORD\" }"),
        ("tls_ca", "\"ca.pem\""),
        ("tls_client", "{ certificate = \"c\", key = \"k\" }"),
        ("connect_timeout", "\"1s\""),
        ("response_timeout", "\"1s\""),
        ("connections", "2"),
        ("replicas_min", "1"),
        ("near_age_max", "\"1s\""),
        ("near_bytes_max", "\"1MiB\""),
        ("prefix", "\"p\""),
        ("strict", "\"refuse\""),
    ] {
        let column = key.len() + 4;
        wrong(&format!("{key} = {value}"), &[&format!("6:{column}: store.{key}: {other}")]);
        let on_disk = format!("kind = \"disk\"\npath = \"d\"\n{key} = {value}");
        wrong(&on_disk, &[&format!("8:{column}: store.{key}: {other}")]);
    }
}

#[test]
fn what_a_kind_needs_is_required_and_bounded() {
    wrong(
        "kind = \"disk\"",
        &["5:1: store.path: this key is required; \
           the database's file, in a folder that exists: path = \"cloakroom.db\""],
    );
    wrong(
        "kind = \"disk\"\npath = \"\"\nbytes_max = \"1KiB\"\nentries_max = 0",
        &[
            "7:8: store.path: must be a file's path; \
             the database's file, in a folder that exists: path = \"cloakroom.db\"",
            "8:13: store.bytes_max: must be from \"1MiB\" to \"1024GiB\"",
            "9:15: store.entries_max: must be from 1 to 100000000",
        ],
    );
    wrong(
        "kind = \"redis\"",
        &["5:1: store.urls: this key is required; \
           write \"redis://10.0.0.5:6379\", or \"rediss://…\" for TLS"],
    );
    wrong(
        &redis(
            "connect_timeout = \"1ms\"\nconnections = 65\nreplicas_min = 17\nnear_age_max = \"6m\"",
        ),
        &[
            "8:19: store.connect_timeout: must be from \"10ms\" to \"1m\"",
            "9:15: store.connections: must be from 1 to 64",
            "10:16: store.replicas_min: must be from 0 to 16",
            "11:16: store.near_age_max: must be from \"0ms\" to \"5m\"",
        ],
    );
    wrong(
        &redis("prefix = \"a b\""),
        &["8:10: store.prefix: redis setting prefix is out of bounds"],
    );
    wrong(
        "kind = \"disc\"",
        &["6:8: store.kind: must be \"memory\", \"disk\" or \"redis\"; did you mean \"disk\"?"],
    );
}

#[test]
fn a_url_is_a_servers_and_is_never_repeated() {
    let shape = "must be redis://HOST:PORT or rediss://HOST:PORT; \
                 write \"redis://10.0.0.5:6379\", or \"rediss://…\" for TLS";
    for url in ["http://h:1", "h:1", "", "redis://h:1?x=hunter2", "rediss://h:1/#insecure"] {
        let store = format!("kind = \"redis\"\nurls = [\"{url}\"]");
        wrong(&store, &[&format!("7:9: store.urls[0]: {shape}")]);
    }
    wrong(
        "kind = \"redis\"\nurls = [\"redis://u:hunter2@h:1\"]",
        &["7:9: store.urls[0]: a user or password does not belong here: urls are logged; \
           write username = \"…\" and password = { env = \"…\" } beside the urls"],
    );
    let several = "kind = \"redis\"\nurls = [\"redis://a:1\", \"redis://b:1\"]";
    let one = "7:8: store.urls: redis needs 1 to 64 urls, and exactly one when standalone";
    wrong(several, &[one]);
    let cluster = format!("{several}\ntopology = \"cluster\"");
    assert!(mistakes(&with(&cluster)).is_empty());
    wrong(
        &cluster.replace("redis://b", "rediss://b"),
        &["7:8: store.urls: redis urls must be all redis:// or all rediss://"],
    );
    wrong(
        &cluster.replace("b:1", "b:1/3"),
        &["7:8: store.urls: a redis cluster has no other database than 0"],
    );
}

#[test]
fn sentinels_are_named_with_their_topology_and_only_with_it() {
    wrong(
        &redis("topology = \"sentinel\""),
        &["5:1: store.sentinel: this key is required; \
           write sentinel = { primary = \"mymaster\" }"],
    );
    wrong(
        &redis("topology = \"sentinel\"\nsentinel = {}"),
        &["9:12: store.sentinel.primary: this key is required; \
           the name after \"sentinel monitor\" in their configuration"],
    );
    wrong(
        &redis("sentinel = { primary = \"p\" }"),
        &["8:12: store.sentinel: this table is of another topology; \
           write topology = \"sentinel\", or leave the table out"],
    );
}

#[test]
fn secrets_and_certificates_are_there_and_fit() {
    wrong(
        &redis("password = { env = \"NOT_SET\" }"),
        &["8:20: store.password.env: the environment variable \"NOT_SET\" is not set"],
    );
    wrong(
        &redis("password = \"hunter2\""),
        &["8:12: store.password: must be a table with \"file\" or \"env\", not a string"],
    );
    wrong(
        &redis("tls_client = { }"),
        &[
            "8:14: store.tls_client.certificate: this key is required; a PEM file",
            "8:14: store.tls_client.key: this key is required; a PEM file with the private key",
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), "nothing").unwrap();
    let text = with(&redis("tls_ca = \"ca.pem\""));
    let expected = "t.toml:8:10: store.tls_ca: there is no PEM certificate in this file";
    assert_eq!(mistakes_in(folder.path(), &text), [expected]);
    let pem = rcgen::generate_simple_self_signed(vec!["h".to_owned()]).unwrap().cert.pem();
    std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
    let expected =
        "t.toml:8:10: store.tls_ca: redis certificates are given, but no url is rediss://";
    assert_eq!(mistakes_in(folder.path(), &text), [expected]);
    assert!(load_in(folder.path(), &text.replace("redis://", "rediss://")).is_ok());
}

#[test]
fn a_password_crosses_no_network_in_the_clear_unless_the_operator_says_so() {
    let refused = "store.urls[0]: the password would cross the network in the clear; \
                   write \"rediss://…\" for TLS, or danger_plaintext = true where nobody else is on the way";
    let login = redis("password = { env = \"PASSWORD\" }");
    wrong(&login, &[&format!("7:9: {refused}")]);
    wrong(&format!("{login}\ndanger_plaintext = false"), &[&format!("7:9: {refused}")]);
    wrong(
        &login
            .replace("[\"redis://h:1\"]", "[\"redis://127.0.0.1:1\", \"redis://h:1\"]")
            .replace("password", "topology = \"cluster\"\npassword"),
        &[&format!("7:32: {}", refused.replace("[0]", "[1]"))],
    );
    let sentinels = "topology = \"sentinel\"\n\
                     sentinel = { primary = \"p\", password = { env = \"PASSWORD\" } }";
    wrong(&redis(sentinels), &[&format!("7:9: {refused}")]);
    for fine in [
        format!("{login}\ndanger_plaintext = true"),
        login.replace("redis://h", "rediss://h"),
        login.replace("redis://h", "redis://127.0.0.1"),
        login.replace("redis://h", "redis://localhost"),
        redis("username = \"cloak\""),
    ] {
        assert!(mistakes(&with(&fine)).is_empty(), "{fine}");
    }
    wrong(
        "kind = \"disk\"\npath = \"x\"\ndanger_plaintext = true",
        &["8:20: store.danger_plaintext: this key is of another kind of store; \
           it belongs to kind = \"redis\""],
    );
}

#[test]
fn a_store_resolves_to_what_the_file_says() {
    let StoreConfig::Disk { path, options } =
        load(&with("kind = \"disk\"\npath = \"x/y.db\"")).unwrap().store
    else {
        panic!("another kind");
    };
    assert!(path.ends_with("x/y.db"));
    assert_eq!(options, DiskOptions { entries_max: 1_000_000, bytes_max: 4 << 30 });

    let StoreConfig::Redis { settings, strictness } = load(&with(&redis(""))).unwrap().store else {
        panic!("another kind");
    };
    assert_eq!(strictness, Strictness::Warn);
    assert_eq!(settings.topology, Topology::Standalone);
    assert_eq!(settings.durability, Durability::Primary);
    assert_eq!(settings.connect_timeout, Duration::from_millis(250));
    assert_eq!(settings.response_timeout, Duration::from_millis(250));
    assert_eq!((settings.entries_max, settings.connections), (1_000_000, 4));

    let more = "danger_plaintext = true\nusername = \"cloak\"\npassword = { env = \"PASSWORD\" }\nreplicas_min = 2\nprefix = \"p\"\n\
                strict = \"refuse\"\nnear_age_max = \"0s\"\ntopology = \"sentinel\"\n\
                sentinel = { primary = \"main\", password = { env = \"PASSWORD\" } }";
    let config = load(&with(&redis(more))).unwrap();
    let shown = format!("{:?}", config.store);
    assert!(!shown.contains("shared secret"), "{shown}");
    let StoreConfig::Redis { settings, strictness } = config.store else {
        panic!("another kind");
    };
    assert_eq!(strictness, Strictness::Refuse);
    assert_eq!(settings.login.username.as_deref(), Some("cloak"));
    assert_eq!(settings.login.password.as_ref().unwrap().as_str(), "a shared secret");
    assert_eq!(settings.durability, Durability::Replicas(2.try_into().unwrap()));
    assert_eq!((settings.prefix.as_str(), settings.near_age_max), ("p", Duration::ZERO));
    assert!(
        matches!(settings.topology, Topology::Sentinel { ref primary, .. } if primary == "main")
    );
}
