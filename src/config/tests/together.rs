//! Many mistakes at once, mistakes of other files, and what is never printed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::{Mistake, load as load_file, schema};
use super::{GOOD, KEY, good_but, load, load_in, mistakes, mistakes_in};

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn all_mistakes_of_a_file_are_told_in_its_order() {
    let text = GOOD
        .replace("[data_plane]", "[data_plane]\nthread = 2")
        .replace("id = 1,", "id = 300,")
        .replace("may = [\"issue\"]", "may = [\"isue\", \"revok\"]\ncan = 1")
        .replace("tenant = \"acme\"", "tenant = \"acne\"")
        .replace("servers = [\"127.0.0.1:9000\"]", "servers = [\"x\", 7], sni = 1");
    let found = mistakes(&text);
    let keys: Vec<&str> = found.iter().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(
        keys,
        [
            "data_plane.thread",
            "keyring.current.id",
            "tenant[0].caller[0].may[0]",
            "tenant[0].caller[0].may[1]",
            "tenant[0].caller[0].can",
            "route[0].tenant",
            "route[0].upstream.servers[0]",
            "route[0].upstream.servers[1]",
            "route[0].upstream.sni",
        ],
        "{found:#?}"
    );
}

#[test]
fn a_slip_of_syntax_does_not_hide_the_other_mistakes() {
    let text =
        GOOD.replace("id = 1,", "id = 1.2.3,").replace("tenant = \"acme\"", "tenant = \"x\"");
    let found = mistakes(&text);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[1].contains("there is no tenant"), "{found:#?}");
}

#[test]
fn a_bracket_that_never_closes_is_told_once() {
    let found =
        mistakes(&GOOD.replace("[\"127.0.0.1:9000\"] }", "[\"127.0.0.1:9000\"\na = 1\nb = 2\n"));
    assert!(found[0].starts_with("t.toml:17:1: "), "{found:#?}");
    assert!(found.len() <= 3, "{found:#?}");
}

#[test]
fn more_mistakes_than_anyone_reads_come_to_an_end() {
    let many: String = (0..500).map(|n| format!("k{n} = 1\n")).collect();
    assert_eq!(mistakes(&format!("{many}{GOOD}")).len(), 100);
}

#[test]
fn a_file_that_is_not_there_is_a_mistake_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.toml");
    let found = load_file(&path, 1).unwrap_err();
    let Mistake { place, key, message, .. } = found.iter().next().unwrap();
    assert_eq!((*place, key.as_str()), (None, ""));
    assert!(message.starts_with("cannot be read: "), "{message}");
}

#[test]
fn a_key_file_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = good_but("env = \"KEY\"", "file = \"1.key\"");
    let absent = mistakes_in(folder.path(), &text);
    assert!(absent[0].starts_with("t.toml:6:28: keyring.current.file: cannot read "), "{absent:?}");
    write(&folder.path().join("1.key"), &format!("{KEY}\n"), 0o644);
    let loose = mistakes_in(folder.path(), &text);
    let message = "keyring.current.file: others than the owner have access to this key file";
    assert!(loose[0].contains(message) && loose[0].contains("; run: chmod 600 "), "{loose:?}");
    write(&folder.path().join("1.key"), &format!("{KEY}\n"), 0o600);
    assert!(mistakes_in(folder.path(), &text).is_empty());
}

#[test]
fn an_audit_that_could_not_be_written_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dir")).unwrap();
    write(&folder.path().join("loose.jsonl"), "", 0o644);
    for (table, mistake) in [
        ("", "audit.path: this key is required"),
        ("path = \"\"", "audit.path: must be the path of a file"),
        ("path = \"dir\"", "dir is no file"),
        ("path = \"none/a.jsonl\"", "audit.path: there is no folder for "),
        ("path = \"loose.jsonl\"", "others than the owner have access to this file; run: chmod"),
        ("path = \"a\"\nsize_max = \"1KiB\"", "audit.size_max: must be from \"64KiB\" to \"4GiB\""),
        ("path = \"a\"\nfiles_max = 0", "audit.files_max: must be from 1 to 100000"),
        ("path = \"a\"\nsync = \"evry\"", "did you mean \"every\""),
        ("path = \"a\"\non_audit_failure = \"ignore\"", "audit.on_audit_failure: "),
        ("pth = \"a\"", "did you mean \"path\""),
    ] {
        let text = good_but("[keyring]", &format!("[audit]\n{table}\n[keyring]"));
        let found = mistakes_in(folder.path(), &text);
        assert!(found.len() == 1 && found[0].contains(mistake), "{table}: {found:?}");
    }
    let text = good_but("[keyring]", "[audit]\npath = \"a\"\n[keyring]");
    assert!(mistakes_in(folder.path(), &text).is_empty());
    assert!(!folder.path().join("a").exists(), "checking makes no file");
}

#[test]
fn what_stands_in_a_secrets_place_is_never_printed() {
    let secret = "Tr0ub4dor";
    let jwt = format!("[tenant.jwt]\nalgorithm = \"HS256\"\nsecret = \"{secret}\"\n[[route]]");
    for text in [
        good_but("{ id = 1, env = \"KEY\" }", &format!("\"{secret}\"")),
        good_but("id = 1", &format!("id = \"{secret}\"")),
        good_but("0a2b3c", secret),
        good_but("[[route]]", &jwt),
    ] {
        let found = mistakes(&text);
        assert!(!found.is_empty());
        assert!(!found.concat().contains(secret), "{found:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("1.key"), secret, 0o600);
    let found = mistakes_in(folder.path(), &good_but("env = \"KEY\"", "file = \"1.key\""));
    assert!(!found.concat().contains(secret), "{found:?}");
}

#[test]
fn debug_shows_no_secret() {
    let jwt = "[tenant.jwt]\nalgorithm = \"HS256\"\nsecret = { env = \"HALO_JWT\" }\n[[route]]";
    let shown = format!("{:?}", load(&good_but("[[route]]", jwt)).unwrap());
    assert!(shown.contains("Hs256(..)"));
    for secret in [KEY, "a shared secret", "0a2b3c4d", "10, 43, 60, 77", "0, 1, 2, 3, 4"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn a_tls_listener_and_a_ca_need_pem_files_that_are_some() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["chat.example".to_owned()]).unwrap();
    write(&folder.path().join("c.pem"), &made.cert.pem(), 0o644);
    write(&folder.path().join("k.pem"), &made.signing_key.serialize_pem(), 0o600);
    let listen = |certificate, key| {
        let tls = format!("{{ certificate = \"{certificate}\", key = \"{key}\" }}");
        let listen = format!("listen = [{{ address = \"127.0.0.1:8080\", tls = {tls} }}]");
        good_but("listen = [\"127.0.0.1:8080\"]", &listen)
    };
    let swapped = mistakes_in(folder.path(), &listen("k.pem", "c.pem"));
    assert!(swapped[0].contains("there is no PEM certificate in this file"), "{swapped:?}");
    assert!(swapped[1].contains("there is no PEM private key in this file"), "{swapped:?}");
    let other = rcgen::generate_simple_self_signed(["chat.example".to_owned()]).unwrap();
    write(&folder.path().join("o.pem"), &other.signing_key.serialize_pem(), 0o600);
    let apart = mistakes_in(folder.path(), &listen("c.pem", "o.pem"));
    assert!(apart[0].contains("the certificate and the key do not belong together"), "{apart:?}");
    let control = good_but(
        "listen = [\"127.0.0.1:8081\"]",
        "listen = [{ address = \"127.0.0.1:8081\", h2c = \"enabled\", tls = { certificate = \"c.pem\", key = \"k.pem\", http2 = \"enabled\" } }]",
    );
    let control = mistakes_in(folder.path(), &control).join("\n");
    assert_eq!(control.matches("the control plane speaks HTTP/1.1 only").count(), 2, "{control}");
    let config = load_in(folder.path(), &listen("c.pem", "k.pem")).unwrap();
    assert!(config.data_plane.listeners[0].tls.is_some());
    let ca = |file| {
        let tls = format!("\"10.0.0.5:443\"], tls = {{ sni = \"chat.example\", ca = \"{file}\" }}");
        good_but("\"127.0.0.1:9000\"]", &tls)
    };
    let none = mistakes_in(folder.path(), &ca("k.pem"));
    assert!(none[0].contains("upstream.tls.ca: there is no PEM certificate"), "{none:?}");
    write(&folder.path().join("bad.pem"), &bad_certificate(&made.cert.pem()), 0o644);
    let bad = mistakes_in(folder.path(), &ca("bad.pem"));
    assert!(bad[0].contains("a certificate in this file cannot be read"), "{bad:?}");
    assert!(mistakes_in(folder.path(), &ca("c.pem")).is_empty());
}

/// A certificate's frame around something else.
fn bad_certificate(pem: &str) -> String {
    let mut lines = pem.lines();
    let (first, last) = (lines.next().unwrap(), lines.next_back().unwrap());
    format!("{first}\nAAAA\n{last}\n")
}

#[test]
fn the_schema_names_every_table() {
    let schema = schema();
    for table in ["data_plane", "control_plane", "keyring", "store", "limits", "tenant", "route"] {
        assert!(schema["properties"][table].is_object(), "{table}");
    }
    assert!(serde_json::to_string(&schema).unwrap().contains("trusted_proxies"));
}
