//! The audit, through the house: what is said, what is never said, and what happens when
//! nothing can be said.

mod cut;
mod failing;
mod files;
mod refused;
mod stuck;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::calls::{chat_of, chat_with, refused};
use crate::support::house::{KEY, load, preamble, route, start_text};
use crate::support::process::{command, piped};
use crate::support::{Reply, Running, SECRET, Vendor};

/// Stands in every value that a test sends; no line may hold it.
const MARK: &str = "Zerlinde-4711";

/// A house with an audit in a folder of its own.
struct Audited {
    running: Running,
    folder: TempDir,
    text: String,
}

impl Audited {
    async fn start(vendor: &Vendor, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = text(vendor, more);
        let running = start_text(&text, folder.path()).await;
        Self { running, folder, text }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    /// Ends the writer and gives every line of the current file.
    fn lines(&self) -> Vec<Value> {
        self.running.house.close();
        lines(&self.path())
    }

    async fn issue(&self, body: &str) -> crate::support::Answer {
        self.running.control("POST", "/v1/handles", SECRET, body).await
    }

    /// Issues until that is answered so.
    async fn until(&self, status: u16) {
        let asked = async {
            while self.issue(r#"{"payload":{}}"#).await.status != status {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), asked).await.expect("in time");
    }
}

fn text(vendor: &Vendor, more: &str) -> String {
    let audit = format!("[audit]\npath = \"audit.jsonl\"\n{more}\n");
    let preamble = preamble().replace("entries_max = 1000", "entries_max = 10000");
    format!("{preamble}{audit}{}", route("genesys", vendor.address))
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn verify(files: &[PathBuf], more: &[&str]) -> Output {
    let files = files.iter().map(|file| file.to_str().unwrap());
    let arguments: Vec<_> =
        ["audit", "verify"].into_iter().chain(files).chain(more.iter().copied()).collect();
    let mut command = command(&arguments);
    command.env("KEY", KEY);
    piped(command, "")
}

fn whole(files: &[PathBuf]) -> String {
    let output = verify(files, &[]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

fn said(lines: &[Value], event: &str) -> Vec<String> {
    let of = lines.iter().filter(|line| line["event"] == event);
    of.map(|line| line["outcome"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_happens_is_said_by_id_and_nothing_personal_and_no_handle_is() {
    let vendor = Vendor::answering(|seen| {
        Reply::json(if seen.text().contains("broken") { 500 } else { 200 }, "{}")
    })
    .await;
    let audited = Audited::start(&vendor, "").await;
    let running = &audited.running;
    let body = format!(r#"{{"payload":{{"nickname":"{MARK}"}},"uses":"once","subject":"{MARK}"}}"#);
    let issued = audited.issue(&body).await.json();
    let handle = issued["handle"].as_str().unwrap();
    let id = issued["id"].as_str().unwrap();
    assert_eq!(running.send(&chat_of("broken", handle)).await.status, 500);
    assert_eq!(running.send(&chat_of(MARK, handle)).await.status, 200);
    refused(&running.send(&chat_of("Bob", handle)).await, 403, "handle_unusable");
    let forged = format!("{}AAAA", &handle[..73]);
    refused(&running.send(&chat_with(&forged)).await, 403, "handle_unusable");
    let path = format!("/v1/handles?subject={MARK}");
    assert_eq!(running.control("DELETE", &path, SECRET, "").await.status, 200);
    let path = format!("/v1/handles/{id}");
    assert_eq!(running.control("DELETE", &path, SECRET, "").await.status, 404);
    let (parts, _) =
        cloakroom::server::parts::split(load(&audited.text, audited.folder.path()).unwrap());
    running.house.take(parts).unwrap();

    let lines = audited.lines();
    for (event, outcomes) in [
        ("open", &["begun"][..]),
        ("start", &["begun"]),
        ("issue", &["issued"]),
        ("redeem", &["granted", "granted"]),
        ("release", &["given-back"]),
        ("refuse", &["spent", "forged"]),
        ("erase", &["asked", "done"]),
        ("revoke", &["asked", "absent"]),
        ("reload", &["taken"]),
        ("stop", &["ended"]),
    ] {
        assert_eq!(said(&lines, event), outcomes, "{event}: {lines:#?}");
    }
    let redeem = lines.iter().find(|line| line["event"] == "redeem").unwrap();
    let expected = [("tenant", "acme"), ("handle", id), ("exchange", "request-chat")];
    for (name, value) in expected {
        assert_eq!(redeem[name], value, "{redeem}");
    }
    assert!(redeem["time"].as_str().unwrap().starts_with("2030-03-17T17:46:40.000"), "{redeem}");
    assert_eq!(lines.iter().find(|line| line["event"] == "issue").unwrap()["caller"], "crm");
    let text = std::fs::read_to_string(audited.path()).unwrap();
    for word in [MARK, "klk1_", SECRET, issued["key"].as_str().unwrap(), "/v1/", "?", "127.0.0.1"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    whole(&[audited.path()]);
}

#[tokio::test]
async fn an_audit_is_checked_by_its_hashes_alone_and_by_its_marks_with_the_keys() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "").await;
    audited.issue(r#"{"payload":{}}"#).await;
    let lines = audited.lines();
    let (path, conf) = (audited.path(), audited.folder.path().join("c.toml"));
    std::fs::write(&conf, &audited.text).unwrap();
    let conf = conf.to_str().unwrap();
    let with = |files: &[PathBuf], more: &[&str]| {
        let output = verify(files, more);
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), told)
    };
    assert!(
        with(std::slice::from_ref(&path), &[])
            .1
            .contains(&format!("ok: {} lines (hashes;", lines.len()))
    );
    let (code, told) = with(std::slice::from_ref(&path), &["-c", conf]);
    assert!(code == 0 && told.contains("hashes and marks"), "{told}");

    // Another key of the same number.
    let mut other = command(&["audit", "verify", path.to_str().unwrap(), "-c", conf]);
    other.env("KEY", "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let told = piped(other, "");
    let words = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(65));
    assert!(words.contains("audit.jsonl:1: forged: no holder of key 1 wrote it"), "{words}");

    let good = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = good.split_inclusive('\n').collect();
    let cut = lines.concat().trim_end().to_owned();
    for (bad, how) in [
        (good.replacen("\"issue\"", "\"ixsue\"", 1), ":3: it was changed"),
        ([lines[0], lines[2], lines[3]].concat(), ":2: removed: number 2 should"),
        ([lines[0], lines[2], lines[1], lines[3]].concat(), ":2: removed: number 2 should"),
        ([lines[0], lines[1], lines[1], lines[2], lines[3]].concat(), ":3: reordered or repeated"),
        (lines[1..].concat(), ":1: removed: the file does not begin"),
        (cut, ":4: it is cut short"),
        (String::new(), ": there is nothing in it"),
    ] {
        std::fs::write(&path, bad).unwrap();
        let (code, told) = with(std::slice::from_ref(&path), &[]);
        assert_eq!(code, 65, "{told}");
        assert!(told.contains(how) && told.lines().count() == 1, "{how}: {told}");
    }
    std::fs::write(&path, lines[..3].concat()).unwrap();
    assert_eq!(with(std::slice::from_ref(&path), &[]).0, 0, "the file alone cannot tell");
    let last: Value = serde_json::from_str(lines[3]).unwrap();
    let head = &last["hash"].as_str().unwrap()[..12];
    assert_eq!(with(std::slice::from_ref(&path), &["--head", head]).0, 65);
    assert_eq!(with(&[path], &["--head", "abc"]).0, 64);
    assert_eq!(with(&["/nowhere.jsonl".into()], &[]).0, 74);
}
