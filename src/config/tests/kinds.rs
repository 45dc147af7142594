//! One mistake at a time: line, key and hint of each kind.

use super::{good_but, mistakes};

/// In [`GOOD`](super::GOOD) this, replaced by that, gives exactly this line.
pub(super) type Case = (&'static str, &'static str, &'static str);

pub(super) fn check(cases: &[Case]) {
    for (what, with, expected) in cases {
        let text = good_but(what, with);
        let found = mistakes(&text);
        assert_eq!(found, [format!("t.toml:{expected}")], "{what:?} replaced by {with:?}");
    }
}

#[test]
fn what_is_no_toml_is_a_mistake_at_its_place() {
    check(&[
        ("id = 1,", "id = 1.2.3,", "6:21: keyring.current.id: invalid float, expected nothing"),
        ("id = \"acme\"", "id = \"acme\"\nid = \"b\"", "9:1: the key \"id\" is given twice"),
    ]);
    assert_eq!(mistakes("listen = [").len(), 1);
}

#[test]
fn keys_and_choices_that_are_not_known_are_mistakes() {
    check(&[
        (
            "listen = [\"127.0.0.1:8080\"]\n[control",
            "listen = [\"127.0.0.1:8080\"]\nthread = 2\n[control",
            "3:1: data_plane.thread: this key is not known; did you mean \"threads\"?",
        ),
        (
            "[keyring]",
            "[stor]\n[keyring]",
            "5:2: stor: this key is not known; did you mean \"store\"?",
        ),
        (
            "env = \"KEY\"",
            "enf = \"KEY\"",
            "6:21: keyring.current.enf: this key is not known; did you mean \"env\"?",
        ),
        (
            "[\"issue\"]",
            "[\"issue\", \"isue\"]",
            "12:17: tenant[0].caller[0].may[1]: must be \"issue\", \"inspect\" or \"revoke\"; \
             did you mean \"issue\"?",
        ),
        (
            "dialect = \"generic\"",
            "dialect = \"generic\"\nunlisted = \"allow\"",
            "15:12: route[0].unlisted: must be \"refuse\" or \"pass\"",
        ),
    ]);
}

#[test]
fn values_of_the_wrong_kind_are_mistakes_and_are_not_repeated() {
    check(&[
        (
            "current = { id = 1, env = \"KEY\" }",
            "current = \"c2VjcmV0\"",
            "6:11: keyring.current: must be a table with \"id\" and \"file\" or \"env\", not a string",
        ),
        (
            "id = 1",
            "id = \"1\"",
            "6:18: keyring.current.id: must be a whole number from 0, not a string",
        ),
        ("id = \"acme\"", "id = 5", "8:6: tenant[0].id: must be a string, not this whole number"),
        (
            "upstream = { servers = [\"127.0.0.1:9000\"] }",
            "upstream = \"127.0.0.1:9000\"",
            "16:12: route[0].upstream: must be a table with \"servers\", not a string",
        ),
        (
            "servers = [\"127.0.0.1:9000\"]",
            "servers = [\"127.0.0.1:9000\", 5]",
            "16:43: route[0].upstream.servers[1]: must be a string, not this whole number",
        ),
    ]);
}

#[test]
fn required_keys_that_are_absent_are_mistakes_of_their_table() {
    check(&[
        (
            "[data_plane]\nlisten = [\"127.0.0.1:8080\"]\n",
            "",
            "1:1: data_plane: this key is required; \
             write [data_plane] and listen = [\"127.0.0.1:8080\"]",
        ),
        (
            "listen = [\"127.0.0.1:8080\"]\n[control",
            "[control",
            "1:1: data_plane.listen: this key is required; give it a list of addresses",
        ),
        ("id = 1, ", "", "6:11: keyring.current.id: this key is required; number your keys from 1"),
        (
            "may = [\"issue\"]\n",
            "",
            "9:1: tenant[0].caller[0].may: this key is required; \
             write may = [\"issue\", \"inspect\", \"revoke\"]",
        ),
        (
            "tenant = \"acme\"",
            "",
            "13:1: route[0].tenant: this key is required; or \"tenant_from\" and \"tenants\"",
        ),
        (
            "servers = [\"127.0.0.1:9000\"]",
            "",
            "16:12: route[0].upstream.servers: this key is required; \
             write \"chat.vendor.example:443\" or \"10.0.0.5:443\"",
        ),
    ]);
}

#[test]
fn durations_sizes_and_numbers_keep_their_bounds() {
    let limits = |line| good_but("[keyring]", &format!("[limits]\n{line}\n[keyring]"));
    for (line, expected) in [
        ("header_max = \"1B\"", "6:14: limits.header_max: must be from \"1KiB\" to \"1MiB\""),
        ("payload_max = \"2MiB\"", "6:15: limits.payload_max: must be from \"2B\" to \"1MiB\""),
        ("ttl_default = \"31d\"", "6:15: limits.ttl_default: must be from \"1s\" to \"30d\""),
        ("releases_max = 0", "6:16: limits.releases_max: must be from 1 to 100"),
        (
            "lease_max = \"60\"",
            "6:13: limits.lease_max: must be a whole number and a unit of time; \
             write \"500ms\", \"30s\", \"5m\", \"24h\" or \"7d\"",
        ),
        (
            "request_body_max = \"1MB\"",
            "6:20: limits.request_body_max: must be a whole number and a unit of size; \
             write \"512B\", \"64KiB\", \"1MiB\" or \"1GiB\"",
        ),
    ] {
        assert_eq!(mistakes(&limits(line)), [format!("t.toml:{expected}")]);
    }
    check(&[(
        "id = \"acme\"",
        "id = \"acme\"\nttl_max = \"60d\"",
        "9:11: tenant[0].ttl_max: must be from \"1s\" to \"30d\"",
    )]);
}

#[test]
fn keys_that_are_none_are_mistakes() {
    let make = "make one: (umask 077; cloakroom keygen > keys/1.key)";
    check(&[
        ("id = 1", "id = 0", "6:18: keyring.current.id: must be from 1 to 255"),
        (
            "\"KEY\"",
            "\"NOT_SET\"",
            "6:27: keyring.current.env: the environment variable \"NOT_SET\" is not set",
        ),
        (
            ", env = \"KEY\"",
            "",
            "6:11: keyring.current.file: this key is required; \
             or \"env\" with the name of an environment variable",
        ),
        (
            "current",
            "previous = [{ id = 1, env = \"KEY_2\" }]\ncurrent",
            "5:1: keyring: key id 1 is given twice",
        ),
        (
            "current",
            "previous = [{ id = 2, env = \"KEY\" }]\ncurrent",
            "5:1: keyring: keys 1 and 2 are the same key",
        ),
    ]);
    let short = mistakes(&good_but("\"KEY\"", "\"SHORT\""));
    let expected = "the key is not 32 bytes long; 32 bytes in base64 are needed";
    assert_eq!(short, [format!("t.toml:6:27: keyring.current.env: {expected}; {make}")]);
}

#[test]
fn tenants_and_callers_keep_to_their_names_and_digests() {
    let digest = "0a2b3c4d5e6f708192a3b4c5d6e7f8090a1b2c3d4e5f60718293a4b5c6d7e8f9";
    check(&[
        (
            digest,
            "change-me",
            "11:17: tenant[0].caller[0].secret_sha256: \
             must be 64 hex digits (SHA-256 of the secret); run: printf %s SECRET | sha256sum",
        ),
        (
            digest,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "11:17: tenant[0].caller[0].secret_sha256: this is the digest of an empty secret; \
             run: printf %s SECRET | sha256sum",
        ),
        (
            "\"crm\"",
            "\"c:m\"",
            "10:8: tenant[0].caller[0].name: \
             must be 1 to 64 visible ASCII characters, none of them a colon",
        ),
        (
            "id = \"acme\"",
            "id = \"acme\"\norigins = [\"https://shop.example/\"]",
            "9:12: tenant[0].origins[0]: must be scheme, host and port only, without a path or \
             a slash at its end; write \"https://shop.example\" or \"http://localhost:3000\"",
        ),
        (
            "id = \"acme\"",
            "id = \"acme\"\ncontact_center_ids = [\"a,b\"]",
            "9:23: tenant[0].contact_center_ids[0]: the name has a character that is not allowed",
        ),
        (
            "[[route]]",
            "[[tenant]]\nid = \"acme\"\n[[route]]",
            "14:6: tenant[1].id: another tenant has this id",
        ),
        (
            "[[tenant]]\nid = \"acme\"",
            "[[tenant]]\nid = \"other\"\ncontact_center_ids = [\"CC-1\"]\n\
             [[tenant]]\nid = \"acme\"\ncontact_center_ids = [\"cc-1\"]",
            "12:23: tenant[1].contact_center_ids[0]: \
             a contact center belongs to one tenant; tenant \"other\" has it too",
        ),
    ]);
}

#[test]
fn a_tenant_outside_its_alphabet_is_one_mistake() {
    let text = super::GOOD.replace("\"acme\"", "\"ACME\"");
    let expected = "t.toml:8:6: tenant[0].id: the name has a character that is not allowed; \
                    1 to 64 of: a-z 0-9 . _ -";
    assert_eq!(mistakes(&text), [expected]);
}
