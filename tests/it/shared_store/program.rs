//! The program over a store that outlives it: what it says when it cannot have it, and
//! what is there after it was killed.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{PAYLOAD, in_redis, on_disk, over};
use crate::redis_store::servers::Server;
use crate::support::calls::chat_with;
use crate::support::house::route;
use crate::support::process::{Process, command, free_ports, listening, piped};
use crate::support::{Browser, SECRET, Vendor, request};

fn configuration(folder: &Path, store: &str, vendor: &Vendor, ports: SocketAddr) -> PathBuf {
    let control = SocketAddr::new(ports.ip(), ports.port() + 1);
    let text = over(store, &route("genesys", vendor.address))
        .replace("127.0.0.1:8080", &ports.to_string())
        .replace("127.0.0.1:8081", &control.to_string());
    let file = folder.join("cloakroom.toml");
    fs::write(&file, text).unwrap();
    file
}

fn prepared(verb: &str, file: &Path) -> Command {
    let mut command = command(&[verb, "-c", file.to_str().unwrap()]);
    command.env("KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    command
}

/// The one line that it ends with, and its code.
fn ends(verb: &str, file: &Path) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = piped(prepared(verb, file), "");
    let said = String::from_utf8(stderr).unwrap();
    let plain: Vec<_> = said.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(plain.len(), 1, "{said}");
    (status.code(), plain[0].to_owned())
}

#[tokio::test]
async fn a_disk_store_that_cannot_be_opened_ends_the_program_with_one_line() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let ports = free_ports(2);
    let missing = folder.path().join("missing");
    let file = configuration(folder.path(), &on_disk(&missing), &vendor, ports);
    let (code, line) = ends("serve", &file);
    assert_eq!(code, Some(74), "{line}");
    assert!(line.contains("the disk store: the folder") && line.contains("missing"), "{line}");
    let (code, line) = ends("check", &file);
    assert_eq!(code, Some(78), "{line}");
    assert!(line.contains("missing does not exist"), "{line}");

    let file = configuration(folder.path(), &on_disk(folder.path()), &vendor, ports);
    let store = folder.path().join("store.db");
    fs::write(&store, "no database, but long enough to be taken for one").unwrap();
    fs::set_permissions(&store, Permissions::from_mode(0o600)).unwrap();
    let (code, line) = ends("serve", &file);
    assert_eq!(code, Some(74), "{line}");
    assert!(line.contains("store.db is not a database of Cloakroom's"), "{line}");
    fs::set_permissions(&store, Permissions::from_mode(0o644)).unwrap();
    for (verb, code) in [("serve", 74), ("check", 78)] {
        let (ended, line) = ends(verb, &file);
        assert_eq!(ended, Some(code), "{line}");
        assert!(line.contains("mode 644") && line.contains("chmod 600"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_must_not_be_used_ends_the_program_with_one_line() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let server = Server::start(&["--requirepass", "correct-horse"]).await;
    let file = configuration(folder.path(), &in_redis(&server), &vendor, free_ports(2));
    let serve = file.clone();
    let (code, line) = tokio::task::spawn_blocking(move || ends("serve", &serve)).await.unwrap();
    assert_eq!(code, Some(69), "{line}");
    assert!(line.contains("redis refused the user or password"), "{line}");
    // Nothing is connected to: all that can be checked is in order.
    assert_eq!(piped(prepared("check", &file), "").status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_outlives_a_killed_process_on_disk() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let data = free_ports(2);
    let control = SocketAddr::new(data.ip(), data.port() + 1);
    let file = configuration(folder.path(), &on_disk(folder.path()), &vendor, data);
    let first = Process::start(prepared("serve", &file));
    listening(control).await;
    let bearer = format!("Bearer {SECRET}");
    let body = format!(r#"{{"payload":{PAYLOAD},"uses":"once"}}"#);
    let call = request("POST", "/v1/handles", &[("Authorization", &bearer)], body.as_bytes());
    let issued = Browser::connect(control).await.send(&call).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let handle = issued.json()["handle"].as_str().unwrap().to_owned();
    first.signal("-KILL");
    first.end().await;

    let _second = Process::start(prepared("serve", &file));
    listening(data).await;
    let redeemed = Browser::connect(data).await.send(&chat_with(&handle)).await;
    assert_eq!(redeemed.status, 200, "{redeemed:?}");
    assert!(vendor.only().text().contains("ann@example.com"));
}
