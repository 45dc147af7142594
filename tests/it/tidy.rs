//! The house's rules, read off the sources: floors, absences, words and sizes.
//!
//! A rule that only people keep is kept until they are in a hurry.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by floor; a room may use what is on a lower floor, or beside it unless
/// `STRANGERS` says otherwise.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("rewrite", 0),
    ("dialect", 1),
    ("store", 1),
    ("clock", 1),
    ("vault", 2),
    ("proxy", 3),
    ("admin", 3),
    ("reject", 3),
    ("telemetry", 3),
    ("config", 4),
    ("server", 5),
    ("cli", 6),
];

/// Rooms on one floor that do not know each other.
const STRANGERS: &[(&str, &str)] = &[
    ("proxy", "admin"),
    ("admin", "proxy"),
    ("reject", "proxy"),
    ("reject", "admin"),
    ("telemetry", "proxy"),
    ("telemetry", "admin"),
    ("dialect", "store"),
    ("store", "dialect"),
    ("domain", "rewrite"),
    ("rewrite", "domain"),
];

/// Words that only these files may say.
const RESERVED: &[(&[&str], &[&str])] = &[
    (&["pingora::", "use pingora"], &["src/proxy/", "src/server/"]),
    (&["moka"], &["src/store/redis/near.rs"]),
    (&["rusqlite"], &["src/store/disk"]),
    (&["redis::", "use redis"], &["src/store/redis", "src/config/store", "src/server/"]),
    (&["use hmac", "hmac::"], &["src/domain/keyring.rs"]),
    (&["aes_gcm"], &["src/domain/seal.rs"]),
    (&["axum"], &["src/admin/", "src/server/", "src/cli/demo/"]),
    (
        &[
            "StatusCode::BAD",
            "StatusCode::UNAUTH",
            "StatusCode::FORB",
            "StatusCode::NOT_F",
            "StatusCode::INTERNAL",
            "StatusCode::SERVICE",
            "StatusCode::GATEWAY",
            "StatusCode::PAYLOAD",
        ],
        &["src/reject", "src/cli/demo/"],
    ),
];

/// What the pure floors never say.
const IMPURE: &[&str] = &[
    "async fn",
    ".await",
    "std::fs",
    "std::net",
    "tokio",
    "SystemTime",
    "Instant::now",
    "getrandom",
];

struct Source {
    path: String,
    text: String,
    /// Without its tests and comments.
    code: String,
}

impl Source {
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap();
        inside.split(['/', '.']).next().unwrap()
    }
}

fn sources(under: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(under), &mut found);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let code = if is_test(&path) { String::new() } else { code(&text) };
        Source { path, text, code }
    };
    found.into_iter().map(read).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Modules that are compiled for tests only, by their names.
fn is_test(path: &str) -> bool {
    ["/tests/", "/tests.rs", "/model.rs", "/sample.rs", "/reference.rs"]
        .iter()
        .any(|part| path.contains(part))
}

fn code(text: &str) -> String {
    let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = production.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Every `crate::room` that a source mentions.
fn uses(code: &str) -> Vec<&str> {
    let after = code.split("crate::").skip(1);
    after
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
        .collect()
}

#[test]
fn arrows_point_down_only() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let Some(own) = floor(source.room()) else { continue };
        for used in uses(&source.code) {
            let Some(other) = floor(used) else { continue };
            let strangers = STRANGERS.contains(&(source.room(), used));
            if other > own || strangers {
                wrong.push(format!("{} uses {used}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_room_has_a_floor() {
    for source in sources("src") {
        let room = source.room();
        assert!(floor(room).is_some() || ["lib", "main"].contains(&room), "{}", source.path);
    }
}

#[test]
fn a_library_is_named_only_where_it_is_hidden() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        for (words, places) in RESERVED {
            let at_home = places.iter().any(|place| source.path.starts_with(place));
            if let Some(word) = words.iter().find(|word| source.code.contains(**word))
                && !at_home
            {
                wrong.push(format!("{} says {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_pure_floors_never_wait_and_never_look_outside() {
    for source in sources("src") {
        if !["domain", "rewrite", "dialect"].contains(&source.room()) {
            continue;
        }
        for word in IMPURE {
            assert!(!source.code.contains(word), "{} says {word}", source.path);
        }
    }
}

#[test]
fn no_vendor_is_named_in_rust() {
    let vendors = ["quiq", "genesys", "halo", "opendialog", "alli"];
    for source in sources("src") {
        if is_test(&source.path) {
            continue;
        }
        // Comments count: an idea that needs a vendor's name is that vendor's.
        let production = source.text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lower = production.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        let named: Vec<_> = words.filter(|word| vendors.contains(word)).collect();
        assert!(named.is_empty(), "{} names {named:?}", source.path);
    }
}

#[test]
fn every_file_says_its_job_and_stays_small() {
    for source in sources("src").into_iter().chain(sources("tests")) {
        assert!(source.text.starts_with("//!"), "{} does not open with //!", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= 300, "{} has {lines} lines: which two things is it?", source.path);
    }
}

#[test]
fn names_are_the_words_of_the_house() {
    let banned = ["fn get_", "Manager", "Helper", "Util", "detokenize", "hydrate", "adapter"];
    for source in sources("src") {
        for word in banned {
            assert!(!source.code.contains(word), "{} says {word}", source.path);
        }
    }
    for name in ["util.rs", "common.rs", "types.rs", "error.rs", "helpers.rs"] {
        let end = format!("/{name}");
        assert!(sources("src").iter().all(|source| !source.path.ends_with(&end)), "{name}");
    }
}

#[test]
fn a_lint_is_obeyed_and_not_silenced() {
    for source in sources("src").into_iter().chain(sources("tests")) {
        if source.path.ends_with("tidy.rs") {
            continue;
        }
        for word in ["#[allow(", "#![allow(", "#[ignore", "thread::sleep", "time::sleep"] {
            // The drain of a stop, and the pauses between tries that a store, or another
            // writer, did not take.
            let waits = ["src/server/signals.rs", "src/vault/insist.rs", "src/vault/newest.rs"];
            let pause = waits.contains(&source.path.as_str()) && word == "time::sleep";
            assert!(!source.text.contains(word) || pause, "{} says {word}", source.path);
        }
    }
}
