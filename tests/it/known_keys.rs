//! A store remembers what the keys are known by that sealed its records: a restart with another
//! key under a known number is told, and not found out by customers.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cloakroom::config::load_text;
use cloakroom::domain::keyring::KeyCheck;
use cloakroom::domain::{KeyId, Keyring};
use cloakroom::server::Fitness;
use cloakroom::server::parts::{Parts, split};
use cloakroom::store::Store as _;
use cloakroom::store::disk::{DiskOptions, DiskStore};

use crate::redis_store::servers::{Server, until};
use crate::shared_store::{in_redis, over};
use crate::store_conformance::stores;
use crate::support::house::{KEY, issue_with, preamble, route, start_text};
use crate::support::process::cloakroom;
use crate::support::{Running, SECRET, Vendor};

const OPTIONS: DiskOptions = DiskOptions { entries_max: 100, bytes_max: 64 << 20 };
const OTHER: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ON_DISK: &str = "kind = \"disk\"\npath = \"store.db\"";

fn text() -> String {
    preamble().replace("kind = \"memory\"", ON_DISK)
}

async fn issued(running: &Running) {
    issue_with(running, SECRET, r#"{"nickname":"Ann"}"#, "").await;
}

/// Of a key under the number 1.
fn keyring(key: &'static str, folder: &Path) -> Keyring {
    parts(&text(), key, folder).keyring
}

#[tokio::test]
async fn a_restart_with_another_key_under_a_known_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_text(&text(), folder.path()).await;
    issued(&running).await;
    let (file, key) = (folder.path().join("c.toml"), folder.path().join("1.key"));
    std::fs::write(&file, text().replace("env = \"KEY\"", "file = \"1.key\"")).unwrap();
    std::fs::write(&key, OTHER).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let output = cloakroom(&["serve", "-c", file.to_str().unwrap()], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(69), "{said}");
    let last = said.lines().last().unwrap();
    let [before, then] = [KEY, OTHER].map(|key| {
        let keyring = keyring(key, folder.path());
        keyring.checks().next().unwrap().1.to_string()
    });
    let begin = format!(
        "the store: key 1 of the keyring ({then}) is not the key 1 ({before}) that this store was used with"
    );
    assert!(last.starts_with(&begin), "{said}");
    assert!(last.ends_with("or give the new key a number of its own"), "{said}");
    assert!(!said.contains(OTHER) && !said.contains(KEY));
}

fn parts(text: &str, key: &'static str, folder: &Path) -> Parts {
    let env = |name: &str| match name {
        "KEY" => Some(key.to_owned()),
        "KEY_2" => Some(OTHER.to_owned()),
        _ => None,
    };
    split(load_text(text, "t.toml", folder, &env, 2).map_err(|wrong| wrong.to_string()).unwrap()).0
}

#[tokio::test]
async fn a_reload_that_is_refused_leaves_the_store_knowing_what_it_knew() {
    let folder = tempfile::tempdir().unwrap();
    let audit = "[audit]\npath = \"audit.jsonl\"\n";
    let text = format!("{audit}{}", text());
    let running = start_text(&text, folder.path()).await;
    issued(&running).await;
    // Another node has a third key under the number 2.
    let two = KeyId::new(2).unwrap();
    let store = DiskStore::open(&folder.path().join("store.db"), OPTIONS).unwrap();
    store.know_key(two, KeyCheck::from_bytes([3; 8])).await.unwrap();
    let both = "current = { id = 1, env = \"KEY\" }\nprevious = [{ id = 2, env = \"KEY_2\" }]";
    let both = text.replace("current = { id = 1, env = \"KEY\" }", both);
    let why = running.house.renew(parts(&both, KEY, folder.path())).await.unwrap_err().to_string();
    assert!(
        why.starts_with("key 2 of the keyring (") && why.contains("(0303030303030303)"),
        "{why}"
    );
    // And this node knows another one under the number 1.
    let why = running.house.renew(parts(&text, OTHER, folder.path())).await.unwrap_err();
    assert!(why.to_string().starts_with("key 1 of the keyring"), "{why}");
    assert!(running.house.unfit().is_none(), "what was there goes on");
    issued(&running).await;
    running.house.renew(parts(&text, KEY, folder.path())).await.unwrap();
    drop(running);
    let again = start_text(&text, folder.path()).await;
    assert_eq!(again.house.examine_store().await, Fitness::Fit, "the right key is the right key");
    again.house.close();
    let audit = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let refused = |line: &&str| line.contains("\"keys\"") && line.contains("\"refused\"");
    assert_eq!(audit.lines().filter(refused).count(), 2, "{audit}");
}

#[tokio::test]
async fn a_redis_that_comes_late_is_asked_about_the_keys_that_are_in_use_by_then() {
    let vendor = Vendor::start().await;
    let mut server = Server::start(&[]).await;
    let text = over(&in_redis(&server), &route("genesys", vendor.address));
    server.kill();
    let folder = tempfile::tempdir().unwrap();
    let running = start_text(&text, folder.path()).await;
    assert_eq!(running.house.examine_store().await, Fitness::Unknown);
    let replaced = text.replace("id = 1, env = \"KEY\"", "id = 2, env = \"KEY_2\"");
    running.house.renew(parts(&replaced, KEY, folder.path())).await.unwrap();
    server.restart().await;
    server.store().know_key(KeyId::new(2).unwrap(), KeyCheck::from_bytes([3; 8])).await.unwrap();
    let asked = async || running.house.examine_store().await == Fitness::Unfit;
    until("the store says what it knows", asked).await;
    let answer = running.control("POST", "/v1/handles", SECRET, r#"{"payload":{}}"#).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(running.house.unfit().unwrap().starts_with("key 2 of the keyring"));
}

#[tokio::test]
async fn every_store_that_outlives_a_process_remembers_the_first_key_of_a_number() {
    let [one, two] = [1, 2].map(|id| KeyId::new(id).unwrap());
    let [first, second] = [KeyCheck::from_bytes([1; 8]), KeyCheck::from_bytes([2; 8])];
    // The first of the stores is the one in memory.
    for engine in &stores().await[1..] {
        let store = &engine.store;
        assert_eq!(store.known_key(one).await, Ok(None), "{store:?}");
        assert_eq!(store.know_key(one, first).await, Ok(first), "{store:?}");
        assert_eq!(store.know_key(one, second).await, Ok(first), "{store:?}");
        assert_eq!(store.known_key(one).await, Ok(Some(first)), "{store:?}");
        assert_eq!(store.know_key(two, second).await, Ok(second), "{store:?}");
        assert_eq!(store.census().await.unwrap().entries, 0, "it is no record: {store:?}");
    }
}
