//! When writing a line would take for ever: another process keeps the file's lock, or the disk
//! does not answer. Calls are refused then, and whoever looks sees it.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::time::timeout;

use super::{Audited, lines, said, text, whole};
use crate::support::calls::{chat_with, refused};
use crate::support::house::{KEY, start_text};
use crate::support::process::{Process, command, free_ports, listening, piped};
use crate::support::{Answer, Browser, SECRET, Vendor, request};

const PATIENCE: Duration = Duration::from_secs(20);

/// Takes the lock as a stuck process, or somebody's `flock`, would.
fn hold(path: &Path) -> File {
    let file = File::open(path).unwrap();
    file.lock().unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_another_keeps_refuses_calls_until_it_is_free() {
    for sync in ["interval", "every"] {
        let vendor = Vendor::start().await;
        let audited = Audited::start(&vendor, &format!("sync = \"{sync}\"")).await;
        let running = &audited.running;
        let issued = audited.issue(r#"{"payload":{"nickname":"Ann"},"uses":"once"}"#).await.json();
        let held = hold(&audited.path());
        // Something is to be written, so that it is tried.
        audited.issue(r#"{"payload":{}}"#).await;
        let unready = async {
            while running.control("GET", "/readyz", "", "").await.status != 503 {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, unready).await.expect("it says that it is not ready");
        let handle = issued["handle"].as_str().unwrap();
        refused(&running.send(&chat_with(handle)).await, 503, "unavailable");
        let ready = running.control("GET", "/readyz", "", "").await;
        assert_eq!((ready.status, ready.text().as_str()), (503, "the audit cannot be written\n"));
        assert!(running.metrics().await.contains("cloakroom_audit_failing 1"));
        drop(held);
        audited.until(201).await;
        assert_eq!(running.send(&chat_with(handle)).await.status, 200);
        assert!(running.metrics().await.contains("cloakroom_audit_failing 0"));
        assert_eq!(said(&audited.lines(), "recover"), ["writing-again"], "{sync}");
        whole(&[audited.path()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_operator_said_so_calls_go_on_beside_a_lock_that_another_keeps() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let text = text(&vendor, "sync = \"every\"\non_audit_failure = \"continue\"");
    start_text(&text, folder.path()).await.house.close();
    let held = hold(&path);
    let running = start_text(&text, folder.path()).await;
    let answer = running.control("POST", "/v1/handles", SECRET, r#"{"payload":{}}"#).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(running.metrics().await.contains("cloakroom_audit_failing 1"));
    drop(held);
    running.house.close();
    assert_eq!(said(&lines(&path), "start"), ["begun", "begun"]);
    whole(&[path]);
}

/// The program over an audit of its own, and where its control plane listens.
fn program(vendor: &Vendor, folder: &Path, more: &str) -> (Command, SocketAddr) {
    let data = free_ports(2);
    let control = SocketAddr::new(data.ip(), data.port() + 1);
    let text = text(vendor, more)
        .replace("127.0.0.1:8080", &data.to_string())
        .replace("127.0.0.1:8081", &control.to_string());
    let socket = folder.join("upgrade.sock");
    let text = format!("{text}[process]\nupgrade_socket = \"{}\"\n", socket.display());
    let file = folder.join("c.toml");
    std::fs::write(&file, text).unwrap();
    let mut program = command(&["serve", "-c", file.to_str().unwrap()]);
    program.env("KEY", KEY);
    (program, control)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_cannot_have_the_file_says_who_is_in_the_way_and_ends() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "").await;
    audited.running.house.close();
    let held = hold(&audited.path());
    let (program, _) = program(&vendor, audited.folder.path(), "");
    let output = tokio::task::spawn_blocking(move || piped(program, "")).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("audit.jsonl is held by another process"), "{said}");
    drop(held);
    whole(&[audited.path()]);
}

async fn ask(control: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {SECRET}");
    let call = request(method, path, &[("Authorization", &bearer)], body.as_bytes());
    Browser::connect(control).await.send(&call).await
}

/// The system's calls that make a file last, as on a disk or a file server that is gone: by a
/// library that is loaded before its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_does_not_answer_refuses_calls_until_it_does() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let library = crate::support::preload::built("audit/hang.c", folder.path());
    let hung = folder.path().join("hung");
    let (mut program, control) = program(&vendor, folder.path(), "sync = \"every\"");
    program.env("LD_PRELOAD", &library).env("HANG_WHILE", &hung).env("HANG_ON", "audit.jsonl");
    let process = Process::start(program);
    listening(control).await;
    process.obeys().await;
    let issue = || ask(control, "POST", "/v1/handles", r#"{"payload":{}}"#);
    assert_eq!(issue().await.status, 201);
    std::fs::write(&hung, "").unwrap();
    let answer = issue().await;
    assert_eq!(answer.status, 503, "{answer:?}");
    let unready = async {
        while ask(control, "GET", "/readyz", "").await.text() != "the audit cannot be written\n" {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, unready).await.expect("it says that it is not ready");
    let metrics = ask(control, "GET", "/metrics", "").await.text();
    assert!(metrics.contains("cloakroom_audit_failing 1"), "{metrics}");
    std::fs::remove_file(&hung).unwrap();
    let again = async {
        while issue().await.status != 201 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, again).await.expect("it goes on");
    process.signal("-TERM");
    let output = process.end().await;
    let logged = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(logged.contains("the disk does not answer"), "{logged}");
    whole(&[folder.path().join("audit.jsonl")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_a_disk_that_does_not_answer_says_so_and_ends() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let library = crate::support::preload::built("audit/hang.c", folder.path());
    let hung = folder.path().join("hung");
    std::fs::write(&hung, "").unwrap();
    let (mut program, _) = program(&vendor, folder.path(), "sync = \"every\"");
    program.env("LD_PRELOAD", &library).env("HANG_WHILE", &hung).env("HANG_ON", "audit.jsonl");
    let output = tokio::task::spawn_blocking(move || piped(program, "")).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("audit.jsonl cannot be written: the disk does not answer"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_the_disk_takes_and_does_not_keep_stand_there_once() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().unwrap();
    let library = crate::support::preload::built("audit/hang.c", folder.path());
    let broken = folder.path().join("broken");
    let (mut program, control) = program(&vendor, folder.path(), "sync = \"every\"");
    program.env("LD_PRELOAD", &library).env("FAIL_WHILE", &broken).env("HANG_ON", "audit.jsonl");
    let process = Process::start(program);
    listening(control).await;
    process.obeys().await;
    let issue = || ask(control, "POST", "/v1/handles", r#"{"payload":{}}"#);
    assert_eq!(issue().await.status, 201);
    std::fs::write(&broken, "").unwrap();
    let path = folder.path().join("audit.jsonl");
    // It has been tried more than once.
    let tried = async {
        while said(&lines(&path), "recover").len() < 2 {
            assert_eq!(issue().await.status, 503);
        }
    };
    timeout(PATIENCE, tried).await.expect("it is tried again");
    std::fs::remove_file(&broken).unwrap();
    let again = async {
        while issue().await.status != 201 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, again).await.expect("it goes on");
    process.signal("-TERM");
    process.end().await;
    let lines = lines(&path);
    let issued: Vec<_> = lines.iter().filter(|line| line["event"] == "issue").collect();
    let mut handles: Vec<_> = issued.iter().map(|line| line["handle"].to_string()).collect();
    handles.sort();
    handles.dedup();
    // Those of 201, and the one whose call was told that it is not written.
    assert_eq!((handles.len(), issued.len()), (3, 3), "{lines:?}");
    // Tried after 0.2 s, 0.4 s, 0.8 s and so on.
    assert!(said(&lines, "recover").len() <= 8, "{lines:?}");
    whole(&[path]);
}
