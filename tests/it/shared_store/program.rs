//! The program over a store that outlives it: what it says when it cannot have it, and
//! what is there after it was killed.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{PAYLOAD, in_redis, indiscreet, on_disk, over, poll};
use crate::redis_store::servers::Server;
use crate::support::calls::chat_with;
use crate::support::house::route;
use crate::support::process::{Process, command, free_ports, listening, piped};
use crate::support::{Answer, Browser, SECRET, Vendor, request};

fn configuration(folder: &Path, store: &str, route: &str, ports: SocketAddr) -> PathBuf {
    let control = SocketAddr::new(ports.ip(), ports.port() + 1);
    let text = over(store, route)
        .replace("127.0.0.1:8080", &ports.to_string())
        .replace("127.0.0.1:8081", &control.to_string());
    let file = folder.join("cloakroom.toml");
    fs::write(&file, text).unwrap();
    file
}

fn to(vendor: &Vendor) -> String {
    route("genesys", vendor.address)
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
    let file = configuration(folder.path(), &on_disk(&missing), &to(&vendor), ports);
    let (code, line) = ends("serve", &file);
    assert_eq!(code, Some(74), "{line}");
    assert!(line.contains("the disk store: the folder") && line.contains("missing"), "{line}");
    let (code, line) = ends("check", &file);
    assert_eq!(code, Some(78), "{line}");
    assert!(line.contains("missing does not exist"), "{line}");

    let file = configuration(folder.path(), &on_disk(folder.path()), &to(&vendor), ports);
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
    let file = configuration(folder.path(), &in_redis(&server), &to(&vendor), free_ports(2));
    let serve = file.clone();
    let (code, line) = tokio::task::spawn_blocking(move || ends("serve", &serve)).await.unwrap();
    assert_eq!(code, Some(69), "{line}");
    assert!(line.contains("redis refused the user or password"), "{line}");
    // Nothing is connected to: all that can be checked is in order.
    assert_eq!(piped(prepared("check", &file), "").status.code(), Some(0));
}

/// The program, started on real ports.
pub(super) struct Serving {
    pub(super) data: SocketAddr,
    pub(super) control: SocketAddr,
    file: PathBuf,
}

impl Serving {
    pub(super) fn over(store: &str, folder: &Path, vendor: &Vendor) -> Self {
        Self::through(store, folder, vendor, "")
    }

    /// The same with `more` said of the upstream.
    pub(super) fn through(store: &str, folder: &Path, vendor: &Vendor, more: &str) -> Self {
        let data = free_ports(2);
        let control = SocketAddr::new(data.ip(), data.port() + 1);
        let route = to(vendor).replace("] }", &format!("]{more} }}"));
        Self { data, control, file: configuration(folder, store, &route, data) }
    }

    pub(super) async fn start(&self) -> Process {
        let process = Process::start(prepared("serve", &self.file));
        listening(self.data).await;
        listening(self.control).await;
        process.obeys().await;
        process
    }

    pub(super) async fn issue(&self, uses: &str) -> String {
        let bearer = format!("Bearer {SECRET}");
        let body = format!(r#"{{"payload":{PAYLOAD},"uses":"{uses}"}}"#);
        let call = request("POST", "/v1/handles", &[("Authorization", &bearer)], body.as_bytes());
        let issued = self.to(self.control, &call).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        issued.json()["handle"].as_str().unwrap().to_owned()
    }

    pub(super) async fn to(&self, address: SocketAddr, call: &[u8]) -> Answer {
        Browser::connect(address).await.send(call).await
    }

    pub(super) async fn redeem(&self, handle: &str) -> Answer {
        self.to(self.data, &chat_with(handle)).await
    }
}

#[tokio::test]
async fn a_handle_outlives_a_killed_process_on_disk() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let serving = Serving::over(&on_disk(folder.path()), folder.path(), &vendor);
    let first = serving.start().await;
    let handle = serving.issue("once").await;
    first.signal("-KILL");
    first.end().await;

    let _second = serving.start().await;
    let redeemed = serving.redeem(&handle).await;
    assert_eq!(redeemed.status, 200, "{redeemed:?}");
    assert!(vendor.only().text().contains("ann@example.com"));
}

#[tokio::test]
async fn while_the_binary_is_upgraded_every_handle_on_disk_goes_on_working() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let serving = Serving::over(&on_disk(folder.path()), folder.path(), &vendor);
    let old = serving.start().await;
    let before = serving.issue("until-expiry").await;
    let mut command = prepared("serve", &serving.file);
    command.arg("--upgrade");
    let _new = Process::start(command);
    // The old one looks for it for a few seconds only.
    while !folder.path().join("upgrade.sock").exists() {
        tokio::task::yield_now().await;
    }
    old.signal("-QUIT");
    // The old one answers until it has handed over, the new one from then on.
    for _ in 0..50 {
        let handle = serving.issue("once").await;
        assert_eq!(serving.redeem(&handle).await.status, 200);
        assert_eq!(serving.redeem(&before).await.status, 200);
    }
    assert_eq!(old.end().await.status.code(), Some(0));
    assert_eq!(serving.redeem(&before).await.status, 200);
    assert_eq!(serving.redeem(&serving.issue("once").await).await.status, 200);
}

#[tokio::test]
async fn the_program_remembers_conversations_in_redis() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), indiscreet().await);
    let server = Server::start(&[]).await;
    let serving = Serving::over(&in_redis(&server), folder.path(), &vendor);
    let one = serving.start().await;
    let handle = serving.issue("once").await;
    assert_eq!(serving.redeem(&handle).await.status, 200);
    let polled = serving.to(serving.data, &poll("c-77")).await;
    assert_eq!(polled.status, 200, "{polled:?}");
    assert!(!polled.text().contains("ann@example.com"), "{polled:?}");
    one.signal("-KILL");
    one.end().await;
    let _other = serving.start().await;
    let polled = serving.to(serving.data, &poll("c-77")).await;
    assert!(polled.text().contains("Hello"), "{polled:?}");
    assert!(!polled.text().contains("ann@example.com"), "{polled:?}");
}
