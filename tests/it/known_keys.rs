//! A store remembers what the keys are known by that sealed its records: a restart with another
//! key under a known number is told, and not found out by customers.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cloakroom::config::load_text;
use cloakroom::domain::keyring::KeyCheck;
use cloakroom::domain::{KeyId, Keyring};
use cloakroom::server::parts::split;
use cloakroom::store::Knowing;

use crate::store_conformance::stores;
use crate::support::house::{KEY, issue_with, preamble, start_text};
use crate::support::process::cloakroom;
use crate::support::{Running, SECRET};

const OTHER: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ON_DISK: &str = "kind = \"disk\"\npath = \"store.db\"";

fn text() -> String {
    preamble().replace("kind = \"memory\"", ON_DISK)
}

async fn issued(running: &Running) -> String {
    let issued = issue_with(running, SECRET, r#"{"nickname":"Ann"}"#, "").await;
    issued["id"].as_str().unwrap().to_owned()
}

/// Of a key under the number 1.
fn keyring(key: &'static str, folder: &Path) -> Keyring {
    let env = |name: &str| (name == "KEY").then(|| key.to_owned());
    split(load_text(&text(), "t.toml", folder, &env, 2).unwrap()).0.keyring
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
        "the store: key 1 of the keyring ({then}) is not the key 1 ({before}) that sealed 1 records"
    );
    assert!(last.starts_with(&begin), "{said}");
    assert!(last.ends_with("or give the new key a number of its own"), "{said}");
    assert!(!said.contains(OTHER) && !said.contains(KEY));
}

#[tokio::test]
async fn a_reload_is_refused_too_and_a_number_is_free_when_nothing_is_left_under_it() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_text(&text(), folder.path()).await;
    let id = issued(&running).await;
    let (known, other) = (keyring(KEY, folder.path()), keyring(OTHER, folder.path()));
    assert!(running.house.examine_keys(&known).await.is_ok());
    let why = running.house.examine_keys(&other).await.unwrap_err();
    assert!(why.starts_with("key 1 of the keyring"), "{why}");
    let gone = running.control("DELETE", &format!("/v1/handles/{id}"), SECRET, "").await;
    assert_eq!(gone.status, 204);
    assert!(running.house.examine_keys(&other).await.is_ok());
    // From now on it is the other key's.
    assert!(running.house.examine_keys(&known).await.is_ok(), "nothing is sealed under either");
}

#[tokio::test]
async fn every_store_that_outlives_a_process_remembers_the_first_key_of_a_number() {
    let [one, two] = [1, 2].map(|id| KeyId::new(id).unwrap());
    let [first, second] = [KeyCheck::from_bytes([1; 8]), KeyCheck::from_bytes([2; 8])];
    // The first of the stores is the one in memory.
    for engine in &stores().await[1..] {
        let store = &engine.store;
        let known = |id, check, knowing| store.know_key(id, check, knowing);
        assert_eq!(known(one, first, Knowing::Once).await, Ok(first), "{store:?}");
        assert_eq!(known(one, second, Knowing::Once).await, Ok(first), "{store:?}");
        assert_eq!(known(two, second, Knowing::Once).await, Ok(second), "{store:?}");
        assert_eq!(known(one, second, Knowing::Anew).await, Ok(second), "{store:?}");
        assert_eq!(known(one, first, Knowing::Once).await, Ok(second), "{store:?}");
        assert_eq!(store.census().await.unwrap().entries, 0, "it is no record: {store:?}");
    }
}
