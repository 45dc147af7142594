//! What the parser promises: every mistake has its line, key and hint, all of
//! them are told at once, and a file without one resolves to what it says.

mod dialects;
mod files;
mod kinds;
mod stores;
mod together;
mod ways;

use std::path::Path;

use super::{Config, Mistakes, load_text};

/// 32 bytes of nothing in particular.
pub(super) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(super) const KEY_2: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The least that resolves. Its lines are counted by the tests.
pub(super) const GOOD: &str = r#"[data_plane]
listen = ["127.0.0.1:8080"]
[control_plane]
listen = ["127.0.0.1:8081"]
[keyring]
current = { id = 1, env = "KEY" }
[[tenant]]
id = "acme"
[[tenant.caller]]
name = "crm"
secret_sha256 = "0a2b3c4d5e6f708192a3b4c5d6e7f8090a1b2c3d4e5f60718293a4b5c6d7e8f9"
may = ["issue"]
[[route]]
dialect = "generic"
tenant = "acme"
upstream = { servers = ["127.0.0.1:9000"] }
"#;

pub(super) fn env(name: &str) -> Option<String> {
    match name {
        "KEY" | "CLOAKROOM_KEY" | "CLOAKROOM_KEY_1" => Some(KEY.to_owned()),
        "KEY_2" => Some(KEY_2.to_owned()),
        "SHORT" => Some("c2hvcnQ=".to_owned()),
        "HALO_JWT" | "PASSWORD" => Some("a shared secret".to_owned()),
        _ => None,
    }
}

pub(super) fn load_in(base: &Path, text: &str) -> Result<Config, Mistakes> {
    load_text(text, "t.toml", base, &env, 7)
}

pub(super) fn load(text: &str) -> Result<Config, Mistakes> {
    load_in(Path::new("."), text)
}

/// Every mistake of a text, printed.
pub(super) fn mistakes(text: &str) -> Vec<String> {
    mistakes_in(Path::new("."), text)
}

pub(super) fn mistakes_in(base: &Path, text: &str) -> Vec<String> {
    match load_in(base, text) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.to_string().lines().map(str::to_owned).collect(),
    }
}

/// [`GOOD`] with one thing replaced, which must be there.
pub(super) fn good_but(what: &str, with: &str) -> String {
    assert!(GOOD.contains(what), "{what}");
    GOOD.replacen(what, with, 1)
}

#[test]
fn the_least_resolves() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.settings.generation, 7);
    assert_eq!(config.settings.routes.iter().count(), 1);
    assert_eq!(config.tenancy.tenants().count(), 1);
    assert_eq!(config.data_plane.listeners.len(), 1);
}
