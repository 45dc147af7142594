//! When no line can be written: nothing that would need one is done, unless the operator
//! said otherwise.

use std::os::unix::fs::PermissionsExt;

use super::{Audited, lines, said, text, whole};
use crate::support::calls::{chat_with, refused};
use crate::support::house::start_text;
use crate::support::process::{Process, free_ports, listening};
use crate::support::{Browser, SECRET, Vendor, request};

impl Audited {
    /// Makes the path lead nowhere: no line can be written, whoever asks.
    pub(super) fn obstruct(&self) {
        std::fs::rename(self.path(), self.folder.path().join("aside")).unwrap();
        std::os::unix::fs::symlink(self.folder.path().join("none/x"), self.path()).unwrap();
    }

    /// In one step: a file that was begun in between would be lost.
    pub(super) fn clear(&self) {
        std::fs::rename(self.folder.path().join("aside"), self.path()).unwrap();
    }
}

#[tokio::test]
async fn while_nothing_can_be_written_nothing_is_issued_revealed_or_revoked() {
    for sync in ["interval", "every"] {
        let vendor = Vendor::start().await;
        let audited = Audited::start(&vendor, &format!("sync = \"{sync}\"")).await;
        let running = &audited.running;
        let issued = audited.issue(r#"{"payload":{"nickname":"Ann"},"uses":"once"}"#).await.json();
        let handle = issued["handle"].as_str().unwrap();
        audited.obstruct();
        if sync == "every" {
            assert_eq!(audited.issue(r#"{"payload":{}}"#).await.status, 503, "none slips through");
        }
        audited.until(503).await;
        let document = audited.issue(r#"{"payload":{}}"#).await.json();
        assert_eq!(document["title"], "The audit cannot be written");
        refused(&running.send(&chat_with(handle)).await, 503, "unavailable");
        let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
        assert_eq!(running.control("DELETE", &path, SECRET, "").await.status, 503);
        assert_eq!(
            running.control("DELETE", "/v1/handles?subject=a", SECRET, "").await.status,
            503
        );
        let ready = running.control("GET", "/readyz", "", "").await;
        assert_eq!((ready.status, ready.text().as_str()), (503, "the audit cannot be written\n"));
        let metrics = running.metrics().await;
        assert!(metrics.contains("cloakroom_audit_failing 1"), "{metrics}");
        assert!(metrics.contains(r#"outcome="unaudited",tenant="acme"} 1"#), "{metrics}");
        vendor.saw_nothing();

        audited.clear();
        audited.until(201).await;
        // A try while nothing could be audited has cost no lease.
        let state = running.control("GET", &path, SECRET, "").await.json();
        assert_eq!(state["state"], "live");
        assert_eq!(running.send(&chat_with(handle)).await.status, 200);
        assert!(running.metrics().await.contains("cloakroom_audit_failing 0"));
        let lines = audited.lines();
        assert_eq!(said(&lines, "recover"), ["writing-again"]);
        assert_eq!(said(&lines, "redeem"), ["granted"], "{sync}");
        whole(&[audited.path()]);
    }
}

#[tokio::test]
async fn where_the_operator_said_so_calls_go_on_and_are_written_later() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "on_audit_failure = \"continue\"").await;
    audited.obstruct();
    let failing = async {
        while !audited.running.metrics().await.contains("cloakroom_audit_failing 1") {
            assert_eq!(audited.issue(r#"{"payload":{}}"#).await.status, 201);
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), failing).await.unwrap();
    let issued = audited.issue(r#"{"payload":{"nickname":"Ann"}}"#).await.json();
    let handle = issued["handle"].as_str().unwrap();
    assert_eq!(audited.running.send(&chat_with(handle)).await.status, 200);
    audited.clear();
    let lines = audited.lines();
    assert_eq!(said(&lines, "redeem"), ["granted"]);
    let issues = lines.iter().filter(|line| line["event"] == "issue").count();
    assert!(lines.iter().any(|line| line["handle"] == issued["id"]) && issues >= 2, "{lines:#?}");
    whole(&[audited.path()]);
}

#[tokio::test]
async fn a_file_that_others_can_read_or_whose_end_is_damaged_is_not_written_to() {
    let vendor = Vendor::start().await;
    let good = {
        let audited = Audited::start(&vendor, "").await;
        audited.lines();
        std::fs::read(audited.path()).unwrap()
    };
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let mut damaged = good.clone();
    let at = damaged.len() - 20;
    damaged[at] = b'?';
    for content in [damaged, b"no audit\n".to_vec(), vec![b'x'; 20_000]] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(&path, &content).unwrap();
        mode(&path, 0o600);
        let running = start_text(&text(&vendor, ""), folder.path()).await;
        let answer = running.control("POST", "/v1/handles", SECRET, r#"{"payload":{}}"#).await;
        assert_eq!(answer.status, 503);
        running.house.close();
        assert_eq!(std::fs::read(&path).unwrap(), content, "what stands there is evidence");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    std::fs::write(&path, "").unwrap();
    mode(&path, 0o644);
    let told = crate::support::house::mistakes(&text(&vendor, ""), folder.path());
    assert!(told.contains("audit.path: others than the owner have access to this file"), "{told}");
    mode(&path, 0o600);
    let running = start_text(&text(&vendor, ""), folder.path()).await;
    running.house.close();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn half_a_line_that_a_crash_left_is_cut_off_and_that_is_said() {
    let vendor = Vendor::start().await;
    let first = Audited::start(&vendor, "").await;
    first.issue(r#"{"payload":{}}"#).await;
    first.lines();
    let good = std::fs::read(first.path()).unwrap();
    for torn in [1, 100, 300] {
        let half = [&good[..], &good[..torn]].concat();
        std::fs::write(first.path(), half).unwrap();
        let running = start_text(&first.text, first.folder.path()).await;
        running.house.close();
        let lines = lines(&first.path());
        let cut = lines.iter().find(|line| line["outcome"] == "cut-off").unwrap();
        assert_eq!((&cut["event"], &cut["count"]), (&"recover".into(), &torn.into()));
        whole(&[first.path()]);
    }
}

/// A disk that takes no more, as the shell's limit on a file's size makes one: a part of a
/// line is written, and then nothing.
#[tokio::test]
async fn a_full_disk_refuses_calls_and_leaves_a_file_that_verifies() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let data = free_ports(2);
    let control = std::net::SocketAddr::new(data.ip(), data.port() + 1);
    let socket = folder.path().join("upgrade.sock");
    let text = text(&vendor, "")
        .replace("127.0.0.1:8080", &data.to_string())
        .replace("127.0.0.1:8081", &control.to_string());
    let text = format!("{text}[process]\nupgrade_socket = \"{}\"\n", socket.display());
    let file = folder.path().join("c.toml");
    std::fs::write(&file, text).unwrap();
    let mut shell = std::process::Command::new("sh");
    let limit = "trap '' XFSZ; ulimit -f 64; exec \"$0\" serve -c \"$1\"";
    shell.args(["-c", limit, env!("CARGO_BIN_EXE_cloakroom"), file.to_str().unwrap()]);
    shell.env("KEY", crate::support::house::KEY);
    shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let process = Process::start(shell);
    listening(control).await;
    process.obeys().await;
    let batch = format!("[{}]", vec![r#"{"payload":{}}"#; 50].join(","));
    let bearer = format!("Bearer {SECRET}");
    let call = request("POST", "/v1/handles", &[("Authorization", &bearer)], batch.as_bytes());
    let mut statuses = Vec::new();
    for _ in 0..200 {
        statuses.push(Browser::connect(control).await.send(&call).await.status);
        if statuses.last() == Some(&503) {
            break;
        }
    }
    assert_eq!((statuses[0], statuses.last()), (201, Some(&503)), "{statuses:?}");
    process.signal("-TERM");
    assert_eq!(process.end().await.status.code(), Some(0));
    let path = folder.path().join("audit.jsonl");
    whole(std::slice::from_ref(&path));
    assert!(std::fs::metadata(&path).unwrap().len() <= 64 * 1024);
}
