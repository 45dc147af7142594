//! Keys that change under traffic: no handle is refused for it before its key is dropped.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cloakroom::config::load_text;
use cloakroom::server::parts::{Parts, split};

use crate::support::calls::{chat_of, refused};
use crate::support::house::{KEY, issue_with, preamble, route, start_text};
use crate::support::process::{cloakroom, command, piped};
use crate::support::{Browser, Running, SECRET, Vendor};

const KEY_2: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ONE: &str = "current = { id = 1, env = \"KEY\" }";
const BOTH: &str = "current = { id = 2, env = \"KEY_2\" }\nprevious = [{ id = 1, env = \"KEY\" }]";
const TWO: &str = "current = { id = 2, env = \"KEY_2\" }";

fn parts(text: &str, keys: &str, base: &Path) -> Parts {
    let text = text.replace(ONE, keys);
    let env = |name: &str| match name {
        "KEY" => Some(KEY.to_owned()),
        "KEY_2" => Some(KEY_2.to_owned()),
        "KEY_3" => Some(KEY_2.replacen("Hw", "Ig", 1)),
        _ => None,
    };
    split(load_text(&text, "t.toml", base, &env, 2).unwrap_or_else(|wrong| panic!("{wrong}"))).0
}

/// A reload, as the upkeep does it: upstreams are looked at first.
async fn take(running: &Running, parts: Parts) {
    for route in parts.data.routes.iter() {
        route.upstream.refresh().await;
    }
    running.house.take(parts).unwrap();
}

async fn handle(running: &Running) -> String {
    let issued = issue_with(running, SECRET, r#"{"nickname":"Ann"}"#, "").await;
    issued["handle"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_under_traffic_refuses_no_handle_until_the_old_key_is_dropped() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let audit = "[audit]\npath = \"audit.jsonl\"\n";
    let text = format!("{}{audit}{}", preamble(), route("genesys", vendor.address));
    let running = start_text(&text, folder.path()).await;
    let old = handle(&running).await;
    assert!(running.metrics().await.contains("cloakroom_handles{key_id=\"1\"} 1"));

    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let traffic: Vec<_> = (0..4)
        .map(|n| {
            let (data, old) = (running.data, old.clone());
            let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
            tokio::spawn(async move {
                let mut browser = Browser::connect(data).await;
                while !stop.load(Ordering::SeqCst) {
                    let answer = browser.send(&chat_of(&format!("visitor {n}"), &old)).await;
                    assert_eq!(answer.status, 200, "refused in a rotation");
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for keys in [BOTH, ONE, BOTH] {
        // With an old keyring back, the new one's handles must not be asked for.
        take(&running, parts(&text, keys, folder.path())).await;
        let before = sent.load(Ordering::SeqCst);
        while sent.load(Ordering::SeqCst) < before + 20 {
            assert!(traffic.iter().all(|one| !one.is_finished()), "refused in a rotation");
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    for one in traffic {
        one.await.unwrap();
    }

    let new = handle(&running).await;
    for one in [&old, &new] {
        assert_eq!(running.send(&chat_of("Ann", one)).await.status, 200);
    }
    let metrics = running.metrics().await;
    assert!(metrics.contains("cloakroom_handles{key_id=\"1\"} 1"), "still needed: {metrics}");
    assert!(metrics.contains("cloakroom_handles{key_id=\"2\"} 1"), "{metrics}");

    take(&running, parts(&text, TWO, folder.path())).await;
    refused(&running.send(&chat_of("Ann", &old)).await, 403, "handle_unusable");
    assert_eq!(running.send(&chat_of("Ann", &new)).await.status, 200);
    let metrics = running.metrics().await;
    let unknown = r#"cloakroom_redeems_total{outcome="key-unknown",tenant="acme"} 1"#;
    assert!(metrics.contains(unknown), "{metrics}");

    running.house.close();
    let audit = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let changes: Vec<_> =
        audit.lines().filter(|line| line.contains("\"event\":\"keys\"")).collect();
    let keys = ["[2,1]", "[1]", "[2,1]", "[2]"].map(|ids| format!("\"keys\":{ids}"));
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert!(changes.iter().zip(&keys).all(|(line, keys)| line.contains(keys)), "{changes:?}");
    // Lines are marked by the key of their time: both together check all of them.
    let conf = folder.path().join("c.toml");
    let path = folder.path().join("audit.jsonl");
    for (keys, code) in [(BOTH, 0), (TWO, 65)] {
        std::fs::write(&conf, text.replace(ONE, keys)).unwrap();
        let arguments = ["audit", "verify", path.to_str().unwrap(), "-c", conf.to_str().unwrap()];
        let mut verify = command(&arguments);
        verify.env("KEY", KEY).env("KEY_2", KEY_2);
        let output = piped(verify, "");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

#[tokio::test]
async fn another_key_under_a_known_number_is_refused_and_said_by_what_it_is_known_by() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let audit = "[audit]\npath = \"audit.jsonl\"\n";
    let text = format!("{}{audit}{}", preamble(), route("genesys", vendor.address));
    let running = start_text(&text, folder.path()).await;
    let old = handle(&running).await;
    let replaced = "current = { id = 1, env = \"KEY_2\" }";
    let fault = running.house.take(parts(&text, replaced, folder.path())).unwrap_err();
    assert!(fault.to_string().starts_with("key 1 is another key"), "{fault}");
    assert_eq!(running.send(&chat_of("Ann", &old)).await.status, 200, "what was there goes on");

    // Also one that came and went before.
    take(&running, parts(&text, BOTH, folder.path())).await;
    take(&running, parts(&text, TWO, folder.path())).await;
    let back = TWO.to_owned() + "\nprevious = [{ id = 1, env = \"KEY_3\" }]";
    assert!(running.house.take(parts(&text, &back, folder.path())).is_err());
    take(&running, parts(&text, BOTH, folder.path())).await;
    assert_eq!(running.send(&chat_of("Bob", &old)).await.status, 200);

    running.house.close();
    let audit = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let keys: Vec<_> = lines.iter().filter(|line| line["event"] == "keys").collect();
    let outcomes: Vec<_> = keys.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "taken", "taken", "refused", "taken"]);
    let start = lines.iter().find(|line| line["event"] == "start").unwrap();
    assert_eq!(start["keys"], serde_json::json!([1]));
    assert_ne!(start["checks"], keys[0]["checks"], "two keys of one number");
    assert_eq!(keys[1]["checks"], serde_json::json!([keys[0]["checks"][0], start["checks"][0]]));
    assert!(!audit.contains(KEY) && !audit.contains(KEY_2));
}

#[tokio::test]
async fn the_old_key_may_go_when_the_gauge_has_none_of_its_handles() {
    let vendor = Vendor::start().await;
    let text = format!("{}{}", preamble(), route("genesys", vendor.address));
    let running = start_text(&text, Path::new(".")).await;
    let old = issue_with(&running, SECRET, "{}", "").await;
    take(&running, parts(&text, BOTH, Path::new("."))).await;
    handle(&running).await;
    let path = format!("/v1/handles/{}", old["id"].as_str().unwrap());
    assert_eq!(running.control("DELETE", &path, SECRET, "").await.status, 204);
    let metrics = running.metrics().await;
    assert!(!metrics.contains("cloakroom_handles{key_id=\"1\"} 1"), "{metrics}");
    assert!(metrics.contains("cloakroom_handles{key_id=\"2\"} 1"), "{metrics}");
}

#[test]
fn a_lost_current_key_or_one_that_others_can_read_is_told_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("c.toml"), folder.path().join("1.key"));
    let text = preamble().replace("env = \"KEY\"", "file = \"1.key\"");
    std::fs::write(&file, text).unwrap();
    let start = || {
        let output = cloakroom(&["serve", "-c", file.to_str().unwrap()], "");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = start();
    assert_eq!(code, Some(78));
    assert!(
        said.contains("keyring.current.file: cannot read ") && said.contains("1.key"),
        "{said}"
    );
    std::fs::write(&key, KEY).unwrap();
    for loose in [0o644, 0o660, 0o602] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(loose)).unwrap();
        let (code, said) = start();
        assert_eq!(code, Some(78));
        assert!(said.contains("others than the owner have access to this key file"), "{said}");
        assert!(said.contains("chmod 600"), "{said}");
    }
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&key, "").unwrap();
    let (code, said) = start();
    assert_eq!(code, Some(78));
    assert!(said.contains("32 bytes in base64 are needed"), "{said}");
}
